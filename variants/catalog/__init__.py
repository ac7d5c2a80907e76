"""The catalogue: named rows of YAML, each saying which components a variant is made of.

The rows of this folder come first, then those of installed packages (entry-point group
`harness.catalogs`, value `package:file.yaml`), then a user's own files. A row that `extends`
another states only what differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from variants.about import Image, Source, parse_size, read_fidelity, read_image, read_source
from variants.errors import BadRequest, did_you_mean
from variants.installed import registered
from variants.registry import SLOTS
from variants.reported_only import reported_only
from variants.yaml_node import Node, read

ENTRY_POINT_GROUP = "harness.catalogs"
_ABOUT = ("extends", "title", "description", "input", "fidelity", "source", "image")

Chosen = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """A variant as the catalogue has it, `extends` followed.

    Attributes:
        name: Name in the catalogue, with overrides in brackets.
        title: Name in print.
        description: One line on what it is.
        input: Height and width that it is measured at unless told otherwise.
        chosen: For `network` and the slots it speaks of: component name and options.
        fidelity: How near the network is to its origin (`variants.about`); null where
            nobody says.
        source: What it was built from; null where nobody says.
        image: What it is fed; null where nobody says.
        where: `file:line` of the row.
    """

    name: str
    title: str
    description: str = ""
    input: tuple[int, int] = (1024, 2048)
    chosen: Chosen = field(default_factory=dict)
    fidelity: str | None = None
    source: Source | None = None
    image: Image | None = None
    where: str = ""

    def about(self) -> dict[str, Any]:
        """Return fidelity, source and image in plain JSON types."""
        return {
            "fidelity": self.fidelity,
            "source": asdict(self.source) if self.source else None,
            "image": asdict(self.image) if self.image else None,
        }


def load_catalog(files: Iterable[Path] = ()) -> dict[str, Row]:
    """Return every row by name, in the order of the files.

    Args:
        files: A user's own catalogue files.

    Raises:
        BadRequest: If a file is broken, a row has an unknown key or extends an unknown row or
            itself, or two rows have one name; the message names file and line.
    """
    here = sorted(Path(__file__).parent.glob("*.yaml"))
    raw: dict[str, Node] = {}
    for path in (*here, *_installed(), *files):
        for name, node in _rows_of(read(path, what="catalogue")):
            if name in raw:
                raise BadRequest(
                    f"{node.where}: a row's name must be new, got {name}, "
                    f"which stands at {raw[name].where}"
                )
            raw[name] = node
    done: dict[str, Row] = {}
    for name in raw:
        _resolve(name, raw, done, ())
    return {name: done[name] for name in raw}


def find_row(catalog: Mapping[str, Row], name: str) -> Row:
    """Return the row `name`.

    Raises:
        BadRequest: If there is none; the message says what is near, or why it cannot be built.
    """
    if name not in catalog:
        known = reported_only().get(name)
        if known is not None:
            raise BadRequest(
                f"variant {name}: must be a network that can be built, got one that is reported "
                f"only: {known.reason}"
            )
        raise BadRequest(f"no variant {name!r}{did_you_mean(name, catalog)}")
    return catalog[name]


def override(row: Row, settings: Sequence[str]) -> Row:
    """Return `row` with `slot.option=value` settings applied, values being YAML.

    `slot.name=other` replaces the slot's component and drops the old one's options. What has been
    set otherwise is not the network whose fidelity the row states, so that is dropped too.

    Example:
        >>> base = Row("a", "A", chosen={"context": {"name": "dapf", "alpha": 2}})
        >>> dict(override(base, ["context.alpha=4"]).chosen["context"])
        {'name': 'dapf', 'alpha': 4}

    Raises:
        BadRequest: If a setting is not of that form or names an unknown slot.
    """
    given: dict[str, Any] = {}
    for text in settings:
        slot, option, value = _parse_setting(text)
        if f"{slot}.{option}" in given:
            raise BadRequest(f"--set: {slot}.{option} must be set once, got it twice")
        given[f"{slot}.{option}"] = value
    return changed(row, given)


def changed(row: Row, settings: Mapping[str, Any]) -> Row:
    """Return `row` with other values of some options, named after them.

    Args:
        row: What they are changed in.
        settings: Values by `slot.option`; `slot.name` replaces the slot's component.

    Example:
        >>> changed(Row("a", "A"), {"fusion.name": "mda", "fusion.dilations": [8, 4, 2]}).name
        'a[fusion.dilations=[8,4,2],fusion.name=mda]'
    """
    if not settings:
        return row
    label = ",".join(sorted(f"{key}={value_text(value)}" for key, value in settings.items()))
    chosen = with_settings(row.chosen, settings)
    return replace(
        row,
        name=f"{row.name}[{label}]",
        title=f"{row.title} [{label}]",
        chosen=chosen,
        fidelity=row.fidelity if chosen == row.chosen else None,
    )


def with_settings(chosen: Chosen, settings: Mapping[str, Any]) -> Chosen:
    """Return what a row chooses with other values of some options, by `slot.option`."""
    given: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        slot, _, option = key.partition(".")
        given.setdefault(slot, {})[option] = value
    return _merge(chosen, given)


def value_text(value: object) -> str:
    """Return an option's value as names have it, without spaces, e.g. `[8,4,2]`."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), default=str)


def _parse_setting(text: str) -> tuple[str, str, Any]:
    import yaml

    key, equals, value = text.partition("=")
    slot, dot, option = key.strip().partition(".")
    if not (equals and dot and option and value.strip()):
        raise BadRequest(f"--set: a setting is slot.option=value, got {text!r}")
    if slot not in SLOTS:
        raise BadRequest(f"--set {text}: no slot {slot!r}{did_you_mean(slot, SLOTS)}")
    try:
        return slot, option, yaml.safe_load(value)
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise BadRequest(f"--set {text}: the value must be YAML: {reason}") from None


def _installed() -> list[Path]:
    """Return the catalogue files of installed packages; each package is imported to find it."""
    return [_resource(point.value) for point in registered(ENTRY_POINT_GROUP)]


def _resource(value: str) -> Path:
    from importlib.resources import as_file, files

    package, _, name = value.partition(":")
    try:
        with as_file(files(package) / name) as path:
            return path
    except ImportError as error:
        raise BadRequest(f"catalogue {value}: must be package:file.yaml, got {error}") from error


def _rows_of(catalogue: Node) -> Iterable[tuple[str, Node]]:
    if not isinstance(catalogue.value, dict):
        catalogue.refuse("must map names to rows")
    for name, node in catalogue.value.items():
        node.mapping(required=(), optional=(*_ABOUT, *SLOTS))
        yield name, node


def _resolve(
    name: str, raw: Mapping[str, Node], done: dict[str, Row], below: tuple[str, ...]
) -> Row:
    """Follow `extends` from row `name`, which the rows `below` extend."""
    if name in done:
        return done[name]
    parent = None
    if "extends" in raw[name].value:
        node = raw[name].value["extends"]
        above = node.text()
        if above not in raw:
            hint = did_you_mean(above, raw)
            raise BadRequest(f"{node.where}: no row {above!r} to extend{hint}")
        if above in (*below, name):
            chain = " -> ".join((*below, name, above))
            raise BadRequest(f"{node.where}: a row must not extend itself, got {chain}")
        parent = _resolve(above, raw, done, (*below, name))
    done[name] = _make_row(name, raw[name], parent)
    return done[name]


def _make_row(name: str, node: Node, parent: Row | None) -> Row:
    keys: dict[str, Node] = node.value
    chosen = {slot: _choice(keys[slot]) for slot in keys if slot in SLOTS}
    merged = _merge(parent.chosen if parent else {}, chosen)
    for slot, choice in merged.items():
        if "name" not in choice:
            where = keys[slot].where
            raise BadRequest(f"{where}: {slot} of row {name} lacks the component's name")
    above = parent or Row(name, name)
    # Fidelity is a claim about one network: it holds for a row that changes nothing about it.
    unchanged = above.fidelity if merged == above.chosen else None
    return Row(
        name=name,
        title=keys["title"].text() if "title" in keys else name,
        description=keys["description"].text() if "description" in keys else "",
        input=parse_size(keys["input"].plain(), keys["input"].where)
        if "input" in keys
        else above.input,
        chosen=merged,
        fidelity=read_fidelity(keys["fidelity"]) if "fidelity" in keys else unchanged,
        source=read_source(keys["source"]) if "source" in keys else above.source,
        image=read_image(keys["image"]) if "image" in keys else above.image,
        where=node.where,
    )


def _choice(node: Node) -> dict[str, Any]:
    """Return what a row says of a slot: a component's name, or options that may include it."""
    if isinstance(node.value, str):
        return {"name": node.value}
    if not isinstance(node.value, dict):
        node.refuse("must be a component's name, or options")
    choice: dict[str, Any] = node.plain()
    if "name" in choice:
        choice["name"] = node.value["name"].text()
    return choice


def _merge(base: Chosen, changes: Chosen) -> dict[str, dict[str, Any]]:
    """Lay `changes` over `base`; another component in a slot starts from its own defaults."""
    merged = {slot: dict(choice) for slot, choice in base.items()}
    for slot, choice in changes.items():
        old = merged.get(slot, {})
        replaced = "name" in choice and choice["name"] != old.get("name")
        merged[slot] = {**({} if replaced else old), **choice}
    return merged
