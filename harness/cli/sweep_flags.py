"""The flags of `harness sweep` made into a definition, alone or over a sweep file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.cli.sweep_sought import Sought, with_sought
from harness.errors import BadRequest
from harness.sweep.definition import Definition, Rule, Sample, Timing
from harness.sweep.values import parse_axis, parse_rule
from harness.timing.protocol import broken_rule
from variants.about import parse_size

Texts = Sequence[str] | None

# Flags that say what varies: a file says all of it, or they do.
_WHAT = ("variants", "grid", "zips", "when", "exclude", "sample", "seed", "catalogs")
_SPELLED = {"variants": "variant", "zips": "zip", "catalogs": "catalog"}
_OF_TIMING = ("device", "protocol", "iterations", "budget", "rounds")


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """Flags as they were given; null or false where they were not."""

    variants: Texts
    grid: Texts
    zips: Texts
    when: Texts
    exclude: Texts
    sample: int | None
    seed: int | None
    catalogs: Sequence[Path] | None
    name: str | None
    sizes: str | None
    batch: int | None
    timing: bool | None
    device: str | None
    protocol: str | None
    iterations: int | None
    budget: float | None
    rounds: int | None
    miou: bool
    sought: Sought


def definition_of(file: Path | None, flags: Flagged) -> Definition:
    """Return the sweep of a file, or of flags alone; how it is measured, flags say last.

    Raises:
        BadRequest: If neither or both say what varies, or either is wrong.
    """
    given = [name for name in _WHAT if getattr(flags, name) not in (None, [])]
    if file is not None:
        if given and given != ["seed"]:
            flag = _SPELLED.get(given[0], given[0])
            raise BadRequest(f"sweep: {file} says what varies, got --{flag} too")
        from harness.sweep.file import read_sweep

        definition = read_sweep(file)
        if given and definition.search is None and flags.sought.search is None:
            raise BadRequest(f"sweep: {file} says what varies, got --seed too")
    else:
        if not flags.variants:
            raise BadRequest("sweep: needs FILE.yaml, or --variant and --grid; see --help")
        definition = _what_varies(flags)
    if flags.name is not None:
        definition = replace(definition, name=flags.name)
    definition = with_sought(definition, flags.sought, flags.seed)
    return _how(definition, flags)


def _what_varies(flags: Flagged) -> Definition:
    variants = tuple(flags.variants or ())
    if flags.seed is not None and flags.sample is None and flags.sought.search is None:
        raise BadRequest("--seed: needs --sample or --search, got it alone")
    if flags.sample is not None and flags.sample < 1:
        raise BadRequest(f"--sample: must be at least 1, got {flags.sample}")
    if flags.seed is not None and flags.seed < 0:
        raise BadRequest(f"--seed: must be at least 0, got {flags.seed}")
    return Definition(
        name="+".join(variants),
        variants=variants,
        catalogs=tuple(map(str, flags.catalogs or ())),
        grid=_grid(flags.grid or ()),
        zips=tuple(tuple(key.strip() for key in text.split(",")) for text in flags.zips or ()),
        when=_when(flags.when or ()),
        exclude=tuple(parse_rule(text, "--exclude") for text in flags.exclude or ()),
        sample=None if flags.sample is None else Sample(flags.sample, flags.seed or 0),
    )


def _grid(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    grid: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        key, values = parse_axis(text, "--grid")
        if key in grid:
            raise BadRequest(f"--grid: an axis must stand once, got {key} twice")
        grid[key] = values
    return grid


def _when(texts: Sequence[str]) -> dict[str, Rule]:
    when: dict[str, Rule] = {}
    for text in texts:
        key, colon, rule = text.partition(":")
        if not (colon and key.strip() and rule.strip()):
            raise BadRequest(f"--when: a condition is axis:slot.option=value, got {text!r}")
        if key.strip() in when:
            raise BadRequest(f"--when: an axis has one condition, got {key.strip()} twice")
        when[key.strip()] = parse_rule(rule, "--when")
    return when


def _how(definition: Definition, flags: Flagged) -> Definition:
    changes: dict[str, Any] = {}
    if flags.sizes is not None:
        sizes = tuple(parse_size(text, "--input") for text in flags.sizes.split(","))
        changes["sizes"] = sizes
    if flags.miou:
        changes["miou"] = True
    if flags.batch is not None:
        _check("batch", flags.batch)
        changes["batch"] = flags.batch
    timing = definition.timing if flags.timing is None else Timing() if flags.timing else None
    if flags.timing and definition.timing is not None:
        timing = definition.timing
    changes["timing"] = _timing(timing, flags)
    return replace(definition, **changes)


def _timing(timing: Timing | None, flags: Flagged) -> Timing | None:
    given = [name for name in _OF_TIMING if getattr(flags, name) is not None]
    if timing is None:
        if given:
            raise BadRequest(f"--{given[0]}: is about timing, got no --timing")
        return None
    about = {name: getattr(flags, name) for name in ("device", "protocol") if name in given}
    changes = dict(timing.changes)
    names = {"iterations": "iterations", "budget": "budget_s", "rounds": "rounds"}
    for flag, field in names.items():
        if flag in given:
            changes[field] = _check(field, getattr(flags, flag), flag)
    if flags.batch is not None:
        changes["batch"] = flags.batch
    return replace(timing, **about, changes=changes)


def _check(field: str, value: Any, flag: str = "") -> Any:
    if rule := broken_rule(field, value):
        raise BadRequest(f"--{flag or field}: {rule}, got {value!r}")
    return value
