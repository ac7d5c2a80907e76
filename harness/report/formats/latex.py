r"""LaTeX: a floating booktabs table, ready for `\input`, that compiles without a warning."""

from __future__ import annotations

import re

from harness.report.model import Table

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


def to_latex(table: Table) -> str:
    """Return a `table` environment as wide as its text's column."""
    headers = [
        _header(c.header, mark) for c, mark in zip(table.columns, table.header_marks(), strict=True)
    ]
    body = [
        [_cell(cell.text, mark) for cell, mark in zip(row.cells, row_marks, strict=True)]
        for row, row_marks in zip(table.rows, table.marks(), strict=True)
    ]
    alignment = "".join("l" if column.figure is None else "r" for column in table.columns)
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}[t]",
            r"  \centering",
            rf"  \caption{{{escape(table.title)}}}",
            rf"  \label{{tab:{re.sub('[^A-Za-z0-9-]+', '-', table.name)}}}",
            r"  \smallskip",
            r"  \footnotesize",
            r"  \setlength{\tabcolsep}{4pt}",
            rf"  \begin{{tabular}}{{@{{}}{alignment}@{{}}}}",
            r"    \toprule",
            f"    {' & '.join(headers)} \\\\",
            r"    \midrule",
            *(f"    {' & '.join(cells)} \\\\" for cells in body),
            r"    \bottomrule",
            r"  \end{tabular}",
            *_footnotes(table.footnotes),
            r"\end{table}",
            "",
        ]
    )


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


def _cell(text: str, mark: str) -> str:
    """Return a cell; its mark takes no width, so that figures stay in line."""
    shown = NEGATIVE.sub("$-$", escape(text), count=1) if text.startswith("-") else escape(text)
    return shown + (rf"\rlap{{{escape(mark)}}}" if mark else "")


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
