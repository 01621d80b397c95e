"""One edit of a label image: which pixels change, what they were, what they become."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Box = tuple[slice, ...]
    Writes = tuple[NDArray[np.intp], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Edit:
    """Changed pixels of a label image.

    Parameters
    ----------
    title
        What was done, for the history: ``merge 3 objects``.
    shape
        Of the label image, (y, x) or (z, y, x).
    places
        intp, (n,): numbers of the changed pixels in C order, each once.
    before, after
        int64, (n,): labels; they differ everywhere.
    """

    title: str
    shape: tuple[int, ...]
    places: NDArray[np.intp]
    before: NDArray[np.int64]
    after: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(
        cls, title: str, labels: NDArray[np.integer], writes: Iterable[Writes]
    ) -> Edit:
        """Return an edit of what several parts want to write.

        Parameters
        ----------
        title
            For the history.
        labels
            The image as it is.
        writes
            Pixels and what they become; the first to want a pixel gets it.

        Raises
        ------
        EditError
            If nothing would change.
        """
        parts = [part for part in writes if len(part[0])]
        if parts:
            places = np.concatenate([part for part, _ in parts])
            values = np.concatenate([value for _, value in parts])
            if len(parts) > 1:
                places, first = np.unique(places, return_index=True)
                values = values[first]
            before = at(labels, places)
            changed = before != values
            if changed.any():
                return cls(
                    title,
                    labels.shape,
                    places[changed],
                    before[changed],
                    values[changed],
                )
        raise EditError(f"{title}: nothing would change")

    @cached_property
    def coordinates(self) -> tuple[NDArray[np.intp], ...]:
        """Where the pixels lie, an array an axis, as numpy indexes."""
        return np.unravel_index(self.places, self.shape)

    @cached_property
    def box(self) -> Box:
        """The smallest box around them."""
        return tuple(
            slice(int(axis.min()), int(axis.max()) + 1) for axis in self.coordinates
        )

    def lifted(self, plane: tuple[int, ...], shape: tuple[int, ...]) -> Edit:
        """Return this edit of a plane as one of the stack that the plane is in.

        Parameters
        ----------
        plane
            Which plane: an index for every axis before (y, x).
        shape
            Of the stack.
        """
        before = int(np.ravel_multi_index(plane, shape[:-2])) if plane else 0
        places = self.places + before * int(np.prod(self.shape))
        return Edit(self.title, shape, places, self.before, self.after)

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        return Edit(
            f"undo {self.title}", self.shape, self.places, self.after, self.before
        )

    def apply(self, labels: NDArray[np.integer]) -> None:
        """Write into a label image.

        Raises
        ------
        EditError
            If the image has another shape.
        """
        if labels.shape != self.shape:
            raise EditError(
                f"an edit of an image of size {self.shape} does not fit one of size"
                f" {labels.shape}"
            )
        labels[self.coordinates] = self.after


def at(labels: NDArray[np.integer], places: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the labels of pixels given by their numbers in C order."""
    found = labels[np.unravel_index(places, labels.shape)]
    return np.asarray(found, np.int64)


def writes(
    shape: tuple[int, ...], box: Box, mask: NDArray[np.bool_], value: int
) -> Writes:
    """Return the pixels of a mask inside a box, all to become one label."""
    inside = np.nonzero(mask)
    whole = tuple(axis + part.start for axis, part in zip(inside, box, strict=True))
    places = np.ravel_multi_index(whole, shape)
    return np.asarray(places, np.intp), np.full(len(places), value, np.int64)
