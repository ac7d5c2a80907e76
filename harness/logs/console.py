"""Any other text that prints `mIoU` or `mean IoU` with a number, and maybe the classes below.

Figures of the training set and of the best so far are no validations. A terminal that breaks lines
breaks numbers too: `... mIoU: 38.2` and `5%` below it are one number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import METRIC, Found, Validation, add_class
from harness.logs.names import split_of
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

FOLLOW = 200  # lines below a mIoU that may be its classes
NARROWEST = 40  # columns of a terminal: a shorter line is not broken by one
OTHERS = "figures of the training set or of the best so far are not counted"
JOINED = "numbers that a terminal broke over two lines were joined"

_NAME = r"(?:mIoU|mean[ _-]?IoU|mean[ _-]?IU)\b['\"]?(?: is)?(?:\s*[\[(](%)[\])])?\s*[:=]?"
_MIOU = re.compile(
    # `val mIoU (%): 38.2`, `'mIoU': np.float64(0.38)`
    rf"((?:[A-Za-z][\w']*[ _/-]+){{0,2}}){_NAME}\s*(?:[\w.]+\()?({NUMBER})\s*(%?)",
    re.I,
)
_BROKEN = re.compile(rf"{_NAME}\s*[\d.]*$", re.I)
# The rest of a number, and then nothing or other words: `1 0.98` and `1: 0.98` are classes.
_REST = re.compile(r"[\d.]*(?:%|\d(?=\s*$|\s*[|,;)\]}]\s*[A-Za-z]))")
# `Total iters: 40000` is a setting, `Iter 300/40000` and `at iteration 2000` are progress.
_STEP = re.compile(
    r"\b(?:(iter(?:ation)?s?|step|epoch)s?[\s:=\[#]*(\d+)\s*(?:/|of)\s*(\d+)"
    r"|(iter(?:ation)?|step|epoch)[\s:=\[#]*(\d+))",
    re.I,
)
_CLASS = re.compile(rf"^\s*([A-Za-z][\w ./-]*?)\s*[:|]\s*({NUMBER})\s*(%?)\s*$", re.I)
_HEADING = re.compile(r"class.*iou|iou.*class", re.I)
_SCRIPT = re.compile(r"\S+\.py\b\S*")  # `train.py:120` says nothing of the figure behind it
_BEST = re.compile(r"(?<![a-z])(?:best|max|highest|previous)(?![a-z])", re.I)
_SET = re.compile(r"(?<![a-z])(train(?:ing)?|val|valid|validation|eval|evaluation|test)(?![a-z])")


@dataclass
class _Progress:
    """How far the run is, by iterations and by epochs, and what was validated.

    Attributes:
        pending: The last validation, whose classes may follow.
        classes: Those of `pending`.
        restarts: Whether iterations begin again in every epoch.
        from_zero: Whether epochs count from 0.
    """

    iterations: Found = field(default_factory=lambda: Found(step_unit="iteration"))
    epochs: Found = field(default_factory=lambda: Found(step_unit="epoch"))
    pending: Validation | None = None
    classes: dict[str, Figure] = field(default_factory=dict)
    restarts: bool = False
    from_zero: bool = False

    def read(self, line: str) -> None:
        for match in _STEP.finditer(line):
            step, planned = int(match[2] or match[5]), int(match[3]) if match[3] else None
            if (match[1] or match[4]).lower().startswith("epoch"):
                self.from_zero |= step == 0
                self.epochs.at(step, planned)
            else:
                self.restarts |= step < (self.iterations.reached or 0)
                self.iterations.at(step, planned)

    def open(self, validation: Validation) -> None:
        self.close()
        self.classes = {}
        self.pending = replace(validation, classes=self.classes)

    def add_class(self, match: re.Match[str]) -> None:
        assert self.pending is not None
        if not self.classes:
            unit = "percent" if match[3] else self.pending.unit
            self.pending = replace(self.pending, classes_unit=unit)
        add_class(self.classes, match[1].strip(), figure(match[2]))

    def close(self) -> None:
        if self.pending is not None:
            for found in (self.iterations, self.epochs):
                found.add(replace(self.pending, step=found.reached))
        self.pending = None

    def found(self) -> Found:
        """Return what was found, with iterations as steps where they count through the run."""
        if self.iterations.reached is not None and not (
            self.restarts and self.epochs.reached is not None
        ):
            return self.iterations
        epochs = self.epochs
        if epochs.reached is None:
            epochs.step_unit = None
        elif epochs.planned is not None:
            # The number of an epoch says that it began, a validation that it is over.
            last = max((s.last.step or 0 for s in epochs.series.values()), default=0)
            epochs.finished = last + self.from_zero >= epochs.planned
        if self.from_zero:
            epochs.note("epochs count from 0")
        return epochs


def read(source: Source) -> Found:
    progress = _Progress()
    notes: set[str] = set()
    lines = scan(
        source.blocks(),
        wanted=(b"IoU", b"iou", b"IOU", b"IU"),
        edges=(b"Iter", b"iter", b"Epoch", b"epoch", b"Step", b"step"),
        follow=FOLLOW,
    )
    for line in _unbroken(lines, notes):
        figures = _figures(line, notes)
        if figures is not None:
            progress.close()
            if figures or not _BEST.search(line):  # `best mIoU 0.5 at epoch 3` is no progress
                progress.read(line)
            for validation in figures:
                progress.open(validation)
        elif progress.pending is not None and (match := _CLASS.search(line)):
            progress.add_class(match)
        elif line.strip() and not _HEADING.search(line):
            progress.close()
            progress.read(line)
    progress.close()
    return _noted(progress.found(), notes)


def _noted(found: Found, notes: set[str]) -> Found:
    if found.series:
        found.note("no known format: read from lines that say mIoU and a number")
        for note in sorted(notes - {OTHERS}):
            found.note(note)
    elif OTHERS in notes:
        found.nothing = f"{OTHERS}, and there are no others"
    return found


def _unbroken(lines: Iterator[str], notes: set[str]) -> Iterator[str]:
    """Yield lines, a number of mIoU that was broken over two of them on one."""
    held = None
    for line in lines:
        if held is not None:
            rest = line if held[-1] in ".0123456789" else line.lstrip()
            if _REST.match(rest):
                yield held + rest
                held = None
                notes.add(JOINED)
                continue
            yield held
        held = line if len(line) >= NARROWEST and _BROKEN.search(line) else None
        if held is None:
            yield line
    if held is not None:
        yield held


def _figures(line: str, notes: set[str]) -> list[Validation] | None:
    """Return each mIoU of a line that is one of a validation; None if it says no mIoU at all."""
    if "ou" not in line.lower() and "IU" not in line:  # cheaper than the expression
        return None
    figures, end = [], 0
    for match in _MIOU.finditer(line):
        before = _SCRIPT.sub(" ", line[end : match.end(1)])
        end = match.end()
        sets = _SET.findall(before.lower())
        if _BEST.search(before) or (sets and sets[-1].startswith("train")):
            notes.add(OTHERS)
            continue
        name = " ".join(match[1].split()).strip(" _/-'")
        figures.append(
            Validation(
                miou=figure(match[3]),
                unit="percent" if match[2] or match[4] else None,
                metric=f"{name} {METRIC}" if name else METRIC,
                split=split_of(name),
            )
        )
    return figures if end else None


FORMAT = TextFormat("console", (), read)
