"""The benchmarks measure what they say, and judge it as they say."""

import ast
import ctypes
import json
import os
import re
import resource
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from harness.errors import RunFailed
from harness.isolated import Report, run_isolated
from harness.report.definition import load_definition
from harness.timing.protocol import Protocol
from harness.timing.settings import applied
from variants.build import build
from variants.catalog import find_row, load_catalog
from variants.spec import resolve

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))  # scripts, which find each other beside themselves

import speed  # noqa: E402
import straightforward  # noqa: E402
from speed_claims import backends, implementation, overhead, repeatability  # noqa: E402
from speed_claims.ratios import Ratios, abba, median_interval  # noqa: E402
from speed_claims.repeatability import Run  # noqa: E402
from speed_claims.setting import keep_heap  # noqa: E402

SMALL = ["--input", "64x128", "--device", "cpu"]
BLOCKS = ["--passes", "1", "--warmup", "0", "--repetitions", "2"]


def ours(variant: str = "fassd-net") -> nn.Module:
    return build(resolve(find_row(load_catalog(), variant).chosen))


def shaken(network: nn.Module) -> nn.Module:
    """Give every parameter and statistic a value of its own: layers in a wrong order would show."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2, generator=generator)
            elif tensor.is_floating_point() and tensor.ndim == 1:
                tensor.uniform_(-0.5, 1, generator=generator)
    return network


# ---- the straightforward network


def test_the_straightforward_network_has_the_papers_parameters() -> None:
    network = straightforward.FASSDNet()
    assert sum(p.numel() for p in network.parameters()) == 2_845_351


@pytest.mark.parametrize("shape", [(1, 3, 64, 128), (2, 3, 97, 131)])
def test_the_straightforward_network_computes_what_ours_does(shape: tuple[int, ...]) -> None:
    network, theirs = shaken(ours()), straightforward.FASSDNet().eval()
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        before = implementation.relative_difference(theirs(batch), network(batch))
        implementation.copy_weights(network, theirs, batch)
        after = implementation.relative_difference(theirs(batch), network(batch))
    assert before > 0.1  # the comparison sees a difference where there is one
    assert after <= 1e-4


def test_the_straightforward_network_stands_on_torch_alone() -> None:
    tree = ast.parse((ROOT / "benchmarks" / "straightforward.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} == {"torch"}


def test_weights_of_another_network_are_refused() -> None:
    batch = torch.zeros(1, 3, 64, 128)
    with pytest.raises(RunFailed, match="must run 2 layers, got 1"):
        implementation.copy_weights(_net(nn.PReLU(), nn.PReLU()), _net(nn.PReLU()), batch)
    with pytest.raises(RunFailed, match="layer 0 must be PReLU weight 1, got PReLU weight 3"):
        implementation.copy_weights(_net(nn.PReLU()), _net(nn.PReLU(3)), batch)


def _net(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


def test_asking_for_the_order_of_layers_leaves_no_hook() -> None:
    network = _net(nn.PReLU(), nn.ReLU(), nn.PReLU(3))
    order = implementation.layers_in_order(network, torch.zeros(1, 3, 2, 2))
    assert order == [network[0], network[2]]
    assert not any(layer._forward_hooks for layer in network)


# ---- ratios


def test_a_repetition_is_abba_and_the_next_one_baab() -> None:
    calls: list[str] = []

    def block(name: str) -> float:
        calls.append(name)
        return {"a": 1.0, "b": 2.0}[name]

    # b takes twice as long, so a is twice as fast
    assert abba(lambda: block("a"), lambda: block("b"), 2) == (2.0, 2.0)
    assert "".join(calls) == "abbabaab"


def test_linear_drift_cancels() -> None:
    seconds = iter([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0])
    # 10 + 13 == 11 + 12, and 14 + 17 == 15 + 16
    assert abba(lambda: next(seconds), lambda: next(seconds), 2) == (1.0, 1.0)


def test_the_interval_of_a_median_has_the_ranks_of_the_tables() -> None:
    # Of 10 values P(0 or 1 below) = 11 / 1024, twice that is 0.021: the 2nd and the 9th;
    # with the 3rd it would be 2 x 56 / 1024 = 0.109. Of 20: the 6th and the 15th (0.041; 0.115).
    assert median_interval([float(n) for n in range(10, 0, -1)]) == (2.0, 9.0)
    assert median_interval([float(n) for n in range(1, 21)]) == (6.0, 15.0)
    assert median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]) == (1.0, 6.0)  # 2 / 64 = 0.031
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None  # 2 / 32 = 0.0625


def test_a_row_holds_minimum_median_maximum_and_interval() -> None:
    row = Ratios((1.3, 1.1, 1.2, 1.0, 1.5, 1.4)).row("a / b")
    assert row.split() == ["a", "/", "b", "1.0000", "1.2500", "1.5000", "1.0000", "to", "1.5000"]
    assert Ratios((1.0, 2.0)).row("a / b").split()[-1] == "-"


# ---- judgements


@pytest.mark.parametrize(
    ("median", "passed"), [(0.989, False), (0.991, True), (1.009, True), (1.011, False)]
)
def test_overhead_is_judged_by_the_median(median: float, passed: bool) -> None:
    verdict = overhead.judge(Ratios((0.5, median, 2.0)))
    assert verdict.passed == passed
    assert f"{median:.4f} lies {'' if passed else 'not '}within" in verdict.text


def test_overhead_says_where_the_interval_lies() -> None:
    assert overhead.judge(Ratios((0.995,) * 6)).text.endswith("interval lies within")
    assert overhead.judge(Ratios((0.98, *(1.0,) * 5))).text.endswith("interval lies not within")
    assert overhead.judge(Ratios((1.0, *(1.0,) * 4, 1.02))).text.endswith("lies not within")


@pytest.mark.parametrize(
    ("low", "high", "passed", "says"),
    [
        (0.990, 1.005, True, "at least as fast"),
        (1.010, 1.020, True, "at least as fast"),
        (0.980, 0.999, False, "slower"),
        (0.985, 1.015, True, "at least as fast"),  # +- 1.5%
        (0.970, 1.015, False, "undecided"),  # +- 2.25%
    ],
)
def test_the_implementation_is_judged_by_the_interval(
    low: float, high: float, passed: bool, says: str
) -> None:
    verdict = implementation.judge(Ratios((low, *((low + high) / 2,) * 4, high)))
    assert verdict.passed == passed
    assert verdict.text.startswith(says)


def test_an_implementation_without_interval_is_undecided() -> None:
    verdict = implementation.judge(Ratios((1.2, 1.2)))
    assert not verdict.passed
    assert "undecided: the interval is unknown" in verdict.text


def test_on_a_cpu_any_backend_may_reach_the_target() -> None:
    verdict = backends.judge({"compile": 1.2, "openvino": 1.5}, "cpu")
    assert verdict.passed
    assert verdict.text == "openvino is 1.50 times as fast as eager fp32, at least 1.5"
    assert not backends.judge({"compile": 1.2, "openvino": 1.49}, "cpu").passed


def test_on_a_gpu_only_fp16_graphs_count() -> None:
    fast = {"tf32": 5.0, "compile-fp16-channels_last": 2.9, "cudagraph-fp16-channels_last": 2.0}
    assert backends.judge(fast, "cuda").text.startswith("compile-fp16-channels_last is 2.90")
    assert not backends.judge(fast, "cuda").passed
    assert backends.judge(fast | {"cudagraph-fp16-channels_last": 3.0}, "cuda").passed


def test_without_a_backend_that_runs_there_is_no_pass() -> None:
    assert not backends.judge({}, "cpu").passed
    verdict = backends.judge({"tf32": 9.0}, "cuda")
    assert not verdict.passed
    assert verdict.text == (
        "none of cudagraph-fp16-channels_last, compile-fp16-channels_last could run"
    )


def test_two_runs_agree_within_the_combined_interval() -> None:
    # half-widths 3 and 4 allow sqrt(9 + 16) = 5, while the intervals overlap up to 7
    first = Run(100.0, 97.0, 103.0)
    assert repeatability.allowed(first, Run(105.0, 101.0, 109.0)) == 5.0
    for fps, agree, overlap in (
        (105.0, True, True), (105.1, False, True), (107.1, False, False),
        (95.0, True, True), (94.9, False, True), (92.9, False, False),
    ):  # fmt: skip
        second = Run(fps, fps - 4, fps + 4)
        for a, b in ((first, second), (second, first)):
            assert repeatability.agree(a, b) == agree
            assert repeatability.overlap(a, b) == overlap


def pairs_of(agreeing: int, apart: int, half_width: float) -> list[tuple[Run, Run]]:
    """Return pairs about 100 FPS; those that do not agree overlap still."""

    def run(fps: float) -> Run:
        return Run(fps, fps - half_width, fps + half_width)

    return [(run(100), run(100))] * agreeing + [(run(100), run(100 + 1.9 * half_width))] * apart


@pytest.mark.parametrize(
    ("agreeing", "apart", "half_width", "kind", "passed"),
    [
        (10, 0, 2.9, "cpu", True),
        (9, 1, 2.9, "cpu", True),
        (8, 2, 2.9, "cpu", False),
        (10, 0, 3.1, "cpu", False),
        (10, 0, 0.49, "cuda", True),
        (10, 0, 0.51, "cuda", False),
        (4, 1, 0.4, "cuda", False),  # 4 of 5 are fewer than 9 in 10
    ],
)
def test_repeatability_asks_for_nine_in_ten_and_narrow_intervals(
    agreeing: int, apart: int, half_width: float, kind: str, passed: bool
) -> None:
    verdict = repeatability.judge(pairs_of(agreeing, apart, half_width), kind)
    assert verdict.passed == passed
    assert verdict.text.startswith(f"{agreeing} of {agreeing + apart} pairs agree (90% asked), ")
    assert f"{agreeing + apart} overlap" in verdict.text


# ---- repeatability: the order of runs


def test_second_runs_come_after_all_first_ones_and_after_the_gap() -> None:
    now_s, log = 0.0, []

    def measure() -> Run:
        nonlocal now_s
        log.append(("run", now_s))
        now_s += 10
        return Run(len(log), 0, 0)

    def sleep(seconds: float) -> None:
        nonlocal now_s
        log.append(("sleep", seconds))
        now_s += seconds

    pairs = list(repeatability.paired(measure, 2, 15.0, now=lambda: now_s, sleep=sleep))
    # firsts end at 10 and 20; the second of the first may begin at 25, 5 s on, and ends at 35,
    # when the second of the other has had its gap
    assert log == [("run", 0.0), ("run", 10.0), ("sleep", 5.0), ("run", 25.0),
                   ("sleep", 0.0), ("run", 35.0)]  # fmt: skip
    assert [(a.fps, b.fps) for a, b in pairs] == [(1, 4), (2, 6)]


def made_up_record(fps: float, half_width: float | None) -> dict[str, object]:
    interval = None if half_width is None else [fps - half_width, fps + half_width]
    return {"timing": {"fps": fps, "fps_ci95": interval, "iterations": 1}}


def test_each_pair_is_shown_and_every_run_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    answers = iter([made_up_record(100, 3), made_up_record(50, 1),
                    made_up_record(105, 4), made_up_record(51.9, 1)])  # fmt: skip
    commands = []

    def profile(command: list[str]) -> dict[str, object]:
        commands.append(command)
        return next(answers)

    monkeypatch.setattr(repeatability, "profile", profile)
    file = tmp_path / "new" / "speed.jsonl"
    status = speed.main(
        ["repeatability", *SMALL, "--pairs", "2", "--gap", "0", "--record", str(file),
         "--variant", "baseline", "--", "--rounds", "1"]
    )  # fmt: skip
    out = capsys.readouterr().out.splitlines()
    assert out[-3].split() == ["1", "100", "3", "105", "4", "5", "5", "yes", "yes"]
    assert out[-2].split() == ["2", "50", "1", "51.9", "1", "1.9", "1.4", "NO", "yes"]
    assert out[-1].startswith("FAIL: 1 of 2 pairs agree")
    assert status == 1
    assert commands[0][3:] == ["profile", "--variant", "baseline", "--input", "64x128", "--device",
                               "cpu", "--json", "--no-save", "--rounds", "1"]  # fmt: skip
    (line,) = map(json.loads, file.read_text().splitlines())
    assert [r["timing"]["fps"] for r in line["runs"]] == [100, 50, 105, 51.9]
    assert (line["benchmark"], line["passed"]) == ("repeatability", False)
    assert line["environment"]["cpu"]["name"]


def test_a_run_without_interval_is_refused() -> None:
    with pytest.raises(RunFailed, match="must state an interval, got none from 1 passes"):
        repeatability.run_of(made_up_record(10, None))


def test_a_run_that_fails_is_told_by_its_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["repeatability", *SMALL, "--variant", "nonesuch", "--pairs", "1"]) == 1
    assert "got 2 (harness: no variant 'nonesuch'" in capsys.readouterr().err


@pytest.mark.slow
def test_repeatability_runs_the_real_command(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--iterations", "30", "--rounds", "1"]
    status = speed.main(["repeatability", *SMALL, "--pairs", "1", "--gap", "0", "--", *flags])
    out = capsys.readouterr().out
    assert re.search(r"^1 +[\d.]+ +[\d.e-]+ +[\d.]+ +[\d.e-]+ .*(yes|NO)", out, re.MULTILINE)
    assert status == (0 if "\nPASS: 1 of 1 pairs" in out else 1)


# ---- the subcommands


def figures(out: str, name: str) -> list[float]:
    """Return minimum, median and maximum from the row `name`."""
    (row,) = [line for line in out.splitlines() if line.startswith(name)]
    low, median, high = map(float, row.removeprefix(name).split()[:3])
    assert 0 < low <= median <= high
    return [low, median, high]


@pytest.mark.parametrize(
    ("claim", "name"),
    [("overhead", "harness / bare loop"), ("implementation", "ours / straightforward")],
)
def test_a_claim_is_measured_shown_and_recorded(
    claim: str, name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "speed.jsonl"
    processes = ["--processes", "2"] if claim == "implementation" else []
    status = speed.main([claim, *SMALL, *BLOCKS, *processes, "--record", str(file)])
    out = capsys.readouterr().out
    low, _, high = figures(out, name)
    for line in ("machine", "protocol  paper: 1x3x64x128, fp32, eager", "method", "command"):
        assert f"\n  {line}" in out
    assert ("\nPASS: " in out) == (status == 0)
    line = json.loads(file.read_text())
    assert line["benchmark"] == claim
    assert [f"{r:.4f}" for r in sorted(line["ratios"])] == [f"{low:.4f}", f"{high:.4f}"]
    assert line["protocol"]["input"] == [1, 3, 64, 128]


@pytest.mark.parametrize(("harness_s", "status"), [(1.005, 0), (1.02, 1), (0.98, 1)])
def test_overhead_is_the_harness_fps_over_the_bare_loops(
    harness_s: float, status: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    warmups = []

    def time_network(_network: nn.Module, protocol: SimpleNamespace, **_: object) -> object:
        warmups.append(protocol.warmup)
        return SimpleNamespace(iterations=protocol.iterations, fps=4 / harness_s)

    def bare_loop_s(*_: object, passes: int, warmup: int) -> float:
        assert passes == 4
        warmups.append(warmup)
        return 1.0

    monkeypatch.setattr(overhead, "time_network", time_network)
    monkeypatch.setattr(overhead, "bare_loop_s", bare_loop_s)
    asked = ["--passes", "4", "--warmup", "3", "--repetitions", "1"]
    assert speed.main(["overhead", *SMALL, *asked]) == status
    assert figures(capsys.readouterr().out, "harness / bare loop")[1] == round(1 / harness_s, 4)
    # the harness runs a first pass before its warm-up, so the bare loop has one more
    assert warmups == [3, 4, 4, 3]


def implementation_options() -> Namespace:
    asked = ["--processes", "1", "--heap", "default"]  # else these tests would go on without mmap
    return speed.parse(["implementation", *SMALL, *BLOCKS, *asked])


def test_a_network_that_is_not_ours_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementation, "copy_weights", lambda *_: None)
    with pytest.raises(RunFailed, match=r"straightforward network: must differ by 0\.0001 at most"):
        implementation.measure(print, implementation_options(), True)


@pytest.mark.parametrize("ours_first", [True, False])
def test_the_networks_are_built_in_the_order_that_is_asked(
    ours_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    network_of, straight = implementation.network_of, implementation.FASSDNet

    def noted(name: str, make: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
        return lambda *given: built.append(name) or make(*given)

    monkeypatch.setattr(implementation, "network_of", noted("ours", network_of))
    monkeypatch.setattr(implementation, "FASSDNet", noted("theirs", straight))
    found = implementation.measure(print, implementation_options(), ours_first)
    assert built == (["ours", "theirs"] if ours_first else ["theirs", "ours"])
    assert found.difference <= 1e-4
    assert found.heap == "heap by default"


def test_the_heap_keeps_its_memory_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementation, "keep_heap", lambda: "kept")
    options = implementation_options()
    options.heap = speed.parse(["implementation", *SMALL]).heap
    assert implementation.measure(print, options, True).heap == "kept"


def keeps_the_heap(_: Report) -> tuple[str, list[int]]:
    """Say how many pages blocks of 64 MiB fault in before and after the heap keeps them."""

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(4):
            torch.ones(16 * 2**20)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    before = faults()
    said = keep_heap()
    faults()  # the heap grows once
    return said, [before, faults()]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs glibc")
def test_a_heap_that_keeps_its_memory_faults_no_page_in_again() -> None:
    said, (before, after) = run_isolated(keeps_the_heap)
    assert said == "glibc keeps freed memory"
    assert before > 4 * 16_000  # 64 MiB are 16,384 pages of 4 KiB; page sizes may be mixed
    assert after < before / 100


def test_a_ratio_is_of_a_fresh_process_and_the_order_takes_turns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = []

    def run_isolated(function: object, _: Namespace, ours_first: bool) -> object:
        assert function is implementation.measure
        orders.append(ours_first)
        return implementation.Found(0.0, 1.01 if ours_first else 0.99, "heap kept", (3, 4))

    monkeypatch.setattr(implementation, "run_isolated", run_isolated)
    assert speed.main(["implementation", *SMALL, *BLOCKS, "--processes", "6"]) == 0
    assert orders == [True, False] * 3
    # of six ratios the interval is from the smallest to the largest: +-1%, not too wide
    assert figures(capsys.readouterr().out, "ours / straightforward") == [0.99, 1.0, 1.01]


@pytest.mark.slow
def test_a_backend_is_measured_in_a_process_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = speed.main(["backends", *SMALL, *BLOCKS, "--only", "channels_last"])
    out = capsys.readouterr().out
    figures(out, "channels_last")
    assert ("\nPASS: channels_last is" in out) == (status == 0)


def test_a_configuration_is_timed_beside_eager() -> None:
    options = Namespace(
        device="cpu", input="64x128", variant="fassd-net", child="bf16-channels_last",
        passes=2, warmup=1, repetitions=3,
    )  # fmt: skip
    found = backends.measure(options)
    assert len(found["ratios"]) == 3
    assert found["fps"] > 0
    # bf16 keeps 8 bits: what differs is more than fp32's rounding and less than the tolerance
    assert 1e-4 < found["output_error"] < 0.1
    assert found["protocol"]["precision"] == "bf16"
    assert found["protocol"]["memory_format"] == "channels_last"


def test_blocks_take_turns_each_under_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Seconds of the blocks: one each that is not kept, then other, eager, eager, other.
    seconds = {True: [100.0, 6.0, 6.0], False: [100.0, 1.0, 3.0]}
    networks, blocks = [], []

    @contextmanager
    def ready(network: nn.Module, protocol: Protocol) -> Iterator[object]:
        networks.append(network)

        def round_of(share: Protocol, *_: object) -> object:
            blocks.append((torch.backends.cudnn.benchmark, share.iterations, share.warmup))
            elapsed_s = seconds[protocol.cudnn_benchmark].pop(0)
            return SimpleNamespace(elapsed_s=elapsed_s, output_error=None, backend={})

        with applied(protocol):
            yield round_of

    monkeypatch.setattr(backends, "ready", ready)
    monkeypatch.setitem(backends.CONFIGURATIONS["cpu"], "other", {"cudnn_benchmark": False})
    options = Namespace(
        device="cpu", input="64x128", variant="fassd-net", child="other",
        passes=3, warmup=7, repetitions=1,
    )  # fmt: skip
    found = backends.measure(options)
    eager, other = (True, 3), (False, 3)
    first = backends.protocol_of(options).warmup
    assert blocks == [
        (*eager, first), (*other, first), (*other, 7), (*eager, 7), (*eager, 7), (*other, 7),
    ]  # fmt: skip
    assert found["ratios"] == (3.0,)  # 6 + 6 over 1 + 3
    assert found["fps"] == 2.0  # median of 3 / 1 and 3 / 3
    assert networks[0] is not networks[1]


def test_a_backend_that_cannot_run_gives_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    # 16 / 4 leaves 4, which cannot be halved three times
    asked = ["--input", "16x16", "--device", "cpu", "--only", "channels_last"]
    assert speed.main(["backends", *asked]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^channels_last +cannot: .*hardnet: height and .* got 4x4$", out, re.M)
    assert out.endswith("FAIL: none of them could run\n")


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        (subprocess.CompletedProcess([], -9, "", ""), "killed by signal 9"),
        (subprocess.CompletedProcess([], 3, "", ""), "exit 3"),
        (subprocess.CompletedProcess([], 1, "", "Trace\nKeyError: 'x'\n"), "KeyError: 'x'"),
        (subprocess.TimeoutExpired([], 7), "took longer than --timeout 7 s"),
    ],
)
def test_however_a_backends_process_ends_there_is_a_reason(
    ended: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> object:
        if isinstance(ended, Exception):
            raise ended
        return ended

    monkeypatch.setattr(subprocess, "run", run)
    options = Namespace(device="cpu", input="8x8", variant="v", timeout=7.0, passes=1, warmup=0,
                        repetitions=1)  # fmt: skip
    assert backends.in_own_process("compile", options) == {"reason": reason}


def test_an_unknown_configuration_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["backends", *SMALL, "--only", "openvin"]) == 2
    assert "no configuration 'openvin'; did you mean openvino" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_every_configuration_is_a_valid_protocol(kind: str) -> None:
    options = Namespace(device=kind, input="64x128")
    for changes in backends.CONFIGURATIONS[kind].values():
        protocol = backends.protocol_of(options, **changes)
        assert {key: getattr(protocol, key) for key in changes} == changes


# ---- gpu.sh

GPU = ROOT / "benchmarks" / "gpu.sh"


def gpu(tmp_path: Path, *arguments: str, stub: str, **variables: str) -> tuple[int, str, list[str]]:
    """Run the script with `stub` as its python; return status, output and the stub's arguments."""
    python, log = tmp_path / "python", tmp_path / "calls"
    python.write_text(f'#!/bin/sh\necho "$*" >>{log}\n{stub}\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["bash", str(GPU), str(tmp_path / "out"), *arguments],
        env=os.environ | {"PYTHON": str(python), "DEVICE": "cpu"} | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    calls = log.read_text().splitlines() if log.exists() else []
    return done.returncode, done.stdout + done.stderr, calls


def test_the_gpu_script_measures_every_network_of_the_catalogue() -> None:
    text = GPU.read_text()
    names = [
        name
        for array in ("table", "light", "peers", "related")
        for name in re.search(rf"^{array}=\((.*)\)$", text, re.MULTILINE)[1].split()  # type: ignore[index]
    ]
    catalog = load_catalog()
    hashes = [resolve(catalog[name].chosen).sha256 for name in names]
    assert len(set(hashes)) == len(hashes)
    assert set(hashes) == {resolve(row.chosen).sha256 for row in catalog.values()}


def test_a_step_that_fails_stops_no_other(tmp_path: Path) -> None:
    fails = 'case "$*" in *harness\\ device*) exit 3;; esac'
    status, out, calls = gpu(tmp_path, "50", "check", "table", stub=fails)
    assert status == 1
    assert "failed: device (exit 3)" in out
    assert [call.split()[:4] for call in calls] == [
        ["-m", "pytest", "-q", "-m"],
        ["-m", "harness", "device", "--device"],
        ["-m", "harness", "profile", "--variant"],
        ["-m", "harness", "table", "1"],
    ]
    assert "--device cpu --iterations 50 --budget 57" in calls[2]  # 570 / 7 - 24
    assert "--- device: exit 3" in (tmp_path / "out" / "gpu-check.log").read_text()


def test_a_part_ends_within_its_time(tmp_path: Path) -> None:
    status, out, calls = gpu(tmp_path, "50", "claims", stub="sleep 60", LIMIT_S="4")
    assert status == 1
    assert len(calls) == 1
    for claim in ("overhead", "implementation", "backends"):
        assert f"failed: {claim} (no time left)" in out


def test_a_part_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    status, out, calls = gpu(tmp_path, "50", "check", "nonesuch", stub="exit 0")
    assert status == 2
    assert "no part nonesuch; known: check table" in out
    assert not calls


def test_without_a_part_all_of_them_run(tmp_path: Path) -> None:
    _, out, calls = gpu(tmp_path, stub="exit 0")
    assert out.count("\n=== ") + out.startswith("=== ") == 12
    sized = [call for call in calls if "--input 1024x2048" in call]
    assert [("pspnet" in call, "lednet" in call) for call in sized] == [
        (True, False),
        (False, True),
    ]
    assert sum("--backend cudagraph" in call for call in calls) == 1
    assert sum("--backend compile" in call for call in calls) == 11  # a network each
    assert [c.split()[1] for c in calls if "speed.py" in c] == [
        "overhead", "implementation", "backends", "repeatability",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["peers", "peers-full"])
def test_the_peers_end_with_the_report_of_their_card(tmp_path: Path, part: str) -> None:
    card = tmp_path / "out" / "nvidia-h100"
    card.mkdir(parents=True)
    (card / "profile.jsonl").write_text("")
    _, _, calls = gpu(tmp_path, "50", part, stub="exit 0", REPORTS=str(tmp_path / "r"))
    assert calls[-1].split() == [
        "-m", "harness", "report", "one-card", "--results", str(tmp_path / "out"),
        "--out", str(tmp_path / "r" / "nvidia-h100"),
    ]  # fmt: skip


def test_a_report_without_records_is_a_step_that_fails(tmp_path: Path) -> None:
    fails = 'case "$*" in *report*) exit 2;; esac'
    status, out, calls = gpu(tmp_path, "50", "peers", stub=fails, REPORTS=str(tmp_path / "r"))
    assert status == 1
    assert "failed: report (exit 2)" in out
    assert calls[-1].endswith("/r/unmeasured")


# ---- table4.sh

TABLE_4 = ROOT / "benchmarks" / "table4.sh"


def table_4(
    tmp_path: Path, *arguments: str, stub: str = "exit 0", **variables: str
) -> tuple[int, str, list[str]]:
    """Run the script with `stub` as its python; return status, errors and the stub's arguments."""
    python, log = tmp_path / "python", tmp_path / "calls"
    python.write_text(f'#!/bin/sh\necho "$*" >>{log}\n{stub}\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["bash", str(TABLE_4), *arguments],
        env=os.environ | {"PYTHON": str(python)} | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []


def test_table_4_is_timed_and_reported(tmp_path: Path) -> None:
    status, _, calls = table_4(tmp_path, "runs", "out", "cpu")
    assert status == 0
    assert calls == [
        "-m harness profile --table 4 --device cpu --results runs",
        "-m harness report one-card --results runs --out out",
    ]


def test_its_variables_reach_the_commands(tmp_path: Path) -> None:
    _, _, calls = table_4(
        tmp_path, "runs", "out", BUDGET_S="7", ROUNDS="3", FULL="1", REPORT_FLAGS="--device H100"
    )
    timing = "--device auto --results runs --budget 7 --rounds 3"
    assert calls == [
        f"-m harness profile --table 4 {timing}",
        "-m harness profile --variant=deeplabv3plus --variant=pspnet --variant=erfnet "
        f"--variant=bisenet-rn18 --input 1024x2048 {timing}",
        "-m harness report one-card --results runs --out out --device H100",
    ]


def test_it_times_every_row_at_full_size_that_is_not_there_yet(tmp_path: Path) -> None:
    _, _, calls = table_4(tmp_path, "runs", "out", FULL="1")
    named = set(re.findall(r"--variant=(\S+)", calls[1]))
    catalog, wanted = load_catalog(), load_definition("4").wanted
    full = {name for name, size in wanted if size == (1024, 2048)}
    assert named == {name for name, _ in wanted if name in catalog} - full


def test_a_network_that_fails_keeps_no_report_from_being_written(tmp_path: Path) -> None:
    fails = 'case "$*" in *profile*) exit 1;; esac'
    status, _, calls = table_4(tmp_path, "runs", "out", stub=fails, FULL="1")
    assert status == 1
    assert [call.split()[2] for call in calls] == ["profile", "profile", "report"]


def test_a_bad_request_ends_it(tmp_path: Path) -> None:
    status, _, calls = table_4(tmp_path, "runs", "out", "gpu", stub="exit 2")
    assert status == 2
    assert len(calls) == 1


def test_it_needs_both_folders(tmp_path: Path) -> None:
    status, error, calls = table_4(tmp_path, "runs")
    assert status != 0
    assert "usage: benchmarks/table4.sh RESULTS REPORT" in error
    assert not calls
