#!/usr/bin/env bash
# Everything that needs a GPU, in parts that each end within 10 minutes. Records, tables and logs go
# to the folder given; a step that fails is named at the end and stops no other. Runs from the
# repository's root and needs the package's dependencies importable by `python3`.
#
#     benchmarks/gpu.sh FOLDER [ITERATIONS] [PART ...]
#
# ITERATIONS is of each timing (10000); one that would not end within its part's time gets a budget
# in seconds, which its record states. Without a PART, all of them run, in this order:
#
#     check      nvidia-smi, the gpu tests, what the device can do at best
#     table      the paper protocol: the networks of Table I, and the table from their records
#     light      the paper protocol: the paper's other own networks of Table IV
#     peers      the paper protocol: the peers of Table IV, each at its own size, the table, and the
#                report of which published FPS ratios survive on this card, in REPORTS/<device>
#     related    the networks of the related work, each at its own size
#     peers-full, related-full   the same at 1024x2048, where a network takes it; the report anew
#     cudagraph  the paper's own networks as a CUDA graph, fp16, channels_last
#     compile    the networks of Table I by torch.compile, fp16, channels_last
#     compile-light   the other four likewise
#     claims     benchmarks/speed.py overhead, implementation, backends
#     repeat     benchmarks/speed.py repeatability, shortened
#
# Environment: DEVICE (cuda), PYTHON (python3), LIMIT_S (570, seconds that a part may take), REPORTS
# (reports, the folder of reports), and INPUT (the paper's size) and SMALL (options that make
# speed.py short), to try the script elsewhere.
set -uo pipefail
out=${1:?usage: benchmarks/gpu.sh FOLDER [ITERATIONS] [PART ...]}
iterations=${2:-10000}
shift $(($# < 2 ? $# : 2))
all=(check table light peers related peers-full related-full cudagraph compile compile-light claims repeat)
parts=("${@:-${all[@]}}")
device=${DEVICE:-cuda}
python=${PYTHON:-python3}
limit_s=${LIMIT_S:-570}
reports=${REPORTS:-reports}
read -ra input <<<"${INPUT:+--input $INPUT}"
read -ra small <<<"${SMALL:-}"
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
mkdir -p "$out"

# fassd-net is Table I's last row, baseline-dapf-mda: one spec, one measurement.
table=(fc-hardnet-70 baseline baseline-aspp baseline-dapf baseline-mda baseline-aspp-mda fassd-net)
light=(fassd-net-l1 fassd-net-l2 fc-hardnet-70-l1 fc-hardnet-70-l2)
peers=(deeplabv3plus pspnet fast-scnn swiftnet-rn18 erfnet df1-seg-d8 fasterseg icnet dabnet bisenet-rn18)
related=(espnetv2 esnet lednet contextnet)
failed=()

# step NAME COMMAND...: run it in what is left of the part's time, and note how it ended.
step() {
    local name=$1 left=$((ends - SECONDS)) status=0 began=$SECONDS
    shift
    echo "--- $name: $*"
    if ((left < 1)); then
        failed+=("$name (no time left)")
        return
    fi
    timeout --kill-after=10 "$left" "$@" || status=$?
    echo "--- $name: exit $status after $((SECONDS - began)) s"
    if ((status == 124)); then
        failed+=("$name (no time left)")
    elif ((status)); then
        failed+=("$name (exit $status)")
    fi
}

# profile NAME BUDGET_S VARIANTS... -- FLAGS...: time the variants in turns, and store the records.
profile() {
    local name=$1 budget=$2 variants=()
    shift 2
    while [[ $1 != -- ]]; do
        variants+=(--variant "$1")
        shift
    done
    shift
    step "$name" "$python" -m harness profile "${variants[@]}" --device "$device" \
        --iterations "$iterations" --budget "$budget" --results "$out" "${input[@]}" "$@"
}

# budget VARIANTS: seconds of timed passes for each, where 3 processes of each take 8 s to start.
budget() {
    local each=$((limit_s / $1 - 24))
    echo $((each > 5 ? each : 5))
}

# compiled VARIANTS...: each in a step of its own, one process each, since compilation takes long.
compiled() {
    local variant
    for variant in "$@"; do
        profile "compile $variant" 20 "$variant" -- --backend compile --rounds 1 "${fast[@]}"
    done
}

speed() {
    step "$1" "$python" benchmarks/speed.py "$1" --device "$device" --record "$out/speed.jsonl" \
        "${input[@]}" "${@:2}"
}

# report: Table IV on this card and which published ratios survive, in a folder called as the
# records' own one; of several the newest.
report() {
    local newest
    newest=$(ls -t "$out"/*/profile.jsonl 2>/dev/null | head -n 1)
    step report "$python" -m harness report one-card --results "$out" \
        --out "$reports/$(basename "$(dirname "${newest:-unmeasured/profile.jsonl}")")"
}

fast=(--precision fp16 --memory-format channels_last)

run_part() {
    ends=$((SECONDS + limit_s))
    case $1 in
    check)
        step nvidia-smi nvidia-smi
        step tests "$python" -m pytest -q -m gpu tests
        step device "$python" -m harness device --device "$device" --results "$out"
        ;;
    table)
        profile table "$(budget ${#table[@]})" "${table[@]}" --
        step table-1 "$python" -m harness table 1 --results "$out" --out "$out/table-1.md"
        ;;
    light) profile light "$(budget ${#table[@]})" "${light[@]}" -- ;;
    peers)
        profile peers "$(budget 12)" "${peers[@]}" --
        profile swiftnet-half "$(budget 12)" swiftnet-rn18 -- --input 512x1024
        step table-4 "$python" -m harness table 4 --results "$out" --out "$out/table-4.md"
        report
        ;;
    related) profile related "$(budget ${#peers[@]})" "${related[@]}" -- ;;
    peers-full)
        profile peers-full "$(budget ${#peers[@]})" "${peers[@]}" -- --input 1024x2048
        report
        ;;
    related-full)
        profile related-full "$(budget ${#peers[@]})" "${related[@]}" -- --input 1024x2048
        ;;
    cudagraph)
        profile cudagraph "$(budget 11)" "${table[@]}" "${light[@]}" -- \
            --backend cudagraph "${fast[@]}"
        ;;
    compile) compiled "${table[@]}" ;;
    compile-light) compiled "${light[@]}" ;;
    claims)
        speed overhead "${small[@]}"
        speed implementation "${small[@]}"
        speed backends --timeout 100 "${small[@]}"
        ;;
    repeat)
        speed repeatability --pairs 5 --gap 60 -- \
            --iterations $((iterations < 2000 ? iterations : 2000))
        ;;
    esac
}

for part in "${parts[@]}"; do
    if [[ " ${all[*]} " != *" $part "* ]]; then
        echo "gpu.sh: no part $part; known: ${all[*]}" >&2
        exit 2
    fi
done
for part in "${parts[@]}"; do
    echo "=== $part"
    run_part "$part" > >(tee -a "$out/gpu-$part.log") 2>&1
    wait $! # for tee
done
if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
