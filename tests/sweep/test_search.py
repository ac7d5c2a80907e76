"""`harness sweep --search`: real samplers on networks whose counts are known by hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.records import FailedRecord, ProfileRecord
from sweep.running import Done, Harness
from sweep.tiny import CATALOG, FLAGS, Tiny, best, tinies

optuna = pytest.importorskip("optuna", reason="needs harness[search]")

GRID = (
    *("--grid", "network.width=1..6", "--grid", "network.kernel=1,3,5"),
    *("--grid", "network.stride=1,2"),
)
TINIES = tinies(range(1, 7), (1, 3, 5), (1, 2))
WHOLE = len(TINIES)
GOALS = ("--pareto", "macs.conv,max:params")
SAMPLERS = ("tpe", "nsga2", "nsga3", "random")


@pytest.fixture(autouse=True)
def _catalog(harness: Harness, tmp_path: Path) -> None:
    assert harness  # it changes to the folder
    (tmp_path / "tiny.yaml").write_text(CATALOG)


def answer(done: Done, status: int = 0) -> dict[str, Any]:
    assert done.returncode == status, done.stderr
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def searched(harness: Harness, count: int, *more: str) -> dict[str, Any]:
    return answer(harness(*FLAGS, *GRID, *GOALS, "--search", count, *more, "--json"))


def front(found: dict[str, Any]) -> set[Tiny]:
    rows = found["pareto"]
    tinies = [Tiny(*(row[f"network.{name}"] for name in Tiny._fields)) for row in rows]
    assert len(set(tinies)) == len(tinies)
    return set(tinies)


def measured(folder: Path) -> list[Tiny]:
    """Return the variants that a folder has records of, in the order of these."""
    loaded = store.load(folder)
    assert loaded.problems == []
    return [Tiny.of(r.spec) for r in loaded.records if isinstance(r, ProfileRecord)]


def refusal(done: Done) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_of_a_space_is_found_and_its_feasible_front(
    harness: Harness, tmp_path: Path, sampler: str
) -> None:
    limits = ("--constraint", "params <= 300", "--constraint", "conv MMACs <= 0.02")
    found = searched(harness, WHOLE, "--sampler", sampler, *limits)
    assert (found["planned"], found["measured"], found["failed"]) == (WHOLE, WHOLE, [])
    every = measured(tmp_path / "results")
    assert len(every) == WHOLE
    assert set(every) == set(TINIES)
    feasible = [one for one in TINIES if one.params <= 300 and one.macs <= 20_000]
    assert found["search"]["feasible"] == len(feasible) < WHOLE
    assert front(found) == best(feasible, lambda one: one.macs, lambda one: one.params)
    assert front(found) != best(TINIES, lambda one: one.macs, lambda one: one.params)


def test_a_search_measures_as_many_different_variants_as_it_is_asked_for(
    harness: Harness, tmp_path: Path
) -> None:
    found = searched(harness, 10)
    assert (found["planned"], found["measured"], found["reused"]) == (10, 10, 0)
    assert found["search"]["variants"] == 10
    assert not found["search"]["exhausted"]
    every = measured(tmp_path / "results")
    assert len(every) == len(set(every)) == 10
    assert front(found) == best(every, lambda one: one.macs, lambda one: one.params)


def test_more_than_there_are_ends_when_there_are_no_more(harness: Harness) -> None:
    found = searched(harness, WHOLE + 7)
    assert (found["planned"], found["measured"]) == (WHOLE, WHOLE)
    assert found["search"]["exhausted"]


@pytest.mark.slow
def test_a_seed_gives_the_same_variants_and_another_seed_others(
    harness: Harness, tmp_path: Path
) -> None:
    for sampler in SAMPLERS:
        drawn = []
        for at, seed in enumerate(("1", "1", "2")):
            folder = f"{sampler}-{at}"
            searched(harness, 14, "--sampler", sampler, "--seed", seed, "--results", folder)
            drawn.append(measured(tmp_path / folder))
        assert drawn[0] == drawn[1], sampler
        assert drawn[0][:8] != drawn[2][:8], sampler  # what it proposes before it repeats itself


@pytest.mark.slow
def test_samplers_differ(harness: Harness, tmp_path: Path) -> None:
    drawn = []
    for sampler in SAMPLERS:
        searched(harness, 30, "--sampler", sampler, "--results", sampler)
        drawn.append(tuple(measured(tmp_path / sampler)))
    assert len(set(drawn)) >= 3  # the two NSGA begin with the same generation
    assert drawn[0] != drawn[1] != drawn[3] != drawn[0]


LARGE = (
    *("--grid", "network.width=1..1000", "--grid", "network.kernel=1..201..2"),
    *("--grid", "network.stride=1..16", "--grid", "network.deep=false,true"),
)


@pytest.mark.slow
def test_what_a_sampler_learns_is_where_the_aim_is(harness: Harness, tmp_path: Path) -> None:
    """Of 3.2 million, few have at most 20,000 parameters: chance alone finds next to none."""
    found = {}
    for sampler in ("tpe", "nsga2", "random"):
        done = harness(
            *FLAGS, *LARGE, "--search", "80", "--sampler", sampler, "--results", sampler,
            "--pareto", "min:params,max:network.width", "--constraint", "params <= 20k", "--json",
        )  # fmt: skip
        assert answer(done)["planned"] == 80
        found[sampler] = answer(done)["search"]["feasible"]
        every = measured(tmp_path / sampler)
        assert found[sampler] == sum(one.params <= 20_000 for one in every)
    assert found["tpe"] > 2 * found["random"]
    assert found["nsga2"] > 2 * found["random"]


def test_a_single_goal_will_do(harness: Harness) -> None:
    done = harness(*FLAGS, *GRID, "--search", "12", "--pareto", "params", "--json")
    [least] = answer(done)["pareto"] if len(answer(done)["pareto"]) == 1 else [None]
    rows = answer(done)["pareto"]
    assert len({row["params"] for row in rows}) == 1
    assert least is None or least["params"] == rows[0]["params"]


def test_where_nothing_is_feasible_the_nearest_is_named(harness: Harness) -> None:
    done = harness(
        *FLAGS, *GRID, *GOALS, "--search", WHOLE,
        "--constraint", "params <= 2", "--constraint", "conv MACs <= 500",
    )  # fmt: skip
    assert done.returncode == 0
    # the smallest has 3 * 1 + 1 = 4 parameters, twice the limit, and 4 * 8 * 8 = 256 MACs
    assert (
        f"no variant is feasible: {WHOLE} of {WHOLE} miss params <= 2, the nearest by 100.0%: "
        "tiny[network.kernel=1,network.stride=1,network.width=1]" in done.stderr
    )
    assert "miss conv MACs <= 500, the nearest by" in done.stderr
    assert "0 of 0 rows are on the front" in done.stdout


def test_where_nothing_is_known_or_measured_that_is_said_and_no_distance(harness: Harness) -> None:
    grid = ("--grid", "network.width=1..3", "--search", "3")
    limits = ("--pareto", "params", "--constraint", "miou >= 60%")
    done = harness(*FLAGS, *grid, *limits)
    assert "no variant is feasible: 3 of 3 have no miou" in done.stderr.splitlines()
    goals = ("--pareto", "params,miou", "--name", "goal")
    done = harness(*FLAGS, *grid, *goals)
    assert "no variant is feasible: 3 of 3 have no miou" in done.stderr.splitlines()
    broken = ("--grid", "network.how=raise", "--pareto", "params", "--name", "broken")
    done = harness(*FLAGS, *grid, *broken)
    assert "no variant is feasible: 3 of 3 could not be measured" in done.stderr.splitlines()
    assert "the nearest" not in done.stderr


def test_conditions_exclusions_and_zips_are_respected(harness: Harness, tmp_path: Path) -> None:
    done = harness(
        *FLAGS, "--grid", "network.width=1..3", "--grid", "network.kernel=1,3",
        "--grid", "network.deep=false,true", "--grid", "network.stride=1,2,4",
        "--zip", "network.width,network.stride", "--when", "network.deep:network.kernel=3",
        "--exclude", "network.width=3,network.kernel=1", "--search", "100", *GOALS, "--json",
    )  # fmt: skip
    found = answer(done)
    zipped = [(1, 1), (2, 2), (3, 4)]
    expected = [Tiny(w, 3, s, deep) for w, s in zipped for deep in (False, True)]
    expected += [Tiny(w, 1, s) for w, s in zipped if w != 3]
    every = measured(tmp_path / "results")
    assert sorted(every) == sorted(expected)
    assert found["planned"] == len(expected) == 8
    assert found["search"]["exhausted"]


def test_several_variants_and_inputs_are_searched_too(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(CATALOG + "wide: {extends: tiny, network: {width: 9}}\n")
    done = harness(
        "--variant", "tiny", "--variant", "wide", "--catalog", "tiny.yaml", "--jobs", "2",
        "--input", "16x16,8x8", "--grid", "network.kernel=1,3", "--search", "50", *GOALS, "--json",
    )  # fmt: skip
    assert answer(done)["planned"] == 8
    loaded = store.load(tmp_path / "results").records
    inputs = {(Tiny.of(r.spec), r.input_shape) for r in loaded if isinstance(r, ProfileRecord)}
    assert inputs == {
        (Tiny(width, kernel), (1, 3, side, side))
        for width in (1, 9) for kernel in (1, 3) for side in (8, 16)
    }  # fmt: skip


def test_equal_specs_are_measured_once(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(CATALOG + "same: {extends: tiny, title: Same}\n")
    done = harness(
        *("--variant", "same"),
        *FLAGS,
        "--grid",
        "network.width=1..4",
        "--search",
        "50",
        *GOALS,
        "--json",
    )
    assert answer(done)["planned"] == 4
    assert sorted(measured(tmp_path / "results")) == [Tiny(w, 1) for w in range(1, 5)]


def test_what_cannot_be_built_is_listed_and_counts_for_nothing(
    harness: Harness, tmp_path: Path
) -> None:
    grid = ("--grid", "network.width=1..4", "--grid", "network.kernel=1,2,3")
    done = harness(*FLAGS, *grid, "--search", "8", *GOALS, "--json")
    assert answer(done)["planned"] == 8
    assert sorted(measured(tmp_path / "results")) == sorted(tinies(range(1, 5), (1, 3)))
    done = harness(*FLAGS, *grid, "--search", "99", *GOALS, "--json", "--name", "all")
    listed = [line for line in done.stderr.splitlines() if line.startswith("cannot be built: ")]
    assert len(listed) == len(set(listed)) == 4
    assert listed[0].endswith("tiny: kernel must be odd, got 2")


def test_what_fails_is_recorded_and_not_tried_again(harness: Harness, tmp_path: Path) -> None:
    grid = ("--grid", "network.width=1..4", "--grid", "network.how=fine,raise")
    sweep = (*FLAGS, *grid, *GOALS, "--json")
    found = answer(harness(*sweep, "--search", "8"), 1)
    assert (found["planned"], found["measured"], len(found["failed"])) == (8, 4, 4)
    assert found["search"]["feasible"] == 4
    failed = [r for r in store.load(tmp_path / "results").records if isinstance(r, FailedRecord)]
    assert len(failed) == 4
    again = answer(harness(*sweep, "--search", "9", "--resume"), 1)
    assert (again["measured"], again["reused"], len(again["failed"])) == (0, 4, 4)
    other = answer(harness(*sweep, "--search", "8", "--name", "other"), 1)
    assert (other["measured"], other["reused"], len(other["failed"])) == (0, 4, 4)
    assert len(store.load(tmp_path / "results").records) == 8
    retried = answer(harness(*sweep, "--search", "8", "--resume", "--retry-failed"), 1)
    assert (retried["planned"], retried["reused"], len(retried["failed"])) == (8, 4, 4)
    assert len(store.load(tmp_path / "results").records) == 12


def test_a_variant_that_is_recorded_is_told_from_its_record(
    harness: Harness, tmp_path: Path
) -> None:
    answer(harness(*FLAGS, *GRID, "--json"))
    found = searched(harness, WHOLE, "--name", "search")
    assert (found["planned"], found["measured"], found["reused"]) == (WHOLE, 0, WHOLE)
    assert front(found) == best(TINIES, lambda one: one.macs, lambda one: one.params)
    assert len(measured(tmp_path / "results")) == WHOLE


def test_resuming_goes_on_to_a_larger_number(harness: Harness, tmp_path: Path) -> None:
    searched(harness, 8)
    before = measured(tmp_path / "results")
    found = searched(harness, 20, "--resume")
    assert (found["planned"], found["measured"], found["reused"]) == (20, 12, 8)
    every = measured(tmp_path / "results")
    assert every[:8] == before
    assert len(set(every)) == len(every) == 20
    again = searched(harness, 20, "--resume")
    assert (again["measured"], again["reused"]) == (0, 20)
    assert front(again) == front(found) == best(every, lambda one: one.macs, lambda one: one.params)


def test_a_study_that_exists_is_not_gone_on_with_unasked(harness: Harness) -> None:
    searched(harness, 8)
    done = harness(*FLAGS, *GRID, *GOALS, "--search", "9")
    assert "the study tiny must be new, got one that exists; --resume" in refusal(done)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--constraint", "params <= 30"), "constraints: nothing -> "),
        (("--sampler", "random"), "search sampler: tpe -> random"),
        (("--seed", "4"), "search seed: 0 -> 4"),
        (("--pareto", "params,max:macs.conv"), "pareto: "),
    ],
)
def test_resuming_another_search_says_what_changed(
    harness: Harness, changed: Sequence[str], message: str
) -> None:
    searched(harness, 4)
    done = harness(*FLAGS, *GRID, *GOALS, "--search", "9", *changed, "--resume")
    assert message in refusal(done)


@pytest.mark.parametrize(
    ("other", "part"),
    [
        (("--pareto", "params,max:macs.conv"), "pareto"),
        ((*GOALS, "--constraint", "params <= 30"), "constraints"),
        ((*GOALS, "--batch", "2"), "batch"),
        ((*GOALS, "--grid", "network.deep=false,true"), "grid"),
    ],
)
def test_a_study_does_not_become_another_one_though_the_change_is_meant(
    harness: Harness, other: Sequence[str], part: str
) -> None:
    searched(harness, 4)
    done = harness(*FLAGS, *GRID, "--search", "9", *other, "--resume", "--changed")
    expected = f"the study tiny must be of the same sweep, got another {part}; --name"
    assert expected in refusal(done)


def test_a_sampler_may_change_where_that_is_meant(harness: Harness) -> None:
    searched(harness, 4)
    found = searched(harness, 9, "--sampler", "random", "--resume", "--changed")
    assert (found["measured"], found["reused"], found["search"]["sampler"]) == (5, 4, "random")


@pytest.mark.parametrize("place", ["there/study.db", "there/study.log", "sqlite:///study.sqlite"])
def test_the_study_lies_where_it_is_told_to(harness: Harness, tmp_path: Path, place: str) -> None:
    found = searched(harness, 6, "--storage", place)
    assert found["search"]["study"] == place
    path = tmp_path / place.removeprefix("sqlite:///")
    assert path.exists()
    assert path.read_bytes().startswith(b"SQLite") == (path.suffix in (".db", ".sqlite"))
    again = searched(harness, 8, "--storage", place, "--resume")
    assert (again["measured"], again["reused"]) == (2, 6)
    assert not list((tmp_path / "results").rglob("study.journal"))


def test_the_study_is_optunas_own_with_values_and_constraints(
    harness: Harness, tmp_path: Path
) -> None:
    searched(harness, 8, "--storage", "study.db", "--constraint", "params <= 30")
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert study.metric_names == ["macs.conv", "params"]
    done = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    for trial in done:
        one = Tiny(
            trial.params["network.width"], int(trial.params["network.kernel"]),
            trial.params["network.stride"],
        )  # fmt: skip
        assert trial.values == [one.macs, one.params]
        assert trial.constraints == {"params <= 30": pytest.approx((one.params - 30) / 30)}
    assert len({tuple(sorted(trial.params.items())) for trial in done}) == 8


def test_accuracy_of_logs_is_a_goal_and_what_has_none_is_not_feasible(
    harness: Harness, tmp_path: Path
) -> None:
    for width, miou in ((1, 0.5), (2, 0.7), (3, 0.6)):
        (tmp_path / "log.csv").write_text(f"epoch,val_miou\n1,{miou}\n")
        harness(
            *("--variant", "tiny", "--catalog", "tiny.yaml", "--set", f"network.width={width}"),
            *("--unfinished", "--unit", "fraction", "log.csv"),
            command=["log", "add"],
        )
    sweep = (*FLAGS, "--grid", "network.width=1..5", "--search", "5", "--json")
    found = answer(harness(*sweep, "--pareto", "macs.conv,miou"))
    assert found["search"]["feasible"] == 3
    assert [row["network.width"] for row in found["pareto"]] == [1, 2]
    goals = ("--pareto", "macs.conv", "--constraint", "miou >= 60%", "--name", "other")
    found = answer(harness(*sweep, *goals))
    assert found["search"]["feasible"] == 2
    assert [row["network.width"] for row in found["pareto"]] == [2]


def test_a_space_that_is_too_large_for_a_grid_needs_no_yes(harness: Harness) -> None:
    done = harness(*FLAGS, *LARGE, "--search", "4", *GOALS, "--json")
    assert answer(done)["planned"] == 4
    assert "need --yes" in refusal(harness(*FLAGS, *LARGE))


def test_a_large_space_of_repeats_is_exhausted_and_counted_without_them(harness: Harness) -> None:
    found = (
        *("--grid", "network.width=1,2", "--grid", "network.kernel=1..2001..2"),
        *("--grid", "network.stride=1..1001", "--when", "network.kernel:network.deep=true"),
        *("--when", "network.stride:network.deep=true", "--search", "5", *GOALS),
    )
    done = harness(*FLAGS, *found)  # two million numbers, and deep is false in all of them
    assert done.returncode == 0, done.stderr
    assert "2 different variants" in done.stdout
    assert ", of 2 combinations; 2 have all figures that are sought" in done.stdout
    assert "there are no more variants: every combination has been looked at" in done.stdout


def test_a_large_space_in_which_nothing_new_is_found_is_given_up_and_not_called_exhausted(
    harness: Harness, tmp_path: Path
) -> None:
    others = list(range(2, 1101))
    (tmp_path / "a.yaml").write_text(
        "variants: tiny\ncatalog: tiny.yaml\ninput: 16x16\n"
        "grid: {network.width: 1..1100, network.stride: 1..1100}\n"
        f"exclude:\n  - {{network.width: {others}}}\n  - {{network.stride: {others}}}\n"
    )  # of 1.2 million, one is left
    search = ("a.yaml", "--search", "1", "--sampler", "random", *GOALS, "--jobs", "2")
    done = harness(*search)
    assert done.returncode == 0, done.stderr
    assert "0 different variants in 1 proposal, of 1,210,000 combinations" in done.stdout
    assert (
        "gave up looking for more: of 10,000 combinations drawn in a row none was a new variant"
        in done.stdout
    )
    assert "there are no more variants" not in done.stdout
    search_again = answer(harness(*search, "--name", "b", "--json"))["search"]
    assert (search_again["exhausted"], search_again["gave_up_after"]) == (False, 10_000)


def test_a_study_is_not_gone_on_with_away_from_its_records(
    harness: Harness, tmp_path: Path
) -> None:
    storage = ("--storage", "study.db")
    searched(harness, 4, *storage)
    done = harness(
        *(*FLAGS, *GRID, *GOALS, "--search", "9", *storage, "--resume", "--results", "others")
    )
    places = [f"{tmp_path}/{folder}/sweeps/tiny.search" for folder in ("results", "others")]
    assert refusal(done) == (
        f"harness: search: the study tiny must go on beside its records, in {places[0]}, "
        f"got {places[1]} without them; --name gives it another name"
    )
    (tmp_path / "results").rename(tmp_path / "moved")  # with its records
    found = searched(harness, 6, *storage, "--resume", "--results", "moved")
    assert (found["measured"], found["reused"]) == (2, 4)


def test_a_dry_run_says_what_would_be_searched(harness: Harness, tmp_path: Path) -> None:
    search = (*FLAGS, *GRID, *GOALS, "--search", "9", "--constraint", "params <= 30", "--dry-run")
    done = harness(*search)
    assert done.stdout.splitlines() == [
        "9 variants of 36 combinations, proposed by tpe (seed 0), for macs.conv,max:params",
        "under params <= 30",
    ]
    assert answer(harness(*search, "--json")) == {"planned": 9, "combinations": 36}
    assert not (tmp_path / "results").exists()


FILE = """variants: tiny
catalog: tiny.yaml
input: 16x16
grid: {network.width: 1..6, network.kernel: [1, 3, 5], network.stride: [1, 2]}
search:
  trials: 36
  sampler: nsga2
  seed: 3
  pareto: [macs.conv, 'max:params']
  constraints:
    - params <= 300
    - conv MMACs <= 0.02
"""


def test_a_file_says_all_of_it_and_flags_win(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FILE)
    found = answer(harness("a.yaml", "--jobs", "2", "--json"))
    feasible = [one for one in TINIES if one.params <= 300 and one.macs <= 20_000]
    assert front(found) == best(feasible, lambda one: one.macs, lambda one: one.params)
    about = {key: found["search"][key] for key in ("sampler", "seed", "variants")}
    assert about == {"sampler": "nsga2", "seed": 3, "variants": 36}
    flags = (
        *("--search", "5", "--sampler", "random", "--seed", "1"),
        *("--constraint", "params <= 40", "--name", "b"),
    )
    assert "--seed: must be at least 0" in refusal(harness("a.yaml", "--seed", "-1"))
    found = answer(harness("a.yaml", *flags, "--jobs", "2", "--json"))
    about = {key: found["search"][key] for key in ("sampler", "seed", "variants")}
    assert about == {"sampler": "random", "seed": 1, "variants": 5}
    assert all(row["params"] <= 40 for row in found["pareto"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("trials: 36", "trials: 0", "a.yaml:6: trials must be a whole number of at least 1"),
        ("  trials: 36\n", "", "a.yaml:5: search lacks the key 'trials'"),
        ("nsga2", "nsga", "a.yaml:7: sampler must be one of tpe, nsga2, nsga3, random"),
        ("seed: 3", "sead: 3", "a.yaml:8: search has no key 'sead'; did you mean seed"),
        ("- params <= 300", "- parms <= 300", "a.yaml:11 parms <= 300: no column 'parms'; did"),
        ("- conv MMACs <= 0.02", "- conv MMACs", "a.yaml:12: a constraint is COLUMN <= NUMBER"),
        ("macs.conv, ", "mac.conv, ", "no column 'mac.conv'; did you mean macs.conv"),
        ("input: 16x16", "pareto: [params]", "a.yaml:3: pareto must stand once"),
        ("input: 16x16", "sample: {count: 3}", "--search: draws its own variants, got --sample"),
    ],
)
def test_a_broken_file_is_refused(
    harness: Harness, tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "a.yaml").write_text(FILE.replace(old, new))
    assert message in refusal(harness("a.yaml", "--input", "16x16"))
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--search", "5"), "--search: needs --pareto"),
        (("--search", "0", *GOALS), "--search: must be at least 1, got 0"),
        (("--search", "5", *GOALS, "--seed", "-1"), "--seed: must be at least 0, got -1"),
        (("--constraint", "params <= 3"), "--constraint: needs --search, got it alone"),
        (("--sampler", "tpe"), "--sampler: needs --search, got it alone"),
        (("--storage", "a.db"), "--storage: needs --search, got it alone"),
        (("--search", "5", *GOALS, "--sampler", "nsga"), "no sampler 'nsga'; did you mean nsga"),
        (("--search", "5", *GOALS, "--constraint", "fps >= 30"), "fps needs --timing"),
        (("--search", "5", *GOALS, "--constraint", "parms < 3"), "did you mean params"),
        (("--search", "5", *GOALS, "--sample", "3"), "draws its own variants, got --sample too"),
        (("--search", "5", *GOALS, "--storage", "zzz://x"), "--storage zzz://x: must be a study's"),
    ],
)
def test_bad_requests_are_one_line(
    harness: Harness, tmp_path: Path, arguments: Sequence[str], message: str
) -> None:
    assert message in refusal(harness(*FLAGS, *GRID, *arguments))
    assert list((tmp_path / "results").rglob("*.jsonl")) == []


def test_a_missing_package_is_told_with_its_extra(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    line = refusal(harness(*FLAGS, *GRID, *GOALS, "--search", "5"))
    assert line == "harness: --search: needs the package optuna (pip install 'harness[search]')"


def test_a_full_text_names_the_study_and_the_front(harness: Harness) -> None:
    done = harness(*FLAGS, *GRID, *GOALS, "--search", "8")
    lines = done.stdout.splitlines()
    assert lines[0] == "tiny: 8 planned, 8 measured, 0 reused, 0 failed"
    assert (
        "tpe: 8 different variants in 8 proposals, of 36 combinations; 8 have all figures that are "
        "sought" in lines
    )
    assert "study in results/sweeps/tiny.search/study.journal" in lines
    limited = harness(
        *FLAGS, *GRID, *GOALS, "--search", "8", "--constraint", "params <= 30", "--name", "b"
    )
    words = "tpe: 8 different variants in 8 proposals, of 36 combinations; "
    [line] = [line for line in limited.stdout.splitlines() if line.startswith(words)]
    assert line.removeprefix(words).partition(" ")[2] == "meet every constraint"
    assert any("rows are on the front of least macs.conv, most params" in line for line in lines)
    assert "Trial" not in done.stderr  # Optuna's own words
