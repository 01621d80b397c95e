"""Keys of the gallery: verdicts, and a class of the picture each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_cellsets._napari.key_map import KeyCommand, KeyMap
from napari_cellsets._napari.remembered import remembered
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KEPT = "gallery_keys"
#: In names of napari's actions that hear nothing while a dock has the focus.
NOT_IN_DOCKS: Final = (
    *("mode", "label", "points", "shape", "polygon", "slice", "plane", "brush"),
    *("contrast", "all_data"),
)
_FIRST: Final = "1234567890"
_OF_CLASS: Final = "class: "


#: Name -> what it does; classes of the set follow.
REVIEW: Final = {
    "accept": KeyCommand("accept", "Accept what is selected", "A"),
    "flag": KeyCommand("flag", "Flag it for another look, with a reason", "F"),
    "reject": KeyCommand("reject", "Reject it", "R"),
    "comment": KeyCommand("comment", "Write a comment", "C"),
    "clear": KeyCommand("clear", "Make it unreviewed again, its class as before", "X"),
    "undo": KeyCommand("undo", "Take the last act back; Ctrl+Z too", "U"),
    "next": KeyCommand("next", "Go to the next one without verdict", "N"),
    "keys": KeyCommand("keys", "Show these keys", "H"),
}
_RELABEL: Final = {
    "class": KeyCommand("class…", "Type the class of what is selected", "K")
}
_ADD: Final = {
    "add": KeyCommand("new class…", "Add a class that pictures can be given", "J")
}


class GalleryKeys(KeyMap):
    """Keys by command while the pictures have the focus: letters and digits.

    Parameters
    ----------
    classes
        That pictures can be given; the first ones have digits. None for objects.
    """

    def __init__(self, classes: Sequence[str] | None = None) -> None:
        commands = {**REVIEW, **(_RELABEL if classes else {})}
        if classes is not None:
            commands |= _ADD
        own = remembered(_KEPT)
        taken = set(own.values()) if isinstance(own, dict) else set()
        free = iter([key for key in _FIRST if key not in taken])
        for name in classes or ():
            told = f"Say that the picture is of class {name}"
            commands[_OF_CLASS + name] = KeyCommand(name, told, next(free, ""))
        super().__init__(_KEPT, commands, NOT_IN_DOCKS)

    def command(self, key: str) -> str | None:
        """Return the name of the command of a key, None for no command."""
        return next((name for name, one in self.keys.items() if one == key), None)

    def class_of(self, command: str) -> str | None:
        """Return the class that a command gives, None for other commands."""
        return command.removeprefix(_OF_CLASS) if self.is_class(command) else None

    def key_of(self, name: str) -> str:
        """Return the key that gives a class, empty for none."""
        return self.keys.get(_OF_CLASS + name, "")

    def is_class(self, command: str) -> bool:
        """Whether a command gives a class."""
        return command.startswith(_OF_CLASS)

    def may_give(self, key: str) -> bool:
        """Whether a key gives a class as soon as there are any."""
        return key in _FIRST or key == _RELABEL["class"].key

    def words(self) -> str:
        """Return what the keys for a verdict do, on one line."""
        named = self._named(name for name in self.commands if not self.is_class(name))
        return " ".join(f"{key} {word}" for key, word in named)

    def lines(self) -> list[tuple[str, str]]:
        """Return key and meaning of all keys there are."""
        return list(self._named(self.commands))

    def choose(self, name: str, key: str) -> None:
        """Give a command another key, see `KeyMap.choose`; capitals do not matter.

        Raises
        ------
        EditError
            Also if it is no letter and no digit.
        """
        key = key.strip().upper()
        if key and not (len(key) == 1 and key.isalnum()):
            raise EditError(
                f"a key of the gallery is one letter or digit, found {key!r}",
                advice="Write K or 3.",
            )
        super().choose(name, key)

    def _named(self, names: Iterable[str]) -> list[tuple[str, str]]:
        return [
            (self.keys[name], self.commands[name].word)
            for name in names
            if self.keys[name]
        ]
