"""The two ways in which a command ends badly: a bad request (exit 2) and a failed run (exit 1)."""

from variants.errors import BadRequest, did_you_mean

__all__ = ["BadRequest", "RunFailed", "did_you_mean"]


class RunFailed(RuntimeError):  # noqa: N818 - named for what the user sees (exit status 1)
    """A well-formed request whose run or check failed; the message is one line."""
