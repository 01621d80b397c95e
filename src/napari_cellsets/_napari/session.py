"""State of one viewer: its data set, the sample on screen, and what was corrected."""

from __future__ import annotations

import atexit
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_cellsets._napari.edits import Tracked
from napari_cellsets._napari.loading import (
    LoadedSample,
    label_shape,
    loader,
    owned_labels,
    refreshed,
)
from napari_cellsets._napari.overlay import Hooks
from napari_cellsets._napari.saving import SaveStatus
from napari_cellsets._napari.stage import Stage
from napari_cellsets._napari.stores import LazyProject
from napari_cellsets._napari.walk_keys import WalkKeys
from napari_cellsets._napari.walking import neighbour
from napari_cellsets.batch.drawn_on import drawn_on
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_cellsets._napari.annotation_layers import AnnotationLayers
    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.film import Film
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.image import Picture
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


class Session:
    """What the package knows about one viewer; get it with `get_session`.

    Attributes
    ----------
    dataset, index, sample, picture
        What is on screen; `picture` is None while the image cannot be read, and
        while a recording is shown: see `film`.
    image_layer, truth_layer, cells_layer
        Our layers in the viewer; None while there is none.
    problems
        What could not be read of the sample on screen.
    heading
        The sample asked for last; `index` follows once it is decoded.
    order
        Indices in the order in which `walk` goes; None for all.
    navigator
        Shows a sample beside the window; set by the Samples dock, so that keys
        decode in the background. None: at once.
    deferrer
        Calls a function within 0.2 s on the main thread; set by the docks. None:
        at once.
    walk_keys
        The keys for `walk`, which the person may choose.
    """

    dataset_changed = Signal(object)
    sample_changed = Signal(int)
    cells_changed = Signal()
    truth_changed = Signal()
    classes_changed = Signal()
    status_changed = Signal(str)
    leaving = Signal()
    """Something else is about to be shown."""

    def __init__(self, viewer: ViewerModel, *, store: str | None = None) -> None:
        self._store = LazyProject(store)
        self.dataset: Dataset | None = None
        self.index = self.heading = 0
        self.picture: Picture | None = None
        self.problems: tuple[CellsetsError, ...] = ()
        self.order: Sequence[int] | None = None
        self.navigator: Callable[[int], None] | None = None
        self.deferrer: Callable[[Callable[[], object]], None] | None = None
        self._original: LabelImage | None = None
        self._saving = SaveStatus(self.status_changed.emit)
        signals = self.truth_changed, self.cells_changed
        truth, cells = (self._hooks(signal.name, signal.emit) for signal in signals)
        self._stage = Stage(viewer, (truth, cells), self._hooks, self._take)
        self.walk_keys = WalkKeys(viewer, _walk)

    # What is on screen

    @property
    def sample(self) -> Sample | None:
        """The sample on screen, None before a data set is open."""
        return self.dataset.samples[self.index] if self.dataset is not None else None

    @property
    def truth(self) -> LabelImage | None:
        """Ground truth of the sample on screen, with the person's corrections."""
        tracked = self._stage.truth.tracked
        if tracked is None or self._stage.truth.layer is None:
            return None
        original = self._original or LabelImage(tracked.shadow)
        if tracked.lazy and self._stage.truth.locked:
            return original
        source = f"{original.source}, corrected" if original.source else "corrected"
        return LabelImage(
            self._stage.truth.layer.data,
            source,
            original.class_names,
            original.class_of,
        )

    @property
    def image_layer(self) -> Image | None:
        """Layer of the picture."""
        return self._stage.image

    @property
    def film(self) -> Film:
        """The recording on screen: its clock, how it is shown, its layer."""
        return self._stage.film

    @property
    def truth_layer(self) -> Labels | None:
        """Layer of the ground truth; hidden where the sample has none."""
        return self._stage.truth.layer

    @property
    def cells_layer(self) -> Labels | None:
        """Layer of predicted, drawn and corrected cells."""
        return self._stage.cells.layer

    @property
    def annotations(self) -> AnnotationLayers:
        """Layers and legend of all that is marked besides masks."""
        return self._stage.annotations

    @property
    def cells(self) -> NDArray[Any] | None:
        """Labels of the cells on screen; None before any were made."""
        tracked, layer = self._stage.cells.tracked, self._stage.cells.layer
        if tracked is None or layer is None or tracked.lazy:
            return None
        data: NDArray[Any] = layer.data
        return data

    @property
    def project(self) -> Project:
        """The store, opened at first use.

        Raises
        ------
        StoreError
            If it cannot be opened.
        """
        return self._store()

    @property
    def status(self) -> str:
        """Whether the corrections are on disk, for the person to read."""
        return self._saving.text

    @property
    def unsaved(self) -> bool:
        """Whether something waits for the store to work again; see `save`."""
        return self._saving.unsaved

    # Open, show, step

    def open(self, path: str | Path, row: str | None = None) -> Dataset:
        """Open a folder, archive or file and show the sample that it names.

        Parameters
        ----------
        path, row
            As for `open_dataset`.

        Raises
        ------
        CellsetsError
            If nothing there can be opened.
        """
        from napari_cellsets.catalogue import open_dataset

        dataset = open_dataset(path, row)
        self.display(self.loader(dataset.start, dataset)())
        return dataset

    def loader(
        self, index: int, dataset: Dataset | None = None
    ) -> Callable[[], LoadedSample]:
        """Return a function for any thread that decodes a sample for `display`.

        Parameters
        ----------
        index
            Which sample.
        dataset
            By default the open one.

        Raises
        ------
        CellsetsError
            If no data set is open, or it has no such sample.
        """
        return loader(dataset or self.dataset, index, self._store)

    def show(self, index: int) -> None:
        """Decode and show a sample at once; `loader` and `display` do it beside."""
        self.display(self.loader(index)())

    def reload(self) -> None:
        """Show the sample again, with what the store holds now."""
        if self.dataset is not None:
            self.show(self.index)

    def neighbour(self, by: int) -> int | None:
        """Return the index `by` steps on from `heading`; None beyond the ends."""
        if self.dataset is None:
            return None
        everything = range(len(self.dataset.samples))
        order = everything if self.order is None else self.order
        return neighbour(order, self.heading, by)

    def step(self, by: int) -> bool:
        """Show the next (1) or previous (-1) sample; return False at the end."""
        index = self.neighbour(by)
        if index is None:
            return False
        self.show(index)
        return True

    def walk(self, by: int) -> None:
        """Do what the keys and buttons do: step, decoding beside the window."""
        index = self.neighbour(by)
        if index is not None:
            self.go_to(index)

    def go_to(self, index: int) -> None:
        """Show a sample, decoding beside the window where a dock can do that."""
        self.heading = index
        (self.navigator or self.show)(index)

    def stay(self) -> None:
        """Forget where `go_to` was heading: it cannot be reached."""
        self.heading = self.index

    def display(self, loaded: LoadedSample) -> None:
        """Show a decoded sample in the layers that are there.

        Parameters
        ----------
        loaded
            From `loader` or `load_sample`; of another data set too.
        """
        self.leaving.emit()
        waited = self.unsaved
        self.save()
        if waited or loaded.shows_same_as(self.dataset, self.index):
            # it may have been painted on, or saved at last, since it was loaded
            loaded = refreshed(loaded, self._store)
        self._stage.show(loaded)
        self._take(loaded)

    # Cells, truth, saving

    def set_cells(
        self, labels: NDArray[Any], provenance: Mapping[str, Any] | None = None
    ) -> None:
        """Show labels as the cells of the sample on screen and keep them.

        Parameters
        ----------
        labels
            Integers of the image's size, (y, x) or (z, y, x). Copied.
        provenance
            How they were made: model, settings, ...; as JSON can say it.

        Raises
        ------
        CellsetsError
            If no readable image is on screen.
        """
        picture, sample = self.picture, self.sample
        if picture is None or sample is None or self.dataset is None:
            raise CellsetsError(
                "there is no image to put cells on", advice="Open a data set first."
            )
        before = self._stage.cells.tracked
        tracked = Tracked(
            self.dataset.identity,
            sample.name,
            "cells",
            owned_labels(labels),
            revision=(
                self._store.revision_of(self.dataset.identity, sample.name, "cells")
                if before is None
                else before.revision
            ),
            base=drawn_on(picture, provenance or {"source": "unknown"}),
        )
        self._stage.show_cells(tracked, picture.pixel_size_um)
        (self.deferrer or (lambda act: act()))(self.save)
        self.cells_changed.emit()

    def start_cells(self) -> None:
        """Add an empty cells layer to draw in, where there is none yet."""
        if self._stage.cells.layer is None and self.picture is not None:
            nothing = np.zeros(label_shape(self.picture), np.int32)
            self.set_cells(nothing, {"source": "drawn by hand"})

    @property
    def correcting_truth(self) -> bool:
        """Whether the ground truth may be painted; its file never changes."""
        return not self._stage.truth.locked

    @correcting_truth.setter
    def correcting_truth(self, allowed: bool) -> None:
        self._stage.truth.set_locked(not allowed)

    def place_of(self, layer: Labels, *, stored: bool = False) -> Place | None:
        """Return where our labels belong in the store; None for other layers.

        With `stored` they are put there, even where nothing was corrected yet.
        """
        return self._stage.place_of(layer, stored=stored)

    def tracked_of(self, layer: Labels) -> Tracked | None:
        """Return what the store has of labels on screen; None for others."""
        return self._stage.tracked_of(layer)

    def save(self) -> bool:
        """Put all corrections on disk; return whether everything is there.

        Called after every act and before anything else is shown. What fails is
        told through `status_changed`, kept, and tried again by the next call.
        """
        return self._stage.save()

    # Inside

    def _hooks(self, role: str, changed: Callable[[], None]) -> Hooks:
        from napari import __version__ as napari_version

        return Hooks(
            self._store,
            changed,
            partial(self._saving.hear, role),
            {"source": "corrected by hand", "tool": f"napari {napari_version}"},
        )

    def _take(self, loaded: LoadedSample) -> None:
        """Make `loaded` the present sample and tell everybody."""
        new_set = loaded.dataset is not self.dataset
        if new_set:
            self.order = None
        self.dataset = loaded.dataset
        self.index = self.heading = loaded.index
        self.picture = loaded.picture
        self.problems = loaded.problems
        self._original = loaded.truth
        if new_set:
            self.dataset_changed.emit(self.dataset)
        self.sample_changed.emit(self.index)


def _walk(viewer: ViewerModel, by: int) -> None:
    get_session(viewer).walk(by)


_SESSIONS: weakref.WeakKeyDictionary[ViewerModel, Session] = weakref.WeakKeyDictionary()


def get_session(viewer: ViewerModel) -> Session:
    """Return the one session of a viewer.

    Parameters
    ----------
    viewer
        A napari viewer, its model, or napari's proxy of it.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    session = _SESSIONS.get(viewer)
    if session is None:
        session = _SESSIONS[viewer] = Session(viewer)
    return session


@atexit.register
def _save_all() -> None:
    """Catch what was written into a layer behind everybody's back."""
    for session in tuple(_SESSIONS.values()):
        session.save()
