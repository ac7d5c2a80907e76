"""What goes wrong while a network is made ready or runs, as one line that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from harness.errors import BadRequest, RunFailed
from harness.timing.protocol import Protocol

# What torch on the CPU, its CUDA libraries, onnxruntime and C++ say, in small letters.
OUT_OF_MEMORY = (
    *("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory"),
    *("failed to allocate memory", "alloc_failed", "bad_alloc", "bad allocation"),
)


@contextmanager
def failures_named(
    protocol: Protocol, device: torch.device, cuda: Any = torch.cuda
) -> Iterator[None]:
    """Turn what is raised inside into `RunFailed` with the input and the device.

    `BadRequest` and `RunFailed` say enough already, and Ctrl-C is no failure: they pass.
    """
    try:
        yield
    except (BadRequest, RunFailed):
        raise
    except Exception as error:  # whatever the code of a network or a backend raises
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        if _is_out_of_memory(error):
            reason = _out_of_memory(protocol, device, first_line, cuda)
        else:
            reason = f"network failed on input {protocol.input_name} on {device}: {first_line}"
        raise RunFailed(reason) from error


def _is_out_of_memory(error: Exception) -> bool:
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or any(words in str(error).lower() for words in OUT_OF_MEMORY)


def _out_of_memory(protocol: Protocol, device: torch.device, first_line: str, cuda: Any) -> str:
    peak = ""
    if device.type == "cuda":
        peak = f", peak {cuda.max_memory_allocated(device) / 2**30:.2f} GiB"
    flag = "--batch" if protocol.input[0] > 1 else "--input"
    return (
        f"input {protocol.input_name} does not fit the memory of {device}{peak} ({first_line}); "
        f"try a smaller {flag}"
    )
