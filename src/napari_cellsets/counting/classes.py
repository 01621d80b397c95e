"""Numbers of objects of each class, and how they compare with ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.counting.evaluate import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from napari_cellsets.counting.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class in one image, or in several together.

    Parameters
    ----------
    name
        Of the class; empty for objects without one.
    count
        Objects of the class.
    truth, matched
        True objects of it, and pairs of which both sides have it; None without
        classes in the ground truth.
    """

    name: str
    count: int
    truth: int | None = None
    matched: int | None = None

    @property
    def ratios(self) -> tuple[float, float, float] | None:
        """Precision, recall and F1, see `score`; None without ground truth."""
        if self.truth is None or self.matched is None:
            return None
        return score(self.matched, self.count, self.truth)

    def with_more(self, other: ClassCount) -> ClassCount:
        """Return the same class with another image added.

        An image without classes in its ground truth adds to `count` alone where
        others have them: then neither is compared.
        """
        if self.truth is None or other.truth is None:
            return ClassCount(self.name, self.count + other.count)
        matched = (self.matched or 0) + (other.matched or 0)
        return ClassCount(
            self.name, self.count + other.count, self.truth + other.truth, matched
        )


def count_classes(
    labels: Iterable[int],
    classes: Mapping[int, str],
    *,
    true_classes: Mapping[int, str] | None = None,
    evaluation: Evaluation | None = None,
) -> tuple[ClassCount, ...]:
    """Count the objects of each class.

    Objects are matched with true ones by place alone, as `evaluate` does it, then
    their classes are compared: a cell in the right place with the wrong class is
    extra in one class and missed in the other.

    Parameters
    ----------
    labels
        Objects of the image.
    classes
        Name of the class of each; what has none counts under an empty name. Labels
        that are no object of the image are passed over.
    true_classes, evaluation
        Classes of the true objects, and how both compare; without them nothing is
        compared.

    Returns
    -------
    tuple of ClassCount
        By name, objects without class last; empty where nobody told any class.

    Examples
    --------
    >>> from napari_cellsets.counting.classes import count_classes
    >>> [(c.name, c.count) for c in count_classes([1, 2, 3], {1: "a", 3: "a"})]
    [('a', 2), ('', 1)]
    """
    mine = {int(label): classes.get(int(label), "") for label in labels}
    theirs: dict[int, str] = {}
    if evaluation is not None and true_classes:
        there = [*evaluation.matched[:, 1].tolist(), *evaluation.missed.tolist()]
        theirs = {label: true_classes.get(label, "") for label in there}
    if not any(mine.values()) and not any(theirs.values()):
        return ()
    found, true = _numbers(mine.values()), _numbers(theirs.values())
    if evaluation is None or not any(theirs.values()):
        return tuple(ClassCount(name, found[name]) for name in _in_order(found))
    same = _numbers(_shared(evaluation.matched, mine, theirs))
    return tuple(
        ClassCount(name, found.get(name, 0), true.get(name, 0), same.get(name, 0))
        for name in _in_order({**found, **true})
    )


def add_classes(parts: Iterable[Iterable[ClassCount]]) -> tuple[ClassCount, ...]:
    """Return the numbers of each class over several images.

    Parameters
    ----------
    parts
        From `count_classes`, one an image.
    """
    whole: dict[str, ClassCount] = {}
    for part in parts:
        for one in part:
            before = whole.get(one.name)
            whole[one.name] = one if before is None else before.with_more(one)
    return tuple(whole[name] for name in _in_order(whole))


def _numbers(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _shared(
    pairs: np.ndarray, mine: Mapping[int, str], theirs: Mapping[int, str]
) -> list[str]:
    """Return the class of each pair of which both sides have the same."""
    both = [(mine.get(p), theirs.get(t)) for p, t in pairs.tolist()]
    return [ours for ours, true in both if ours is not None and ours == true]


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name, name))
