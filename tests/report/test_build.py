"""Table I built from records: figures, marks, notes and warnings."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.definition import Definition, load_definition
from harness.report.model import Cell, Table
from harness.report.row_definition import Row
from harness.report.speed import FpsChoice
from harness.store import paper_records
from harness.timing_records import Round

from .sample import COUNTS, CPU, GPU, failed, profile, protocol, reported, roof, timing, trained

PAPER = Path(__file__).parents[3] / "shared" / "paper" / "table1.csv"


def table(*records: Record, choice: FpsChoice | None = None) -> Table:
    return build_table(
        load_definition("1"), [*paper_records(), *records], Choices(fps=choice or FpsChoice())
    )


def cell(built: Table, variant: str, column: str) -> Cell:
    position = [c.name for c in built.columns].index(column)
    return next(r.cells[position] for r in built.rows if r.variant == variant)


def texts(built: Table, column: str) -> list[str]:
    return [cell(built, row.variant, column).text for row in built.rows]


def counted() -> list[Record]:
    return [profile(variant) for variant in COUNTS]


def test_without_measurements_the_table_is_the_papers_to_the_character() -> None:
    if not PAPER.exists():
        pytest.skip("the paper's tables are not beside this checkout")
    built = table()
    with PAPER.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert texts(built, "method") == [r["method"] for r in rows]
    assert texts(built, "gflops") == [r["gflops"] for r in rows]
    assert texts(built, "params") == [f"{r['params_m']}M" for r in rows]
    assert texts(built, "fps") == [r["fps"] for r in rows]
    assert texts(built, "miou") == [r["miou"] for r in rows]
    deltas = [f"{r['delta_params_m']}M" if r["delta_params_m"] else "-" for r in rows]
    assert texts(built, "delta_params") == deltas


def test_counted_figures_print_as_the_paper_prints_them() -> None:
    built = table(*counted())
    # FC-HarDNet-70 is 35.502 by the paper's own rule, and 4.119257 M: the paper quotes it from
    # elsewhere. All other cells equal Table I.
    assert texts(built, "gflops") == ["35.5", "32.9", "36.8", "33.9", "44.2", "48.0", "45.1"]
    assert texts(built, "params") == [
        "4.12M", "1.90M", "3.85M", "2.36M", "2.38M", "4.33M", "2.85M",
    ]  # fmt: skip
    # 2.36 - 1.90 = 0.46 and 4.33 - 1.90 = 2.43, where the counts differ by 0.466 and 2.436.
    assert texts(built, "delta_params") == [
        "-", "0M", "1.95M", "0.46M", "0.48M", "2.43M", "0.95M",
    ]  # fmt: skip
    assert {cell(built, v, "gflops").kind for v in COUNTS} == {"measured"}


def test_values_stay_exact_behind_the_print() -> None:
    built = table(*counted())
    assert cell(built, "baseline-dapf-mda", "params").value == 2.845351
    # 2,845,351 - 1,896,365 = 948,986
    delta = cell(built, "baseline-dapf-mda", "delta_params").value
    assert delta == pytest.approx(0.948986, abs=1e-9)


def test_every_figure_knows_its_records() -> None:
    records = counted()
    built = table(*records)
    by_variant = dict(zip(COUNTS, records, strict=True))
    ours = by_variant["baseline-mda"]
    assert cell(built, "baseline-mda", "gflops").records == (ours,)
    assert cell(built, "baseline-mda", "params").records == (ours,)
    both = (ours, by_variant["baseline"])
    assert cell(built, "baseline-mda", "delta_params").records == both
    (miou,) = cell(built, "baseline-mda", "miou").records
    assert (miou.kind, miou.variant, miou.table) == ("reported", "baseline-mda", "table-1")


def test_the_convention_of_the_definition_decides_gflops() -> None:
    definition = replace(load_definition("1"), convention="conv")
    built = build_table(definition, counted())
    assert cell(built, "baseline", "gflops").value == 1e-9  # the sample counts 1 under `conv`
    with pytest.raises(BadRequest, match="no count under convention 'papr'; did you mean paper"):
        build_table(replace(definition, convention="papr"), counted())


def test_a_difference_never_mixes_ours_with_theirs() -> None:
    # Only the baseline is measured: 2.36 as printed - 1.896 as counted would be 0.464.
    built = table(profile("baseline"))
    assert cell(built, "baseline", "delta_params").text == "0M"
    assert cell(built, "baseline", "delta_params").kind == "measured"
    assert cell(built, "baseline-dapf", "delta_params").text == "0.46M"
    assert cell(built, "baseline-dapf", "delta_params").kind == "reported"
    # Only the row is measured.
    built = table(profile("baseline-dapf", params=2_500_000))
    assert cell(built, "baseline-dapf", "params").text == "2.50M"
    assert cell(built, "baseline-dapf", "delta_params").text == "0.46M"
    assert cell(built, "baseline-dapf", "delta_params").kind == "reported"


def test_a_difference_that_nobody_printed_is_absent() -> None:
    built = build_table(
        load_definition("1"), [profile("baseline"), reported("baseline-dapf", figures={})]
    )
    assert cell(built, "baseline-dapf", "delta_params").text == "–"
    assert cell(built, "baseline-dapf", "delta_params").kind == "absent"


def test_printed_differences_count_only_from_the_papers_own_baseline() -> None:
    definition = replace(load_definition("1"), baseline="baseline-dapf")
    built = build_table(definition, paper_records())
    assert cell(built, "baseline-mda", "delta_params").kind == "absent"


def test_a_smaller_network_has_a_negative_difference() -> None:
    built = table(profile("baseline"), profile("baseline-dapf", params=1_776_365))
    # 1.78 - 1.90
    assert cell(built, "baseline-dapf", "delta_params").text == "-0.12M"
    built = table(profile("baseline"), profile("baseline-dapf", params=1_896_364))
    assert cell(built, "baseline-dapf", "delta_params").text == "0M"


def test_a_column_of_reported_figures_is_marked_in_its_header_alone() -> None:
    built = table(*counted())
    assert built.header_marks() == ("", "", "", "", "†", "†")
    assert {mark for row in built.marks() for mark in row} == {""}


def test_in_a_mixed_column_each_reported_figure_is_marked() -> None:
    built = table(*counted()[:3])
    assert built.header_marks()[1:3] == ("", "")
    assert [row[1] for row in built.marks()] == ["", "", "", "†", "†", "†", "†"]


def test_rows_that_were_not_timed_show_a_dash_and_the_note_says_why() -> None:
    built = table(*counted(), profile("baseline", fps=156.25))
    assert texts(built, "fps") == ["–", "156.2", "–", "–", "–", "–", "–"]
    assert any("– in FPS: not timed" in n and "`--fps reported`" in n for n in built.footnotes)


def test_an_fps_column_with_nothing_in_it_says_so() -> None:
    built = table(choice=FpsChoice(origin="measured"))
    assert texts(built, "fps") == ["–"] * 7
    assert any("– in FPS: not timed" in note for note in built.footnotes)


def test_notes_name_machine_protocol_convention_and_sources() -> None:
    built = table(*(profile(v, fps=100.0) for v in COUNTS))
    notes = "\n".join(built.footnotes)
    assert "† As printed in Table I of Rosas-Arias et al." in notes
    assert "all other figures are our own" in notes
    assert "one 1x3x1024x2048 forward pass under the convention `paper`" in notes
    assert f"FPS: {GPU}, torch 2.13.0, cuda 12.6; protocol paper@" in notes
    assert "precision fp32, tf32 off, memory format contiguous" in notes
    assert "mean over 10,000 timed passes." in notes
    assert "not timed" not in notes
    assert built.warnings == ()


def test_a_note_names_the_weights_that_each_network_was_timed_with() -> None:
    built = table(
        profile("baseline", fps=100.0, weights=trained()),
        profile("baseline-mda", fps=90.0, weights=trained("d")),
    )
    assert "FPS: with the weights of baseline c.pth@cccccccc, baseline-mda d.pth@dddddddd." in (
        built.footnotes
    )
    assert any("protocol paper+weights@" in n and "weights trained." in n for n in built.footnotes)
    built = table(profile("baseline", fps=100.0, weights=trained(whole=False)))
    assert "FPS: with the weights of baseline c.pth@cccccccc (in part)." in built.footnotes
    assert "weights" not in "".join(table(profile("baseline", fps=100.0)).footnotes)


def test_a_table_of_reported_figures_claims_none_as_ours() -> None:
    notes = "\n".join(table().footnotes)
    assert "our own" not in notes
    assert "FPS: as reported for GTX 1080 Ti." in notes


def test_a_time_budget_is_noted_with_the_passes() -> None:
    short = timing(1.0, iterations=6, stopped_by="budget")
    long = timing(3.0, iterations=61, stopped_by="budget")
    built = table(
        profile("baseline", timing=short, device=CPU),
        profile("baseline-mda", timing=long, device=CPU),
    )
    note = "FPS: mean over 6 to 61 timed passes, 2 of 2 rows ended by the time budget."
    assert note in built.footnotes


def test_a_run_that_was_cut_short_is_a_warning_and_a_note() -> None:
    cut = timing(40.0, iterations=12, stopped_by="interrupt")
    built = table(profile("baseline", timing=cut), profile("baseline-mda", fps=40.0))
    assert built.warnings == ("baseline: FPS was interrupted after 12 of 10000 passes",)
    assert any("1 of 2 rows ended by an interrupt after 12." in n for n in built.footnotes)


def test_a_records_own_warnings_are_passed_on() -> None:
    noisy = timing(40.0, warnings=("spread over 10%",))
    assert table(profile("baseline", timing=noisy)).warnings == ("baseline: spread over 10%",)


def test_rates_from_different_software_are_warned_about() -> None:
    other = {"device": {"name": GPU}, "torch": "2.12.0", "cuda": "12.6", "allocator": "X=1"}
    built = table(
        profile("baseline", fps=40.0), profile("baseline-mda", fps=40.0, environment=other)
    )
    assert built.warnings == (
        "FPS column: records are of different software: "
        "torch 2.13.0, cuda 12.6; torch 2.12.0, cuda 12.6, allocator X=1",
    )


def test_rounds_and_reaching_the_precision_are_noted() -> None:
    share = Round(fps=40.0, iterations=30, elapsed_s=1.0, setup_s=0.0)
    until = timing(40.0, iterations=90, rounds=(share,) * 3, stopped_by="until")
    built = table(profile("baseline", timing=until), profile("baseline-mda", fps=40.0))
    note = (
        "FPS: mean over 90 to 10,000 timed passes in 1 to 3 fresh processes, 1 of 2 rows ended by "
        "reaching the precision asked for after 90."
    )
    assert note in built.footnotes


def test_what_a_protocol_leaves_open_or_had_before_is_not_printed() -> None:
    bare = profile("baseline", timing=timing(40.0))
    keys = {"provider": None, "fold_bn": False, "until": None, "rounds": 3, "extra": None}
    full = profile("baseline", timing=timing(40.0, protocol=protocol(**keys)))
    notes = ["\n".join(table(record).footnotes) for record in (bare, full)]
    assert "none" not in notes[1].lower()
    assert all(word not in notes[1] for word in ("provider", "fold", "until", "extra"))
    folded = profile("baseline", timing=timing(40.0, protocol=protocol(fold_bn=True)))
    assert "fold bn on" in "\n".join(table(folded).footnotes)


def test_a_runtimes_version_is_named_and_its_choices_are_not() -> None:
    backend = {"onnxruntime": "1.32.0", "layers": "57 Conv"}
    built = table(profile("baseline", timing=timing(40.0, backend=backend)))
    notes = "\n".join(built.footnotes)
    assert "torch 2.13.0, cuda 12.6, onnxruntime 1.32.0; protocol" in notes
    assert "57 Conv" not in notes


def test_failures_and_devices_fill_no_cell_and_a_failure_is_a_warning() -> None:
    records = [profile("baseline", fps=40.0), failed("baseline"), roof()]
    built, plain = table(*records), table(records[0])
    assert built.rows == plain.rows
    assert built.footnotes == plain.footnotes
    line = "baseline: failed on 2026-01-05: out of memory"
    assert built.warnings == (line,)
    assert table(*records, choice=FpsChoice(origin="reported")).warnings == ()
    static = replace(load_definition("1"), columns=("method", "params"))
    assert line not in build_table(static, records).warnings


def test_operators_without_a_rule_are_named() -> None:
    built = table(profile("baseline", uncounted={"aten::fft": 2}))
    line = "baseline: GFLOPs leave out operators without a rule: aten::fft x2"
    assert built.warnings == (line,)
    assert f"{line}." in built.footnotes


def test_a_table_without_fps_has_nothing_to_refuse() -> None:
    definition = replace(load_definition("1"), columns=("method", "params"))
    mixed = [profile("baseline", fps=1.0), profile("baseline-mda", fps=1.0, device=CPU)]
    assert len(build_table(definition, mixed).columns) == 2
    with pytest.raises(BadRequest, match="FPS column: one device and one protocol"):
        table(*mixed)


def test_figures_that_are_no_numbers_print_as_they_are() -> None:
    definition = Definition(
        name="t",
        title="T",
        source="table-4",
        input_shape=(1, 3, 713, 713),
        convention="paper",
        baseline=None,
        columns=("method", "fps"),
        rows=load_definition("1").rows[:1],
    )
    vague = reported(
        "fc-hardnet-70", table="table-4", input_shape=(1, 3, 713, 713), figures={"fps": "<1"}
    )
    shown = cell(build_table(definition, [vague]), "fc-hardnet-70", "fps")
    assert (shown.text, shown.value, shown.kind) == ("<1", None, "reported")


SMALL = (1, 3, 512, 1024)
SIZED = Definition(
    name="t",
    title="T",
    source="table-4",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("method", "input_size", "gpu", "gflops", "fps", "fps_norm"),
    rows=(Row(variant="a"), Row(variant="b", input_shape=SMALL)),
)
CARD = "GTX 1080 Ti"


def timed(variant: str, fps: float, shape: tuple[int, int, int, int], **changes: object) -> Record:
    under = protocol(input=list(shape), **changes)
    record: Record = profile(
        variant, timing=timing(fps, protocol=under), input_shape=shape, device=CARD
    )
    return record


def test_rows_of_several_inputs_share_a_column_that_says_which() -> None:
    large = SIZED.input_shape
    built = build_table(SIZED, [timed("a", 40.0, large), timed("b", 90.0, SMALL)])
    assert texts(built, "input_size") == ["1024×2048", "512×1024"]
    assert texts(built, "fps") == ["40.0", "90.0"]
    assert texts(built, "fps_norm") == ["40.0", "90.0"]
    notes = "\n".join(built.footnotes)
    assert "input 1x3" not in notes  # that of a row stands in the row
    assert notes.count("protocol paper@") == 2  # of FPS and of FPS (norm.), each once
    assert "one forward pass at the input size of its row under the convention `paper`" in notes


def test_whatever_else_protocols_differ_in_is_refused_all_the_same() -> None:
    records = [timed("a", 40.0, SIZED.input_shape), timed("b", 90.0, SMALL, precision="fp16")]
    with pytest.raises(BadRequest, match=r"FPS column: .* differ in precision \("):
        build_table(SIZED, records)
    norm = replace(SIZED, columns=("method", "input_size", "fps_norm"))
    with pytest.raises(BadRequest, match=r"FPS \(norm.\) column: .* differ in precision \("):
        build_table(norm, records)


def test_in_a_table_of_one_input_its_size_stays_part_of_the_protocol() -> None:
    definition = replace(SIZED, rows=SIZED.rows[:1])
    built = build_table(definition, [timed("a", 40.0, SIZED.input_shape)])
    notes = "\n".join(built.footnotes)
    assert "input 1x3x1024x2048" in notes
    assert "one 1x3x1024x2048 forward pass under" in notes


def test_the_gpu_is_that_of_the_rate_that_is_shown() -> None:
    theirs = [
        reported("a", table="table-4", device="Titan XP"),
        reported("b", table="table-4", device="Titan X (M)", input_shape=SMALL),
    ]
    definition = replace(SIZED, columns=("method", "input_size", "gpu", "fps"))
    assert texts(build_table(definition, theirs), "gpu") == ["Titan XP", "Titan X (M)"]
    mixed = build_table(definition, [*theirs, timed("a", 40.0, SIZED.input_shape)])
    assert texts(mixed, "gpu") == [CARD, "–"]  # b was not timed, and shows no rate
    assert cell(mixed, "a", "gpu").records[0].kind == "profile"
    norm = replace(SIZED, columns=("method", "input_size", "gpu", "fps_norm"))
    figures = {"fps_norm": "3.0"}
    theirs = [replace(r, figures=figures) for r in theirs]
    assert texts(build_table(norm, theirs), "gpu") == ["Titan XP", "Titan X (M)"]
    bare = replace(SIZED, columns=("method", "input_size", "gpu"))
    assert texts(build_table(bare, theirs), "gpu") == ["–", "–"]


def test_a_publication_that_names_no_device_leaves_the_gpu_open() -> None:
    theirs = [reported("a", table="table-4", device="")]
    definition = replace(SIZED, columns=("method", "gpu", "fps"), rows=SIZED.rows[:1])
    assert texts(build_table(definition, theirs), "gpu") == ["–"]


def test_published_rates_of_unlike_devices_share_a_column_only_beside_the_gpu() -> None:
    theirs = [
        reported("a", table="table-4", device="Titan XP"),
        reported("b", table="table-4", input_shape=SMALL),
    ]
    stated = replace(SIZED, columns=("method", "input_size", "gpu", "fps"))
    assert texts(build_table(stated, theirs), "fps") == ["41.1", "41.1"]
    hidden = replace(SIZED, columns=("method", "input_size", "fps"))
    with pytest.raises(BadRequest, match=r"FPS column: one device and .*decide with --device"):
        build_table(hidden, theirs)
    one = Choices(fps=FpsChoice(device="Titan XP"))
    assert texts(build_table(hidden, theirs, one), "fps") == ["41.1", "–"]


def test_measured_rates_of_unlike_devices_never_share_a_column() -> None:
    stated = replace(
        SIZED, columns=("method", "gpu", "fps"), rows=(Row(variant="a"), Row(variant="b"))
    )
    mixed = [profile("a", fps=1.0), profile("b", fps=1.0, device=CPU)]
    with pytest.raises(BadRequest, match="FPS column: one device and one protocol"):
        build_table(stated, mixed)


def test_groups_and_width_go_into_the_table() -> None:
    rows = tuple(replace(row, group=i) for i, row in enumerate(SIZED.rows))
    definition = replace(SIZED, rows=rows, groups=("First", None), wide=True)
    built = build_table(definition, [])
    assert built.groups == ("First", None)
    assert [row.group for row in built.rows] == [0, 1]
    assert list(built.grouped()) == [("First", (0,)), (None, (1,))]
    assert built.wide
    assert not build_table(SIZED, []).wide


def test_a_group_without_rows_is_left_out() -> None:
    built = replace(build_table(SIZED, []), groups=("Empty", "Full"))
    rows = tuple(replace(row, group=1) for row in built.rows)
    assert list(replace(built, rows=rows).grouped()) == [("Full", (0, 1))]
