"""A log file as blocks of whole lines: gzip unpacked, UTF-16 decoded, line ends made alike.

No block is larger than a read plus the longest line, so that a log of any size is read in the same
memory.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.errors import BadRequest, RunFailed

READ = 1 << 20
LONGEST_LINE = 8 << 20  # the configuration that mmsegmentation dumps into one line has some 10 kB
LARGEST_DOCUMENT = 32 << 20  # for files that are one JSON value
HEAD = 4096


class NoMiou(RunFailed):
    """The file is no log, or one without mIoU."""


_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_EVENTS = b"brain.Event:"  # in the first record of every TensorBoard event file


@dataclass(frozen=True)
class Source:
    """A log file that exists, is not empty and may be text.

    Attributes:
        path: Where it is.
        size: Bytes on disk.
        modified_ns: When it was last written to.
        packed: Whether it is gzip.
        encoding: How text is encoded.
        events: Whether it is a TensorBoard event file.
    """

    path: Path
    size: int
    modified_ns: int
    packed: bool
    encoding: str
    events: bool

    def blocks(self) -> Iterator[bytes]:
        r"""Yield the text as UTF-8, in blocks of whole lines, each behind a `\n` of its own.

        The leading `\n` lets a search for `\n|` find every line that begins so.

        Raises:
            RunFailed: If the file cannot be read to its end, or has a line of more than 8 MiB.
        """
        rest = b""
        for chunk in _with_plain_ends(self._text()):
            chunk = rest + chunk
            end = chunk.rfind(b"\n") + 1
            if end:
                yield b"\n" + chunk[:end]
            rest = chunk[end:]
            if len(rest) > LONGEST_LINE:
                raise RunFailed(
                    f"{self.path}: must be lines of text, got a line of more than "
                    f"{LONGEST_LINE >> 20} MiB"
                )
        if rest:
            yield b"\n" + rest + b"\n"

    def document(self) -> bytes:
        """Return the whole text.

        Raises:
            RunFailed: If it is larger than 32 MiB, or cannot be read.
        """
        parts, size = [], 0
        for chunk in self._text():
            size += len(chunk)
            if size > LARGEST_DOCUMENT:
                raise RunFailed(
                    f"{self.path}: a JSON document must have at most "
                    f"{LARGEST_DOCUMENT >> 20} MiB, got more"
                )
            parts.append(chunk)
        return b"".join(parts)

    def first_lines(self, count: int) -> list[bytes]:
        """Return up to `count` lines that are not blank, the first ones, without blanks around."""
        lines: list[bytes] = []
        for block in self.blocks():
            rest = block
            while len(lines) < count and (rest := rest.lstrip()):
                line, _, rest = rest.partition(b"\n")
                lines.append(line.rstrip())
            if len(lines) == count:
                break
        return lines

    def ends_within_a_line(self) -> bool:
        """Return whether the last line has no end, so that its last number may be cut off."""
        if self.packed:  # gzip of a part is refused
            return False
        end = "\n".encode(self.encoding)
        with self.path.open("rb") as file:
            file.seek(-min(self.size, len(end)), os.SEEK_END)
            return not file.read().endswith((end, "\r".encode(self.encoding)))

    def sha256(self) -> str:
        """Return the hash of the file's bytes.

        Raises:
            RunFailed: If the file is not what it was when it was opened.
        """
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                for chunk in iter(lambda: file.read(READ), b""):
                    digest.update(chunk)
                now = os.fstat(file.fileno())
        except OSError as error:
            raise _unreadable(self.path, error) from None
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
            raise RunFailed(f"{self.path}: changed while it was read; does the run still go on?")
        return digest.hexdigest()

    def _text(self) -> Iterator[bytes]:
        """Yield the text as UTF-8, in pieces, without a byte order mark."""
        decoder = None
        if self.encoding in _UTF16.values():
            decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        first = True
        for chunk in self._bytes():
            text = chunk if decoder is None else decoder.decode(chunk).encode("utf-8", "replace")
            if first:
                first = False
                text = text.removeprefix(codecs.BOM_UTF8)
            yield text

    def _bytes(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as raw:
                file: BinaryIO = gzip.GzipFile(fileobj=raw) if self.packed else raw  # type: ignore[assignment]
                yield from iter(lambda: file.read(READ), b"")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RunFailed(f"{self.path}: gzip is damaged or cut off ({error})") from None
        except OSError as error:
            raise _unreadable(self.path, error) from None


def open_source(path: Path) -> Source:
    """Return the log file `path`.

    Raises:
        BadRequest: If there is no such file, or it is a folder or the like.
        NoMiou: If it is empty, binary, or packed in another way than gzip.
        RunFailed: If it is gzip and damaged.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise BadRequest(f"{path}: must be a log file, got {kind}")
        with path.open("rb") as file:
            head = file.read(HEAD)
            packed = head.startswith(b"\x1f\x8b")
            if packed:
                file.seek(0)
                head = _unpacked_head(path, file)
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read ({error.strerror or error})") from None
    except BadRequest:
        raise
    except ValueError:  # a NUL in the name
        raise BadRequest(f"{str(path)!r}: cannot be the name of a file") from None
    encoding = _UTF16.get(head[:2], "utf-8")
    events = _EVENTS in head[:64]
    _check_head(path, head, text=encoding != "utf-8" or events)
    if events and packed:
        raise RunFailed(f"{path}: a packed event file cannot be read; gunzip it first")
    return Source(path, found.st_size, found.st_mtime_ns, packed, encoding, events)


def _unpacked_head(path: Path, file: BinaryIO) -> bytes:
    try:
        return gzip.GzipFile(fileobj=file).read(HEAD)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RunFailed(f"{path}: gzip is damaged or cut off ({error})") from None


def _check_head(path: Path, head: bytes, *, text: bool) -> None:
    if len(head) < HEAD and not head.strip(b" \t\r\n\0" + codecs.BOM_UTF8 + codecs.BOM_UTF16_LE):
        raise NoMiou(f"{path}: must be a log with mIoU, got an empty file")
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise NoMiou(f"{path}: must be text or gzip, got {name}; unpack it first")
    if not text and b"\0" in head:
        raise NoMiou(f"{path}: must be a log, got a binary file")


def _with_plain_ends(chunks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Yield `chunks` with `\r\n` and `\r` (progress bars) made `\n`."""
    held = b""
    for chunk in chunks:
        chunk = held + chunk
        held = b""
        if b"\r" in chunk:
            if chunk.endswith(b"\r"):  # its \n may come in the next chunk
                chunk, held = chunk[:-1], b"\r"
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield chunk
    if held:
        yield b"\n"


def _unreadable(path: Path, error: OSError) -> RunFailed:
    return RunFailed(f"{path}: cannot be read ({error.strerror or error})")
