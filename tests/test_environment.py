"""The environment names versions and devices, nobody's host or folder, and reads fast."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import harness
from harness import environment
from harness.environment import (
    read_allocator,
    read_commit,
    read_cpu,
    read_driver,
    read_environment,
    read_modified,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TWO_CORES_FOUR_THREADS = """\
processor\t: 0
model name\t: A CPU @ 3.00GHz
physical id\t: 0
core id\t\t: 0

processor\t: 1
model name\t: A CPU @ 3.00GHz
physical id\t: 0
core id\t\t: 1

processor\t: 2
model name\t: A CPU @ 3.00GHz
physical id\t: 0
core id\t\t: 0

processor\t: 3
model name\t: A CPU @ 3.00GHz
physical id\t: 0
core id\t\t: 1
"""


def test_on_the_cpu_it_names_versions_and_processor() -> None:
    found = read_environment("cpu")
    assert found["harness"] == harness.__version__
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__
    assert found["torch_threads"] == torch.get_num_threads()
    assert found["device"] == {"type": "cpu", "name": found["cpu"]["name"]}
    assert found["cpu"]["name"]
    assert found["cpu"]["logical_cores"] >= 1


def test_it_is_plain_json() -> None:
    found = read_environment("cpu")
    assert json.loads(json.dumps(found)) == found
    assert type(found["torch"]) is str  # torch's own is a subclass


def test_it_names_no_host_user_or_folder() -> None:
    text = json.dumps(read_environment("cpu"))
    # Whole words, quoted: a host may be called `cpu`.
    for private in (platform.node(), Path.home().name):
        assert f'"{private}"' not in text
    assert str(Path.home()) not in text
    assert os.getcwd() not in text  # noqa: PTH109 - the text is what is looked for


def test_neither_importing_nor_reading_it_imports_torch() -> None:
    script = (
        "import sys, harness.environment as e; found = e.read_environment('cpu');"
        "assert found['torch'] is None; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_on_a_gpu_it_names_the_gpu_and_the_processor_beside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []

    def properties(device: Any) -> SimpleNamespace:
        asked.append(device)
        return SimpleNamespace(name="A GPU", total_memory=11 * 2**30, major=6, minor=1)

    driver = tmp_path / "version"
    driver.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22\n")
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(environment, "NVIDIA_DRIVER", driver)
    found = read_environment("cuda:1")
    assert asked == ["cuda:1"]
    assert found["device"] == {
        "type": "cuda",
        "name": "A GPU",
        "memory_bytes": 11 * 2**30,
        "compute_capability": "6.1",
        "driver": "550.54.14",
        "count": 2,
    }
    assert found["cpu"]["name"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n"
            "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n",
            "570.86.15",
        ),
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12\n", "390.157"),
        ("nothing of the kind", None),
    ],
)
def test_the_driver_is_what_its_kernel_module_says(
    tmp_path: Path, text: str, version: str | None
) -> None:
    path = tmp_path / "version"
    path.write_text(text)
    assert read_driver(path) == version
    assert read_driver(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("usable", "logical", "physical"), [({0, 1, 2, 3}, 4, 2), ({0, 2}, 2, 1), ({1}, 1, 1)]
)
def test_only_cores_that_the_process_may_use_count(
    tmp_path: Path, usable: set[int], logical: int, physical: int
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(TWO_CORES_FOUR_THREADS)
    assert read_cpu(path, usable) == {
        "name": "A CPU @ 3.00GHz",
        "logical_cores": logical,
        "physical_cores": physical,
    }


def test_two_sockets_have_cores_of_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(
        TWO_CORES_FOUR_THREADS.replace("id\t: 0\ncore id\t\t: 1", "id\t: 1\ncore id\t\t: 0")
    )
    assert read_cpu(path, {0, 1})["physical_cores"] == 2


@pytest.mark.parametrize("text", [None, "", "processor\t: 0\nBogoMIPS\t: 50.00\n"])
def test_a_processor_that_the_kernel_does_not_name_still_has_a_name(
    tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "cpuinfo"
    if text is not None:
        path.write_text(text)
    found = read_cpu(path, {0, 1})
    assert found["name"] == (platform.processor() or platform.machine())
    assert (found["logical_cores"], found["physical_cores"]) == (2, None)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_commit_of_a_branch_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".git/HEAD", "ref: refs/heads/topic/x\n")
    write(tmp_path / ".git/refs/heads/topic/x", f"{COMMIT}\n")
    assert read_commit(tmp_path) == COMMIT


def test_the_commit_of_a_packed_branch_is_read(tmp_path: Path) -> None:
    other = COMMIT[::-1]
    write(tmp_path / ".git/HEAD", "ref: refs/heads/main\n")
    write(
        tmp_path / ".git/packed-refs",
        f"# pack-refs with: peeled\n{other} refs/heads/main2\n{COMMIT} refs/heads/main\n",
    )
    assert read_commit(tmp_path) == COMMIT


def test_the_commit_of_a_detached_head_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".git/HEAD", f"{COMMIT}\n")
    assert read_commit(tmp_path) == COMMIT


def test_the_commit_of_a_worktree_is_read(tmp_path: Path) -> None:
    write(tmp_path / "tree/.git", f"gitdir: {tmp_path}/main/.git/worktrees/tree\n")
    write(tmp_path / "main/.git/worktrees/tree/HEAD", "ref: refs/heads/side\n")
    write(tmp_path / "main/.git/worktrees/tree/commondir", "../..\n")
    write(tmp_path / "main/.git/refs/heads/side", f"{COMMIT}\n")
    assert read_commit(tmp_path / "tree") == COMMIT


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".git/HEAD": "ref: refs/heads/unborn\n"},
        {".git/HEAD": "rubbish"},
        {".git/config": ""},
        {".git": "gitdir: gone"},
        {".git": "rubbish"},
    ],
)
def test_without_a_commit_to_read_there_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        write(tmp_path / name, text)
    assert read_commit(tmp_path) is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_this_gpu_everything_is_known() -> None:
    found = read_environment("cuda:0")
    assert all(value is not None for value in found["device"].values())
    assert found["cuda"] is not None
    assert found["cudnn"] is not None


def test_a_checkout_that_differs_from_its_commit_is_known(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)

    file = tmp_path / "file"
    assert read_modified(tmp_path) is None  # no checkout
    git("init", "-q")
    file.write_text("1")
    git("add", "file")
    git("commit", "-qm", "first")
    assert read_modified(tmp_path) is False
    (tmp_path / "untracked").write_text("")
    assert read_modified(tmp_path) is False
    file.write_text("2")
    assert read_modified(tmp_path) is True


def test_only_a_thorough_reading_spawns_git() -> None:
    assert "modified" not in read_environment("cpu")
    assert "modified" in read_environment("cpu", thorough=True)


def test_what_tunes_the_allocator_is_named_and_no_folder_with_it() -> None:
    environ = {
        "MALLOC_MMAP_MAX_": "0",
        "GLIBC_TUNABLES": "glibc.malloc.mmap_max=0",
        "LD_PRELOAD": "/home/somebody/lib/libjemalloc.so.2:/opt/libtcmalloc.so",
        "HOME": "/home/somebody",
    }
    assert read_allocator(environ) == {
        "allocator": "GLIBC_TUNABLES=glibc.malloc.mmap_max=0 MALLOC_MMAP_MAX_=0 "
        "LD_PRELOAD=libjemalloc.so.2 libtcmalloc.so"
    }
    assert read_allocator({"LD_PRELOAD": "", "HOME": "/"}) == {}


def test_the_environment_of_a_record_holds_what_tunes_the_allocator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "0")
    assert "MALLOC_MMAP_MAX_=0" in read_environment("cpu")["allocator"]
