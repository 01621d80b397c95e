"""Clicks told from drags, for those that hear the mouse on the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator

_CLICK_PX = 3
"""A press that moves less than this on the screen is a click."""


def clicked(event: Any) -> Generator[None, None, bool]:
    """Follow a press until the button is let go; return whether it was a click.

    Parameters
    ----------
    event
        Of napari, which changes it while the mouse moves.
    """
    start = np.asarray(event.pos)
    yield
    while event.type == "mouse_move":
        if np.abs(np.asarray(event.pos) - start).max() > _CLICK_PX:
            return False
        yield
    return True
