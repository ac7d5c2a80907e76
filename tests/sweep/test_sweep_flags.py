"""What flags say over a sweep file, and what only flags say."""

from pathlib import Path
from typing import Any

import pytest

from harness.cli import sweep_place
from harness.cli.sweep_flags import Flagged, definition_of
from harness.cli.sweep_sought import Sought
from harness.sweep import checks
from harness.sweep.definition import Definition, Timing
from harness.sweep.pool import Pool, usable_cpus
from sweep.running import Harness

OF_A_FILE = """
variants: fassd-net
input: 64x128
grid: {context.alpha: [1, 2]}
timing: {device: cpu, protocol: latency, iterations: 50, budget_s: 5, rounds: 3, batch: 2}
batch: 3
"""
NOT_GIVEN: dict[str, Any] = dict.fromkeys(
    (
        *("variants", "grid", "zips", "when", "exclude", "sample", "seed", "catalogs", "name"),
        *("sizes", "batch", "timing", "device", "protocol", "iterations", "budget", "rounds"),
    )
)
SOUGHT = Sought(
    pareto=None, proxies=None, search=None, constraints=None, sampler=None, storage=None
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ablation.yaml"
    path.write_text(OF_A_FILE)
    return path


def over(path: Path | None, **given: Any) -> Definition:
    return definition_of(path, Flagged(**{**NOT_GIVEN, "miou": False, "sought": SOUGHT, **given}))


def test_a_file_stands_where_flags_say_nothing(path: Path) -> None:
    found = over(path)
    assert (found.name, found.sizes, found.batch, found.miou) == (
        "ablation",
        ((64, 128),),
        3,
        False,
    )
    assert found.timing == Timing(
        device="cpu",
        protocol="latency",
        changes={"iterations": 50, "budget_s": 5, "rounds": 3, "batch": 2},
    )
    assert over(path, timing=True) == found  # it times anyway, in its own way


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({"iterations": 7}, {"iterations": 7}),
        ({"budget": 7.5}, {"budget_s": 7.5}),
        ({"rounds": 7}, {"rounds": 7}),
        ({"batch": 7}, {"batch": 7}),
    ],
)
def test_a_flag_says_last_how_variants_are_timed(
    path: Path, given: dict[str, Any], changes: dict[str, Any]
) -> None:
    of_the_file = {"iterations": 50, "budget_s": 5, "rounds": 3, "batch": 2}
    found = over(path, **given).timing
    assert found is not None
    assert found.changes == of_the_file | changes
    assert (found.device, found.protocol) == ("cpu", "latency")


def test_device_and_protocol_of_a_file_are_changed_by_flags(path: Path) -> None:
    found = over(path, device="cuda:1", protocol="paper").timing
    assert found is not None
    assert (found.device, found.protocol, found.changes["rounds"]) == ("cuda:1", "paper", 3)


def test_a_flag_starts_or_ends_the_timing_of_a_file(path: Path) -> None:
    assert over(path, timing=False).timing is None
    path.write_text(OF_A_FILE.replace("timing:", "#"))
    assert over(path).timing is None
    assert over(path, timing=True, rounds=2).timing == Timing(changes={"rounds": 2})


def test_size_batch_accuracy_and_name_of_a_file_are_changed_by_flags(path: Path) -> None:
    found = over(path, sizes="32x64,64x32", batch=4, miou=True, name="other")
    assert found.sizes == ((32, 64), (64, 32))
    assert (found.batch, found.miou, found.name) == (4, True, "other")


def test_as_many_processes_count_as_are_asked_for(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Noted(Pool):
        def __init__(self, jobs: int, *arguments: Any, **options: Any) -> None:
            made.append(jobs)
            super().__init__(jobs, *arguments, **options)

    monkeypatch.setattr(sweep_place, "Pool", Noted)
    sweep = ("--variant", "fassd-net", "--grid", "context.alpha=1", "--input", "64x64")
    for jobs in ((), ("--jobs", usable_cpus() + 1)):
        assert harness(*sweep, *jobs).returncode == 0
    assert made == [usable_cpus(), usable_cpus() + 1]


def test_very_many_combinations_need_a_yes(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MOST_UNASKED", 1)
    sweep = ("--variant", "fassd-net", "--grid", "context.alpha=1,2", "--input", "64x64")
    done = harness(*sweep, "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "harness: sweep: more than 1 combinations need --yes, got 2\n"
    assert harness(*sweep, "--dry-run", "--yes").returncode == 0
