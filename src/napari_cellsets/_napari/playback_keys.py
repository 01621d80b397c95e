"""Keys of the player; only such as napari uses in no layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psygnal import Signal

from napari_cellsets._napari.key_map import KeyCommand
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.viewer_keys import ViewerKeys
from napari_cellsets.playback.acts import act

if TYPE_CHECKING:
    from napari.components import ViewerModel

#: Under this name they are kept.
PLAYING: Final = "playback_keys"
#: Space is napari's own: held down, it moves the image.
COMMANDS: Final = {
    "play": KeyCommand("play", "Play the recording, or pause", "K"),
    "backwards": KeyCommand(
        "play backwards", "Play the recording backwards, or pause", "J"
    ),
    "on": KeyCommand("frame on", "One frame on, over empty stretches", "W"),
    "back": KeyCommand("frame back", "One frame back, over empty stretches", "Q"),
    "slower": KeyCommand("slower", "Play at half the speed", "H"),
    "faster": KeyCommand("faster", "Play at twice the speed", "U"),
    "a": KeyCommand("start of range", "The range to play starts here", "8"),
    "b": KeyCommand("end of range", "The range to play ends here", "9"),
    "loop": KeyCommand("repeat", "Play again and again, or once", "0"),
    "start": KeyCommand("to the start", "To the start of the recording", "Home"),
    "end": KeyCommand("to the end", "To the end of the recording", "End"),
    "keys": KeyCommand("keys", "Show these keys", "N"),
}


class PlaybackKeys(ViewerKeys):
    """The keys of a viewer while a recording is on screen.

    Parameters
    ----------
    viewer
        Held weakly.
    """

    wanted = Signal()
    """The keys are to be shown."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer, PLAYING, COMMANDS)

    def follow(self, recording: object) -> None:
        """Take the keys for a recording, let them go with it."""
        if recording is None:
            self.release()
        else:
            self.hold()

    def _act(self, viewer: Any, name: str) -> None:
        film = get_session(viewer).film
        if name == "keys":
            self.wanted.emit()
        elif film.recording is not None:
            act(film.playback, name)
