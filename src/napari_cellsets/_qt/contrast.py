"""Colours that can be told from what lies behind them, in any theme.

Contrast is that of the Web Content Accessibility Guidelines 2.2, 1.4.3 and 1.4.11:
1 for two equal colours, 21 for black and white.
"""

from __future__ import annotations

from typing import Final

from qtpy.QtGui import QColor

TEXT: Final = 4.5
"""Least contrast of text."""
MARK: Final = 3.0
"""Least contrast of lines, dots and bars."""
_STEPS = 50


def contrast(one: QColor, other: QColor) -> float:
    """Return how well two colours can be told apart, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def seen_on(colour: QColor | str, ground: QColor, least: float = MARK) -> QColor:
    """Return a colour, or the nearest shade of it that is seen on a ground.

    Parameters
    ----------
    colour
        What is wanted.
    ground
        What lies behind it.
    least
        Contrast that is needed.
    """
    wanted = QColor(colour)
    end = readable_on(ground)
    for step in range(_STEPS):
        shade = _mixed(wanted, end, step / _STEPS)
        if contrast(shade, ground) >= least:
            return shade
    return end


def readable_on(ground: QColor) -> QColor:
    """Return black or white, whichever is read better on a ground."""
    return max(QColor("black"), QColor("white"), key=lambda one: contrast(one, ground))


def laid_over(colour: QColor, ground: QColor) -> QColor:
    """Return what is seen of a colour that lets the ground through."""
    return _mixed(ground, QColor(colour.rgb()), colour.alphaF())


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def _luminance(colour: QColor) -> float:
    red, green, blue = (_linear(part / 255) for part in colour.getRgb()[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
