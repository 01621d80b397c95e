"""Keys of the player; only such as no layer of napari uses itself."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback_transport import act

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    Act = Callable[[Any], None]

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
    """The keys of a viewer while a recording is on screen.

    What they did before they do again afterwards.

    Parameters
    ----------
    viewer
        Held weakly.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._held: dict[str, tuple[Act, Act | None]] = {}

    def follow(self, recording: object) -> None:
        """Take the keys for a recording, let them go with it."""
        if recording is None:
            self.release()
        elif not self._held:
            self._hold()

    def release(self) -> None:
        """Give the keys back, but for those that somebody else took meanwhile."""
        viewer = self._viewer()
        held, self._held = self._held, {}
        if viewer is None:
            return
        for key, (ours, before) in held.items():
            now = viewer.bind_key(key, None)
            back = before if now is ours else now
            if back is not None:
                viewer.bind_key(key, back)

    def _hold(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        for key, (name, about) in KEYS.items():
            ours = _handler(name, about)
            self._held[key] = ours, viewer.bind_key(key, ours, overwrite=True)


def _handler(name: str, about: str) -> Act:
    def handle(viewer: ViewerModel) -> None:
        film = get_session(viewer).film
        if film.recording is not None:
            act(film.playback, name)

    # napari's list of shortcuts shows it
    handle.__doc__ = about
    return handle
