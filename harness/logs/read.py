"""Which reader a log is for, by what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from harness.errors import RunFailed
from harness.logged_record import LogReading
from harness.logs import (
    cityscapes_server,
    cityscapesscripts_json,
    cityscapesscripts_text,
    coincheung,
    columns_csv,
    columns_json,
    console,
    detectron2,
    hrnet,
    mmseg0_json,
    mmseg0_text,
    mmseg1_scalars,
    mmseg1_text,
    ptsemseg,
    tensorboard_events,
    torchseg,
)
from harness.logs.choice import Choice
from harness.logs.conclude import conclude
from harness.logs.found import Found
from harness.logs.json_lines import parsed
from harness.logs.source import Source, open_source
from harness.logs.text_format import TextFormat

# The first whose signature is there, by the part of the log that it is first in.
TEXT = (
    mmseg1_text.FORMAT,
    mmseg0_text.FORMAT,
    hrnet.FORMAT,
    ptsemseg.FORMAT,
    torchseg.FORMAT,
    coincheung.FORMAT,
    cityscapesscripts_text.FORMAT,
)
RECOGNISED_BY = 8  # blocks of 1 MiB: a known log shows what it is long before
JSON_LINES = (mmseg0_json.FORMAT, detectron2.FORMAT, mmseg1_scalars.FORMAT)


@dataclass(frozen=True)
class LogFile:
    """A log that was read.

    Attributes:
        source: The file.
        reading: What it says.
    """

    source: Source
    reading: LogReading


def read_log(path: Path, choice: Choice) -> LogFile:
    """Return what the log at `path` says.

    Raises:
        BadRequest: If there is no such file.
        RunFailed: If it is no log, holds no mIoU, or allows several answers that `choice` leaves
            open.
    """
    source = open_source(path)
    format_name, found = _found(source)
    return LogFile(source, conclude(str(path), format_name, found, choice))


def _found(source: Source) -> tuple[str, Found]:
    if source.events:
        return tensorboard_events.NAME, tensorboard_events.read(source)
    first = source.first_line()
    if not first:
        raise RunFailed(f"{source.path}: must be a log with mIoU, got blank lines")
    if first[:1] in (b"{", b"["):
        return _json(source, first)
    head = first.decode("utf-8", "replace")
    if cityscapes_server.is_header(head):
        return cityscapes_server.NAME, cityscapes_server.read(source)
    if columns_csv.delimiter_of(head) is not None:
        name = "lightning-csv" if columns_csv.is_lightning(head) else "csv"
        return name, columns_csv.read(source)
    return _text(source)


def _json(source: Source, first: bytes) -> tuple[str, Found]:
    """Read one object a line where the first line is one and has another below it."""
    if isinstance(parsed(first), dict) and not _one_line(source, first):
        known = _recognised(source, JSON_LINES)
        if known is not None:
            return known.name, known.read(source)
        return "json-lines", columns_json.read_lines(source)
    document = parsed(source.document())
    if document is None:
        if first[1:].lstrip()[:1] not in (b"", b'"', b"{", b"["):
            return _text(source)  # `[1/200] ...`, `{'a': 1}`
        raise RunFailed(f"{source.path}: must be whole JSON, got a part of it or something else")
    if cityscapesscripts_json.is_result(document):
        return cityscapesscripts_json.NAME, cityscapesscripts_json.read(source, document)
    return "json", columns_json.read_document(source, document)


def _one_line(source: Source, first: bytes) -> bool:
    size = 0
    for block in source.blocks():
        size += len(block.strip())
        if size > len(first):
            return False
    return True


def _text(source: Source) -> tuple[str, Found]:
    known = _recognised(source, TEXT)
    if known is None:
        return console.NAME, console.read(source)
    return known.name, known.read(source)


def _recognised(source: Source, formats: tuple[TextFormat, ...]) -> TextFormat | None:
    for block in islice(source.blocks(), RECOGNISED_BY):
        for candidate in formats:
            if any(sign in block for sign in candidate.signature):
                return candidate
    return None
