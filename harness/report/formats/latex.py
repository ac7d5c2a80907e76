r"""LaTeX: a floating booktabs table, ready for `\input`, that compiles without a warning.

One of more rows than a page takes is several floats, of one caption.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.report.columns import Column
from harness.report.model import Cell, Rank, Table

ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after a line break in a table, [ and * would be arguments of the break
    "]": "{]}",
    "*": "{*}",
    "-": "-{}",  # of two hyphens the first, which are no dash
    "†": r"$^\dagger$",  # \textdagger would be a bitmap font in Computer Modern
    "‡": r"$^\ddagger$",
    "–": "--",
    "−": r"$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "Δp": r"$\Delta p$",
    "Δ": r"$\Delta$",
}
SPECIAL = re.compile("-(?=-)|" + "|".join(re.escape(k) for k in ESCAPES if k != "-"))
WHITE_SPACE = re.compile(r"\s+")  # a blank line would end a paragraph, or break an argument
CODE = re.compile(r"`([^`]+)`")
LINE_BREAK = r" \\ "
NEGATIVE = re.compile(r"(?:^|(?<=[ (]))-(?=\d)")  # no hyphen of 8-4-2 or 2020-01
RANKS: Mapping[Rank, str] = {"best": r"\textbf", "second": r"\underline"}
COLUMN_PT, PAGE_PT = 252.0, 516.0  # of the narrowest two columns in use, IEEE's
CHARACTER = 0.62  # of the type's size: what one takes on average in Computer Modern, a wide face
MOST_ROWS = 45  # of a float: so many, in the largest type, and notes fit a page
#: Points, how LaTeX is told, and half of the least gap in points; from large to small.
TYPES = (
    (8, r"\footnotesize", 1.5),
    (7, r"\scriptsize", 1),
    (6, r"\fontsize{6}{7}\selectfont", 1),
)


def to_latex(table: Table) -> str:
    """Return a `table` environment as wide as its text's column, or as the page where it is wide.

    Columns are plain: figures stand to the right.
    """
    return float_of(table, [plain_column(each) for each in marked_columns(table)])


@dataclass(frozen=True)
class MarkedColumn:
    """A column from top to bottom, every cell with its marks."""

    column: Column
    header_mark: str
    cells: Sequence[tuple[Cell, str]]


@dataclass(frozen=True)
class SetColumn:
    """A column as LaTeX: its letter in the preamble, its header and its cells."""

    letter: str
    header: str
    cells: Sequence[str]


def marked_columns(table: Table) -> Iterator[MarkedColumn]:
    """Yield the columns of `table` with their marks."""
    for (column, cells), header_mark, marks in zip(
        table.column_cells(), table.header_marks(), table.down(table.marks()), strict=True
    ):
        yield MarkedColumn(column, header_mark, tuple(zip(cells, marks, strict=True)))


def plain_column(each: MarkedColumn) -> SetColumn:
    """Return a column of text, or of figures with room for their marks, so that they align."""
    header = header_text(each)
    if each.column.figure is None:
        return SetColumn("l", header, [shown(cell) for cell, _ in each.cells])
    widest = max((mark for _, mark in each.cells), key=len, default="")
    texts = []
    for cell, mark in each.cells:
        missing = widest[len(mark) :]
        room = rf"\hphantom{{{escape(missing)}}}" if missing else ""
        texts.append(shown(cell) + escape(mark) + room)
    return SetColumn("r", header, texts)


def float_of(
    table: Table, columns: Sequence[SetColumn], *, package: str = "", setup: Sequence[str] = ()
) -> str:
    """Return the whole environment, or as many as its rows take.

    Gaps stretch until the table is as wide as its text, so that it fits whatever the typeface.

    Args:
        table: Caption, groups and footnotes.
        columns: Its columns, as LaTeX.
        package: What it needs besides booktabs.
        setup: Lines before the table.
    """
    environment = "table*" if table.wide else "table"
    type_size, half_gap = _type_for(table)
    letters = "".join(column.letter for column in columns)
    parts = _parts(table)
    lines = [rf"% needs \usepackage{{{name}}}" for name in ("booktabs", package) if name]
    for number, rows in enumerate(parts, start=1):
        lines += [
            rf"\begin{{{environment}}}[t]",
            r"  \centering",
            *_caption(table, number),
            rf"  \smallskip{type_size}",
            rf"  \setlength{{\tabcolsep}}{{{half_gap}pt}}% half of the least gap",
            *(f"  {line}" for line in setup),
            rf"  \begin{{tabular*}}{{\linewidth}}{{@{{\extracolsep{{\fill}}}}{letters}@{{}}}}",
            r"    \toprule",
            _line([column.header for column in columns]),
            *_body(table, rows, columns),
            r"    \bottomrule",
            r"  \end{tabular*}",
            *(_footnotes(table.footnotes) if number == len(parts) else ()),
            rf"\end{{{environment}}}",
        ]
    return "\n".join([*lines, ""])


def _caption(table: Table, number: int) -> list[str]:
    """Return what stands above a float: of a later one, whose rows it goes on with."""
    label = f"tab:{re.sub('[^A-Za-z0-9-]+', '-', table.name)}"
    if number > 1:
        return [rf"  Table~\ref{{{label}}}, continued\par"]
    return [rf"  \caption{{{escape(table.title)}}}", rf"  \label{{{label}}}"]


def _parts(table: Table) -> list[list[int]]:
    """Return the positions of the rows of each float, about as many in each."""
    rows = [i for _, positions in table.grouped() for i in positions]
    size = math.ceil(len(rows) / max(1, math.ceil(len(rows) / MOST_ROWS)))
    return [rows[start : start + size] for start in range(0, len(rows), size)] if rows else [[]]


def _type_for(table: Table) -> tuple[str, float]:
    """Return the largest type, and half the gap, in which the table fits; else the smallest."""
    widths = [
        max(
            map(
                len, [*each.column.header.split(), *(cell.text + mark for cell, mark in each.cells)]
            )
        )
        for each in marked_columns(table)
    ]
    room = PAGE_PT if table.wide else COLUMN_PT
    fitting = (
        (type_size, half_gap)
        for points, type_size, half_gap in TYPES
        if CHARACTER * points * sum(widths) + 2 * half_gap * (len(widths) - 1) <= room
    )
    return next(fitting, TYPES[-1][1:])


def _body(table: Table, shown: Sequence[int], columns: Sequence[SetColumn]) -> Iterator[str]:
    """Yield the lines of rows, a rule before each group, then its title where it has one."""
    lines = tuple(zip(*(column.cells for column in columns), strict=True))
    for number, rows in itertools.groupby(shown, key=lambda i: table.rows[i].group):
        title = table.groups[number]
        yield r"    \midrule"
        if title:
            name = rf"\textit{{{escape(title)}}}"
            yield rf"    \multicolumn{{{len(columns)}}}{{@{{}}l@{{}}}}{{{name}}} \\"
        yield from (_line(lines[i]) for i in rows)


def _line(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def escape(text: str) -> str:
    """Return `text` as LaTeX that prints it as it is, on one line."""
    return SPECIAL.sub(lambda match: ESCAPES[match[0]], WHITE_SPACE.sub(" ", text))


def escape_prose(text: str) -> str:
    """Return `text` escaped, its `code` set in a typewriter face."""
    parts = CODE.split(text)  # text, code, text, code, ..., text
    return "".join(
        rf"\texttt{{{escape(part)}}}" if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def header_text(each: MarkedColumn, *, unit: str = "") -> str:
    """Return a header, one word a line: no header should be much wider than its figures.

    Args:
        each: Whose header.
        unit: Set below it in brackets.
    """
    words = [escape(word) for word in each.column.header.split()]
    words += [f"({escape(unit)})"] if unit else []
    words[-1] += escape(each.header_mark)
    if len(words) == 1:
        return words[0]
    side = "l" if each.column.figure is None else "r"
    return rf"\shortstack[{side}]{{{LINE_BREAK.join(words)}}}"


def shown(cell: Cell) -> str:
    """Return a cell's text, a hyphen that begins a number set as a minus, its rank shown."""
    text = NEGATIVE.sub("$-$", escape(cell.text))
    return text if cell.rank is None else rf"{RANKS[cell.rank]}{{{text}}}"


def _footnotes(notes: tuple[str, ...]) -> list[str]:
    r"""Return the notes below the table, ragged, since a protocol's words break badly."""
    if not notes:
        return []
    lines = [rf"    {escape_prose(note)}\par" for note in notes]
    return [
        r"  \par\smallskip",
        r"  \begin{minipage}{\linewidth}\scriptsize\raggedright",
        *lines,
        r"  \end{minipage}",
    ]
