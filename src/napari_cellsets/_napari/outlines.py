"""Labels whose outlines cost a tenth of napari's own.

napari finds outlines with general filters of any footprint: 50 ms for 3 px at
1600 x 1200, as much again as all the rest of a switch from image to image. Then it
looks up the colour of every pixel: 20 ms, though outlines have one colour. This
module alone overrides private methods of napari. Should they go or be called
otherwise, napari's own outlines come back: slower, and the same to the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = np.iinfo(np.uint16).max
#: Outlines of ground truth: one pixel for each so many of the image's longer side, so
#: that they are seen in large images and do not fill small objects.
_PX_PER_CONTOUR_PX = 500
_WIDEST_CONTOUR_PX = 3


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of labels that nobody may change, found before they are shown.

    Parameters
    ----------
    labels
        Of what, (y, x).
    thickness
        As of `outlines`.
    lines
        What `outlines` returned.
    """

    labels: NDArray[Any]
    thickness: int
    lines: NDArray[Any]

    def are_of(self, labels: NDArray[Any], thickness: int, background: int) -> bool:
        """Whether `labels` are those pixels in memory, to be outlined like this."""
        return (
            thickness == self.thickness
            and background == 0
            and not labels.flags.writeable
            and labels.__array_interface__ == self.labels.__array_interface__
        )


def find_outlines(labels: NDArray[Any]) -> Outlines | None:
    """Return the outlines that ground truth is shown by; safe in any thread.

    Parameters
    ----------
    labels
        int32, (y, x); None is returned of stacks, whose planes are outlined as they
        are shown.
    """
    thickness = contour_of(labels.shape)
    lines = outlines(labels, thickness) if labels.ndim == 2 else None
    return None if lines is None else Outlines(labels, thickness, lines)


def contour_of(shape: tuple[int, ...]) -> int:
    """Return how wide outlines of ground truth of this shape are, in pixels."""
    width = round(max(shape[-2:]) / _PX_PER_CONTOUR_PX)
    return min(max(width, 1), _WIDEST_CONTOUR_PX)


class OutlinedLabels(Labels):  # type: ignore[misc]
    """A Labels layer for `contour`; to napari and its writers it is Labels."""

    _type_string = "labels"
    _known: tuple[Any, Any, Any] = (None, None, None)
    found: Outlines | None = None
    """What need not be looked for where these labels are shown."""

    def _calculate_contour(
        self, labels: NDArray[Any], data_slice: tuple[slice, ...], *args: Any
    ) -> Any:
        lines = None if args else self._lines(labels, data_slice)
        if lines is None:
            return super()._calculate_contour(labels, data_slice, *args)
        return lines.astype(labels.dtype)

    def _raw_to_displayed(
        self, raw: NDArray[Any], data_slice: tuple[slice, ...] | None = None
    ) -> Any:
        lines = self._lines(raw, data_slice) if self._has_one_colour else None
        if lines is None:
            return super()._raw_to_displayed(raw, data_slice)
        background = self.colormap.background_value
        nothing, line = self._both_drawn_as(raw.dtype)
        # a tenth of what np.where takes; sums might run over
        shown = (lines != background).astype(nothing.dtype)
        shown *= nothing ^ line
        shown ^= nothing
        return shown

    def _both_drawn_as(self, kind: np.dtype[Any]) -> Any:
        """Return what background and any label become, while all look the same."""
        known_colours, known_kind, both = self._known
        if known_colours is not self.colormap or known_kind != kind:
            # even for two pixels napari starts threads
            background = self.colormap.background_value
            pixels = np.array([[background, background + 1]], kind)
            both = super()._raw_to_displayed(pixels)[0]
            self._known = (self.colormap, kind, both)
        return both

    @property
    def _has_one_colour(self) -> bool:
        """Whether all labels look the same."""
        colours = self.colormap
        told = set(getattr(colours, "color_dict", ("unknown",)))
        return told <= {None, colours.background_value} and not colours.use_selection

    def _lines(
        self, labels: NDArray[Any], data_slice: tuple[slice, ...] | None
    ) -> NDArray[Any] | None:
        """Return outlines in a part of the labels, by default all."""
        if self.contour < 1 or labels.ndim != 2:
            return None
        width = int(self.contour)
        background = self.colormap.background_value
        if not data_slice and self.found is not None:
            if self.found.are_of(labels, width, background):
                return self.found.lines
        whole = data_slice or tuple(slice(0, size) for size in labels.shape)
        around = tuple(
            slice(max(0, part.start - width), min(size, part.stop + width))
            for part, size in zip(whole, labels.shape, strict=True)
        )
        lines = outlines(labels[around], width, background)
        if lines is None:
            return None
        inside = tuple(
            slice(part.start - wide.start, part.stop - wide.start)
            for part, wide in zip(whole, around, strict=True)
        )
        return lines[inside]


def outlines(
    labels: NDArray[Any], thickness: int, background: int = 0
) -> NDArray[Any] | None:
    """Return labels within `thickness` px of another label or of background.

    Parameters
    ----------
    labels
        Integers, (y, x).
    thickness
        Width inside the objects, px (city-block); background beside an object
        is left alone.
    background
        Value of all other pixels.

    Returns
    -------
    numpy.ndarray or None
        Labels in 8 or 16 bits; None where they are too large for the fast way, or the
        background is not 0.
    """
    import cv2

    highest_label = int(labels.max(initial=0))
    fits = 0 < labels.size and highest_label <= _LARGEST and int(labels.min()) >= 0
    if not fits or background:
        return None
    kind = np.uint8 if highest_label < 256 else np.uint16
    small = np.ascontiguousarray(labels, dtype=kind)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    highest = cv2.dilate(small, cross)
    lowest = cv2.erode(small, cross, iterations=thickness)
    lines: NDArray[Any] = small * (highest != lowest)
    return lines
