"""Pixels to the numbers a network was trained on, measured once a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.metadata import DivideBy, PercentileStretch

if TYPE_CHECKING:
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.inference.metadata import ModelInfo

BYTE_WHITE = 255.0
CAMERA_DEPTHS = (8, 10, 12, 14, 16)


def full_scale(pixels: np.ndarray) -> float:
    """Return the pixel value that stands for white.

    255 for 8-bit pictures. For 16-bit ones the least customary camera depth
    (8, 10, 12, 14, 16 bits) that holds the brightest pixel. For floating ones
    1 where nothing is brighter, else 255, else as for 16 bits.

    Parameters
    ----------
    pixels
        Any shape; a whole stack gives one value for all its planes.
    """
    if pixels.dtype in (np.uint8, np.bool_):
        return BYTE_WHITE if pixels.dtype == np.uint8 else 1.0
    brightest = float(np.nanmax(pixels, initial=0))
    if pixels.dtype.kind == "f" and brightest <= 1.0:
        return 1.0
    depths = (float(2**bits - 1) for bits in CAMERA_DEPTHS)
    return next((white for white in depths if brightest <= white), brightest)


class Scaling:
    """A factor and an offset a channel: ``pixel * gain + offset``.

    Parameters
    ----------
    gain, offset
        float32, shape (channels,), in the order of the picture's channels.
    """

    def __init__(self, gain: np.ndarray, offset: np.ndarray) -> None:
        self.gain = gain.astype(np.float32)
        self.offset = offset.astype(np.float32)

    @classmethod
    def measured(
        cls,
        pixels: np.ndarray,
        info: ModelInfo | ClassifierInfo,
        white: float | None = None,
    ) -> Scaling:
        """Measure a whole picture, so that its tiles cannot differ.

        Parameters
        ----------
        pixels
            Shape (y, x, c), 8-bit, 16-bit or float.
        info
            What the model wants.
        white
            Pixel value of white; measured on the picture by default.

        Raises
        ------
        ModelError
            If nobody has said how the model wants its pixels.
        """
        white = full_scale(pixels) if white is None else white
        channels = pixels.shape[-1]
        rule = info.normalisation
        if isinstance(rule, DivideBy):
            gain = np.full(channels, BYTE_WHITE / white / rule.value)
            return cls(gain, np.zeros(channels))
        if isinstance(rule, PercentileStretch):
            limits = [
                _percentiles(pixels[..., c], (rule.low, rule.high))
                for c in range(channels)
            ]
            low, high = np.array(limits)[:, 0], np.array(limits)[:, 1]
            least = max(rule.floor * white, float(np.finfo(np.float32).tiny))
            gain = 1.0 / np.maximum(high - low, least)
            return cls(gain, -low * gain)
        raise ModelError(
            "nobody has said how the model wants its pixels normalised",
            path=info.path,
            advice="Choose a normalisation for this model.",
        )

    def fill(self, blob: np.ndarray, tile: np.ndarray, order: list[int]) -> None:
        """Write a tile into the engine's input, scaled.

        Parameters
        ----------
        blob
            Floating, shape (channels, y, x), written in place.
        tile
            Shape (y, x, c) of the picture.
        order
            Which channel of the picture feeds each channel of the blob.
        """
        for k, c in enumerate(order):
            if k and order[k - 1] == c:
                blob[k] = blob[k - 1]
                continue
            np.multiply(tile[..., c], self.gain[c], out=blob[k], casting="unsafe")
            if self.offset[c] != 0:
                blob[k] += self.offset[c]
            if tile.dtype.kind == "f":
                np.nan_to_num(blob[k], copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _percentiles(channel: np.ndarray, marks: tuple[float, float]) -> np.ndarray:
    """Return percentiles as numpy does, from a histogram where pixels are integers."""
    if channel.dtype == np.uint8 or channel.dtype == np.uint16:
        return _histogram_percentiles(channel, marks)
    finite = channel[np.isfinite(channel)]
    return np.percentile(finite, marks) if finite.size else np.zeros(2)


def _histogram_percentiles(
    channel: np.ndarray, marks: tuple[float, float]
) -> np.ndarray:
    levels = np.iinfo(channel.dtype).max + 1
    counts = np.zeros(levels, np.int64)
    rows = max(1, 2**20 // max(1, channel.shape[1]))
    for top in range(0, channel.shape[0], rows):
        counts += np.bincount(channel[top : top + rows].ravel(), minlength=levels)
    reached = np.cumsum(counts)
    place = np.asarray(marks) / 100 * (reached[-1] - 1)
    below = np.searchsorted(reached, np.floor(place), side="right")
    above = np.searchsorted(reached, np.ceil(place), side="right")
    return np.asarray(below + (above - below) * (place - np.floor(place)))
