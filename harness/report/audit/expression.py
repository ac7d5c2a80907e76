"""Arithmetic that stands in data: exact, with its operands named and shown.

`{table-4/bisenet-rn18/params_m} / {table-4/fassd-net-l1/params_m}` is looked up operand by operand
and computed in fractions, so that nothing is rounded on the way.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from harness.report.audit.printed import Printed, half_up, plain
from harness.report.audit.printed import parse as parse_figure

_OPERAND = re.compile(r"\{([^{}]+)\}")
_SHOWN = 4  # digits of a result that is shown for reading, beyond those of print
MAX_POWER = 64


class MissingFigureError(LookupError):
    """An operand that nobody has: no record, no count, no reference."""


@dataclass(frozen=True)
class Operand:
    """One or several figures that arithmetic is made of.

    Attributes:
        values: One, or as many as a `*` stands for.
        text: How they are shown in the working.
        about: Where they stand.
    """

    values: tuple[Fraction, ...]
    text: str
    about: str


@dataclass(frozen=True)
class Result:
    """A computed figure.

    Attributes:
        value: The figure, exact.
        working: The arithmetic with its operands.
        operands: The paths that it is made of.
    """

    value: Fraction
    working: str
    operands: tuple[str, ...]


def compute(text: str, look_up: Callable[[str], Operand], *, like: Printed | None = None) -> Result:
    """Return what the expression `text` comes to.

    Args:
        text: `+ - * / **`, comparisons (1 or 0), `mean`, `round`, `floor`, `rank`, `wins`, numbers,
            and operands in braces.
        look_up: Returns the operand of a path, or raises `MissingFigureError`.
        like: A printed figure: the result is shown with two more digits than it has.

    Raises:
        MissingFigureError: If an operand is missing.
        ValueError: If `text` is not such an expression.
    """
    paths: list[str] = _OPERAND.findall(text)
    operands = [look_up(path) for path in paths]
    names = iter(range(len(paths)))
    code = _OPERAND.sub(lambda _: f"_{next(names)}", text)
    try:
        tree = ast.parse(code.strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(f"expression: must be arithmetic, got {text!r}") from None
    values = {f"_{i}": operand.values for i, operand in enumerate(operands)}
    value = _scalar(_evaluate(tree, values), text)
    digits = like.decimals + 2 if like else _SHOWN
    return Result(value, _working(text, tree, operands, plain(value, digits)), tuple(paths))


def _working(text: str, tree: ast.expr, operands: Sequence[Operand], result: str) -> str:
    if isinstance(tree, ast.Name):  # nothing is computed: say where the figure is from
        [operand] = operands
        return f"{operand.about}: {operand.text}"
    shown = iter(operands)
    filled = _OPERAND.sub(lambda _: next(shown).text, text)
    return f"{filled.replace(' ** ', '^')} = {result}"


def _evaluate(node: ast.expr, values: Mapping[str, tuple[Fraction, ...]]) -> Any:
    """Return a fraction, or a tuple of them where `node` is an operand of several."""
    if isinstance(node, ast.Name) and node.id in values:
        several = values[node.id]
        return several[0] if len(several) == 1 else several
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, values)
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left, values), _number(node.right, values)
        return _binary(node.op, left, right)
    if isinstance(node, ast.Compare):
        terms = [_number(term, values) for term in (node.left, *node.comparators)]
        pairs = zip(node.ops, terms, terms[1:], strict=False)
        return Fraction(all(_compare(op, a, b) for op, a, b in pairs))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        function = _FUNCTIONS.get(node.func.id)
        if function and not node.keywords:
            return function(*(_evaluate(argument, values) for argument in node.args))
    raise ValueError(f"expression: must be arithmetic, got {ast.unparse(node)!r}")


def _number(node: ast.expr, values: Mapping[str, tuple[Fraction, ...]]) -> Fraction:
    return _scalar(_evaluate(node, values), ast.unparse(node))


def _scalar(value: Any, text: str) -> Fraction:
    if not isinstance(value, Fraction):
        raise ValueError(f"expression: must be one figure, got {len(value)} of {text!r}")
    return value


def _binary(op: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    if isinstance(op, ast.Pow):
        if right.denominator != 1 or abs(right) > MAX_POWER:
            raise ValueError(f"expression: a power must be whole, to {MAX_POWER}, got {right}")
        return Fraction(left ** int(right))
    if isinstance(op, ast.Div) and right == 0:
        raise ValueError("expression: divides by 0")
    for kind, function in _OPERATORS.items():
        if isinstance(op, kind):
            return Fraction(function(left, right))
    raise ValueError(f"expression: must be arithmetic, got {type(op).__name__}")


def _compare(op: ast.cmpop, left: Fraction, right: Fraction) -> bool:
    for kind, function in _COMPARISONS.items():
        if isinstance(op, kind):
            return bool(function(left, right))
    raise ValueError(f"expression: must compare by size, got {type(op).__name__}")


def _mean(*parts: Any) -> Fraction:
    figures = _flat(parts)
    return sum(figures, Fraction(0)) / len(figures)


def _flat(parts: Sequence[Any]) -> list[Fraction]:
    return [f for part in parts for f in (part if isinstance(part, tuple) else (part,))]


def _round(value: Fraction, digits: Fraction) -> Fraction:
    like = parse_figure(f"{0:.{int(digits)}f}")
    assert like is not None
    return Fraction(half_up(value, like.step))


def _floor(value: Fraction) -> Fraction:
    return Fraction(value.numerator // value.denominator)


def _rank(first: Fraction, *others: Any) -> Fraction:
    """Return the place of `first` among all, the highest being 1; ties share the better place."""
    return Fraction(1 + sum(other > first for other in _flat(others)))


def _wins(first: tuple[Fraction, ...], *others: tuple[Fraction, ...]) -> Fraction:
    """Return in how many places `first` is at least as high as each of `others`."""
    columns = zip(first, *others, strict=True)
    return Fraction(sum(all(column[0] >= other for other in column[1:]) for column in columns))


_FUNCTIONS: Mapping[str, Callable[..., Fraction]] = {
    "mean": _mean,
    "round": _round,
    "floor": _floor,
    "rank": _rank,
    "wins": _wins,
}
_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
