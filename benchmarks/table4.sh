#!/usr/bin/env bash
# Table IV on one device: every network that can be built, timed under the paper protocol at the
# input size of its row, and the report of which published FPS ratios survive there. Runs from the
# repository's root and needs the package's dependencies importable by `python3`.
#
#     benchmarks/table4.sh RESULTS REPORT [DEVICE]
#
# RESULTS is the folder that the records go to, REPORT the one that is written, DEVICE auto, cpu or
# cuda:N (auto). The records should be of this device and this protocol alone; where RESULTS holds
# others too, REPORT_FLAGS decides, e.g. REPORT_FLAGS="--device EPYC --protocol paper@1a2b3c4d". A CPU
# judges no GPU, which the report says in every caption.
#
# Environment: BUDGET_S (seconds of timed passes of each network; else the protocol's own, 20 on a
# CPU and none on a GPU), ROUNDS (fresh processes of each; else 5), FULL (1: the four networks whose
# rows are smaller at 1024x2048 besides), REPORT_FLAGS, PYTHON (python3).
#
# One pass of all 17 rows is 1,110 GMACs and takes 21 s on two cores of an AMD EPYC in fp32 (14 to 86
# GMAC/s, by network). With set-up and warm-up in 5 rounds and 20 s of timed passes each all of it took
# 12 minutes there. The four of FULL=1 are 2,760 GMACs a pass: about as long again.
set -euo pipefail
usage="usage: benchmarks/table4.sh RESULTS REPORT [DEVICE]"
results=${1:?$usage}
report=${2:?$usage}
device=${3:-auto}
python=${PYTHON:-python3}
flags=(--device "$device" --results "$results")
[[ -z ${BUDGET_S:-} ]] || flags+=(--budget "$BUDGET_S")
[[ -z ${ROUNDS:-} ]] || flags+=(--rounds "$ROUNDS")
read -ra report_flags <<<"${REPORT_FLAGS:-}"
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

# The rows of Table IV that stand there at another size alone; all others are timed at 1024x2048.
smaller=(deeplabv3plus pspnet erfnet bisenet-rn18)

# A network that cannot be timed leaves a record of that, and the report is of the others.
failed=0
"$python" -m harness profile --table 4 "${flags[@]}" || failed=$?
((failed < 2)) || exit "$failed"
if [[ ${FULL:-} == 1 ]]; then
    "$python" -m harness profile "${smaller[@]/#/--variant=}" --input 1024x2048 "${flags[@]}" ||
        failed=$?
    ((failed < 2)) || exit "$failed"
fi
"$python" -m harness report one-card --results "$results" --out "$report" "${report_flags[@]}"
exit "$failed"
