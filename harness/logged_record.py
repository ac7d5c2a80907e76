"""What a training log says of mIoU, and the record that keeps it with the log's hash.

Standard library only, like all records. mIoU and IoU are fractions, whatever the log's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Score:
    """One validation.

    Attributes:
        miou: Fraction.
        step: Iteration where the log has it, else epoch, as the log counts; null where neither.
        per_class_iou: Fractions by class, as far as the log lists them; null where it does not.
    """

    miou: float
    step: int | None
    per_class_iou: dict[str, float] | None


@dataclass(frozen=True, kw_only=True)
class LogReading:
    """What one log says.

    Attributes:
        format: Name of the format that it was read as.
        metric: Name of the figure that was read, where the log holds several.
        final: The last validation.
        best: The validation with the highest mIoU, the earliest of equals.
        unit: Unit of mIoU in the log.
        step_unit: What `step` counts; null where the log has neither iterations nor epochs.
        validations: Number of validations in the log.
        finished: Whether the run went to its planned end; null where the log does not tell.
        split: What was validated on; null where the log does not tell.
        notes: What was ambiguous, assumed or left out, one sentence each.
    """

    format: str
    metric: str
    final: Score
    best: Score
    unit: Literal["fraction", "percent"]
    step_unit: Literal["iteration", "epoch"] | None
    validations: int
    finished: bool | None
    split: Literal["val", "test"] | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LoggedRecord:
    """The accuracy of one variant, out of a log.

    Attributes:
        variant: As in `ProfileRecord`, like `spec` and `spec_sha256`.
        miou: The figure that tables print, a fraction: that of `use`.
        use: Which validation `miou` is: the last of the run, or the best one, which was chosen
            by looking at it.
        reading: All that the log says.
        file: Name of the log without its folder.
        file_sha256: Hash of the log's bytes.
        file_bytes: Size of the log.
        created: UTC, ISO 8601.
        environment: Always null: a log does not tell what the network was trained on.
        schema: That of `harness.records`.
    """

    variant: str
    spec: dict[str, Any]
    spec_sha256: str
    miou: float
    use: Literal["best", "final"]
    reading: LogReading
    file: str
    file_sha256: str
    file_bytes: int
    created: str
    environment: dict[str, Any] | None = None
    schema: int = 1
    kind: Literal["logged"] = "logged"


def run_of(record: LoggedRecord) -> tuple[object, ...]:
    """Return what two records of one training have in common, also out of different files.

    Two trainings of a network do not come to the same final and best mIoU at the same steps; the
    three logs that mmsegmentation leaves of one do.
    """
    reading = record.reading
    scores = ((score.miou, score.step) for score in (reading.final, reading.best))
    return (record.variant, record.spec_sha256, record.use, reading.split, *scores)
