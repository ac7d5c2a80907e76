"""The rows of the table for which a query holds; pandas evaluates what `expression` let pass."""

from __future__ import annotations

import re
import warnings

import pandas as pd

from harness.report.query.expression import read_query, refused
from harness.report.query.frame import Table

# What pandas raises at a query that is well formed and makes no sense for the values at hand.
_SENSELESS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError,
    SyntaxError, TypeError, ValueError, re.error,
)  # fmt: skip


def where(table: Table, query: str) -> Table:
    """Return the rows of `table` for which `query` is true.

    As in pandas, what is unknown is equal to nothing, and neither less nor more than anything.

    Raises:
        BadRequest: If the query names no column, is more than a query, or makes no sense.
    """
    code, names, calculates = read_query(query, table.columns)
    frame = table.frame[list(names)].rename(columns=dict(names))
    if calculates:  # a product of two counts is soon more than 64 bits hold
        frame = frame.astype(dict.fromkeys(frame.select_dtypes("int64"), float))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="This pattern is interpreted as a regular")
            result = frame.eval(code, engine="python", parser="pandas")
        if isinstance(result, pd.Series) and pd.api.types.is_bool_dtype(result.dtype):
            return table.rows(result.fillna(False).to_numpy(dtype=bool))
    except _SENSELESS as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise refused(query, f"must fit the columns' values ({reason})") from None
    raise refused(query, "must be true or false for every row")
