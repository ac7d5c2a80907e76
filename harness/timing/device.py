"""Which device a request means."""

from __future__ import annotations

import re

from harness.errors import BadRequest


def resolve_device(name: str) -> str:
    """Return `cpu` or `cuda:N` for `auto`, `cpu`, `cuda` or `cuda:N`.

    `auto` is the first CUDA device where there is one; `cuda` is `cuda:0`.

    Raises:
        BadRequest: If the name is another, or the device is not there.
    """
    if name == "cpu":
        return name
    cuda = re.fullmatch(r"cuda(?::([0-9]+))?", name)
    if cuda is None and name != "auto":
        raise BadRequest(f"device: must be auto, cpu, cuda or cuda:N, got {name!r}")
    count = _cuda_devices()
    if cuda is None:
        return "cuda:0" if count else "cpu"
    index = int(cuda.group(1) or 0)
    if index >= count:
        there = f"cuda:0 to cuda:{count - 1}" if count > 1 else "only cuda:0" if count else "none"
        raise BadRequest(f"device: {name} is not there; CUDA devices of this machine: {there}")
    return f"cuda:{index}"


def _cuda_devices() -> int:
    import torch  # not above: a request for the CPU needs no torch

    return torch.cuda.device_count()
