"""The benchmark of sweeps sweeps what it says."""

import importlib.util
import sys
from pathlib import Path

from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from variants.catalog import load_catalog
from variants.spec import resolve

# By its path: `sweep` is what these tests are called.
_found = importlib.util.spec_from_file_location(
    "sweep_benchmark", Path(__file__).parents[2] / "benchmarks" / "sweep.py"
)
assert _found is not None
assert _found.loader is not None
benchmark = importlib.util.module_from_spec(_found)
sys.modules[_found.name] = benchmark
_found.loader.exec_module(benchmark)


def test_it_sweeps_as_many_different_variants_as_it_is_asked_for() -> None:
    grid = {**benchmark.GRID, "fusion.dilations": benchmark.schedules(1000)}
    when = {"context.alpha": {"context.name": "dapf"}}
    definition = Definition(name="b", variants=("fassd-net",), grid=grid, when=when)
    found = Combinations(definition, load_catalog())
    made = [found.at(number) for number in range(found.total)]
    specs = {resolve(one.row.chosen).sha256 for one in made if one is not None}
    assert len(specs) == 1000
    assert benchmark.flags(1000)[0] == "--grid=context.name=none,aspp,dapf"


def test_cpu_seconds_are_those_of_every_process_there_was() -> None:
    samples = [
        benchmark.Sample(10, {1: 2**20, 2: 2**21}, {1: 1.0, 2: 2.0}),
        benchmark.Sample(100, {1: 2**22, 3: 2**23}, {1: 4.0, 3: 8.0}),
    ]
    assert benchmark.cpu_seconds(samples) == 4 + 2 + 8
    assert benchmark.mebibytes(samples, 0.1, 1) == (1, 2)
    assert benchmark.mebibytes(samples, 0.5, 1) == (4, 8)
