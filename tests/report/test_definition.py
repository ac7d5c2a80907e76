"""Table definitions: ours, a user's, and broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.report.definition import Row, load_definition

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
        ("input: 512x1024", "input: 512", "mine.yaml:3: input must be text, got 512"),
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
