"""How tests run `harness sweep`: in their own process, or in one that can be killed."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Harness = Callable[..., Done]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "harness", "sweep", *map(str, arguments)]


def environment(*places: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, *places)))}
