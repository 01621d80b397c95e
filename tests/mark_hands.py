"""What a person's hand does in a layer of marks: clicks, drags, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_double_click_callbacks,
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass
class MouseEvent:
    """As napari's callbacks want it."""

    type: str
    is_dragging: bool
    modifiers: list[str]
    position: tuple[float, ...]
    pos: np.ndarray
    dims_displayed: tuple[int, ...] = (0, 1)
    view_direction: None = None
    up_direction: None = None
    handled: bool = False


def event(kind: str, at: Sequence[float], *modifiers: str) -> Any:
    found = MouseEvent(
        type=kind,
        is_dragging=kind == "mouse_move",
        modifiers=list(modifiers),
        position=tuple(at),
        pos=np.array(at, float),
    )
    # later events take the place of the first one inside
    return ReadOnlyWrapper(found, exceptions=("handled",))


def drag(layer: Any, *path: Sequence[float], modifiers: Iterable[str] = ()) -> None:
    """Press at the first place, go through all, let go at the last."""
    # the mouse is over the place before it is pressed
    mouse_move_callbacks(layer, event("mouse_move", path[0]))
    layer._value = layer.get_value(tuple(path[0]), world=True)
    mouse_press_callbacks(layer, event("mouse_press", path[0], *modifiers))
    for place in path[1:]:
        mouse_move_callbacks(layer, event("mouse_move", place, *modifiers))
    mouse_release_callbacks(layer, event("mouse_release", path[-1], *modifiers))


def click(layer: Any, place: Sequence[float]) -> None:
    drag(layer, place)


def double_click(layer: Any, place: Sequence[float]) -> None:
    mouse_double_click_callbacks(layer, event("mouse_press", place))


def press(layer: Any, key: str) -> None:
    """Press a key that is bound to the layer itself."""
    from napari.utils.key_bindings import coerce_keybinding

    layer.keymap[coerce_keybinding(key)](layer)
