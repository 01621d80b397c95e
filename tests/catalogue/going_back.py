"""What tests of corrections that go back into files of the set need."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from napari_cellsets.batch.own_form import export_corrections
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.formats.own_base import Own

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


def named(dataset: Dataset, sample: Sample, name: str) -> Annotation:
    found = {one.name: one.annotation for one in dataset.read_named(sample)}
    return found[name]


def write_back(dataset: Dataset, project: Project, out: Path) -> Dataset:
    """Put what was corrected in the place of what there was, and open it again."""
    report = export_corrections(dataset, project, out)
    assert report.failed == []
    for file in report.written:
        place = dataset.tree.root / file.relative_to(out)
        assert place.is_file() or "_cyt" in place.name
        shutil.copy(file, place)
    return open_dataset(dataset.path)


def own(dataset: Dataset, annotation: Annotation, name: str, **changes: object) -> Own:
    sample = dataset.samples[0]
    options, files = dataset.own_files(sample)[name]
    files = tuple(changes.pop("files", files))
    return Own(annotation, options.model_copy(update=changes), files)
