"""What a row says about its network beside what it is made of: where it is from, what it is fed.

None of it changes the network, so none of it enters a spec or its hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from variants.errors import BadRequest
from variants.yaml_node import Node

FIDELITIES = ("official", "reimplementation", "reconstructed", "paper")
REPORTED = "reported"  # of networks that cannot be built (`variants.reported_only`)
COLOURS = ("rgb", "bgr")
SCALES = (1, 255)
_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class Source:
    """Where the facts come from that a network was built from.

    Attributes:
        repo: Repository, or what else was read.
        commit: Commit of it; empty where there is none.
        note: What a reader has to know of it, in a line.
    """

    repo: str
    commit: str = ""
    note: str = ""

    def __str__(self) -> str:
        at = f" @{self.commit[:7]}" if self.commit else ""
        return f"{self.repo}{at}" + (f", {self.note}" if self.note else "")


@dataclass(frozen=True)
class Image:
    """What becomes of an 8-bit image before the network reads it: `(x * scale/255 - mean) / std`.

    Attributes:
        colour: Order of the three channels, `rgb` or `bgr`.
        scale: What white (255) becomes before `mean` is subtracted: 1 or 255.
        mean: For each channel in the order of `colour`, in units of `scale`.
        std: Likewise.
    """

    colour: str
    scale: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __str__(self) -> str:
        mean, std = (", ".join(f"{v:g}" for v in values) for values in (self.mean, self.std))
        return f"{self.colour.upper()} in 0..{self.scale}, minus [{mean}], over [{std}]"


def parse_size(text: object, who: str) -> tuple[int, int]:
    """Return height and width of a text such as `1024x2048`.

    Raises:
        BadRequest: If the text is anything else.
    """
    match = _SIZE.fullmatch(str(text).strip().lower().replace("×", "x"))
    if match is None:
        raise BadRequest(f"{who}: an input is HEIGHTxWIDTH, such as 1024x2048, got {str(text)!r}")
    return int(match[1]), int(match[2])


def read_fidelity(node: Node) -> str:
    """Return how near a network is to its origin.

    `official`: equal to the authors' code; `reimplementation`: equal to public code of others;
    `reconstructed`: put together from several sources; `paper`: from what a paper says. A network
    that can be built is one of these; `reported` is what listings say of one that cannot.

    Raises:
        BadRequest: If it is none of these.
    """
    return node.one_of(FIDELITIES)


def read_source(node: Node) -> Source:
    """Return the source of a row.

    Raises:
        BadRequest: If a key is unknown, `repo` is missing, or the commit is no hash.
    """
    keys = node.mapping(required=("repo",), optional=("commit", "note"))
    texts = {key: value.text() for key, value in keys.items()}
    if "commit" in keys and not _COMMIT.fullmatch(texts["commit"]):
        keys["commit"].refuse("must be 7 to 40 hexadecimal digits")
    return Source(**texts)


def read_image(node: Node) -> Image:
    """Return what a row's network is fed.

    Raises:
        BadRequest: If a key is unknown or missing, or a value is out of range.
    """
    keys = node.mapping(required=("colour", "scale", "mean", "std"), optional=())
    scale = keys["scale"].number()
    if scale not in SCALES:
        keys["scale"].refuse(f"must be one of {', '.join(map(str, SCALES))}")
    std = _three(keys["std"])
    if min(std) <= 0:
        keys["std"].refuse("must be above 0 for every channel")
    return Image(keys["colour"].one_of(COLOURS), int(scale), _three(keys["mean"]), std)


def _three(node: Node) -> tuple[float, float, float]:
    values = [entry.number() for entry in node.items()]
    if len(values) != 3:
        node.refuse("must have three entries, one for each channel")
    return (values[0], values[1], values[2])
