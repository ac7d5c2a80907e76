"""One function call in a fresh Python process, and whatever becomes of it.

A measurement in a process of its own starts from the same state as every other, and takes nothing
along when it crashes, hangs or runs out of memory. The child dies with its parent, also where that
is killed; Ctrl-C reaches the child once, as the parent passes it on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import IO, Any

from harness.errors import BadRequest, RunFailed

#: Sends something picklable to the parent, which sees it while the call still runs.
Report = Callable[[Any], None]

POLL_S = 0.2


class TookTooLong(RunFailed):
    """A call that was ended at its time limit."""


def run_isolated(
    function: Callable[..., Any],
    *arguments: Any,
    on_report: Report | None = None,
    limit_s: float | None = None,
) -> Any:
    """Return what `function(report, *arguments)` returns in a fresh process.

    Ctrl-C is passed on: a function that ends early then and returns is heard, one that does not
    makes this raise `KeyboardInterrupt`; a second Ctrl-C ends the child at once.

    Args:
        function: Of a module that the child can import, as `pickle` needs; so its arguments.
        on_report: Hears what the function reports.
        limit_s: Seconds after which the child is killed; None for never.

    Raises:
        BadRequest, RunFailed: As the function does; `RunFailed` also where it raises anything
            else, or its process ends without an answer.
        TookTooLong: If it reached the limit.
        KeyboardInterrupt: If it was interrupted and has nothing to show for it.
    """
    ours, theirs = Pipe()
    with tempfile.TemporaryFile() as output, ours:
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", "harness.isolated", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,  # libraries print there; a command's stdout is its answer
                stderr=output,
                start_new_session=True,  # a terminal's Ctrl-C goes to the parent alone
                env=_environment(),
            )
        try:
            ours.send((function, arguments))
            kind, answer = _answer(child, ours, on_report, limit_s)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise RunFailed(_cause_of_death(child.wait(), output)) from None
        finally:
            child.kill()
            child.wait()
    if kind == "returned":
        return answer
    raise {"BadRequest": BadRequest, "RunFailed": RunFailed}.get(kind, RunFailed)(answer)


def _environment() -> dict[str, str]:
    """Return what makes the child import what this process does, and nothing from elsewhere."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - a string
    return os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _answer(
    child: subprocess.Popen[bytes],
    connection: Connection[Any, Any],
    on_report: Report | None,
    limit_s: float | None,
) -> tuple[str, Any]:
    """Return how the call ended; raises `EOFError` where the child ended without a word."""
    deadline = None if limit_s is None else time.monotonic() + limit_s
    interrupted = False
    while True:
        try:
            return _heard(connection, on_report, deadline, limit_s)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            child.send_signal(signal.SIGINT)
        except (EOFError, ConnectionResetError):
            if interrupted:
                raise KeyboardInterrupt from None
            raise


def _heard(
    connection: Connection[Any, Any],
    on_report: Report | None,
    deadline: float | None,
    limit_s: float | None,
) -> tuple[str, Any]:
    """Return how the call ended.

    A function of its own, since a loop jumps back outside of a `try` within it, and Ctrl-C may come
    right then.
    """
    while True:
        if deadline is not None and time.monotonic() > deadline:
            raise TookTooLong(f"took longer than the time limit of {limit_s:g} s and was ended")
        if not connection.poll(POLL_S):
            continue
        kind, content = connection.recv()
        if kind != "reported":
            return kind, content
        if on_report:
            on_report(content)


def _cause_of_death(status: int, output: IO[bytes]) -> str:
    """Return in one line how a process ended that gave no answer, and its last words."""
    if status == -signal.SIGKILL:
        return (
            "its process was killed (SIGKILL), as the kernel does when memory runs out; "
            "try a smaller --batch or --input"
        )
    how = f"exited with {status}"
    if status < 0:
        how = f"was killed by {signal.Signals(-status).name}"
    output.seek(0)
    words = [line for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    return f"its process {how}" + (f": {words[-1].strip()[:200]}" if words else "")


def _child(connection: Connection[Any, Any]) -> None:
    """Do what the parent asks, answer, and leave nothing behind."""
    function, arguments = connection.recv()
    lock = threading.Lock()

    def send(kind: str, content: Any) -> None:
        with lock:
            connection.send((kind, content))

    threading.Thread(target=_die_with_parent, args=(connection,), daemon=True).start()
    try:
        send("returned", function(lambda content: send("reported", content), *arguments))
    except (BadRequest, RunFailed) as error:
        send(type(error).__name__, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to say it
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119 - a bare name
        words = (str(error).strip() or "no message").splitlines()[0]
        traceback.print_exc()
        send("RunFailed", f"unexpected {type(error).__name__} at {place}: {words}")


def _die_with_parent(connection: Connection[Any, Any]) -> None:
    """End this process when the parent's end of the connection is gone: nobody will listen."""
    try:
        connection.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


if __name__ == "__main__":
    # Under this name the module is a second copy; the call must see the one that others import.
    from harness.isolated import _child as child_

    with Connection(int(sys.argv[1])) as connection_:
        child_(connection_)
