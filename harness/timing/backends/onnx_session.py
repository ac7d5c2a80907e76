"""A session of ONNX Runtime that does what the protocol says, or is refused.

Left to itself the runtime replaces what it cannot do: a provider that does not start by another
one, nodes that a provider does not take by the CPU's, half precision by fp32 between two casts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import torch

from harness.errors import RunFailed
from harness.timing.backends.foreign import foreign
from harness.timing.backends.onnx_file import types_of_products
from harness.timing.protocol import Protocol


class Provider(NamedTuple):
    """The runtime's name of an execution provider, and the packages that bring it."""

    name: str
    packages: str


PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", "onnxruntime"),
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu"),
    "tensorrt": Provider("TensorrtExecutionProvider", "onnxruntime-gpu tensorrt"),
}


def start(
    onnxruntime: Any, path: Path, protocol: Protocol, device: torch.device, stream: Any, cuda: Any
) -> Any:
    """Return a session of the protocol's provider on the ONNX file `path`.

    Args:
        onnxruntime: The package.
        device: Of the batch.
        stream: Of torch, on which passes are enqueued; None on the CPU.
        cuda: `torch.cuda`, or what stands in for it in a test.

    Raises:
        RunFailed: If the runtime lacks the provider, leaves a part of the network to another one,
            or does not compute in the protocol's precision.
    """
    assert protocol.provider is not None
    name, packages = PROVIDERS[protocol.provider]
    available = onnxruntime.get_available_providers()
    if name not in available:
        raise RunFailed(
            f"backend onnxruntime: --provider {protocol.provider} needs a runtime with {name}, got "
            f"one with {', '.join(available)}; pip uninstall onnxruntime, then pip install "
            f"{packages}"
        )
    optimised = path.with_name("optimised.onnx")
    rule = (
        f"backend onnxruntime: provider {protocol.provider} must start and take the whole network "
        f"in {protocol.precision}"
    )
    options = session_options(onnxruntime, protocol, optimised)
    with foreign(rule):
        session = onnxruntime.InferenceSession(
            path,
            options,
            providers=[name],
            provider_options=[provider_options(protocol, device, stream, cuda)],
            enable_fallback=0,
        )
    if session.get_providers()[0] != name:
        raise RunFailed(
            f"{rule}, got a session of {session.get_providers()[0]}; are the CUDA libraries that "
            f"{packages} was built for installed?"
        )
    if optimised.exists():
        _check_precision(protocol, optimised)
    return session


def session_options(onnxruntime: Any, protocol: Protocol, optimised: Path) -> Any:
    """Return the runtime's options under `protocol`.

    Nodes that a GPU's provider does not take are refused, not left to the CPU. In half precision
    the optimised network is written to a file, by which the types can be checked; TensorRT's is
    not a network any more, and chooses the type of each layer itself.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = protocol.threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4  # what fails is raised too
    if protocol.provider != "cpu":
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    if protocol.precision in ("fp16", "bf16") and protocol.provider != "tensorrt":
        options.optimized_model_filepath = str(optimised)
        options.add_session_config_entry(
            "session.optimized_model_external_initializers_file_name", "optimised.data"
        )
    return options


def provider_options(
    protocol: Protocol, device: torch.device, stream: Any, cuda: Any
) -> dict[str, str]:
    """Return the options of the protocol's provider.

    Raises:
        RunFailed: If TensorRT would compute in TF32 where that is not asked for.
    """
    if stream is None:
        return {}
    options = {"device_id": str(device.index), "user_compute_stream": str(stream.cuda_stream)}
    if protocol.provider == "cuda":
        search = "EXHAUSTIVE" if protocol.cudnn_benchmark else "HEURISTIC"
        return options | {
            "use_tf32": str(int(protocol.tf32)),
            "cudnn_conv_algo_search": search,
        }
    _check_tensorrt_tf32(protocol, device, cuda)
    return options | {
        "trt_fp16_enable": str(int(protocol.precision == "fp16")),
        "trt_bf16_enable": str(int(protocol.precision == "bf16")),
    }


def _check_tensorrt_tf32(protocol: Protocol, device: torch.device, cuda: Any) -> None:
    """Refuse fp32 where TensorRT would compute it in TF32: the runtime has no switch for that."""
    may = cuda.get_device_capability(device) >= (8, 0)
    off = os.environ.get("NVIDIA_TF32_OVERRIDE") == "0"
    if may and not off and protocol.precision == "fp32" and not protocol.tf32:
        raise RunFailed(
            "backend onnxruntime: TensorRT computes fp32 in TF32 unless NVIDIA_TF32_OVERRIDE=0 is "
            "set; --precision tf32 says so, got precision 'fp32'"
        )


def _check_precision(protocol: Protocol, optimised: Path) -> None:
    """Raise `RunFailed` where the runtime casts up what it has no kernels for."""
    wanted = {"fp16": "float16", "bf16": "bfloat16"}[protocol.precision]
    types = types_of_products(optimised)
    others = sum(types.values()) - types[wanted]
    if others:
        names = ", ".join(sorted(name for name in types if name != wanted))
        raise RunFailed(
            f"backend onnxruntime: provider {protocol.provider} must compute in "
            f"{protocol.precision}, got {others} of {sum(types.values())} convolutions and "
            f"products in {names}; on a CPU backend openvino has kernels for it"
        )
