"""Searches that are killed, resumed and shared: nothing is lost, and nothing measured twice."""

import fcntl
import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.records import ProfileRecord
from sweep.running import Harness, command, environment
from sweep.tiny import CATALOG, FLAGS, Tiny, at_most

optuna = pytest.importorskip("optuna", reason="needs harness[search]")

from harness.sweep.search.storage import Presence, open_storage  # noqa: E402 - after the skip

SEARCH = (
    *FLAGS, "--grid", "network.width=1..12", "--grid", "network.kernel=1,3,5,7,9",
    "--grid", "network.stride=1,2", "--grid", "network.pause=0.02",
    "--grid", "network.patient=true", "--limit", "600",
    "--pareto", "macs.conv,max:params", "--constraint", "params <= 900", "--json",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _catalog(harness: Harness, tmp_path: Path) -> None:
    assert harness  # it changes to the folder
    (tmp_path / "tiny.yaml").write_text(CATALOG)


def started(site: Path, tmp_path: Path, *more: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(*SEARCH, *more), cwd=tmp_path, env=environment(site), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def measured(folder: Path, torn: int = 0) -> list[Tiny]:
    loaded = store.load(folder)
    assert len(loaded.problems) <= torn
    specs = [r.spec for r in loaded.records if isinstance(r, ProfileRecord)]
    return [Tiny(*(spec["network"][name] for name in Tiny._fields)) for spec in specs]


def study_of(tmp_path: Path, name: str = "tiny") -> Any:
    storage = open_storage(None, tmp_path / "results" / "sweeps" / f"{name}.search")
    return optuna.load_study(study_name=name, storage=storage)


def told(study: Any) -> list[Any]:
    """Return the variants of complete trials, repeats left out, in the order of these."""
    done = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    marks = [trial.user_attrs["harness"] for trial in done if "harness" in trial.user_attrs]
    return [tuple(mark["key"]) for mark in marks]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "how"),
    [
        ((), (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)),
        (("--storage", "study.db"), (signal.SIGKILL,)),
    ],
)
def test_a_killed_search_goes_on_and_measures_nothing_twice(
    site: Path, tmp_path: Path, place: tuple[str, ...], how: tuple[signal.Signals, ...]
) -> None:
    chance = random.Random(3)
    before, count = 0, 16 * (len(how) + 1)
    for kill in how:
        # Somewhere in its work: when some more records are on the disk, and never all of them.
        wanted = before + 6 + chance.randrange(4)
        at_most(tmp_path, wanted + 2)
        with started(site, tmp_path, "--search", count, "--resume", *place) as child:
            while len(found := measured(tmp_path / "results", torn=4)) < wanted:
                assert child.poll() is None, child.communicate()
                time.sleep(0.01)
            child.send_signal(kill)
            at_most(tmp_path, None)  # where it may, it finishes what it has begun
            out, err = child.communicate()
        assert (out, "Traceback" in err) == ("", False)
        before = len(found)
    with started(site, tmp_path, "--search", count, "--resume", *place) as child:
        out, err = child.communicate()
    assert child.returncode == 0, err
    answer = json.loads(out)
    assert (answer["planned"], answer["failed"]) == (count, [])
    assert answer["measured"] + answer["reused"] == count
    every = measured(tmp_path / "results", torn=len(how))
    assert len(every) == len(set(every)) == count
    if not place:
        keys = told(study_of(tmp_path))
        running = [t for t in study_of(tmp_path).trials if not t.state.is_finished()]
        assert len(keys) == len(set(keys)) == count
        assert running == []
    assert not list((tmp_path / "results").rglob("*.process"))


@pytest.mark.slow
def test_two_processes_share_a_search(site: Path, tmp_path: Path) -> None:
    at_most(tmp_path, 0)  # until both have some variant to measure
    children = [started(site, tmp_path, "--search", 32, "--resume") for _ in range(2)]
    while len(at_work(tmp_path)) < 2:
        assert [child.poll() for child in children] == [None, None]
        time.sleep(0.1)
    at_most(tmp_path, None)
    ended = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], ended
    answers = [json.loads(out) for out, _ in ended]
    every = measured(tmp_path / "results")
    assert len(every) == len(set(every)) == 32
    assert sum(answer["measured"] for answer in answers) == 32
    assert min(answer["measured"] for answer in answers) > 0
    assert len(set(told(study_of(tmp_path)))) == 32


def at_work(tmp_path: Path) -> set[str]:
    """Return the processes that have a variant of the search in hand."""
    try:
        trials = study_of(tmp_path).trials
    except KeyError:  # there is no study yet
        return set()
    marks = [t.user_attrs.get("harness") for t in trials if not t.state.is_finished()]
    return {mark["process"] for mark in marks if mark}


@pytest.mark.slow
def test_what_a_dead_process_was_measuring_another_one_measures(site: Path, tmp_path: Path) -> None:
    at_most(tmp_path, 5)
    with started(site, tmp_path, "--search", 30, "--resume") as child:
        while len(measured(tmp_path / "results", torn=1)) < 5:
            assert child.poll() is None, child.communicate()
            time.sleep(0.01)
        child.kill()
        child.communicate()
    at_most(tmp_path, None)
    found = measured(tmp_path / "results", torn=1)
    left = [t for t in study_of(tmp_path).trials if not t.state.is_finished()]
    with started(site, tmp_path, "--search", len(found) + 1, "--resume") as child:
        _, err = child.communicate()
    assert child.returncode == 0, err
    states = {t.number: t for t in study_of(tmp_path).trials}
    for trial in left:  # taken over, and no new trials in their place
        now = states[trial.number]
        assert now.state.is_finished()
        if "harness" in trial.user_attrs:
            assert now.state == optuna.trial.TrialState.COMPLETE
    every = measured(tmp_path / "results", torn=1)
    assert len(every) == len(set(every))


HERE = (
    "import sys, time; from pathlib import Path; "
    "from harness.sweep.search.storage import Presence\n"
    "here = Presence(Path(sys.argv[1]))\n"
)


@contextmanager
def another(folder: Path, script: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a process that does something and waits; yield it and the first line it prints."""
    with subprocess.Popen(
        [*command()[:1], "-c", HERE + script, folder], env=environment(), stdout=subprocess.PIPE,
        text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline().strip()
        finally:
            child.kill()


def test_a_process_is_known_to_be_alive_until_it_dies(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    here = Presence(folder)
    with another(folder, "print(here.name, flush=True); time.sleep(600)") as (child, other):
        assert here.is_alive(other)
        assert here.is_alive(here.name)
        assert not here.is_alive("nobody")
        child.kill()
        child.wait()
    assert not here.is_alive(other)
    assert [path.stem for path in folder.glob("*.process")] == [here.name]
    here.leave()
    assert list(folder.glob("*.process")) == []


def test_a_process_that_died_between_trials_leaves_nothing_for_good(tmp_path: Path) -> None:
    with (
        another(tmp_path, "print(here.name, flush=True); time.sleep(600)") as (_, alive),
        another(tmp_path, "print(here.name, flush=True); time.sleep(600)") as (child, dead),
    ):
        child.kill()
        child.wait()
        assert {path.stem for path in tmp_path.glob("*.process")} == {alive, dead}
        here = Presence(tmp_path)
        assert {path.stem for path in tmp_path.glob("*.process")} == {alive, here.name}
        assert here.is_alive(alive)


def test_a_dead_process_that_two_ask_about_is_dead_to_both(tmp_path: Path) -> None:
    here = Presence(tmp_path)
    path = tmp_path / "gone.process"
    path.touch()
    with path.open("rb+") as file:  # another one that asks has got as far as this
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not here.is_alive("gone")


def test_one_process_at_a_time_asks(tmp_path: Path) -> None:
    script = "with here.turn():\n    print('asking', flush=True); time.sleep(600)"
    here = Presence(tmp_path)
    with another(tmp_path, script) as (child, _):
        dead = threading.Event()

        def kill() -> None:
            dead.set()
            child.kill()

        threading.Timer(0.5, kill).start()
        with here.turn():
            assert dead.is_set()


def test_a_line_that_was_half_written_costs_nothing_but_itself(tmp_path: Path) -> None:
    for _ in range(2):
        storage = open_storage(None, tmp_path)
        study = optuna.create_study(study_name="x", storage=storage, load_if_exists=True)
        study.add_trial(optuna.trial.create_trial(value=1.0))
        with (tmp_path / "study.journal").open("ab") as file:
            file.write(b'{"op_code":4,"worker_i')  # the disk was full
    again = optuna.load_study(study_name="x", storage=open_storage(None, tmp_path))
    again.add_trial(optuna.trial.create_trial(value=2.0))
    assert again.trials[0].value == 1.0
    assert again.trials[-1].value == 2.0
    assert len(again.trials) == 3


def test_a_file_that_is_no_study_is_refused(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes\nof mine\n")
    done = harness(*SEARCH, "--search", "4", "--storage", "notes.txt")
    assert done.returncode == 2
    assert "--storage notes.txt: must be a study's, got" in done.stderr.splitlines()[-1]
    assert (tmp_path / "notes.txt").read_text() == "these are notes\nof mine\n"
