r"""LaTeX: a floating booktabs table, ready for `\input`, that compiles without a warning."""

from __future__ import annotations

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
        table.column_cells(), table.header_marks(), zip(*table.marks(), strict=True), strict=True
    ):
        yield MarkedColumn(column, header_mark, tuple(zip(cells, marks, strict=True)))


def plain_column(each: MarkedColumn) -> SetColumn:
    """Return a column of text, or of figures with room for their marks, so that they align."""
    header = header_text(each)
    if each.column.figure is None:
        return SetColumn("l", header, [shown(cell) for cell, _ in each.cells])
    widest = max((mark for _, mark in each.cells), key=len)
    texts = []
    for cell, mark in each.cells:
        missing = widest[len(mark) :]
        room = rf"\hphantom{{{escape(missing)}}}" if missing else ""
        texts.append(shown(cell) + escape(mark) + room)
    return SetColumn("r", header, texts)


def float_of(
    table: Table, columns: Sequence[SetColumn], *, package: str = "", setup: Sequence[str] = ()
) -> str:
    """Return the whole environment.

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
    return "\n".join(
        [
            *(rf"% needs \usepackage{{{name}}}" for name in ("booktabs", package) if name),
            rf"\begin{{{environment}}}[t]",
            r"  \centering",
            rf"  \caption{{{escape(table.title)}}}",
            rf"  \label{{tab:{re.sub('[^A-Za-z0-9-]+', '-', table.name)}}}",
            rf"  \smallskip{type_size}",
            rf"  \setlength{{\tabcolsep}}{{{half_gap}pt}}% half of the least gap",
            *(f"  {line}" for line in setup),
            rf"  \begin{{tabular*}}{{\linewidth}}{{@{{\extracolsep{{\fill}}}}{letters}@{{}}}}",
            r"    \toprule",
            _line([column.header for column in columns]),
            *_body(table, columns),
            r"    \bottomrule",
            r"  \end{tabular*}",
            *_footnotes(table.footnotes),
            rf"\end{{{environment}}}",
            "",
        ]
    )


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


def _body(table: Table, columns: Sequence[SetColumn]) -> Iterator[str]:
    """Yield the lines of the rows, a rule before each group, then its title where it has one."""
    lines = tuple(zip(*(column.cells for column in columns), strict=True))
    for title, rows in table.grouped():
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
