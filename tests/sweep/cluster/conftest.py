"""A real Ray cluster of two nodes on this machine, each with a CPU and a GPU that is none."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sweep_calls import processes

from sweep.running import ROOT


@dataclass
class Started:
    """A node: `ray start --block` and all that it started, in a session of its own."""

    process: "subprocess.Popen[str]"
    address: str

    def kill(self) -> None:
        """End it as a power cut does: workers too, which have process groups of their own."""
        while alive := processes(self.process.pid):
            for pid in alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.communicate()


# Whether or not whoever runs the tests has a token for clusters of their own.
os.environ["RAY_AUTH_MODE"] = "disabled"
os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"


class Nodes:
    """The cluster: a head that lives on, and another node that may be killed.

    Each has its own folder of temporary files, as two machines would.
    """

    def __init__(self, folder: Path, site: Path) -> None:
        self._folder = folder
        self._site = site
        self._all: list[Started] = []
        self._second: Started | None = None
        client = free_port()
        self.client = f"ray://127.0.0.1:{client}"
        self.address = self.start(
            *("head", "--head", "--port=0", f"--ray-client-server-port={client}"),
            f"--temp-dir={folder}",
        ).address

    def start(self, label: str, *more: str, path: Path | None = None) -> Started:
        """Start a node with the label `which`; what is under `path` is imported first."""
        temporary = self._folder / f"tmp{len(self._all)}"
        temporary.mkdir()
        places = (*([path] if path else []), ROOT, ROOT / "tests", self._site)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *more),
                *("--num-cpus=1", "--num-gpus=1", "--object-store-memory=80000000"),
                *("--disable-usage-stats", f"--labels=which={label}"),
                *(["--include-dashboard=false"] if "--head" in more else []),
            ],
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(map(str, places)), "TMPDIR": str(temporary)}
            | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        said, address = "", ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            found = re.search(r"ray start --address='([^']+)'", line)
            address = found.group(1) if found else address
            if "Ray runtime started" in said and (address or "--head" not in more):
                self._all.append(Started(process, address))
                return self._all[-1]
        raise AssertionError(f"no node: {said}")

    def second(self) -> None:
        """Have the node beside the head, a new one where it was killed."""
        if self._second is None:
            self._second = self.start("second", f"--address={self.address}")

    def kill_second(self) -> None:
        assert self._second is not None
        self._second.kill()
        self._second = None

    def tasks(self) -> list[tuple[int, str]]:
        """Return processes and titles of Ray's workers, which are named for what they do."""
        found = []
        for pid in (pid for node in self._all for pid in processes(node.process.pid)):
            with suppress(OSError):  # gone meanwhile
                found.append((pid, Path(f"/proc/{pid}/cmdline").read_text().strip("\0")))
        return [(pid, title) for pid, title in found if title.startswith("ray::")]

    def shutdown(self) -> None:
        for node in self._all:
            if node.process.poll() is None:
                node.kill()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def nodes(site: Path) -> Iterator[Nodes]:
    pytest.importorskip("ray", reason="needs ray")
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # sockets have short names
    cluster = Nodes(folder, site)
    try:
        yield cluster
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def two(nodes: Nodes) -> Nodes:
    """Return the cluster with both of its nodes."""
    nodes.second()
    return nodes


@pytest.fixture(scope="module")
def connection(nodes: Nodes) -> Iterator[str]:
    """Be connected for all tests of a module: processes on the nodes are started once for them."""
    from harness.sweep.cluster.connection import connected

    with connected(nodes.address):
        yield nodes.address


def wait_until_known(count: int = 2) -> None:
    """Wait until the cluster that we are connected to knows its nodes: of deaths it hears late."""
    import ray

    deadline = time.monotonic() + 120
    while len(alive := [node["NodeID"] for node in ray.nodes() if node["Alive"]]) != count:
        assert time.monotonic() < deadline, f"must be {count} nodes, got {alive}"
        time.sleep(0.1)


def wait_until_gone(pids: list[int], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)
