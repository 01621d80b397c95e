"""The project store of a session: opened at first need, from any thread."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from napari_cellsets._napari.preferences import preference
from napari_cellsets.core.errors import StoreError

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

    def revision_of(self, dataset_id: str, sample: str, layer: str) -> int:
        """Return the revision of labels as `Project.load_labels` would, 0 for none."""
        try:
            kept = self().load_labels(dataset_id, sample, layer)
        except StoreError:
            return 0  # saving will say what is wrong
        return kept.revision if kept is not None else 0
