"""Timed measurements on a real cluster whose GPUs are none: who holds what, whatever dies."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import ray_calls
from ray_calls import notes

from harness import store
from harness.errors import RunFailed
from harness.profiling.request import Request
from harness.records import FailedRecord, ProfileRecord
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.tally import Tally
from sweep.cluster.conftest import Nodes, wait_until_gone, wait_until_known
from variants.catalog import load_catalog

ray = pytest.importorskip("ray", reason="needs ray")

from harness.sweep.cluster.device import Device, share  # noqa: E402
from harness.sweep.cluster.nodes import Cluster  # noqa: E402
from harness.sweep.cluster.timed import DIED, Measuring  # noqa: E402

pytestmark = pytest.mark.slow

VARIANTS = 6


class Pretended(Request):
    """A request whose protocol is where `ray_calls.measure` keeps its notes."""

    def resolved(self, row: Any) -> Any:
        from variants.spec import resolve

        return ray_calls.Resolved(row, resolve(row.chosen), None, (1, 3, 64, 64))


class Sweep:
    """A sweep of six variants whose measuring is pretended."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 0.1,
        dies: str = "never",
        hangs: Sequence[str] = (),
        gate: bool = False,
    ) -> None:
        self.folder = folder
        rates = tuple([n] for n in range(1, VARIANTS + 1))
        definition = Definition(
            name="x", variants=("fassd-net",), grid={"context.rates": rates}
        )  # fmt: skip
        self.combinations = Combinations(definition, load_catalog())
        changes = {"seconds": seconds, "dies": dies, "hangs": list(hangs)}
        changes |= {"device": "A GPU", "gate": gate}
        self.request = Pretended(
            device="cuda:0", protocol=str(folder), changes=changes, timed=True, check=False,
            layers=False, size_given=False,
        )  # fmt: skip
        self.tally = Tally(planned=VARIANTS)
        self.said: list[str] = []
        self.taken: list[tuple[int, str]] = []

    def run(
        self,
        cluster: Cluster,
        *,
        jobs: int | None = None,
        name: str = "A GPU",
        strict: bool = True,
    ) -> None:
        environment = {"device": {"type": "cuda", "name": name}}
        Measuring(
            cluster=cluster,
            device=Device(share(cluster.nodes(), "cuda"), name, 1, environment),
            needed={"Python": "any"},
            jobs=jobs,
            measure=ray_calls.measure,
        ).time_all(
            list(range(VARIANTS)), self.request, self.combinations, self.folder / "results",
            self.tally, lambda number: number == 4, self.said.append,
            lambda number, record: self.taken.append((number, record.variant)), strict=strict,
        )  # fmt: skip

    def records(self) -> list[ProfileRecord | FailedRecord]:
        loaded = store.load(self.folder / "results")
        assert loaded.problems == []
        return [r for r in loaded.records if isinstance(r, ProfileRecord | FailedRecord)]


def names(numbers: list[int]) -> list[str]:
    return [f"fassd-net[context.rates=[{number + 1}]]" for number in numbers]


@contextmanager
def when_both_measure(cluster: Cluster, folder: Path, do: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as both nodes measure at once, and only then let them finish."""
    both = {node.id for node in cluster.nodes()}
    assert len(both) == 2
    happened = []

    def watch() -> None:
        deadline = time.monotonic() + 240
        while both != {one["node"] for one in notes(folder, "begin")}:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            do()
            happened.append(True)
        (folder / "go").touch()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield
    watcher.join()
    assert happened


@pytest.fixture
def cluster(two: Nodes, connection: str) -> Cluster:
    assert connection == two.address
    wait_until_known()
    return Cluster({}, lambda _line: None)


def test_each_holds_a_whole_gpu_and_two_nodes_measure_at_once(
    cluster: Cluster, tmp_path: Path
) -> None:
    sweep = Sweep(tmp_path, gate=True)
    with when_both_measure(cluster, tmp_path, lambda: None):
        sweep.run(cluster)
    done = notes(tmp_path, "end")
    assert {one["gpus"] for one in done} == {1}
    assert {one["visible"] for one in done} == {"0"}
    assert [one["variant"] for one in done if one["first"]] == names([0])
    assert sorted(one["variant"] for one in done) == names([0, 1, 2, 3, 5])  # 4 is known
    for first, second in itertools.combinations(done, 2):
        if first["node"] == second["node"]:
            assert first["end"] <= second["at"] or second["end"] <= first["at"]
    assert len({one["node"] for one in done}) == 2
    assert sorted(record.variant for record in sweep.records()) == names([0, 1, 2, 3, 5])
    assert sorted(sweep.taken) == list(zip([0, 1, 2, 3, 5], names([0, 1, 2, 3, 5]), strict=True))
    assert (sweep.tally.measured, sweep.tally.reused, sweep.tally.failures) == (5, 1, [])
    assert len(sweep.said) == 5
    assert sweep.said[-1].startswith("6/6 fassd-net[")


def test_where_requests_have_been_measured_before_none_is_the_first(
    cluster: Cluster, tmp_path: Path
) -> None:
    Sweep(tmp_path).run(cluster, strict=False)
    assert [one["first"] for one in notes(tmp_path, "end")] == [False] * 5


def test_jobs_limit_how_many_are_measured_at_once(cluster: Cluster, tmp_path: Path) -> None:
    Sweep(tmp_path, seconds=0.3).run(cluster, jobs=1)
    done = notes(tmp_path, "end")
    assert all(a["end"] <= b["at"] for a, b in itertools.pairwise(done))


def test_what_was_measured_on_a_node_that_died_is_measured_again(
    two: Nodes, cluster: Cluster, tmp_path: Path
) -> None:
    sweep = Sweep(tmp_path, gate=True)
    with when_both_measure(cluster, tmp_path, two.kill_second):
        sweep.run(cluster)
    begun = [one["variant"] for one in notes(tmp_path, "begin")]
    assert len(begun) > len(set(begun)) == 5  # one of them twice
    assert len({one["node"] for one in notes(tmp_path, "end")}) == 1
    assert sorted(record.variant for record in sweep.records()) == names([0, 1, 2, 3, 5])
    assert sweep.tally.failures == []


def test_what_kills_its_process_every_time_is_a_failure_of_the_device(
    cluster: Cluster, tmp_path: Path
) -> None:
    sweep = Sweep(tmp_path, seconds=0.1, dies="[3]]")
    sweep.run(cluster)
    assert [tuple(failure) for failure in sweep.tally.failures] == [(*names([2]), (64, 64), DIED)]
    assert len([o for o in notes(tmp_path, "begin") if o["variant"] == names([2])[0]]) == 3
    [failed] = [r for r in sweep.records() if isinstance(r, FailedRecord)]
    assert (failed.reason, failed.environment["device"]["name"]) == (DIED, "A GPU")
    assert sweep.tally.measured == 4


def test_a_node_with_another_device_is_refused_and_nothing_goes_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    first, *others = names([*range(VARIANTS)])
    sweep = Sweep(tmp_path, hangs=others, gate=True)
    refused = pytest.raises(
        RunFailed, match=r"node 10\.0\.0\.9: must measure on Another, got A GPU"
    )
    with when_both_measure(cluster, tmp_path, lambda: None), refused:
        sweep.run(cluster, name="Another")
    assert sweep.records() == []
    hanging = [one["pid"] for one in notes(tmp_path, "begin") if one["variant"] != first]
    assert len(hanging) >= 1
    wait_until_gone(hanging)
