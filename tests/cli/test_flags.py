"""What several commands read from their flags."""

import pytest

from harness.cli.options import fraction
from harness.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "value"), [("0.5%", 0.005), ("50%", 0.5), ("0.005", 0.005), ("99.9%", 0.999)]
)
def test_a_share_is_a_percentage_or_a_fraction(text: str, value: float) -> None:
    assert fraction("--until", text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "0%", "1", "100%", "-1%", "nan", "inf", "much", "%", "5 %%"])
def test_what_is_no_share_is_refused_with_the_flag(text: str) -> None:
    with pytest.raises(BadRequest, match=r"^--until: must be a share such as 5%.*got "):
        fraction("--until", text)
