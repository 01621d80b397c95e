"""Keys of the Objects dock, heard while it has the keyboard."""

from __future__ import annotations

from typing import Final

from napari_cellsets._napari.gallery_keys import NOT_IN_DOCKS
from napari_cellsets._napari.key_map import KeyCommand, KeyMap

CLASSES: Final = 9
"""How many classes have a key in the beginning."""


COMMANDS: Final = {
    "show": KeyCommand("show", "Bring the selected object into view", "S"),
    "merge": KeyCommand("merge", "Make one object of the selected ones", "M"),
    "delete": KeyCommand(
        "delete", "Delete the selected objects; Ctrl+Z undoes it", "Delete"
    ),
    "after": KeyCommand("next problem", "Go to the next problem", "N"),
    "before": KeyCommand("previous problem", "Go to the previous problem", "P"),
    "class 0": KeyCommand(
        "no class", "Take their class from the selected objects", "0"
    ),
    **{
        f"class {n}": KeyCommand(
            f"class {n}", f"Give class {n} of the list to the selected objects", str(n)
        )
        for n in range(1, CLASSES + 1)
    },
    "keys": KeyCommand("keys", "Show these keys", "H"),
}


class ObjectKeys(KeyMap):
    """Keys by command of the Objects dock."""

    def __init__(self) -> None:
        super().__init__("object_keys", COMMANDS, NOT_IN_DOCKS)
