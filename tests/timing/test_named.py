"""A protocol's name or file gives the protocol that it says, for the device that is asked."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import BadRequest
from harness.timing.named import (
    BUILT_IN,
    load_protocol,
    make_protocol,
    paper_protocol,
    protocol_names,
)
from harness.timing.protocol import LATENCY, THROUGHPUT, Protocol

SHAPE = (1, 3, 1024, 2048)


def made(name: str | Path, device: str = "cpu", **changes: Any) -> Protocol:
    return make_protocol(load_protocol(str(name)), device=device, size=(64, 128), **changes)


class Folder:
    """A folder of protocol files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str, name: str = "mine.yaml") -> Path:
        """Write a file and return its path."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def file(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# The built-in ones.


def test_the_built_in_protocols_are_paper_and_latency() -> None:
    assert protocol_names() == ["latency", "paper"]


def test_on_cuda_the_paper_is_10000_passes_without_budget() -> None:
    protocol = made("paper", "cuda:1")
    assert (protocol.name, protocol.input, protocol.device) == ("paper", (1, 3, 64, 128), "cuda")
    assert (protocol.iterations, protocol.budget_s, protocol.warmup) == (10_000, None, 50)
    assert (protocol.precision, protocol.tf32, protocol.cudnn_benchmark) == ("fp32", False, True)
    assert (protocol.synchronisation, protocol.rounds, protocol.until) == (THROUGHPUT, 5, None)
    assert protocol.plain


def test_on_the_cpu_the_paper_has_a_budget_of_20_s_and_at_least_5_passes() -> None:
    protocol = made("paper", "cpu")
    assert (protocol.budget_s, protocol.min_iterations, protocol.warmup) == (20.0, 5, 1)
    assert protocol.iterations == 10_000


def test_latency_is_the_paper_with_each_pass_alone() -> None:
    for device in ("cpu", "cuda"):
        paper, latency = made("paper", device).to_dict(), made("latency", device).to_dict()
        changed = {"name": "latency", "iterations": 1000, "synchronisation": LATENCY}
        assert latency == paper | changed


def test_paper_protocol_is_one_round_of_the_paper_for_a_shape() -> None:
    protocol = paper_protocol((2, 4, 8, 16), "cuda", 7)
    assert (protocol.input, protocol.rounds, protocol.iterations) == ((2, 4, 8, 16), 1, 7)
    assert paper_protocol(SHAPE, "cpu").iterations == 10_000
    assert paper_protocol(SHAPE, "cuda:0") == paper_protocol(SHAPE, "cuda:1")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadRequest) as caught:
        load_protocol("papr")
    assert str(caught.value) == "no protocol 'papr' (nor a .yaml file); did you mean paper?"


# What the request adds.


def test_threads_are_the_requests_else_the_files_else_torchs(file: Folder) -> None:
    mine = file("threads: 7")
    assert made(mine, threads=5).threads == 5
    assert made(mine).threads == 7
    assert made("paper").threads == torch.get_num_threads()


def test_the_size_is_the_values_else_the_requests(file: Folder) -> None:
    mine = file("size: 512x1024")
    assert made("paper").input == (1, 3, 64, 128)
    assert made(mine).input == (1, 3, 512, 1024)
    values = load_protocol(str(mine)) | {"size": (32, 48)}
    assert make_protocol(values, device="cpu", size=(64, 128)).input == (1, 3, 32, 48)


def test_the_batch_is_the_requests_else_the_files(file: Folder) -> None:
    mine = file("batch: 4")
    assert made(mine).input[0] == 4
    assert made(mine, batch=2).input[0] == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("precision", "bf16"),
        ("memory_format", "channels_last"),
        ("backend", "compile"),
        ("fold_bn", True),
        ("tf32", True),
        ("cudnn_benchmark", False),
        ("warmup", 9),
        ("iterations", 17),
        ("min_iterations", 3),
        ("rounds", 8),
        ("seed", 5),
        ("until", 0.02),
        ("budget_s", 3.5),
        ("synchronisation", LATENCY),
        ("threads", 3),
    ],
)
def test_every_option_of_a_file_and_of_a_request_arrives(
    file: Folder, field: str, value: Any
) -> None:
    in_yaml = str(value).lower() if isinstance(value, bool) else value
    assert getattr(made("paper"), field) != value
    assert getattr(made(file(f"{field}: {in_yaml}")), field) == value
    assert getattr(made(file(f"cpu: {{{field}: {in_yaml}}}")), field) == value
    assert getattr(made("paper", **{field: value}), field) == value


def test_seconds_are_stored_as_a_record_reads_them(file: Folder) -> None:
    assert repr(made(file("budget_s: 9")).budget_s) == "9.0"


def test_a_request_wins_over_a_file_null_included(file: Folder) -> None:
    mine = file("{budget_s: 9, until: 0.1, cpu: {warmup: 7}}")
    assert made(mine, warmup=3).warmup == 3
    protocol = made(mine, budget_s=None, until=None)
    assert (protocol.budget_s, protocol.until) == (None, None)


def test_precision_tf32_turns_tf32_on_unless_a_file_says_no(file: Folder) -> None:
    assert made("paper", "cuda", precision="tf32").tf32
    assert not made(file("precision: tf32"), "cuda", precision="fp16").tf32
    with pytest.raises(BadRequest, match="tf32 must be True with precision tf32, got False"):
        made(file("{precision: tf32, tf32: false}"), "cuda")


def test_onnxruntime_runs_on_the_devices_own_provider_unless_told(file: Folder) -> None:
    assert made("paper", "cpu", backend="onnxruntime").provider == "cpu"
    assert made("paper", "cuda:2", backend="onnxruntime").provider == "cuda"
    mine = file("{backend: onnxruntime, cuda: {provider: tensorrt}}")
    assert made(mine, "cuda").provider == "tensorrt"
    assert made(mine, "cpu").provider == "cpu"
    assert made(mine, "cuda", provider="cuda").provider == "cuda"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(BadRequest, match="device must be cpu or cuda, got 'tpu'"):
        made("paper", "tpu")


# `until`: what ends timing where the interval does not.


@pytest.mark.parametrize(("device", "budget_s"), [("cpu", 120.0), ("cuda", 60.0)])
def test_until_has_a_budget_and_30_passes_of_its_own(
    file: Folder, device: str, budget_s: float
) -> None:
    for protocol in (made("paper", device, until=0.01), made(file("until: 0.01"), device)):
        assert (protocol.until, protocol.budget_s, protocol.min_iterations) == (0.01, budget_s, 30)


def test_what_a_users_file_says_wins_over_what_until_would_have(file: Folder) -> None:
    file("{budget_s: 300, min_iterations: 7}", "base.yaml")
    for text in ("{budget_s: 300, min_iterations: 7}", "extends: base.yaml"):
        protocol = made(file(text), until=0.01)
        assert (protocol.budget_s, protocol.min_iterations) == (300.0, 7)
    assert made(file("{until: 0.01, cpu: {budget_s: 300}}"), "cpu").budget_s == 300.0
    assert made(file("{until: 0.01, cpu: {budget_s: 300}}"), "cuda").budget_s == 60.0
    assert made(file("{until: 0.01, budget_s: null}")).budget_s is None


def test_what_a_request_says_wins_over_what_until_would_have() -> None:
    protocol = made("paper", until=0.01, budget_s=5.0, min_iterations=2)
    assert (protocol.budget_s, protocol.min_iterations) == (5.0, 2)
    assert made("paper", until=0.01, budget_s=None).budget_s is None


def test_until_taken_back_leaves_the_ordinary_budget(file: Folder) -> None:
    file("until: 0.01", "base.yaml")
    protocol = made(file("{extends: base.yaml, until: null}"))
    assert (protocol.until, protocol.budget_s, protocol.min_iterations) == (None, 20.0, 5)


# Files.


def test_a_file_extends_the_paper_unless_it_names_another(file: Folder) -> None:
    base = made(file("warmup: 9"))
    assert (base.name, base.warmup, base.synchronisation) == ("mine", 9, THROUGHPUT)
    assert base.to_dict() == made("paper").to_dict() | {"name": "mine", "warmup": 9}
    assert made(file("extends: latency")).synchronisation == LATENCY
    file("{extends: latency, seed: 4, batch: 2}", "base.yaml")
    child = made(file("{extends: base.yaml, batch: 3}"))
    assert (child.name, child.seed, child.synchronisation) == ("mine", 4, LATENCY)
    assert child.input[0] == 3


def test_a_parent_is_looked_for_beside_its_child(
    file: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file("seed: 4", "shared/base.yml")
    file("{extends: base.yml, batch: 2}", "shared/middle.yaml")
    mine = file("extends: shared/middle.yaml")
    monkeypatch.chdir(BUILT_IN)
    protocol = made(mine)
    assert (protocol.seed, protocol.input[0]) == (4, 2)
    monkeypatch.chdir(tmp_path)
    assert made("mine.yaml") == protocol


def test_a_device_section_holds_on_that_device_only(file: Folder) -> None:
    mine = file("{warmup: 9, cuda: {warmup: 11, precision: fp16}}")
    assert (made(mine, "cpu").warmup, made(mine, "cpu").precision) == (9, "fp32")
    assert (made(mine, "cuda").warmup, made(mine, "cuda").precision) == (11, "fp16")


def test_what_a_child_says_wins_over_what_its_parent_says_of_a_device(file: Folder) -> None:
    file("{warmup: 1, cpu: {warmup: 2, seed: 2}, cuda: {warmup: 3}}", "base.yaml")
    mine = file("{extends: base.yaml, warmup: 4}")
    assert (made(mine, "cpu").warmup, made(mine, "cuda").warmup) == (4, 4)
    assert made(mine, "cpu").seed == 2  # not touched
    mine = file("{extends: base.yaml, warmup: 4, cpu: {warmup: 5}}")
    assert (made(mine, "cpu").warmup, made(mine, "cuda").warmup) == (5, 4)
    mine = file("{extends: base.yaml, cpu: {warmup: 5}}")
    assert (made(mine, "cpu").warmup, made(mine, "cuda").warmup) == (5, 3)


def test_a_file_may_be_the_built_in_one_itself_but_not_take_its_name(file: Folder) -> None:
    assert made(BUILT_IN / "paper.yaml") == made("paper")
    for name in protocol_names():
        assert made(f"{BUILT_IN}/../protocols/{name}.yaml") == made(name)
    for name in ("paper.yaml", "Latency.yml"):
        with pytest.raises(BadRequest, match="names latency, paper are taken, got '"):
            load_protocol(str(file("warmup: 9", name)))
    assert made(file("extends: paper.yaml")).warmup == 9  # as a parent it gives no name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("warmup: 9\nitertions: 5", ":2: protocol has no key 'itertions'; did you mean iterations"),
        ("cpu:\n  itertions: 5", ":2: cpu has no key 'itertions'; did you mean iterations"),
        ("cpu:\n  size: 8x8", ":2: cpu has no key 'size'"),
        ("name: other", ":1: protocol has no key 'name'"),
        ("device: cuda", ":1: protocol has no key 'device'"),
        ("warmup: 9\niterations: true", ":2: iterations must be a whole number, got True"),
        ("iterations: 1.0e+4", ":1: iterations must be a whole number, got 10000.0"),
        ("iterations: 1e4", ":1: iterations must be a whole number, got '1e4'"),
        ("iterations: 0", ":1: iterations must be at least 1, got 0"),
        ("iterations: null", ":1: iterations must be a whole number, got None"),
        ("batch: [1, 2]", ":1: batch must be a whole number, got a list"),
        ("batch: 0", ":1: batch must be at least 1, got 0"),
        ("until: 0.5%", ":1: until must be a number, got '0.5%'"),
        ("until: 5", ":1: until must be between 0 and 1, got 5"),
        ("budget_s: .nan", ":1: budget_s must be positive, got nan"),
        (f"budget_s: 1{'0' * 400}", ":1: budget_s must be positive, got 1000"),
        ("cuda:\n  tf32: 1", ":2: tf32 must be true or false, got 1"),
        ("tf32: null", ":1: tf32 must be true or false, got None"),
        ("precision: fp61", ":1: precision must be 'fp32' or"),
        ("precision: {a: 1}", ":1: precision must be 'fp32' or"),
        ("provider: 1", ":1: provider must be null or"),
        ("size: 1024", ":1: size must be text, got 1024"),
        ("size: 1024x0", ":1: size must be HxW, got '1024x0'"),
        ("summary: 3", ":1: summary must be text, got 3"),
        ("cpu: 3", ":1: cpu must be a mapping, got 3"),
        ("[1]", ":1: protocol must be a mapping"),
        ("", ": protocol is empty"),
        ("warmup: 1\nwarmup: 2", ":2: protocol has the key 'warmup' twice"),
        ("warmup: !!python/object/apply:os.getpid []", ":1: not plain YAML"),
        ("cpu: &a {warmup: 1}\ncuda: *a", ":2: aliases are not allowed"),
        ("extends: papr", ":1: extends must be latency or paper or a .yaml file, got 'papr'"),
        ("extends: null", ":1: extends must be text, got None"),
        ("extends: gone.yaml", ":1: extends must be a file that is there, got 'gone.yaml'"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(file: Folder, text: str, message: str) -> None:
    path = file(text)
    with pytest.raises(BadRequest) as caught:
        load_protocol(str(path))
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gone.yaml"
    with pytest.raises(BadRequest, match=re.escape(f"{path}: cannot be read")):
        load_protocol(str(path))


def test_a_broken_parent_is_named_by_its_own_place(file: Folder) -> None:
    base = file("seed: -1", "base.yaml")
    with pytest.raises(BadRequest, match=re.escape(f"{base}:1: seed must be at least 0, got -1")):
        load_protocol(str(file("extends: base.yaml")))


@pytest.mark.parametrize("itself", ["mine.yaml", "./mine.yaml", "sub/../mine.yaml"])
def test_a_file_that_extends_itself_is_refused(file: Folder, itself: str) -> None:
    file("seed: 1", "sub/other.yaml")
    with pytest.raises(BadRequest, match=r"must not extend itself, got .*mine\.yaml -> .*mine\."):
        load_protocol(str(file(f"extends: {itself}")))


def test_files_that_extend_each_other_are_refused(file: Folder) -> None:
    file("extends: c.yaml", "b.yaml")
    file("extends: b.yaml", "c.yaml")
    with pytest.raises(BadRequest, match=r"a\.yaml -> .*b\.yaml -> .*c\.yaml -> .*b\.yaml$"):
        load_protocol(str(file("extends: b.yaml", "a.yaml")))


def test_values_that_do_not_fit_together_are_refused_on_the_device_they_do_not_fit(
    file: Folder,
) -> None:
    mine = file("backend: cudagraph")
    assert made(mine, "cuda").backend == "cudagraph"
    with pytest.raises(BadRequest, match="backend cudagraph runs on cuda, got device 'cpu'"):
        made(mine, "cpu")


def test_reading_protocols_does_not_import_torch() -> None:
    script = (
        "import sys; from harness.timing.named import load_protocol, make_protocol;"
        "make_protocol(load_protocol('paper'), device='cuda', size=(8, 8), threads=1);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
