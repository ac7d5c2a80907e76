"""Records: what one measurement, or one row of a published table, says, for good.

A record is immutable and holds raw figures: counts (not millions), seconds (not milliseconds),
fractions. Rounding and scaling happen in reports. Standard library only, so that a report can be
rebuilt years later without a GPU or torch.

Schema history:
    1: `profile` and `reported`; later `device`, `failed`, `logged` and `proxy`. Fields with a
       default came later too: a record without them was written before, and what it says has not
       changed.
"""

from __future__ import annotations

import json
import math
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from harness.errors import BadRequest
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.reading import read_as
from harness.timing_records import LayerTime, Timing

SCHEMA = 1
SAID_BY_SOME = ("layers", "stages", "weights")


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
class StageCost:
    """One row of a network's architecture table.

    Attributes:
        stage: Part of the network, e.g. `Encoder`; empty where the network names none.
        name: Name of the row, e.g. `Encoder B1`.
        type: What is computed, a line each.
        output_size: Height, width and channels of its output.
        params: Parameters that its operators read.
        macs: Its MACs under the convention `conv`.
    """

    stage: str
    name: str
    type: tuple[str, ...]
    output_size: tuple[int, ...]
    params: int
    macs: int


@dataclass(frozen=True, kw_only=True)
class WeightsUsed:
    """Which trained weights a network was timed with.

    Attributes:
        file: Name of the file.
        sha256: Of its content.
        layout: By which its tensors were named (`variants.weights`).
        whole: Whether all that inference reads was from the file; the rest is as built.
    """

    file: str
    sha256: str
    layout: str
    whole: bool

    @property
    def label(self) -> str:
        """File and content, short: `FASSD-Net.pkl@74cbaf27`."""
        return f"{self.file}@{self.sha256[:8]}"


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
        layers: Where the time goes, the most expensive module first; null where not asked for.
        stages: The network's architecture table, in the order of execution; null likewise.
        weights: What it was timed with; null where that were weights as built, by a seed.
    """

    variant: str
    spec: dict[str, Any]
    spec_sha256: str
    input_shape: tuple[int, int, int, int]
    static: StaticCost
    timing: Timing | None
    environment: dict[str, Any]
    created: str
    layers: tuple[LayerTime, ...] | None = None
    stages: tuple[StageCost, ...] | None = None
    weights: WeightsUsed | None = None
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
    """One row of a published table, or one claim of its text, as printed.

    Attributes:
        variant: Catalogue name of the network that the row is about; empty where it is about none.
        table: Which table the row belongs to, e.g. `table-1`; `text` for a claim of the text.
        row: Position in that table, from 0.
        label: The row's name as printed; for a claim, what it is about in our words.
        group: The row's group where the table has groups, else null.
        input_shape: `(N, C, H, W)`, null where the table does not say.
        device: The device that the FPS was taken on.
        figures: Figures as printed, without unit suffix, `*` or `%`: keys `gflops` (giga-MACs),
            `params_m` (millions), `delta_params_m`, `fps`, `fps_norm`, `miou` and, by the class's
            name in Cityscapes, `iou.road` (percent). A cell that the table leaves open is absent.
            `~1` and `<1` stay as they are. A row of an architecture has `stage`, `name`, `type`
            (lines that share an output size joined by `; `) and `output_size` (height x width x
            channels), and `type.VARIANT` where a footnote changes it for another network. A claim
            of the text has `claim` (its name), `value` (words as digits; about, more than and
            less than as `~`, `>`, `<`), `unit` and, each by a key of its own, the numbers that it
            is made of.
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


@dataclass(frozen=True, kw_only=True)
class FailedRecord:
    """A variant that was to be timed and could not be.

    Attributes:
        variant: As in `ProfileRecord`, like `spec`, `spec_sha256`, `input_shape`.
        protocol: The protocol that it was to be timed under.
        reason: What went wrong, one line.
        peak_memory_bytes: Most device memory allocated before it failed; null where unknown.
        environment: Software and machine.
        created: UTC, ISO 8601.
        weights: As in `ProfileRecord`.
    """

    variant: str
    spec: dict[str, Any]
    spec_sha256: str
    input_shape: tuple[int, int, int, int]
    protocol: dict[str, Any]
    reason: str
    peak_memory_bytes: int | None
    environment: dict[str, Any]
    created: str
    weights: WeightsUsed | None = None
    schema: int = SCHEMA
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, kw_only=True)
class DeviceRecord:
    """What a device can do at best, measured on it.

    Attributes:
        macs_per_s: Multiply-accumulates per second by precision: the higher of a large matrix
            product and a large 3x3 convolution.
        bytes_per_s: Bytes read plus bytes written per second: the higher of a large copy and a
            ReLU in place.
        method: Sizes, repetitions, threads and rate of each measurement.
        environment: Software and machine.
        created: UTC, ISO 8601.
    """

    macs_per_s: dict[str, float]
    bytes_per_s: float
    method: dict[str, Any]
    environment: dict[str, Any]
    created: str
    schema: int = SCHEMA
    kind: Literal["device"] = "device"


Record = ProfileRecord | ReportedRecord | FailedRecord | DeviceRecord | LoggedRecord | ProxyRecord
KINDS: Mapping[str, type[Record]] = {
    "profile": ProfileRecord,
    "reported": ReportedRecord,
    "failed": FailedRecord,
    "device": DeviceRecord,
    "logged": LoggedRecord,
    "proxy": ProxyRecord,
}


class OtherSchema(BadRequest):
    """A record that another version of the harness wrote."""


def to_json(record: Record) -> str:
    """Return `record` as one line of JSON, keys in the order of the contract, no NaN.

    Where a record has nothing to say to what only some do (`SAID_BY_SOME`), the key is absent.
    """
    data = asdict(record)
    for name in SAID_BY_SOME:
        if name in data and data[name] is None:
            del data[name]
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
        OtherSchema: If the record is of another schema.
        BadRequest: If the line is not JSON, not a record, or has an unknown field, a missing field
            or a value of another type.
    """
    try:
        data = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:  # a foreign line may hold anything
        raise BadRequest(f"{where}: not a JSON record ({getattr(error, 'msg', error)})") from None
    if not isinstance(data, dict) or "schema" not in data or "kind" not in data:
        raise BadRequest(f"{where}: a record has fields schema and kind, got {line[:60]!r}")
    if data["schema"] != SCHEMA:
        raise OtherSchema(f"{where}: this version reads schema {SCHEMA}, got {data['schema']!r}")
    if data["kind"] not in tuple(KINDS):  # a tuple, since the value may be unhashable
        raise BadRequest(f"{where}: kind must be one of {', '.join(KINDS)}, got {data['kind']!r}")
    return read_as(KINDS[data["kind"]], data, where)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
