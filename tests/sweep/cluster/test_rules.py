"""What can be told of a sweep on a cluster without one."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.sweep_order import labels_of
from harness.errors import BadRequest, RunFailed
from harness.profiling.request import Measured, Request
from harness.records import FailedRecord
from harness.sweep.definition import Definition
from harness.sweep.estimate import timed_s
from harness.sweep.origins import packages_of
from harness.sweep.plan import Key
from harness.sweep.worker import check_chunk, prepare
from harness.timing.named import load_protocol, make_protocol
from sweep.running import ROOT, Done, Harness
from variants.catalog import load_catalog, override
from variants.spec import resolve

ALPHAS = ("--variant", "fassd-net", "--grid", "context.alpha=1,2", "--input", "128x256")
RAY = ("--executor", "ray")


def refusal(done: Done) -> str:
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line.removeprefix("harness: ")


def test_what_is_about_a_cluster_needs_one(harness: Harness) -> None:
    for flag, value in (("--address", "10.0.0.1:6379"), ("--nodes", "a=b")):
        done = harness(*ALPHAS, flag, value)
        assert refusal(done) == f"{flag}: is about a cluster, got no --executor ray"
    done = harness(*ALPHAS, "--executor", "slurm")
    assert refusal(done) == "--executor: must be local or ray, got slurm"


def test_labels_are_names_with_values() -> None:
    assert labels_of(["a=b", "ray.io/x=y=z"]) == {"a": "b", "ray.io/x": "y=z"}
    for wrong in ("a", "a=", "=b"):
        with pytest.raises(BadRequest, match=f"--nodes: must be LABEL=VALUE, got '{wrong}'"):
            labels_of([wrong])
    with pytest.raises(BadRequest, match="a label must stand once, got a twice"):
        labels_of(["a=b", "a=c"])


def test_without_ray_it_says_what_to_install(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    line = refusal(harness(*ALPHAS, *RAY))
    assert line == "--executor ray: needs Ray, got none installed; pip install 'harness[ray]'"


def test_an_address_where_no_cluster_answers_is_refused_at_once(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster import connection

    monkeypatch.setattr(connection, "CHECK_S", 1.0)
    rule = (
        "--address: must be that of a Ray cluster that answers, got {}; "
        "`ray start --head` starts one"
    )
    begin_s = time.monotonic()
    with socket.socket() as deaf:  # takes a call and says nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        assert refusal(harness(*ALPHAS, *RAY, "--address", address)) == rule.format(address)
        monkeypatch.setenv("RAY_ADDRESS", address)  # what auto is then
        assert refusal(harness(*ALPHAS, *RAY)) == rule.format(address)
    monkeypatch.setattr(subprocess, "run", pytest.fail)  # there is nobody to be asked
    for wrong in (address, f"ray://{address}", "ray://nowhere", "nonsense"):
        assert refusal(harness(*ALPHAS, *RAY, "--address", wrong)) == rule.format(wrong)
    assert time.monotonic() - begin_s < 200  # where Ray alone takes two minutes each


def test_versions_differ_by_name_and_both_sides_are_told() -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.probe import look
    from harness.sweep.cluster.versions import differing, versions

    mine = versions(["pytest", "no-such-package"])
    assert mine["no-such-package"] == "none"
    assert mine["pytest"] == pytest.__version__
    assert mine["Python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert look(["pytest", "no-such-package"]) == mine
    assert differing(mine, mine) == ""
    other = {**mine, "torch": "2.6.0", "schema": "0"}
    schema, torch = mine["schema"], mine["torch"]
    assert differing(mine, other) == (f"schema {schema}, torch {torch}, got schema 0, torch 2.6.0")
    assert "+" not in torch  # the build may be another


def test_a_change_of_the_source_is_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster import versions

    shutil.copytree(ROOT / "harness", tmp_path / "harness")
    installed = versions.versions()
    copy = SimpleNamespace(
        __name__="harness", __file__=str(tmp_path / "harness" / "__init__.py"),
        __version__=installed["harness"],
    )  # fmt: skip
    monkeypatch.setattr(versions, "harness", copy)
    assert versions.versions() == installed
    with (tmp_path / "harness" / "conventions.py").open("a") as file:
        file.write("# a change\n")
    changed = versions.versions()
    assert [name for name in installed if installed[name] != changed[name]] == ["source"]


def test_only_packages_whose_components_are_measured_have_to_be_there(harness: Harness) -> None:
    harness("--help")  # the fixture has somebody else's package installed
    catalog = load_catalog()
    plain = Definition(name="x", variants=("fassd-net",))
    assert packages_of(plain, catalog) == []
    grid = Definition(name="x", variants=("fassd-net",), grid={"context.name": ("none", "bad")})
    assert packages_of(grid, catalog) == ["bad-blocks"]
    row = override(catalog["fassd-net"], ["context.name=bad"])
    assert packages_of(plain, {"fassd-net": row}) == ["bad-blocks"]


def test_a_node_reads_no_catalogue_file_of_the_one_who_asks() -> None:
    row = load_catalog()["fassd-net"]
    nowhere = Definition(name="x", variants=("mine",), catalogs=("/nowhere/mine.yaml",))
    prepare(nowhere, {"mine": row}, 60.0)
    [checked] = check_chunk([0])
    assert isinstance(checked, Key)
    assert (checked.height, checked.width) == (1024, 2048)


# From here on rules about nodes, which are plain values.


@pytest.fixture
def share() -> Callable[..., object]:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster import device
    from harness.sweep.cluster.nodes import Node

    def of(wanted: str, *nodes: tuple[int, int, str | None]) -> tuple[str, int, int, int]:
        made = [Node(f"{n}", f"10.0.0.{n}", *one) for n, one in enumerate(nodes, start=1)]
        found = device.share(made, wanted)
        return found.device, found.cpus, found.gpus, found.at_once

    return of


HEAD, ONE, FOUR = (0, 0, None), (8, 1, "H100"), (64, 4, "H100")


def test_a_measurement_holds_a_whole_gpu_or_all_cpus_of_a_node(
    share: Callable[..., object],
) -> None:
    assert share("cuda", HEAD, ONE, FOUR) == ("cuda:0", 1, 1, 5)
    assert share("auto", ONE, (16, 0, None)) == ("cuda:0", 1, 1, 1)
    assert share("cuda", (2, 4, None)) == ("cuda:0", 1, 1, 2)  # each needs a CPU to feed it
    assert share("auto", HEAD, (16, 0, None), (16, 0, None)) == ("cpu", 16, 0, 2)
    assert share("cpu", ONE, ONE) == ("cpu", 8, 0, 2)


@pytest.mark.parametrize(
    ("wanted", "nodes", "said"),
    [
        (
            "auto", [ONE, (8, 1, "A100"), FOUR],
            "nodes must have GPUs of one model, got A100 (10.0.0.2) and H100 (10.0.0.1, 10.0.0.3); "
            "--nodes LABEL=VALUE picks nodes",
        ),
        ("cuda", [ONE, (8, 1, None)], "got H100 (10.0.0.1) and an unknown one (10.0.0.2)"),
        ("cpu", [ONE, FOUR], "equally many CPUs, all held by a measurement, got 64 (10.0.0.2) and"),
        ("cuda", [HEAD, (8, 0, None)], "some node must have a GPU and a CPU to give, got none"),
        ("cpu", [HEAD], "some node must have a CPU to give, got none"),
        ("cuda:1", [FOUR], "on a cluster Ray decides which GPU; must be cuda, got cuda:1"),
        ("tpu", [FOUR], "on a cluster must be auto, cpu or cuda, got tpu"),
    ],
)  # fmt: skip
def test_unlike_nodes_are_refused_by_name(
    share: Callable[..., object], wanted: str, nodes: list[tuple[int, int, str | None]], said: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        share(wanted, *nodes)
    assert said in str(refused.value)


def test_the_threads_are_the_nodes_unless_the_protocol_says(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.device import Device, Share
    from harness.sweep.cluster.timed import with_threads

    device = Device(Share("cpu", 64, 0, []), "A CPU", 61, {})
    said = tmp_path / "mine.yaml"
    said.write_text("extends: paper\ncpu:\n  threads: 3\n")
    row = load_catalog()["fassd-net"]
    for protocol, changes, threads in (
        ("paper", {}, 61), (str(said), {}, 3), ("paper", {"threads": 5}, 5),
    ):  # fmt: skip
        request = Request(
            device="cpu", protocol=protocol, changes=changes, timed=True, check=False,
            layers=False, size_given=False,
        )  # fmt: skip
        made = with_threads(request, device).resolved(row).protocol
        assert made is not None
        assert made.threads == threads


def test_what_threads_of_ray_print_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray", reason="needs ray")
    import threading

    from harness.sweep.cluster.connection import _threads_silent

    with _threads_silent():
        print("the answer")
        other = threading.Thread(target=lambda: print("a worker died"))
        other.start()
        other.join()
    print("after")
    assert capsys.readouterr().out == "the answer\nafter\n"


def test_nodes_have_to_name_one_device() -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.device import Share, agreed
    from harness.sweep.cluster.nodes import Node

    def said(name: str, torch: str = "2.13.0+cu130", threads: int = 8) -> dict[str, Any]:
        return {"device": {"name": name}, "torch": torch, "torch_threads": threads}

    one, two = (Node(f"{n}", f"10.0.0.{n}", 8, 1, None) for n in (1, 2))
    gpu, cpu = Share("cuda:0", 1, 1, [one, two]), Share("cpu", 8, 0, [one, two])
    device = agreed(gpu, {one: said("A GPU"), two: said("A GPU", threads=4)})
    assert (device.name, device.threads, device.share) == ("A GPU", 8, gpu)
    for mine, other, what in (
        (gpu, said("Another"), r"the same device, got A GPU \(10.0.0.1\) and Another \(10.0.0.2\)"),
        (gpu, said("A GPU", torch="2.13.0+cpu"), "the same torch, got 2.13.0.cpu"),
        (cpu, said("A GPU", threads=4), "equally many threads, got 4"),
    ):
        with pytest.raises(BadRequest, match=f"--timing: nodes must have {what}"):
            agreed(mine, {one: said("A GPU"), two: other})


def test_a_node_that_joins_with_other_versions_does_no_work() -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.on_node import start
    from harness.sweep.cluster.versions import versions

    row = load_catalog()["fassd-net"]
    definition = Definition(name="x", variants=("fassd-net",))
    needed = versions(["pytest"])
    start(needed, definition, {"fassd-net": row}, 60.0)
    with pytest.raises(
        RunFailed, match=r"^node of no cluster: must have .*, pytest 0, got pytest \d"
    ):
        start({**needed, "pytest": "0"}, definition, {"fassd-net": row}, 60.0)


def test_a_node_that_joins_without_a_proxy_does_no_work() -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.on_node import start
    from harness.sweep.cluster.versions import versions

    rows = {"fassd-net": load_catalog()["fassd-net"]}
    definition = Definition(name="x", variants=("fassd-net",), proxies={"p": "math:sqrt"})
    start(versions(), definition, rows, 60.0)
    lacking = replace(definition, proxies={"p": "math:sqrt", "q": "not_here:f"})
    said = "^node of no cluster: --proxy: not_here:f must be importable, got No module named"
    with pytest.raises(RunFailed, match=said):
        start(versions(), lacking, rows, 60.0)


def test_what_runs_on_nodes_has_the_time_limit_of_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.cli.sweep_place import OnRay
    from harness.sweep.cluster import pool

    made: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def note(*arguments: Any, **options: Any) -> None:
        made.append((arguments, options))

    monkeypatch.setattr(pool, "RayPool", note)
    place = OnRay(SimpleNamespace(jobs=3), SimpleNamespace())  # type: ignore[arg-type]
    definition = Definition(name="x", variants=("fassd-net",))
    place.executor(definition, {}, 7.0, lambda: False)
    [(arguments, options)] = made
    assert (arguments[1], arguments[-1], options["limit_s"]) == (3, 7.0, 7.0)


def test_modules_are_sent_that_lie_beside_a_proxy_and_are_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster.sent import modules_to_send

    mine, installed = tmp_path / "mine", tmp_path / "site-packages"
    for folder, name in ((mine, "sent_one"), (installed, "sent_two")):
        (folder / f"{name}_package").mkdir(parents=True)
        (folder / f"{name}_package" / "inner.py").write_text("def f(network, shape): return 1\n")
        (folder / f"{name}_beside.py").touch()
        (folder / f"{name}.py").write_text(
            f"import json, {name}_beside, {name}_package.inner\ndef f(network, shape): return 1\n"
        )
        monkeypatch.syspath_prepend(str(folder))
    (mine / "sent_idle.py").touch()
    every = [str(mine / name) for name in ("sent_one.py", "sent_one_beside.py", "sent_one_package")]
    assert modules_to_send(["sent_one:f"]) == every
    assert modules_to_send(["sent_one_package.inner:f", "math:sqrt"]) == every
    assert modules_to_send(["sent_two:f", "sent_two_package.inner:f", "json:dumps"]) == []
    beside = SimpleNamespace(__file__=str(ROOT / "beside_ours.py"))  # as tests are, in a checkout
    monkeypatch.setitem(sys.modules, "beside_ours", beside)
    assert modules_to_send(["harness.sweep.values:fits"]) == []
    with pytest.raises(BadRequest, match="nowhere:f must be importable"):
        modules_to_send(["nowhere:f"])


def test_a_node_holds_its_device_against_other_sweeps_and_leaves_torch_its_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs ray")
    from harness.sweep.cluster import on_node

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("RAY_RAYLET_PID", raising=False)
    row = load_catalog()["fassd-net"]
    measured = Measured(row, resolve(row.chosen), None, (1, 3, 8, 8), failure="made up")
    saw = []

    def measure(*_: object, first: bool) -> Measured:
        lock = (tmp_path / "harness-cuda-0.lock").open()
        with lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        saw.append((first, os.environ.get("OMP_NUM_THREADS")))
        return measured

    monkeypatch.setattr(on_node, "measure", measure)
    request = Request(
        device="cuda:0", protocol="paper", changes={}, timed=True, check=False, layers=False,
        size_given=False,
    )  # fmt: skip
    address, record = on_node.measure_here({}, request, measured, True)
    assert isinstance(record, FailedRecord)
    assert address == "of no cluster"
    assert saw == [(True, None)]
    assert os.environ["OMP_NUM_THREADS"] == "1"
    # the one that the node itself was started with stays
    started = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(["sleep", "60"], env=started) as raylet:
        monkeypatch.setenv("RAY_RAYLET_PID", str(raylet.pid))
        on_node.measure_here({}, request, measured, False)
        raylet.kill()
    assert saw[1] == (False, "1")


def test_measurements_at_once_share_the_time_of_an_estimate() -> None:
    protocol = make_protocol(load_protocol("paper"), device="cpu", size=(64, 64), budget_s=20.0)
    # five rounds of 5 s besides the budget; three variants two at a time take two turns
    assert timed_s(protocol, 3, at_once=2) == 2 * (20 + 5 * 5)
