"""`harness sweep --executor ray` as a user meets it, on a real cluster of two nodes."""

import json
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import store
from harness.proxy_record import ProxyRecord
from harness.records import FailedRecord, ProfileRecord
from sweep.cluster.conftest import Nodes, wait_until_gone
from sweep.running import ROOT, Harness, command, environment
from sweep.tiny import CATALOG, Tiny

pytest.importorskip("ray", reason="needs ray")

pytestmark = pytest.mark.slow

GRID = (
    *("--variant", "fassd-net", "--input", "128x256", "--json"),
    *("--grid", "context.alpha=1,2,4,7,8,14", "--grid", "fusion.merge=add,concat"),
    *("--grid", "fusion.dilations=[8,4,2],[2,4,8],[1,1,1],[4,2,1],[16,8,4]"),
    *("--grid", "stem.strides=[2,1,2,1],[3,1,2,1],[2,2,2,1],[2,1,1,2]"),
)
VARIANTS = 6 * 2 * 5 * 4


def on(nodes: Nodes) -> tuple[str, ...]:
    return ("--executor", "ray", "--address", nodes.address)


def counts(folder: Path) -> list[tuple[str, str, object]]:
    """Return of each record, in order, what a count is."""
    loaded = store.load(folder)
    assert loaded.problems == []
    found = [record for record in loaded.records if isinstance(record, ProfileRecord)]
    assert len(found) == len(loaded.records)
    return [(record.variant, record.spec_sha256, record.static) for record in found]


def test_it_measures_what_a_local_sweep_does_though_a_node_dies(
    two: Nodes, harness: Harness, tmp_path: Path
) -> None:
    local = harness(*GRID, "--results", "here")
    assert json.loads(local.stdout)["measured"] == VARIANTS

    over = threading.Event()

    def kill() -> None:
        while not list((tmp_path / "there").rglob("*.jsonl")) and not over.wait(0.005):
            pass
        two.kill_second()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        done = harness(*GRID, "--results", "there", *on(two))
    finally:
        over.set()
        killer.join()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["measured"] == VARIANTS
    assert counts(tmp_path / "there") == counts(tmp_path / "here")
    again = harness(*GRID, "--results", "there", "--resume", "--dry-run")  # here, as any other
    assert (json.loads(again.stdout)["reused"], again.returncode) == (VARIANTS, 0)


@pytest.mark.usefixtures("threads_as_alone")
def test_timing_on_cpus_holds_whole_nodes_and_is_resumed(
    two: Nodes, harness: Harness, tmp_path: Path
) -> None:
    sweep = (
        *("--variant", "fassd-net-l2", "--grid", "fusion.merge=add,concat", "--input", "64x64"),
        *("--timing", "--device", "cpu", "--iterations", "2", "--rounds", "1", "--json"),
    )
    done = harness(*sweep, *on(two))
    assert json.loads(done.stdout)["measured"] == 2, done.stderr
    found = store.load(tmp_path / "results").records
    for record in found:
        assert isinstance(record, ProfileRecord)
        assert record.timing is not None
        assert record.timing.iterations == 2
        # as torch has it outside Ray, which would have it be the one CPU that a node has here
        assert record.timing.protocol["threads"] == record.environment["torch_threads"]
        assert record.environment["torch_threads"] == torch_threads()
    again = json.loads(harness(*sweep, *on(two), "--resume").stdout)
    assert (again["measured"], again["reused"]) == (0, 2)
    here = json.loads(harness(*sweep, "--resume", "--dry-run").stdout)
    assert here["reused"] == 2  # the device and the protocol are those of this machine


def torch_threads() -> int:
    import torch

    return torch.get_num_threads()


def test_json_is_all_that_stdout_has_though_workers_die(
    two: Nodes, harness: Harness, tmp_path: Path
) -> None:
    done = harness(
        *("--variant", "fassd-net-l2", "--grid", "context.name=bad", "--input", "64x64"),
        *("--grid", "context.how=crash,fine", "--json", *on(two)),
    )
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    name = "fassd-net-l2[context.how=crash,context.name=bad]"
    reason = "its process died 3 times while nothing else ran in it"
    assert found["failed"] == [{"variant": name, "input": "64x64", "reason": reason}]
    assert (done.returncode, found["measured"]) == (1, 1)
    stored = store.load(tmp_path / "results").records
    assert [r.reason for r in stored if isinstance(r, FailedRecord)] == [reason]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with this project as it is not: a version of another number."""
    folder = tmp_path_factory.mktemp("older")
    for package in ("harness", "variants"):
        shutil.copytree(ROOT / package, folder / package)
    (folder / "harness" / "__init__.py").write_text('__version__ = "0.0.1"\n')
    return folder


def test_a_node_with_another_version_is_refused_by_name(
    nodes: Nodes, harness: Harness, older: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "harness.py").write_text("raise ImportError\n")
    for label, path, got in (
        ("older", older, "got harness 0.0.1, source "),
        ("empty", empty, "got harness none, source none, schema none, torch none"),
    ):
        node = nodes.start(label, f"--address={nodes.address}", path=path)
        try:
            done = harness(*GRID, *on(nodes), "--nodes", f"which={label}")
        finally:
            node.kill()
        assert (done.returncode, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert line.startswith("harness: node ")
        assert ": must have what the command has, harness 0.1.0, source " in line
        assert got in line
    assert not (tmp_path / "results").exists()


def test_no_node_of_a_label_is_refused(two: Nodes, harness: Harness) -> None:
    done = harness(*GRID, *on(two), "--nodes", "which=third")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "harness: --nodes: some node must have the label which=third, got none\n"


COUNTING = ("--grid", "context.how=hang", "--grid", "context.at=build", "--limit", "500")
TIMING = ("--timing", "--device", "cpu", "--iterations", "1000000000", "--budget", "500")


@pytest.mark.parametrize(
    ("what", "how", "status"),
    [
        (COUNTING, signal.SIGTERM, 143),
        (COUNTING, signal.SIGKILL, -9),
        (TIMING, signal.SIGTERM, 143),
    ],
    ids=["counting-SIGTERM", "counting-SIGKILL", "timing-SIGTERM"],
)
def test_nothing_is_left_running_whatever_ends_it(
    two: Nodes, site: Path, tmp_path: Path, what: tuple[str, ...], how: int, status: int
) -> None:
    hanging = (
        *("--variant", "fassd-net-l2", "--grid", "context.name=bad", "--input", "64x64"),
        *("--grid", "context.tag=1,2,3,4", *what, "--json", *on(two)),
    )
    with subprocess.Popen(
        command(*hanging), cwd=tmp_path, env=environment(site),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        while len(mine := busy(two)) < 2:
            assert child.poll() is None, child.stderr.read() if child.stderr else ""
            time.sleep(0.1)
        time.sleep(0.5)
        child.send_signal(how)
        out, err = child.communicate(timeout=240)
    assert child.returncode == status
    assert (out, "Traceback" in err) == ("", False)
    wait_until_gone(list(mine))


def busy(nodes: Nodes) -> set[int]:
    """Return the processes in which chunks are being looked at, or variants measured."""
    return {pid for pid, title in nodes.tasks() if "run_chunk" in title or "measure_here" in title}


def test_a_search_finds_there_what_it_finds_here(two: Nodes, harness: Harness) -> None:
    pytest.importorskip("optuna", reason="needs optuna")
    goals = ("--search", "6", "--pareto", "macs.paper,max:params", "--constraint", "params <= 3M")
    local = json.loads(harness(*GRID, *goals, "--results", "here").stdout)
    done = harness(*GRID, *goals, "--results", "there", *on(two))
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert (there["measured"], there["search"]["variants"]) == (6, 6)
    names = [[row["variant"] for row in found["pareto"]] for found in (local, there)]
    assert names[0] == names[1] != []


TINY = ("--variant", "tiny", "--catalog", "tiny.yaml", "--input", "16x16", "--json")


def test_a_timed_search_times_there_only_what_meets_its_constraints_by_its_counts(
    two: Nodes, harness: Harness, tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="needs optuna")
    (tmp_path / "tiny.yaml").write_text(CATALOG)
    done = harness(
        *(*TINY, "--grid", "network.width=1..3", "--timing", "--device", "cpu"),
        *("--iterations", "2", "--rounds", "1", "--search", "3", "--pareto", "params,fps"),
        *("--constraint", "params <= 9", *on(two)),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["planned"], found["measured"], found["search"]["feasible"]) == (3, 3, 2)
    # by hand: 4 * width <= 9 are the widths 1 and 2
    records = [r for r in store.load(tmp_path / "results").records if isinstance(r, ProfileRecord)]
    timed = {Tiny.of(record.spec).width: record.timing is not None for record in records}
    assert timed == {1: True, 2: True, 3: False}
    assert {row["network.width"] for row in found["pareto"]} <= {1, 2}
    assert all(row["fps"] > 0 for row in found["pareto"])


def test_proxies_beside_the_user_are_sent_with_what_they_import_from_there(
    two: Nodes, harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(CATALOG)
    mine = tmp_path / "mine"  # not the working directory, where nodes of this machine look too
    mine.mkdir()
    monkeypatch.syspath_prepend(str(mine))
    (mine / "sent_factor.py").write_text("FACTOR = 3\n")
    (mine / "sent_scores.py").write_text(
        "import sent_factor\n"
        "def weighed(network, shape):\n"
        "    return sent_factor.FACTOR * sum(p.numel() for p in network.parameters())\n"
    )
    package = mine / "sent_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text("from . import numbers\n\ndef seven(n, s): return numbers.N")
    (package / "numbers.py").write_text("N = 7\n")
    done = harness(
        *(*TINY, "--grid", "network.width=1..4", "--proxy", "weighed=sent_scores:weighed"),
        *("--proxy", "seven=sent_package.parts:seven", *on(two)),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["measured"] == 4
    scores = [r for r in store.load(tmp_path / "results").records if isinstance(r, ProxyRecord)]
    found = {(record.name, record.spec["network"]["width"]): record.value for record in scores}
    # by hand: a width has 3 + 1 weights
    weighed = {("weighed", width): 3 * 4 * width for width in range(1, 5)}
    assert found == weighed | {("seven", width): 7 for width in range(1, 5)}


def test_a_node_without_an_installed_proxy_is_refused_before_anything_runs(
    two: Nodes, harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "installed_scores.py").write_text("def one(network, shape): return 1\n")
    monkeypatch.syspath_prepend(str(installed))
    (tmp_path / "tiny.yaml").write_text(CATALOG)
    grid = ("--grid", "network.width=1,2")
    done = harness(*TINY, *grid, *on(two), "--proxy", "one=installed_scores:one")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("harness: node ")
    assert line.endswith(
        ": --proxy: installed_scores:one must be importable, got No module named 'installed_scores'"
    )
    assert not (tmp_path / "results").exists()
