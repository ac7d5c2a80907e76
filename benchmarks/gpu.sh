#!/usr/bin/env bash
# Everything that needs a GPU, in one go: the gpu tests, then the paper's own networks under the
# paper protocol. Records, table and log go to the folder given. Needs the package's dependencies
# importable by `python3`, and runs from the repository's root.
#
#     benchmarks/gpu.sh FOLDER [ITERATIONS]
set -uo pipefail
out=${1:?usage: benchmarks/gpu.sh FOLDER [ITERATIONS]}
iterations=${2:-10000}
mkdir -p "$out"
exec > >(tee "$out/gpu.log") 2>&1
status=0
nvidia-smi || true
python3 -m pytest -q -m gpu tests || status=1
python3 -m harness profile --table 1 --device cuda --iterations "$iterations" --results "$out" || status=1
for variant in fassd-net fassd-net-l1 fassd-net-l2 fc-hardnet-70-l1 fc-hardnet-70-l2; do
    python3 -m harness profile --variant "$variant" --device cuda --iterations "$iterations" \
        --results "$out" || status=1
done
python3 -m harness table 1 --results "$out" --out "$out/table-1.md" || status=1
exit $status
