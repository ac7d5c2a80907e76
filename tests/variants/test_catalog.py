from pathlib import Path

import pytest

from variants.about import parse_size
from variants.catalog import Row, find_row, load_catalog, override
from variants.errors import BadRequest
from variants.spec import resolve

OWN = [
    "baseline", "baseline-aspp", "baseline-dapf", "baseline-mda", "baseline-aspp-mda",
    "baseline-dapf-mda", "fassd-net", "fassd-net-l1", "fassd-net-l2",
    "fc-hardnet-70", "fc-hardnet-70-l1", "fc-hardnet-70-l2",
]  # fmt: skip


def catalogue(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def image(changed: str) -> str:
    """Return a row whose image is as it should be but for one line."""
    lines = ["colour: rgb", "scale: 1", "mean: [0, 0, 0]", "std: [1, 1, 1]"]
    key = changed.partition(":")[0]
    body = "".join(f"    {changed if line.startswith(key) else line}\n" for line in lines)
    return f"a:\n  image:\n{body}"


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(BadRequest) as error:
        load_catalog([catalogue(tmp_path, text)])
    message = str(error.value).replace(str(tmp_path), "")
    assert "\n" not in message
    return message


def test_has_the_papers_own_networks() -> None:
    assert set(OWN) <= set(load_catalog())


def test_a_row_that_extends_states_only_what_differs(tmp_path: Path) -> None:
    text = "mine: {extends: fassd-net, title: Mine, context: {alpha: 4}, input: 512x1024}"
    row = load_catalog([catalogue(tmp_path, text)])["mine"]
    assert row.chosen["context"] == {"name": "dapf", "alpha": 4, "rates": [12, 24, 36]}
    assert row.chosen["fusion"]["name"] == "mda"
    assert (row.title, row.input) == ("Mine", (512, 1024))


def test_a_row_may_extend_one_that_stands_below_it(tmp_path: Path) -> None:
    text = "a: {extends: b}\nb: {extends: fassd-net, title: B, head: {classes: 5}}"
    rows = load_catalog([catalogue(tmp_path, text)])
    assert rows["a"].chosen == rows["b"].chosen
    assert rows["a"].chosen["head"]["classes"] == 5


def test_another_component_does_not_inherit_the_old_ones_options(tmp_path: Path) -> None:
    row = load_catalog([catalogue(tmp_path, "mine: {extends: fassd-net, context: aspp}")])["mine"]
    assert row.chosen["context"] == {"name": "aspp"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: {extends: fasd-net}",
            "/mine.yaml:1: no row 'fasd-net' to extend; did you mean fassd-net",
        ),
        ("a: {extends: b}\nb: {extends: a}", "got a -> b -> a"),
        ("a: {extends: a}", "got a -> a"),
        ("a:\n  contxt: dapf", "/mine.yaml:2: a has no key 'contxt'; did you mean context"),
        ("fassd-net: {extends: baseline}", "/mine.yaml:1: a row's name must be new, got fassd-net"),
        ("a: {context: {alpha: 2}}", "/mine.yaml:1: context of row a lacks the component's name"),
        (
            "a: {context: [dapf]}",
            "/mine.yaml:1: context must be a component's name, or options, got a list",
        ),
        (
            "a: {input: 1024}",
            "/mine.yaml:1: an input is HEIGHTxWIDTH, such as 1024x2048, got '1024",
        ),
        (
            "a:\n  fidelity: exact",
            "/mine.yaml:2: fidelity must be one of official, reimplementation, reconstructed, "
            "paper, got 'exact'",
        ),
        ("a:\n  source: {commit: abcdef0}", "/mine.yaml:2: source lacks the key 'repo'"),
        (
            "a:\n  source:\n    repo: x\n    commit: main",
            "/mine.yaml:4: commit must be 7 to 40 hexadecimal digits, got 'main'",
        ),
        ("a:\n  source: {repo: x, url: y}", "/mine.yaml:2: source has no key 'url'"),
        (
            "a:\n  image: {colour: rgb, scale: 1, mean: [0, 0, 0]}",
            "/mine.yaml:2: image lacks the key 'std'",
        ),
        (image("colour: gbr"), "/mine.yaml:3: colour must be one of rgb, bgr, got 'gbr'"),
        (image("scale: 128"), "/mine.yaml:4: scale must be one of 1, 255, got 128"),
        (image("mean: [0, 0]"), "/mine.yaml:5: mean must have three entries, one for each channel"),
        (image("mean: [0, 0, x]"), "/mine.yaml:5: mean entry 3 must be a number, got 'x'"),
        (image("std: [1, 0, 1]"), "/mine.yaml:6: std must be above 0 for every channel"),
        ("- a", "/mine.yaml:1: "),
        ("", "/mine.yaml"),
        ("a: 3", "/mine.yaml:1: "),
        ("a: {extends: fassd-net\nb: 2", "/mine.yaml:2: "),
        ("a: !!python/object/apply:os.system ['true']", "/mine.yaml:1: "),
        ("a: {title: x}\na: {title: y}", "/mine.yaml:2: "),
        ("a: &x {title: y}\nb: *x", "/mine.yaml:2: "),
        ("\x01", "/mine.yaml"),
    ],
)
def test_a_broken_catalogue_is_refused_with_file_and_line(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in refusal(tmp_path, text)


def test_a_catalogue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"nowhere\.yaml: cannot be read"):
        load_catalog([tmp_path / "nowhere.yaml"])


def test_yaml_never_runs_code(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    refusal(tmp_path, f"a: !!python/object/apply:os.mkdir ['{trap}']")
    assert not trap.exists()


def test_an_unknown_variant_is_refused_with_what_is_near() -> None:
    with pytest.raises(BadRequest, match="no variant 'fasd-net'; did you mean fassd-net"):
        find_row(load_catalog(), "fasd-net")


def test_a_setting_changes_one_option_and_the_name() -> None:
    row = override(load_catalog()["fassd-net"], ["context.alpha=4", "fusion.dilations=[1, 1, 1]"])
    assert row.chosen["context"]["alpha"] == 4
    assert row.chosen["fusion"] == {"name": "mda", "dilations": [1, 1, 1], "merge": "add"}
    assert row.name == "fassd-net[context.alpha=4,fusion.dilations=[1,1,1]]"


def test_the_order_of_settings_does_not_enter_the_name() -> None:
    row = load_catalog()["fassd-net"]
    one, two = (
        ["context.alpha=4", "fusion.merge=concat"],
        ["fusion.merge=concat", "context.alpha=4"],
    )
    assert override(row, one) == override(row, two)


def test_setting_another_component_drops_the_old_ones_options() -> None:
    row = override(load_catalog()["fassd-net"], ["context.width=128", "context.name=aspp"])
    assert row.chosen["context"] == {"name": "aspp", "width": 128}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("context.alpha", "a setting is slot.option=value, got 'context.alpha'"),
        ("alpha=2", "a setting is slot.option=value, got 'alpha=2'"),
        ("context.alpha=", "a setting is slot.option=value"),
        ("contxt.alpha=2", "no slot 'contxt'; did you mean context"),
        ("fusion.dilations=[8,4", "the value must be YAML"),
        ("context.alpha=!!python/name:os.system", "the value must be YAML"),
    ],
)
def test_a_malformed_setting_is_refused(setting: str, message: str) -> None:
    with pytest.raises(BadRequest) as error:
        override(load_catalog()["fassd-net"], [setting])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_one_option_set_twice_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"context\.alpha must be set once"):
        override(load_catalog()["fassd-net"], ["context.alpha=2", "context.alpha=4"])


@pytest.mark.parametrize("text", ["1024x2048", " 1024X2048 ", "1024×2048"])
def test_a_size_is_height_by_width(text: str) -> None:
    assert parse_size(text, "--input") == (1024, 2048)


@pytest.mark.parametrize("text", ["1024", "1024x", "0x2048", "-1x2", "1024x2048x3", "axb", ""])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(BadRequest, match="--input: an input is HEIGHTxWIDTH"):
        parse_size(text, "--input")


def test_baseline_with_both_modules_is_fassd_net() -> None:
    rows = load_catalog()
    both = resolve(rows["baseline-dapf-mda"].chosen)
    assert both.sha256 == resolve(rows["fassd-net"].chosen).sha256


def test_every_other_row_is_a_network_of_its_own() -> None:
    rows = load_catalog()
    hashes = {resolve(row.chosen).sha256 for row in rows.values()}
    assert len(hashes) == len(rows) - 1


ABOUT = """\
a:
  extends: fassd-net
  fidelity: reimplementation
  source: {repo: example.org/x, commit: 0123abc, note: as released}
  image: {colour: rgb, scale: 1, mean: [0.5, 0.25, 0], std: [1, 2, 4]}
b: {extends: a, title: B}
c: {extends: a, context: {alpha: 4}}
"""


def test_a_row_says_where_it_is_from_and_what_it_is_fed(tmp_path: Path) -> None:
    rows = load_catalog([catalogue(tmp_path, ABOUT)])
    assert rows["a"].about() == {
        "fidelity": "reimplementation",
        "source": {"repo": "example.org/x", "commit": "0123abc", "note": "as released"},
        "image": {"colour": "rgb", "scale": 1, "mean": (0.5, 0.25, 0), "std": (1, 2, 4)},
    }
    assert rows["b"].about() == rows["a"].about()


def test_another_network_does_not_inherit_the_fidelity(tmp_path: Path) -> None:
    rows = load_catalog([catalogue(tmp_path, ABOUT)])
    assert rows["c"].fidelity is None
    assert (rows["c"].source, rows["c"].image) == (rows["a"].source, rows["a"].image)
    assert override(rows["a"], ["context.alpha=4"]).fidelity is None
    assert override(rows["a"], ["context.alpha=2"]).fidelity == "reimplementation"


def test_what_is_said_about_a_row_does_not_enter_its_hash(tmp_path: Path) -> None:
    rows = load_catalog([catalogue(tmp_path, ABOUT)])
    assert resolve(rows["a"].chosen).sha256 == resolve(rows["fassd-net"].chosen).sha256


def test_every_row_says_where_it_is_from_and_what_it_is_fed() -> None:
    for row in load_catalog().values():
        assert None not in row.about().values(), row.name


def test_fassd_net_is_fed_bgr_at_255_times_the_usual_means() -> None:
    image = load_catalog()["fassd-net-l2"].image
    assert image is not None
    assert (image.colour, image.scale) == ("bgr", 255)
    assert image.mean == pytest.approx([255 * m for m in (0.406, 0.456, 0.485)], rel=1e-12)
    assert image.std == pytest.approx([255 * s for s in (0.225, 0.224, 0.229)], rel=1e-12)


def test_a_row_compares_by_what_it_holds() -> None:
    assert Row("a", "A") == Row("a", "A")
