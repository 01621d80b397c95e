"""Keys of a dock: which they are, how they are changed, kept for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from napari.settings import get_settings
from napari.utils.key_bindings import coerce_keybinding
from psygnal import Signal

from napari_cellsets._napari.remembered import remember, remembered
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Keyed(Protocol):
    """Something that a key does."""

    @property
    def word(self) -> str:
        """Its name for people."""

    @property
    def key(self) -> str:
        """Its key in the beginning, empty for none."""

    @property
    def help(self) -> str:
        """What it does, in a sentence."""


class KeyCommand(NamedTuple):
    """What a key does, in a word and a sentence, and its key in the beginning."""

    word: str
    help: str
    key: str


WALKING: Final = "walk_keys"
#: From sample to sample: heard everywhere, so no other map may take their keys.
WALK: Final = {
    "on": KeyCommand("next sample", "Next sample of the set", "PageDown"),
    "back": KeyCommand("previous sample", "Previous sample of the set", "PageUp"),
}


def present_keys(kept: str, commands: Mapping[str, Keyed]) -> dict[str, str]:
    """Return the key of each command: the person's own, else the first one.

    Parameters
    ----------
    kept, commands
        As for `KeyMap`.
    """
    keys = {name: command.key for name, command in commands.items()}
    own = remembered(kept)
    for name, key in (own if isinstance(own, dict) else {}).items():
        if name in keys and isinstance(key, str):
            keys[name] = key
    return keys


class KeyMap:
    """Keys by command; the person's own are kept for the next time.

    Parameters
    ----------
    kept
        Name under which they are kept.
    commands
        What the keys do, by name.
    elsewhere
        In names of napari's actions that have no say where these keys work.

    Attributes
    ----------
    keys
        Key of each command, empty for none.
    """

    changed = Signal()

    def __init__(
        self, kept: str, commands: Mapping[str, Keyed], elsewhere: Collection[str]
    ) -> None:
        self._kept, self.commands, self._elsewhere = kept, commands, elsewhere
        self.keys = present_keys(kept, commands)

    def choose(self, name: str, key: str) -> None:
        """Give a command another key; an empty one takes it away.

        Raises
        ------
        EditError
            If there is no such key, or it does something else already.
        """
        key = key.strip()
        if key:
            self._check(name, key)
        self.keys[name] = key
        self._keep()

    def tip(self, name: str, words: str = "") -> str:
        """Return what a command does, or other words, with its present key."""
        words, key = words or self.commands[name].help, self.keys[name]
        return f"{words} ({key})" if key else words

    def reset(self) -> None:
        """Go back to the keys of the beginning."""
        self.keys = {name: command.key for name, command in self.commands.items()}
        self._keep()

    def _check(self, name: str, key: str) -> None:
        wanted = coerce_keybinding(key)
        if not str(wanted):
            raise EditError(
                f"there is no key {key!r}", advice="Write K, Shift+K or Delete."
            )
        others = [
            (self.commands[other].word, taken)
            for other, taken in self.keys.items()
            if other != name
        ]
        for word, taken in (*others, *self._taken_elsewhere(name)):
            if taken and coerce_keybinding(taken) == wanted:
                raise EditError(f"{key} is the key of “{word}” already")
        if str(wanted) in self._of_napari():
            raise EditError(f"napari uses {key} itself", advice="Choose another.")

    def _taken_elsewhere(self, _name: str) -> list[tuple[str, str]]:
        """Return word and key of what other maps do where a command is heard."""
        keys = present_keys(WALKING, WALK)
        return [(WALK[name].word, key) for name, key in keys.items()]

    def _of_napari(self) -> set[str]:
        """Return the keys that napari uses where these work too."""
        return {
            str(key)
            for action, keys in get_settings().shortcuts.shortcuts.items()
            for key in keys
            if not any(kind in action for kind in self._elsewhere)
        }

    def _keep(self) -> None:
        own = {
            name: key
            for name, key in self.keys.items()
            if key != self.commands[name].key
        }
        before = remembered(self._kept)
        for name, key in (before if isinstance(before, dict) else {}).items():
            if name not in self.commands:
                own[name] = key  # of another set
        remember(self._kept, own)
        self.changed.emit()
