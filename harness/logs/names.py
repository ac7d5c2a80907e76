"""Names: the classes of Cityscapes by position, and which column, key or tag is a mIoU."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from harness.logs.choice import Split
from harness.logs.figure import Figure

CITYSCAPES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
    "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
    "motorcycle", "bicycle",
)  # fmt: skip

ITERATIONS = ("step", "global_step", "iteration", "iter", "iters", "global_iter")
EPOCHS = ("epoch", "epochs")

_MIOU = {"miou", "meaniou", "meaniu"}
_IOU = {"iou", "jaccard", "jaccardindex"}
_ABOUT = {"val", "valid", "validation", "eval", "test", "testing", "metric", "metrics", "dataset",
          "epoch", "score", "semseg", "sem", "seg"}  # fmt: skip
# Of the training set, not a figure of accuracy, another mean, or the highest so far.
_OTHER = {"train", "training", "loss", "fwiou", "fw", "freqw", "iiou", "image", "best", "max",
          "category", "categories", "cat"}  # fmt: skip
_TEST = {"test", "testing"}
_VAL = {"val", "valid", "validation", "eval", "evaluation"}
_CLASS = re.compile(
    r"(?:^|[/_.])(?:per_?class_?ious?|class_?ious?|ious?_per_?class|ious?|cls)[/._\- ](.+)$", re.I
)


@lru_cache(maxsize=4096)  # a file says the same names in every row
def words(name: str) -> frozenset[str]:
    """Return the words of a name, `mean` joined to what it is the mean of.

    Example:
        >>> sorted(words("val/Mean_IoU"))
        ['meaniou', 'val']
    """
    apart = re.sub(
        r"(?<=[a-z])(?=[A-Z])", " ", name.replace("mIoU", "miou").replace("mIOU", "miou")
    )
    apart = re.sub(r"\bIo U\b|Io U", "Iou", apart)
    lower = re.sub(r"[^a-z0-9]+", " ", apart.lower())
    return frozenset(re.sub(r"\b(mean|m) (iou|iu|jaccard)", r"mean\2", lower).split())


def is_miou(name: str) -> bool:
    """Return whether `name` says mean IoU, of anything but the training set."""
    said = words(name)
    return bool(said & (_MIOU | {"meanjaccard"})) and not said & _OTHER


def is_iou(name: str) -> bool:
    """Return whether `name` says IoU and not of what; a mean, in all likelihood."""
    said = words(name)
    return bool(said & _IOU) and said <= _IOU | _ABOUT | {"index"}


def split_of(name: str) -> Split | None:
    """Return the split that `name` says."""
    said = words(name)
    if said & _TEST:
        return "test"
    return "val" if said & _VAL else None


def class_of(name: str) -> str | None:
    """Return the class whose IoU `name` is: `road` for `val/IoU.road`, `3` for `cls_3`."""
    if words(name) & _OTHER or is_miou(name) or is_iou(name):
        return None
    found = _CLASS.search(name)
    return found[1].strip() if found else None


def renamed(classes: Mapping[str, Figure]) -> tuple[Mapping[str, Figure], bool]:
    """Return classes with names, and whether these are assumed.

    19 classes that a log calls 0 to 18 are Cityscapes' in their usual order (those of BDD100K and
    ACDC too). Any others keep the names that they have.
    """
    if sorted(classes) != sorted(map(str, range(len(CITYSCAPES)))):
        return classes, False
    return {name: classes[str(i)] for i, name in enumerate(CITYSCAPES)}, True
