"""Objects of a picture cut out as pictures of single cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.image import Picture
from napari_cellsets.inference.tiles import reflected

if TYPE_CHECKING:
    from napari_cellsets.inference.classifier import ClassifierInfo

LEAST_SIDE = 8
#: Labels up to this are counted in a table; rows are looked at so many at a time,
#: as all pixels of a large image at once do not fit the cache.
_DENSE, _ROWS = 4_000_000, 64


class Cuts(Sequence[np.ndarray]):
    """Squares of a picture, cut when they are asked for.

    Parameters
    ----------
    pixels
        Shape (y, x) or (y, x, c).
    tops, lefts, sides
        int, shape (n,): they may reach beyond the picture, which is mirrored there.
    """

    def __init__(
        self, pixels: np.ndarray, tops: np.ndarray, lefts: np.ndarray, sides: np.ndarray
    ) -> None:
        self._pixels = pixels
        self._tops, self._lefts, self._sides = tops, lefts, sides

    def __len__(self) -> int:
        """Return the number of squares."""
        return int(self._sides.size)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> Cuts: ...
    def __getitem__(self, index: int | slice) -> np.ndarray | Cuts:
        """Cut one square, shape (side, side) or (side, side, c)."""
        if isinstance(index, slice):
            return Cuts(
                self._pixels,
                self._tops[index],
                self._lefts[index],
                self._sides[index],
            )
        top, left = int(self._tops[index]), int(self._lefts[index])
        side = int(self._sides[index])
        height, width = self._pixels.shape[:2]
        inside = 0 <= top and 0 <= left
        if inside and top + side <= height and left + side <= width:
            return np.asarray(self._pixels[top : top + side, left : left + side])
        rows = reflected(height, top, top + side)
        columns = reflected(width, left, left + side)
        return np.asarray(self._pixels[np.ix_(rows, columns)])

    def __iter__(self) -> Iterator[np.ndarray]:
        """Cut one after the other."""
        return (self[i] for i in range(len(self)))

    def chosen(self, indices: np.ndarray) -> Cuts:
        """Return some of the squares, in the order of `indices`."""
        tops, lefts = self._tops[indices], self._lefts[indices]
        return Cuts(self._pixels, tops, lefts, self._sides[indices])


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Squares around the objects of a picture, in the order of their labels.

    Parameters
    ----------
    pixels
        A sequence of arrays (side, side) or (side, side, c), cut when asked for.
    labels
        int64, shape (n,): number of each object.
    centres_yx
        float64, shape (n, 2): centroids in px, pixel centres at integers.
    """

    pixels: Cuts
    labels: np.ndarray
    centres_yx: np.ndarray

    def __len__(self) -> int:
        """Return the number of objects."""
        return int(self.labels.size)

    def chosen(self, indices: np.ndarray) -> Crops:
        """Return some of the objects, in the order of `indices`."""
        return Crops(
            self.pixels.chosen(indices),
            self.labels[indices],
            self.centres_yx[indices],
        )


def crop_objects(
    picture: Picture | np.ndarray, labels: np.ndarray, info: ClassifierInfo
) -> Crops:
    """Cut a square around each object, as large as the classifier is used to.

    The side is the diameter of a circle of the object's area, divided by
    `ClassifierInfo.cell_share`; the centre is the centroid. Beyond its borders the
    picture is mirrored.

    Parameters
    ----------
    picture
        One plane, (y, x) or (y, x, c).
    labels
        Integer, shape (y, x); 0 is background.
    info
        The classifier that the crops are for.

    Raises
    ------
    CellsetsError
        If the picture is a stack, or the labels are not of its size.
    """
    pixels = picture.pixels if isinstance(picture, Picture) else picture
    stack = isinstance(picture, Picture) and "z" in picture.axes
    if stack or pixels.ndim not in (2, 3):
        raise CellsetsError(
            f"one plane was expected, found a stack of shape {pixels.shape}",
            advice="Classify one plane at a time.",
        )
    if labels.shape != pixels.shape[:2] or labels.dtype.kind not in "ui":
        raise CellsetsError(
            f"labels as large as the picture were expected, {pixels.shape[:2]},"
            f" found {labels.dtype} {labels.shape}",
            advice="Give the label image of this picture.",
        )
    numbers, stamps = stamps_of(labels)
    area = stamps[:, 0]
    centres = stamps[:, 1:] / area[:, np.newaxis]
    diameter = np.sqrt(4 * area / np.pi)
    sides = np.maximum(np.rint(diameter / info.cell_share), LEAST_SIDE).astype(np.intp)
    # A square of side s around c begins where its pixels' middle is nearest to c.
    tops, lefts = np.rint(centres - (sides[:, np.newaxis] - 1) / 2).astype(np.intp).T
    cuts = Cuts(pixels, tops, lefts, sides)
    return Crops(cuts, numbers, centres)


def stamps_of(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where objects are, and by what each is known to look as before.

    Parameters
    ----------
    labels
        Integer, shape (y, x); 0 is background.

    Returns
    -------
    numbers
        int64, shape (n,): the labels, ascending.
    stamps
        int64, shape (n, 3): number of pixels, sum of their rows, sum of their columns.
    """
    highest = int(labels.max(initial=0))
    if highest > _DENSE or labels.min(initial=0) < 0:
        numbers, place = np.unique(labels, return_inverse=True)
        sums = _sums(place.reshape(labels.shape) + 1, numbers.size + 1)[1:]
        kept = numbers != 0
        return numbers[kept].astype(np.int64), sums[kept]
    sums = _sums(labels, highest + 1)
    found = np.flatnonzero(sums[:, 0])
    found = found[found > 0]
    return found.astype(np.int64), sums[found]


def _sums(labels: np.ndarray, many: int) -> np.ndarray:
    """Return number of pixels, sum of rows and of columns of 0 .. many - 1."""
    sums = np.zeros((many, 3), np.int64)
    for top in range(0, len(labels), _ROWS):
        part = labels[top : top + _ROWS]
        rows, columns = np.nonzero(part)
        inside = part[rows, columns]
        sums[:, 0] += np.bincount(inside, minlength=many)
        # floats hold these sums exactly
        sums[:, 1] += np.bincount(inside, rows + top, many).astype(np.int64)
        sums[:, 2] += np.bincount(inside, columns, many).astype(np.int64)
    return sums
