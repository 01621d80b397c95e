"""Keys of the Edit dock, bound to the layer that is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.edit_acts import COMMANDS
from napari_cellsets._napari.key_map import KeyMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

#: Under this name they are kept.
EDITING: Final = "edit_keys"
#: In names of napari's actions that work on other layers only.
_ELSEWHERE: Final = ("points", "shape")


class EditKeys(KeyMap):
    """Keys by command of the Edit dock.

    They are bound to the layer that is edited, not to the window: the keys of
    other docks work as soon as another layer is active.
    """

    def __init__(self) -> None:
        super().__init__(EDITING, COMMANDS, _ELSEWHERE)
        self._bound: tuple[Labels, tuple[str, ...]] | None = None
        self._act: Callable[[str], None] | None = None

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

    def _keep(self) -> None:
        super()._keep()
        bound, act = self._bound, self._act
        if bound is not None and act is not None:
            self.release()
            self.bind(bound[0], act)


def _handler(name: str, act: Callable[[str], None]) -> Callable[[Any], None]:
    def handle(_layer: Labels) -> None:
        act(name)

    # napari's list of shortcuts shows it
    handle.__doc__ = COMMANDS[name].help
    return handle
