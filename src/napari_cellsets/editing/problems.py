"""Objects that deserve a second look: tiny, with holes, in pieces, outliers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.core.evented import FrozenModel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.editing.objects import ObjectIndex

    Box = tuple[slice, ...]

_EVERY = 512
"""Objects between two looks at whether to stop."""
_EIGHT = np.ones((3, 3), bool)
_LEAST_SPREAD = 0.1
_NORMAL = 1.4826
"""Standard deviations of a normal distribution in one median absolute deviation."""


class ProblemKind(StrEnum):
    """What may be wrong with an object."""

    TINY = "tiny"
    PARTS = "parts"
    HOLES = "holes"
    BORDER = "border"
    OVERLAP = "overlap"
    OUTLIER = "outlier"


class ObjectProblem(NamedTuple):
    """One reason to look at an object.

    Parameters
    ----------
    label
        Which object.
    kind
        What may be wrong.
    text
        The same in words, with its figure.
    severity
        More is worse, among problems of one kind.
    """

    label: int
    kind: ProblemKind
    text: str
    severity: float


class ProblemSettings(FrozenModel):
    """What counts as a problem.

    Parameters
    ----------
    kinds
        What to look for.
    tiny_share
        Objects smaller than this share of the median are tiny.
    outlier_z
        So many standard deviations of the logarithm of the area (told by the median
        absolute deviation) make an outlier in size.
    """

    kinds: frozenset[ProblemKind] = frozenset(ProblemKind)
    tiny_share: float = 0.1
    outlier_z: float = 3.5


def find_problems(
    objects: ObjectIndex,
    settings: ProblemSettings | None = None,
    *,
    classes: Mapping[int, str] | None = None,
    under: NDArray[np.integer] | None = None,
    class_under: Callable[[int], str] | None = None,
    only: Collection[int] | None = None,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> list[ObjectProblem]:
    """Return what may be wrong with the objects of an image, the worst first.

    Parameters
    ----------
    objects
        Of the image, (y, x) or (z, y, x).
    settings
        What counts.
    classes
        Name of the class of each object, where there are classes: sizes are compared
        within a class.
    under, class_under
        Labels of the same size whose objects may overlap these, and what class each
        of them has: overlaps of two different classes are told.
    only
        Look only at these objects, of which some may be gone; sizes are compared
        with those of all. None for all.
    token, progress
        Looked at, and told how far it is, every few hundred objects.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    EditError
        If `under` has another size.
    """
    settings = settings or ProblemSettings()
    if under is not None and under.shape != objects.labels.shape:
        raise EditError(
            f"labels of size {under.shape} cannot overlap those of"
            f" {objects.labels.shape}"
        )
    found: list[ObjectProblem] = []
    chosen = objects if only is None else [one for one in only if one in objects]
    many = len(chosen)
    for number, label in enumerate(chosen):
        if number % _EVERY == 0:
            _look(token, progress, number / max(many, 1))
        box, mask = objects.box(label), objects.mask(label)
        found += _of_shape(objects.labels.shape, settings.kinds, label, box, mask)
        if under is not None and ProblemKind.OVERLAP in settings.kinds:
            mine = (classes or {}).get(label, "")
            found += _overlaps(label, mine, under[box][mask], class_under)
    sizes = _of_size(objects.areas(), classes or {}, settings)
    found += [one for one in sizes if only is None or one.label in only]
    return worst_first(found)


def worst_first(problems: Iterable[ObjectProblem]) -> list[ObjectProblem]:
    """Return problems kind by kind, the worst of each first."""
    order = list(ProblemKind)
    return sorted(problems, key=lambda one: (order.index(one.kind), -one.severity))


def _of_shape(
    shape: tuple[int, ...],
    kinds: frozenset[ProblemKind],
    label: int,
    box: Box,
    mask: NDArray[np.bool_],
) -> Iterator[ObjectProblem]:
    from scipy import ndimage

    planes = mask.reshape(-1, *mask.shape[-2:])
    if ProblemKind.PARTS in kinds:
        parts = max(int(ndimage.label(plane, _EIGHT)[1]) for plane in planes)
        if parts > 1:
            yield ObjectProblem(label, ProblemKind.PARTS, f"{parts} parts", parts)
    if ProblemKind.HOLES in kinds:
        filled = sum(
            int(np.count_nonzero(ndimage.binary_fill_holes(plane) & ~plane))
            for plane in planes
        )
        if filled:
            yield ObjectProblem(
                label, ProblemKind.HOLES, f"holes of {filled:,} px", filled
            )
    if ProblemKind.BORDER in kinds:
        edges = sum(
            int(side.start == 0) + int(side.stop == length)
            for side, length in zip(box[-2:], shape[-2:], strict=True)
        )
        if edges:
            yield ObjectProblem(
                label, ProblemKind.BORDER, "cut off by the edge of the image", edges
            )


def _overlaps(
    label: int,
    mine: str,
    beneath: NDArray[np.integer],
    class_under: Callable[[int], str] | None,
) -> Iterator[ObjectProblem]:
    others, counts = np.unique(beneath[beneath != 0], return_counts=True)
    for other, count in zip(others.tolist(), counts.tolist(), strict=True):
        theirs = class_under(other) if class_under is not None else ""
        if theirs != mine:
            yield ObjectProblem(
                label,
                ProblemKind.OVERLAP,
                f"{count:,} px over object {other} ({theirs or 'another class'})",
                count,
            )


def _of_size(
    areas: Mapping[int, int], classes: Mapping[int, str], settings: ProblemSettings
) -> Iterator[ObjectProblem]:
    labels = np.fromiter(areas.keys(), np.int64, len(areas))
    sizes = np.fromiter(areas.values(), np.float64, len(areas))
    for group in _groups(labels, classes):
        yield from _of_group(labels[group], sizes[group], settings)


def _groups(
    labels: NDArray[np.int64], classes: Mapping[int, str]
) -> list[NDArray[np.intp]]:
    """Return where the objects of each class stand."""
    if not classes:
        return [np.arange(labels.size)] if labels.size else []
    names = [classes.get(label, "") for label in labels.tolist()]
    kinds, which = np.unique(names, return_inverse=True)
    return [np.flatnonzero(which == kind) for kind in range(len(kinds))]


def _of_group(
    labels: NDArray[np.int64], sizes: NDArray[np.float64], settings: ProblemSettings
) -> Iterator[ObjectProblem]:
    median = float(np.median(sizes))
    logs = np.log(sizes)
    middle = float(np.median(logs))
    # cells of nearly one size: a tenth more or less is nothing
    spread = max(_NORMAL * float(np.median(np.abs(logs - middle))), _LEAST_SPREAD)
    z = (logs - middle) / spread
    tiny = sizes < settings.tiny_share * median
    for at in np.flatnonzero(tiny | (np.abs(z) > settings.outlier_z)).tolist():
        label, size = int(labels[at]), float(sizes[at])
        text = f"{size:,.0f} px, the median is {median:,.0f} px"
        if tiny[at] and ProblemKind.TINY in settings.kinds:
            yield ObjectProblem(label, ProblemKind.TINY, text, median / size)
        elif not tiny[at] and ProblemKind.OUTLIER in settings.kinds:
            word = "large" if z[at] > 0 else "small"
            yield ObjectProblem(
                label, ProblemKind.OUTLIER, f"{word}: {text}", abs(float(z[at]))
            )


def _look(token: CancelToken | None, progress: Progress | None, part: float) -> None:
    if token is not None:
        token.raise_if_cancelled()
    if progress is not None:
        progress(part, "Looking at objects")
