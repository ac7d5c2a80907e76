"""Proxies: a user's function scores every network of a sweep."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import store
from harness.proxy_record import ProxyRecord
from sweep.running import Done, Harness
from sweep.tiny import CATALOG, FLAGS, SIDE, Tiny
from variants.build import build
from variants.catalog import load_catalog, override
from variants.spec import resolve

WIDTHS = ("--grid", "network.width=1..4")
INVERSE = ("--proxy", "inverse=bad_blocks:inverse")


@pytest.fixture(autouse=True)
def _catalog(harness: Harness, tmp_path: Path) -> None:
    assert harness  # it changes to the folder
    (tmp_path / "tiny.yaml").write_text(CATALOG)


def answer(done: Done, status: int = 0) -> dict[str, Any]:
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def scores(folder: Path) -> list[ProxyRecord]:
    loaded = store.load(folder)
    assert loaded.problems == []
    return [record for record in loaded.records if isinstance(record, ProxyRecord)]


def name(width: int) -> str:
    return f"tiny[network.width={width}]"


def test_every_network_is_scored_and_what_has_no_score_is_a_failure(
    harness: Harness, tmp_path: Path
) -> None:
    done = harness(*FLAGS, *WIDTHS, *INVERSE, "--pareto", "params,proxy.inverse", "--json")
    found = answer(done, 1)
    reason = "proxy inverse: a proxy must return a finite number, got nan"
    assert found["failed"] == [{"variant": name(1), "input": "16x16", "reason": reason}]
    assert (found["planned"], found["measured"]) == (4, 4)
    # by hand: the side of the input over the weights, which is best where these are fewest
    expected = {width: SIDE / Tiny(width, 1).params for width in (2, 3, 4)}
    by_variant = {record.variant: record for record in scores(tmp_path / "results")}
    assert {name(w): s for w, s in expected.items()} == {
        variant: pytest.approx(record.value)
        for variant, record in by_variant.items() if record.value is not None
    }  # fmt: skip
    assert by_variant[name(1)].reason == "a proxy must return a finite number, got nan"
    one = by_variant[name(2)]
    assert (one.name, one.source, one.seed) == ("inverse", "bad_blocks:inverse", 0)
    assert one.input_shape == (1, 3, SIDE, SIDE)
    assert one.environment["torch_threads"] == 1
    [row] = found["pareto"]
    assert (row["network.width"], row["proxy.inverse"]) == (2, pytest.approx(expected[2]))


def test_weights_are_real_and_drawn_from_the_recorded_seed(
    harness: Harness, tmp_path: Path
) -> None:
    answer(harness(*FLAGS, *WIDTHS, "--proxy", "w=bad_blocks:first_weight", "--json"))
    row = override(load_catalog([tmp_path / "tiny.yaml"])["tiny"], ["network.width=3"])
    expected: Any = build(resolve(row.chosen), seed=0)
    [record] = [one for one in scores(tmp_path / "results") if one.variant == name(3)]
    assert record.value == expected.first.weight.flatten()[0].item() != 0


def test_what_a_proxy_draws_is_the_same_every_time(harness: Harness, tmp_path: Path) -> None:
    for _ in range(2):
        answer(harness(*FLAGS, *WIDTHS, "--proxy", "d=bad_blocks:drawn", "--json"))
    torch.manual_seed(0)
    assert {record.value for record in scores(tmp_path / "results")} == {torch.rand(1).item()}


def test_resuming_scores_only_what_has_no_record(harness: Harness, tmp_path: Path) -> None:
    sweep = (*FLAGS, *WIDTHS, *INVERSE, "--json")
    answer(harness(*sweep), 1)
    again = answer(harness(*sweep, "--resume"), 1)
    assert len(again["failed"]) == 1  # told, and not tried again
    assert len(scores(tmp_path / "results")) == 4
    answer(harness(*sweep, "--resume", "--retry-failed"), 1)
    assert len(scores(tmp_path / "results")) == 5
    other = ("--proxy", "inverse=bad_blocks:first_weight")  # another function by the same name
    answer(harness(*FLAGS, *WIDTHS, *other, "--resume", "--changed", "--json"))
    assert len(scores(tmp_path / "results")) == 9
    sized = (*FLAGS[:4], "--input", "8x8", "--jobs", "2", *WIDTHS, *INVERSE, "--name", "small")
    answer(harness(*sized, "--resume", "--json"), 1)
    assert len(scores(tmp_path / "results")) == 13


def test_a_front_takes_no_score_of_another_function_by_that_name(harness: Harness) -> None:
    answer(harness(*FLAGS, *WIDTHS, "--proxy", "inverse=bad_blocks:first_weight", "--json"))
    goals = ("--pareto", "params,proxy.inverse", "--name", "b", "--json")
    found = answer(harness(*FLAGS, *WIDTHS, *INVERSE, *goals), 1)
    assert [row["network.width"] for row in found["pareto"]] == [2]  # and not 1


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("refuse", "ValueError: a proxy of somebody else"),
        ("crash", "its process died 3 times"),
        ("linger", "took longer than the time limit of 3 s"),
    ],
)
def test_what_goes_wrong_is_that_variants_failure(
    harness: Harness, tmp_path: Path, function: str, reason: str
) -> None:
    proxy = ("--proxy", f"p=bad_blocks:{function}", "--limit", "3")
    found = answer(harness(*FLAGS, "--grid", "network.width=2", *proxy, "--json"), 1)
    assert found["measured"] == 1
    [failed] = found["failed"]
    assert failed["reason"].startswith(f"proxy p: {reason}")
    [record] = scores(tmp_path / "results")
    assert (record.value, f"proxy p: {record.reason}") == (None, failed["reason"])


def test_harness_results_knows_scores(harness: Harness) -> None:
    answer(harness(*FLAGS, *WIDTHS, *INVERSE, "--json"), 1)
    query = ("--where", "`proxy.inverse` > 1 and kind == 'profile'", "--json")
    rows = json.loads(harness(*query, command=["results"]).stdout)
    # by hand: 16 / (4 * width) is above 1 below a width of 4; of 1 there is no score
    assert [row["network.width"] for row in rows] == [2, 3]
    assert all(row["params"] == 4 * row["network.width"] for row in rows)
    listed = harness("--kind", "proxy", command=["results"]).stdout
    assert "proxy.inverse" in listed
    assert "a proxy must return a finite number, got nan" in " ".join(listed.split())
    newest = json.loads(harness("--newest", "--json", command=["results"]).stdout)
    assert sorted(row["kind"] for row in newest) == ["profile"] * 4 + ["proxy"] * 4


def test_a_search_seeks_a_score_and_scores_only_what_meets_its_constraints(
    harness: Harness, tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="needs harness[search]")
    grid = ("--grid", "network.width=2..9", "--search", "8", *INVERSE)
    limits = ("--constraint", "params <= 20", "--constraint", "proxy.inverse <= 1.5")
    done = harness(*FLAGS, *grid, *limits, "--pareto", "max:params,proxy.inverse", "--json")
    found = answer(done)
    # by hand: 4 * width <= 20 are the widths to 5; 16 / (4 * width) <= 1.5 those from 3
    scored = sorted(record.variant for record in scores(tmp_path / "results"))
    assert scored == [name(width) for width in (2, 3, 4, 5)]
    assert sorted(row["network.width"] for row in found["pareto"]) == [3, 4, 5]
    assert found["search"]["feasible"] == 3
    other = harness(
        *FLAGS, *grid, *limits, "--pareto", "max:params,proxy.inverse", "--name", "b", "--json"
    )
    assert answer(other)["measured"] == 0
    assert len(scores(tmp_path / "results")) == 4  # told from their records
    assert answer(other)["search"]["feasible"] == 3


def test_what_a_search_cannot_score_is_a_failure(harness: Harness) -> None:
    pytest.importorskip("optuna", reason="needs harness[search]")
    search = ("--search", "4", "--pareto", "params,proxy.inverse", "--json")
    found = answer(harness(*FLAGS, *WIDTHS, *INVERSE, *search), 1)
    assert [failure["variant"] for failure in found["failed"]] == [name(1)]
    assert found["search"]["feasible"] == 3


def test_a_function_beside_the_working_directory_will_do(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "own_scores.py").write_text("def seven(network, shape):\n    return 7\n")
    (tmp_path / "a.yaml").write_text(
        "variants: tiny\ncatalog: tiny.yaml\ninput: 16x16\ngrid: {network.width: [1, 2]}\n"
        "proxy: {seven: 'own_scores:seven'}\npareto: [params, proxy.seven]\n"
    )
    [row] = answer(harness("a.yaml", "--json"))["pareto"]
    assert (row["network.width"], row["proxy.seven"]) == (1, 7.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--proxy", "x"), "a proxy is NAME=MODULE:FUNCTION, got 'x'"),
        (("--proxy", "x=y"), "a proxy is MODULE:FUNCTION, got 'y'"),
        (("--proxy", "x.y=a:b"), "a proxy's name is of letters, digits, - and _, got 'x.y'"),
        ((*INVERSE, *INVERSE), "a name must stand once, got inverse twice"),
        (("--proxy", "x=nowhere:f"), "nowhere:f must be importable, got No module named"),
        (("--proxy", "x=bad_blocks:f"), "bad_blocks:f must be importable, got module"),
        (("--proxy", "x=bad_blocks:number"), "bad_blocks:number must be a function, got int"),
    ],
)
def test_what_is_no_proxy_is_refused_before_anything_runs(
    harness: Harness, tmp_path: Path, arguments: Sequence[str], message: str
) -> None:
    done = harness(*FLAGS, *WIDTHS, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]
    assert not (tmp_path / "results").exists()


def test_a_file_refuses_a_proxy_by_line(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "variants: tiny\ngrid: {network.width: [1, 2]}\nproxy:\n  x: nothing\n"
    )
    done = harness("a.yaml")
    assert "a.yaml:4: a proxy is MODULE:FUNCTION, got 'nothing'" in done.stderr
