"""What test_isolated.py runs in processes of its own."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from harness.errors import BadRequest, RunFailed

HANGS_S = 600


def add(report: Any, first: int, second: int) -> tuple[int, int]:
    report("adding")
    print("this does not belong to the answer")
    return first + second, os.getpid()


def refuse(_report: Any) -> None:
    raise BadRequest("who: rule, got value")


def fail(_report: Any) -> None:
    raise RunFailed("network failed")


def break_down(_report: Any) -> None:
    raise KeyError("a mistake of ours")


def die(_report: Any, how: int) -> None:
    print("last words", file=sys.stderr, flush=True)
    os.kill(os.getpid(), how)
    time.sleep(HANGS_S)


def leave(_report: Any) -> None:
    os._exit(3)


def hang(report: Any) -> None:
    report(os.getpid())
    time.sleep(HANGS_S)


def stop_when_told(report: Any) -> str:
    told: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: told.append(number))
    report("ready")
    for _ in range(600):
        if told:
            time.sleep(0.3)  # a second one would arrive by now
            return f"told {len(told)} time"
        time.sleep(0.1)
    return "never told"


def listener(ready: str) -> None:
    """Start a child that ends early when told, and print what it returned."""
    from harness.isolated import run_isolated

    print(run_isolated(stop_when_told, on_report=lambda _said: Path(ready).touch()))


def orphan_maker(pid_file: str) -> None:
    """Start a child that hangs, and note its process."""
    from harness.isolated import run_isolated

    run_isolated(hang, on_report=lambda pid: Path(pid_file).write_text(str(pid)))
