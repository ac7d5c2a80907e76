"""What the pools of tests run in processes of their own, and how those are found from outside."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from harness.sweep.executor import GivenUp

T = TypeVar("T")

_ready = ""


def start(word: str) -> None:
    global _ready
    _ready = word


def squares(numbers: Sequence[int]) -> list[tuple[str, int]]:
    return [(_ready, number * number) for number in numbers]


def die_at_13(numbers: Sequence[int]) -> list[int]:
    if 13 in numbers:
        os.kill(os.getpid(), signal.SIGKILL)
    return list(numbers)


def leave_at_13(numbers: Sequence[int]) -> list[int]:
    if 13 in numbers:
        os._exit(1)
    return list(numbers)


def die_once_at_13(numbers: Sequence[int]) -> list[int]:
    """Die when 13 comes for the first time; `_ready` is a file that remembers it."""
    if 13 in numbers and not Path(_ready).exists():
        Path(_ready).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return list(numbers)


def die_once_while_sending(numbers: Sequence[int]) -> list[int]:
    """As `die_once_at_13`, with half of the answer sent."""
    if 13 in numbers and not Path(_ready).exists():
        Path(_ready).touch()
        Connection._send = _half  # type: ignore[attr-defined]
    return list(numbers)


def _half(self: Any, message: bytes, write: Any = os.write) -> None:
    write(self._handle, bytes(message[: len(message) // 2]))
    os.kill(os.getpid(), signal.SIGKILL)


def note_and_wait(numbers: Sequence[int]) -> list[int]:
    Path(_ready, str(os.getpid())).touch()
    time.sleep(0.2)
    return list(numbers)


def raise_at_13(numbers: Sequence[int]) -> list[int]:
    if 13 in numbers:
        raise ArithmeticError("a mistake of ours")
    return list(numbers)


def processes(session: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, of = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # gone meanwhile
            continue
        if int(of) == session and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def chunks(count: int, size: int = 3) -> Iterator[Sequence[int]]:
    numbers = list(range(count))
    return (numbers[at : at + size] for at in range(0, count, size))


def flat(found: Sequence[tuple[Sequence[int], Sequence[T] | GivenUp]]) -> list[T]:
    """Return all answers, without what was given up."""
    return [a for _, answers in found if not isinstance(answers, GivenUp) for a in answers]
