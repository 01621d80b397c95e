"""Keys of the player; only such as no layer of napari uses itself."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback_transport import act

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

#: Space is napari's own: held down, it moves the image.
KEYS: Final = {
    "K": ("play", "Play the recording, or pause"),
    "J": ("backwards", "Play the recording backwards, or pause"),
    "W": ("on", "One frame on, over empty stretches"),
    "Q": ("back", "One frame back, over empty stretches"),
    "H": ("slower", "Play at half the speed"),
    "U": ("faster", "Play at twice the speed"),
    "8": ("a", "The range to play starts here"),
    "9": ("b", "The range to play ends here"),
    "0": ("loop", "Play again and again, or once"),
    "Home": ("start", "To the start of the recording"),
    "End": ("end", "To the end of the recording"),
}


class PlaybackKeys:
    """The keys of a viewer, from now until `release`."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        for key, (name, about) in KEYS.items():
            viewer.bind_key(key, _handler(name, about), overwrite=True)

    def release(self) -> None:
        """Let the viewer's keys go."""
        viewer = self._viewer()
        if viewer is not None:
            for key in KEYS:
                viewer.bind_key(key, None)


def _handler(name: str, about: str) -> Callable[[Any], None]:
    def handle(viewer: ViewerModel) -> None:
        film = get_session(viewer).film
        if film.recording is not None:
            act(film.playback, name)

    # napari's list of shortcuts shows it
    handle.__doc__ = about
    return handle
