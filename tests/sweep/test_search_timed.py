"""Searches that time: what its counts turn down is never timed."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.records import FailedRecord, ProfileRecord
from sweep.running import Done, Harness
from sweep.tiny import CATALOG, Tiny

pytest.importorskip("optuna", reason="needs harness[search]")

TIMED = (
    *("--variant", "tiny", "--catalog", "tiny.yaml", "--input", "16x16", "--timing"),
    *("--device", "cpu", "--iterations", "2", "--rounds", "1", "--json"),
)


@pytest.fixture(autouse=True)
def _catalog(harness: Harness, tmp_path: Path) -> None:
    assert harness  # it changes to the folder
    (tmp_path / "tiny.yaml").write_text(CATALOG)


def answer(done: Done, status: int = 0) -> dict[str, Any]:
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def profiles(folder: Path) -> list[ProfileRecord]:
    loaded = store.load(folder)
    assert loaded.problems == []
    return [record for record in loaded.records if isinstance(record, ProfileRecord)]


@pytest.mark.slow
def test_only_what_meets_the_constraints_by_its_counts_is_timed(
    harness: Harness, tmp_path: Path
) -> None:
    search = (
        *("--grid", "network.width=1..4", "--search", "4", "--pareto", "params,fps"),
        *("--constraint", "params <= 9", "--constraint", "fps >= 0.001"),
    )
    found = answer(harness(*TIMED, *search))
    assert (found["planned"], found["measured"], found["reused"]) == (4, 4, 0)
    # by hand: 4 * width <= 9 are the widths 1 and 2
    timed = {Tiny.of(r.spec).width: r.timing is not None for r in profiles(tmp_path / "results")}
    assert timed == {1: True, 2: True, 3: False, 4: False}
    assert len(profiles(tmp_path / "results")) == 4
    assert found["search"]["feasible"] == 2
    assert {row["network.width"] for row in found["pareto"]} <= {1, 2}
    assert all(row["fps"] > 0 and row["protocol"] for row in found["pareto"])
    again = answer(harness(*TIMED, *search, "--name", "again"))
    assert (again["measured"], again["reused"], again["search"]["feasible"]) == (0, 4, 2)
    assert len(profiles(tmp_path / "results")) == 4


@pytest.mark.slow
def test_a_limit_of_the_speed_itself_is_held_against_the_timing(
    harness: Harness, tmp_path: Path
) -> None:
    search = ("--grid", "network.width=1,2", "--search", "2", "--pareto", "params,fps")
    done = harness(*TIMED, *search, "--constraint", "fps >= 1T")
    found = answer(done)
    assert (found["search"]["feasible"], found["pareto"]) == (0, [])
    assert all(record.timing is not None for record in profiles(tmp_path / "results"))
    assert "no variant is feasible: 2 of 2 miss fps >= 1T, the nearest by 100.0%" in done.stderr


@pytest.mark.slow
def test_it_counts_the_input_that_it_times(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("extends: paper\nsize: 8x8\nbatch: 2\n")
    flags = [flag for flag in TIMED if flag not in ("--input", "16x16")]
    search = ("--grid", "network.width=1..3", "--search", "3", "--pareto", "params,fps")
    limit = ("--constraint", "macs.conv <= 1100")
    done = harness(*flags, "--protocol", "own.yaml", *search, *limit)
    assert answer(done)["planned"] == 3
    # by hand: 2 frames of 8 x 8 places and 4 * width weights are 512 * width MACs
    found = {Tiny.of(r.spec).width: r for r in profiles(tmp_path / "results")}
    assert {width: record.static.macs["conv"] for width, record in found.items()} == {
        width: 512 * width for width in (1, 2, 3)
    }
    assert {width for width, record in found.items() if record.timing is not None} == {1, 2}
    assert {record.input_shape for record in found.values()} == {(2, 3, 8, 8)}


@pytest.mark.slow
def test_what_cannot_be_counted_or_timed_is_a_failure_and_the_others_go_on(
    harness: Harness, tmp_path: Path
) -> None:
    search = ("--search", "2", "--pareto", "params,fps", "--grid", "network.how=fine,raise")
    found = answer(harness(*TIMED, *search), 1)
    assert (found["planned"], found["measured"], len(found["failed"])) == (2, 1, 1)
    assert "does not run" in found["failed"][0]["reason"]
    failed = [r for r in store.load(tmp_path / "results").records if isinstance(r, FailedRecord)]
    assert len(failed) == 1


@pytest.mark.slow
def test_a_sweep_that_times_reports_its_front_of_speed(harness: Harness) -> None:
    found = answer(harness(*TIMED, "--grid", "network.width=1,2", "--pareto", "params,fps"))
    assert found["pareto"][0]["network.width"] == 1
    assert {row["device"] for row in found["pareto"]} != {None}
