"""A decoded picture with the meaning of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

KNOWN_AXES = ("yx", "yxc", "zyx", "zyxc")


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels in true colour and bit depth.

    Parameters
    ----------
    pixels
        Array in the order of `axes`: uint8, uint16 or float32.
    axes
        One of ``yx``, ``yxc``, ``zyx``, ``zyxc``. The channel axis is last.
    channel_names
        One name a channel; empty where the file names none.
    pixel_size_um
        Edge of a pixel in micrometres, or None where nobody knows.
    """

    pixels: np.ndarray
    axes: str
    channel_names: tuple[str, ...] = ()
    pixel_size_um: float | None = None

    @property
    def rgb(self) -> bool:
        """Whether the channels are red, green and blue, to be shown as colour."""
        return self.axes.endswith("c") and self.pixels.shape[-1] == 3

    @property
    def channel_count(self) -> int:
        """Number of channels; 1 for a picture without channel axis."""
        return int(self.pixels.shape[-1]) if self.axes.endswith("c") else 1

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        start = self.axes.index("y")
        return (int(self.pixels.shape[start]), int(self.pixels.shape[start + 1]))
