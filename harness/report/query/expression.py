"""A user's query over the table's columns: read, checked, and only then given to pandas.

pandas evaluates much of Python: attributes, calls, the caller's variables (`@`). What reaches it
from here holds column names, numbers, texts, lists, comparisons, arithmetic, `and`/`or`/`not`/`in`
and the functions of `FUNCTIONS`, and nothing else. Dotted names stand for columns, so these are
replaced by plain names, in the query and in the frame alike, before anything is parsed.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.errors import BadRequest
from harness.report.query.columns import Column
from harness.report.query.frame import near
from harness.report.query.literals import Misfit, fit_literals

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "isin": (),
    "isna": (),
    "notna": (),
    "between": ("inclusive",),
    "str.contains": ("case", "regex"),
}
"""Functions of a column, with the names of arguments that they take."""

_ARGUMENTS = {name for names in FUNCTIONS.values() for name in names}
WORDS = ("and", "or", "not", "in", "True", "False", "None")
_SHOWN = 200  # characters of a query in a message
LARGEST_EXPONENT = 64  # a power of powers would keep the machine busy for ever

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<quoted>`[^`\n]+`)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
      | (?P<function>\.[^\W\d]\w*(?:\.[^\W\d]\w*)*)
      | (?P<sign>==|!=|<=|>=|//|\*\*|[-+*/%<>()\[\],&|~=])
      | (?P<space>\s+)""",
    re.VERBOSE,
)
_NODES = (
    ast.Expression, ast.Load, ast.Constant, ast.Name, ast.List, ast.Tuple,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Invert, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.Call, ast.keyword, ast.Attribute,
)  # fmt: skip


class Query(NamedTuple):
    """A query that is safe to evaluate.

    Attributes:
        code: An expression over plain names.
        names: The plain name of every column in it.
        calculates: Whether it calculates with columns, and does not only compare them.
    """

    code: str
    names: Mapping[str, str]
    calculates: bool


def read_query(query: str, columns: Mapping[str, Column]) -> Query:
    """Return `query` checked, its columns replaced by plain names.

    Raises:
        BadRequest: If it names no column, or is more than a query.
    """
    names: dict[str, str] = {}
    words = []
    tokens = _tokens(query)
    for (kind, text), (_, after) in zip(tokens, [*tokens[1:], ("", "")], strict=True):
        argument = after == "=" and text in _ARGUMENTS
        if kind == "quoted" or (kind == "name" and text not in WORDS and not argument):
            column, function = _column_and_function(query, kind, text, columns)
            plain = names.setdefault(column, f"column_{len(names)}")
            words.append(plain + function)
        else:
            words.append({"&": "and", "|": "or"}.get(text, text))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=Warning)  # of '\\d' in a text, which is usual
            tree = ast.parse(" ".join(words), mode="eval")
        by_plain = {plain: columns[name] for name, plain in names.items()}
        _Check(query, by_plain).visit(tree)
        calculates = any(isinstance(node, ast.BinOp) for node in ast.walk(tree))
        return Query(ast.unparse(fit_literals(tree, by_plain)), names, calculates)
    except Misfit as misfit:
        raise refused(query, str(misfit)) from None
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if isinstance(error, BadRequest):
            raise
        hint = "; equal is ==" if re.search(r"(?<![=!<>])=(?!=)", query) else ""
        raise refused(query, f"must be an expression over columns{hint}") from None


def _tokens(query: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(query):
        match = _TOKEN.match(query, place)
        if match is None:
            raise refused(query, f"may not contain {query[place]!r} here")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append((kind, match[0]))
        place = match.end()
    if not found:
        raise refused(query, "must be an expression over columns")
    return found


def _column_and_function(
    query: str, kind: str, text: str, columns: Mapping[str, Column]
) -> tuple[str, str]:
    """Return the column that a name begins with, and the rest of it: nothing or a function."""
    name = text.strip("`")
    if name in columns:
        return name, ""
    for function in FUNCTIONS:
        column = name.removesuffix(f".{function}")
        if kind == "name" and column != name and column in columns:
            return column, f".{function}"
    known = [column for column in columns if name.startswith(f"{column}.")]
    if known:
        called = name.removeprefix(f"{max(known, key=len)}.")
        raise refused(query, f"knows the functions {', '.join(FUNCTIONS)} and not {called}")
    raise BadRequest(f"--where: no column {name!r}{near(name, columns)}, got {_short(query)}")


class _Check(ast.NodeVisitor):
    """Raises at whatever is no part of a query."""

    def __init__(self, query: str, columns: Mapping[str, Column]) -> None:
        self.query, self.columns = query, columns

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, _NODES):
            raise refused(self.query, f"may not contain {type(node).__name__}")
        return super().visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, (str, int, float, bool, type(None))):
            raise refused(self.query, f"may not contain {node.value!r}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        raise refused(self.query, f"may not contain .{node.attr} without its arguments")

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        column, _, function = name.partition(".")
        if column not in self.columns or function not in FUNCTIONS:
            raise refused(
                self.query, f"knows the functions {', '.join(FUNCTIONS)} of a column, not {name}"
            )
        for keyword in node.keywords:
            if keyword.arg not in FUNCTIONS[function]:
                raise refused(self.query, f"{function} takes no {keyword.arg or '**'}")
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._literal(argument, function)
        if function == "str.contains" and self.columns[column].type != "text":
            raise refused(self.query, f"{function} is for texts, got {self.columns[column].name}")

    def _literal(self, node: ast.AST, function: str) -> None:
        try:
            ast.literal_eval(node)
        except ValueError:
            raise refused(
                self.query, f"{function} takes numbers, texts and lists of them"
            ) from None
        self.visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        for side in (node.left, node.right):
            texts = isinstance(side, ast.Name) and self.columns[side.id].type == "text"
            if texts or isinstance(side, ast.List | ast.Tuple) or _is_text(side):
                raise refused(self.query, "may calculate with numbers only")
        if isinstance(node.op, ast.Pow) and not (_plain(node.left) and _small(node.right)):
            raise refused(
                self.query,
                f"may raise a column or number to a number up to {LARGEST_EXPONENT}, and no more",
            )
        self.generic_visit(node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _plain(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Constant)


def _small(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, (int, float)) and value <= LARGEST_EXPONENT


def refused(query: str, rule: str) -> BadRequest:
    """Return the message that a query breaks a rule."""
    return BadRequest(f"--where: a query {rule}, got {_short(query)}")


def _short(query: str) -> str:
    return repr(query if len(query) <= _SHOWN else f"{query[:_SHOWN]}...")
