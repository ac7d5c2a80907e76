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
from harness.logs.source import NoMiou, Source, open_source
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
        NoMiou: If it is no log, or holds no mIoU.
        RunFailed: If it is damaged, or allows several answers that `choice` leaves open.
    """
    source = open_source(path)
    format_name, found = _found(source)
    return LogFile(source, conclude(str(path), format_name, found, choice))


def _found(source: Source) -> tuple[str, Found]:
    if source.events:
        return tensorboard_events.NAME, tensorboard_events.read(source)
    lines = source.first_lines(2)
    if not lines:
        raise NoMiou(f"{source.path}: must be a log with mIoU, got blank lines")
    if lines[0][:1] in (b"{", b"["):
        return _json(source, lines[0])
    first, second = (line.decode("utf-8", "replace") for line in [*lines, b""][:2])
    delimiter = columns_csv.delimiter_of(first, second)
    if cityscapes_server.is_header(first):
        name, found = cityscapes_server.NAME, cityscapes_server.read(source)
    elif delimiter is not None:
        name = "lightning-csv" if columns_csv.is_lightning(first) else "csv"
        found = columns_csv.read(source, delimiter)
    else:
        return _text(source)
    _note_end(source, found)
    return name, found


def _json(source: Source, first: bytes) -> tuple[str, Found]:
    """Read one object a line where the first line is one and has another below it."""
    if isinstance(parsed(first), dict) and not _one_line(source, first):
        return _known_or_general(source, JSON_LINES, columns_json.LINES)
    document = parsed(source.document())
    if document is None:
        if first[1:].lstrip()[:1] not in (b"", b'"', b"{", b"["):
            return _text(source)  # `[1/200] ...`, `{'a': 1}`
        raise RunFailed(f"{source.path}: must be whole JSON, got a part of it or something else")
    if cityscapesscripts_json.is_result(document):
        return cityscapesscripts_json.NAME, cityscapesscripts_json.read(document)
    return "json", columns_json.read_document(document)


def _one_line(source: Source, first: bytes) -> bool:
    size = 0
    for block in source.blocks():
        size += len(block.strip())
        if size > len(first):
            return False
    return True


def _text(source: Source) -> tuple[str, Found]:
    name, found = _known_or_general(source, TEXT, console.FORMAT)
    _note_end(source, found)
    return name, found


def _known_or_general(
    source: Source, formats: tuple[TextFormat, ...], general: TextFormat
) -> tuple[str, Found]:
    """Read a log as what it looks like, or by the general rules where that finds no mIoU."""
    known = _recognised(source, formats)
    if known is None:
        return general.name, general.read(source)
    found = known.read(source)
    if not found.series and (anyhow := general.read(source)).series:
        return general.name, anyhow
    return known.name, found


def _note_end(source: Source, found: Found) -> None:
    if source.ends_within_a_line():
        found.note("the last line has no end; were it cut off, a number in it would be too")


def _recognised(source: Source, formats: tuple[TextFormat, ...]) -> TextFormat | None:
    for block in islice(source.blocks(), RECOGNISED_BY):
        for candidate in formats:
            if any(sign in block for sign in candidate.signature):
                return candidate
    return None
