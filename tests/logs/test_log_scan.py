"""The scanner yields the lines that matter, in order, however the file is cut into blocks."""

from harness.logs.scan import scan

LINES = b"step 1\nstep 2\nstep 3\nmIoU a\nclass x\nclass y\nstep 4\nstep 5\nmIoU b\nstep 6\n"


def lines(text: bytes, **options: object) -> list[str]:
    return list(scan([b"\n" + text], **options))  # type: ignore[arg-type]


def test_wanted_lines_come_in_order_and_others_do_not() -> None:
    assert lines(LINES, wanted=(b"b", b"mIoU")) == ["mIoU a", "mIoU b"]


def test_first_and_last_edges_between_wanted_lines_come_too() -> None:
    assert lines(LINES, wanted=(b"mIoU",), edges=(b"step",)) == [
        "step 1", "step 3", "mIoU a", "step 4", "step 5", "mIoU b", "step 6",
    ]  # fmt: skip


def test_lines_that_follow_a_wanted_one_end_at_an_edge() -> None:
    got = lines(LINES, wanted=(b"mIoU",), edges=(b"step",), follow=9)
    assert got == [
        "step 1", "step 3", "mIoU a", "class x", "class y", "step 4", "step 5", "mIoU b", "step 6",
    ]  # fmt: skip
    assert lines(LINES, wanted=(b"mIoU",), follow=1) == ["mIoU a", "class x", "mIoU b", "step 6"]


def test_a_wanted_line_that_is_an_edge_itself_is_followed_all_the_same() -> None:
    got = lines(b"step 1 mIoU\nclass x\nstep 2\n", wanted=(b"mIoU",), edges=(b"step",), follow=5)
    assert got == ["step 1 mIoU", "class x", "step 2"]


def test_a_needle_with_a_line_end_is_found_only_at_the_beginning_of_a_line() -> None:
    assert lines(b"| a\n| b\nc | d\n| e\n", wanted=(b"\n|",)) == ["| a", "| b", "| e"]


def test_following_goes_on_in_the_next_block() -> None:
    blocks = [b"\nmIoU a\n", b"\nclass x\n", b"\nclass y\nstep 1\nz\n"]
    got = list(scan(blocks, wanted=(b"mIoU",), edges=(b"step",), follow=9))
    assert got == ["mIoU a", "class x", "class y", "step 1"]


def test_any_cut_into_blocks_gives_the_same_wanted_lines() -> None:
    whole = [x for x in lines(LINES, wanted=(b"mIoU",), follow=2) if "step" not in x]
    parts = LINES.splitlines(keepends=True)
    for cut in range(1, len(parts)):
        blocks = [b"\n" + b"".join(part) for part in (parts[:cut], parts[cut:])]
        got = [x for x in scan(blocks, wanted=(b"mIoU",), follow=2) if "step" not in x]
        assert got == whole


def test_colours_and_broken_utf8_do_no_harm() -> None:
    assert lines(b"\x1b[92mmIoU\x1b[0m \xff0.5\n", wanted=(b"mIoU",)) == ["mIoU \ufffd0.5"]
