"""Reading many records is fast, and leaves the process as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_records import DETAILED, profile

from harness import store
from harness.records import to_json


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Leave the garbage collector on, whatever a test does."""
    yield
    gc.enable()


def test_nothing_is_collected_while_a_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(tmp_path / "a.jsonl", profile("x"))
    seen = []
    monkeypatch.setattr(store, "from_json", lambda *_, **__: seen.append(gc.isenabled()))
    store.load(tmp_path)
    assert seen == [False]
    assert gc.isenabled()


def test_the_collector_comes_back_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(tmp_path / "a.jsonl", profile("x"))

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "from_json", fail)
    with pytest.raises(ZeroDivisionError):
        store.load(tmp_path)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off(tmp_path: Path) -> None:
    gc.disable()
    store.load(tmp_path)
    assert not gc.isenabled()


def test_records_that_were_read_do_not_share_what_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{to_json(DETAILED)}\n" * 2)
    one, two = store.load(path).records
    assert one == two == DETAILED
    one.environment["device"]["name"] = "changed"  # type: ignore[index]
    assert two == DETAILED
