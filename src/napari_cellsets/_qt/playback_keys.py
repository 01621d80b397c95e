"""Keys of the player; only such as napari uses in no layer."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from psygnal import Signal

from napari_cellsets._napari.key_map import KeyMap
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback_transport import act

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    Act = Callable[[Any], None]


class PlaybackKey(NamedTuple):
    """What a key does, in a word and a sentence, and its key in the beginning."""

    word: str
    help: str
    key: str


#: Space is napari's own: held down, it moves the image.
COMMANDS: Final = {
    "play": PlaybackKey("play", "Play the recording, or pause", "K"),
    "backwards": PlaybackKey(
        "play backwards", "Play the recording backwards, or pause", "J"
    ),
    "on": PlaybackKey("frame on", "One frame on, over empty stretches", "W"),
    "back": PlaybackKey("frame back", "One frame back, over empty stretches", "Q"),
    "slower": PlaybackKey("slower", "Play at half the speed", "H"),
    "faster": PlaybackKey("faster", "Play at twice the speed", "U"),
    "a": PlaybackKey("start of range", "The range to play starts here", "8"),
    "b": PlaybackKey("end of range", "The range to play ends here", "9"),
    "loop": PlaybackKey("repeat", "Play again and again, or once", "0"),
    "start": PlaybackKey("to the start", "To the start of the recording", "Home"),
    "end": PlaybackKey("to the end", "To the end of the recording", "End"),
    "keys": PlaybackKey("keys", "Show these keys", "N"),
}


class PlaybackKeys(KeyMap):
    """The keys of a viewer while a recording is on screen.

    What they did before they do again afterwards.

    Parameters
    ----------
    viewer
        Held weakly.
    """

    wanted = Signal()
    """The keys are to be shown."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__("playback_keys", COMMANDS, ())
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
        for name, key in self.keys.items():
            if key:
                ours = self._handler(name)
                self._held[key] = ours, viewer.bind_key(key, ours, overwrite=True)

    def _keep(self) -> None:
        super()._keep()
        if self._held:
            self.release()
            self._hold()

    def _handler(self, name: str) -> Act:
        def handle(viewer: ViewerModel) -> None:
            film = get_session(viewer).film
            if name == "keys":
                self.wanted.emit()
            elif film.recording is not None:
                act(film.playback, name)

        # napari's list of shortcuts shows it
        handle.__doc__ = COMMANDS[name].help
        return handle
