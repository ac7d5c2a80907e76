"""A sweep's axes as the parameters of a trial, and what a trial chose as a combination's number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.sweep.combinations import Axis, Combinations
from variants.catalog import value_text

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class Space:
    """What a search chooses from.

    Whole numbers at equal distances are one parameter of whole numbers, whose order a sampler may
    use; anything else is a category, called as its value is written. Axes that are zipped are one
    parameter, and an axis is suggested only where it applies.
    """

    def __init__(self, combinations: Combinations) -> None:
        self._combinations = combinations
        self._known: dict[tuple[str, ...], _Parameter] = {}

    def suggest(self, trial: BaseTrial) -> int:
        """Return the number of the combination that a trial proposes."""

        def step_of(axis: Axis) -> int:
            if len(axis.values) == 1:
                return 0
            parameter = self._parameter(axis)
            if parameter.progression is not None:
                values = parameter.progression
                low, high = min(values[0], values[-1]), max(values[0], values[-1])
                chosen = trial.suggest_int(parameter.name, low, high, step=abs(values.step))
                return values.index(chosen)
            name = trial.suggest_categorical(parameter.name, list(parameter.labels))
            return parameter.labels[name]

        return self._combinations.choose(step_of)

    def parameters(self, number: int) -> dict[str, Any]:
        """Return the parameters with which a trial proposes the combination of a number."""
        steps = self._combinations.steps(number)
        found: dict[str, Any] = {}

        def step_of(axis: Axis) -> int:
            step = steps[axis.keys]
            if len(axis.values) > 1:
                parameter = self._parameter(axis)
                found[parameter.name] = parameter.value(step)
            return step

        self._combinations.choose(step_of)
        return found

    def _parameter(self, axis: Axis) -> _Parameter:
        if axis.keys not in self._known:
            self._known[axis.keys] = _Parameter(axis)
        return self._known[axis.keys]


class _Parameter:
    """The parameter of an axis.

    Attributes:
        name: The axis's options.
        progression: Its values where they are whole numbers at equal distances, else null.
        labels: Else what each of its values is called, with its step.
    """

    def __init__(self, axis: Axis) -> None:
        self.name = ",".join(axis.keys)
        self.progression = _progression(axis)
        self.labels: Mapping[str, int] = {}
        if self.progression is None:
            self.labels = _labels(axis)

    def value(self, step: int) -> Any:
        """Return what a trial calls the value of a step."""
        return list(self.labels)[step] if self.progression is None else self.progression[step]


def _progression(axis: Axis) -> range | None:
    values = axis.values
    if len(axis.keys) > 1 or any(type(value) is not int for (value,) in values):
        return None
    by = values[1][0] - values[0][0]
    found = range(values[0][0], values[0][0] + by * len(values), by) if by else None
    if found is None or any(value != at for (value,), at in zip(values, found, strict=True)):
        return None
    return found


def _labels(axis: Axis) -> dict[str, int]:
    """Return what the values are called; where two are written alike, the step tells them apart."""
    texts = [",".join(map(value_text, values)) for values in axis.values]
    if len(set(texts)) < len(texts):
        texts = [f"{step}: {text}" for step, text in enumerate(texts)]
    return {text: step for step, text in enumerate(texts)}
