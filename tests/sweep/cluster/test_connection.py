"""What a connection to a real cluster leaves behind when it ends: nothing."""

import signal
import time
from pathlib import Path

import pytest
from ray_calls import hang, notes
from ray_calls import start as noting
from sweep_calls import die_at_13, flat, start

from sweep.cluster.conftest import Nodes, wait_until_gone

ray = pytest.importorskip("ray", reason="needs ray")

from harness.sweep.cluster.connection import connected  # noqa: E402
from harness.sweep.cluster.nodes import Cluster  # noqa: E402
from harness.sweep.cluster.on_node import run_chunk  # noqa: E402
from harness.sweep.cluster.pool import RayPool  # noqa: E402
from harness.sweep.executor import GivenUp  # noqa: E402
from harness.sweep.pool import DIED  # noqa: E402

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


def test_rays_client_will_do_though_processes_die(two: Nodes) -> None:
    pytest.importorskip("ray.util.client", reason="needs ray[client]")
    with connected(two.client):
        pool = RayPool(Cluster({}, lambda _line: None), None, start, "")
        found = list(pool.run(die_at_13, [[11, 12], [13], [14, 15]]))
    assert [entry for entry in found if isinstance(entry[1], GivenUp)] == [([13], GivenUp(DIED))]
    assert flat(found) == [11, 12, 14, 15]
