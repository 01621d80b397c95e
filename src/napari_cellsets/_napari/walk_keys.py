"""The keys that walk from sample to sample, on the canvas and in the Samples dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.key_map import (
    WALK,
    WALKING,
    KeyCommand,
    present_keys,
)
from napari_cellsets._napari.remembered import remembered
from napari_cellsets._napari.viewer_keys import ViewerKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel

    from napari_cellsets._napari.key_map import Keyed

_STEPS: Final = {"on": 1, "back": -1}
COMMANDS: Final = {**WALK, "keys": KeyCommand("keys", "Show these keys", "H")}


class WalkKeys(ViewerKeys):
    """Keys for the next and the previous sample; the viewer hears them from now on.

    Parameters
    ----------
    viewer
        Held weakly.
    walk
        Called with the viewer and 1 or -1.
    """

    def __init__(
        self, viewer: ViewerModel, walk: Callable[[ViewerModel, int], None]
    ) -> None:
        super().__init__(viewer, WALKING, COMMANDS, WALK)
        self._walk = walk
        self.hold()

    def _act(self, viewer: Any, name: str) -> None:
        self._walk(viewer, _STEPS[name])

    def _taken_elsewhere(self, name: str) -> list[tuple[str, str]]:
        """Return the keys of docks on layers and recordings, which hear them first."""
        if name not in WALK:
            return []
        # they ask for the session, which asks for this
        from napari_cellsets._napari.edit_acts import COMMANDS as EDIT
        from napari_cellsets._napari.edit_keys import EDITING
        from napari_cellsets._napari.marks_keys import KEYS, MARKS
        from napari_cellsets._napari.playback_keys import COMMANDS as PLAY
        from napari_cellsets._napari.playback_keys import PLAYING

        own = remembered(MARKS)
        chosen = own.values() if isinstance(own, dict) else ()
        return [
            *(("class of marks", str(key)) for key in (*KEYS, *chosen)),
            *_words_and_keys(EDITING, EDIT),
            *_words_and_keys(PLAYING, PLAY),
        ]


def _words_and_keys(kept: str, commands: Mapping[str, Keyed]) -> list[tuple[str, str]]:
    keys = present_keys(kept, commands)
    return [(commands[name].word, key) for name, key in keys.items()]
