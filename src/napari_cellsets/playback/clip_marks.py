"""Time stamp and scale bar, drawn into pictures of colour numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.uint8]
    Marks = NDArray[np.bool_]

_LEAST_LETTER = 11
_LETTERS_HIGH = 36
_WIDEST_BAR = 0.25


def stamp(time_us: float, step_us: float) -> str:
    """Return a moment in seconds, with as many digits as tell frames apart.

    Parameters
    ----------
    time_us
        The moment.
    step_us
        Time from frame to frame.
    """
    digits = min(max(math.ceil(6 - math.log10(max(step_us, 1.0))), 0), 6)
    return f"{time_us / 1e6:.{digits}f} s"


def bar_length(width: int, pixel_um: float | None) -> tuple[float, str]:
    """Return how long a scale bar is in pixels, and what it says.

    Parameters
    ----------
    width
        Of the picture, in pixels of the sensor.
    pixel_um
        Side of a pixel, micrometres; None where unknown: the bar counts pixels.

    Returns
    -------
    length, text
        1, 2 or 5 times a power of ten, at most a quarter of the width.
    """
    unit, side = ("px", 1.0) if pixel_um is None else ("um", pixel_um)
    widest = width * side * _WIDEST_BAR
    power = 10.0 ** math.floor(math.log10(widest))
    length = next(n * power for n in (5, 2, 1) if n * power <= widest * (1 + 1e-9))
    if unit == "um" and length >= 1000:
        return length / side, f"{length / 1000:g} mm"
    return length / side, f"{length:g} {unit}"


class Marker:
    """Draws on pictures of one size.

    Parameters
    ----------
    shape
        (height, width) of the pictures.
    ink, ground
        Numbers of the colours to write with, and to write on.
    bar
        Length in px and text of a scale bar; None for none.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        ink: int,
        ground: int,
        bar: tuple[float, str] | None = None,
    ) -> None:
        self._shape = shape
        self._ink, self._ground = ink, ground
        self._letter = max(_LEAST_LETTER, shape[0] // _LETTERS_HIGH)
        self._bar = None if bar is None else self._bar_marks(*bar)

    def draw(self, picture: Indices, text: str) -> None:
        """Draw the bar, and a text at the top left, into a picture."""
        if text:
            self._paint(picture, self._text_marks(text, self._letter, self._letter))
        if self._bar is not None:
            self._paint(picture, self._bar)

    def _paint(self, picture: Indices, marks: Marks) -> None:
        import cv2

        # a rim in the colour of the ground, so that cells do not hide the letters
        rim = cv2.dilate(marks.astype(np.uint8), np.ones((3, 3), np.uint8))
        picture[rim > 0] = self._ground
        picture[marks] = self._ink

    def _text_marks(self, text: str, left: float, top: float) -> Marks:
        from PIL import Image, ImageDraw, ImageFont

        canvas = Image.new("L", self._shape[::-1])
        draw = ImageDraw.Draw(canvas)
        draw.fontmode = "1"
        font = ImageFont.load_default(self._letter)
        draw.text((left, top), text, fill=255, font=font)
        return np.asarray(canvas) > 0

    def _bar_marks(self, length: float, text: str) -> Marks:
        from PIL import ImageFont

        height, width = self._shape
        margin, thick = self._letter, max(2, self._letter // 4)
        right, bottom = width - margin, height - margin
        left = right - max(1, round(length))
        box = ImageFont.load_default(self._letter).getbbox(text)
        middle = (left + right - (box[2] - box[0])) / 2
        middle = min(middle, width - box[2] - 2)
        marks = self._text_marks(text, middle, bottom - thick - box[3] - 3)
        marks[max(bottom - thick, 0) : bottom, max(left, 0) : right] = True
        return marks
