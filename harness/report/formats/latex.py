r"""LaTeX: a floating booktabs table, ready for `\input`, that compiles without a warning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    "~": r"\textasciitilde{}",
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
NEGATIVE = re.compile(r"-(?=\d)")
NUMBER = re.compile(r"(?P<whole>-?\d+)(?:\.(?P<digits>\d+))?(?P<suffix>[A-Za-z]*)")
RANKS: Mapping[Rank, str] = {"best": r"\textbf", "second": r"\underline"}
MANY_COLUMNS = 12  # from here on a table of a page's width needs small type


def to_latex(table: Table) -> str:
    """Return a `table` environment as wide as its text's column, or as the page where it is wide.

    Columns are plain: figures stand to the right.
    """
    return _float(table, [_plain_column(column) for column in table.columns], needs=("booktabs",))


def to_siunitx(table: Table) -> str:
    """Return the same with figures aligned at their decimal points by siunitx (version 3)."""
    columns = [
        _plain_column(column) if column.figure is None else _s_column(cells)
        for column, cells in table.column_cells()
    ]
    return _float(table, columns, needs=("booktabs", "siunitx"))


@dataclass(frozen=True)
class _Column:
    """How a column is set: its place in the preamble, its header and its cells."""

    preamble: str
    header: Callable[[str, str], str]
    cell: Callable[[Cell, str], str]


def _float(table: Table, columns: Sequence[_Column], *, needs: Sequence[str]) -> str:
    headers = [
        how.header(column.header, mark)
        for how, column, mark in zip(columns, table.columns, table.header_marks(), strict=True)
    ]
    environment = "table*" if table.wide else "table"
    dense = len(table.columns) > MANY_COLUMNS
    setup = r"  \sisetup{text-series-to-math = true, propagate-math-font = true}"
    return "\n".join(
        [
            *(rf"% needs \usepackage{{{package}}}" for package in needs),
            rf"\begin{{{environment}}}[t]",
            r"  \centering",
            rf"  \caption{{{escape(table.title)}}}",
            rf"  \label{{tab:{re.sub('[^A-Za-z0-9-]+', '-', table.name)}}}",
            r"  \smallskip",
            r"  \scriptsize" if dense else r"  \footnotesize",
            rf"  \setlength{{\tabcolsep}}{{{'2pt' if dense else '4pt'}}}",
            *([setup] if "siunitx" in needs else ()),
            rf"  \begin{{tabular}}{{@{{}}{''.join(how.preamble for how in columns)}@{{}}}}",
            r"    \toprule",
            f"    {' & '.join(headers)} \\\\",
            *_body(table, columns),
            r"    \bottomrule",
            r"  \end{tabular}",
            *_footnotes(table.footnotes),
            rf"\end{{{environment}}}",
            "",
        ]
    )


def _body(table: Table, columns: Sequence[_Column]) -> Iterator[str]:
    """Yield the lines of the rows, a rule before each group, then its title where it has one."""
    marks = table.marks()
    for title, rows in table.grouped():
        yield r"    \midrule"
        if title:
            name = rf"\textit{{{escape(title)}}}"
            yield rf"    \multicolumn{{{len(columns)}}}{{@{{}}l@{{}}}}{{{name}}} \\"
        for i in rows:
            cells = (
                how.cell(cell, mark)
                for how, cell, mark in zip(columns, table.rows[i].cells, marks[i], strict=True)
            )
            yield f"    {' & '.join(cells)} \\\\"


def _plain_column(column: Column) -> _Column:
    return _Column("l" if column.figure is None else "r", _header, _cell)


def _s_column(cells: Sequence[Cell]) -> _Column:
    """Return a column of numbers, as wide as the widest of them and the suffix behind it."""
    found = [parts for parts in (NUMBER.fullmatch(cell.text) for cell in cells) if parts]
    before = max((len(parts["whole"]) for parts in found), default=1)
    after = max((len(parts["digits"] or "") for parts in found), default=0)
    suffix = max((parts["suffix"] for parts in found), key=len, default="")
    form = f"table-format={before}{f'.{after}' if after else ''}"
    if suffix:
        form += f",table-space-text-post={{{suffix}}}"

    def set_cell(cell: Cell, mark: str) -> str:
        raised = rf"\rlap{{{escape(mark)}}}" if mark else ""
        parts = NUMBER.fullmatch(cell.text)
        if parts is None:  # text in braces is centred, and never read as a number
            return f"{{{_shown(cell)}{raised}}}"
        number = f"{parts['whole']}{'.' + parts['digits'] if parts['digits'] else ''}"
        behind = f"{{{parts['suffix']}{raised}}}" if parts["suffix"] or raised else ""
        if cell.rank == "second":
            return rf"{{\underline{{\tablenum[{form}]{{{number}{behind}}}}}}}"
        return (r"\bfseries " if cell.rank == "best" else "") + number + behind

    return _Column(f"S[{form}]", lambda text, mark: f"{{{_header(text, mark)}}}", set_cell)


def escape(text: str) -> str:
    """Return `text` as LaTeX that prints it as it is, on one line."""
    return SPECIAL.sub(lambda match: ESCAPES[match[0]], WHITE_SPACE.sub(" ", text))


def escape_prose(text: str) -> str:
    """Return `text` escaped, its `code` set in a typewriter face."""
    parts = CODE.split(text)  # text, code, text, code, ..., text
    return "".join(
        rf"\texttt{{{escape(part)}}}" if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def _header(text: str, mark: str) -> str:
    """Return a header, one word a line: no header should be much wider than its figures."""
    words = [escape(word) for word in text.split()]
    words[-1] += escape(mark)
    if len(words) == 1:
        return words[0]
    return rf"\shortstack[r]{{{LINE_BREAK.join(words)}}}"


def _cell(cell: Cell, mark: str) -> str:
    """Return a cell; its mark takes no width, so that figures stay in line."""
    return _shown(cell) + (rf"\rlap{{{escape(mark)}}}" if mark else "")


def _shown(cell: Cell) -> str:
    """Return a cell's text, a leading hyphen before a digit set as a minus, its rank shown."""
    text = escape(cell.text)
    if cell.text.startswith("-"):
        text = NEGATIVE.sub("$-$", text, count=1)
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
