"""Checkpoint files: what is read, and that nothing in them is run."""

import argparse
import hashlib
import os
import pickle
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from variants.errors import BadRequest
from variants.weights.checkpoint import read_checkpoint

TENSORS = {"conv.weight": torch.ones(2, 3, 1, 1), "conv.bias": torch.zeros(2)}


class Trap:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return eval, (f"open({str(self.path)!r}, 'w').close()",)


class Old:
    """A tensor as torch pickled it before 0.4: no word on gradients or hooks."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        tensor = self.tensor
        parts = (
            torch.storage.TypedStorage(
                wrap_storage=tensor.untyped_storage(), dtype=tensor.dtype, _internal=True
            ),
            0,
            tuple(tensor.shape),
            tensor.stride(),
        )
        return torch._utils._rebuild_tensor, parts


class Shell:
    """Calls a module that torch blocks whatever is allowed."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.system, ("true",)


def saved(tmp_path: Path, content: object, name: str = "file.pth", *, zipped: bool = True) -> Path:
    path = tmp_path / name
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadRequest) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["file.pth", "file.pkl", "file.pth.tar"])
def test_reads_a_state_dict(name: str, zipped: bool, tmp_path: Path) -> None:
    path = saved(tmp_path, OrderedDict(TENSORS), name, zipped=zipped)
    found = read_checkpoint(path)
    assert found.within == ()
    assert {key: value.tolist() for key, value in found.tensors.items()} == {
        key: value.tolist() for key, value in TENSORS.items()
    }
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "wrapper", ["model_state", "state_dict", "model_state_dict", "model", "net", "network"]
)
def test_finds_the_state_dict_within_what_training_saves(wrapper: str, tmp_path: Path) -> None:
    content = {"epoch": 7, "optimizer_state": {"lr": 0.1}, wrapper: TENSORS}
    found = read_checkpoint(saved(tmp_path, content))
    assert found.within == (wrapper,)
    assert set(found.tensors) == set(TENSORS)


def test_a_tensor_beside_the_state_dict_does_not_hide_it(tmp_path: Path) -> None:
    # a best accuracy, which the ImageNet scripts of several projects keep as a tensor
    content = {"epoch": 7, "state_dict": TENSORS, "best_prec1": torch.tensor(72.5)}
    found = read_checkpoint(saved(tmp_path, content))
    assert (found.within, found.beside) == (("state_dict",), ())
    assert set(found.tensors) == set(TENSORS)


def test_the_only_dictionary_of_tensors_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    # an optimiser's state holds tensors by number and deeper, and none itself
    adam = {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}
    found = read_checkpoint(saved(tmp_path, {"ema": TENSORS, "optimizer": adam, "epoch": 3}))
    assert (found.within, found.beside) == (("ema",), ())
    both = {"ema": TENSORS, "teacher": TENSORS}
    assert "got a dictionary of ema, teacher" in refusal(saved(tmp_path, both))


def test_averaged_weights_beside_the_trained_ones_are_left_and_named(tmp_path: Path) -> None:
    other = {key: tensor + 1 for key, tensor in TENSORS.items()}
    found = read_checkpoint(saved(tmp_path, {"ema": other, "model": TENSORS}))
    assert (found.within, found.beside) == (("model",), ("ema",))
    assert torch.equal(found.tensors["conv.bias"], TENSORS["conv.bias"])


def test_a_wrapper_without_tensors_gives_way_to_one_with_some(tmp_path: Path) -> None:
    found = read_checkpoint(saved(tmp_path, {"model": {"name": "erfnet"}, "net": TENSORS}))
    assert found.within == ("net",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_dictionary_that_holds_itself_has_an_end(zipped: bool, tmp_path: Path) -> None:
    content: dict[str, object] = {}
    content["state_dict"] = content
    message = refusal(saved(tmp_path, content, zipped=zipped))
    assert "must hold tensors in at most 5 dictionaries, got more" in message


@pytest.mark.parametrize(
    "name",
    ["a\nharness: all is well", "\x1b[2Jconv.weight", "w" * 201],
    ids=["line", "escape", "long"],
)
def test_names_that_would_spoil_a_message_are_refused(name: str, tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, {name: torch.ones(1)}))
    assert "names must be printable and of at most 200 characters" in message
    assert message.isprintable()
    message = refusal(saved(tmp_path, {name: 3}))
    assert message.isprintable()
    assert len(message) < len(str(tmp_path)) + 250


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_names_what_it_calls_in_printable_letters(zipped: bool, tmp_path: Path) -> None:
    # protocol 2, then the global of a module and a name, each up to the end of its line
    content = b"\x80\x02c\x1b[2Jevil\nx\x07y\n)R."
    path = tmp_path / "file.pkl"
    if zipped:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("file/data.pkl", content)
            file.writestr("file/version", "3")
    else:
        path.write_bytes(content)
    message = refusal(path)
    assert message.isprintable()
    assert "evil" in message
    assert "ran none of it" in message


def test_finds_it_two_levels_down(tmp_path: Path) -> None:
    found = read_checkpoint(saved(tmp_path, {"state_dict": {"model": TENSORS}}))
    assert found.within == ("state_dict", "model")


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "model.", "module.model."]
)
def test_takes_a_prefix_away_that_every_name_has(prefix: str, tmp_path: Path) -> None:
    found = read_checkpoint(saved(tmp_path, {prefix + key: t for key, t in TENSORS.items()}))
    assert set(found.tensors) == set(TENSORS)
    assert "".join(found.within) == prefix


def test_leaves_a_prefix_that_only_some_names_have(tmp_path: Path) -> None:
    content = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert set(read_checkpoint(saved(tmp_path, content)).tensors) == set(content)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_runs_code_is_refused_and_runs_none(zipped: bool, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    content = {"state_dict": TENSORS, "x": Trap(sprung)}
    path = saved(tmp_path, content, zipped=zipped)
    message = refusal(path)
    assert not sprung.exists()
    assert "eval; weights-only" in message
    assert "ran none of it" in message
    torch.load(path, weights_only=False)  # the trap works
    assert sprung.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_of_a_blocked_module_is_named_too(zipped: bool, tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, {"x": Shell()}, zipped=zipped))
    assert "a pickle that holds posix.system; weights-only" in message


def test_a_plain_pickle_that_runs_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps({"state_dict": {}, "x": Trap(tmp_path / "sprung")}, protocol=2))
    assert "eval" in refusal(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (np.zeros(3), "numpy"),
        (argparse.Namespace(lr=0.1), "argparse.Namespace"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
    ],
)
def test_what_else_an_old_file_holds_is_named_with_a_way_out(
    beside: object, named: str, zipped: bool, tmp_path: Path
) -> None:
    content = {"state_dict": TENSORS, "best": beside}
    message = refusal(saved(tmp_path, content, "best.pth.tar", zipped=zipped))
    assert named in message
    assert "save its tensors by themselves" in message


@pytest.mark.parametrize("number", [np.float64(0.7), np.float32(0.7), np.int64(7), np.bool_(True)])
def test_a_number_of_numpy_beside_the_tensors_is_no_obstacle(
    number: np.generic, tmp_path: Path
) -> None:
    # as scripts keep the best mIoU
    path = saved(tmp_path, {"model_state": TENSORS, "best_iou": number}, zipped=False)
    assert set(read_checkpoint(path).tensors) == set(TENSORS)
    # numpy 1 wrote the name of its module without the underscore
    content = path.read_bytes()
    assert b"numpy._core.multiarray\n" in content
    path.write_bytes(content.replace(b"numpy._core.multiarray\n", b"numpy.core.multiarray\n"))
    assert set(read_checkpoint(path).tensors) == set(TENSORS)


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_file_cut_short_is_refused(share: float, tmp_path: Path) -> None:
    path = saved(tmp_path, TENSORS)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "must be a whole PyTorch checkpoint" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"hello", b"\x80\x04.", b"PK\x03\x04" + bytes(100), pickle.dumps({"a": 1}, protocol=4)],
)
def test_a_foreign_file_is_refused_without_advice_to_load_it_unsafely(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    message = refusal(path)
    assert "must be a whole PyTorch checkpoint" in message
    assert "weights_only" not in message


def test_a_tensor_of_several_shapes_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls it a prototype
        nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    message = refusal(saved(tmp_path, {"a": nested}))
    assert "a must be a dense tensor, got one of several shapes" in message


def test_a_program_of_torchscript_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls it old
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), path)
    message = refusal(path)
    assert "got a TorchScript archive, which is a program; save the state_dict" in message


def test_tensors_of_torch_before_0_4_on_a_gpu_that_is_not_here_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _storage: "cuda:0")
    content = {"state_dict": {"module.conv.bias": Old(torch.tensor([1.0, 2.0]))}}
    found = read_checkpoint(saved(tmp_path, content, zipped=False))
    assert found.tensors["conv.bias"].tolist() == [1.0, 2.0]


def test_what_is_not_there_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.pth")
    assert "must be a file, got a directory" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.pth")  # which would be read for ever
    assert "must be a file, got a pipe or a device" in refusal(tmp_path / "pipe.pth")
    (tmp_path / "loop.pth").symlink_to("loop.pth")
    assert "cannot be read" in refusal(tmp_path / "loop.pth")


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    saved(tmp_path, TENSORS)
    (tmp_path / "link.pth").symlink_to("file.pth")
    found = read_checkpoint(tmp_path / "link.pth")
    assert found.path == tmp_path / "link.pth"
    assert set(found.tensors) == set(TENSORS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "got a dictionary of nothing"),
        ({"epoch": 3, "lr": 0.1}, "got a dictionary of epoch, lr"),
        ({"state_dict": {}}, "got a dictionary of nothing"),
        ([TENSORS], "got list"),
        (torch.ones(3), "got Tensor"),
        ({**TENSORS, "epoch": 3}, "got int as 'epoch'"),
        ({**TENSORS, 3: torch.ones(1)}, "got Tensor as '3'"),
        ({"a": torch.ones(2, 2).to_sparse()}, "a must be a dense tensor, got layout"),
        ({"a": torch.ones(2, device="meta")}, "a must be a dense tensor, got one without data"),
    ],
)
def test_what_is_no_dictionary_of_tensors_is_refused(
    content: object, said: str, tmp_path: Path
) -> None:
    assert said in refusal(saved(tmp_path, content))


def test_reads_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file(TENSORS, tmp_path / "file.safetensors")
    found = read_checkpoint(tmp_path / "file.safetensors")
    assert torch.equal(found.tensors["conv.weight"], TENSORS["conv.weight"])


def test_a_broken_safetensors_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("safetensors.torch")
    path = tmp_path / "file.safetensors"
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}")
    assert "must be a safetensors file" in refusal(path)


def test_safetensors_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.safetensors"
    path.touch()
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    assert "harness[weights]" in refusal(path)
