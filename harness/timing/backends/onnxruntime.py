"""ONNX Runtime: the network exported to ONNX, run by one of the runtime's execution providers.

Input and output are bound once, so that a pass copies nothing. On CUDA the passes are enqueued like
torch's own: the runtime is given a stream of torch's and told not to wait at the end of a pass. It
takes no default stream (its address, zero, means none given), so each pass on that side stream
waits for the current one, and the current one for it: events there enclose the pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends import Prepared
from harness.timing.backends.foreign import foreign
from harness.timing.backends.onnx_file import export
from harness.timing.backends.onnx_session import start
from harness.timing.output import first_tensor
from harness.timing.protocol import Protocol

# The runtime's name of a type -> torch's, and its number in ONNX.
TYPES = {
    "tensor(float)": (torch.float32, 1),
    "tensor(float16)": (torch.float16, 10),
    "tensor(bfloat16)": (torch.bfloat16, 16),
    "tensor(uint8)": (torch.uint8, 2),
    "tensor(int32)": (torch.int32, 6),
    "tensor(int64)": (torch.int64, 7),
    "tensor(bool)": (torch.bool, 9),
}


def prepare(
    network: nn.Module, batch: torch.Tensor, protocol: Protocol, cuda: Any = torch.cuda
) -> Prepared:
    """Return a session of the protocol's provider, with `protocol.threads` for each operator.

    Raises:
        RunFailed: If the network cannot be exported, or as `onnx_session.start`.
    """
    import onnxruntime

    stream = cuda.Stream(batch.device) if batch.is_cuda else None
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with foreign("backend onnxruntime: the network must be exportable to ONNX"):
            path, opset = export(network, batch, Path(folder))
        session = start(onnxruntime, path, protocol, batch.device, stream, cuda)
    about = {
        "onnxruntime": str(onnxruntime.__version__),
        "provider": session.get_providers()[0],
        "opset": opset,
    }
    run: Callable[[], Any] = _bound(onnxruntime, session, batch)
    if stream is not None:
        run = between(run, stream, batch.device, cuda)
    return Prepared(run=run, to_tensor=first_tensor, about=about)


@dataclass(frozen=True)
class _Bound:
    """A pass on `batch` where it lies, into `outputs`; both live as long as it can be called."""

    session: Any
    binding: Any
    options: Any
    batch: torch.Tensor
    outputs: list[torch.Tensor]

    def __call__(self) -> list[torch.Tensor]:
        self.session.run_with_iobinding(self.binding, self.options)
        return self.outputs


def _bound(onnxruntime: Any, session: Any, batch: torch.Tensor) -> _Bound:
    binding = session.io_binding()
    batch = batch.contiguous()
    (given,) = session.get_inputs()
    _bind(binding.bind_input, given, batch)
    outputs = []
    for made in session.get_outputs():
        if made.type not in TYPES or not all(isinstance(size, int) for size in made.shape):
            raise RunFailed(
                f"backend onnxruntime: outputs must be tensors of one fixed shape, got {made.type} "
                f"of shape {made.shape}"
            )
        outputs.append(torch.empty(made.shape, dtype=TYPES[made.type][0], device=batch.device))
        _bind(binding.bind_output, made, outputs[-1])
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("disable_synchronize_execution_providers", "1")
    return _Bound(session, binding, options, batch, outputs)


def _bind(bind: Any, port: Any, tensor: torch.Tensor) -> None:
    device = tensor.device
    element = TYPES[port.type][1]
    place = (device.type, device.index or 0)
    bind(port.name, *place, element, list(tensor.shape), tensor.data_ptr())


def between(
    run: Callable[[], Any], stream: Any, device: torch.device, cuda: Any
) -> Callable[[], Any]:
    """Return `run`, which enqueues on `stream`, as a part of the current stream's queue."""

    def enqueued() -> Any:
        current = cuda.current_stream(device)
        stream.wait_stream(current)
        output = run()
        current.wait_stream(stream)
        return output

    return enqueued
