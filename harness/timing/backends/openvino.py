"""OpenVINO on the CPU.

The network is converted in fp32 and the runtime brings it into the protocol's precision: weights
once, activations by kernels of that type. Without being told it would pick the type itself, on a
processor with bf16 matrix units bf16 where fp32 was asked for.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends import Prepared
from harness.timing.backends.foreign import foreign
from harness.timing.protocol import Protocol

HINTS = {"fp32": "f32", "fp16": "f16", "bf16": "bf16"}  # precision -> OpenVINO's name for it
HEAVY = ("Convolution", "Deconvolution", "FullyConnected", "MatMul")  # layers that show the type


def prepare(network: nn.Module, batch: torch.Tensor, protocol: Protocol) -> Prepared:
    """Return the network compiled for the batch's shape, in one stream of `protocol.threads`.

    Raises:
        RunFailed: If the network cannot be converted, or the processor cannot compute in the
            protocol's precision.
    """
    with foreign("backend openvino: the network must be convertible"), no_telemetry():
        import openvino

        shape = openvino.PartialShape(list(batch.shape))
        model = openvino.convert_model(network, example_input=batch, input=[shape])
        compiled = openvino.Core().compile_model(model, "CPU", _config(protocol))
    layers = _types_of_layers(compiled.get_runtime_model())
    hint = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    check_precision(hint, layers, protocol)
    _check_threads(compiled.get_property("INFERENCE_NUM_THREADS"), protocol)
    request = compiled.create_infer_request()
    array = batch.numpy()  # no copy, and neither is the tensor made of it
    request.set_input_tensor(openvino.Tensor(array, shared_memory=True))

    about = {
        "openvino": str(openvino.__version__),
        "streams": str(compiled.get_property("NUM_STREAMS")),
        "layers": ", ".join(f"{count} {name}" for name, count in sorted(layers.items())),
    }
    return Prepared(run=_Pass(request, array), to_tensor=_first_output, about=about)


@dataclass(frozen=True)
class _Pass:
    """A pass on `array` where it lies; both live as long as it can be called."""

    request: Any
    array: Any

    def __call__(self) -> Any:
        self.request.infer(share_outputs=True)  # views of the request's own outputs, no copies
        return self.request


def _first_output(request: Any) -> torch.Tensor:
    return torch.from_numpy(request.get_output_tensor(0).data)


def _config(protocol: Protocol) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": HINTS[protocol.precision],
        "INFERENCE_NUM_THREADS": protocol.threads,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,  # one pass at a time, all threads on it
    }


def _types_of_layers(runtime_model: Any) -> Counter[str]:
    """Return how many of the heavy layers compute in which type, in OpenVINO's names."""
    infos = [node.rt_info for node in runtime_model.get_ops()]
    return Counter(
        info["runtimePrecision"].astype(str)
        for info in infos
        if info["layerType"].astype(str) in HEAVY
    )


def check_precision(hint: str, layers: Counter[str], protocol: Protocol) -> None:
    """Raise `RunFailed` where the runtime took another type than the one it was told to."""
    wanted = HINTS[protocol.precision]
    others = {name: count for name, count in layers.items() if name != wanted}
    if hint == wanted and not others:
        return
    got = ", ".join(f"{count} layers in {name}" for name, count in sorted(others.items()))
    raise RunFailed(
        f"backend openvino: must compute in {wanted} (--precision {protocol.precision}), which "
        f"this processor does not for every convolution and product, got {got or hint}"
    )


def _check_threads(threads: int, protocol: Protocol) -> None:
    """Raise `RunFailed` where the runtime runs on fewer threads than it was told to."""
    if threads != protocol.threads:
        raise RunFailed(
            f"backend openvino: --threads must be what the runtime takes on this processor, which "
            f"is {threads}, got {protocol.threads}"
        )


@contextmanager
def no_telemetry() -> Iterator[None]:
    """Keep `openvino` from its telemetry package, which would write to the home and call out.

    Without the package, which is optional, it uses a stand-in that does nothing.
    """
    name = "openvino_telemetry"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # `import` then raises ImportError
    try:
        yield
    finally:
        del sys.modules[name]
