"""JSON values read into dataclasses, by their annotations; what does not fit is refused by name.

What an annotation asks is worked out once, into a function that checks and returns a value. Such
a function says nothing of where the value stands: a value that does not fit raises `_Misfit`, and
whoever holds it puts its own place in front, so that a value that fits costs no text.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from harness.errors import BadRequest, did_you_mean

_T = TypeVar("_T")
_Read = Callable[[Any], Any]
_TAKEN_AS_THEY_ARE = {str: str, int: int, bool: bool, dict[str, Any]: dict}
_LARGEST = sys.float_info.max  # an integer may exceed it


class _Misfit(Exception):  # noqa: N818 - no error until it is known where
    """A value that does not fit; its text begins with what follows the value's place."""

    def at(self, place: str) -> _Misfit:
        """Return the same, `place` put in front."""
        return _Misfit(f"{place}{self}")


def read_as(cls: type[_T], data: Any, where: str) -> _T:
    """Return the dataclass `cls` built from JSON types.

    A field with a default may be absent. Lists and dicts of `data` may become part of what is
    returned.

    Args:
        where: `file:line`, for messages.

    Raises:
        BadRequest: If there is an unknown field, a missing one, or a value of another type.
    """
    try:
        return typing.cast(_T, _reader(typing.cast(typing.Hashable, cls))(data))
    except _Misfit as misfit:
        raise BadRequest(f"{where}{misfit}") from None


@cache
def _reader(cls: Any) -> _Read:
    """Return what reads the dataclass `cls`."""
    every = fields(cls)
    known = {field.name for field in every}
    needed = {
        field.name
        for field in every
        if field.default is MISSING and field.default_factory is MISSING
    }
    hints = typing.get_type_hints(cls)
    # A value of exactly that type is taken as it is: most values are, and a call costs more.
    exact = {name: _TAKEN_AS_THEY_ARE.get(hints[name]) for name in known}
    readers = {name: _value(hints[name]) for name in known}

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _Misfit(f": {cls.__name__} must be an object, got {data!r}")
        if not (needed <= data.keys() <= known):
            raise _Misfit(_wrong_fields(cls, data))
        name = ""
        try:
            values = {}
            for name, value in data.items():
                values[name] = value if type(value) is exact[name] else readers[name](value)
        except _Misfit as misfit:
            raise misfit.at(f": {cls.__name__}.{name}") from None
        return cls(**values)

    return read


def _wrong_fields(cls: Any, data: dict[str, Any]) -> str:
    """Return what is wrong with the names in `data`, an unknown one first."""
    names = [field.name for field in fields(cls)]
    for key in data:
        if key not in names:
            return f": {cls.__name__} has unknown field {key}{did_you_mean(key, names)}"
    missing = next(
        field.name
        for field in fields(cls)
        if field.name not in data and field.default is field.default_factory is MISSING
    )
    return f": {cls.__name__} lacks field {missing}"


def _value(expected: Any) -> _Read:
    """Return what checks a value against the annotation `expected`, and gives it that type."""
    origin, args = typing.get_origin(expected), typing.get_args(expected)
    if expected is Any:
        return lambda value: value
    if is_dataclass(expected):
        return _reader(typing.cast(typing.Hashable, expected))
    if origin in (types.UnionType, typing.Union):
        (some,) = (arg for arg in args if arg is not type(None))  # no union but `X | None`
        inner = _value(some)
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return _one_of(args)
    if origin is tuple:
        return _any_length(args[0]) if args[-1] is Ellipsis else _fixed_length(args)
    if origin is dict:
        return _instance(dict) if args[1] is Any else _table(args[1])
    return _float if expected is float else _instance(expected)


def _one_of(choices: tuple[Any, ...]) -> _Read:
    wanted = " or ".join(map(repr, choices))

    def read(value: Any) -> Any:
        if value not in choices:
            raise _Misfit(f" must be {wanted}, got {value!r}")
        return value

    return read


def _float(value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and -_LARGEST <= value <= _LARGEST):
        raise _Misfit(f" must be float, got {value!r}")
    return float(value)


def _instance(expected: Any) -> _Read:
    name = getattr(expected, "__name__", expected)

    def read(value: Any) -> Any:
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            raise _Misfit(f" must be {name}, got {value!r}")
        return value

    return read


def _table(type_of_each: Any) -> _Read:
    inner = _value(type_of_each)
    alike = {_TAKEN_AS_THEY_ARE.get(type_of_each)}

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Misfit(f" must be dict, got {value!r}")
        if alike.issuperset(map(type, value.values())):
            return value
        made, key = {}, ""
        try:
            for key, each in value.items():
                made[key] = inner(each)
        except _Misfit as misfit:
            raise misfit.at(f".{key}") from None
        return made

    return read


def _any_length(type_of_each: Any) -> _Read:
    inner = _value(type_of_each)

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Misfit(f" must be a list, got {value!r}")
        made: list[Any] = []
        try:
            for each in value:
                made.append(inner(each))
        except _Misfit as misfit:
            raise misfit.at(f"[{len(made)}]") from None
        return tuple(made)

    return read


def _fixed_length(types_of_each: tuple[Any, ...]) -> _Read:
    inner = tuple(map(_value, types_of_each))
    alike = [_TAKEN_AS_THEY_ARE.get(each) for each in types_of_each]

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(inner):
            raise _Misfit(f" must be a list of {len(inner)}, got {value!r}")
        if alike == list(map(type, value)):
            return tuple(value)
        made: list[Any] = []
        try:
            for check, each in zip(inner, value, strict=True):
                made.append(check(each))
        except _Misfit as misfit:
            raise misfit.at(f"[{len(made)}]") from None
        return tuple(made)

    return read
