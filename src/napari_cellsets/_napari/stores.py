"""The project store of a session: opened at first need, from any thread."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from napari_cellsets._napari.preferences import preference

if TYPE_CHECKING:
    from napari_cellsets.store import Project


class LazyProject:
    """Opens the project store once, when somebody first asks for it.

    Parameters
    ----------
    place
        As for `Project.open`; by default what the preferences say.
    """

    def __init__(self, place: str | None = None) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._project: Project | None = None

    def __call__(self) -> Project:
        """Return the open store.

        Raises
        ------
        StoreError
            If it cannot be opened; the next call tries again.
        """
        with self._lock:
            if self._project is None:
                from napari_cellsets.store import Project

                place = self._place or preference("store.place", "") or None
                self._project = Project.open(place)
                weakref.finalize(self, self._project.close)
            return self._project
