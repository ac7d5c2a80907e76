"""JSON values read into dataclasses, by their annotations; what does not fit is refused by name."""

from __future__ import annotations

import sys
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from harness.errors import BadRequest, did_you_mean

_T = TypeVar("_T")


@cache
def _types_of(cls: typing.Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def read_as(cls: type[_T], data: Any, where: str) -> _T:
    """Return the dataclass `cls` built from JSON types.

    A field with a default may be absent.

    Args:
        where: `file:line`, for messages.

    Raises:
        BadRequest: If there is an unknown field, a missing one, or a value of another type.
    """
    if not isinstance(data, dict):
        raise BadRequest(f"{where}: {cls.__name__} must be an object, got {data!r}")
    every = fields(cls)  # type: ignore[arg-type]
    names = [f.name for f in every]
    for key in data:
        if key not in names:
            hint = did_you_mean(key, names)
            raise BadRequest(f"{where}: {cls.__name__} has unknown field {key}{hint}")
    for field in every:
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in data:
            raise BadRequest(f"{where}: {cls.__name__} lacks field {field.name}")
    hints = _types_of(typing.cast(typing.Hashable, cls))
    return cls(**{n: _value(hints[n], v, f"{where}: {cls.__name__}.{n}") for n, v in data.items()})


def _value(expected: Any, value: Any, where: str) -> Any:
    """Check `value` against the annotation `expected` and return it in that type."""
    origin, args = typing.get_origin(expected), typing.get_args(expected)
    if expected is Any:
        return value
    if is_dataclass(expected):
        return read_as(typing.cast(type, expected), value, where)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (arg for arg in args if arg is not type(None))  # no union but `X | None`
        return None if value is None else _value(inner, value, where)
    if origin is Literal:
        ok = value in args
    elif origin is tuple:
        return _tuple(args, value, where)
    elif origin is dict:
        if isinstance(value, dict):
            return {k: _value(args[1], v, f"{where}.{k}") for k, v in value.items()}
        ok = False
    elif expected is float:
        ok = isinstance(value, (int, float)) and not isinstance(value, bool)
        ok = ok and abs(value) <= sys.float_info.max  # an integer may exceed it
        value = float(value) if ok else value
    elif expected is int:
        ok = isinstance(value, int) and not isinstance(value, bool)
    else:
        ok = isinstance(value, expected)
    if not ok:
        name = getattr(expected, "__name__", expected)
        wanted = " or ".join(map(repr, args)) if origin is Literal else name
        raise BadRequest(f"{where} must be {wanted}, got {value!r}")
    return value


def _tuple(args: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    open_ended = len(args) == 2 and args[1] is Ellipsis
    if not isinstance(value, list) or (not open_ended and len(value) != len(args)):
        wanted = "a list" if open_ended else f"a list of {len(args)}"
        raise BadRequest(f"{where} must be {wanted}, got {value!r}")
    each = [args[0]] * len(value) if open_ended else args
    return tuple(
        _value(a, v, f"{where}[{i}]") for i, (a, v) in enumerate(zip(each, value, strict=True))
    )
