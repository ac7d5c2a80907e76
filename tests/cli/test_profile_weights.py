"""`harness profile --weights`: the network is timed with them, and the record says which."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from example_records import DETAILED, FAILED, PROFILE

from harness import isolated
from harness.cli.answer import CSV_FIELDS, csv_row
from harness.cli.app import run
from harness.errors import RunFailed
from harness.profiling import weights as weights_module
from harness.profiling.weights import GivenWeights, given_weights, load_given
from harness.profiling.worker import profile_layers
from harness.records import FailedRecord
from harness.store import load
from variants.build import build
from variants.catalog import load_catalog
from variants.spec import resolve

QUICK = ["--input", "64x128", "--iterations", "2", "--rounds", "1", "--device", "cpu"]
USED = DETAILED.weights
SPEC = resolve(load_catalog()["dabnet"].chosen)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file(name: str = "own.pth", **changes: torch.Tensor) -> Path:
    torch.save(build(SPEC, seed=7).state_dict() | changes, name)
    return Path(name)


def profile(*arguments: str) -> int:
    return run(["profile", "--variant", "dabnet", *QUICK, *arguments])


@pytest.mark.slow
def test_the_record_says_which_weights(capsys: pytest.CaptureFixture[str]) -> None:
    path = file()
    assert profile("--weights", "own.pth") == 0
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"  weights      own.pth (sha256 {sha256[:12]}), harness\n" in capsys.readouterr().out
    [record] = load(Path("results")).records
    assert vars(record.weights) == {  # type: ignore[union-attr]
        "file": "own.pth", "sha256": sha256, "layout": "harness", "whole": True,
    }  # fmt: skip


@pytest.mark.slow
def test_every_round_loads_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_gone(*arguments: object, **options: object) -> GivenWeights:
        found = given_weights(*arguments, **options)  # type: ignore[arg-type]
        found.path.unlink()
        return found

    file()
    monkeypatch.setattr(weights_module, "given_weights", then_gone)
    assert profile("--weights", "own.pth") == 1
    assert "own.pth: cannot be read (No such file" in capsys.readouterr().err
    [record] = load(Path("results")).records  # the failure, which says of which weights it is
    assert isinstance(record, FailedRecord)
    assert record.weights is not None
    assert (record.weights.file, record.weights.whole) == ("own.pth", True)


@pytest.mark.slow
def test_layers_are_profiled_with_the_weights_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    real = isolated.run_isolated

    def spy(function: object, *arguments: object, **options: object) -> object:
        if function is profile_layers:
            given.append(arguments[-1])
        return real(function, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(isolated, "run_isolated", spy)
    path = file()
    assert profile("--weights", "own.pth", "--layers") == 0
    assert [each.path for each in given] == [path.resolve()]
    path.unlink()
    with pytest.raises(RunFailed, match="cannot be read"):
        profile_layers(lambda _: None, SPEC, None, "cpu", given[0])  # type: ignore[arg-type]


def test_csv_names_the_weights_in_its_last_column() -> None:
    assert CSV_FIELDS[-1] == "weights"
    for with_file, without in ((DETAILED, PROFILE), (replace(FAILED, weights=USED), FAILED)):
        assert csv_row(with_file)["weights"] == "a.pth@00000000"
        assert csv_row(without)["weights"] is None


def test_what_is_loaded_is_what_the_file_holds() -> None:
    given = given_weights(SPEC, file(), partial=False)
    network = build(SPEC)
    load_given(network, given)
    held, found = torch.load("own.pth"), network.state_dict()
    assert all(torch.equal(held[key], found[key]) for key in held)


def test_a_file_that_changes_while_it_is_timed_is_refused() -> None:
    given = given_weights(SPEC, file(), partial=False)
    file(**{"classify.weight": torch.zeros(19, 259, 1, 1)})
    with pytest.raises(RunFailed, match="must stay as it is while it is timed"):
        load_given(build(SPEC), given)


@pytest.mark.slow
def test_weights_that_are_no_numbers_are_a_warning_where_the_outputs_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # a variance without end makes a channel constant, so that the outputs stay numbers
    file(**{"start.1.0.running_var": torch.full((32,), float("inf"))})
    assert profile("--weights", "own.pth") == 0
    [record] = load(Path("results")).records
    said = record.timing.warnings  # type: ignore[union-attr]
    assert (
        "the weights: NaN or infinite numbers in 1 of its tensors, the first start.1.0.running_var"
        in said
    )
    file(**{"classify.weight": torch.full((19, 259, 1, 1), float("nan"))})
    assert profile("--weights", "own.pth") == 1
    assert "outputs: must be finite" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_that_do_not_fit_are_refused_before_anything_is_timed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file(**{"classify.weight": torch.zeros(20, 259, 1, 1)})
    assert profile("--weights", "own.pth") == 2
    err = capsys.readouterr().err
    assert err.startswith("harness: --weights: own.pth: as layout harness")
    assert err.endswith("the file has 20 classes, the network 19; harness weights lists them\n")
    assert not [*Path().rglob("*.jsonl")]
    assert profile("--weights", "own.pth", "--partial") == 0
    assert ", harness, the rest as built\n" in capsys.readouterr().out
    [record] = load(Path("results")).records
    assert not record.weights.whole  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--partial"], "profile: --partial is about --weights, got none"),
        (["--weights", "x", "--no-timing"], "what one variant is timed with, got --no-timing"),
        (["--weights", "x", "--variant", "erfnet"], "is timed with, got 2 variants"),
        (["--weights", "x"], "x: cannot be read (No such file or directory)"),
    ],
)
def test_a_bad_request_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert profile(*arguments) == 2
    err = capsys.readouterr().err
    assert err.endswith(f"{message}\n")
    assert err.count("\n") == 1
