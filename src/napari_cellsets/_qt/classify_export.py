"""Write what was classified, and say where it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.batch.classify_set import write_cells_csv, write_objects_csv

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.core.cancel import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class ClassExport:
    """A table of classes to be written.

    Parameters
    ----------
    dataset, index
        The set, and the sample on screen.
    table, truth
        What was said of the cells, and their labels.
    places, crops
        As of `ClassifyFlow`.
    path
        The file.
    """

    dataset: Dataset
    index: int
    table: ClassTable
    truth: tuple[str | None, ...]
    places: np.ndarray
    crops: Crops | None
    path: Path

    def __call__(self, _token: CancelToken, _progress: Progress) -> str:
        """Write the file; return a sentence for the person.

        Raises
        ------
        ExportError
            If it would replace a file of the set, or cannot be written.
        """
        if self.crops is None:
            at = [int(index) for index in self.places]
            write_cells_csv(self.dataset, at, self.table, self.truth, self.path)
        else:
            write_objects_csv(
                self.dataset,
                self.index,
                self.table,
                self.truth,
                self.crops,
                self.path,
            )
        number = len(self.table)
        cells = "1 cell" if number == 1 else f"{number} cells"
        return f"Written to {self.path}: {cells}."
