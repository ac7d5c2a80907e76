"""Protocols by name: the built-in ones and a user's own, as YAML files.

A file says what differs from the protocol that it extends; device, threads and input size come from
the request, where the file does not set them. Under `cpu:` and `cuda:` stands what holds on that
kind of device only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import BadRequest, did_you_mean
from harness.timing.protocol import FLAGS, LEAST, SUPPORTED, Protocol, broken_rule
from variants.yaml_node import Node, read

BUILT_IN = Path(__file__).parent / "protocols"
PAPER = BUILT_IN / "paper.yaml"  # what every other one extends, directly or not
KINDS = ("cpu", "cuda")

# When timing ends where no file and no request says so. Without a budget, 10,000 passes of a
# 45 GMAC network take a CPU half a day. With `until`, the interval is to end it, the budget only
# where that would take too long; fewer than 30 passes give no interval to stop by.
BUDGET_S = {"cpu": 20.0, "cuda": None}
MIN_ITERATIONS = 5
UNTIL_BUDGET_S = {"cpu": 120.0, "cuda": 60.0}
UNTIL_MIN_ITERATIONS = 30

# What a file may set anywhere, and what only outside `cpu:` and `cuda:`.
SETTABLE = (
    *LEAST,
    *FLAGS,
    *("until", "budget_s"),
    *(field for field in SUPPORTED if field not in ("device", "timed_region")),
)
_OUTSIDE = ("extends", "summary", "size", *KINDS)


def protocol_names() -> list[str]:
    """Return the names of the built-in protocols."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))


def load_protocol(name_or_path: str) -> dict[str, Any]:
    """Return the values of a protocol, those that it extends included: what `make_protocol` takes.

    Args:
        name_or_path: `paper`, `latency`, or a YAML file of your own.

    Raises:
        BadRequest: If there is no such protocol, its file is broken (names file and line), or it
            has a built-in protocol's name and is not that.
    """
    names = protocol_names()
    if not _is_file_name(name_or_path):
        if name_or_path not in names:
            raise BadRequest(
                f"no protocol {name_or_path!r} (nor a .yaml file)"
                f"{did_you_mean(name_or_path, names)}"
            )
        return _load(BUILT_IN / f"{name_or_path}.yaml")
    path = Path(name_or_path)
    values = _load(path)
    if path.stem.casefold() in names and path.resolve().parent != BUILT_IN.resolve():
        raise BadRequest(
            f"{path}: a protocol is called as its file, and the names {', '.join(names)} are "
            f"taken, got {path.stem!r}"
        )
    return values


def make_protocol(
    values: Mapping[str, Any],
    *,
    device: str,
    size: tuple[int, int],
    threads: int | None = None,
    **changes: Any,
) -> Protocol:
    """Return the protocol that `values` and `changes` make on a device.

    Args:
        values: From `load_protocol`.
        device: `cpu`, `cuda` or `cuda:N`.
        size: Height and width of the input, where `values` do not set them; to have it win over a
            file's, put it there (`values | {"size": ...}`).
        threads: Threads of one operator on the CPU; by default `values`', else torch's.
        changes: Fields of `Protocol`, and `batch`; they win over `values`, null included.

    Raises:
        BadRequest: As `Protocol` does.
    """
    kind = device.partition(":")[0]
    if kind not in KINDS:
        raise BadRequest(f"protocol: device must be {' or '.join(KINDS)}, got {device!r}")
    chosen = {key: value for key, value in values.items() if key not in KINDS}
    chosen |= {**values[kind], **changes}
    if threads is not None:
        chosen["threads"] = threads
    elif "threads" not in chosen:
        chosen["threads"] = _torch_threads()
    until = chosen.get("until") is not None
    chosen.setdefault("budget_s", (UNTIL_BUDGET_S if until else BUDGET_S)[kind])
    chosen.setdefault("min_iterations", UNTIL_MIN_ITERATIONS if until else MIN_ITERATIONS)
    chosen.setdefault("tf32", chosen["precision"] == "tf32")
    if chosen["backend"] == "onnxruntime":
        chosen.setdefault("provider", kind)
    height, width = chosen.pop("size", size)
    batch = chosen.pop("batch")
    return Protocol(**chosen, input=(batch, 3, height, width), device=kind)


def paper_protocol(
    input_shape: tuple[int, int, int, int], device: str, iterations: int | None = None
) -> Protocol:
    """Return the paper's protocol for one input, in one round.

    On the CPU with a budget. For other values, use `dataclasses.replace`.

    Args:
        input_shape: `(N, C, H, W)`.
        device: `cpu`, `cuda` or `cuda:N`.
        iterations: Timed passes asked for; 10,000 unless given.
    """
    changes = {} if iterations is None else {"iterations": iterations}
    paper = make_protocol(
        load_protocol("paper"), device=device, size=input_shape[2:], rounds=1, **changes
    )
    return replace(paper, input=input_shape)


def _torch_threads() -> int:
    import torch  # not above: what only reads protocols needs no torch

    return torch.get_num_threads()


def _load(path: Path, children: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return the values of a file; `children` are those that extend it, the first asked for."""
    keys = read(path, what="protocol").mapping(required=(), optional=(*SETTABLE, *_OUTSIDE))
    if path.resolve() in [child.resolve() for child in children]:
        chain = " -> ".join(map(str, (*children, path)))
        raise BadRequest(f"{children[-1]}: a protocol must not extend itself, got {chain}")
    values: dict[str, Any] = {kind: {} for kind in KINDS}
    if path.resolve() != PAPER.resolve():
        values = _load(_parent(path, keys.get("extends")), (*children, path))
    if "summary" in keys:
        keys["summary"].text()
    for key, node in keys.items():
        if key not in ("extends", "summary", *KINDS):
            values[key] = _size(node) if key == "size" else _value(key, node)
            for kind in KINDS:  # what is said here wins over what was inherited
                values[kind].pop(key, None)
    for kind in KINDS:
        if kind in keys:
            inner = keys[kind].mapping(required=(), optional=SETTABLE)
            values[kind] |= {key: _value(key, node) for key, node in inner.items()}
    return values | {"name": path.stem}


def _parent(path: Path, node: Node | None) -> Path:
    """Return the file that `path` extends; `node` is what it says about that."""
    if node is None:
        return PAPER
    name = node.text()
    if _is_file_name(name):
        beside = path.parent / name
        return beside if beside.is_file() else node.refuse("must be a file that is there")
    names = protocol_names()
    if name not in names:
        node.refuse(f"must be {' or '.join(names)} or a .yaml file")
    return BUILT_IN / f"{name}.yaml"


def _is_file_name(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _size(node: Node) -> tuple[int, int]:
    size = re.fullmatch(r"([1-9][0-9]*)x([1-9][0-9]*)", node.text())
    return (int(size[1]), int(size[2])) if size else node.refuse("must be HxW")


def _value(key: str, node: Node) -> Any:
    value = node.value
    if rule := broken_rule(key, value):
        node.refuse(rule)
    return float(value) if key in ("until", "budget_s") and value is not None else value
