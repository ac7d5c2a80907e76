"""The pool gives every piece of work an answer, whatever dies."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

import pytest
from sweep_calls import (
    chunks,
    die_at_13,
    die_once_at_13,
    die_once_while_sending,
    flat,
    leave_at_13,
    note_and_wait,
    raise_at_13,
    squares,
    start,
)

from harness.sweep.executor import GivenUp
from harness.sweep.pool import Pool
from harness.sweep.stopping import Stop, Stopped, listening


def test_answers_come_in_order_from_processes_made_ready() -> None:
    with Pool(2, start, "ready") as pool:
        found = list(pool.run(squares, chunks(10)))
    assert [chunk for chunk, _ in found] == list(chunks(10))
    assert flat(found) == [("ready", number * number) for number in range(10)]


def test_work_that_kills_its_process_is_given_up_alone() -> None:
    with Pool(2, start, "") as pool:
        found = list(pool.run(die_at_13, chunks(30)))
        [(chunk, given_up)] = [entry for entry in found if isinstance(entry[1], GivenUp)]
        assert chunk == [13]
        assert given_up == GivenUp("its process died 3 times while nothing else ran in it")
        assert sorted(flat(found)) == [n for n in range(30) if n != 13]
        assert list(pool.run(squares, [[5]])) == [([5], [("", 25)])]  # and it goes on


@pytest.mark.parametrize(
    ("limit_s", "reason"),
    [
        (60, "its process died 3 times while nothing else ran in it"),
        (0.001, "took longer than the time limit of 0.001 s"),
    ],
)
def test_a_process_that_ends_itself_did_so_for_the_time_limit_if_that_is_over(
    limit_s: float, reason: str
) -> None:
    with Pool(1, start, "", limit_s=limit_s) as pool:
        found = list(pool.run(leave_at_13, [[12], [13], [14]]))
    assert found == [([12], [12]), ([13], GivenUp(reason)), ([14], [14])]


def test_one_death_costs_nothing(tmp_path: Path) -> None:
    with Pool(2, start, str(tmp_path / "died")) as pool:
        found = list(pool.run(die_once_at_13, chunks(30)))
    assert (tmp_path / "died").exists()
    assert sorted(flat(found)) == list(range(30))


def test_a_death_in_the_middle_of_an_answer_costs_nothing(tmp_path: Path) -> None:
    with Pool(2, start, str(tmp_path / "died")) as pool:
        found = list(pool.run(die_once_while_sending, chunks(30)))
    assert (tmp_path / "died").exists()
    assert flat(found) == list(range(30))


def test_processes_killed_from_outside_cost_nothing(tmp_path: Path) -> None:
    seen: set[str] = set()
    killed = []
    done = threading.Event()

    def kill_three() -> None:
        while len(killed) < 3 and not done.wait(0.01):
            for new in {path.name for path in tmp_path.iterdir()} - seen:
                seen.add(new)
                with suppress(ProcessLookupError):  # the pool itself ends those beside a dead one
                    os.kill(int(new), signal.SIGKILL)
                    killed.append(new)
                break

    with Pool(2, start, str(tmp_path)) as pool:
        killer = threading.Thread(target=kill_three)
        killer.start()
        found = list(pool.run(note_and_wait, chunks(24, 1)))
        done.set()
        killer.join()
    assert len(killed) == 3
    assert sorted(flat(found)) == list(range(24))


@pytest.mark.slow
def test_the_death_of_what_processes_are_forked_from_costs_nothing(tmp_path: Path) -> None:
    def kill_it() -> None:
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]

    kill_it()
    with Pool(2, start, str(tmp_path)) as pool:
        found = []
        for chunk, answers in pool.run(note_and_wait, chunks(8, 1)):
            found.append((chunk, answers))
            if len(found) == 2:
                kill_it()
    assert found == [([number], [number]) for number in range(8)]


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with Pool(2, start, "") as pool, pytest.raises(ArithmeticError, match="mistake of ours"):
        list(pool.run(raise_at_13, chunks(30)))


def test_when_it_is_told_to_stop_it_finishes_what_runs(tmp_path: Path) -> None:
    stop = Stop()
    taken = []

    def numbers() -> Iterator[Sequence[int]]:
        for number in range(1000):
            taken.append(number)
            yield [number]

    with Pool(2, start, str(tmp_path), stopped=lambda: bool(stop)) as pool:
        done = []
        for chunk, answers in pool.run(note_and_wait, numbers()):
            assert answers == chunk
            done += chunk
            stop.signal = signal.SIGINT
    assert done == list(range(len(done)))
    assert 1 <= len(done) <= len(taken) < 20


def test_the_first_signal_is_noted_and_the_second_raised() -> None:
    with listening(patiently=True) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
        with pytest.raises(Stopped) as stopped:
            stop.raise_if_asked()
        assert stopped.value.signal == signal.SIGINT
        with pytest.raises(Stopped) as stopped:
            os.kill(os.getpid(), signal.SIGTERM)
        assert stopped.value.signal == signal.SIGTERM
    with listening(patiently=False), pytest.raises(Stopped):
        os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_as_they_were_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with listening(patiently=True) as stop:
        assert not stop
        stop.raise_if_asked()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
