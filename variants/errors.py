"""What a user is told when a request cannot be met: one line with who, the rule and the value."""

from collections.abc import Iterable


class BadRequest(ValueError):  # noqa: N818 - named for what the user sees (exit status 2)
    """A request that cannot be met as asked.

    The message is one line, `<who>: <rule>, got <value>`; the command line prints it and exits
    with 2. It is a `ValueError` so that a library user can catch it without knowing this class.
    """


def check_at_least_1(who: str, **options: int) -> None:
    """Refuse options below 1.

    Raises:
        BadRequest: Of the first such.
    """
    for name, value in options.items():
        if value < 1:
            raise BadRequest(f"{who}: {name} must be at least 1, got {name}={value}")


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the known names nearest to `value`, else what is known.

    Example:
        >>> did_you_mean("dafp", ["aspp", "dapf", "none"])
        '; did you mean dapf?'
        >>> did_you_mean("ppm", ["aspp", "dapf"])
        '; known: aspp, dapf'
    """
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(value, names, n=2, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; known: {', '.join(names)}" if names else ""
