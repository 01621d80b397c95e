"""Which pictures changed under what goes out, said beside the files."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari_cellsets.batch.drawn_on import on_another_picture
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.store import further_layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.errors import CellsetsError
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

_MOST_TOLD = 3


def told_of_changed_pictures(
    dataset: Dataset,
    project: Project,
    samples: Sequence[Sample],
    token: CancelToken,
    *,
    cells: bool = False,
) -> list[str]:
    """Return a sentence for each picture that is not the one that was worked on.

    Parameters
    ----------
    dataset, project, samples
        What was written, and where corrections are kept; only pictures of samples
        with work are read.
    token
        Cancels.
    cells
        Whether the cells were written, else annotations as corrected.

    Returns
    -------
    list of str
        A few; the last tells how many more there are.

    Raises
    ------
    StoreError
        If the store cannot be read.
    CancelledError
        If the token was cancelled.
    """
    worked = project.samples_with_work(dataset.identity)
    found = []
    for sample in samples:
        token.raise_if_cancelled()
        if sample.name in worked:
            with suppress(UnreadableFileError):  # reading it to be written told
                layers = ("cells",) if cells else _layers(dataset, sample)
                found += _changes(dataset, project, sample, layers, marks=not cells)
    said = list(dict.fromkeys(str(one) for one in found))
    more = len(said) - _MOST_TOLD
    return said[:_MOST_TOLD] + ([f"{more:,} more like that"] if more > 0 else [])


def _layers(dataset: Dataset, sample: Sample) -> Iterable[str]:
    names = [one.name for one in dataset.read_named(sample) if one.name]
    return ("truth", *map(further_layer, names))


def _changes(
    dataset: Dataset,
    project: Project,
    sample: Sample,
    layers: Iterable[str],
    *,
    marks: bool,
) -> list[CellsetsError]:
    place = (dataset.identity, sample.name)
    labels = [project.load_labels(*place, layer) for layer in layers]
    stored = project.marks(*place).values() if marks else ()
    if not stored and not any(labels):
        return []
    picture = dataset.read_picture(sample)
    return on_another_picture(picture, labels, stored, sample.name)
