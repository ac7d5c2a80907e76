"""The space that records span: which options vary, and from which values effects count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest
from harness.report.candidates import Candidate, require_options
from harness.report.effects.definition import EffectsDefinition
from harness.report.effects.factors import (
    UNSET,
    Factor,
    Key,
    base_of,
    component_of,
    factor_of,
    keys_of,
    refuse_fixed,
    tied,
    varies,
)


@dataclass(frozen=True)
class Point:
    """A record at its place; `at` tells the value of each of the space's options apart."""

    source: Candidate
    at: Key


@dataclass(frozen=True)
class Space:
    """Options that vary, and where the references are.

    Attributes:
        names: The options that tell two networks apart, those that follow from others left out.
        factors: What can be compared: the options of at least two values.
        shown: Those of them that were asked for, in order.
        reference: Of each of `names`, what tells its reference apart.
    """

    names: tuple[str, ...]
    factors: tuple[Factor, ...]
    shown: tuple[Factor, ...]
    reference: Key

    def point(self, source: Candidate) -> Point:
        """Return a record at its place."""
        return Point(source, source.key(self.names))

    def moved(self, factor: Factor, reference: Key) -> Space:
        """Return the space with another reference for one of its factors."""
        if reference == factor.reference:
            return self
        now = replace(factor, reference=reference)
        at = list(self.reference)
        for place, key in zip(self.positions(factor), reference, strict=True):
            at[place] = key
        return replace(
            self,
            factors=tuple(now if each == factor else each for each in self.factors),
            shown=tuple(now if each == factor else each for each in self.shown),
            reference=tuple(at),
        )

    def positions(self, factor: Factor) -> tuple[int, ...]:
        """Return where the options of a factor stand in `names`."""
        return tuple(self.names.index(name) for name in factor.names)

    def component(self, factor: Factor) -> int | None:
        """Return where the component stands that has the factor's option; null where all have it.

        A component's own name is part of none.
        """
        name = component_of(factor.names[0])
        if name in factor.names or name not in self.names:
            return None
        return self.names.index(name)


def space_of(found: Sequence[Candidate], definition: EffectsDefinition) -> Space:
    """Return the space of the candidates, which come in the order in which they were stored.

    Raises:
        BadRequest: If no option varies, or one is unknown, does not vary, or never has the value
            that is to be its reference.
    """
    named = {where.option: where for where in definition.reference}
    require_options((*definition.options, *named), found, definition.who)
    keys = keys_of(found)
    names = [name for name in keys if varies(name, keys)]
    columns = {name: keys[name] for name in names}
    base = base_of(found, columns)
    factors = [
        factor_of(together, columns, found, base=base, named=named, who=definition.who)
        for together in tied(columns)
    ]
    if not factors:
        raise BadRequest(
            f"{definition.who}: an option must vary, got {len(found)} "
            f"record{'s' * (len(found) != 1)} of one network; choose others with --where"
        )
    refuse_fixed([*definition.options, *named], factors, found, named, definition.who)
    of_name = {name: factor for factor in factors for name in factor.names}
    asked = dict.fromkeys(of_name[name].names for name in definition.options) or dict.fromkeys(
        factor.names for factor in factors
    )
    by_names = {factor.names: factor for factor in factors}
    return Space(
        tuple(names),
        tuple(factors),
        tuple(by_names[names] for names in asked),
        tuple(_reference(name, of_name.get(name), columns[name]) for name in names),
    )


def _reference(name: str, factor: Factor | None, column: Sequence[str]) -> str:
    """Return what tells an option's reference apart: of one value alone it is that."""
    if factor is None:
        return next(key for key in column if key != UNSET)
    return factor.reference[factor.names.index(name)]
