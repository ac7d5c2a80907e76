"""A sweep file: YAML that says what varies and what is measured, read into a `Definition`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.sweep.definition import SAMPLERS, Definition, Rule, Sample, Search, Timing
from harness.sweep.proxy import check_proxy
from harness.sweep.values import check_key, check_rule_key, expand
from harness.timing.named import SETTABLE
from harness.timing.protocol import broken_rule
from variants.about import parse_size
from variants.yaml_node import Node, read

_KEYS = (
    *("description", "catalog", "input", "grid", "zip", "when", "exclude", "sample"),
    *("timing", "batch", "miou", "pareto", "proxy", "search"),
)


def read_sweep(path: Path) -> Definition:
    """Return the sweep that the file `path` describes; catalogues are looked for beside it.

    Raises:
        BadRequest: If the file is broken; the message names file and line.
    """
    keys = read(path, what="sweep").mapping(required=("variants",), optional=_KEYS)
    given: dict[str, Any] = {}
    if "description" in keys:
        keys["description"].text()
    readers: dict[str, tuple[str, Callable[[Node], Any]]] = {
        "catalog": ("catalogs", lambda node: _each(node, lambda n: str(path.parent / n.text()))),
        "input": ("sizes", lambda node: _each(node, lambda n: parse_size(n.text(), n.where))),
        "grid": ("grid", _grid),
        "zip": ("zips", _zips),
        "when": ("when", _when),
        "exclude": ("exclude", lambda node: tuple(map(_rule, node.items()))),
        "sample": ("sample", _sample),
        "timing": ("timing", _timing),
        "batch": ("batch", lambda node: _whole(node, 1)),
        "miou": ("miou", Node.flag),
        "pareto": ("pareto", _columns),
        "proxy": ("proxies", _proxies),
        "search": ("search", _search),
    }
    for key, (name, reader) in readers.items():
        if key in keys:
            given[name] = reader(keys[key])
    if "search" in keys and "pareto" in keys["search"].value:
        if "pareto" in keys:
            keys["pareto"].refuse("must stand once, in the sweep or its search")
        given["pareto"] = _columns(keys["search"].value["pareto"])
    return Definition(name=path.stem, variants=_each(keys["variants"], Node.text), **given)


def _each(node: Node, convert: Callable[[Node], Any]) -> tuple[Any, ...]:
    """Return the entries of a list, or the one thing that stands in its place."""
    return tuple(map(convert, node.items() if isinstance(node.value, list) else [node]))


def _entries(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        node.refuse("must be a mapping")
    return node.value


def _grid(node: Node) -> dict[str, tuple[Any, ...]]:
    grid = {}
    for key, values in _entries(node).items():
        check_key(key, values.where)
        entries = values.plain() if isinstance(values.value, list) else [values.plain()]
        grid[key] = expand(entries, f"{values.where}: {key}")
    return grid


def _zips(node: Node) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(key.text() for key in keys.items()) for keys in node.items())


def _when(node: Node) -> dict[str, Rule]:
    return {key: _rule(rule) for key, rule in _entries(node).items()}


def _rule(node: Node) -> Rule:
    entries = _entries(node)
    if not entries:
        node.refuse("must have at least one condition")
    for key, value in entries.items():
        check_rule_key(key, value.where)
    return {key: value.plain() for key, value in entries.items()}


def _sample(node: Node) -> Sample:
    keys = node.mapping(required=("count",), optional=("seed",))
    return Sample(_whole(keys["count"], 1), _whole(keys["seed"], 0) if "seed" in keys else 0)


def _columns(node: Node) -> str:
    return ",".join(_each(node, Node.text))


def _proxies(node: Node) -> dict[str, str]:
    for name, source in _entries(node).items():
        check_proxy(name, source.text(), source.where)
    return {name: source.text() for name, source in _entries(node).items()}


def _search(node: Node) -> Search:
    optional = ("sampler", "seed", "constraints", "storage", "pareto")
    keys = node.mapping(required=("trials",), optional=optional)
    given: dict[str, Any] = {}
    if "sampler" in keys:
        given["sampler"] = keys["sampler"].one_of(SAMPLERS)
    if "seed" in keys:
        given["seed"] = _whole(keys["seed"], 0)
    if "storage" in keys:
        given["storage"] = keys["storage"].text()
    if "constraints" in keys:
        stated = keys["constraints"]
        nodes = stated.items() if isinstance(stated.value, list) else [stated]
        given["constraints"] = tuple(one.text() for one in nodes)
        given["places"] = {one.text(): one.where for one in nodes}
    return Search(trials=_whole(keys["trials"], 1), **given)


def _whole(node: Node, least: int) -> int:
    value = node.value
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        node.refuse(f"must be a whole number of at least {least}")
    return int(value)


def _timing(node: Node) -> Timing | None:
    """Return how to time: `true` is the paper's protocol, `false` counting alone."""
    if isinstance(node.value, bool):
        return Timing() if node.value else None
    keys = node.mapping(required=(), optional=("device", "protocol", *SETTABLE))
    about: dict[str, Any] = {key: keys[key].text() for key in ("device", "protocol") if key in keys}
    changes = {}
    for key, value in keys.items():
        if key in about:
            continue
        if rule := broken_rule(key, value.value):
            value.refuse(rule)
        changes[key] = value.value
    return Timing(**about, changes=changes)
