"""TensorBoard event files: scalars whose tag is a mIoU, by the `tensorboard` package's own reader.

Scalars are stored as float32; the shortest decimal that one stands for is taken.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from harness.errors import RunFailed
from harness.logs.columns import add_row, columns_of
from harness.logs.figure import Figure, figure, float32_figure
from harness.logs.found import MOST_SERIES, Found
from harness.logs.source import Source

NAME = "tensorboard"
_STEP = "step"
_FLOAT32 = 1  # DT_FLOAT of TensorFlow's types


def read(source: Source) -> Found:
    """Return what an event file holds.

    Raises:
        RunFailed: If the `tensorboard` package is missing or the file is damaged.
    """
    found = Found(nothing="none of its tags is a mIoU of a validation")
    tags: dict[str, None] = {}
    columns = columns_of((_STEP,))
    step, row = -1, dict[str, Figure]()
    for at, tag, value in _scalars(source):
        if tag not in tags:
            if len(tags) == MOST_SERIES:
                continue
            tags[tag] = None
            columns = columns_of((_STEP, *tags))
        if at != step or tag in row:
            add_row(found, columns, _with_step(row, step))
            step, row = at, {}
        row[tag] = float32_figure(value)
    add_row(found, columns, _with_step(row, step))
    if found.series:
        found.note("stored as float32, read as the shortest decimal of each")
    return found


def _with_step(row: dict[str, Figure], step: int) -> dict[str, Figure]:
    return {_STEP: figure(str(step)), **row} if row else {}


def _scalars(source: Source) -> Iterator[tuple[int, str, float]]:
    """Yield step, tag and value of every scalar."""
    try:
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
    except ImportError:
        raise RunFailed(
            f"{source.path}: reading event files needs the package tensorboard; "
            "pip install harness[tensorboard]"
        ) from None
    try:
        for event in LegacyEventFileLoader(str(source.path)).Load():
            for value in event.summary.value:
                scalar = _scalar(value)
                if scalar is not None:
                    yield event.step, value.tag, scalar
    except Exception as error:  # noqa: BLE001 - what a damaged file makes protobuf raise is not ours
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RunFailed(f"{source.path}: damaged event file ({reason[:100]})") from None


def _scalar(value: Any) -> float | None:
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind != "tensor" or value.tensor.dtype != _FLOAT32 or value.tensor.tensor_shape.dim:
        return None
    if value.tensor.float_val:
        return float(value.tensor.float_val[0])
    content = value.tensor.tensor_content
    return float(struct.unpack("<f", content)[0]) if len(content) == 4 else None
