"""Records on disk survive kills, full disks and company."""

import json
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from example_records import PROFILE, REPORTED, profile

from harness import store
from harness.errors import BadRequest, RunFailed
from harness.records import to_json

HERE = Path(__file__).parent
REPOSITORY = HERE.parent


def python(script: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """Start `script` in a Python that finds the package and the example records."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{HERE}"},
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def names(loaded: store.Loaded) -> list[str]:
    return [record.variant for record in loaded.records]


def test_what_was_appended_is_loaded_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "profile.jsonl"
    for record in (profile("b"), profile("a"), REPORTED):
        store.append(path, record)
    assert store.load(tmp_path) == store.Loaded([profile("b"), profile("a"), REPORTED], [])


def test_files_are_read_in_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b/2", "a/9", "b/1"):
        store.append(tmp_path / f"{name}.jsonl", profile(name))
    (tmp_path / "a" / "notes.txt").write_text("not a record")
    assert names(store.load(tmp_path)) == ["a/9", "b/1", "b/2"]


def test_a_single_file_can_be_loaded(tmp_path: Path) -> None:
    store.append(tmp_path / "one.jsonl", profile("one"))
    store.append(tmp_path / "two.jsonl", profile("two"))
    assert names(store.load(tmp_path / "one.jsonl")) == ["one"]


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    assert store.load(tmp_path / "nowhere") == store.Loaded([], [])


def test_damage_is_reported_by_file_and_line_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    other_schema = json.dumps(json.loads(to_json(PROFILE)) | {"schema": 99})
    lines = [
        to_json(profile("first")).encode(),
        b'{"schema": 1, "kind": "prof',  # torn
        b'{"hello": "world"}',
        b"\xff\xfe",
        other_schema.encode(),
        b"",
        to_json(profile("last")).encode(),
    ]
    path.write_bytes(b"\n".join(lines))
    loaded = store.load(tmp_path)
    assert names(loaded) == ["first", "last"]
    assert [problem.split(": ")[0] for problem in loaded.problems] == [
        f"{path}:{number}" for number in (2, 3, 4, 5)
    ]


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    store.append(path, profile("before"))
    with path.open("a") as file:
        file.write(to_json(profile("torn"))[:100])
    store.append(path, profile("after"))
    loaded = store.load(tmp_path)
    assert names(loaded) == ["before", "after"]
    assert len(loaded.problems) == 1
    assert loaded.problems[0].startswith(f"{path}:2: ")


def test_a_whole_last_line_without_newline_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    path.write_text(to_json(profile("whole")))
    store.append(path, profile("next"))
    assert store.load(tmp_path) == store.Loaded([profile("whole"), profile("next")], [])


APPEND_UNTIL_KILLED = """
    import sys
    from pathlib import Path
    from example_records import profile
    from harness.store import append

    path, run = Path(sys.argv[1]), sys.argv[2]
    filler = {"filler": "x" * 300_000}  # many pages, so that a kill can tear the write
    for number in range(1_000_000):
        append(path, profile(f"{run}-{number}", spec=filler))
        print(number, flush=True)
"""


def test_a_kill_at_any_moment_loses_at_most_the_record_being_written(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    chance = random.Random(20)
    kills, finished = 25, []
    for run in range(kills):
        with python(APPEND_UNTIL_KILLED, path, run) as child:
            assert child.stdout is not None
            first = child.stdout.readline()  # it is in its loop
            time.sleep(chance.uniform(0, 0.02))
            child.kill()
            numbers = [int(line) for line in [first, *child.stdout] if line.endswith("\n")]
        finished.append(len(numbers))
        assert numbers == list(range(len(numbers)))

    loaded = store.load(tmp_path)
    assert len(loaded.problems) <= kills
    found = names(loaded)
    for run, count in enumerate(finished):
        mine = [int(name.split("-")[1]) for name in found if name.startswith(f"{run}-")]
        # The last one may have been killed between its append and its report.
        assert mine in (list(range(count)), list(range(count + 1)))
    assert len(found) == len(set(found))


APPEND_HUNDRED = """
    import sys
    from pathlib import Path
    from example_records import profile
    from harness.store import append

    for number in range(100):
        append(Path(sys.argv[1]), profile(f"{sys.argv[2]}-{number}", spec={"x": "y" * 100_000}))
"""


def test_two_writers_lose_nothing_and_a_reader_sees_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    with python(APPEND_HUNDRED, path, "a") as one, python(APPEND_HUNDRED, path, "b") as two:
        while one.poll() is None or two.poll() is None:
            assert store.load(tmp_path).problems == []
    loaded = store.load(tmp_path)
    assert loaded.problems == []
    for writer in "ab":
        assert [name for name in names(loaded) if name[0] == writer] == [
            f"{writer}-{number}" for number in range(100)
        ]


def test_a_line_being_written_by_another_is_not_reported_as_torn(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    store.append(path, profile("whole"))
    whole = path.stat().st_size
    with path.open("rb") as file:
        lines = store._settled_lines(file)
        first = next(lines)
        with path.open("a") as other:
            other.write('{"half": ')
        assert [first, *lines] == [(1, path.read_bytes()[:whole])]


APPEND_WITH_SPACE_FOR = """
    import resource, sys
    from pathlib import Path
    from example_records import profile
    from harness.errors import RunFailed
    from harness.store import append

    path, space = Path(sys.argv[1]), int(sys.argv[2])
    append(path, profile("fits"))
    limit = path.stat().st_size + space
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        append(path, profile("does not fit"))
    except RunFailed as error:
        print(error)
"""


APPEND_THREE_WITH_SPACE_FOR_TWO = """
    import resource, sys
    from pathlib import Path
    from example_records import profile
    from harness.errors import RunFailed
    from harness.records import to_json
    from harness.store import append, append_lines

    path = Path(sys.argv[1])
    append(path, profile("before"))
    lines = [to_json(profile(name)) for name in ("one", "two", "three")]
    limit = path.stat().st_size + len("".join(lines[:2])) + 50
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        append_lines(path, lines)
    except RunFailed as error:
        print(error)
    append_lines(path, lines[:2])
"""


def test_several_records_are_appended_together_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "profile.jsonl"
    with python(APPEND_THREE_WITH_SPACE_FOR_TWO, path) as child:
        message = child.communicate()[0]
    assert child.returncode == 0
    assert "record not written (only " in message
    loaded = store.load(tmp_path)
    assert (names(loaded), loaded.problems) == (["before", "one", "two"], [])


def test_records_of_another_schema_are_a_problem_unless_they_are_to_be_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "profile.jsonl"
    path.write_text(to_json(PROFILE).replace('"schema": 1', '"schema": 2') + "\ntorn\n")
    problems: list[str] = []
    assert list(store.stream(tmp_path, problems)) == []
    assert [problem.split(": ")[0] for problem in problems] == [f"{path}:1", f"{path}:2"]
    with pytest.raises(BadRequest, match=r":1: this version reads schema 1, got 2"):
        list(store.stream(tmp_path, [], refuse_other_schemas=True))


@pytest.mark.parametrize("space", [0, 1, 100])
def test_without_space_nothing_is_appended_and_the_reason_is_given(
    tmp_path: Path, space: int
) -> None:
    path = tmp_path / "profile.jsonl"
    with python(APPEND_WITH_SPACE_FOR, path, space) as child:
        message = child.communicate()[0]
    assert child.returncode == 0
    assert message.startswith(f"{path}: record not written (")
    assert message.count("\n") == 1
    assert store.load(tmp_path) == store.Loaded([profile("fits")], [])


def test_a_disk_that_fills_up_after_the_write_takes_the_line_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "profile.jsonl"
    store.append(path, profile("safe"))

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunFailed, match=r"record not written \(No space left on device\)"):
        store.append(path, profile("lost"))
    assert store.load(tmp_path) == store.Loaded([profile("safe")], [])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_names_of_new_files_and_folders_reach_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    path = tmp_path / "new" / "folder" / "profile.jsonl"
    store.append(path, PROFILE)
    assert synced == [path, path.parent, path.parent.parent, tmp_path]
    synced.clear()
    store.append(path, PROFILE)
    assert synced == [path]  # whose name is there
    synced.clear()
    path.write_text("")  # as a process that died between making it and its record leaves it
    store.append(path, PROFILE)
    assert synced == [path, path.parent]


def test_ctrl_c_during_a_write_takes_the_line_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "profile.jsonl"

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.append(path, profile("lost"))
    assert path.read_bytes() == b""


def test_a_path_through_a_file_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFailed, match=r"file/profile.jsonl: record not written \(File exists\)"):
        store.append(tmp_path / "file" / "profile.jsonl", PROFILE)


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    store.check_writable(tmp_path)
    store.check_writable(tmp_path / "new" / "folders")
    assert list(tmp_path.iterdir()) == []


def test_a_file_or_a_dangling_link_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for folder in ("file", "file/below", "link", "link/below", "n" * 300):
        with pytest.raises(BadRequest, match=r"^results folder .*: must be writable, got "):
            store.check_writable(tmp_path / folder)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_file_system_that_even_root_cannot_write_to_is_refused() -> None:
    for folder in ("/proc", "/proc/results"):
        with pytest.raises(BadRequest, match=f"results folder {folder}: must be writable"):
            store.check_writable(Path(folder))


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not stop root")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadRequest, match="Permission denied"):
        store.check_writable(tmp_path / "results")


@pytest.mark.parametrize(
    ("device", "folder"),
    [
        ("NVIDIA GeForce GTX 1080 Ti", "nvidia-geforce-gtx-1080-ti"),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", "intel-r-xeon-r-cpu-2-20ghz"),
        ("../../etc", "etc"),
        ("..", "unknown-device"),
        ("", "unknown-device"),
        ("日本", "unknown-device"),
        (None, "unknown-device"),
        ("a/" * 500, "a-" * 39 + "a"),
    ],
)
def test_timed_records_go_to_a_folder_named_for_their_device(
    device: str | None, folder: str
) -> None:
    record = profile("x", environment={"device": {"type": "cuda", "name": device}})
    assert store.path_for(Path("r"), record) == Path("r") / folder / "profile.jsonl"


def test_an_environment_without_device_still_has_a_folder() -> None:
    path = store.path_for(Path("r"), profile("x", environment={}))
    assert path == Path("r/unknown-device/profile.jsonl")


def test_records_without_timing_go_to_static() -> None:
    path = store.path_for(Path("r"), profile("x", timing=None))
    assert path == Path("r/static/profile.jsonl")


@pytest.mark.parametrize("place", ["harness/paper_records", "results/paper"])
def test_the_papers_records_are_found_in_wheel_and_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(store, "__file__", str(tmp_path / "harness" / "store.py"))
    store.append(tmp_path / place / "table-1.jsonl", REPORTED)
    assert store.paper_records() == [REPORTED]


@pytest.mark.parametrize("text", [None, "", f"{to_json(REPORTED)}\ntorn", to_json(PROFILE)])
def test_missing_damaged_or_foreign_paper_records_are_our_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.setattr(store, "__file__", str(tmp_path / "harness" / "store.py"))
    if text is not None:
        (tmp_path / "results" / "paper").mkdir(parents=True)
        (tmp_path / "results" / "paper" / "table-1.jsonl").write_text(text)
    with pytest.raises(RuntimeError, match="paper"):
        store.paper_records()
