"""torch.compile takes the network whole or not at all, under the protocol's threads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends.compile import prepare

from .fakes import protocol

ASKED = protocol(backend="compile", threads=1)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    with torch.inference_mode():
        yield
    torch.compiler.reset()


class Net(nn.Module):
    """Conv-BN-ReLU, and on demand a branch on a value, which no single graph can hold."""

    def __init__(self, channels: int = 4, *, branch: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.branch = branch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(x)).relu()
        return y + 1 if self.branch and y.sum() > 0 else y


@pytest.mark.slow
def test_the_output_is_eagers_and_the_record_says_what_was_compiled() -> None:
    network, batch = Net().eval(), torch.randn(ASKED.input)
    first = prepare(network, batch, ASKED)
    assert torch.allclose(first.to_tensor(first.run()), network(batch), atol=1e-5)
    said = {"mode": "default", "fullgraph": "true", "dynamic": "false"}
    assert first.about == said | {"kernels": "compiled"}
    again = prepare(network, batch, ASKED)
    assert again.about == said | {"kernels": "from the cache"}


@pytest.mark.slow
def test_many_networks_can_be_compiled_in_one_process() -> None:
    import torch._dynamo.config

    with torch._dynamo.config.patch(recompile_limit=1):
        for channels in (4, 5, 6):
            network, batch = Net(channels).eval(), torch.randn(ASKED.input)
            prepared = prepare(network, batch, ASKED)
            assert torch.allclose(prepared.run(), network(batch), atol=1e-5)


@pytest.mark.slow
def test_a_network_that_breaks_into_graphs_is_refused_in_one_line() -> None:
    rule = r"^backend compile: .* as one graph, .*, got Unsupported: [^\n]+$"
    with pytest.raises(RunFailed, match=rule):
        prepare(Net(branch=True).eval(), torch.randn(ASKED.input), ASKED)


@pytest.mark.slow
def test_a_missing_compiler_is_one_line() -> None:
    import torch._inductor.config

    missing = torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")})
    message = r"find a C\+\+ compiler .*no-such-compiler[^\n]*$"
    with missing, pytest.raises(RunFailed, match=message):
        prepare(Net(7).eval(), torch.randn(ASKED.input), ASKED)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_compiler_is_told_threads_and_shapes(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []

    def compiled(network: nn.Module, **options: Any) -> nn.Module:
        told.append(options)
        return network

    monkeypatch.setattr(torch, "compile", compiled)
    prepare(Net().eval(), torch.randn(ASKED.input), protocol(backend="compile", threads=threads))
    options = {"cpp.threads": threads}
    assert told == [{"fullgraph": True, "dynamic": False, "options": options}]


def test_compile_workers_are_gone_before_the_first_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(torch, "compile", lambda network, **_options: network)
    monkeypatch.setattr(
        "torch._inductor.async_compile.shutdown_compile_workers", lambda: calls.append("ended")
    )
    network = Net().eval()
    network.register_forward_hook(lambda *_: calls.append("pass"))
    prepare(network, torch.randn(ASKED.input), ASKED).run()
    assert calls == ["pass", "ended", "pass"]
