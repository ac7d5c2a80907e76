"""Timing a network gives the figures of its protocol, and leaves the network alone."""

import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from example_records import profile
from torch import nn

from harness.errors import BadRequest, RunFailed
from harness.records import ProfileRecord, from_json, to_json
from harness.timing.clock import CpuClock, CudaClock, Samples
from harness.timing.measure import measure_peak_memory, random_input, time_network
from harness.timing.statistics import fps_interval, ratio_half_width
from harness.timing_records import Timing

from .fakes import FakeGpu, FakeTime, protocol
from .probe import Probe, state


def test_a_pass_is_in_eval_and_inference_mode_under_the_protocols_settings() -> None:
    seen: list[Any] = []

    def look(probe: Probe) -> None:
        seen.append(
            (
                probe.training,
                probe.conv.training,
                torch.is_inference_mode_enabled(),
                torch.get_num_threads(),
                torch.backends.cudnn.benchmark,
            )
        )

    time_network(Probe(look), protocol(threads=3, iterations=1, warmup=0))
    assert seen == [(False, False, True, 3, True)] * 2


def test_there_is_one_pass_to_set_up_then_warm_up_and_timed_passes_as_asked() -> None:
    network = Probe()
    timing = time_network(network, protocol(warmup=3, iterations=4))
    assert len(network.inputs) == 1 + 3 + 4
    assert timing.iterations == 4
    assert timing.stopped_by == "iterations"
    assert timing.protocol == protocol(warmup=3, iterations=4).to_dict()
    assert timing.peak_memory_bytes is None


def test_every_round_warms_up_but_the_set_up_is_done_once() -> None:
    network = Probe()
    timing = time_network(network, protocol(warmup=3, iterations=5, rounds=2))
    assert len(network.inputs) == 1 + 2 * 3 + 5
    assert [each.iterations for each in timing.rounds] == [3, 2]
    assert timing.iterations == 5


def test_the_first_pass_is_set_up_and_no_timed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime()
    monkeypatch.setattr("harness.timing.measure.time", SimpleNamespace(perf_counter=time))

    def wait(probe: Probe) -> None:
        time.wait(40.0 if len(probe.inputs) == 1 else 2.0)

    timing = time_network(
        Probe(wait), protocol(warmup=1, iterations=3, rounds=2), clock=lambda: CpuClock(time)
    )
    assert timing.setup_s == 40.0
    assert [each.setup_s for each in timing.rounds] == [40.0, 40.0]
    assert timing.latency_s.max == 2.0


def test_the_input_is_one_tensor_of_the_protocols_shape_and_seed() -> None:
    inputs = []
    for seed in (0, 0, 1):
        network = Probe()
        torch.manual_seed(seed + 17)  # the global generator has no say
        before = torch.get_rng_state()
        time_network(network, protocol(input=(2, 3, 4, 8), seed=seed))
        assert torch.equal(torch.get_rng_state(), before)
        assert all(x is network.inputs[0] for x in network.inputs)
        inputs.append(network.inputs[0])
    assert inputs[0].shape == (2, 3, 4, 8)
    assert torch.equal(inputs[0], inputs[1])
    assert not torch.equal(inputs[0], inputs[2])
    assert torch.equal(random_input(protocol(input=(2, 3, 4, 8), seed=1)), inputs[2])
    assert abs(float(random_input(protocol(input=(1, 3, 64, 64))).std()) - 1) < 0.05


def timed(pass_s: list[float], **fields: Any) -> Timing:
    """Return the timing of passes of given fake seconds, no warm-up."""
    time, left = FakeTime(), [0.0, *pass_s]  # the first pass is set-up
    network = Probe(lambda _probe: time.wait(left.pop(0)))
    fields = {"warmup": 0, "iterations": len(pass_s)} | fields
    return time_network(network, protocol(**fields), clock=lambda: CpuClock(time))


def test_fps_is_frames_over_elapsed_time() -> None:
    timing = timed([0.1, 0.3, 0.2, 0.2], input=(5, 3, 8, 8))
    assert timing.elapsed_s == pytest.approx(0.8)
    assert timing.fps == pytest.approx(25.0)  # 4 passes of 5 frames in 0.8 s
    assert timing.latency_s.mean == pytest.approx(0.2)
    assert (timing.block_size, timing.block_means_s) == (1, pytest.approx((0.1, 0.3, 0.2, 0.2)))


def test_fps_is_from_the_hosts_time_where_clock_and_passes_differ() -> None:
    class Skewed(CpuClock):
        def stop(self) -> Samples:
            return Samples((0.1, 0.1), elapsed_s=0.4, host_s=0.03)

    timing = time_network(Probe(), protocol(iterations=2), clock=Skewed)
    assert (timing.fps, timing.latency_s.mean, timing.host_s) == (5.0, 0.1, 0.03)


def test_the_interval_can_be_recomputed_from_the_stored_record() -> None:
    timing = timed([0.1 + 0.01 * (number % 7) for number in range(95)])
    record = from_json(to_json(profile("x", timing=timing)), where="f:1")
    assert isinstance(record, ProfileRecord)
    assert record.timing == timing
    assert timing.block_size == 4
    assert len(timing.block_means_s) == 23
    half_width = ratio_half_width([[mean] for mean in record.timing.block_means_s])
    assert fps_interval(timing.fps, half_width) == timing.fps_ci95
    assert half_width > 0


def test_a_single_pass_has_no_interval_and_says_that_it_is_little() -> None:
    timing = timed([0.1])
    assert timing.fps_ci95 is None
    assert any(text.startswith("only 1 of the 30 passes") for text in timing.warnings)


def test_until_ends_timing_when_the_interval_is_narrow() -> None:
    timing = timed([0.1] * 400, until=0.01, rounds=3, min_iterations=50)
    # 400 passes in 20 slices of 20: at least 3, and 50 passes are done after 3.
    assert (timing.stopped_by, timing.iterations, len(timing.rounds)) == ("until", 60, 3)


def test_ctrl_c_while_timing_gives_the_timing_so_far() -> None:
    def interrupt(probe: Probe) -> None:
        if len(probe.inputs) == 1 + 2 + 3:
            signal.raise_signal(signal.SIGINT)

    timing = time_network(Probe(interrupt), protocol(warmup=2, iterations=1_000, rounds=4))
    assert (timing.iterations, timing.stopped_by, len(timing.rounds)) == (3, "interrupt", 1)
    assert any("Ctrl-C" in text for text in timing.warnings)


def interrupt_in_warm_up(_probe: Probe) -> None:
    signal.raise_signal(signal.SIGINT)


def fail(_probe: Probe) -> None:
    raise RuntimeError("first line\nsecond line")


def do_nothing(_probe: Probe) -> None:
    pass


@pytest.mark.parametrize(
    ("during", "raised"),
    [(do_nothing, None), (interrupt_in_warm_up, KeyboardInterrupt), (fail, RunFailed)],
)
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was_found(
    during: Callable[[Probe], None], raised: type[BaseException] | None, training: bool
) -> None:
    network = Probe(during).train(training)
    network.conv.eval()
    network.conv.register_forward_hook(lambda *_: None)
    before = state(network)
    if raised:
        with pytest.raises(raised):
            time_network(network, protocol(threads=3))
    else:
        time_network(network, protocol(threads=3))
    assert len(network.inputs) > 0
    assert state(network) == before


def test_an_input_that_the_network_cannot_take_is_a_failed_run() -> None:
    with pytest.raises(RunFailed, match=r"on input 1x4x8x8 on cpu: .*expected input"):
        time_network(Probe(), protocol(input=(1, 4, 8, 8)))


@pytest.mark.parametrize(
    ("network", "device", "message"),
    [
        (Probe(), "cuda", "must be on one cuda device, got cpu"),
        (Probe().to("meta"), "cpu", "must be on one cpu device, got meta"),
        (nn.Sequential(Probe(), Probe().to("meta")), "cpu", "device, got cpu, meta"),
        (Probe().half(), "cpu", "must come in fp32, the protocol casts it; got torch.float16"),
        (
            nn.Sequential(Probe(), Probe().double()),
            "cpu",
            "must come in fp32, .* got torch.float32, torch.float64",
        ),
    ],
)
def test_a_network_elsewhere_or_in_another_type_is_refused(
    network: nn.Module, device: str, message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        time_network(network, protocol(device))


def test_a_network_on_two_gpus_is_refused() -> None:
    gpus = [SimpleNamespace(device=torch.device(f"cuda:{index}")) for index in (1, 0)]
    network: Any = SimpleNamespace(parameters=lambda: gpus, buffers=list)
    with pytest.raises(BadRequest, match="must be on one cuda device, got cuda:0, cuda:1"):
        time_network(network, protocol("cuda"))


def test_a_network_without_parameters_can_be_timed() -> None:
    assert time_network(nn.ReLU(), protocol(iterations=2)).iterations == 2


def test_progress_hears_when_warm_up_is_over() -> None:
    heard: list[tuple[int, int]] = []
    network = Probe()
    time_network(
        network,
        protocol(warmup=2, iterations=1),
        progress=lambda done, _elapsed_s: heard.append((done, len(network.inputs))),
    )
    assert heard[0] == (0, 1 + 2)


def test_progress_hears_of_all_rounds_together() -> None:
    heard: list[tuple[int, float]] = []
    time = FakeTime()
    time_network(
        Probe(lambda _probe: time.wait(2.0)),
        protocol(warmup=0, iterations=6, rounds=2),
        progress=lambda done, elapsed_s: heard.append((done, elapsed_s)),
        clock=lambda: CpuClock(time),
    )
    # Three passes a round; the end of a round speaks for itself.
    assert heard == [(0, 0.0), (1, 2.0), (2, 4.0), (3, 6.0), (4, 8.0), (5, 10.0)]


def test_peak_memory_is_that_of_a_pass_of_its_own() -> None:
    gpu = FakeGpu(FakeTime())
    device = torch.device("cuda:1")
    assert measure_peak_memory(gpu.run_pass, device, cuda=gpu) == 1234
    assert gpu.calls == [
        *("synchronize cuda:1", "reset peak cuda:1"),
        *("pass", "synchronize cuda:1", "read peak cuda:1"),
    ]


def test_on_the_cpu_peak_memory_is_unknown_and_costs_no_pass() -> None:
    gpu = FakeGpu(FakeTime())
    assert measure_peak_memory(gpu.run_pass, torch.device("cpu"), cuda=gpu) is None
    assert gpu.calls == []


def test_with_a_gpu_clock_warm_up_comes_before_the_first_synchronisation() -> None:
    gpu = FakeGpu(FakeTime())
    timing = time_network(
        Probe(lambda _probe: gpu.run_pass()),
        protocol(warmup=2, iterations=2),
        clock=lambda: CudaClock(torch.device("cuda"), gpu.host, gpu),
    )
    assert gpu.calls[:4] == ["pass", "pass", "pass", "synchronize cuda"]
    assert gpu.calls.count("synchronize cuda") == 2
    assert timing.fps == pytest.approx(2.0)  # 0.5 s a pass on the fake GPU


def test_each_round_has_a_fresh_clock() -> None:
    made: list[CpuClock] = []

    def clock() -> CpuClock:
        made.append(CpuClock())
        return made[-1]

    time_network(Probe(), protocol(iterations=6, rounds=3), clock=clock)
    assert len(made) == 3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_passes_add_up_to_the_elapsed_time() -> None:
    network = nn.Sequential(*[nn.Conv2d(3, 3, 3, padding=1) for _ in range(20)]).cuda()
    timing = time_network(network, protocol("cuda", input=(1, 3, 512, 512), iterations=200))
    assert timing.iterations == 200
    assert timing.latency_s.mean * 200 == pytest.approx(timing.elapsed_s, rel=0.05)
    assert timing.peak_memory_bytes is not None
    assert timing.peak_memory_bytes > 3 * 512 * 512 * 4


class Weighty(nn.Module):
    """64 MiB of weights in fp32, and next to no activations."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2**24))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale.mean()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_half_the_precision_is_half_the_memory_though_the_original_stays() -> None:
    peaks = []
    for precision in ("fp32", "bf16"):
        timing = time_network(Weighty().cuda(), protocol("cuda", precision=precision))
        assert timing.peak_memory_bytes is not None
        peaks.append(timing.peak_memory_bytes / 2**20)
    assert peaks == pytest.approx([64, 32], abs=1)
