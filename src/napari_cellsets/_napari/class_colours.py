"""One colour a class: in the image, in bars and in lists the same."""

from __future__ import annotations

import colorsys
from typing import Final

#: From the palettes of Okabe and Ito, and of Tol: told apart with any colour vision.
_FIRST: Final = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#882255",
)
#: The same on bright ground: dark enough to be seen, and of uneven lightness, as orange
#: and yellow of one lightness are one colour to who has no red cones.
_FIRST_ON_BRIGHT: Final = (
    "#6a4900",
    "#264f67",
    "#007857",
    "#6e691e",
    "#006dab",
    "#5e2900",
    "#8f5575",
    "#7d1f4e",
)
#: Of what the model does not know.
UNKNOWN_COLOUR: Final = "#9e9e9e"
#: Turn of the hue from one further class to the next: never soon the same again.
_TURN = 0.618034


def class_colours(count: int) -> list[str]:
    """Return colours for so many classes, as ``#rrggbb``.

    Parameters
    ----------
    count
        How many; the first eight are told apart with any colour vision.
    """
    further = [
        _hex(colorsys.hls_to_rgb((n * _TURN) % 1.0, (0.45, 0.7)[n % 2], 0.55))
        for n in range(count - len(_FIRST))
    ]
    return [*_FIRST[:count], *further]


def on_bright(colour: str) -> str:
    """Return how a colour of `class_colours` is drawn on bright ground.

    Parameters
    ----------
    colour
        As ``#rrggbb``; one that is not of the first eight comes back as it is.
    """
    return dict(zip(_FIRST, _FIRST_ON_BRIGHT, strict=True)).get(colour, colour)


def _hex(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
