"""A call in a process of its own: its answer, its end, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import isolated_calls
import pytest

from harness import isolated
from harness.errors import BadRequest, RunFailed
from harness.isolated import run_isolated

TESTS = str(Path(__file__).parent)


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone meanwhile, or there are no such files here
        return not Path("/proc/self/stat").exists()


def test_returns_what_the_function_returns_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    total, pid = run_isolated(isolated_calls.add, 2, 3, on_report=heard.append)
    assert total == 5
    assert pid != os.getpid()
    assert heard == ["adding"]
    assert capfd.readouterr() == ("", "")
    assert not alive(pid)


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "message"),
    [
        (isolated_calls.refuse, (), BadRequest, "^who: rule, got value$"),
        (isolated_calls.fail, (), RunFailed, "^network failed$"),
        (
            isolated_calls.break_down,
            (),
            RunFailed,
            r"^unexpected KeyError at isolated_calls.py:\d+: 'a mistake of ours'$",
        ),
        (
            isolated_calls.die,
            (signal.SIGSEGV,),
            RunFailed,
            "^its process was killed by SIGSEGV: last words$",
        ),
        (isolated_calls.die, (signal.SIGKILL,), RunFailed, "as the kernel does when memory runs"),
        (isolated_calls.leave, (), RunFailed, "^its process exited with 3$"),
    ],
)
def test_whatever_goes_wrong_there_is_one_line_here(
    function: Any, arguments: tuple[Any, ...], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        run_isolated(function, *arguments)
    assert "\n" not in str(caught.value)


def test_a_call_that_hangs_is_ended_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    began = time.monotonic()
    with pytest.raises(RunFailed, match="took longer than the time limit of 3 s"):
        run_isolated(isolated_calls.hang, limit_s=3)
    assert 3 <= time.monotonic() - began < isolated_calls.HANGS_S / 2
    [child] = children
    assert not alive(child.pid)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys, isolated_calls; isolated_calls.{code}", *arguments],
        env=os.environ | {"PYTHONPATH": TESTS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("whole_group", [False, True])
def test_ctrl_c_reaches_the_child_once_and_its_answer_counts(
    tmp_path: Path, whole_group: bool
) -> None:
    # A terminal sends SIGINT to the whole process group, `kill` to one process.
    ready = tmp_path / "ready"
    parent = start("listener(sys.argv[1])", str(ready))
    wait_for(ready.exists)
    if whole_group:
        os.killpg(parent.pid, signal.SIGINT)
    else:
        parent.send_signal(signal.SIGINT)
    out, err = parent.communicate(timeout=120)
    assert (parent.returncode, out) == (0, "told 1 time\n"), err


def test_a_child_that_has_nothing_to_show_makes_ctrl_c_an_interrupt(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    parent = start("orphan_maker(sys.argv[1])", str(noted))
    wait_for(lambda: noted.exists() and noted.read_text())
    parent.send_signal(signal.SIGINT)
    _, err = parent.communicate(timeout=120)
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert not alive(int(noted.read_text()))


class Told:
    """A child that hears signals, and the connection to it, which has nothing to say at first."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self.polls = 0

    def send_signal(self, number: int) -> None:
        self.signals.append(number)

    def poll(self, _seconds: float) -> bool:
        self.polls += 1
        return self.polls > 3

    def recv(self) -> tuple[str, int]:
        return ("reported", 1) if self.polls < 6 else ("returned", 5)


def test_whenever_ctrl_c_comes_it_is_passed_on() -> None:
    def answer(at: int) -> tuple[Told, int]:
        """Have it come before the line of the module that is run as number `at`."""
        told, lines = Told(), 0

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal lines
            if frame.f_globals is vars(isolated) and event == "line" and told.polls:
                lines += 1
                if lines == at:
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            found = isolated._answer(told, told, lambda _: None, 60)  # type: ignore[arg-type]
        except KeyboardInterrupt as lost:
            raise AssertionError(f"not passed on before line {at} that ran") from lost
        finally:
            sys.settrace(before)
        assert found == ("returned", 5)
        return told, lines

    _, lines = answer(0)
    assert lines > 20
    for at in range(1, lines + 1):
        assert answer(at)[0].signals == [signal.SIGINT]


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    parent = start("orphan_maker(sys.argv[1])", str(noted))
    wait_for(lambda: noted.exists() and noted.read_text())
    child = int(noted.read_text())
    assert alive(child)
    parent.kill()
    parent.communicate(timeout=120)
    wait_for(lambda: not alive(child))
