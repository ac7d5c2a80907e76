"""What executes a network: one small interface, one file a backend.

A backend is a function `prepare(network, batch, protocol) -> Prepared`. The network that it gets is
already folded and in the protocol's memory format, in eval mode, on the device of the batch; and in
the protocol's precision, unless the backend `casts`. It is called under the protocol's settings and
in inference mode, and leaves the network as it got it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.protocol import Protocol


@dataclass(frozen=True)
class Prepared:
    """A network that is ready for passes on one fixed input.

    Attributes:
        run: Runs (on CUDA: enqueues) one pass and returns what the runtime calls its output. It
            keeps alive by itself what the pass needs. On CUDA the pass begins after what the
            current stream was given before it, and ends before what comes after.
        to_tensor: Turns what `run` returned into a torch tensor, the first output where there are
            several; never called while passes are timed.
        about: Versions and choices for the record, such as `{"onnxruntime": "1.32.0"}`.
    """

    run: Callable[[], Any]
    to_tensor: Callable[[Any], torch.Tensor]
    about: dict[str, str] = field(default_factory=dict)


Prepare = Callable[[nn.Module, torch.Tensor, Protocol], Prepared]


class Backend(NamedTuple):
    """Where a backend is, and what has to be known before it is imported.

    Attributes:
        module: Its file here.
        needs: Packages that must be importable.
        extra: The extra of this project that brings them.
        casts: Whether it brings a network in fp32 into the protocol's precision itself.
    """

    module: str
    needs: tuple[str, ...] = ()
    extra: str | None = None
    casts: bool = False


BACKENDS: dict[str, Backend] = {
    "eager": Backend("eager"),
    "compile": Backend("compile"),
    "cudagraph": Backend("cudagraph"),
    "onnxruntime": Backend(
        "onnxruntime",
        needs=("onnx", "onnxscript", "onnxruntime"),
        extra="onnxruntime",
    ),
    "openvino": Backend("openvino", needs=("openvino",), extra="openvino", casts=True),
}


def find_backend(name: str) -> Prepare:
    """Return the backend called `name`.

    Raises:
        RunFailed: If a package that it needs is not installed; names the extra that brings it.
    """
    backend = BACKENDS[name]
    missing = [package for package in backend.needs if find_spec(package) is None]
    if missing:
        raise RunFailed(
            f"backend {name}: needs the package {missing[0]}, which is not installed; "
            f"pip install 'harness[{backend.extra}]' brings it"
        )
    prepare: Prepare = import_module(f"{__name__}.{backend.module}").prepare
    return prepare
