"""One row a data set; what is derived from rows: recognising, opening, checking.

A row (`rows/*.toml`) binds words of `formats` and says what is published. Called
by `batch` and everything above; calls `formats` and `core`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.completeness import Completeness
from napari_cellsets.catalogue.dataset import Dataset
from napari_cellsets.catalogue.detect import Match, bind, recognise
from napari_cellsets.catalogue.drop import drop_of
from napari_cellsets.catalogue.info import dataset_info
from napari_cellsets.catalogue.probe import can_open, is_worth_opening
from napari_cellsets.catalogue.recipe import Recipe
from napari_cellsets.catalogue.rows_on_disk import (
    Catalogue,
    list_datasets,
    load_catalogue,
)
from napari_cellsets.formats.files import Problem

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Catalogue",
    "Completeness",
    "Dataset",
    "Match",
    "Problem",
    "Recipe",
    "can_open",
    "dataset_info",
    "is_worth_opening",
    "list_datasets",
    "load_catalogue",
    "open_dataset",
    "recognise",
]


def open_dataset(path: str | Path, row: str | None = None) -> Dataset:
    """Open a data set as it was downloaded.

    Parameters
    ----------
    path
        A folder, a zip archive, or one picture of the set. A folder opens what
        is in it (with masks that lie beside it); one picture opens its set.
    row
        Key of the row to take (see `list_datasets`) instead of recognising it.

    Returns
    -------
    Dataset
        Its samples; nothing is decoded yet.

    Raises
    ------
    NotRecognisedError
        If nothing fits, or several rows fit equally well; the message names
        them.
    UnreadableFileError
        If nothing is there, it may not be read, or it is no picture.
    UnsafeArchiveError
        If nothing in an archive may be read.
    """
    return Dataset(bind(path, row), drop_of(path).path)
