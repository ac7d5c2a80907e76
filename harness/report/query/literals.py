"""Literals of a query, written as the column beside them holds its values.

A column of texts holds lists as JSON without spaces, `[8,4,2]`, and so the numbers of an option
that has texts too. pandas would compare these with lists and numbers and find nothing.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from harness.report.query.columns import Column


class Misfit(Exception):  # noqa: N818 - whoever knows the query makes it an error
    """A literal that no value of the column can be equal to."""


def fit_literals(tree: ast.Expression, columns: Mapping[str, Column]) -> ast.Expression:
    """Return the query with its literals as the columns beside them hold such values.

    Args:
        tree: The query.
        columns: By the names that they have in it.

    Raises:
        Misfit: If a text is to be equal to the numbers or flags of a column.
    """
    fitted: ast.Expression = _Fitted(columns).visit(tree)
    return ast.fix_missing_locations(fitted)


class _Fitted(ast.NodeTransformer):
    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        sides = [node.left, *node.comparators]
        for i, way in enumerate(node.ops):
            left, right = sides[i], sides[i + 1]
            if isinstance(way, ast.Eq | ast.NotEq):
                sides[i], sides[i + 1] = self._value(left, right), self._value(right, left)
            elif isinstance(way, ast.In | ast.NotIn):
                sides[i + 1] = self._values(right, left)
        node.left, node.comparators = sides[0], sides[1:]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "isin":
            node.args = [self._values(each, node.func.value) for each in node.args]
        return node

    def _value(self, node: ast.expr, beside: ast.expr) -> ast.expr:
        """Return what a column is compared with; a list of texts is pandas' "any of these"."""
        column = self.columns.get(beside.id) if isinstance(beside, ast.Name) else None
        try:
            value = ast.literal_eval(node)
        except ValueError:
            return node
        texts = isinstance(value, list | tuple) and any(isinstance(each, str) for each in value)
        if column is None or value is None:
            return node
        if column.type != "text":
            if texts or isinstance(value, str):
                raise Misfit(f"compares {column.name} with numbers, not with {ast.unparse(node)}")
            return node
        return node if texts or isinstance(value, str) else ast.Constant(_json(value))

    def _values(self, node: ast.expr, beside: ast.expr) -> ast.expr:
        """Return the values that a column is to have one of."""
        if isinstance(node, ast.List | ast.Tuple):
            return ast.List([self._value(each, beside) for each in node.elts], ast.Load())
        return node


def _json(value: Any) -> str:
    """Return a value as a column of texts holds it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
