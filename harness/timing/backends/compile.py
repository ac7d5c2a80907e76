"""torch.compile: the whole network as one graph, through inductor.

Its default mode, on the CPU and on CUDA: "reduce-overhead" would be a CUDA graph, which is the
backend `cudagraph`, and "max-autotune" searches for minutes what most users never run. A network
that breaks into several graphs is refused rather than timed: how much of it was compiled would
depend on the version of torch, and the figure would not say.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from harness.timing.backends import Prepared
from harness.timing.backends.foreign import foreign
from harness.timing.output import first_tensor
from harness.timing.protocol import Protocol


def prepare(network: nn.Module, batch: torch.Tensor, protocol: Protocol) -> Prepared:
    """Return the network compiled for the batch's shape.

    Raises:
        RunFailed: If it does not compile in one piece, or a compiler is missing.
    """
    # What was compiled before would count towards dynamo's limit on recompiled code.
    torch.compiler.reset()
    # Told, not left to torch's current number: kernels of the CPU have it written into them.
    options: dict[str, Any] = {"cpp.threads": protocol.threads}
    compiled = torch.compile(network, fullgraph=True, dynamic=False, options=options)
    rule = (
        "backend compile: torch.compile must take the network as one graph, and find a C++ "
        "compiler (on CUDA: triton)"
    )
    before = _cache_hits()
    with foreign(rule):
        compiled(batch)
        _end_compile_workers()
    hits = _cache_hits() - before
    about = {
        "mode": "default",
        "fullgraph": "true",
        "dynamic": "false",
        # A set-up that found its kernels in inductor's cache took less than a first one.
        "kernels": "from the cache" if hits else "compiled",
    }
    return Prepared(run=lambda: compiled(batch), to_tensor=first_tensor, about=about)


def _end_compile_workers() -> None:
    """End the processes that compile kernels, which would live on beside the timed passes."""
    from torch._inductor.async_compile import shutdown_compile_workers

    shutdown_compile_workers()


def _cache_hits() -> int:
    from torch._dynamo.utils import counters  # loads dynamo, which takes a second

    graphs = counters["inductor"]["fxgraph_cache_hit"]
    return int(graphs + counters["aot_autograd"]["autograd_cache_hit"])
