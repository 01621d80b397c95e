"""Single cells of a catalogued set, as the classifier's recipe takes them."""

from __future__ import annotations

import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.batch.picture_classes import relabelled, with_class
from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.core.errors import CellsetsError, TrainingError
from napari_cellsets.formats.names import natural_order
from napari_cellsets.inference.scoring import prepare_cell
from napari_cellsets.training.cell_batches import Cells
from napari_cellsets.training.duplicates import Fingerprint, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.training.request import TrainingRequest

#: More than so many bytes of pictures lie in a temporary file instead of memory.
IN_MEMORY = 1 << 30
_WORKERS, _AHEAD = 2, 16


@dataclass(frozen=True)
class CellSet:
    """Cells of a set that could be read.

    Parameters
    ----------
    cells
        Pictures, classes (indices), names.
    samples, prints
        Of the cells, in their order.
    problems
        What could not be read.
    """

    cells: Cells
    samples: tuple[Sample, ...]
    prints: tuple[Fingerprint, ...]
    problems: tuple[str, ...]

    def classes_of(self) -> list[str]:
        """Class of every cell."""
        return [self.cells.classes[label] for label in self.cells.labels]

    def indices(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Places of the cells of these names."""
        wanted = set(names)
        found = [i for i, name in enumerate(self.cells.names) if name in wanted]
        return np.array(found, np.intp)


def corrected_classes(request: TrainingRequest, dataset: Dataset) -> dict[str, str]:
    """Classes that people gave pictures in place of the published ones, by sample.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    from napari_cellsets.store import Project

    if not request.corrected:
        return {}
    with Project.open(request.project) as project:
        return relabelled(dataset, project)


def samples_with_class(
    dataset: Dataset, names: Sequence[str], given: Mapping[str, str] | None = None
) -> list[Sample]:
    """Samples that are cells of a class.

    Parameters
    ----------
    dataset
        The set.
    names
        Of the samples that are wanted; all where there are none.
    given
        Classes that people gave, see `corrected_classes`.

    Raises
    ------
    TrainingError
        If the set has none, or fewer than two classes.
    """
    wanted, given = set(names), given or {}
    found = [
        with_class(sample, given.get(sample.name))
        for sample in dataset.samples
        if (not wanted or sample.name in wanted)
        and (sample.name in given or dataset.class_of(sample))
    ]
    classes = {sample.facts.get("class", "") for sample in found}
    if len(classes) < 2:
        raise TrainingError(
            f"single cells of two classes or more are needed, found {len(classes)}",
            path=dataset.path,
            advice="Name a set of class folders, or train a segmenter.",
        )
    return found


def read_cells_of(
    dataset: Dataset,
    samples: Sequence[Sample],
    info: ClassifierInfo,
    token: CancelToken,
    progress: Progress,
) -> CellSet:
    """Read all cells, each brought to the size that the network wants.

    Raises
    ------
    CancelledError
        If the person stopped it.
    TrainingError
        If none can be read.
    """
    side = info.size or 1
    pictures = _room(len(samples), side)
    kept: list[Sample] = []
    prints: list[Fingerprint] = []
    problems: list[str] = []

    def read(sample: Sample) -> NDArray[np.uint8] | str:
        try:
            return as_rgb(cell_pixels(dataset.read_picture(sample)), info)
        except CellsetsError as error:
            return str(error)

    for number, (sample, seen) in enumerate(_in_order(read, samples)):
        token.raise_if_cancelled()
        if number % 50 == 0:
            progress(0.0, f"Looking at cell {number + 1:,} of {len(samples):,}")
        if isinstance(seen, str):
            problems.append(seen)
            continue
        pictures[len(kept)] = seen
        kept.append(sample)
        prints.append(fingerprint(seen))
    if not kept:
        raise TrainingError(f"no cell of this set can be read: {problems[0]}")
    present = {sample.facts["class"] for sample in kept}
    added = natural_order(present.difference(dataset.classes))
    classes = (*(name for name in dataset.classes if name in present), *added)
    place = {name: index for index, name in enumerate(classes)}
    labels = np.array([place[sample.facts["class"]] for sample in kept], np.int64)
    cells = Cells(
        pictures[: len(kept)], labels, tuple(sample.name for sample in kept), classes
    )
    return CellSet(cells, tuple(kept), tuple(prints), tuple(problems))


def as_rgb(pixels: NDArray[Any], info: ClassifierInfo) -> NDArray[np.uint8]:
    """Bring a cell to RGB uint8 (size, size, 3), scaled as the engine does."""
    ready = prepare_cell(pixels, info)
    values = ready.pixels.astype(np.float32) * ready.scaling.gain
    shown = np.clip((values + ready.scaling.offset) * 255 + 0.5, 0, 255)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    return np.asarray(shown, np.uint8)


def _room(number: int, side: int) -> NDArray[np.uint8]:
    shape = (number, side, side, 3)
    if number * side * side * 3 <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    # the file has no name: it goes when nobody looks at it any more
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def _in_order(
    read: Callable[[Sample], NDArray[np.uint8] | str], samples: Sequence[Sample]
) -> Iterator[tuple[Sample, NDArray[np.uint8] | str]]:
    """Read a few ahead, in threads; the order is kept."""
    waiting: deque[tuple[Sample, Future[NDArray[np.uint8] | str]]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for sample in samples:
            waiting.append((sample, pool.submit(read, sample)))
            if len(waiting) >= _AHEAD:
                first, answer = waiting.popleft()
                yield first, answer.result()
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer.result()
