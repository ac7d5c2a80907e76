"""Figures in print: digits and units as the paper has them."""

from __future__ import annotations

import pytest

from harness.errors import BadRequest
from harness.report.columns import (
    COLUMNS,
    STAGE_COLUMNS,
    named_columns,
    reported,
    stage_columns,
    with_reported,
)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("gflops", 45.112, "45.1"),
        ("params", 2.845351, "2.85M"),
        ("params", 1.896379, "1.90M"),
        ("delta_params", 0.95, "0.95M"),
        ("delta_params", 0.0, "0M"),
        ("delta_params", -0.004, "0.00M"),  # something, but not minus nothing
        ("delta_params", -0.12, "-0.12M"),
        ("fps", 41.06, "41.1"),
        ("fps", 1.0297, "1.03"),  # three significant figures, where one digit says nothing
        ("fps", 0.22459, "0.225"),
        ("fps_norm", 82.97, "83.0"),
        ("fps_norm", 1.0297, "1.03"),
        ("miou", 78.0, "78.0"),
    ],
)
def test_digits_and_unit_of_a_printed_figure(column: str, value: float, text: str) -> None:
    assert COLUMNS[column].print(value) == text


def test_every_column_is_found_by_its_own_name() -> None:
    assert all(name == column.name for name, column in COLUMNS.items())
    assert all(named_columns(name, where="t") == (column,) for name, column in COLUMNS.items())
    assert all(stage_columns(n, where="t") == (column,) for n, column in STAGE_COLUMNS.items())


def test_iou_is_a_column_for_each_of_the_19_classes_of_cityscapes() -> None:
    columns = named_columns("iou", where="t")
    # In the order of its train ids (cityscapesScripts, helpers/labels.py).
    assert [column.class_name for column in columns] == [
        "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
        "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
        "motorcycle", "bicycle",
    ]  # fmt: skip
    assert [column.name for column in columns] == [f"iou.{c.class_name}" for c in columns]
    assert named_columns("iou.traffic light", where="t") == (columns[6],)
    assert named_columns("miou", where="t")[0].class_name is None


def test_a_published_column_is_its_own_with_another_name() -> None:
    (fps,) = named_columns("fps.reported", where="t")
    assert (fps.name, fps.published) == ("fps.reported", True)
    assert (fps.header, fps.figure, fps.better) == ("FPS", "fps", "higher")
    assert named_columns("gpu.reported", where="t")[0].published
    (road,) = named_columns("iou.road.reported", where="t")
    assert (road.class_name, road.published) == ("road", True)
    assert not any(column.published for column in COLUMNS.values())
    every = named_columns("iou.reported", where="t")
    assert every == tuple(map(reported, named_columns("iou", where="t")))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fsp", "m.yaml:3: no column 'fsp'; did you mean fps"),
        ("fsp.reported", "m.yaml:3: no column 'fsp.reported'"),
        ("iou.rode", "m.yaml:3: no column 'iou.rode'; did you mean iou.road"),
        ("gpus", "m.yaml:3: no column 'gpus'; did you mean gpu"),
        (
            "method.reported",
            "m.yaml:3: .reported must follow a column of figures or gpu, got method.reported",
        ),
        ("input_size.reported", "m.yaml:3: .reported must follow a column of figures or gpu, got"),
        ("fps.reported.reported", "m.yaml:3: no column 'fps.reported.reported'"),
    ],
)
def test_a_column_that_there_is_not_is_refused(name: str, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        named_columns(name, where="m.yaml:3")
    assert str(caught.value).startswith(message)


def test_a_stage_column_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"m.yaml:2: no column 'macss'; did you mean macs"):
        stage_columns("macss", where="m.yaml:2")
    with pytest.raises(BadRequest, match="no column 'fps'"):
        stage_columns("fps", where="m.yaml:2")


def test_published_columns_come_behind_those_that_are_named_and_only_once() -> None:
    fps, miou, params = (COLUMNS[name] for name in ("fps", "miou", "params"))
    assert with_reported([fps, miou], ["fps"]) == (fps, reported(fps), miou)
    assert with_reported([fps, miou], []) == (fps, miou)
    there = [fps, miou, reported(fps), params]
    assert with_reported(there, ["fps", "params"]) == (*there, reported(params))
