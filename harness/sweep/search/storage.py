"""Where a search is remembered: Optuna's study, kept so that any process may die at any moment.

A study lies in a journal (a file that is appended to, also over NFS), in an SQLite file, or at the
URL of a database. What processes that share one have to agree on, who is alive and whose turn it
is, they do by locks in the results folder, which the kernel lets go when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import BadRequest

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL = "study.journal"
_SQLITE = (".db", ".sqlite", ".sqlite3")
_TURN = "turn.lock"
_PROCESS = ".process"
_ID = "id"


def require_optuna() -> None:
    """Raise `BadRequest` unless Optuna is installed, in a version that knows constraints."""
    try:
        import optuna
    except ImportError:
        raise BadRequest(
            "--search: needs the package optuna (pip install 'harness[search]')"
        ) from None
    if int(optuna.__version__.partition(".")[0]) < 5:
        raise BadRequest(f"--search: needs optuna 5 or newer, got {optuna.__version__}")


def open_storage(place: str | None, folder: Path) -> BaseStorage:
    """Return the storage of a study.

    Args:
        place: A URL (`postgresql://...`), an SQLite file (`.db`, `.sqlite`), any other file as a
            journal; null for a journal in `folder`.
        folder: The search's own.

    Raises:
        BadRequest: If it cannot be opened.
    """
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    path = Path(place) if place is not None else folder / JOURNAL
    try:
        if place is not None and ("://" in place or path.suffix in _SQLITE):
            url = place if "://" in place else f"sqlite:///{path}"
            if "://" not in place:
                path.parent.mkdir(parents=True, exist_ok=True)
            waiting = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
            return RDBStorage(url, engine_kwargs=waiting)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        lock: Any = _JournalLock(path)  # what it is like has no public name
        return JournalStorage(JournalFileBackend(str(path), lock))
    except Exception as error:  # noqa: BLE001 - of whichever database it is
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadRequest(f"--storage {place or path}: must be a study's, got {reason}") from None


class _JournalLock:
    """The lock of a journal, which mends what a full disk may have left half written.

    Optuna's own locks are files, which a killed process leaves behind for half a minute.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self) -> bool:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        _drop_torn_line(self._descriptor)
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def _drop_torn_line(descriptor: int) -> None:
    """Cut a file after its last complete line: a torn one makes a whole journal unreadable."""
    end = size = os.fstat(descriptor).st_size
    while end and os.pread(descriptor, 1, end - 1) != b"\n":
        end -= 1
    if end != size:
        os.ftruncate(descriptor, end)


class Presence:
    """This process among those that share a search: known to be alive until it dies.

    Args:
        folder: The search's own. The files of processes that died, at whatever moment, go.

    Attributes:
        folder: As above.
        name: Of this process.
        place: Of the folder, wherever it is moved to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.name = uuid.uuid4().hex
        with self.turn():  # a file that is made and not locked yet looks like a dead process's
            for path in folder.glob(f"*{_PROCESS}"):
                self.is_alive(path.stem)
            self.place = _place(folder / _ID)
            self._descriptor = _open(self._path(self.name))
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def leave(self) -> None:
        """Say that this process has no part in the search any more."""
        with suppress(FileNotFoundError):
            self._path(self.name).unlink()
        os.close(self._descriptor)

    def is_alive(self, name: str) -> bool:
        """Say whether a process takes part; the file of one that died is removed."""
        if name == self.name:
            return True
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # two may ask at once
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep the others from asking while the context lasts."""
        descriptor = _open(self.folder / _TURN)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_PROCESS}"


def _place(path: Path) -> str:
    """Return what a file says, after writing something into it that no other one says."""
    if not path.exists() or not path.read_text():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
