"""A sweep file says all that flags do."""

from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.sweep.definition import Definition, Sample, Timing
from harness.sweep.file import read_sweep

FULL = """
description: an ablation
variants: [baseline, fassd-net]
catalog: mine.yaml
input: [512x1024, 1024x2048]
grid:
  context.name: [none, dapf]
  context.alpha: [1..4, 8]
  fusion.dilations: [[8, 4, 2], [1, 1, 1]]
zip: [[context.alpha, fusion.dilations]]
when:
  context.alpha: {context.name: dapf}
exclude:
  - {context.name: none, variant: fassd-net}
sample: {count: 5, seed: 7}
timing: {device: cpu, protocol: latency, iterations: 50, batch: 2}
batch: 3
miou: true
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ablation.yaml"
    path.write_text(text)
    return path


def test_every_key_reaches_the_definition(tmp_path: Path) -> None:
    assert read_sweep(written(tmp_path, FULL)) == Definition(
        name="ablation",
        variants=("baseline", "fassd-net"),
        catalogs=(str(tmp_path / "mine.yaml"),),
        sizes=((512, 1024), (1024, 2048)),
        grid={
            "context.name": ("none", "dapf"),
            "context.alpha": (1, 2, 3, 4, 8),
            "fusion.dilations": ([8, 4, 2], [1, 1, 1]),
        },
        zips=(("context.alpha", "fusion.dilations"),),
        when={"context.alpha": {"context.name": "dapf"}},
        exclude=({"context.name": "none", "variant": "fassd-net"},),
        sample=Sample(5, 7),
        timing=Timing(device="cpu", protocol="latency", changes={"iterations": 50, "batch": 2}),
        batch=3,
        miou=True,
    )


def test_one_thing_may_stand_where_several_can(tmp_path: Path) -> None:
    text = "variants: fassd-net\ninput: 64x128\ngrid: {context.alpha: 1..3}\ntiming: true\n"
    found = read_sweep(written(tmp_path, text))
    assert found.variants == ("fassd-net",)
    assert found.sizes == ((64, 128),)
    assert found.grid == {"context.alpha": (1, 2, 3)}
    assert found.timing == Timing()
    assert read_sweep(written(tmp_path, "variants: [a, b]\ntiming: false\n")).timing is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grid: {}", r":1: sweep lacks the key 'variants'"),
        ("variants: a\ngird: {}", r":2: sweep has no key 'gird'; did you mean grid"),
        ("variants: []", r":1: variants must be a list with at least one entry"),
        ("variants: a\ngrid: {contxt.alpha: [1]}", r":2: no slot 'contxt'; did you mean context"),
        ("variants: a\ngrid: {context.alpha: []}", r":2: context.alpha: .*at least one value"),
        ("variants: a\ngrid: [1]", r":2: grid must be a mapping, got a list"),
        ("variants: a\ninput: big", r":2: an input is HEIGHTxWIDTH"),
        ("variants: a\nexclude: [{}]", r":2: exclude entry 1 must have at least one condition"),
        ("variants: a\nwhen: {context.alpha: {x.y: 1}}", r":2: no slot 'x'"),
        ("variants: a\nsample: {count: 0}", r":2: count must be a whole number of at least 1"),
        ("variants: a\nsample: {count: 1, seed: a}", r":2: seed must be a whole number"),
        ("variants: a\nsample: {seed: 1}", r":2: sample lacks the key 'count'"),
        ("variants: a\ntiming: {itertions: 1}", r":2: timing has no key 'itertions'; did you mean"),
        ("variants: a\ntiming: {iterations: 0}", r":2: iterations must be at least 1, got 0"),
        ("variants: a\nmiou: 1", r":2: miou must be true or false"),
        ("variants: a\nbatch: 1.5", r":2: batch must be a whole number of at least 1, got 1.5"),
        ("variants: [a", r"not plain YAML"),
    ],
)
def test_a_broken_file_is_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        read_sweep(written(tmp_path, text))
