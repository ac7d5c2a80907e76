"""How fast devices are relative to one of them: the paper's table, or one of your own.

A table of your own is a YAML file like `scales.yaml` beside this module; `extends: paper` takes
over the paper's reference, TensorRT factor and devices, so that only new devices need a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.errors import BadRequest
from variants.yaml_node import Node, read

PAPER = Path(__file__).with_name("scales.yaml")
IGNORED = ("nvidia", "geforce")  # words that some tools put before a card's name, and some do not


@dataclass(frozen=True, kw_only=True)
class Scales:
    """A table of scales.

    Attributes:
        name: What the table is called in print.
        source: Where its figures come from.
        reference: The device whose scale is 1.
        tensorrt: How much faster TensorRT is; null where the table does not say.
        by_device: Scale by the device's plain name (`plain_name`), other spellings included.
    """

    name: str
    source: str
    reference: str
    tensorrt: float | None
    by_device: Mapping[str, float]

    def scale(self, device: str) -> float | None:
        """Return how fast `device` is relative to the reference; null where the table lacks it."""
        return self.by_device.get(plain_name(device))


@lru_cache(maxsize=1024)  # a table asks for the same few devices row by row
def plain_name(device: str) -> str:
    """Return a device's name without what differs between tools.

    Example:
        >>> plain_name("NVIDIA GeForce GTX 1080 Ti") == plain_name("GTX 1080ti")
        True
    """
    words = device.casefold().split()
    return "".join(word for word in words if word not in IGNORED)


def load_scales(path: Path | None = None) -> Scales:
    """Return the paper's table, or that of the YAML file `path`.

    Raises:
        BadRequest: If the file is broken; names file and line.
    """
    root = read(path or PAPER, what="scales")
    keys = root.mapping(
        required=("source", "devices"), optional=("extends", "reference", "tensorrt")
    )
    reference, tensorrt, devices = _extended(root, keys)
    devices = _devices(keys["devices"], devices)
    if devices.get(plain_name(reference)) != 1:
        raise BadRequest(f"{keys['devices'].where}: the scale of {reference} must be 1")
    return Scales(
        name="the paper's table" if path is None else path.name,
        source=keys["source"].text(),
        reference=reference,
        tensorrt=_positive(keys["tensorrt"]) if "tensorrt" in keys else tensorrt,
        by_device=devices,
    )


def _extended(root: Node, keys: dict[str, Node]) -> tuple[str, float | None, dict[str, float]]:
    """Return the reference, and the TensorRT factor and devices that a table starts from."""
    if "extends" not in keys:
        if "reference" not in keys:
            raise BadRequest(f"{root.where}: scales lacks the key 'reference' or 'extends'")
        return keys["reference"].text(), None, {}
    keys["extends"].one_of(("paper",))
    paper = load_scales()
    if "reference" in keys:
        keys["reference"].refuse(f"must be left out, since the extended one is {paper.reference}")
    return paper.reference, paper.tensorrt, dict(paper.by_device)


def _devices(node: Node, known: dict[str, float]) -> dict[str, float]:
    for entry in node.items():
        keys = entry.mapping(required=("name", "scale"), optional=("also",))
        also = keys["also"].items() if "also" in keys else []
        scale = _positive(keys["scale"])
        own = {}
        for name in (keys["name"], *also):
            plain = plain_name(name.text())
            if plain in known:
                name.refuse("must be a device that has no scale yet")
            own[plain] = scale
        known |= own
    return known


def _positive(node: Node) -> float:
    number = node.number()
    if number <= 0:
        node.refuse("must be positive")
    return number
