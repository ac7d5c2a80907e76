"""The combinations of a sweep, numbered: each is made from its number, so that none is kept."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from harness.errors import BadRequest
from harness.sweep.definition import Definition, Rule, Sample
from harness.sweep.distinct import distinct
from harness.sweep.values import fits
from variants.catalog import Row, changed, find_row, with_settings
from variants.registry import find, options
from variants.spec import DEFAULT_NETWORK

SHUFFLED = 1_000_000  # up to here all numbers are shuffled; beyond, numbers are drawn
_FEWEST_DRAWS = 10_000
_DRAWS_PER_VARIANT = 100


class Combination(NamedTuple):
    """One combination.

    Attributes:
        row: The catalogue's row with the options changed, and the input size of the sweep.
        excluded: Position of the first rule that leaves it out; null where none does.
    """

    row: Row
    excluded: int | None


class Axis(NamedTuple):
    """Options that change together; `values` holds a value of each for every step.

    The variants of a sweep are an axis too, of the key `variant`, and so are its input sizes.
    """

    keys: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]


class Combinations:
    """The combinations of a definition, by number.

    Attributes:
        total: How many numbers there are, those of repeats included.
    """

    def __init__(self, definition: Definition, catalog: Mapping[str, Row]) -> None:
        self._definition = definition
        self._rows = [find_row(catalog, name) for name in definition.variants]
        self._axes = _axes(definition)
        self._sizes: Sequence[tuple[int, int] | None] = definition.sizes or [None]
        self._when = {key: definition.when[key] for key in _by_dependency(definition.when)}
        lengths = [len(axis.values) for axis in self._axes]
        self.total = math.prod((len(self._rows), len(self._sizes), *lengths))

    @cached_property
    def distinct(self) -> int | None:
        """How many numbers are no repeats; null where there are too many conditions to tell."""
        return distinct(self.choose, self._when)

    def at(self, number: int) -> Combination | None:
        """Return the combination of a number; None where it repeats another one.

        Where an axis does not apply, all of its values make the same variant, and only the first
        of them counts.
        """
        steps, row, size = self._steps(number)
        settings = self._settings(row, steps)
        for axis, step in zip(self._axes, steps, strict=True):
            if step and not any(key in settings for key in axis.keys):
                return None
        made = changed(row, settings)
        if size is not None:
            made = replace(made, input=size)
        rules = enumerate(self._definition.exclude)
        excluded = next((n for n, rule in rules if holds(rule, made.chosen, row.name)), None)
        return Combination(made, excluded)

    def row(self, number: int) -> Row:
        """Return the row of a number that is no repeat."""
        found = self.at(number)
        assert found is not None, number
        return found.row

    def idle(self, numbers: Iterable[int]) -> list[str]:
        """Return the axes whose condition holds in none of the combinations of some numbers."""
        idle = dict.fromkeys(self._when)
        for number in numbers:
            if not idle:
                break
            steps, row, _ = self._steps(number)
            for key in self._settings(row, steps):
                idle.pop(key, None)
        return [*idle]

    def choose(self, step_of: Callable[[Axis], int]) -> int:
        """Return the number of the combination that is chosen axis by axis.

        Args:
            step_of: Asked once for each axis that applies, those that conditions are about first,
                which of its values is taken.
        """
        variant = step_of(Axis(("variant",), [(row.name,) for row in self._rows]))
        sizes = [(f"{size[0]}x{size[1]}" if size else None,) for size in self._sizes]
        number = variant * len(self._sizes) + step_of(Axis(("input",), sizes))
        steps: dict[tuple[str, ...], int] = {}
        given: dict[str, Any] = {}

        def take(axis: Axis) -> None:
            steps[axis.keys] = step_of(axis)
            given.update(zip(axis.keys, axis.values[steps[axis.keys]], strict=True))

        row = self._rows[variant]
        for axis in self._axes:
            if any(key not in self._when for key in axis.keys):
                take(axis)
        settings = {key: value for key, value in given.items() if key not in self._when}
        chosen = with_settings(row.chosen, settings)
        for key, rule in self._when.items():
            if holds(rule, chosen, row.name):
                axis = next(axis for axis in self._axes if key in axis.keys)
                if axis.keys not in steps:
                    take(axis)
                chosen = with_settings(chosen, {key: given[key]})
        for axis in self._axes:
            number = number * len(axis.values) + steps.get(axis.keys, 0)
        return number

    def steps(self, number: int) -> dict[tuple[str, ...], int]:
        """Return the step of each axis, by its keys, in the combination of a number."""
        *steps, size, variant = self._mixed(number)
        found = {axis.keys: step for axis, step in zip(self._axes, steps, strict=True)}
        return {("variant",): variant, ("input",): size} | found

    def _mixed(self, number: int) -> list[int]:
        """Return the digits of a number: a step of each axis, then the size's and variant's."""
        steps = []
        for axis in reversed(self._axes):
            number, step = divmod(number, len(axis.values))
            steps.append(step)
        number, size = divmod(number, len(self._sizes))
        return [*steps[::-1], size, number]

    def _steps(self, number: int) -> tuple[list[int], Row, tuple[int, int] | None]:
        *steps, size, variant = self._mixed(number)
        return steps, self._rows[variant], self._sizes[size]

    def _settings(self, row: Row, steps: Sequence[int]) -> dict[str, Any]:
        """Return the settings that apply: those without a condition, and where it holds."""
        settings: dict[str, Any] = {}
        sometimes: dict[str, Any] = {}
        for axis, step in zip(self._axes, steps, strict=True):
            for key, value in zip(axis.keys, axis.values[step], strict=True):
                (sometimes if key in self._when else settings)[key] = value
        chosen = with_settings(row.chosen, settings) if sometimes else row.chosen
        for key, rule in self._when.items():
            if key in sometimes and holds(rule, chosen, row.name):
                settings[key] = sometimes[key]
                chosen = with_settings(chosen, {key: sometimes[key]})
        return settings


def numbers(total: int, sample: Sample | None) -> Iterator[int]:
    """Yield the numbers from 0 to `total`, in order, or with a sample in a random one.

    None comes twice. Of more than a million, a random order ends after a hundred times as many as
    are asked for.
    """
    if sample is None:
        yield from range(total)
        return
    chance = random.Random(sample.seed)
    if total <= SHUFFLED:
        yield from chance.sample(range(total), total)
        return
    seen: set[int] = set()
    for _ in range(max(_FEWEST_DRAWS, _DRAWS_PER_VARIANT * sample.count)):
        number = chance.randrange(total)
        if number not in seen:
            seen.add(number)
            yield number


def holds(rule: Rule, chosen: Mapping[str, Mapping[str, Any]], variant: str) -> bool:
    """Say whether each condition of a rule is met by what a row chooses."""
    return all(
        fits(wanted, variant if key == "variant" else value_of(chosen, key))
        for key, wanted in rule.items()
    )


def value_of(chosen: Mapping[str, Mapping[str, Any]], key: str) -> Any:
    """Return the value that `slot.option` has in what a row chooses, defaults included.

    An option that the slot's component does not have is `...`, which no condition asks for.
    """
    slot, _, option = key.partition(".")
    choice = chosen.get(slot, {})
    name = choice.get("name", DEFAULT_NETWORK if slot == "network" else "none")
    if option == "name":
        return name
    if option in choice:
        return choice[option]
    try:
        parameter = options(find(slot, name)).get(option)
    except BadRequest:  # an unknown component: told where it is resolved
        return ...
    default = parameter.default if parameter else ...
    return list(default) if isinstance(default, tuple) else default


def _axes(definition: Definition) -> list[Axis]:
    """Return the axes in the order of the grid, one that is zipped where its first key stands."""
    zipped = {key: tuple(keys) for keys in definition.zips for key in keys}
    groups = dict.fromkeys(zipped.get(key, (key,)) for key in definition.grid)
    return [
        Axis(keys, list(zip(*(definition.grid[key] for key in keys), strict=True)))
        for keys in groups
    ]


def _by_dependency(when: Mapping[str, Rule]) -> list[str]:
    """Return conditional axes so that each comes after those that its condition is about.

    Raises:
        BadRequest: If conditions go in a circle.
    """
    order: list[str] = []

    def visit(key: str, above: tuple[str, ...]) -> None:
        if key in above:
            circle = " -> ".join((*above[above.index(key) :], key))
            raise BadRequest(f"when: a condition must not lead back to itself, got {circle}")
        if key not in order:
            for other in when[key]:
                if other in when:
                    visit(other, (*above, key))
            order.append(key)

    for key in when:
        visit(key, ())
    return order
