"""Real processes killed at random moments: 56 of them, and nothing lost or measured twice."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sweep_calls import processes

from harness import store
from harness.records import FailedRecord, ProfileRecord
from sweep.running import Harness, command, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]

PARENT_KILLS = 16
WORKER_KILLS = 40
SWEEP = (
    *("--variant", "fassd-net", "--input", "128x256", "--jobs", "2", "--json"),
    *("--grid", "context.alpha=1,2,4,7,8,14", "--grid", "fusion.merge=add,concat"),
    *("--grid", "fusion.dilations=[8,4,2],[2,4,8],[1,1,1],[4,2,1],[16,8,4]"),
    *("--grid", "stem.strides=[2,1,2,1],[3,1,2,1],[2,2,2,1],[2,1,1,2]"),
)
VARIANTS = 6 * 2 * 5 * 4


@pytest.fixture(scope="module")
def chance() -> random.Random:
    return random.Random(8)


def started(tmp_path: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(*SWEEP, *more), cwd=tmp_path, env=environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def specs(folder: Path, torn: int = 0) -> list[str]:
    """Return the specs that a folder has records of, after at most so many torn lines."""
    loaded = store.load(folder)
    assert len(loaded.problems) <= torn
    assert not any(isinstance(record, FailedRecord) for record in loaded.records)
    return [record.spec_sha256 for record in loaded.records if isinstance(record, ProfileRecord)]


def wait_until_nobody_is_left(session: int) -> None:
    deadline = time.monotonic() + 120
    while left := processes(session):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


@pytest.fixture
def expected(harness: Harness, tmp_path: Path) -> set[str]:
    """Return the specs of a sweep that nobody disturbs."""
    done = harness(*SWEEP, "--results", "undisturbed")
    assert json.loads(done.stdout)["measured"] == VARIANTS
    found = specs(tmp_path / "undisturbed")
    assert len(found) == len(set(found)) == VARIANTS
    return set(found)


def test_killing_the_sweep_loses_nothing_that_was_stored(
    tmp_path: Path, expected: set[str], chance: random.Random
) -> None:
    results = tmp_path / "results"
    begin_s = time.monotonic()
    with started(tmp_path, "--results", "whole") as child:
        child.communicate()
    whole_s = time.monotonic() - begin_s
    before: list[str] = []
    for kill in range(PARENT_KILLS):
        how = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[kill % 3]
        with started(tmp_path, "--resume") as child:
            # From its start to its end, and often in the middle of its work.
            time.sleep(chance.uniform(0.3, 1.0) * whole_s)
            if how == signal.SIGINT:
                os.killpg(child.pid, how)  # a terminal tells every process
            else:
                child.send_signal(how)
            out, err = child.communicate()
        wait_until_nobody_is_left(child.pid)
        found = specs(results, torn=kill + 1) if results.exists() else []
        assert found[: len(before)] == before  # what was there stays
        assert len(found) == len(set(found))  # and nothing comes twice
        if child.returncode == 0:
            assert json.loads(out)["planned"] == VARIANTS == len(found)
        if child.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM):
            assert "Traceback" not in err
            assert out == "" or json.loads(out)["planned"] == VARIANTS  # it came with the answer
        before = found
        if len(found) == VARIANTS:  # the rest of the kills hits a new sweep
            assert set(found) == expected
            results.rename(tmp_path / f"finished-{kill}")
            before = []
    with started(tmp_path, "--resume") as child:
        out, _ = child.communicate()
    last = json.loads(out)
    assert last["measured"] + last["reused"] == VARIANTS
    assert last["reused"] == len(before)
    found = specs(results, torn=PARENT_KILLS)
    assert set(found) == expected
    assert len(found) == VARIANTS


def test_killing_workers_costs_nothing(
    tmp_path: Path, expected: set[str], chance: random.Random
) -> None:
    kills = runs = 0
    while kills < WORKER_KILLS:
        runs += 1
        assert runs <= WORKER_KILLS
        folder = f"run-{runs}"
        with started(tmp_path, "--results", folder) as child:
            stored = 0
            while child.poll() is None and kills < WORKER_KILLS:
                time.sleep(chance.uniform(0.05, 0.5))
                before, stored = stored, size(tmp_path / folder / "static" / "profile.jsonl")
                # Killed again and again, and nothing done in between, work would be given up.
                if stored > before:
                    kills += kill_a_worker(child.pid, chance)
            out, err = child.communicate()
        assert child.returncode == 0, err
        assert json.loads(out)["measured"] == VARIANTS
        found = specs(tmp_path / folder)
        assert len(found) == VARIANTS
        assert set(found) == expected
        wait_until_nobody_is_left(child.pid)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def kill_a_worker(session: int, chance: random.Random) -> int:
    """Kill a process of the pool, or what they are forked from; return how many."""
    workers = [pid for pid in processes(session) if pid != session and "forkserver" in words(pid)]
    if not workers:
        return 0
    try:
        os.kill(chance.choice(workers), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
