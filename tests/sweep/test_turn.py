"""Who resumes a sweep that another process counts waits for it; who counts anew does not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import RunFailed
from harness.sweep.turn import turn

HOLD = """
import sys, time
from pathlib import Path
from harness.sweep.turn import turn
with turn(Path(sys.argv[1]), sys.argv[2], wait=sys.argv[3] == "wait", tell=print, check=print):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(results: Path, name: str, *, wait: bool) -> Iterator["subprocess.Popen[str]"]:
    arguments = [results, name, "wait" if wait else "go"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def never() -> None:
    raise AssertionError("it waits")


@pytest.mark.parametrize("resumes", [True, False])
def test_who_resumes_waits_until_the_other_is_dead(tmp_path: Path, resumes: bool) -> None:
    said = []
    with holder(tmp_path, "x", wait=resumes) as other:

        def check() -> None:
            assert other.poll() is None
            other.kill()
            other.wait()

        with turn(tmp_path, "x", wait=True, tell=said.append, check=check):
            assert other.poll() is not None
    assert said == [f"waiting: another process counts x into {tmp_path}"]


@pytest.mark.parametrize("resumes", [True, False])
def test_who_counts_anew_waits_for_nobody(tmp_path: Path, resumes: bool) -> None:
    with holder(tmp_path, "x", wait=resumes):
        with turn(tmp_path, "x", wait=False, tell=pytest.fail, check=never):
            pass
        with turn(tmp_path, "y", wait=True, tell=pytest.fail, check=never):
            pass  # another sweep


def test_the_wait_can_be_ended(tmp_path: Path) -> None:
    with (
        holder(tmp_path, "x", wait=True),
        pytest.raises(AssertionError, match="it waits"),
        turn(tmp_path, "x", wait=True, tell=str, check=never),
    ):
        pass


def test_a_lock_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "sweeps").write_text("")
    with (
        pytest.raises(RunFailed, match=r"sweeps/.x.lock: sweep not locked \(File exists\)"),
        turn(tmp_path, "x", wait=True, tell=str, check=never),
    ):
        pass


def test_a_file_system_without_locks_is_left_to_whoever_stores_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with turn(tmp_path, "x", wait=True, tell=pytest.fail, check=never):
        pass
