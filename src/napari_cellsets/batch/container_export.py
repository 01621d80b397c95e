"""Annotations of a set, or its cells from the store, as COCO and other containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_cellsets.batch.changed_pictures import told_of_changed_pictures
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.known_classes import cells_of
from napari_cellsets.batch.losses import foresee_losses
from napari_cellsets.batch.once import ALL, Once
from napari_cellsets.batch.own_form import OWN, export_corrections
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_cellsets.batch.convert import ConvertReport
    from napari_cellsets.batch.losses import Losses
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


class LossesForeseenError(ExportError):
    """The form cannot hold everything, and nobody has allowed losses.

    Parameters
    ----------
    losses
        What would be lost.
    """

    def __init__(self, losses: Losses) -> None:
        super().__init__(losses.text)
        self.names = losses.names


@dataclass(frozen=True)
class ContainerExport:
    """Annotations to write.

    Parameters
    ----------
    form
        Key of the form; `own_form.OWN` for the corrections as in the data set.
    cells
        Whether the cells in the store are written, else what the set itself has, as
        people have corrected it.
    with_images, lossy, annotation
        As for `convert_dataset`.
    names
        Filled when it is written: names of the annotations that there are.
    """

    form: str
    cells: bool = False
    with_images: bool = False
    lossy: bool = False
    annotation: str = ""
    names: list[str] = field(default_factory=list, compare=False)

    def write(
        self,
        dataset: Dataset,
        project: Project,
        samples: Sequence[Sample],
        folder: Path,
        token: CancelToken,
        progress: Progress,
    ) -> str:
        """Write all of it; return a sentence for the person.

        Raises
        ------
        LossesForeseenError
            If something would be lost and `lossy` is not set; nothing is written.
        ExportError
            As of `convert_dataset`.
        """
        write = self._write_own if self.form == OWN else self._write_form
        said = write(dataset, project, samples, folder, token, progress)
        changed = told_of_changed_pictures(
            dataset, project, samples, token, cells=self.cells
        )
        return ", ".join([said, *changed])

    def _write_form(
        self,
        dataset: Dataset,
        project: Project,
        samples: Sequence[Sample],
        folder: Path,
        token: CancelToken,
        progress: Progress,
    ) -> str:
        source = self._source(dataset, project)
        if self.cells:
            samples = [sample for sample in samples if source(sample)]
            if not samples:
                raise ExportError(
                    "nothing was counted yet, so there are no cells to export",
                    advice="Count first, or export the annotations of the data set.",
                )
        common: dict[str, Any] = {
            "samples": samples,
            "annotation": self.annotation,
            "annotations_of": source,
            "token": token,
            "progress": progress,
        }
        losses = foresee_losses(dataset, self.form, **common)
        if losses.reasons and not self.lossy:
            raise LossesForeseenError(losses)
        report = convert_dataset(
            dataset,
            self.form,
            folder,
            with_images=self.with_images,
            lossy=self.lossy,
            **common,
        )
        self.names[:] = losses.names
        return self._said(report, source)

    def _write_own(
        self,
        dataset: Dataset,
        project: Project,
        samples: Sequence[Sample],
        folder: Path,
        token: CancelToken,
        progress: Progress,
    ) -> str:
        """Write what was corrected as in the data set."""
        if self.cells:
            raise ExportError(
                "the data set's own files hold its annotations, not counted cells",
                advice="Export masks as in the data set, or choose another form.",
            )
        report = export_corrections(
            dataset, project, folder, samples=samples, token=token, progress=progress
        )
        number = len(report.written)
        said = f"corrections in {number:,} {'file' if number == 1 else 'files'}"
        said += " as in the data set"
        if report.failed:
            said += f"; {len(report.failed):,} left out: {report.failed[0].message}"
        return said

    def _said(
        self, report: ConvertReport, source: Callable[[Sample], Sequence[Annotation]]
    ) -> str:
        done = report.converted + report.resumed
        said = f"{FORMS[self.form].title} of {done:,} image{'' if done == 1 else 's'}"
        if isinstance(source, Once) and self.annotation in ("", ALL):
            told = [_together(list(source.taken)), source.said]
            if len(source.names) > 1:
                said += f" ({'; '.join(filter(None, told))})"
        if report.failed:
            said += f"; {len(report.failed):,} left out: {report.failed[0].message}"
        return said

    def _source(
        self, dataset: Dataset, project: Project
    ) -> Callable[[Sample], Sequence[Annotation]]:
        if not self.cells:
            return Once(dataset, project, self.annotation)
        return partial(cells_of, dataset, project)


def _together(names: Sequence[str]) -> str:
    """Say that annotations are in one list."""
    *most, last = names
    return f"{', '.join(most)} and {last} together" if most else last
