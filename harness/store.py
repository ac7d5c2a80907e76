"""Records on disk: JSON lines that are appended whole or not at all, and read past any damage.

A results folder holds one `profile.jsonl` per device. Nothing is ever rewritten: a line, once
complete, stays. What a killed process can leave is one torn line at the end of a file, which the
next append closes and every reader reports by file and line. POSIX only (`flock`).
"""

from __future__ import annotations

import fcntl
import gc
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import BadRequest, RunFailed
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import (
    DeviceRecord,
    FailedRecord,
    OtherSchema,
    ProfileRecord,
    Record,
    ReportedRecord,
    from_json,
    to_json,
)

FILES = {  # by kind
    "profile": "profile.jsonl",
    "failed": "failed.jsonl",
    "device": "device.jsonl",
    "logged": "logged.jsonl",
    "proxy": "proxy.jsonl",
}
STATIC_FOLDER = "static"
LOGGED_FOLDER = "logged"
PROXY_FOLDER = "proxies"
SLUG_LENGTH = 80  # a file name may have 255 bytes; nobody reads more than this


@dataclass(frozen=True)
class Loaded:
    """What a results folder holds.

    Attributes:
        records: Every record that could be read, files in order of path, lines in order.
        problems: One line for each that could not, beginning with `file:line:` (or `file:`).
    """

    records: list[Record]
    problems: list[str]


def append(path: Path, record: Record) -> None:
    """Add `record` to the file `path` as its last line; an append that raises has not happened.

    Folders are created as needed. Any number of processes may append to one file at a time. When
    this returns, the line is on the disk.

    Raises:
        RunFailed: If the line could not be written whole; the file is as it was.
    """
    append_lines(path, [to_json(record)])


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Add records, each a line as from `to_json`, in one write: all of them or none, as `append`.

    A kill in the middle of the write may leave the first of them, and one torn.
    """
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        missing = [one for one in (path, *path.parents) if not one.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # released by close, also by a kill
            _append_whole(descriptor, content)
            if os.fstat(descriptor).st_size == len(content):  # the names of new files and folders
                for new in missing or [path]:  # have to reach the disk too
                    sync_folder(new.parent)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RunFailed(f"{path}: record not written ({error.strerror or error})") from None


def _append_whole(descriptor: int, content: bytes) -> None:
    """Write `content` at the end of the locked file, or restore its size and raise."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = b"\n" + content  # whoever wrote last was killed: leave its torn line to itself
    try:
        written = os.write(descriptor, content)  # one call, so that a kill tears at most one line
        if written != len(content):
            raise OSError(f"only {written} of {len(content)} bytes written; is the disk full?")
        os.fsync(descriptor)
    except BaseException:  # Ctrl-C included
        os.ftruncate(descriptor, size)
        raise


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on the disk when this returns."""
    with suppress(OSError):  # some file systems do not do that
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(folder: Path) -> None:
    """Raise unless records could be written to `folder`; nothing is left behind.

    Permission bits do not say (root, read-only mounts), so a temporary file does: in `folder`, or
    in its nearest parent that exists.

    Raises:
        BadRequest: If `folder` is not a folder, or cannot be written to or created.
    """
    try:
        with tempfile.TemporaryFile(dir=_nearest_existing(folder)):
            pass
    except OSError as error:
        raise BadRequest(
            f"results folder {folder}: must be writable, got {error.strerror or error}"
        ) from None


def _nearest_existing(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        # Not `exists()`: a dangling link is in the way of mkdir, and a name that is too long or
        # runs through a file must raise.
        with suppress(FileNotFoundError):
            candidate.lstat()
            return candidate
    raise FileNotFoundError(f"no parent of {folder} exists")


def load(folder: Path) -> Loaded:
    """Read every `*.jsonl` below `folder`, or the single file `folder`.

    A line that cannot be read becomes a problem and the rest is read. A folder that does not exist
    is empty. Other processes may append meanwhile: their records are either seen whole or not yet.
    """
    problems: list[str] = []
    with without_collection():
        return Loaded(list(stream(folder, problems)), problems)


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from running: records hold no cycles, and none of them is garbage.

    It would walk through all that were read before, again and again, for half of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def stream(
    folder: Path, problems: list[str], *, refuse_other_schemas: bool = False
) -> Iterator[Record]:
    """Yield the records that `load` returns one by one, for folders larger than memory.

    Args:
        folder: As in `load`.
        problems: Takes a line for each record that cannot be read.
        refuse_other_schemas: Whether a record of another schema is raised, and not a problem.

    Raises:
        OtherSchema: Where asked to.
    """
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*.jsonl"))
    for path in paths:
        try:
            yield from _stream_file(path, problems, refuse_other_schemas)
        except OSError as error:
            problems.append(f"{path}: not readable ({error.strerror or error})")


def _stream_file(path: Path, problems: list[str], refuse_other_schemas: bool) -> Iterator[Record]:
    with path.open("rb") as file:
        for number, line in _settled_lines(file):
            where = f"{path}:{number}"
            try:
                text = line.decode()
                if text.strip():
                    yield from_json(text, where=where)
            except UnicodeDecodeError:
                problems.append(f"{where}: not UTF-8 text")
            except BadRequest as error:
                if refuse_other_schemas and isinstance(error, OtherSchema):
                    raise
                problems.append(str(error))


def _settled_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield line numbers and lines up to the size that the file has while nobody writes to it.

    Without the lock, the first half of a line being written this moment would pass for a torn one.
    What lies before that size never changes, so the lock need not be held while reading.
    """
    with suppress(OSError):  # a file system without locks is still worth reading
        fcntl.flock(file, fcntl.LOCK_SH)
    left = os.fstat(file.fileno()).st_size
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_UN)
    for number, line in enumerate(file, start=1):
        if left <= 0:
            return
        yield number, line
        left -= len(line)


def paper_records() -> list[ReportedRecord]:
    """Return the rows of the paper's tables, from the package's own data.

    Raises:
        RuntimeError: If they are missing or damaged, which is a mistake in this package.
    """
    package = Path(__file__).parent
    packaged = package / "paper_records"  # where the wheel puts a checkout's results/paper
    folder = packaged if packaged.is_dir() else package.parent / "results" / "paper"
    loaded = load(folder)
    reported = [r for r in loaded.records if isinstance(r, ReportedRecord)]
    if loaded.problems:
        raise RuntimeError(f"the paper's records are damaged: {loaded.problems[0]}")
    if not reported or len(reported) != len(loaded.records):
        raise RuntimeError(f"{folder}: must hold the paper's records and nothing else")
    return reported


def path_for(
    results: Path,
    record: ProfileRecord | FailedRecord | DeviceRecord | LoggedRecord | ProxyRecord,
) -> Path:
    """Return the file under `results` that `record` belongs in: a folder for each device.

    Counts, logs and scores of proxies have no device, and folders of their own.
    """
    if isinstance(record, ProxyRecord):
        return results / PROXY_FOLDER / FILES[record.kind]
    if isinstance(record, LoggedRecord):
        return results / LOGGED_FOLDER / FILES[record.kind]
    if isinstance(record, ProfileRecord) and record.timing is None:
        return results / STATIC_FOLDER / FILES["profile"]
    return device_folder(results, record.environment) / FILES[record.kind]


def device_folder(results: Path, environment: Mapping[str, Any]) -> Path:
    """Return the folder under `results` of the device that an environment names."""
    device = environment.get("device")
    name = device.get("name") if isinstance(device, dict) else None
    return results / _slug(str(name or "unknown device"))


def _slug(name: str) -> str:
    """Return `name` as a folder name of `a-z`, `0-9` and single inner hyphens, never empty.

    Example:
        >>> _slug("Intel(R) Xeon(R) CPU @ 2.20GHz")
        'intel-r-xeon-r-cpu-2-20ghz'
    """
    words: list[str] = re.findall("[a-z0-9]+", name.lower())
    return "-".join(words)[:SLUG_LENGTH].strip("-") or "unknown-device"
