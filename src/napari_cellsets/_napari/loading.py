"""Decode a sample with everything that belongs on screen; safe in any thread."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.beside import Beside, load_beside, planes_beside
from napari_cellsets._napari.drawn import Drawn, drawn_of, laid_over
from napari_cellsets._napari.edits import Tracked
from napari_cellsets._napari.kept_annotations import (
    Kept,
    fitting,
    kept_annotations,
    other_picture,
)
from napari_cellsets._napari.looks import Shown, show_form
from napari_cellsets._napari.outlines import Outlines, find_outlines
from napari_cellsets._napari.recordings import open_sample_recording
from napari_cellsets.batch.drawn_on import drawn_on, on_another_picture
from napari_cellsets.batch.given_classes import learn_classes
from napari_cellsets.core.annotation import ImageClass
from napari_cellsets.core.errors import CellsetsError, StoreError
from napari_cellsets.core.image import Picture
from napari_cellsets.editing.marked import numbered_marks
from napari_cellsets.store.object_words import CLASSES, said_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import LabelImage
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.playback.recording import Recording
    from napari_cellsets.store import MarkKey, Project, StoredLabels, StoredMark


@dataclass(frozen=True, slots=True)
class LoadedSample:
    """All that `Session.display` needs, decoded.

    Parameters
    ----------
    dataset, index
        Which sample.
    picture, shown
        The pixels as decoded and as displayed; None when the file is unreadable.
    truth
        Ground truth as the data set has it; None where there is none.
    truth_edits, cells
        What the store holds for the two label layers; None for nothing.
    problems
        What a person should know: an unreadable mask, a store that is away.
    drawn
        All further annotations, ready for layers.
    whole
        Classes of the whole picture, in words.
    beside
        Further pictures: a focal stack, an extended depth of field.
    recording
        Events in place of a picture; what is small is indexed already.
    marks
        What the store holds of points, boxes and outlines; `drawn` has it.
    kept
        What the store holds of further labels, by name of the annotation; `drawn`
        has them as they were.
    outlines
        Of `truth`, as its layer shows it.
    """

    dataset: Dataset
    index: int
    picture: Picture | None
    shown: Shown | None
    truth: LabelImage | None
    truth_edits: StoredLabels | None
    cells: StoredLabels | None
    problems: tuple[CellsetsError, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    whole: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()
    recording: Recording | None = None
    marks: Mapping[MarkKey, StoredMark] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    outlines: Outlines | None = None

    @property
    def sample(self) -> Sample:
        """The sample that was decoded."""
        return self.dataset.samples[self.index]

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel in micrometres, None where nobody knows."""
        if self.recording is not None:
            return self.dataset.recipe.pixel_size_um
        return self.picture.pixel_size_um if self.picture is not None else None

    def shows_same_as(self, dataset: Dataset | None, index: int) -> bool:
        """Whether this is the sample `index` of `dataset`, or of a copy of it."""
        return (
            dataset is not None
            and self.dataset.identity == dataset.identity
            and self.sample.name == dataset.samples[index].name
        )


def load_sample(dataset: Dataset, index: int, project: Project | None) -> LoadedSample:
    """Decode one sample and fetch its corrections; touches no layer.

    A picture, a mask or a store that cannot be read becomes one of `problems`:
    the rest is still shown.

    Parameters
    ----------
    dataset, index
        Which sample.
    project
        Where corrections are kept; None to look at the data set alone.

    Returns
    -------
    LoadedSample
        With `picture` None when the image itself cannot be read, and for events,
        which come as `recording`.
    """
    sample = dataset.samples[index]
    if dataset.holds_events(sample):
        return _load_recording(dataset, index)
    problems: list[CellsetsError] = []
    marks: Mapping[MarkKey, StoredMark] = {}
    picture = shown = truth = truth_edits = cells = None
    try:
        picture = dataset.read_picture(sample)
        shown = show_form(picture)
        truth = dataset.read_truth(sample)
        truth = _fitting(truth, picture, sample.name)
    except CellsetsError as error:
        problems.append(error)
    if project is not None and picture is not None:
        try:
            learn_classes(dataset, project)
            marks = project.marks(dataset.identity, sample.name)
            truth_edits, cells = stored_labels(dataset, sample, project, picture)
            said = (truth_edits, cells), marks.values()
            problems += on_another_picture(picture, *said, sample.name)
        except CellsetsError as error:
            problems.append(error)
    loaded = LoadedSample(
        dataset, index, picture, shown, truth, truth_edits, cells, tuple(problems)
    )
    lines = None if truth is None else find_outlines(truth.labels)
    loaded = replace(loaded, marks=marks, outlines=lines)
    return loaded if picture is None else _with_annotations(loaded, project)


def _load_recording(dataset: Dataset, index: int) -> LoadedSample:
    """Open the events of a sample, as `recording` or as one of `problems`."""
    nothing = LoadedSample(dataset, index, None, None, None, None, None)
    try:
        recording = open_sample_recording(dataset, nothing.sample)
    except CellsetsError as error:
        return replace(nothing, problems=(error,))
    header = recording.header
    doubts = tuple(CellsetsError(said) for said in (*header.assumed, *header.doubts))
    return replace(nothing, problems=doubts, recording=recording)


def _with_annotations(loaded: LoadedSample, project: Project | None) -> LoadedSample:
    """Add what is marked besides masks, as corrected, and the pictures beside."""
    dataset, sample, shown = loaded.dataset, loaded.sample, loaded.shown
    if loaded.picture is None or shown is None:
        return loaded
    annotations = dataset.read_annotations(sample, masks=False)
    marked = numbered_marks(annotations, loaded.marks, dataset.class_table.names)
    if dataset.kind == "cells":
        marked = tuple(m for m in marked if not isinstance(m.annotation, ImageClass))
    size = loaded.picture.plane_shape
    drawn, whole, unfit = drawn_of(
        [one.annotation for one in marked], size, [one.numbers for one in marked]
    )
    beside, unread = load_beside(dataset, sample)
    around = shown.data.shape[: shown.ndim - 2] or planes_beside(beside)
    said = {str(problem) for problem in loaded.problems}
    kept: Mapping[str, Kept] = {}
    if project is not None:
        try:
            kept = kept_annotations(dataset.identity, sample.name, drawn, project)
        except StoreError as error:
            unread = (*unread, error)
    changed = other_picture(kept, loaded.picture, sample.name)
    if changed is not None and str(changed) not in said:
        unread = (changed, *unread)
    noted = [
        CellsetsError(problem.message)
        for problem in dataset.problems
        if problem.name == sample.name and problem.message not in said
    ]
    return replace(
        loaded,
        drawn=tuple(laid_over(one, around) for one in drawn),
        whole=whole,
        beside=beside,
        kept=fitting(kept),
        problems=(*loaded.problems, *noted, *unfit, *unread),
    )


def stored_labels(
    dataset: Dataset,
    sample: Sample,
    project: Project,
    picture: Picture,
    known: tuple[StoredLabels | None, StoredLabels | None] = (None, None),
) -> tuple[StoredLabels | None, StoredLabels | None]:
    """Return what the store has as corrected truth and as cells.

    What is `known` and did not change since is not decoded again.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    kept = [
        project.load_labels(dataset.identity, sample.name, layer, known=before)
        for layer, before in zip(("truth", "cells"), known, strict=True)
    ]
    for stored in kept:
        if stored is not None:
            _check_fit(stored.labels, picture, f"{sample.name} in the project store")
    return kept[0], kept[1]


def loader(
    dataset: Dataset | None, index: int, store: Callable[[], Project]
) -> Callable[[], LoadedSample]:
    """Return a function for any thread that decodes one sample.

    Parameters
    ----------
    dataset, index
        Which sample.
    store
        Returns the open store; called in that thread.

    Raises
    ------
    CellsetsError
        If there is no data set, or it has no such sample.
    """
    if dataset is None:
        raise CellsetsError("no data set is open", advice="Open a data set first.")
    if not 0 <= index < len(dataset.samples):
        raise CellsetsError(
            f"the data set has {len(dataset.samples)} samples, "
            f"number {index + 1} was asked for"
        )
    return partial(_load, dataset, index, store)


def _load(dataset: Dataset, index: int, store: Callable[[], Project]) -> LoadedSample:
    """Decode a sample; a store that is away becomes one of its problems."""
    if dataset.holds_events(dataset.samples[index]):
        # of recordings nothing is corrected: their first frame waits for no store
        return load_sample(dataset, index, None)
    try:
        return load_sample(dataset, index, store())
    except StoreError as error:
        loaded = load_sample(dataset, index, None)
        return replace(loaded, problems=(*loaded.problems, error))


def refreshed(loaded: LoadedSample, store: Callable[[], Project]) -> LoadedSample:
    """Return `loaded` with labels and marks as the store has them now.

    A store that cannot be read changes nothing: it has been told already, when
    the sample was loaded or saved.
    """
    if loaded.picture is None:
        return loaded
    try:
        truth, cells = stored_labels(
            loaded.dataset,
            loaded.sample,
            store(),
            loaded.picture,
            (loaded.truth_edits, loaded.cells),
        )
        place = (loaded.dataset.identity, loaded.sample.name)
        marks = store().marks(*place)
        if marks != loaded.marks:
            loaded = replace(loaded, marks=marks, problems=())
            loaded = _with_annotations(loaded, store())
        kept = fitting(kept_annotations(*place, loaded.drawn, store()))
    except CellsetsError:
        return loaded
    return replace(loaded, truth_edits=truth, cells=cells, kept=kept)


def blank_form() -> Shown:
    """Return what to show where an image cannot be read: a black field."""
    return show_form(Picture(np.zeros((512, 512), np.uint8), "yx"))


def tracked_truth(loaded: LoadedSample) -> Tracked | None:
    """Return the ground truth to show, corrected where it was; None without any."""
    if loaded.truth_edits is not None:
        return _tracked(loaded, "truth", loaded.truth_edits)
    if loaded.truth is None:
        return None
    return Tracked(
        loaded.dataset.identity,
        loaded.sample.name,
        "truth",
        np.asarray(loaded.truth.labels, np.int32),
        base=_said_of_truth(loaded.truth, loaded.sample, loaded.picture),
        lazy=True,
    )


def _said_of_truth(
    truth: LabelImage, sample: Sample, picture: Picture | None
) -> dict[str, Any]:
    """Return what the store is told when ground truth is corrected at first."""
    said = {"source": "data set", "files": list(sample.annotations)}
    if picture is not None:
        said = drawn_on(picture, said)
    classes = said_classes(truth.class_of)
    return {**said, CLASSES: classes} if classes else said


def tracked_cells(loaded: LoadedSample) -> Tracked | None:
    """Return the cells in the store, or none at all to begin with."""
    if loaded.cells is not None:
        return _tracked(loaded, "cells", loaded.cells)
    if loaded.picture is None:
        return None
    return Tracked(
        loaded.dataset.identity,
        loaded.sample.name,
        "cells",
        np.zeros(label_shape(loaded.picture), np.int32),
        base=drawn_on(loaded.picture, {"source": "drawn by hand"}),
        lazy=True,
    )


def label_shape(picture: Picture) -> tuple[int, ...]:
    """Return the shape of labels that fit a picture: (y, x) or (z, y, x)."""
    planes = picture.pixels.shape[:1] if picture.axes.startswith("z") else ()
    return (*planes, *picture.plane_shape)


def _tracked(loaded: LoadedSample, role: str, stored: StoredLabels) -> Tracked:
    return Tracked(
        loaded.dataset.identity,
        loaded.sample.name,
        role,
        stored.labels,
        revision=stored.revision,
    )


def _fitting(
    truth: LabelImage | None, picture: Picture, name: str
) -> LabelImage | None:
    if truth is not None:
        _check_fit(truth.labels, picture, name)
    return truth


def _check_fit(labels: NDArray[Any], picture: Picture, name: str) -> None:
    if tuple(labels.shape[-2:]) != picture.plane_shape:
        raise CellsetsError(
            f"the labels have {_size(labels.shape[-2:])} pixels, "
            f"the image has {_size(picture.plane_shape)}",
            path=name,
            advice="Check that image and mask belong together.",
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[0]}"


def owned_labels(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Return int32 labels in C order that nobody else holds."""
    return np.array(labels, dtype=np.int32, order="C")
