"""Timed sweeps: one variant at a time in fresh processes, whatever becomes of each."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import store
from harness.records import FailedRecord, ProfileRecord
from harness.sweep.definition import Definition, Timing
from harness.sweep.timed import request_of
from sweep.running import Harness, command, environment
from variants.catalog import load_catalog

QUICK = (
    *("--input", "64x64", "--timing", "--device", "cpu"),
    *("--iterations", "2", "--rounds", "1", "--json"),
)
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


@pytest.mark.slow
def test_ctrl_c_ends_it_with_a_word_on_how_to_go_on(site: Path, tmp_path: Path) -> None:
    long = ("--input", "256x512", "--timing", "--device", "cpu", "--budget", "60", "--json")
    with subprocess.Popen(
        command(*MERGES, *long), cwd=tmp_path, env=environment(site),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        state = tmp_path / "results" / "sweeps" / "fassd-net-l2.json"
        while not state.exists():
            assert child.poll() is None, child.communicate()
            time.sleep(0.1)
        time.sleep(5)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
    assert child.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "harness: interrupted"
    assert "harness: the same command with --resume goes on from here" in err.splitlines()
    assert store.load(tmp_path / "results").records == []  # half a timing is none
