"""Chunks of work on a real cluster of two nodes, whatever dies."""

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from ray_calls import node, notes, stuck_at_13, wait_and_note, wait_for_go
from ray_calls import start as noting
from sweep_calls import chunks, die_at_13, flat, raise_at_13, squares, start

from sweep.cluster.conftest import Nodes, wait_until_known

ray = pytest.importorskip("ray", reason="needs ray")

from harness.sweep.cluster.nodes import Cluster  # noqa: E402
from harness.sweep.cluster.pool import AHEAD, RayPool  # noqa: E402
from harness.sweep.executor import GivenUp  # noqa: E402
from harness.sweep.pool import DIED, took_too_long  # noqa: E402

pytestmark = pytest.mark.slow

CPUS = 2


@pytest.fixture
def cluster(two: Nodes, connection: str) -> Cluster:
    assert connection == two.address
    wait_until_known()
    return Cluster({}, lambda _line: None)


def test_answers_come_in_order_from_processes_made_ready(cluster: Cluster) -> None:
    pool = RayPool(cluster, None, start, "ready")
    found = list(pool.run(squares, chunks(10)))
    assert [chunk for chunk, _ in found] == list(chunks(10))
    assert flat(found) == [("ready", number * number) for number in range(10)]
    # another pool makes the same processes ready anew
    assert list(RayPool(cluster, None, start, "again").run(squares, [[3]])) == [
        ([3], [("again", 9)])
    ]


def test_work_that_kills_its_process_is_given_up_alone(cluster: Cluster) -> None:
    pool = RayPool(cluster, None, start, "")
    found = list(pool.run(die_at_13, chunks(20)))
    assert [entry for entry in found if isinstance(entry[1], GivenUp)] == [([13], GivenUp(DIED))]
    assert [n for chunk, _ in found for n in chunk] == list(range(20))  # still in order
    assert flat(found) == [n for n in range(20) if n != 13]


def test_work_that_is_stuck_in_c_has_the_time_limit_as_its_reason(cluster: Cluster) -> None:
    pool = RayPool(cluster, None, start, "", limit_s=0.5)
    found = list(pool.run(stuck_at_13, [[12], [13], [14]]))
    assert found == [([12], [12]), ([13], GivenUp(took_too_long(0.5))), ([14], [14])]


def test_a_mistake_of_ours_is_not_hidden(cluster: Cluster) -> None:
    with pytest.raises(ArithmeticError, match="mistake of ours"):
        list(RayPool(cluster, None, start, "").run(raise_at_13, chunks(30)))


def test_a_node_that_dies_costs_nothing_and_one_that_joins_helps(
    two: Nodes, connection: str, tmp_path: Path
) -> None:
    assert connection == two.address
    wait_until_known()
    said: list[str] = []
    cluster = Cluster({}, said.append)
    second: threading.Thread | None = None
    pool = RayPool(cluster, None, noting, str(tmp_path))
    run = pool.run(wait_and_note, chunks(2000, 1))
    found = []
    for chunk, answers in run:
        found.append((chunk, answers))
        if second is None and len(worked(tmp_path)) == 2:
            two.kill_second()  # both have been seen at work
            second = threading.Thread(target=two.second)
            second.start()
        if told(said) == {"left", "joined"} and len(worked(tmp_path)) == 3:
            break
    run.close()  # type: ignore[attr-defined]
    assert second is not None
    second.join()  # it may be at work before it has said that it was started
    assert len(worked(tmp_path)) == 3  # the head, the one that died, the one that joined
    assert [chunk for chunk, _ in found] == [[n] for n in range(len(found))]
    assert all(answers == chunk for chunk, answers in found)
    assert told(said) == {"left", "joined"}


def told(said: Sequence[str]) -> set[str]:
    found = (re.match(r"node \S+ (left|joined) the cluster", line) for line in said)
    return {match[1] for match in found if match}


def worked(folder: Path) -> set[str]:
    return {one["node"] for one in notes(folder, "chunk")}


def test_only_so_much_is_in_flight_and_a_closed_iterator_drops_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    taken = []

    def numbers() -> Iterator[Sequence[int]]:
        for number in range(1000):
            taken.append(number)
            yield [number]

    pool = RayPool(cluster, None, noting, str(tmp_path))
    run = pool.run(wait_for_go, numbers())
    next(run)  # the first waits for nothing
    assert len(taken) == AHEAD * CPUS
    run.close()  # type: ignore[attr-defined]
    (tmp_path / "go").touch()
    assert len(flat(list(pool.run(squares, chunks(2 * CPUS, 1))))) == 2 * CPUS  # after the others
    assert len(notes(tmp_path, "chunk")) <= 1 + 2 * CPUS < AHEAD * CPUS


def test_jobs_limit_what_runs_at_once(cluster: Cluster, tmp_path: Path) -> None:
    pool = RayPool(cluster, 1, noting, str(tmp_path))
    assert pool.jobs == 1
    taken: list[Sequence[int]] = []
    left = (taken.append(chunk) or chunk for chunk in chunks(8, 1))  # type: ignore[func-returns-value]
    for done, _ in enumerate(pool.run(wait_and_note, left), start=1):
        assert len(taken) == done  # no other one is in flight
    begins = [one["at"] for one in notes(tmp_path, "chunk")]
    assert all(later - sooner >= 0.15 for sooner, later in pairwise(begins))


def test_when_it_is_told_to_stop_it_takes_nothing_more(cluster: Cluster, tmp_path: Path) -> None:
    stop: list[bool] = []
    pool = RayPool(cluster, None, noting, str(tmp_path), stopped=lambda: bool(stop))
    found = []
    for chunk, answers in pool.run(wait_and_note, chunks(1000, 1)):
        assert answers == chunk
        found.append(chunk)
        stop.append(True)
    assert found == [[0]]


def test_labels_choose_the_nodes(cluster: Cluster) -> None:
    assert len(cluster.nodes()) == 2
    for label in ("head", "second"):
        chosen = Cluster({"which": label}, lambda _line: None)
        [only] = chosen.nodes()
        found = list(RayPool(chosen, None, start, "").run(node, chunks(6, 1)))
        assert set(flat(found)) == {only.id}
