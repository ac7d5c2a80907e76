"""Records: what one measurement, or one row of a published table, says, for good.

A record is immutable and holds raw figures: counts (not millions), seconds (not milliseconds),
fractions. Rounding and scaling happen in reports. Standard library only, so that a report can be
rebuilt years later without a GPU or torch.

Schema history:
    1: `profile` and `reported`.
"""

from __future__ import annotations

import json
import math
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from harness.errors import BadRequest, did_you_mean

SCHEMA = 1

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class StaticCost:
    """What one forward pass costs, by counting.

    Attributes:
        params: Parameters that an executed operator reads, each counted once.
        params_constructed: All parameters, run or not (training-only heads included).
        macs: MACs by convention name (see `harness.conventions`).
        conv_io: Sum over convolutions of input plus output elements (HarDNet's CIO).
        peak_activation_bytes: Most bytes of activations alive at once in an eager pass, input
            included, weights and workspace not.
        uncounted: Executed operators without a counting rule, with the number of their calls.
    """

    params: int
    params_constructed: int
    macs: dict[str, int]
    conv_io: int
    peak_activation_bytes: int
    uncounted: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds per pass over all timed passes: mean, extremes and percentiles."""

    mean: float
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How fast a network ran under one protocol.

    Attributes:
        fps: Frames per second: frames over the wall-clock time between the two synchronisations.
        fps_ci95: 95% confidence interval of `fps`, from `block_means_s`; null below two blocks.
        iterations: Timed passes that were done.
        elapsed_s: Wall-clock seconds between the two synchronisations.
        latency_s: Distribution of the passes.
        block_means_s: Mean seconds per pass of consecutive blocks of passes, in order.
        block_size: Passes in each block (the last passes that fill no block are left out).
        protocol: Everything that decided the figure (`harness.timing.protocol`).
        stopped_by: Why the loop ended.
        peak_memory_bytes: Most device memory allocated during a pass; null where unknown.
        warnings: Reasons to distrust the figure, in words.
    """

    fps: float
    fps_ci95: tuple[float, float] | None
    iterations: int
    elapsed_s: float
    latency_s: Latency
    block_means_s: tuple[float, ...]
    block_size: int
    protocol: dict[str, Any]
    stopped_by: Literal["iterations", "budget", "interrupt"]
    peak_memory_bytes: int | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProfileRecord:
    """One variant, measured once: `static` always, `timing` unless it was not asked for.

    Attributes:
        variant: Catalogue name; with overrides, the name and the overrides in brackets.
        spec: The resolved specification of the network, every option included.
        spec_sha256: Hash of `spec`.
        input_shape: `(N, C, H, W)`.
        environment: Software and machine (`harness.environment`).
        created: UTC, ISO 8601.
    """

    variant: str
    spec: dict[str, Any]
    spec_sha256: str
    input_shape: tuple[int, int, int, int]
    static: StaticCost
    timing: Timing | None
    environment: dict[str, Any]
    created: str
    schema: int = SCHEMA
    kind: Literal["profile"] = "profile"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a reported figure stands.

    Attributes:
        work: The publication.
        place: Table and row.
    """

    work: str
    place: str


@dataclass(frozen=True, kw_only=True)
class ReportedRecord:
    """One row of a published table, as printed.

    Attributes:
        variant: Catalogue name of the network that the row is about.
        table: Which table the row belongs to, e.g. `table-1`.
        row: Position in that table, from 0.
        label: The row's name as printed.
        group: The row's group where the table has groups, else null.
        input_shape: `(N, C, H, W)`, null where the table does not say.
        device: The device that the FPS was taken on.
        figures: Figures as printed, without unit suffix, `*` or `%`: keys `gflops` (giga-MACs),
            `params_m` (millions), `delta_params_m`, `fps`, `fps_norm`, `miou` (percent). A cell
            that the table leaves open is absent. `~1` and `<1` stay as they are.
        tensorrt: Whether the FPS was taken with TensorRT.
        source: Publication and place.
    """

    variant: str
    table: str
    row: int
    label: str
    group: int | None
    input_shape: tuple[int, int, int, int] | None
    device: str
    figures: dict[str, str]
    tensorrt: bool
    source: Source
    schema: int = SCHEMA
    kind: Literal["reported"] = "reported"


Record = ProfileRecord | ReportedRecord
KINDS: Mapping[str, type[Record]] = {"profile": ProfileRecord, "reported": ReportedRecord}


def to_json(record: Record) -> str:
    """Return `record` as one line of JSON, keys in the order of the contract, no NaN."""
    data = asdict(record)
    head = {"schema": data.pop("schema"), "kind": data.pop("kind")}
    return json.dumps(head | data, ensure_ascii=False, allow_nan=False)


def to_dict(record: Record) -> dict[str, Any]:
    """Return `record` as plain JSON types, as `to_json` writes them."""
    return typing.cast(dict[str, Any], json.loads(to_json(record)))


def from_json(line: str, *, where: str) -> Record:
    """Read one record.

    Args:
        line: One JSON object.
        where: `file:line`, for the message.

    Raises:
        BadRequest: If the line is not JSON, not a record of this schema, or has an unknown field,
            a missing field or a value of another type.
    """
    try:
        data = json.loads(line, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:  # a foreign line may hold anything
        raise BadRequest(f"{where}: not a JSON record ({getattr(error, 'msg', error)})") from None
    if not isinstance(data, dict) or "schema" not in data or "kind" not in data:
        raise BadRequest(f"{where}: a record has fields schema and kind, got {line[:60]!r}")
    if data["schema"] != SCHEMA:
        raise BadRequest(f"{where}: this version reads schema {SCHEMA}, got {data['schema']!r}")
    if data["kind"] not in tuple(KINDS):  # a tuple, since the value may be unhashable
        raise BadRequest(f"{where}: kind must be one of {', '.join(KINDS)}, got {data['kind']!r}")
    return _read(KINDS[data["kind"]], data, where)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


@cache
def _types_of(cls: typing.Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(cls: type[_T], data: Any, where: str) -> _T:
    """Build the dataclass `cls` from JSON types, refusing what does not fit."""
    if not isinstance(data, dict):
        raise BadRequest(f"{where}: {cls.__name__} must be an object, got {data!r}")
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    for key in data:
        if key not in names:
            hint = did_you_mean(key, names)
            raise BadRequest(f"{where}: {cls.__name__} has unknown field {key}{hint}")
    for name in names:
        if name not in data:
            raise BadRequest(f"{where}: {cls.__name__} lacks field {name}")
    hints = _types_of(typing.cast(typing.Hashable, cls))
    return cls(**{n: _value(hints[n], data[n], f"{where}: {cls.__name__}.{n}") for n in names})


def _value(expected: Any, value: Any, where: str) -> Any:
    """Check `value` against the annotation `expected` and return it in that type."""
    origin, args = typing.get_origin(expected), typing.get_args(expected)
    if expected is Any:
        return value
    if is_dataclass(expected):
        return _read(typing.cast(type, expected), value, where)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _value(next(a for a in args if a is not type(None)), value, where)
    if origin is Literal:
        ok = value in args
    elif origin is tuple:
        return _tuple(args, value, where)
    elif origin is dict:
        if isinstance(value, dict):
            return {k: _value(args[1], v, f"{where}.{k}") for k, v in value.items()}
        ok = False
    elif expected is float:
        ok = isinstance(value, (int, float)) and not isinstance(value, bool)
        ok = ok and abs(value) <= sys.float_info.max  # an integer may exceed it
        value = float(value) if ok else value
    elif expected is int:
        ok = isinstance(value, int) and not isinstance(value, bool)
    else:
        ok = isinstance(value, expected)
    if not ok:
        raise BadRequest(
            f"{where} must be {getattr(expected, '__name__', expected)}, got {value!r}"
        )
    return value


def _tuple(args: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    open_ended = len(args) == 2 and args[1] is Ellipsis
    if not isinstance(value, list) or (not open_ended and len(value) != len(args)):
        wanted = "a list" if open_ended else f"a list of {len(args)}"
        raise BadRequest(f"{where} must be {wanted}, got {value!r}")
    each = [args[0]] * len(value) if open_ended else args
    return tuple(
        _value(a, v, f"{where}[{i}]") for i, (a, v) in enumerate(zip(each, value, strict=True))
    )
