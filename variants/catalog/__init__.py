"""The catalogue: named rows of YAML, each saying which components a variant is made of.

The rows of this folder come first, then those of installed packages (entry-point group
`harness.catalogs`, value `package:file.yaml`), then a user's own files. A row that `extends`
another states only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from variants.errors import BadRequest, did_you_mean
from variants.registry import SLOTS
from variants.strict_yaml import Document, read_yaml

ENTRY_POINT_GROUP = "harness.catalogs"
_ABOUT = ("extends", "title", "description", "input")
_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)")

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
        where: `file:line` of the row.
    """

    name: str
    title: str
    description: str = ""
    input: tuple[int, int] = (1024, 2048)
    chosen: Chosen = field(default_factory=dict)
    where: str = ""


def load_catalog(files: Iterable[Path] = ()) -> dict[str, Row]:
    """Return every row by name, in the order of the files.

    Args:
        files: A user's own catalogue files.

    Raises:
        BadRequest: If a file is broken, a row has an unknown key or extends an unknown row or
            itself, or two rows have one name; the message names file and line.
    """
    here = sorted(Path(__file__).parent.glob("*.yaml"))
    documents = [read_yaml(path) for path in (*here, *_installed(), *files)]
    raw: dict[str, tuple[Document, Mapping[str, Any]]] = {}
    for document in documents:
        for name, row in _rows_of(document):
            if name in raw:
                raise BadRequest(
                    f"{document.at(name)}: a row's name must be new, got {name}, "
                    f"which stands at {raw[name][0].at(name)}"
                )
            raw[name] = document, row
    done: dict[str, Row] = {}
    for name in raw:
        _resolve(name, raw, done, ())
    return {name: done[name] for name in raw}


def find_row(catalog: Mapping[str, Row], name: str) -> Row:
    """Return the row `name`.

    Raises:
        BadRequest: If there is none; the message says what is near.
    """
    if name not in catalog:
        raise BadRequest(f"no variant {name!r}{did_you_mean(name, catalog)}")
    return catalog[name]


def parse_size(text: object, who: str) -> tuple[int, int]:
    """Return height and width of a text such as `1024x2048`.

    Raises:
        BadRequest: If the text is anything else.
    """
    match = _SIZE.fullmatch(str(text).strip().lower().replace("×", "x"))
    if match is None:
        raise BadRequest(f"{who}: an input is HEIGHTxWIDTH, such as 1024x2048, got {str(text)!r}")
    return int(match[1]), int(match[2])


def override(row: Row, settings: Sequence[str]) -> Row:
    """Return `row` with `slot.option=value` settings applied, values being YAML.

    `slot.name=other` replaces the slot's component and drops the old one's options.

    Example:
        >>> base = Row("a", "A", chosen={"context": {"name": "dapf", "alpha": 2}})
        >>> dict(override(base, ["context.alpha=4"]).chosen["context"])
        {'name': 'dapf', 'alpha': 4}

    Raises:
        BadRequest: If a setting is not of that form or names an unknown slot.
    """
    if not settings:
        return row
    parsed = [_parse_setting(text) for text in settings]
    given: dict[str, dict[str, Any]] = {}
    for slot, option, value in parsed:
        if option in given.setdefault(slot, {}):
            raise BadRequest(f"--set: {slot}.{option} must be set once, got it twice")
        given[slot][option] = value
    label = ",".join(sorted(text.replace(" ", "") for text in settings))
    chosen = _merge(row.chosen, given)
    return replace(row, name=f"{row.name}[{label}]", title=f"{row.title} [{label}]", chosen=chosen)


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
    from importlib.metadata import entry_points
    from importlib.resources import as_file, files

    paths = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        package, _, name = point.value.partition(":")
        with as_file(files(package) / name) as path:
            paths.append(path)
    return paths


def _rows_of(document: Document) -> Iterable[tuple[str, Mapping[str, Any]]]:
    data = document.data
    if not isinstance(data, dict) or not data:
        raise BadRequest(f"{document.path}:1: a catalogue maps names to rows, got {data!r:.40}")
    for name, row in data.items():
        if not isinstance(name, str) or not isinstance(row, dict):
            raise BadRequest(
                f"{document.at(name)}: a row is a name with keys below, got {name!r}: {row!r:.40}"
            )
        for key in row:
            if key not in (*_ABOUT, *SLOTS):
                hint = did_you_mean(str(key), (*_ABOUT, *SLOTS))
                raise BadRequest(
                    f"{document.at(name, key)}: row {name} has unknown key {key}{hint}"
                )
        yield name, row


def _resolve(
    name: str,
    raw: Mapping[str, tuple[Document, Mapping[str, Any]]],
    done: dict[str, Row],
    below: tuple[str, ...],
) -> Row:
    """Follow `extends` from row `name`, which the rows `below` extend."""
    if name in done:
        return done[name]
    document, row = raw[name]
    parent = None
    if "extends" in row:
        above = row["extends"]
        where = document.at(name, "extends")
        if above not in raw:
            hint = did_you_mean(str(above), raw)
            raise BadRequest(f"{where}: row {name} extends no known row, got {above!r}{hint}")
        if above in (*below, name):
            chain = " -> ".join((*below, name, above))
            raise BadRequest(f"{where}: a row must not extend itself, got {chain}")
        parent = _resolve(above, raw, done, (*below, name))
    done[name] = _make_row(name, row, document, parent)
    return done[name]


def _make_row(name: str, row: Mapping[str, Any], document: Document, parent: Row | None) -> Row:
    chosen: dict[str, dict[str, Any]] = {}
    for slot in (key for key in row if key in SLOTS):
        choice = {"name": row[slot]} if isinstance(row[slot], str) else row[slot]
        if not isinstance(choice, dict) or not all(isinstance(key, str) for key in choice):
            raise BadRequest(
                f"{document.at(name, slot)}: {slot} is a component's name or options with a name, "
                f"got {choice!r}"
            )
        chosen[slot] = dict(choice)
    merged = _merge(parent.chosen if parent else {}, chosen)
    nameless = [slot for slot, choice in merged.items() if "name" not in choice]
    if nameless:
        where = document.at(name, nameless[0])
        raise BadRequest(f"{where}: {nameless[0]} of row {name} lacks the component's name")
    size = parent.input if parent else (1024, 2048)
    if "input" in row:
        size = parse_size(row["input"], document.at(name, "input"))
    return Row(
        name=name,
        title=str(row.get("title", name)),
        description=str(row.get("description", "")),
        input=size,
        chosen=merged,
        where=document.at(name),
    )


def _merge(base: Chosen, changes: Chosen) -> dict[str, dict[str, Any]]:
    """Lay `changes` over `base`; another component in a slot starts from its own defaults."""
    merged = {slot: dict(choice) for slot, choice in base.items()}
    for slot, choice in changes.items():
        old = merged.get(slot, {})
        replaced = "name" in choice and choice["name"] != old.get("name")
        merged[slot] = {**({} if replaced else old), **choice}
    return merged
