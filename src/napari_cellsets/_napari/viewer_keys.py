"""Keys of a dock that work on the canvas, whatever layer is selected."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from napari_cellsets._napari.key_map import KeyMap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from napari.components import ViewerModel

    from napari_cellsets._napari.key_map import Keyed

    Act = Callable[[Any], None]


class ViewerKeys(KeyMap, ABC):
    """Keys by command that a viewer hears while they are held.

    What the keys did before they do again afterwards.

    Parameters
    ----------
    viewer
        Held weakly.
    kept, commands
        As for `KeyMap`; none of napari's keys may be taken.
    heard
        Names of the commands that the viewer hears, the others are their dock's;
        None for all.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        kept: str,
        commands: Mapping[str, Keyed],
        heard: Collection[str] | None = None,
    ) -> None:
        super().__init__(kept, commands, ())
        self._viewer = weakref.ref(viewer)
        self._heard = commands if heard is None else heard
        self._held: dict[str, tuple[Act, Act | None]] = {}

    def hold(self) -> None:
        """Let the viewer hear the keys from now on."""
        viewer = self._viewer()
        if viewer is None or self._held:
            return
        for name, key in self.keys.items():
            if key and name in self._heard:
                ours = self._handler(name)
                self._held[key] = ours, viewer.bind_key(key, ours, overwrite=True)

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

    @abstractmethod
    def _act(self, viewer: Any, name: str) -> None:
        """Do what a key asks for."""

    def _keep(self) -> None:
        super()._keep()
        if self._held:
            self.release()
            self.hold()

    def _handler(self, name: str) -> Act:
        act = self._act

        def handle(viewer: ViewerModel) -> None:
            act(viewer, name)

        # napari's list of shortcuts shows it
        handle.__doc__ = self.commands[name].help
        return handle
