"""Libraries are called without their chatter, and their errors become one line."""

import logging
import warnings

import pytest

from harness.errors import BadRequest, RunFailed
from harness.timing.backends.foreign import foreign

RULE = "backend x: the network must be y"


def test_nothing_that_a_library_says_reaches_the_user(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("a.library")
    with foreign(RULE):
        logging.getLogger().setLevel(logging.CRITICAL)  # as some do for good
        logger.warning("chatter")
        warnings.warn("chatter", stacklevel=1)
        print("chatter")
    assert capsys.readouterr() == ("", "")
    assert not caplog.records
    logger.warning("heard again")
    assert caplog.messages == ["heard again"]
    with pytest.warns(UserWarning, match="heard again"):
        warnings.warn("heard again", stacklevel=1)


def test_what_was_silenced_before_stays_so() -> None:
    logging.disable(logging.CRITICAL)
    try:
        with foreign(RULE):
            pass
        assert logging.root.manager.disable == logging.CRITICAL
    finally:
        logging.disable(logging.NOTSET)


def test_an_error_is_its_cause_in_one_line_behind_the_rule() -> None:
    def fail() -> None:
        try:
            raise ValueError("\n\x1b[96m  first line\x1b[0m  \nsecond line")
        except ValueError as cause:
            raise OSError("a report\nof many lines") from cause

    with pytest.raises(RunFailed) as caught, foreign(RULE):
        fail()
    assert str(caught.value) == f"{RULE}, got ValueError: first line"


def test_an_error_without_words_is_its_type() -> None:
    with pytest.raises(RunFailed, match=f"^{RULE}, got NotImplementedError$"), foreign(RULE):
        raise NotImplementedError


@pytest.mark.parametrize(
    "error",
    [
        *(RunFailed("said already"), BadRequest("said already"), MemoryError()),
        *(RuntimeError("Failed to allocate memory for requested buffer"), KeyboardInterrupt()),
    ],
)
def test_errors_that_others_name_better_pass(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, foreign(RULE):
        raise error
    assert caught.value is error
