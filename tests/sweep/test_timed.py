"""Timed sweeps: one variant at a time in fresh processes, whatever becomes of each."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from harness import store
from harness.records import FailedRecord, ProfileRecord
from harness.sweep.definition import Definition, Timing
from harness.sweep.timed import request_of
from sweep.running import Harness, command, environment
from sweep.tiny import CATALOG, Tiny
from variants.catalog import load_catalog

QUICK = (
    *("--input", "64x64", "--timing", "--device", "cpu"),
    *("--iterations", "2", "--rounds", "1", "--json"),
)
WIDTHS = ("--variant", "tiny", "--catalog", "tiny.yaml", "--grid", "network.width=1,2")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
MERGES = ("--variant", "fassd-net-l2", "--grid", "fusion.merge=add,concat")


@pytest.mark.slow
def test_variants_are_timed_and_resumed_by_protocol(harness: Harness, tmp_path: Path) -> None:
    done = harness(*MERGES, *QUICK)
    assert json.loads(done.stdout)["measured"] == 2, done.stderr
    assert "1/2 fassd-net-l2[fusion.merge=add]: " in done.stderr
    assert "2/2 fassd-net-l2[fusion.merge=concat]: " in done.stderr
    found = store.load(tmp_path / "results").records
    assert [r.variant for r in found if isinstance(r, ProfileRecord)] == [
        "fassd-net-l2[fusion.merge=add]", "fassd-net-l2[fusion.merge=concat]",
    ]  # fmt: skip
    for record in found:
        assert isinstance(record, ProfileRecord)
        assert record.timing is not None
        assert record.static.params > 0
        assert record.timing.protocol["iterations"] == record.timing.iterations == 2
        assert record.timing.protocol["input"] == [1, 3, 64, 64]
        assert record.timing.limits is not None
    again = json.loads(harness(*MERGES, *QUICK, "--resume").stdout)
    assert (again["measured"], again["reused"]) == (0, 2)
    other = ("--resume", "--changed", "--iterations", "3", "--dry-run")
    again = json.loads(harness(*MERGES, *QUICK, *other).stdout)
    assert (again["planned"], again["reused"]) == (2, 0)


@pytest.mark.slow
def test_what_goes_wrong_with_one_is_its_own_failure(harness: Harness, tmp_path: Path) -> None:
    bad = ("--variant", "fassd-net-l2", "--grid", "context.name=bad", "--grid", "context.at=real")
    sweep = (*bad, "--grid", "context.how=crash,raise,exhaust,fine", *QUICK)
    done = harness(*sweep)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["planned"], found["measured"]) == (4, 1)
    name = "fassd-net-l2[context.at=real,context.how={},context.name=bad]"
    reasons = {failure["variant"]: failure["reason"] for failure in found["failed"]}
    assert "SIGSEGV" in reasons[name.format("crash")]
    assert "a component of somebody else" in reasons[name.format("raise")]
    assert "as the kernel does when memory runs out" in reasons[name.format("exhaust")]
    stored = store.load(tmp_path / "results").records
    assert {r.variant: r.reason for r in stored if isinstance(r, FailedRecord)} == reasons
    again = json.loads(harness(*sweep, "--resume").stdout)
    assert (again["measured"], again["reused"], len(again["failed"])) == (0, 1, 3)
    # Of this alone, so that it may be short: on a busy machine the others could reach it too.
    hangs = ("--grid", "context.how=hang", "--name", "hangs", "--limit", "12")
    [failed] = json.loads(harness(*bad, *hangs, *QUICK).stdout)["failed"]
    assert failed["variant"] == name.format("hang")
    assert failed["reason"].startswith("took longer than the time limit of 12 s")


def test_a_timed_dry_run_tells_the_time_by_the_budget(harness: Harness) -> None:
    # two variants of 20 s and five rounds of about 5 s set-up: 90 s
    done = harness(*MERGES, "--timing", "--device", "cpu", "--dry-run")
    assert done.stdout.splitlines()[-1] == "2 to measure: about 0:01:30"
    done = harness(*MERGES, "--timing", "--device", "cpu", "--budget", "5", "--dry-run", "--json")
    assert json.loads(done.stdout)["estimate_s"] == 60


def test_the_batch_of_a_sweep_is_that_of_its_timing_unless_that_says_so_itself() -> None:
    row = load_catalog()["fassd-net"]
    for batch, changes, frames in ((1, {}, 1), (2, {}, 2), (2, {"batch": 3}, 3)):
        timing = Timing(device="cpu", changes=changes)
        definition = Definition(name="x", variants=(row.name,), batch=batch, timing=timing)
        assert request_of(definition, "cpu", None).resolved(row).shape == (frames, 3, 1024, 2048)


@contextmanager
def started(tmp_path: Path, site: Path, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Yield a sweep that runs, and end it where the test fails."""
    (tmp_path / "tiny.yaml").write_text(CATALOG)
    with subprocess.Popen(
        command(*arguments), cwd=tmp_path, env=environment(site),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        try:
            yield child
        finally:
            child.kill()


def measuring(sweep: int) -> list[int]:
    """Return the processes that a sweep has started to count or time a variant."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == sweep and "harness.isolated" in (stat.parent / "cmdline").read_text():
                found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_for(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.slow
@needs_proc
def test_ctrl_c_ends_it_with_a_word_on_how_to_go_on(site: Path, tmp_path: Path) -> None:
    long = ("--input", "256x512", "--timing", "--device", "cpu", "--budget", "600", "--json")
    with started(tmp_path, site, *MERGES, *long) as child:
        wait_for(lambda: measuring(child.pid))
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
    assert child.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "harness: interrupted"
    assert "harness: the same command with --resume goes on from here" in err.splitlines()
    assert store.load(tmp_path / "results").records == []  # half a timing is none


@pytest.mark.slow
@needs_proc
def test_a_timed_sweep_that_is_killed_goes_on_and_leaves_nobody_measuring(
    site: Path, tmp_path: Path
) -> None:
    sweep = (*WIDTHS, *QUICK, "--resume")
    stored = tmp_path / "results"
    with started(tmp_path, site, *sweep) as child:
        wait_for(lambda: widths(stored))
        wait_for(lambda: measuring(child.pid) or child.poll() is not None)  # unless it has ended
        left = measuring(child.pid)
        child.kill()
    wait_for(lambda: not any(map(is_alive, left)))
    before = widths(stored)
    assert before == [1, 2][: len(before)]
    with started(tmp_path, site, *sweep) as child:
        found = json.loads(child.communicate()[0])
    assert (found["planned"], found["reused"]) == (2, len(before))
    assert found["measured"] == 2 - len(before)
    assert widths(stored) == [1, 2]


@pytest.mark.slow
def test_two_timed_sweeps_at_once_share_the_variants_and_the_device(
    site: Path, tmp_path: Path
) -> None:
    quick = [flag for flag in QUICK if flag != "--json"]
    sweep = (*WIDTHS, *quick, "--resume", "--name")
    with started(tmp_path, site, *sweep, "a") as one, started(tmp_path, site, *sweep, "b") as other:
        ended = [child.communicate() for child in (one, other)]
    assert [child.returncode for child in (one, other)] == [0, 0]
    assert sorted(widths(tmp_path / "results")) == [1, 2]
    measured = 0
    for name, (out, _) in zip("ab", ended, strict=True):
        counts = re.match(rf"{name}: 2 planned, (\d) measured, (\d) reused, 0 failed", out)
        assert counts is not None, out
        measured += int(counts[1])
        assert int(counts[1]) + int(counts[2]) == 2
        lines = [line.split() for line in out.splitlines()]
        assert ["parameters", str(Tiny(1, 1).params), "network.width=1"] in lines
        assert [str(Tiny(2, 1).params), "network.width=2"] in lines  # whoever measured it
    assert measured == 2


def widths(folder: Path) -> list[int]:
    """Return the widths of `tiny` that a folder has timings of, in the order of the file."""
    found = [one for one in store.load(folder).records if isinstance(one, ProfileRecord)]
    assert all(one.timing is not None for one in found)
    return [Tiny.of(one.spec).width for one in found]
