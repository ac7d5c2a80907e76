"""Waiting for Ray's answers, which a signal may end as it ends anything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ray

from harness.sweep.stopping import Stopped


def wait(answers: Sequence[Any], *, least: int = 1, seconds: float | None = None) -> list[Any]:
    """Return those of some answers that are there.

    Args:
        answers: References to them.
        least: How many are waited for.
        seconds: How long at most; null for as long as it takes.

    Raises:
        Stopped: If a signal says so; Ray, written in C, makes a `SystemError` of it.
    """
    try:
        return list(ray.wait(list(answers), num_returns=least, timeout=seconds)[0])
    except SystemError as error:
        if isinstance(error.__cause__, Stopped):
            raise error.__cause__ from None
        raise
