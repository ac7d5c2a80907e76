"""TF32 is allowed or forbidden whichever of torch's switches the caller had used, then put back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from harness.timing.tf32 import tf32_allowed

ROOT = Path(__file__).parents[2]
newer = pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="needs torch 2.9")

OPERATORS = (
    *("cuda.matmul", "cudnn.conv", "cudnn.rnn"),
    *("mkldnn.matmul", "mkldnn.conv", "mkldnn.rnn"),
)
# Prints what is in force before, within and after; in a process of its own, because torch cannot
# be brought back to where nothing was ever set.
LOOK = f"""
import sys, torch
from harness.timing.tf32 import tf32_allowed

def now():
    found = []
    for name in {OPERATORS}:
        owner = torch.backends
        for part in name.split("."):
            owner = getattr(owner, part)
        found.append(owner.fp32_precision)
    return found

exec(sys.argv[1])
before = now()
with tf32_allowed(sys.argv[2] == "True"):
    print(*set(now()), torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32,
          torch.backends.cuda.matmul.allow_tf32)
assert now() == before, (before, now())
"""
CALLERS = [
    "pass",
    "torch.backends.fp32_precision = 'tf32'",
    "torch.backends.fp32_precision = 'ieee'",
    "torch.backends.cudnn.fp32_precision = 'tf32'",
    "torch.backends.mkldnn.fp32_precision = 'bf16'",
    "torch.backends.mkldnn.conv.fp32_precision = 'bf16'",
    "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
    "torch.backends.cudnn.conv.fp32_precision = 'ieee'",
    "torch.backends.cudnn.allow_tf32 = False",
    "torch.backends.cuda.matmul.allow_tf32 = True",
    "torch.set_float32_matmul_precision('medium')",
]
# What was inherited goes on to follow, also where the value was the same within.
FOLLOW = """
import torch
from harness.timing.tf32 import tf32_allowed

torch.backends.fp32_precision = "ieee"
with tf32_allowed(False):
    pass
torch.backends.fp32_precision = "tf32"
print(torch.backends.mkldnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision)
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@newer
@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("allowed", [True, False])
def test_every_operator_follows_whatever_the_caller_had_set(caller: str, allowed: bool) -> None:
    wanted = "tf32 high True True" if allowed else "ieee highest False False"
    assert run(LOOK, caller, str(allowed)) == wanted


@newer
def test_an_operator_that_inherits_goes_on_to_inherit() -> None:
    assert run(FOLLOW) == "tf32 tf32"


@pytest.mark.parametrize("allowed", [True, False])
def test_the_older_switches_come_back(allowed: bool) -> None:
    cudnn = torch.backends.cudnn
    before = torch.get_float32_matmul_precision(), cudnn.allow_tf32
    with tf32_allowed(allowed):
        assert cudnn.allow_tf32 is allowed
    assert (torch.get_float32_matmul_precision(), cudnn.allow_tf32) == before


def test_an_exception_puts_them_back_too() -> None:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    with pytest.raises(KeyboardInterrupt), tf32_allowed(not before[1]):
        raise KeyboardInterrupt
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before
