"""What a network asks of the size of an image, checked where it would fail later and obscurely."""

from torch import Tensor

from variants.errors import BadRequest


def require_size(who: str, image: Tensor, *, least: int = 1, multiple: int = 1) -> None:
    """Check height and width of `(N, C, H, W)`.

    Raises:
        BadRequest: If either is below `least` or no multiple of `multiple`.
    """
    height, width = image.shape[-2:]
    if min(height, width) < least:
        raise BadRequest(f"{who}: height and width must be at least {least}, got {height}x{width}")
    if height % multiple or width % multiple:
        raise BadRequest(
            f"{who}: height and width must be multiples of {multiple}, got {height}x{width}"
        )
