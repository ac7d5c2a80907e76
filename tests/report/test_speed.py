"""The FPS column: one device, one protocol, one origin."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record
from harness.report.conditions import identified, of_profile
from harness.report.definition import Definition
from harness.report.row_definition import Row
from harness.report.rows import RowRecords, gather
from harness.report.speed import FpsChoice, Speeds, choose_speeds, fps_choice

from .sample import CPU, GPU, profile, protocol, reported, timing, trained


def rows(*records: Record) -> Sequence[RowRecords]:
    definition = Definition(
        name="t",
        title="T",
        source="table-1",
        input_shape=(1, 3, 1024, 2048),
        convention="paper",
        baseline=None,
        columns=("method", "fps"),
        rows=(Row(variant="a"), Row(variant="b"), Row(variant="c")),
    )
    return gather(definition, records)


def choose(*records: Record, **choice: str) -> Speeds:
    return choose_speeds(rows(*records), FpsChoice(**choice))  # type: ignore[arg-type]


def refusal(*records: Record, **choice: str) -> str:
    with pytest.raises(BadRequest) as caught:
        choose(*records, **choice)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def under(variant: str, fps: float = 40.0, device: str = GPU, **changes: object) -> Record:
    record: Record = profile(
        variant, device=device, timing=timing(fps, protocol=protocol(**changes))
    )
    return record


def test_without_a_measured_rate_the_column_is_reported() -> None:
    speeds = choose(reported("a"), reported("b"), profile("c"))
    assert speeds.origin == "reported"
    assert set(speeds.records) == {0, 1}


def test_measured_and_reported_rates_never_share_the_column() -> None:
    speeds = choose(under("a"), reported("a"), reported("b"), reported("c"))
    assert speeds.origin == "measured"
    assert set(speeds.records) == {0}


def test_the_origin_can_be_decided() -> None:
    records = (under("a"), reported("a"), reported("b"))
    assert set(choose(*records, origin="reported").records) == {0, 1}
    assert set(choose(*records, origin="measured").records) == {0}
    assert choose(reported("a"), origin="measured").origin is None


def test_two_devices_are_refused_with_their_rows_and_the_flag() -> None:
    records = (under("a"), under("b"), under("c", device=CPU))
    message = refusal(*records)
    assert f"{GPU} under paper@" in message
    assert "(2 rows)" in message
    assert f"{CPU} under paper@" in message
    assert "(1 row)" in message
    assert message.endswith("decide with --device")  # the protocols are equal


def test_the_device_flag_decides_by_part_of_the_name_in_any_case() -> None:
    records = (under("a"), under("b"), under("c", device=CPU))
    assert set(choose(*records, device="h200").records) == {0, 1}
    assert set(choose(*records, device="EPYC").records) == {2}


def test_a_device_that_is_called_just_that_goes_before_longer_names() -> None:
    records = (under("a", device="Titan X"), under("b", device="Titan XP"))
    assert set(choose(*records, device="titan x").records) == {0}
    assert "Titan X under" in refusal(*records, device="titan")


def test_an_unknown_device_is_refused_with_the_known_ones() -> None:
    message = refusal(under("a"), under("b", device=CPU), device="1080")
    assert message == (f"FPS column: no measured figure for --device 1080; known: {GPU}, {CPU}")


def test_two_protocols_are_refused_with_what_differs() -> None:
    message = refusal(under("a", tf32=False), under("b", tf32=True), under("c", tf32=True))
    assert "protocols differ in tf32 (false, true)" in message
    assert message.endswith("decide with --protocol")


def test_a_key_that_one_protocol_lacks_is_a_difference() -> None:
    message = refusal(under("a"), under("b", backend="cudagraph"))
    assert 'protocols differ in backend (not stated, "cudagraph")' in message


@pytest.mark.parametrize("key", ["iterations", "until", "budget_s", "min_iterations", "rounds"])
def test_how_long_was_measured_does_not_make_another_protocol(key: str) -> None:
    speeds = choose(under("a", **{key: 5}), under("b", **{key: 7}))
    assert set(speeds.records) == {0, 1}


def test_a_record_from_before_a_key_was_is_as_one_that_has_it_at_its_old_value() -> None:
    old, new = under("a"), under("b", provider=None, fold_bn=False)
    assert set(choose(old, new).records) == {0, 1}
    assert "provider (not stated" in refusal(old, under("b", provider="cuda"))
    assert "fold_bn (not stated, true)" in refusal(old, under("b", fold_bn=True))


def test_trained_weights_and_weights_as_built_do_not_share_the_column() -> None:
    records = (under("a"), with_weights("b"), with_weights("c", "d"))
    message = refusal(*records)
    assert f"{GPU} under paper@" in message
    assert f"{GPU} under paper+weights@" in message
    assert "(2 rows)" in message  # of two files, since every network has its own
    assert 'protocols differ in weights (as built, "trained")' in message
    assert message.endswith("decide with --protocol")
    assert set(choose(*records, protocol="paper").records) == {0}
    assert set(choose(*records, protocol="Paper+Weights").records) == {1, 2}


def test_weights_in_part_are_neither_trained_nor_as_built() -> None:
    message = refusal(under("a"), with_weights("b"), with_weights("c", whole=False))
    assert 'weights (as built, "trained", "trained in part")' in message


def test_weights_make_no_other_protocol_of_records_without() -> None:
    # ids of protocols stand in reports, and in scripts that choose by them
    (plain,) = choose(under("a")).records.values()
    assert isinstance(plain, ProfileRecord)
    assert of_profile(plain).protocol_id == identified(protocol(), None)[0] == "paper@f51a85cd"


def with_weights(variant: str, letter: str = "c", *, whole: bool = True) -> Record:
    record: Record = profile(variant, fps=40.0, weights=trained(letter, whole=whole))
    return record


def test_the_order_of_a_protocols_keys_does_not_matter() -> None:
    backwards = dict(reversed(protocol().items()))
    other = profile("b", timing=timing(40.0, protocol=backwards))
    assert set(choose(under("a"), other).records) == {0, 1}


def test_the_protocol_flag_decides_by_name_and_by_id() -> None:
    records = (under("a"), under("b", name="latency"), under("c", name="latency"))
    assert set(choose(*records, protocol="PAPER").records) == {0}
    chosen = choose(*records, protocol="latency")
    assert set(chosen.records) == {1, 2}
    assert chosen.conditions is not None
    assert choose(*records, protocol=chosen.conditions.protocol_id).records == chosen.records
    assert "no measured figure for --protocol nightly; known: paper@" in refusal(
        *records, protocol="nightly"
    )


def test_two_protocols_of_one_name_are_told_apart_by_id() -> None:
    records = (under("a", tf32=False), under("b", tf32=True))
    assert "decide with --protocol" in refusal(*records, protocol="paper")
    only = choose(under("b", tf32=True)).conditions
    assert only is not None
    assert set(choose(*records, protocol=only.protocol_id).records) == {1}


def test_the_newest_record_within_the_chosen_conditions_counts() -> None:
    old = profile("a", fps=40.0, created="2026-01-01T00:00:00Z")
    new = profile("a", fps=41.0, created="2026-01-02T00:00:00Z")
    elsewhere = profile("a", fps=5.0, device=CPU, created="2026-01-03T00:00:00Z")
    assert choose(old, new, elsewhere, device="H200").records == {0: new}


def test_reported_rates_of_two_devices_are_refused_too() -> None:
    records = (reported("a"), reported("b", device="Titan X (M)"))
    assert "GTX 1080 Ti under reported (1 row); Titan X (M) under reported" in refusal(*records)
    assert set(choose(*records, device="titan").records) == {1}


def test_reported_rates_with_and_without_tensorrt_are_refused_too() -> None:
    records = (reported("a"), reported("b", tensorrt=True))
    assert "protocols differ in tensorrt (false, true); decide with --protocol" in refusal(*records)
    assert set(choose(*records, protocol="reported-tensorrt").records) == {1}


def test_a_record_without_a_devices_name_is_a_device_of_its_own() -> None:
    nameless = profile("a", fps=1.0, environment={})
    assert "unnamed device under paper" in refusal(nameless, under("b"))


def test_the_fps_flag_is_checked() -> None:
    assert fps_choice("measured", device="x", protocol=None) == FpsChoice(
        origin="measured", device="x"
    )
    with pytest.raises(BadRequest, match="--fps: no such origin 'measurd'; did you mean measured"):
        fps_choice("measurd", device=None, protocol=None)
