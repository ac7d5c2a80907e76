"""A table's definition, whichever kind it is, and what records make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.definition import AnyDefinition, load_definition
from harness.report.definition_path import definition_path
from harness.report.effects.definition import EffectsDefinition, read_effects
from harness.report.effects.table import build_effects
from harness.report.model import Table
from variants.yaml_node import read

TableDefinition: TypeAlias = AnyDefinition | EffectsDefinition


def load_table(name: str) -> TableDefinition:
    """Return a built-in table by name, or a user's own from a YAML file.

    A file with the key `effects` is a table of what options cost.

    Raises:
        BadRequest: If there is no such table, or its file is broken; names file and line.
    """
    path = definition_path(name, kind="table")
    root = read(path, what="table")
    if isinstance(root.value, dict) and "effects" in root.value:
        return read_effects(root, path)
    return load_definition(name)


def build_any(definition: TableDefinition, records: Sequence[Record], choices: Choices) -> Table:
    """Return the table that `definition` makes of `records`.

    Raises:
        BadRequest: If it cannot be made of them.
    """
    if isinstance(definition, EffectsDefinition):
        return build_effects(definition, records, choices.fps)
    return build_table(definition, records, choices)
