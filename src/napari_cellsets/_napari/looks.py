"""How pictures and labels look as layers: scale, units, axes, contrast, colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.image import Picture

#: About this many pixels are looked at to choose a contrast.
_CONTRAST_SAMPLE = 200_000
#: Per cent of the pixels that may be as dark as black, as bright as white.
_CONTRAST_PERCENT = (0.5, 99.9)

TRUTH_NAME = "ground truth"
CELLS_NAME = "cells"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in the form that an Image layer takes.

    Parameters
    ----------
    data
        Colour (y, x, 3) uint8 or float, or grey with axes as in `axis_labels`.
    rgb
        Whether the last axis is colour.
    axis_labels
        One name an axis, without the colour axis: ``("c", "y", "x")``.
    scale, units
        One value an axis of `axis_labels`.
    contrast_limits
        Values shown as black and white; colour ignores them.
    """

    data: NDArray[Any]
    rgb: bool
    axis_labels: tuple[str, ...]
    scale: tuple[float, ...]
    units: tuple[str, ...]
    contrast_limits: tuple[float, float]

    @property
    def ndim(self) -> int:
        """Number of axes that the viewer sees."""
        return len(self.axis_labels)


def show_form(picture: Picture) -> Shown:
    """Return `picture` as an Image layer shows it.

    Three channels stay true colour; a colour file whose channels are equal is
    grey. Any other number of channels becomes a slider. Grey gets a contrast
    that shows dim cells.

    Parameters
    ----------
    picture
        Any of the axes orders of `Picture`.

    Returns
    -------
    Shown
        Shares memory with `picture` where no pixel had to change.
    """
    pixels, axes = picture.pixels, picture.axes
    rgb = picture.rgb and not _is_grey(pixels)
    if rgb:
        pixels = _displayable_colour(pixels)
        axes = axes[:-1]
    elif picture.rgb or (axes.endswith("c") and picture.channel_count == 1):
        pixels, axes = np.ascontiguousarray(pixels[..., 0]), axes[:-1]
    elif axes.endswith("c"):
        pixels, axes = np.moveaxis(pixels, -1, 0), "c" + axes[:-1]
    limits = (0.0, 255.0) if rgb else contrast_limits(pixels)
    scale, units = scale_and_units(axes, picture.pixel_size_um)
    return Shown(pixels, rgb, tuple(axes), scale, units, limits)


def scale_and_units(
    axes: str, pixel_size_um: float | None
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return one scale and one unit an axis; y and x in micrometres where known."""
    if pixel_size_um is None:
        return (1.0,) * len(axes), ("pixel",) * len(axes)
    scale = tuple(pixel_size_um if axis in "yx" else 1.0 for axis in axes)
    units = tuple("um" if axis in "yx" else "pixel" for axis in axes)
    return scale, units


def contrast_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    """Return the values to show as black and white so that dim cells are seen.

    Parameters
    ----------
    pixels
        Grey values of any shape; not-a-number is ignored.

    Returns
    -------
    tuple of float
        Low and high, always low < high.
    """
    step = max(1, int((pixels.size / _CONTRAST_SAMPLE) ** 0.5))
    seen = pixels[..., ::step, ::step] if pixels.ndim > 1 else pixels
    finite = seen[np.isfinite(seen)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(finite, _CONTRAST_PERCENT))
    if high <= low:
        low, high = float(finite.min()), float(finite.max())
    if high <= low and high > 0:
        low = 0.0  # as bright as it is, such as the white that stands for no picture
    elif high <= low:
        high = max(low + 1.0, float(np.nextafter(low, np.inf)))
    return low, high


def image_options(shown: Shown, name: str) -> dict[str, Any]:
    """Return the keyword arguments of an Image layer for `shown`."""
    return {
        "name": name,
        "rgb": shown.rgb,
        "contrast_limits": shown.contrast_limits,
        "scale": shown.scale,
        "units": shown.units,
        "axis_labels": shown.axis_labels,
        "multiscale": False,
    }


def label_options(role: str, ndim: int, pixel_size_um: float | None) -> dict[str, Any]:
    """Return the keyword arguments of a Labels layer.

    Parameters
    ----------
    role
        ``truth`` (one colour; outlines are set on the layer) or ``cells``.
    ndim
        2 for (y, x), 3 for (z, y, x).
    pixel_size_um
        As in `Picture`.
    """
    axes = "zyx"[-ndim:]
    scale, units = scale_and_units(axes, pixel_size_um)
    options: dict[str, Any] = {
        "scale": scale,
        "units": units,
        "axis_labels": tuple(axes),
        "multiscale": False,
    }
    if role == "truth":
        return {**options, "name": TRUTH_NAME, "opacity": 1.0}
    return {**options, "name": CELLS_NAME, "opacity": 0.5}


def _is_grey(pixels: NDArray[Any]) -> bool:
    """Whether a three-channel picture holds the same values three times."""
    few = pixels[..., ::16, ::16, :]
    same = (few[..., :1] == few[..., 1:]).all()
    return bool(same) and bool((pixels[..., :1] == pixels[..., 1:]).all())


def _displayable_colour(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return colour as napari can show it: uint8, or float within 0..1."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = contrast_limits(np.moveaxis(pixels, -1, 0))
    if pixels.dtype.kind == "f" and low >= 0.0 and float(pixels.max()) <= 1.0:
        return pixels
    low = min(low, 0.0)
    stretched = (pixels.astype(np.float32) - low) * (255.0 / (high - low))
    colour: NDArray[np.uint8] = np.clip(stretched, 0, 255).astype(np.uint8)
    return colour
