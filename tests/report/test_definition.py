"""Table definitions: ours, a user's, and broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.report.definition import Definition, Row, StageDefinition, load_definition

GOOD = """\
title: Mine
source: table-1
input: 512x1024
convention: conv
baseline: b
columns: [method, delta_params]
rows:
  - {variant: a, label: A}
  - {variant: b}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_table_1_is_the_papers() -> None:
    table = load_definition("1")
    assert tuple(row.variant for row in table.rows) == (
        "fc-hardnet-70",
        "baseline",
        "baseline-aspp",
        "baseline-dapf",
        "baseline-mda",
        "baseline-aspp-mda",
        "baseline-dapf-mda",
    )
    assert table.columns == ("method", "gflops", "params", "delta_params", "fps", "miou")
    assert table.input_shape == (1, 3, 1024, 2048)
    assert table.convention == "paper"
    assert [row.variant for row in table.rows if not row.compared] == ["fc-hardnet-70"]


def test_a_users_own_file_works_the_same(tmp_path: Path) -> None:
    table = load_definition(write(tmp_path, GOOD))
    assert table.name == "mine"
    assert table.rows == (Row(variant="a", label="A"), Row(variant="b"))
    assert table.input_shape == (1, 3, 512, 1024)
    assert table.footnotes == ()


def test_a_variant_in_two_rows_is_listed_once(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "  - {variant: a, label: A again}\n")
    assert load_definition(path).wanted == (("a", (512, 1024)), ("b", (512, 1024)))


@pytest.mark.parametrize("name", ["7", "fig1", "fassd-net"])
def test_an_unknown_table_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(BadRequest, match=rf"no table '{name}' \(nor a .yaml file\); known: 1"):
        load_definition(name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("input: 512x1024", "input: 512", "mine.yaml:3: input must be HxW, got 512"),
        ("input: 512x1024", "input: 512x0", "mine.yaml:3: input must be HxW, got '512x0'"),
        ("delta_params]", "delta_parms]", "mine.yaml:6: no column 'delta_parms'; did you mean del"),
        ("baseline: b", "baseline: c", "mine.yaml:5: baseline must be a row, got 'c'; known: a, b"),
        ("baseline: b\n", "", "mine.yaml:5: column delta_params needs the key 'baseline'"),
        ("{variant: b}", "{varient: b}", "mine.yaml:9: rows entry 2 has no key 'varient'; did you"),
        ("label: A", "label: A, compared: 1", "mine.yaml:8: compared must be true or false, got 1"),
        ("label: A", "label: ''", "mine.yaml:8: label must be text, got ''"),
        ("title: Mine", "titel: Mine", "mine.yaml:1: table has no key 'titel'; did you mean title"),
        ("source: table-1\n", "", "mine.yaml:1: table lacks the key 'source'"),
    ],
)
def test_mistakes_are_one_line_with_file_line_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    with pytest.raises(BadRequest) as caught:
        load_definition(write(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scales_lie_beside_the_definition(tmp_path: Path) -> None:
    assert load_definition(write(tmp_path, GOOD)).scales is None
    table = load_definition(write(tmp_path, GOOD + "scales: mine/s.yaml\n"))
    assert table.scales == tmp_path / "mine" / "s.yaml"


GROUPS = """\
title: Mine
source: table-4
input: 1024x2048
convention: paper
columns: [method, input_size, gpu, params, fps, iou.road, miou]
emphasis: {columns: [params, miou], second: true, within: group}
split: test
wide: true
groups:
  - title: Slow
    rows: [{variant: a}, {variant: b, input: 512x1024}]
  - rows: [{variant: a, compared: false}]
"""


def own(tmp_path: Path, text: str = GROUPS) -> Definition:
    table = load_definition(write(tmp_path, text))
    assert isinstance(table, Definition)
    return table


def test_rows_stand_in_groups_with_titles_or_without(tmp_path: Path) -> None:
    table = own(tmp_path)
    assert table.groups == ("Slow", None)
    assert table.rows == (
        Row(variant="a", group=0),
        Row(variant="b", group=0, input_shape=(1, 3, 512, 1024)),
        Row(variant="a", group=1, compared=False),
    )
    assert own(tmp_path, GOOD).groups == (None,)


def test_a_row_may_have_an_input_of_its_own(tmp_path: Path) -> None:
    table = own(tmp_path)
    large, small = (1, 3, 1024, 2048), (1, 3, 512, 1024)
    assert [table.shape_of(row) for row in table.rows] == [large, small, large]
    assert table.shapes == {large, small}
    assert table.wanted == (("a", (1024, 2048)), ("b", (512, 1024)))


def test_a_variant_at_two_inputs_is_wanted_at_both(tmp_path: Path) -> None:
    table = own(tmp_path, GROUPS.replace("variant: b, input", "variant: a, input"))
    assert table.wanted == (("a", (1024, 2048)), ("a", (512, 1024)))


def test_a_rows_input_must_be_seen_unless_it_is_the_tables(tmp_path: Path) -> None:
    hidden = GROUPS.replace("input_size, ", "")
    with pytest.raises(BadRequest) as caught:
        own(tmp_path, hidden)
    assert str(caught.value).endswith(
        "mine.yaml:11: input must be the table's, or be shown in a column input_size, got "
        "'512x1024'"
    )
    same = own(tmp_path, hidden.replace("input: 512x1024", "input: 1024x2048"))
    assert same.shapes == {(1, 3, 1024, 2048)}


def test_emphasis_split_and_width_are_read_and_have_defaults(tmp_path: Path) -> None:
    table = own(tmp_path)
    assert table.emphasis is not None
    assert table.emphasis.columns == ("params", "miou")
    assert (table.emphasis.second, table.emphasis.within) == (True, "group")
    assert (table.split, table.wide) == ("test", True)
    plain = own(tmp_path, GOOD)
    assert (plain.emphasis, plain.split, plain.wide) == (None, "val", False)
    brief = own(tmp_path, GROUPS.replace(", second: true, within: group", ""))
    assert brief.emphasis is not None
    assert (brief.emphasis.second, brief.emphasis.within) == (False, "table")


def test_iou_stands_for_all_classes_in_columns_and_emphasis(tmp_path: Path) -> None:
    table = own(tmp_path, GROUPS.replace("iou.road", "iou").replace("[params, miou]", "[iou]"))
    assert len([name for name in table.columns if name.startswith("iou.")]) == 19
    assert table.emphasis is not None
    assert len(table.emphasis.columns) == 19


STAGES = """\
title: Mine
source: table-2
input: 64x128
stages: net
columns: [stage, macs]
wide: true
footnotes: [A note.]
"""


def test_the_key_stages_makes_an_architecture_table(tmp_path: Path) -> None:
    assert load_definition(write(tmp_path, STAGES)) == StageDefinition(
        name="mine",
        title="Mine",
        source="table-2",
        input_shape=(1, 3, 64, 128),
        variant="net",
        columns=("stage", "macs"),
        footnotes=("A note.",),
        wide=True,
    )
    assert load_definition(write(tmp_path, STAGES)).wanted == (("net", (64, 128)),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("groups:", "rows: [{variant: a}]\ngroups:", "1: a table has the key 'rows' or the key"),
        (GROUPS[GROUPS.index("groups:") :], "", "1: a table has the key 'rows' or the key"),
        ("- title: Slow", "- titel: Slow", "10: groups entry 1 has no key 'titel'; did you mean"),
        ("title: Slow", "title: 7", "10: title must be text, got 7"),
        ("- rows: [{variant: a, compared: false}]", "- rows: []", "12: rows must be a list with"),
        ("  - rows: [{variant: a, compared: false}]", "  - {title: x}", "12: groups entry 2 lacks"),
        ("input: 512x1024", "input: 512", "11: input must be HxW, got 512"),
        ("input: 512x1024", "input: 512X1024", "11: input must be HxW, got '512X1024'"),
        ("input: 512x1024", "inptu: 512x1024", "11: rows entry 2 has no key 'inptu'; did you mean"),
        ("columns: [params, miou]", "columns: [prams]", "6: no column 'prams'; did you mean par"),
        (
            "columns: [params, miou]",
            "columns: [gpu]",
            "6: columns entry 1 must be a column of this",
        ),
        ("columns: [params, miou]", "columns: [gflops]", "6: columns entry 1 must be a column of"),
        ("columns: [params, miou]", "columns: [iou]", "6: columns entry 1 must be a column of"),
        ("columns: [params, miou]", "columns: []", "6: columns must be a list with at least one"),
        ("columns: [params, miou], ", "", "6: emphasis lacks the key 'columns'"),
        ("second: true", "second: 2", "6: second must be true or false, got 2"),
        ("second: true", "secnd: true", "6: emphasis has no key 'secnd'; did you mean second?"),
        ("within: group", "within: row", "6: within must be one of table, group, got 'row'"),
        ("split: test", "split: train", "7: split must be one of val, test, got 'train'"),
        ("wide: true", "wide: 1", "8: wide must be true or false, got 1"),
        ("wide: true", "wdie: true", "8: table has no key 'wdie'; did you mean wide?"),
        ("gpu, params", "gpu.reportd, params", "5: no column 'gpu.reportd'"),
        ("gpu, params", "method.reported", "5: .reported must follow a column of figures or gpu"),
        ("fps, iou.road", "fps, fps", "5: columns entry 6 must name no column twice, got 'fps'"),
        (
            "fps, iou.road",
            "iou.sky, iou",
            "5: columns entry 6 must name no column twice, got 'iou'",
        ),
    ],
)
def test_mistakes_in_groups_emphasis_and_columns_name_file_line_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GROUPS
    with pytest.raises(BadRequest) as caught:
        load_definition(write(tmp_path, GROUPS.replace(old, new, 1)))
    assert f"mine.yaml:{message}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[stage, macs]", "[stage, mcas]", "5: no column 'mcas'; did you mean macs?"),
        ("[stage, macs]", "[stage, fps]", "5: no column 'fps'"),
        ("[stage, macs]", "[macs, macs]", "5: columns entry 2 must name no column twice"),
        ("wide: true", "rows: [{variant: a}]", "6: table has no key 'rows'"),
        ("stages: net", "stages: 5", "4: stages must be text, got 5"),
        ("stages: net", "stages: [net]", "4: stages must be text, got a list"),
        ("input: 64x128", "input: 64", "3: input must be HxW, got 64"),
        ("source: table-2\n", "", "1: table lacks the key 'source'"),
        ("footnotes: [A note.]", "footnotes: []", "7: footnotes must be a list with at least one"),
    ],
)
def test_mistakes_in_architecture_tables_too(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in STAGES
    with pytest.raises(BadRequest) as caught:
        load_definition(write(tmp_path, STAGES.replace(old, new, 1)))
    assert f"mine.yaml:{message}" in str(caught.value)


def test_our_own_definitions_say_what_the_paper_has() -> None:
    second, third, fourth = (load_definition(name) for name in "234")
    assert isinstance(second, StageDefinition)
    assert second.variant == "fassd-net"
    assert isinstance(third, Definition)
    assert len(third.columns) == 21
    assert isinstance(fourth, Definition)
    assert [len([r for r in fourth.rows if r.group == g]) for g in range(4)] == [2, 4, 6, 7]
    assert [table.wide for table in (second, third, fourth)] == [True] * 3  # 6, 21, 8 columns


def test_rows_of_another_table_stand_at_one_input_each_network_once(tmp_path: Path) -> None:
    text = (
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\ncolumns: [method]\n"
        "rows_of: 4\n"
    )
    table, four = own(tmp_path, text), load_definition("4")
    assert isinstance(four, Definition)
    assert table.shapes == {(1, 3, 64, 128)}
    names = [row.variant for row in table.rows]
    assert names == list(dict.fromkeys(row.variant for row in four.rows))  # swiftnet-rn18 once
    assert [(row.label, row.group) for row in table.rows][:2] == [("DeepLabV3+", 0), ("PSPNet", 0)]
    assert table.groups == four.groups
    assert [row.compared for row in table.rows[:3]] == [False, False, True]


def test_rows_of_another_table_keep_their_inputs_where_a_column_says_which(tmp_path: Path) -> None:
    text = (
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\n"
        "columns: [method, input_size]\nrows_of: 4\n"
    )
    table, four = own(tmp_path, text), load_definition("4")
    assert isinstance(four, Definition)
    assert table.wanted == four.wanted  # none at 64x128, swiftnet-rn18 twice
    assert len(table.rows) == len(four.rows) == 19


def test_rows_of_another_table_bring_its_notes_on_their_published_rates(tmp_path: Path) -> None:
    text = (
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\ncolumns: [method, fps]\n"
        "rows_of: 4\nfps_footnotes: [One of my own.]\n"
    )
    four = load_definition("4")
    assert isinstance(four, Definition)
    assert own(tmp_path, text).fps_footnotes == (*four.fps_footnotes, "One of my own.")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rows_of: 2", ":6: rows_of must be a table of variants, got 2"),
        ("rows_of: ratios", ":6: rows_of must be a table of variants, got 'ratios'"),
        ("rows_of: 9", "no table '9'"),
        ("rows_of: 4-full", ":6: rows_of must be a table of variants"),
        ("rows_of: mine.yaml", ":6: rows_of must be a table of variants"),  # itself
        ("rows_of: 4\nrows: [{variant: a}]", ":1: a table has the key 'rows' or the key 'groups'"),
    ],
)
def test_rows_of_must_name_a_table_of_variants_and_stand_alone(
    tmp_path: Path, line: str, message: str
) -> None:
    text = "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\ncolumns: [method]\n"
    with pytest.raises(BadRequest) as caught:
        load_definition(write(tmp_path, f"{text}{line}\n"))
    assert message in str(caught.value)


def test_rows_of_a_file_are_looked_for_beside_it(tmp_path: Path) -> None:
    write(tmp_path, GROUPS).rename(tmp_path / "other.yaml")
    text = "title: T\nsource: s\ninput: 64x128\nconvention: paper\ncolumns: [method]\n"
    assert [row.variant for row in own(tmp_path, f"{text}rows_of: other.yaml\n").rows] == ["a", "b"]
