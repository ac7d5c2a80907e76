"""Checking an option's value against the annotation of the component's constructor."""

import sys
import types
import typing
from collections.abc import Sequence
from typing import Any, Literal

from variants.errors import BadRequest, did_you_mean


def check_option(who: str, annotation: Any, value: Any) -> Any:
    """Return `value` in plain JSON types if it fits `annotation`.

    Understands int, float, bool, str, None, Literal, Optional and other unions, and sequences or
    tuples of these. A number is never cut: 2.5 is no int, and true is no number, nor is infinity or
    NaN.

    Raises:
        BadRequest: If it does not fit; the message starts with `who`.
    """
    fits, result = _fit(annotation, value)
    if fits:
        return result
    hint = ""
    if typing.get_origin(annotation) is Literal and isinstance(value, str):
        hint = did_you_mean(value, [str(a) for a in typing.get_args(annotation)])
    raise BadRequest(f"{who} must be {describe(annotation)}, got {value!r}{hint}")


def describe(annotation: Any) -> str:
    """Return the type as a user would say it.

    Example:
        >>> describe(Sequence[int]), describe(Literal["add", "concat"]), describe(int | None)
        ('a list of int', 'add or concat', 'int or null')
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any or annotation is None or annotation is type(None):
        return "anything" if annotation is Any else "null"
    if origin is Literal:
        return " or ".join(str(a) for a in args)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(describe(a) for a in args)
    if _is_open_ended(origin, args):
        return f"a list of {describe(args[0])}"
    if origin is tuple:
        return f"a list of {len(args)}: {', '.join(describe(a) for a in args)}"
    return getattr(annotation, "__name__", str(annotation))


def _is_open_ended(origin: Any, args: tuple[Any, ...]) -> bool:
    if origin is tuple:
        return len(args) == 2 and args[1] is Ellipsis
    return isinstance(origin, type) and issubclass(origin, Sequence)


def _fit(annotation: Any, value: Any) -> tuple[bool, Any]:
    """Return whether `value` fits, and the value in plain JSON types."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return True, value
    if annotation is None or annotation is type(None):
        return value is None, None
    if origin is Literal:
        return any(value is a or (value == a and type(value) is type(a)) for a in args), value
    if origin in (types.UnionType, typing.Union):
        return next(((True, r) for ok, r in (_fit(a, value) for a in args) if ok), (False, value))
    if origin is tuple or _is_open_ended(origin, args):
        return _fit_list(args, _is_open_ended(origin, args), value)
    if annotation is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = is_number and abs(value) <= sys.float_info.max  # NaN is below nothing
        return fits, float(value) if fits else value
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    return isinstance(value, annotation), value


def _fit_list(args: tuple[Any, ...], open_ended: bool, value: Any) -> tuple[bool, Any]:
    if not isinstance(value, list | tuple) or (not open_ended and len(value) != len(args)):
        return False, value
    each = [args[0]] * len(value) if open_ended else args
    results = [_fit(a, v) for a, v in zip(each, value, strict=True)]
    return all(ok for ok, _ in results), [result for _, result in results]
