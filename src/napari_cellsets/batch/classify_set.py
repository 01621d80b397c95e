"""Classifying the cells of a set beside a window in which people go on working."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.inference.scoring import ReadyCell, prepare_cell, score_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.classify.gather import Gathered
    from napari_cellsets.core.cancel import CancelToken, Progress


@dataclass
class ClassifyRun:
    """A run over the cells of a set, readable after it was cancelled.

    Parameters
    ----------
    dataset
        A set whose pictures are single cells.
    gathered
        Where answers go; samples that it knows already are not asked again.
    problems
        What could not be read, in words.
    """

    dataset: Dataset
    gathered: Gathered
    problems: list[str] = field(default_factory=list)

    def __call__(self, token: CancelToken, progress: Progress) -> ClassifyRun:
        """Classify every sample that waits; a bad one is noted and passed over.

        Raises
        ------
        CancelledError
            If the token was cancelled; what was finished stays in `gathered`.
        ModelError
            If the model cannot be used.
        """
        waiting = self.gathered.waiting
        ready: list[int] = []
        cells = self._cells(waiting, ready, token)
        done = 0
        for scores in score_batches(cells, self.gathered.info, token=token):
            self.gathered.put(ready[done : done + len(scores)], scores)
            done += len(scores)
            progress(done / waiting.size, f"{done} of {waiting.size} cells")
        return self

    def _cells(
        self, waiting: Iterable[int], ready: list[int], token: CancelToken
    ) -> Iterator[ReadyCell]:
        """Decode one cell after the other; `ready` grows with those that are good."""
        info = self.gathered.info
        for index in waiting:
            token.raise_if_cancelled()
            try:
                picture = self.dataset.read_picture(self.dataset.samples[index])
                cell = prepare_cell(cell_pixels(picture), info)
            except CancelledError:
                raise
            except CellsetsError as error:
                self.problems.append(str(error))
                continue
            ready.append(int(index))
            yield cell
