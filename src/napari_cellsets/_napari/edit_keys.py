"""Keys of the Edit dock: which they are, where they work, how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari.settings import get_settings
from napari.utils.key_bindings import coerce_keybinding
from psygnal import Signal

from napari_cellsets._napari.edit_acts import COMMANDS
from napari_cellsets._napari.remembered import remember, remembered
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

_KEPT = "edit_keys"
#: What the session binds to the window.
_OURS: Final = ("PageUp", "PageDown")
#: In names of napari's actions that work on other layers only.
_ELSEWHERE: Final = ("points", "shape")


class EditKeys:
    """Keys by command; the person's own are kept for the next time.

    They are bound to the layer that is edited, not to the window: the keys of
    other docks work as soon as another layer is active.

    Attributes
    ----------
    keys
        Key of each command, empty for none.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.keys = {name: command.key for name, command in COMMANDS.items()}
        kept = remembered(_KEPT)
        for name, key in (kept if isinstance(kept, dict) else {}).items():
            if name in self.keys and isinstance(key, str):
                self.keys[name] = key
        self._bound: tuple[Labels, tuple[str, ...]] | None = None
        self._act: Callable[[str], None] | None = None

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

    def reset(self) -> None:
        """Go back to the keys of the beginning."""
        self.keys = {name: command.key for name, command in COMMANDS.items()}
        self._keep()

    def bind(self, layer: Labels | None, act: Callable[[str], None]) -> None:
        """Let the keys work on this layer from now on, and on no other.

        Parameters
        ----------
        layer
            None for nowhere.
        act
            Called with the name of the command.
        """
        if self._bound is not None and self._bound[0] is layer:
            return
        self.release()
        if layer is None:
            return
        self._act = act
        for name, key in self.keys.items():
            if key:
                layer.bind_key(key, _handler(name, act), overwrite=True)
        self._bound = layer, tuple(key for key in self.keys.values() if key)

    def release(self) -> None:
        """Let go of the layer's keys."""
        if self._bound is not None:
            layer, keys = self._bound
            for key in keys:
                layer.bind_key(key, None)
            self._bound = None

    def _check(self, name: str, key: str) -> None:
        wanted = coerce_keybinding(key)
        if not str(wanted):
            raise EditError(
                f"there is no key {key!r}", advice="Write K, Shift+K or Delete."
            )
        for other, taken in self.keys.items():
            if other != name and taken and coerce_keybinding(taken) == wanted:
                word = COMMANDS[other].word
                raise EditError(f"{key} is the key of “{word}” already")
        if str(wanted) in (*_OURS, *_of_napari()):
            raise EditError(f"napari uses {key} itself", advice="Choose another.")

    def _keep(self) -> None:
        own = {
            name: key for name, key in self.keys.items() if key != COMMANDS[name].key
        }
        remember(_KEPT, own)
        bound, act = self._bound, self._act
        if bound is not None and act is not None:
            self.release()
            self.bind(bound[0], act)
        self.changed.emit()


def _of_napari() -> set[str]:
    """Return the keys that napari uses on labels or in the window."""
    return {
        str(key)
        for action, keys in get_settings().shortcuts.shortcuts.items()
        for key in keys
        if not any(kind in action for kind in _ELSEWHERE)
    }


def _handler(name: str, act: Callable[[str], None]) -> Callable[[Any], None]:
    def handle(_layer: Labels) -> None:
        act(name)

    # napari's list of shortcuts shows it
    handle.__doc__ = COMMANDS[name].help
    return handle
