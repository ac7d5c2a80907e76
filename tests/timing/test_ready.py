"""What is timed is what the protocol says, computes what eager does, and is a copy if changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from example_records import DETAILED_TIMING
from torch import nn

from harness.errors import BadRequest, RunFailed
from harness.timing.backends import Prepared, eager
from harness.timing.clock import CpuClock
from harness.timing.measure import ready, time_network
from harness.timing.output import TOLERANCES, first_tensor
from harness.timing.telemetry import Watch

from .fakes import protocol
from .probe import Probe, state


class Spy(nn.Module):
    """A convolution and BatchNorm that notes what it is called with, also in copies of it."""

    def __init__(self, seen: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.look = lambda *facts: seen.append(facts)  # a function is not copied

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.conv.weight
        channels_last = x.is_contiguous(memory_format=torch.channels_last)
        self.look(self, x.dtype, weight.dtype, channels_last, self.training)
        return self.norm(self.conv(x))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("fields", "dtype", "channels_last"),
    [
        ({"precision": "bf16"}, torch.bfloat16, False),
        ({"memory_format": "channels_last"}, torch.float32, True),
        ({"precision": "bf16", "memory_format": "channels_last"}, torch.bfloat16, True),
    ],
)
def test_another_precision_or_layout_is_that_of_a_copy(
    fields: dict[str, Any], dtype: torch.dtype, channels_last: bool, training: bool
) -> None:
    seen: list[tuple[Any, ...]] = []
    network = Spy(seen).train(training)
    before = state(network)
    timing = time_network(network, protocol(iterations=2, warmup=1, **fields))
    assert state(network) == before
    reference, *passes = seen
    assert reference == (network, torch.float32, torch.float32, False, False)
    assert len(passes) == 1 + 1 + 2
    for ran, *facts in passes:
        assert ran is not network
        assert facts == [dtype, dtype, channels_last, False]
    assert timing.output_error is not None
    assert timing.output_error.tolerance == TOLERANCES[fields.get("precision", "fp32")]
    # A bf16 keeps 8 bits: its roundings are off by a thousandth, those of fp32 by a ten millionth.
    assert (timing.output_error.relative_l2 > 1e-4) == (dtype is torch.bfloat16)


def test_folding_is_said_in_the_record() -> None:
    seen: list[tuple[Any, ...]] = []
    network = Spy(seen)
    timing = time_network(network, protocol(fold_bn=True))
    assert timing.backend is not None
    assert timing.backend["folded"] == "1 of 1 BatchNorms"
    assert isinstance(network.norm, nn.BatchNorm2d)
    assert not isinstance(seen[-1][0].norm, nn.BatchNorm2d)


def test_eager_and_unchanged_has_nothing_to_be_compared_with() -> None:
    network = Probe()
    timing = time_network(network, protocol(warmup=0, iterations=1))
    assert timing.output_error is None
    assert len(network.inputs) == 2  # no pass for a comparison


class Backend:
    """Stands in for a backend: runs the network through `output`, and notes what it gets."""

    def __init__(self, output: Callable[[torch.Tensor], torch.Tensor] = lambda x: x) -> None:
        self.output = output
        self.got: list[tuple[nn.Module, torch.Tensor]] = []

    def __call__(self, network: nn.Module, batch: torch.Tensor, _protocol: Any) -> Prepared:
        self.got.append((network, batch))
        about = {"engine": "1.0"}
        return Prepared(lambda: {"out": self.output(network(batch))}, first_tensor, about)


@pytest.fixture
def use_backend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Backend], Backend]:
    def use(backend: Backend) -> Backend:
        names: list[str] = []

        def find(name: str) -> Backend:
            names.append(name)
            return backend

        monkeypatch.setattr("harness.timing.measure.find_backend", find)
        return backend

    return use


Use = Callable[[Backend], Backend]


def test_another_backend_is_compared_with_eager_and_says_what_it_is(use_backend: Use) -> None:
    network = Probe()
    backend = use_backend(Backend(lambda x: x * (1 + TOLERANCES["fp32"] / 2)))
    timing = time_network(network, protocol(backend="compile", warmup=1, iterations=2))
    assert len(backend.got) == 1  # prepared once
    assert len(network.inputs) == 1 + 1 + 1 + 2  # one by eager, to compare with
    assert timing.backend == {"engine": "1.0"}
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 == pytest.approx(TOLERANCES["fp32"] / 2, rel=1e-2)


def test_a_backend_whose_output_is_another_is_not_timed(use_backend: Use) -> None:
    network = Probe()
    use_backend(Backend(lambda x: x * 1.01))
    before = state(network)
    with pytest.raises(
        RunFailed, match=r"^outputs: must be within \S+ of eager's .*, got 0\.01; not timed"
    ):
        time_network(network, protocol(backend="compile"))
    assert state(network) == before
    assert len(network.inputs) == 2  # by eager and by the backend


class Halving(nn.Module):
    """Writes into its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mul_(0.5)


def test_a_network_that_writes_into_its_input_is_compared_on_the_same_input(
    use_backend: Use,
) -> None:
    use_backend(Backend())
    timing = time_network(Halving(), protocol(backend="compile", warmup=0, iterations=1))
    assert timing.output_error is not None
    assert timing.output_error.max_abs == 0.0


class Keeping(nn.Module):
    """Returns the same tensor every time."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(1, 3, 8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.kept.copy_(x)


def test_an_output_is_not_compared_with_itself(use_backend: Use) -> None:
    use_backend(Backend(lambda x: x.mul_(1.01)))
    with pytest.raises(RunFailed, match=r"must be within \S+ of eager's .*, got 0\.01; not timed"):
        time_network(Keeping(), protocol(backend="compile"))


def test_eagers_output_is_without_tf32_and_the_timed_one_with_it(use_backend: Use) -> None:
    seen: list[str] = []
    network = Probe(lambda _probe: seen.append(torch.get_float32_matmul_precision()))
    between = (TOLERANCES["fp32"] + TOLERANCES["tf32"]) / 2  # TF32 may be so far off, fp32 not
    use_backend(Backend(lambda x: x * (1 + between)))
    timing = time_network(network, protocol(tf32=True, warmup=0, iterations=1))
    assert seen == ["highest", "high", "high"]
    assert timing.output_error is not None
    assert timing.output_error.tolerance == TOLERANCES["tf32"]


def test_an_output_that_is_not_finite_is_not_timed() -> None:
    class Broken(Probe):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * float("nan")

    network = Broken()
    before = state(network)
    with pytest.raises(RunFailed, match=r"^outputs: must be finite, got 192 NaN or infinite"):
        time_network(network, protocol())
    assert len(network.inputs) == 1
    assert state(network) == before


def test_a_bad_request_from_inside_stays_one() -> None:
    def refuse(_probe: Probe) -> None:
        raise BadRequest("input: must be a multiple of 64, got 8")

    network = Probe(refuse)
    before = state(network)
    with pytest.raises(BadRequest, match=r"^input: must be a multiple of 64, got 8$"):
        time_network(network, protocol())
    assert state(network) == before


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_pass_that_fails_is_a_failed_run_whenever_it_does(number: int) -> None:
    # The first is set-up, the second warm-up, the fourth is timed.
    def during(probe: Probe) -> None:
        if len(probe.inputs) == number:
            raise KeyError("level3")

    network = Probe(during)
    before = state(network)
    with pytest.raises(RunFailed, match=r"^network failed on input 1x3x8x8 on cpu: 'level3'$"):
        time_network(network, protocol(warmup=2))
    assert state(network) == before
    assert len(network.inputs) == number


def test_what_the_callers_own_code_raises_between_rounds_is_left_alone() -> None:
    network = Probe()
    before = state(network)
    with pytest.raises(TypeError, match=r"^mine$"), ready(network, protocol()):
        raise TypeError("mine")
    assert state(network) == before


def test_a_network_may_be_used_for_several_rounds_of_different_shares() -> None:
    asked = protocol(warmup=0, iterations=3, rounds=2)
    with ready(Probe(), asked) as round_of:
        parts = [round_of(replace(asked, iterations=count), None, None) for count in (2, 1)]
    assert [len(part.pass_s) for part in parts] == [2, 1]
    assert parts[0].setup_s == parts[1].setup_s > 0


def test_what_was_seen_of_the_machine_is_in_the_part(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    events: list[Any] = []

    @contextmanager
    def watched(device: torch.device) -> Iterator[Watch]:
        events.append(device)
        yield watch
        watch.telemetry = DETAILED_TIMING.telemetry
        watch.energy_j, watch.notes = 12.0, ("the room was hot",)
        events.append("end")

    monkeypatch.setattr("harness.timing.measure.watched", watched)
    network = Probe(lambda probe: events.append(len(probe.inputs)))
    asked = protocol(warmup=1, iterations=2)
    with ready(network, asked) as round_of:
        part = round_of(asked, None, None)
    # Set-up and warm-up are over when the watch begins.
    assert events == [1, 2, torch.device("cpu"), 3, 4, "end"]
    assert (part.energy_j, part.notes) == (12.0, ("the room was hot",))
    assert part.telemetry == DETAILED_TIMING.telemetry


@pytest.mark.parametrize(
    ("backend", "gpu_s", "peak"),
    [
        ("eager", 0.25, 5_000),
        ("compile", 0.25, 5_000),
        ("cudagraph", 0.25, None),  # its memory is its own since the capture
        ("onnxruntime", None, None),  # neither its kernels nor its memory are torch's
    ],
)
def test_on_a_gpu_only_what_torch_can_see_is_taken(
    monkeypatch: pytest.MonkeyPatch,
    use_backend: Use,
    backend: str,
    gpu_s: float | None,
    peak: int | None,
) -> None:
    use_backend(Backend())
    monkeypatch.setattr("harness.timing.measure.measure_peak_memory", lambda *_: 5_000)
    monkeypatch.setattr("harness.timing.measure.gpu_pass_s", lambda *_: 0.25)
    asked = protocol()
    if backend != "cudagraph":  # refused on the CPU; the share says what to take
        provider = "cpu" if backend == "onnxruntime" else None
        asked = replace(asked, backend=backend, provider=provider)
    share = SimpleNamespace(**{**asked.to_dict(), "backend": backend})
    with ready(Probe(), asked) as round_of:
        part = round_of(share, None, CpuClock)  # type: ignore[arg-type]
    assert (part.gpu_s, part.peak_memory_bytes) == (gpu_s, peak)


def test_peak_memory_leaves_out_the_original_where_a_copy_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.timing.measure.measure_peak_memory", lambda *_: 10_000)
    monkeypatch.setattr("harness.timing.measure.gpu_pass_s", lambda *_: None)
    # Conv2d(3, 32, 3): 864 weights, 3,456 bytes, which take 7 pieces of 512 bytes; 32 biases take
    # one. A second name for the same convolution, or for a part of its weights, takes nothing.
    conv = nn.Conv2d(3, 32, 3)
    conv.register_buffer("part", conv.weight.data[:1])
    assert time_network(Through(conv), protocol()).peak_memory_bytes == 10_000
    copied = time_network(Through(conv), protocol(precision="bf16"))
    assert copied.peak_memory_bytes == 10_000 - 8 * 512


class Through(nn.Module):
    """A module under two names."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.one = module
        self.two = nn.Sequential(module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x)


def test_the_eager_backend_runs_the_network_itself() -> None:
    network = Probe().eval()
    batch = torch.ones(1, 3, 4, 4)
    prepared = eager.prepare(network, batch, protocol())
    assert torch.equal(prepared.to_tensor(prepared.run()), network(batch))
    assert network.inputs[0] is batch
