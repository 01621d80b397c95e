"""One edit of a label image: the pixels that changed, before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.pixels import as_int32, decode_labels, encode_labels


@dataclass(frozen=True, slots=True)
class LabelDelta:
    """The changed pixels of one edit inside their bounding box.

    Pixels of the box that did not change are stored as 0 before and after: a
    pixel has changed exactly where the two differ.

    Parameters
    ----------
    origin
        First corner of the bounding box in whole-image pixels, (y, x) or
        (z, y, x).
    shape
        Size of the box in pixels, same order.
    before, after
        The box as `encode_labels` packs it.
    """

    origin: tuple[int, ...]
    shape: tuple[int, ...]
    before: bytes
    after: bytes

    @classmethod
    def between(
        cls,
        before: np.ndarray,
        after: np.ndarray,
        *,
        origin: tuple[int, ...] | None = None,
    ) -> LabelDelta | None:
        """Return what changed from one image to another, None where nothing did.

        Parameters
        ----------
        before, after
            Integers, same shape: whole label images or the same crop of them.
        origin
            Where the crop lies in the whole image; zeros by default.

        Raises
        ------
        StoreError
            If the shapes differ or the pixels are no integers of 32 bits.
        """
        if before.shape != after.shape:
            raise StoreError(
                "An edit keeps the size of the image, found "
                f"{before.shape} before and {after.shape} after"
            )
        changed = before != after
        box = _bounding_box(changed)
        if box is None:
            return None
        inside = changed[box]
        shift = origin if origin is not None else (0,) * before.ndim
        return cls(
            origin=tuple(s.start + int(o) for s, o in zip(box, shift, strict=True)),
            shape=inside.shape,
            before=encode_labels(np.where(inside, as_int32(before[box]), 0)),
            after=encode_labels(np.where(inside, as_int32(after[box]), 0)),
        )

    @property
    def box(self) -> tuple[slice, ...]:
        """Index of the bounding box in the whole image."""
        return tuple(
            slice(o, o + n) for o, n in zip(self.origin, self.shape, strict=True)
        )

    @property
    def size(self) -> int:
        """Bytes that the pixels take in the store."""
        return len(self.before) + len(self.after)

    def apply(self, labels: np.ndarray) -> np.ndarray:
        """Return a copy of the image with this edit made; see `apply_in_place`."""
        edited = labels.copy()
        self.apply_in_place(edited)
        return edited

    def apply_in_place(self, labels: np.ndarray) -> None:
        """Give the changed pixels their new values.

        Parameters
        ----------
        labels
            Integers; the box must lie inside. Only changed pixels are written.

        Raises
        ------
        StoreError
            If the box does not lie inside the image.
        """
        if not self.fits(labels.shape):
            raise StoreError(
                f"An edit at {self.origin} of size {self.shape} does not fit an "
                f"image of size {labels.shape}"
            )
        after = decode_labels(self.after)
        changed = decode_labels(self.before) != after
        np.copyto(labels[self.box], after, where=changed, casting="unsafe")

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether the box lies inside an image of this shape."""
        return len(shape) == len(self.shape) and all(
            o >= 0 and o + n <= whole
            for o, n, whole in zip(self.origin, self.shape, shape, strict=True)
        )

    def inverse(self) -> LabelDelta:
        """Return the edit that takes this one back."""
        return LabelDelta(self.origin, self.shape, self.after, self.before)


def _bounding_box(changed: np.ndarray) -> tuple[slice, ...] | None:
    """Smallest box around the true pixels; looks inside the rows found only."""
    box: list[slice] = []
    part = changed
    for axis in range(changed.ndim):
        others = tuple(a for a in range(part.ndim) if a != axis)
        hits = np.flatnonzero(part.any(axis=others))
        if not len(hits):
            return None
        span = slice(int(hits[0]), int(hits[-1]) + 1)
        box.append(span)
        part = part[(slice(None),) * axis + (span,)]
    return tuple(box)
