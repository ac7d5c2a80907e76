"""From a report's definition and records to its files."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import Record
from harness.report.build import Choices
from harness.report.bundle.build import Report, build_report
from harness.report.bundle.definition import ReportDefinition
from harness.report.bundle.files import report_files
from harness.report.bundle.used import unique, used_records


def make_report(
    definition: ReportDefinition,
    records: Sequence[Record],
    choices: Choices,
    command: str,
    *,
    figures_follow: bool,
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the content of every file of a report by its name, and the warnings.

    Args:
        definition: Its tables and figures.
        records: All records at hand, in the order in which they were stored.
        choices: What was decided.
        command: What makes it again.
        figures_follow: As in `build_report`.

    Raises:
        BadRequest: If a table or figure cannot be made of the records.
    """

    def build(some: Sequence[Record]) -> Report:
        return build_report(definition, some, choices, figures_follow=figures_follow)

    once = unique(records)
    report = build(once)
    return report_files(report, used_records(report, once, build), choices, command)
