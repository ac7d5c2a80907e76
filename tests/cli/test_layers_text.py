"""Where the time goes, within 80 columns."""

from harness.cli.layers_text import WIDTH, layer_lines
from harness.timing_records import LayerTime


def layer(path: str, time_s: float, macs: int = 0, limit_s: float = 0.0) -> LayerTime:
    return LayerTime(path=path, type="Conv2d", time_s=time_s, macs=macs, bytes=1, limit_s=limit_s)


def test_says_time_share_work_and_limit() -> None:
    found = [
        layer("stem.0", 0.06, 1_550_057_472, 0.0078),
        layer("", 0.03, 0, 0.015),
        layer("head", 0.01, 2_000_000, 0.001),
    ]
    assert layer_lines(found, limit=2, pass_s=0.0876) == [
        "  layers       100 ms of operators, profiled; a pass alone takes 87.6 ms",
        "       time   share        MACs  of limit  module",
        "    60.0 ms   60.0%     1.550 G       13%  stem.0 Conv2d",
        "    30.0 ms   30.0%           -       50%  Conv2d (the network itself)",
        "    10.0 ms   10.0%     2.000 M       10%  1 more",
    ]


def test_the_last_line_sums_up_what_is_not_named() -> None:
    found = [layer(f"layer.{n}", 1.0, 10**9, 0.5) for n in range(20)]
    lines = layer_lines(found)
    assert len(lines) == 2 + 15 + 1
    # 5 of 20 seconds, 5 x 10^9 MACs, half of the limit as each of them
    assert lines[-1] == "    5000 ms   25.0%     5.000 G       50%  5 more"


def test_all_are_named_where_there_is_room() -> None:
    assert not layer_lines([layer("a", 1.0)])[-1].endswith("more")
    assert len(layer_lines([layer("a", 1.0), layer("b", 1.0)], limit=2)) == 4


def test_no_line_is_longer_than_a_terminal() -> None:
    long = ".".join(["decoder.blocks.layers"] * 6)
    found = [layer(long, 12.3456, 10**12, 20.0), layer("x", 1e-7, 1), layer("y", 0.0)]
    lines = layer_lines(found, limit=2, pass_s=123.456)
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].endswith("layers Conv2d")
    assert "…" in lines[2]
    assert len(lines[2]) == WIDTH


def test_a_path_that_just_fits_is_whole() -> None:
    room = WIDTH - len("       time   share        MACs  of limit  ")
    for size, whole in ((room, True), (room + 1, False)):
        path = "p" * (size - len(" Conv2d"))
        assert (f"{path} Conv2d" in layer_lines([layer(path, 1.0)])[2]) == whole


def test_times_have_three_digits() -> None:
    times = [12.3456, 0.09999999, 0.123456, 0.0123456, 0.00123456, 0.000123456]
    lines = layer_lines([layer("x", time_s) for time_s in times])[2:]
    shown = [line.split(" ms")[0].strip() for line in lines]
    assert shown == ["12346", "100", "123", "12.3", "1.23", "0.123"]


def test_what_beats_its_limit_is_explained() -> None:
    within, beyond = [layer("x", 1.0, 1, 1.0)], [layer("x", 1.0, 1, 1.2)]
    assert "over 100%" not in "\n".join(layer_lines(within))
    assert layer_lines(beyond)[-1].startswith("  over 100% of limit: ")
    assert len(layer_lines(beyond)[-1]) <= WIDTH
    assert "over 100%" not in "\n".join(layer_lines([*within, *beyond], limit=1))  # not shown


def test_nothing_timed_divides_by_nothing() -> None:
    assert layer_lines([layer("x", 0.0)])[-1].split()[2:] == ["-", "-", "-", "x", "Conv2d"]
