"""What people have corrected, written as the files of the data set itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_cellsets.batch.corrected import corrected_with_times
from napari_cellsets.batch.export import ExportReport
from napari_cellsets.batch.places import refuse_own_place
from napari_cellsets.core.annotation import ImageClass, LabelImage
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ExportError
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.own_base import Own, classes_in, forms_for, refused
from napari_cellsets.formats.own_files import OwnFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.batch.corrected import Corrected
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

OWN: Final = "own"
"""In place of a form: that of the data set."""


def export_corrections(
    dataset: Dataset,
    project: Project,
    out_root: Path | str,
    *,
    samples: Sequence[Sample] | None = None,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """Write corrected annotations into files as the data set has them.

    Files keep their relative paths, types and the way round. A file of many pictures
    is written with all of them, corrected where somebody did; of files of one picture
    only those with corrections are written.

    Parameters
    ----------
    dataset
        The set; its own files are never written.
    project
        Where corrections are kept.
    out_root
        Folder to write to.
    samples
        All by default.
    token
        Cancels between samples.
    progress
        Called with the share that is done and the name of the sample.

    Returns
    -------
    ExportReport
        Files written, samples without corrections, and what the data set's own files
        cannot hold, with the reason and the forms that can.

    Raises
    ------
    ExportError
        If the place is the data set's own, nothing was corrected, nothing of it can
        be written so, the folder cannot be written, or the disk is full.
    CancelledError
        If the token was cancelled.
    """
    root = Path(out_root).expanduser().absolute()
    chosen = dataset.samples if samples is None else samples
    refuse_own_place(dataset, root)
    files, report = OwnFiles(dataset.tree, root), ExportReport()
    token = token or CancelToken()
    done = 0
    worked = project.kept_samples(dataset.identity, without="cells")
    worked |= project.marked_samples(dataset.identity)
    report.skipped.extend(one.name for one in chosen if one.name not in worked)
    chosen = [one for one in chosen if one.name in worked]
    for number, sample in enumerate(chosen):
        token.raise_if_cancelled()
        if progress is not None:
            progress(number / len(chosen), sample.name)
        done += _export_one(dataset, project, sample, files, report)
    if not done and not report.failed:
        raise ExportError(
            "nothing was corrected, so there is nothing to write",
            advice="Correct something first, or choose another form.",
        )
    if not done:
        raise ExportError(report.failed[0].message)
    report.written.extend(files.finish())
    return report


def _export_one(
    dataset: Dataset,
    project: Project,
    sample: Sample,
    files: OwnFiles,
    report: ExportReport,
) -> int:
    """Write the corrections of a sample; return of how many annotations."""
    done = failed = 0
    try:
        found = corrected_with_times(dataset, project, sample)
        changed = [one for one in found if one.changed]
    except CancelledError:
        raise
    except CellsetsError as error:
        report.failed.append(Problem(sample.name, str(error)))
        return 0
    for one in changed:
        try:
            report.written.extend(_put(dataset, sample, one, files))
            done += 1
        except CancelledError:
            raise
        except CellsetsError as error:
            if isinstance(error.__cause__, OSError):
                raise  # the disk is full or read-only: no other sample would do
            failed += 1
            report.failed.append(Problem(sample.name, str(error)))
    if not done + failed:
        report.skipped.append(sample.name)
    return done


def _put(
    dataset: Dataset, sample: Sample, one: Corrected, files: OwnFiles
) -> list[Path]:
    annotation = one.annotation
    if isinstance(annotation, ImageClass):
        raise ExportError(
            "the class of a picture is told by its folder, its name or a table, which"
            " are not changed",
            path=sample.name,
            advice=forms_for(annotation),
        )
    if not one.name and dataset.recipe.form is not None:
        if isinstance(annotation, LabelImage):
            if annotation.class_of:
                raise refused(
                    annotation, "masks of this set tell no classes of objects"
                )
            return dataset.write_labels(sample, annotation.labels, files.root)
    known = dataset.own_files(sample).get(one.name)
    if known is None:
        raise ExportError(
            f"the data set has no annotation {one.name!r}",
            path=sample.name,
            advice=forms_for(annotation),
        )
    options, names = known
    mark = getattr(options, "number_from", "")
    number = dataset.mark_of(sample, mark)
    before = next(
        a.annotation for a in dataset.read_named(sample) if a.name == one.name
    )
    classes = frozenset(classes_in(before))
    return files.put(
        Own(annotation, options, names, number, classes, before, sample.image)
    )
