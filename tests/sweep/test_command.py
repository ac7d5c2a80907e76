"""`harness sweep` as a user meets it."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sweep_calls import processes

from harness import store
from harness.records import FailedRecord, ProfileRecord, from_json, to_json
from sweep.running import Done, Harness, command, environment
from variants.catalog import load_catalog, override
from variants.spec import resolve

SMALL = ("--input", "128x256", "--jobs", "2")
LIMIT = "3"  # seconds, of a count that takes hundredths, on a machine that may be busy
ALPHAS = ("--variant", "fassd-net", "--grid", "context.alpha=1,2,4,7,8")


def answer(done: Done, status: int = 0) -> dict[str, Any]:
    assert done.returncode == status, done.stderr
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def records(folder: Path) -> list[ProfileRecord]:
    loaded = store.load(folder)
    assert loaded.problems == []
    return [record for record in loaded.records if isinstance(record, ProfileRecord)]


def refusal(done: Done) -> str:
    """Return the one line that a bad request ends with."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_counts_every_combination_as_profile_does(harness: Harness, tmp_path: Path) -> None:
    done = harness(*ALPHAS, "--grid", "fusion.merge=add,concat", *SMALL, "--json")
    assert answer(done) == {
        "planned": 10, "measured": 10, "reused": 0, "failed": [], "results": "results",
    }  # fmt: skip
    [path] = (tmp_path / "results").rglob("*.jsonl")
    assert path == tmp_path / "results" / "static" / "profile.jsonl"
    found = {record.variant: record for record in records(tmp_path / "results")}
    row = load_catalog()["fassd-net"]
    expected = [
        override(row, [f"context.alpha={alpha}", f"fusion.merge={merge}"])
        for alpha in (1, 2, 4, 7, 8)
        for merge in ("add", "concat")
    ]
    assert list(found) == [one.name for one in expected]
    for one in expected:
        assert found[one.name].spec_sha256 == resolve(one.chosen).sha256
        assert found[one.name].input_shape == (1, 3, 128, 256)
    # by `harness profile --no-timing --input 128x256 --set context.alpha=4`: an independent run
    again = harness(
        "--json", "--no-timing", "--no-save", "--variant", "fassd-net",
        "--input", "128x256", "--set", "context.alpha=4", command=["profile"],
    )  # fmt: skip
    [profiled] = json.loads(again.stdout)
    record = json.loads(to_json(found["fassd-net[context.alpha=4,fusion.merge=add]"]))
    assert record["static"] == profiled["static"]
    assert record["spec_sha256"] == profiled["spec_sha256"]  # add is what the row has anyway


def test_equal_specs_are_measured_once(harness: Harness, tmp_path: Path) -> None:
    done = harness(
        "--variant", "fassd-net", "--variant", "baseline-dapf-mda",  # the same network
        "--grid", "context.alpha=2,4", "--grid", "context.name=dapf", *SMALL, "--json",
    )  # fmt: skip
    assert answer(done)["planned"] == 2
    assert len(records(tmp_path / "results")) == 2


def test_a_file_says_the_same_as_flags(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "ablation.yaml").write_text(
        "variants: fassd-net\n"
        "grid: {context.name: [none, dapf], context.alpha: [2, 4], fusion.merge: [add, concat]}\n"
        "when: {context.alpha: {context.name: dapf}}\n"
        "exclude: [{context.name: none, fusion.merge: concat}]\n"
    )
    by_file = answer(harness("ablation.yaml", "--dry-run", "--json", *SMALL))
    by_flags = answer(
        harness(
            "--variant", "fassd-net", "--grid", "context.name=none,dapf",
            "--grid", "context.alpha=2,4", "--grid", "fusion.merge=add,concat",
            "--when", "context.alpha:context.name=dapf",
            "--exclude", "context.name=none,fusion.merge=concat", "--dry-run", "--json", *SMALL,
        )
    )  # fmt: skip
    assert by_file["rows"] == by_flags["rows"]
    assert len(by_file["rows"]) == 5  # none with add; dapf with two alphas and two merges


def test_a_dry_run_prints_count_rows_and_time_and_measures_nothing(
    harness: Harness, tmp_path: Path
) -> None:
    done = harness(*ALPHAS, "--exclude", "context.alpha=8", *SMALL, "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "      1  128x256  fassd-net[context.alpha=1]"
    assert lines[4] == "4 variants; 1 excluded by context.alpha=8"
    assert re.fullmatch(r"4 to measure: about 0:0\d:\d\d", lines[5])
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_excludes_nothing_is_told(harness: Harness) -> None:
    rules = ("--exclude", "context.alpha=9", "--exclude", "context.alpha=8")
    told = "warning: nothing is excluded by context.alpha=9\n"
    assert harness(*ALPHAS, *rules, *SMALL).stderr == told
    again = (*ALPHAS, *rules, *SMALL, "--dry-run", "--results", "other")
    assert harness(*again, "--json").stderr == told
    drawn = harness(*again, "--sample", "2")
    assert "nothing is excluded" not in drawn.stderr  # what was not drawn may well be


def test_an_axis_that_applies_nowhere_is_told(harness: Harness) -> None:
    grid = (*ALPHAS, "--grid", "fusion.merge=add", *SMALL, "--dry-run")
    done = harness(*grid, "--when", "context.alpha:fusion.merge=concat")
    assert done.stderr == (
        "warning: context.alpha is left alone everywhere: never is fusion.merge=concat\n"
    )
    assert harness(*grid, "--when", "context.alpha:fusion.merge=add").stderr == ""


def test_zips_and_samples_by_flags(harness: Harness) -> None:
    zipped = (
        *("--grid", "fusion.merge=add,concat", "--grid", "context.alpha=2,4"),
        *("--zip", "fusion.merge,context.alpha"),
    )
    done = harness("--variant", "fassd-net", *zipped, "--dry-run", "--json", *SMALL)
    assert answer(done)["rows"] == [
        "fassd-net[context.alpha=2,fusion.merge=add]",
        "fassd-net[context.alpha=4,fusion.merge=concat]",
    ]
    drawn = []
    for seed in (1, 1, 2):
        grid = ("--grid", "context.rates=[1],[2],[3],[4],[5],[6],[7],[8]", "--sample", "3")
        done = harness(
            "--variant", "fassd-net", *grid, "--seed", seed, "--dry-run", "--json", *SMALL
        )
        drawn.append(answer(done)["rows"])
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(set(rows)) for rows in drawn] == [3, 3, 3]


def test_what_cannot_be_built_is_listed_before_anything_runs(
    harness: Harness, tmp_path: Path
) -> None:
    grid = ("--variant", "fassd-net", "--grid", "context.alpha=1,3,4,5", *SMALL)
    done = harness(*grid)
    assert "--skip-illegal goes on without them" in refusal(done)
    listed = done.stderr.splitlines()[:-1]
    assert listed == [
        f"cannot be built: fassd-net[context.alpha={alpha}]: context dapf: alpha must divide the "
        f"224 input channels, got alpha={alpha}"
        for alpha in (3, 5)
    ]
    assert list(tmp_path.iterdir()) == []
    assert answer(harness(*grid, "--skip-illegal", "--json"))["planned"] == 2
    assert [record.variant for record in records(tmp_path / "results")] == [
        "fassd-net[context.alpha=1]", "fassd-net[context.alpha=4]",
    ]  # fmt: skip


def test_an_option_that_only_some_components_have_needs_a_condition(harness: Harness) -> None:
    grid = (
        *("--variant", "fassd-net", "--grid", "context.name=aspp,dapf"),
        *("--grid", "context.alpha=2", *SMALL, "--dry-run"),
    )
    done = harness(*grid)
    assert "context aspp: no option 'alpha'" in done.stderr
    assert "needs --when" in done.stderr
    done = harness(*grid, "--when", "context.alpha:context.name=dapf")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "needs FILE.yaml, or --variant and --grid"),
        (("missing.yaml",), "missing.yaml: cannot be read (No such file or directory)"),
        (("--variant", "fassd-net"), "something must vary"),
        (("--variant", "fassd-net", "--grid", "context.alpha="), "at least one value, got none"),
        (("--variant", "fasd-net", "--grid", "context.alpha=1"), "did you mean fassd-net or"),
        (("--variant", "fassd-net", "--grid", "context.alfa=1"), "did you mean alpha?"),
        (("--variant", "fassd-net", "--grid", "fusion.merge=ad"), "did you mean add?"),
        ((*ALPHAS, "--grid", "head.classes=1..1000000"), "need --yes, got 5,000,000"),
        ((*ALPHAS, "--grid", "context.alpha=3"), "an axis must stand once, got context.alpha"),
        ((*ALPHAS, "--exclude", "variant=fassd-net"), "got every combination excluded"),
        ((*ALPHAS, "--sample", "6"), "number of variants found, 5, got 6"),
        ((*ALPHAS, "--seed", "1"), "--seed: needs --sample"),
        ((*ALPHAS, "--sample", "0"), "--sample: must be at least 1, got 0"),
        ((*ALPHAS, "--jobs", "0"), "--jobs: must be at least 1, got 0"),
        ((*ALPHAS, "--limit", "0"), "--limit: must be above 0 and at most 31,536,000 s"),
        ((*ALPHAS, "--limit", "1e12"), "at most 31,536,000 seconds, got 1e+12"),
        ((*ALPHAS, "--grid", "encoder.multiplier=1.7,.nan"), "multiplier must be float, got nan"),
        ((*ALPHAS, "--timing", "--jobs", "2"), "one variant is timed at a time, got 2"),
        ((*ALPHAS, "--iterations", "5"), "--iterations: is about timing, got no --timing"),
        ((*ALPHAS, "--timing", "--rounds", "0"), "--rounds: must be at least 1, got 0"),
        ((*ALPHAS, "--timing", "--protocol", "papr"), "no protocol 'papr'"),
        ((*ALPHAS, "--timing", "--device", "gpu"), "device: must be auto, cpu"),
        ((*ALPHAS, "--changed"), "--changed: needs --resume"),
        ((*ALPHAS, "--retry-failed"), "--retry-failed: needs --resume"),
        ((*ALPHAS, "--when", "context.alpha"), "a condition is axis:slot.option=value"),
        ((*ALPHAS, "--input", "big"), "--input: an input is HEIGHTxWIDTH"),
        ((*ALPHAS, "--batch", "0"), "--batch: must be at least 1, got 0"),
        ((*ALPHAS, "--results", "/proc/x"), "results folder /proc/x: must be writable"),
        ((*ALPHAS, "--gird", "a"), "No such option"),
    ],
)
def test_bad_requests_are_one_line(
    harness: Harness, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refusal(harness(*arguments))
    assert list(tmp_path.iterdir()) == []


def test_a_file_and_flags_do_not_both_say_what_varies(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("variants: [baseline, fassd-net]\n")
    done = harness("a.yaml", "--grid", "context.alpha=1")
    assert "a.yaml says what varies, got --grid too" in refusal(done)


def test_resume_measures_only_what_is_missing(harness: Harness, tmp_path: Path) -> None:
    sweep = (*ALPHAS, *SMALL, "--json")
    answer(harness(*sweep))
    path = tmp_path / "results" / "static" / "profile.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]) + lines[3][:200])  # one torn, one lost
    done = harness(*sweep, "--resume")
    assert answer(done) == {
        "planned": 5, "measured": 2, "reused": 3, "failed": [], "results": "results",
    }  # fmt: skip
    assert f"warning: {Path('results/static/profile.jsonl')}:4: not a JSON record" in done.stderr
    loaded = store.load(tmp_path / "results")
    assert len(loaded.problems) == 1
    names = [r.variant for r in loaded.records if isinstance(r, ProfileRecord)]
    assert names == [f"fassd-net[context.alpha={alpha}]" for alpha in (1, 2, 4, 7, 8)]
    assert answer(harness(*sweep, "--resume"))["reused"] == 5
    assert path.read_text().count("\n") == 6  # nothing was added


def test_resume_tells_size_and_batch_apart(harness: Harness, tmp_path: Path) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    other = ("--resume", "--changed", "--json")
    again = answer(harness(*ALPHAS, "--input", "256x256,128x256", *other))
    assert (again["measured"], again["reused"]) == (5, 5)
    again = answer(harness(*ALPHAS, *SMALL, "--batch", "2", *other))
    assert (again["measured"], again["reused"]) == (5, 0)
    shapes = [record.input_shape for record in records(tmp_path / "results")]
    assert shapes == [(1, 3, 128, 256)] * 5 + [(1, 3, 256, 256)] * 5 + [(2, 3, 128, 256)] * 5


def test_without_resume_all_is_measured_anew_and_that_is_told(
    harness: Harness, tmp_path: Path
) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    done = harness(*ALPHAS, *SMALL, "--json")
    assert answer(done)["measured"] == 5
    assert "5 of these are in results already; --resume would not measure them" in done.stderr
    assert len(records(tmp_path / "results")) == 10


def test_resuming_another_sweep_says_what_changed(harness: Harness, tmp_path: Path) -> None:
    path = tmp_path / "ablation.yaml"
    path.write_text("variants: fassd-net\ngrid: {context.alpha: [1, 2]}\n")
    answer(harness("ablation.yaml", *SMALL, "--json"))
    path.write_text("variants: fassd-net\ngrid: {context.alpha: [1, 2, 4]}\nbatch: 2\n")
    line = refusal(harness("ablation.yaml", *SMALL, "--resume"))
    assert "ablation has changed (grid context.alpha: [1,2] -> [1,2,4]; batch: 1 -> 2)" in line
    path.write_text("variants: fassd-net\ngrid: {context.alpha: [1, 2, 4]}\n")
    done = harness("ablation.yaml", *SMALL, "--resume", "--changed", "--json")
    assert (answer(done)["measured"], answer(done)["reused"]) == (1, 2)
    done = harness("ablation.yaml", *SMALL, "--resume", "--json")  # which it is from now on
    assert answer(done)["reused"] == 3


def test_resuming_after_a_row_of_the_catalogue_has_changed_says_what(
    harness: Harness, tmp_path: Path
) -> None:
    row = "mine: {{extends: fassd-net, context: {{alpha: {}}}, input: 128x256}}\n"
    sweep = (*("--catalog", "mine.yaml", "--grid", "fusion.merge=add,concat"), "--json")
    (tmp_path / "mine.yaml").write_text(row.format(2))
    answer(harness("--variant", "mine", *sweep))
    (tmp_path / "mine.yaml").write_text(row.format(4).replace("256", "512"))
    line = refusal(harness("--variant", "mine", *sweep, "--resume"))
    assert (
        "mine has changed (rows mine context alpha: 2 -> 4; rows mine input: [128,256] -> [" in line
    )
    done = harness("--variant", "mine", *sweep, "--resume", "--changed")
    assert (answer(done)["measured"], answer(done)["reused"]) == (2, 0)
    two = ("--variant", "mine", "--variant", "baseline", *sweep, "--name", "mine", "--resume")
    line = refusal(harness(*two))  # what the new row says is no change of another
    assert 'has changed (variants: ["mine"] -> ["mine","baseline"])' in line


@pytest.mark.slow
def test_resuming_after_a_protocol_file_has_changed_says_what(
    harness: Harness, tmp_path: Path
) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("extends: paper\niterations: 1\nrounds: 1\nwarmup: 0\n")
    sweep = ("--variant", "fassd-net-l2", "--input", "64x64", "--device", "cpu", "--json")
    sweep += ("--timing", "--protocol", str(path), "--grid", "context.alpha=2,4")
    answer(harness(*sweep))
    state = tmp_path / "results" / "sweeps" / "fassd-net-l2.json"
    older = json.loads(state.read_text())
    assert older["definition"]["timing"].pop("values")["rounds"] == 1
    state.write_text(json.dumps(older))  # an older version did not remember them
    assert answer(harness(*sweep, "--resume"))["reused"] == 2
    path.write_text(path.read_text().replace("warmup: 0", "warmup: 1"))
    line = refusal(harness(*sweep, "--resume"))
    assert "has changed (timing values warmup: 0 -> 1); --changed" in line


def test_a_sweep_that_an_older_version_remembers_is_resumed(
    harness: Harness, tmp_path: Path
) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    path = tmp_path / "results" / "sweeps" / "fassd-net.json"
    state = json.loads(path.read_text())
    assert state["definition"].pop("rows")["fassd-net"]["context"]["name"] == "dapf"
    path.write_text(json.dumps(state))
    assert answer(harness(*ALPHAS, *SMALL, "--resume", "--json"))["reused"] == 5


def test_another_name_is_another_sweep_with_the_same_records(
    harness: Harness, tmp_path: Path
) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    fewer = ("--variant", "fassd-net", "--grid", "context.alpha=1,2,16", *SMALL)
    assert "has changed" in refusal(harness(*fewer, "--resume"))
    done = harness(*fewer, "--resume", "--name", "wide", "--json")
    assert (answer(done)["measured"], answer(done)["reused"]) == (1, 2)
    names = sorted(path.name for path in (tmp_path / "results" / "sweeps").glob("[!.]*"))
    assert names == ["fassd-net.json", "wide.json"]


def test_nothing_to_resume_starts_from_the_beginning(harness: Harness) -> None:
    done = harness(*ALPHAS, *SMALL, "--resume", "--json")
    assert answer(done)["measured"] == 5
    assert "nothing to resume in results" in done.stderr


def test_records_of_another_schema_are_refused(harness: Harness, tmp_path: Path) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    path = tmp_path / "results" / "static" / "profile.jsonl"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 7', 1))
    line = refusal(harness(*ALPHAS, *SMALL, "--resume"))
    assert "profile.jsonl:1: this version reads schema 1, got 7" in line


def test_a_state_of_another_schema_is_refused(harness: Harness, tmp_path: Path) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    path = tmp_path / "results" / "sweeps" / "fassd-net.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 7'))
    line = refusal(harness(*ALPHAS, *SMALL, "--resume"))
    assert "this version reads sweeps of schema 1, got 7" in line
    path.write_text("{")
    assert "must be a sweep's state" in refusal(harness(*ALPHAS, *SMALL, "--resume"))


def test_the_summary_names_the_extremes_within_80_columns(harness: Harness) -> None:
    done = harness(*ALPHAS, "--grid", "fusion.dilations=[8,4,2],[100,100,100]", *SMALL)
    lines = done.stdout.splitlines()
    assert lines[0] == "fassd-net: 10 planned, 10 measured, 0 reused, 0 failed"
    assert lines[1].endswith("records in results")
    table = {line[:12].strip(): line for line in lines[2:] if line[0] != " "}
    # DAPF at alpha 8 and at 1: `harness profile` says so too
    assert "2,474,911  context.alpha=8 fusion.dilations=[8,4,2]" in table["parameters"]
    assert "3,536,839  context.alpha=1" in lines[3]
    assert max(map(len, lines)) <= 80


def test_miou_is_joined_by_spec(harness: Harness, tmp_path: Path) -> None:
    for alpha, miou in ((2, 0.75), (2, 0.77), (4, 0.7), (16, 0.9)):  # 16 is not in the sweep
        log = tmp_path / "log.csv"
        log.write_text(f"epoch,val_miou\n1,{miou}\n")
        harness(
            "--variant", "fassd-net", "--unfinished", "--set", f"context.alpha={alpha}",
            "--unit", "fraction", log, command=["log", "add"],
        )  # fmt: skip
    lines = harness(*ALPHAS, *SMALL, "--miou").stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("mIoU"))
    assert lines[at].split() == ["mIoU", "70.00%", "context.alpha=4"]
    assert lines[at + 1].split() == ["76.00%", "context.alpha=2"]  # the mean of two runs
    assert not any("mIoU" in line for line in harness(*ALPHAS, *SMALL).stdout.splitlines())


def test_failures_are_recorded_and_the_others_go_on(harness: Harness, tmp_path: Path) -> None:
    sweep = (
        *("--variant", "baseline", "--grid", "context.name=bad"),
        *("--grid", "context.how=fine,crash,raise,hang", "--grid", "context.tag=1,2"),
        *("--limit", LIMIT, "--json", *SMALL),
    )
    found = answer(harness(*sweep), 1)
    reasons = {failure["variant"]: failure["reason"] for failure in found["failed"]}
    assert (found["planned"], found["measured"], len(reasons)) == (8, 2, 6)
    for tag in (1, 2):
        name = "baseline[context.how={},context.name=bad,context.tag=" + str(tag) + "]"
        assert reasons[name.format("crash")].startswith("its process died")
        assert "a component of somebody else" in reasons[name.format("raise")]
        assert "took longer than the time limit of 3 s" in reasons[name.format("hang")]
    loaded = store.load(tmp_path / "results")
    failed = {r.variant: r.reason for r in loaded.records if isinstance(r, FailedRecord)}
    assert failed == reasons
    again = answer(harness(*sweep, "--resume"), 1)
    assert (again["measured"], again["reused"], len(again["failed"])) == (0, 2, 6)
    assert len(store.load(tmp_path / "results").records) == 8
    again = answer(harness(*sweep, "--resume", "--retry-failed"), 1)
    assert (again["measured"], again["reused"], len(again["failed"])) == (0, 2, 6)
    assert len(store.load(tmp_path / "results").records) == 14


def test_of_several_sizes_one_may_fail_and_each_is_named(harness: Harness) -> None:
    sizes = ("--variant", "fassd-net-l2", "--grid", "context.alpha=2")
    sizes += ("--input", "32x32,128x256,64x64")
    name = "fassd-net-l2[context.alpha=2]"
    done = harness(*sizes, "--jobs", "2", "--proxy", "p=bad_blocks:height")
    assert (done.returncode, "3 planned, 2 measured" in done.stdout) == (1, True)
    assert f"failed: {name} at 32x32: encoder" in done.stderr
    lines = done.stdout.splitlines()
    least = next(n for n, line in enumerate(lines) if line.startswith("MACs conv"))
    ends = [line.split()[-3:] for line in lines[least : least + 2]]
    assert ends == [["context.alpha=2", "at", size] for size in ("64x64", "128x256")]
    found = answer(harness(*sizes, "--resume", "--proxy", "p=bad_blocks:height", "--json"), 1)
    assert [(each["variant"], each["input"]) for each in found["failed"]] == [(name, "32x32")]
    rows = json.loads(harness("--where", "kind == 'proxy'", "--json", command=["results"]).stdout)
    assert sorted(row["proxy.p"] for row in rows) == [64, 128]  # and not of what had failed


def test_what_misbehaves_as_it_is_built_is_listed_with_the_illegal(harness: Harness) -> None:
    done = harness(
        *("--variant", "baseline", "--grid", "context.name=bad", "--grid", "context.at=build"),
        *("--grid", "context.how=fine,crash,raise,hang", "--limit", LIMIT, *SMALL),
        *("--skip-illegal", "--json"),
    )
    assert answer(done)["planned"] == 1
    assert "its process died" in done.stderr
    assert "ValueError: a component of somebody else" in done.stderr
    assert "took longer than the time limit of 3 s" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("how", ["spin", "sleep"])
def test_what_hangs_in_c_is_ended_at_the_time_limit_too(
    site: Path, tmp_path: Path, how: str
) -> None:
    bad = ("--variant", "baseline", "--grid", "context.name=bad", "--limit", LIMIT, *SMALL)
    bad += ("--grid", f"context.how=fine,{how}", "--json")
    status, out, _ = ended(command(*bad), tmp_path, site)
    name = f"baseline[context.how={how},context.name=bad]"
    reason = "took longer than the time limit of 3 s"
    assert status == 1
    assert json.loads(out)["measured"] == 1
    assert json.loads(out)["failed"] == [{"variant": name, "input": "128x256", "reason": reason}]
    [failed] = [r for r in store.load(tmp_path / "results").records if isinstance(r, FailedRecord)]
    assert (failed.variant, failed.reason) == (name, reason)
    built = ("--grid", "context.at=build", "--skip-illegal")
    status, out, err = ended(command(*bad, *built), tmp_path, site)
    assert (status, json.loads(out)["measured"]) == (0, 1)
    name = f"baseline[context.at=build,context.how={how},context.name=bad]"
    assert f"cannot be built: {name}: {reason}" in err


def ended(arguments: list[str], folder: Path, site: Path) -> tuple[int, str, str]:
    """Return exit status and output of a command that has minutes, and leave nothing running."""
    with subprocess.Popen(
        arguments, cwd=folder, env=environment(site), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        try:
            out, err = child.communicate(timeout=240)
        finally:
            for pid in processes(child.pid):
                with suppress(ProcessLookupError):  # gone meanwhile
                    os.kill(pid, signal.SIGKILL)
    return child.returncode, out, err


def test_a_full_disk_is_told_and_loses_nothing(
    harness: Harness, site: Path, tmp_path: Path
) -> None:
    import resource

    sweep = (*ALPHAS, "--grid", "fusion.merge=add,concat", *SMALL, "--json")
    line = len(to_json(records_of_one(harness, tmp_path)[0])) + 1
    space = line * 7 // 2  # three records and a half

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (space, resource.RLIM_INFINITY))

    done = subprocess.run(
        command(*sweep, "--results", "full"), cwd=tmp_path, env=environment(site),
        preexec_fn=fill, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    [last] = [text for text in done.stderr.splitlines() if text.startswith("harness: ")]
    assert "record not written (" in last
    assert "the same command with --resume goes on" in last
    kept = records(tmp_path / "full")  # no problems: what was there is whole
    assert 1 <= len(kept) <= 3
    found = answer(harness(*sweep, "--results", "full", "--resume"))
    assert (found["measured"], found["reused"]) == (10 - len(kept), len(kept))
    assert len({record.spec_sha256 for record in records(tmp_path / "full")}) == 10


def records_of_one(harness: Harness, tmp_path: Path) -> list[ProfileRecord]:
    sizes = ("--grid", "context.alpha=4", *SMALL, "--results", "one", "--json")
    answer(harness("--variant", "fassd-net", *sizes))
    return records(tmp_path / "one")


def test_two_sweeps_into_one_folder_lose_nothing(site: Path, tmp_path: Path) -> None:
    grids = ("context.alpha=1,2,4,7,8,14,16", "context.alpha=2,4,28,32,56")
    children = [
        subprocess.Popen(
            command("--variant", "fassd-net", "--grid", grid, *SMALL, "--json"),
            cwd=tmp_path, env=environment(site), stdout=subprocess.PIPE, text=True,
        )
        for grid in grids
    ]  # fmt: skip
    found = [json.loads(child.communicate()[0]) for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert [one["measured"] for one in found] == [7, 5]
    alphas = [record.spec["context"]["alpha"] for record in records(tmp_path / "results")]
    assert sorted(alphas) == sorted([1, 2, 4, 7, 8, 14, 16, 2, 4, 28, 32, 56])


def test_two_that_resume_one_sweep_at_once_count_nothing_twice(site: Path, tmp_path: Path) -> None:
    grids = ("--grid", "context.alpha=1,2,4,7,8,14,16", "--grid", "fusion.merge=add,concat")
    sweep = command("--variant", "fassd-net", *grids, *SMALL, "--resume", "--json")
    children = [
        subprocess.Popen(
            sweep, cwd=tmp_path, env=environment(site), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    found = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], found
    answers = [json.loads(out) for out, _ in found]
    assert sum(one["measured"] for one in answers) == 14
    assert [one["measured"] + one["reused"] for one in answers] == [14, 14, 14]
    specs = [record.spec_sha256 for record in records(tmp_path / "results")]
    assert len(specs) == len(set(specs)) == 14


def test_every_line_is_a_record_of_the_schema(harness: Harness, tmp_path: Path) -> None:
    answer(harness(*ALPHAS, *SMALL, "--json"))
    for line in (tmp_path / "results/static/profile.jsonl").read_text().splitlines():
        record = from_json(line, where="here")
        assert to_json(record) == line
        assert record.environment["torch"] is not None  # type: ignore[union-attr, index]


def test_nothing_is_left_running(site: Path, tmp_path: Path) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")
    child = subprocess.Popen(
        command(*ALPHAS, *SMALL, "--json"), cwd=tmp_path, env=environment(site),
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert child.wait() == 0
    deadline = time.monotonic() + 120
    while left := processes(child.pid):  # what they were forked from notices a little later
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)
