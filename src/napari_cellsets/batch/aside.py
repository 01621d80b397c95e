"""Corrected cells kept beside new ones, with what was said of each of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from napari_cellsets.batch.whole_set import BY_HAND, is_corrected
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    import numpy as np

    from napari_cellsets.store import FactChange, Project, StoredLabels

_LAYER: Final = "cells"


def stored_work(
    project: Project, dataset_id: str, sample: str
) -> tuple[StoredLabels | None, int]:
    """Return the cells in the store, and the number of acts by hand in them.

    Parameters
    ----------
    project, dataset_id, sample
        Which cells.

    Returns
    -------
    tuple of StoredLabels or None, and int
        Edits and drawn images count, and objects of which somebody said something.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    stored = project.load_labels(dataset_id, sample, _LAYER)
    if stored is None:
        return None, 0
    acts = max(1, stored.edits) if is_corrected(stored) else 0
    return stored, acts + project.object_facts(dataset_id, sample, _LAYER).said


def put_aside(
    project: Project, dataset_id: str, sample: str, labels: np.ndarray
) -> str:
    """Keep cells under a name of their own, before others take their place.

    Parameters
    ----------
    project, dataset_id, sample
        Where they are.
    labels
        int32, the cells.

    Returns
    -------
    str
        The name.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    stamp = datetime.now().isoformat(" ", "seconds")
    name = f"{sample} (corrected, kept {stamp})"
    said = {"source": BY_HAND, "kept": stamp, "of": sample}
    stored = project.load_labels(dataset_id, sample, _LAYER)
    if stored is not None and PICTURE in stored.provenance:
        said[PICTURE] = stored.provenance[PICTURE]
    project.save_labels(dataset_id, name, _LAYER, labels, said)
    copy_facts(project, dataset_id, sample, name)
    return name


def copy_facts(project: Project, dataset_id: str, source: str, target: str) -> None:
    """Say of the cells of one sample what was said of those of another.

    Parameters
    ----------
    project, dataset_id
        Where they are.
    source, target
        Names of samples with the same labels.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    """
    facts = project.object_facts(dataset_id, source, _LAYER)
    said: dict[int, FactChange] = {
        label: {"class_id": one.class_id, "flag": one.flag, "comment": one.comment}
        for label, one in facts.differing.items()
        if facts.says(label)
    }
    project.change_object_facts(dataset_id, target, _LAYER, said)
