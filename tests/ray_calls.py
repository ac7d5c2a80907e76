"""What tests of the cluster run on its nodes; each notes in a folder what it saw."""

import json
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

from example_records import PROFILE

from harness.profiling.request import Measured
from harness.records import ProfileRecord
from harness.sweep.worker import watched

_folder = Path()


def start(folder: str) -> None:
    global _folder
    _folder = Path(folder)


def seen() -> dict[str, Any]:
    """Return where this task runs and what it holds."""
    import ray

    context = ray.get_runtime_context()
    held = context.get_assigned_resources()
    return {
        "node": context.get_node_id(),
        "pid": os.getpid(),
        "gpus": held.get("GPU", 0),
        "cpus": held.get("CPU", 0),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "at": time.time(),
    }


def note(folder: Path, name: str, what: dict[str, Any]) -> None:
    path = folder / f"{name}-{time.time_ns()}"
    path.with_suffix(".part").write_text(json.dumps(what))
    path.with_suffix(".part").rename(path)


def notes(folder: Path, kind: str) -> list[dict[str, Any]]:
    found = [p for p in folder.glob(f"{kind}-*") if p.suffix != ".part"]
    return [json.loads(path.read_text()) for path in sorted(found)]


def wait_and_note(numbers: Sequence[int]) -> list[int]:
    note(_folder, "chunk", seen() | {"numbers": list(numbers)})
    time.sleep(0.15)
    return list(numbers)


def wait_for_go(numbers: Sequence[int]) -> list[int]:
    """Note a chunk and wait until there is a file `go`; number 0 does not wait."""
    note(_folder, "chunk", seen() | {"numbers": list(numbers)})
    while 0 not in numbers and not (_folder / "go").exists():
        time.sleep(0.02)
    return list(numbers)


def stuck_at_13(numbers: Sequence[int]) -> list[int]:
    """Go on for ever in C, which lets no other thread run, when 13 comes."""
    for number in watched(numbers, 0.5):
        if number == 13:
            deque(repeat(0), maxlen=0)
    return list(numbers)


def hang(numbers: Sequence[int]) -> list[int]:
    note(_folder, "chunk", seen() | {"numbers": list(numbers)})
    time.sleep(600)
    return list(numbers)


def node(numbers: Sequence[int]) -> list[str]:
    return [seen()["node"] for _ in numbers]


def measure(needed: Any, request: Any, measured: Any, first: bool) -> tuple[str, ProfileRecord]:
    """Pretend to measure for as long as `request.changes` says, the folder being its protocol.

    What `hangs` never ends; with a gate the others go on until there is a file `go`.
    """
    folder = Path(request.protocol)
    about = seen() | {"variant": measured.row.name, "first": first, "needed": needed}
    note(folder, "begin", about)
    if measured.row.name.endswith(request.changes["dies"]):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600 if measured.row.name in request.changes["hangs"] else request.changes["seconds"])
    while request.changes["gate"] and not (folder / "go").exists():
        time.sleep(0.02)
    note(folder, "end", about | {"end": time.time()})
    environment = {"device": {"type": "cuda", "name": request.changes["device"]}}
    return "10.0.0.9", replace(PROFILE, variant=measured.row.name, environment=environment)


class Resolved(Measured):
    """A variant that is only pretended to be measured."""
