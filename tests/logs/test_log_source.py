"""What is no log, or one in another dress: packed, encoded, cut, empty, a folder."""

import gzip
import os
from pathlib import Path

import pytest

from harness.errors import BadRequest, RunFailed
from harness.logs import Choice, read_log
from harness.logs import source as source_module
from harness.logs.source import open_source

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = (FIXTURES / "mmseg1_text.log").read_text()


def miou(path: Path) -> float:
    return read_log(path, Choice()).reading.final.miou


def refusal(path: Path, content: bytes | None = None) -> str:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((RunFailed, BadRequest)) as caught:
        read_log(path, Choice())
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT.encode()),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        gzip.compress(TEXT.encode("utf-16")),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.rstrip("\n").encode(),
        b"\n\n" + TEXT.encode(),
    ],
    ids=["gzip", "utf-16", "utf-16-be", "gzip of utf-16", "bom", "crlf", "cr", "no end", "blanks"],
)
def test_a_log_reads_the_same_in_another_dress(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    assert miou(path) == 0.83


@pytest.mark.parametrize("name", ["mmseg0.log.json", "columns.csv", "cityscapes_server.csv",
                                  "cityscapesscripts.json", "pidnet.log"])  # fmt: skip
def test_windows_line_ends_change_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log"
    path.write_bytes((FIXTURES / name).read_bytes().replace(b"\n", b"\r\n"))
    assert read_log(path, Choice()).reading == read_log(FIXTURES / name, Choice()).reading


@pytest.mark.parametrize("name", ["mmseg0.log.json", "columns.csv", "columns.json"])
def test_a_byte_order_mark_changes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xef\xbb\xbf" + (FIXTURES / name).read_bytes())
    assert read_log(path, Choice()).reading == read_log(FIXTURES / name, Choice()).reading


@pytest.mark.parametrize("name", ["mmseg1_text.log", "ptsemseg_validate.txt", "pidnet.log"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_the_size_of_reads_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, name: str
) -> None:
    expected = read_log(FIXTURES / name, Choice()).reading
    monkeypatch.setattr(source_module, "READ", size)
    monkeypatch.setattr("harness.logs.read.RECOGNISED_BY", 10**6)
    path = tmp_path / "log"
    path.write_bytes((FIXTURES / name).read_bytes().replace(b"\n", b"\r\n"))
    assert read_log(path, Choice()).reading == expected


def test_what_is_no_log_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert refusal(path, b"").endswith("must be a log with mIoU, got an empty file")
    assert refusal(path, b" \n\r\n\t").endswith("got an empty file")
    assert refusal(path, b"\0" * 100).endswith("got an empty file")
    assert refusal(path, b"\x7fELF\0\0\1\2" * 99).endswith("must be a log, got a binary file")
    assert refusal(path, b"PK\x03\x04rest").endswith("got zip; unpack it first")
    assert refusal(path, gzip.compress(TEXT.encode())[:-20]).startswith(f"{path}: gzip is damaged")
    assert refusal(path, b"\x1f\x8bnothing of the kind").startswith(f"{path}: gzip is damaged")
    assert refusal(path, gzip.compress(b"")).endswith("got an empty file")
    assert refusal(path, b"{\n" + b'"a": 1,\n').endswith("got a part of it or something else")
    assert "no mIoU in it" in refusal(path, b"epoch 1 loss 0.5\nepoch 2 loss 0.4\n")
    assert refusal(path, b"x" * (9 << 20)).endswith("got a line of more than 8 MiB")


def test_what_is_no_file_is_a_bad_request(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="must be a log file, got a folder"):
        read_log(tmp_path, Choice())
    with pytest.raises(BadRequest, match=r"cannot be read \(No such file"):
        read_log(tmp_path / "none", Choice())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadRequest, match="got no regular file"):
        read_log(tmp_path / "pipe", Choice())


def test_a_crash_that_left_zeros_behind_leaves_the_log_readable(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(TEXT.encode() * 4 + b"\0" * 5000)
    assert open_source(path).size == len(TEXT.encode()) * 4 + 5000
    with pytest.raises(RunFailed, match="--run decides"):  # the same run four times over
        read_log(path, Choice())
    assert read_log(path, Choice(run=4)).reading.final.miou == 0.83


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.97])
def test_a_log_cut_anywhere_reads_what_it_has_or_says_that_it_has_none(
    tmp_path: Path, share: float
) -> None:
    messages = []
    for name in sorted(p.name for p in FIXTURES.iterdir()):
        content = (FIXTURES / name).read_bytes()
        path = tmp_path / "cut"
        path.write_bytes(content[: int(len(content) * share)])
        try:
            reading = read_log(path, Choice()).reading
        except RunFailed as error:
            messages.append(str(error))
        else:
            assert 0 <= reading.final.miou <= reading.best.miou <= 1
    assert not any("\n" in message for message in messages)


def test_the_hash_is_of_the_bytes_and_a_growing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"abc")
    source = open_source(path)
    # sha256("abc"), FIPS 180-2, appendix B.1
    assert source.sha256() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"abcd")
    with pytest.raises(RunFailed, match="changed while it was read"):
        source.sha256()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_a_last_line_without_an_end_is_noted_for_its_number_may_be_cut(
    tmp_path: Path, end: str, encoding: str
) -> None:
    path = tmp_path / "log"
    path.write_bytes(f"Iter 9/9{end}mIoU: 0.5 in all{end}".encode(encoding))
    if not end:
        path.write_bytes("Iter 9/9\nmIoU: 0.5".encode(encoding))
    notes = read_log(path, Choice()).reading.notes
    assert any("last line has no end" in note for note in notes) == (not end)


def test_a_file_that_begins_with_blanks_is_not_empty(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("\n" * 5000 + TEXT)
    assert miou(path) == 0.83
