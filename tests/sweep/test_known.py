"""What a folder holds of a sweep, and what a sweep remembers of itself."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from example_records import DETAILED, FAILED, PROFILE, TIMING

from harness import store
from harness.errors import BadRequest, RunFailed
from harness.records import ProfileRecord
from harness.sweep.definition import Definition, Timing, differences
from harness.sweep.known import Expected, look
from harness.sweep.plan import Checked, Excluded, Illegal, Plan, key_of, make_plan
from harness.sweep.state import changes_since, path_of, remember
from harness.sweep.tally import Tally, figures_of

SIZE = (1024, 2048)
PLAN = Plan(numbers=[7], positions={key_of(PROFILE.spec_sha256, *SIZE): 0})
STATIC = Expected({SIZE: (1, 3, *SIZE)})
PROTOCOL = {"name": "paper", "budget_s": None}
TIMED = Expected({}, {SIZE: PROTOCOL}, "A CPU")


@pytest.mark.parametrize(
    ("record", "static", "timed"),
    [
        (PROFILE, True, True),  # its count is as good as any
        (replace(PROFILE, timing=None), True, False),
        (replace(PROFILE, spec_sha256="cd" * 32), False, False),
        (replace(PROFILE, spec_sha256="no hash"), False, False),
        (replace(PROFILE, input_shape=(2, 3, 1024, 2048)), False, True),
        (replace(PROFILE, timing=replace(TIMING, protocol={"name": "latency"})), True, False),
        (replace(PROFILE, timing=replace(TIMING, stopped_by="interrupt")), True, False),
        (replace(PROFILE, environment={"device": {"name": "Another CPU"}}), True, False),
        (replace(PROFILE, environment={}), True, False),
        (replace(PROFILE, weights=DETAILED.weights), True, False),  # a sweep times as built
    ],
)
def test_a_record_counts_where_it_measures_the_same(
    tmp_path: Path, record: ProfileRecord, static: bool, timed: bool
) -> None:
    store.append(tmp_path / "a.jsonl", record)
    assert look(tmp_path, PLAN, STATIC).done == ({0} if static else set())
    assert look(tmp_path, PLAN, TIMED).done == ({0} if timed else set())


def test_a_failure_counts_for_what_was_tried_until_it_succeeds(tmp_path: Path) -> None:
    failed = replace(FAILED, protocol=PROTOCOL, input_shape=(1, 3, *SIZE))
    store.append(tmp_path / "failed.jsonl", replace(failed, weights=DETAILED.weights))
    assert look(tmp_path, PLAN, TIMED).failed == {}  # with a file's weights
    store.append(tmp_path / "failed.jsonl", failed)
    assert look(tmp_path, PLAN, TIMED).failed == {0: FAILED.reason}
    assert look(tmp_path, PLAN, STATIC).failed == {}
    store.append(tmp_path / "profile.jsonl", PROFILE)
    found = look(tmp_path, PLAN, TIMED)
    assert (found.done, found.failed) == ({0}, {})


def test_the_first_record_of_a_variant_is_the_one_that_is_seen(tmp_path: Path) -> None:
    seen = []
    for params in (1, 2):
        record = replace(PROFILE, static=replace(PROFILE.static, params=params))
        store.append(tmp_path / "a.jsonl", record)
    look(tmp_path, PLAN, STATIC, lambda at, record: seen.append((at, record.static.params)))
    assert seen == [(0, 1)]


def test_what_is_remembered_is_told_apart(tmp_path: Path) -> None:
    before = Definition(
        name="x", variants=("a",), grid={"context.alpha": (1, 2)}, timing=Timing(device="cpu")
    )
    assert changes_since(tmp_path, before) is None
    remember(tmp_path, before)
    assert changes_since(tmp_path, before) == []
    after = replace(
        before, variants=("a", "b"), grid={"head.classes": (3,)}, timing=Timing(device="cuda")
    )
    assert changes_since(tmp_path, after) == [
        'variants: ["a"] -> ["a","b"]',
        "grid context.alpha: [1,2] -> nothing",
        "grid head.classes: nothing -> [3]",
        "timing device: cpu -> cuda",
    ]
    remember(tmp_path, after)  # which replaces the other
    assert changes_since(tmp_path, after) == []
    assert [path.name for path in (tmp_path / "sweeps").iterdir()] == ["x.json"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_what_is_remembered_is_on_the_disk_and_for_others_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", noting)
    mask = os.umask(0o022)
    try:
        remember(tmp_path / "results", Definition(name="x", variants=("a",)))
    finally:
        os.umask(mask)
    written, *folders = synced
    assert written.startswith(".x.json.")  # before it gets its name
    assert folders == ["sweeps", "results", tmp_path.name]
    [path] = (tmp_path / "results" / "sweeps").iterdir()
    assert (path.name, path.stat().st_mode & 0o777) == ("x.json", 0o644)


def test_a_full_disk_leaves_what_was_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Definition(name="x", variants=("a",))
    remember(tmp_path, before)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFailed, match=r"x.json: sweep not written \(No space left on device\)"):
        remember(tmp_path, replace(before, variants=("b",)))
    assert changes_since(tmp_path, before) == []
    assert [path.name for path in (tmp_path / "sweeps").iterdir()] == ["x.json"]


def test_a_long_change_is_shown_short() -> None:
    [line] = differences({"grid": list(range(100))}, {"grid": []})
    assert line.endswith("... -> nothing")
    assert len(line) < 90


def test_a_name_stays_within_its_folder() -> None:
    folder = Path("r/sweeps")
    assert path_of(Path("r"), "../../etc/x").parent == folder
    assert path_of(Path("r"), "..").name == "sweep.json"
    assert len(path_of(Path("r"), "n" * 500).name) < 120


def test_a_state_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    definition = Definition(name="x", variants=("a",))
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFailed, match=r"x.json: sweep not written"):
        remember(tmp_path / "file", definition)
    path = path_of(tmp_path, "x")
    path.parent.mkdir()
    for text in ("{", "[]", '{"schema": 1}', '{"schema": 2, "definition": {}}', "[" * 100_000):
        path.write_text(text)
        with pytest.raises(BadRequest, match=r"x.json: "):
            changes_since(tmp_path, definition)


def test_a_plan_counts_what_became_of_each_combination() -> None:
    keys = [key_of(digit * 64, 1, 2) for digit in "ab"]
    looked_at: list[tuple[int, Checked]] = [
        (3, keys[0]), (4, None), (5, Illegal("v", "why")), (6, keys[0]), (7, Excluded(1)),
        (8, keys[1]), (9, Excluded(1)),
    ]  # fmt: skip
    *_, plan = make_plan(looked_at, None)
    assert plan == Plan(
        numbers=[3, 8],
        positions={keys[0]: 0, keys[1]: 1},
        excluded={1: 2},
        duplicates=1,
        illegal=1,
        reasons=[Illegal("v", "why")],
        looked_at=7,
    )
    *_, plan = make_plan(looked_at, 1)
    assert plan.numbers == [3]
    with pytest.raises(BadRequest, match="every combination excluded"):
        list(make_plan([(0, Excluded(0))], None))
    with pytest.raises(BadRequest, match="variants found, 1, got 2"):
        list(make_plan([(0, keys[0])], 2))


def test_a_tally_keeps_the_first_of_equal_extremes() -> None:
    tally = Tally()
    for name, value in (("a", 2), ("b", 1), ("c", 2), ("d", 1)):
        tally.see(name, SIZE, {"params": value})
    assert tally.least == {"params": (1, "b", SIZE)}
    assert tally.most == {"params": (2, "a", SIZE)}


def test_figures_are_those_of_the_record() -> None:
    record = replace(
        PROFILE, static=replace(PROFILE.static, macs=dict.fromkeys(("conv", "paper"), 5))
    )
    assert figures_of(record) == {
        "params": 2, "macs_conv": 5, "macs_paper": 5, "conv_io": 11, "peak_activation_bytes": 13,
        "fps": 10.0,
    }  # fmt: skip
    assert "fps" not in figures_of(replace(record, timing=None))
    assert figures_of(FAILED) == {}
