"""cityscapesScripts, pixel level, JSON: `averageScoreClasses` and `classScores`, in fractions.

A class that is neither labelled nor predicted is NaN and left out of the mean; one that is
predicted and not labelled is 0 and counted.
"""

from __future__ import annotations

from typing import Any

from harness.logs.figure import json_figure
from harness.logs.found import Found, Validation

NAME = "cityscapesscripts-json"


def is_result(document: Any) -> bool:
    """Return whether a JSON value is a result of cityscapesScripts."""
    return isinstance(document, dict) and "averageScoreClasses" in document


def read(document: dict[str, Any]) -> Found:
    """Return what `document`, the file's JSON value, holds."""
    found = Found(finished=True, nothing="its averageScoreClasses is no number")
    miou = json_figure(document["averageScoreClasses"])
    scores = document.get("classScores")
    classes = {
        name: value
        for name, raw in (scores if isinstance(scores, dict) else {}).items()
        if (value := json_figure(raw)) and not value.missing
    }
    if miou is not None:
        found.add(Validation(miou=miou, unit="fraction", classes=classes, classes_unit="fraction"))
        found.note("the file does not say which split was evaluated; read as val")
    return found
