"""Keys of the classes of marks, bound to the layers that are corrected."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.key_map import KeyCommand, KeyMap
from napari_cellsets._napari.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer

#: Under this name they are kept.
MARKS: Final = "mark_keys"
#: In names of napari's actions that work in neither layers of points nor of shapes.
_ELSEWHERE: Final = (
    *("label", "brush", "image", "plane", "contrast"),
    *("vectors", "tracks", "surface"),
)

KEYS: Final = tuple("QWGHJKUNYOCM890")
"""Keys of the classes, in their order: those that napari leaves free in layers of
points and of shapes alike."""


class ClassKeys(KeyMap):
    """Key of each class; one that the person chose stays with the name of its class."""

    def __init__(self) -> None:
        self._bound: weakref.WeakKeyDictionary[
            Layer, tuple[tuple[str, ...], Callable[[str, Layer], None]]
        ] = weakref.WeakKeyDictionary()
        super().__init__(MARKS, {}, _ELSEWHERE)

    def take(self, classes: Sequence[str]) -> None:
        """Let these be the classes, in their order."""
        if tuple(classes) == tuple(self.commands):
            return
        kept = remembered(MARKS)
        own = kept if isinstance(kept, dict) else {}
        taken = {own[name] for name in classes if name in own}
        commands = {}
        first = dict(zip(classes, KEYS, strict=False))
        used = {*taken, *(key for name, key in first.items() if name not in own)}
        free = iter([key for key in KEYS if key not in used])
        for name in classes:
            key = first.get(name, "")
            if key in taken and own.get(name) != key and name not in own:
                key = next(free, "")  # somebody gave it to another class
            told = f"Take the class {name}; selected marks get it."
            commands[name] = KeyCommand(name, told, key)
        super().__init__(MARKS, commands, _ELSEWHERE)
        self._bind_again()

    def choose(self, name: str, key: str) -> None:
        """Give a class another key, see `KeyMap.choose`; capitals do not matter."""
        key = key.strip()
        super().choose(name, key.upper() if len(key) == 1 else key)

    def bind(self, layer: Layer, choose: Callable[[str, Layer], None]) -> None:
        """Let the keys work on a layer: `choose` is called with class and layer."""
        self.release(layer)
        named = {name: key for name, key in self.keys.items() if key}
        for name, key in named.items():
            layer.bind_key(key, _handler(self, name, choose), overwrite=True)
        self._bound[layer] = tuple(named.values()), choose

    def release(self, layer: Layer) -> None:
        """Let go of a layer's keys."""
        keys, _ = self._bound.pop(layer, ((), None))
        for key in keys:
            layer.bind_key(key, None)

    def _keep(self) -> None:
        self._bind_again()
        super()._keep()

    def _bind_again(self) -> None:
        for layer, (_, choose) in tuple(self._bound.items()):
            self.bind(layer, choose)


def _handler(keys: ClassKeys, name: str, choose: Callable[[str, Layer], None]) -> Any:
    def handle(layer: Layer) -> None:
        choose(name, layer)

    # napari's list of shortcuts shows it
    handle.__doc__ = keys.commands[name].help
    return handle
