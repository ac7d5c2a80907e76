"""What a connection to a real cluster leaves behind when it ends: nothing."""

import signal
import time
from pathlib import Path

import pytest
from ray_calls import hang, notes
from ray_calls import start as noting

from sweep.cluster.conftest import Nodes, wait_until_gone

ray = pytest.importorskip("ray", reason="needs ray")

from harness.sweep.cluster.connection import connected  # noqa: E402
from harness.sweep.cluster.on_node import run_chunk  # noqa: E402

pytestmark = pytest.mark.slow

CPUS = 2


def test_what_runs_ends_with_the_connection(two: Nodes, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with connected(two.address):
        assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
        setup = ("a pool", noting, (str(tmp_path),))
        answers = [ray.remote(run_chunk).remote(setup, hang, [number]) for number in range(CPUS)]
        deadline = time.monotonic() + 120
        while len(notes(tmp_path, "chunk")) < CPUS:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert len(answers) == CPUS
    wait_until_gone([one["pid"] for one in notes(tmp_path, "chunk")])
