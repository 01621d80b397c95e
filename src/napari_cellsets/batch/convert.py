"""A data set, written again in another form of annotations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.batch.convert_journal import Journal
from napari_cellsets.batch.once import ALL, Once
from napari_cellsets.batch.places import container_names, refuse_own_place
from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ExportError
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.containers.fit import fit_all
from napari_cellsets.formats.files import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.containers.base import Form

_MOST_RESTARTS = 50


@dataclass(frozen=True)
class ConvertReport:
    """What a conversion has written.

    Parameters
    ----------
    form
        Key of the form.
    written
        Files of annotations, in the order of the samples.
    converted
        Number of pictures that were written in this run.
    resumed
        Number of pictures that an earlier, stopped run had written.
    failed
        Samples that were left out, and why.
    problems
        What could not be read of samples that were written all the same.
    left
        Names of annotations that were not written as another one marks the same
        objects, with the name of that one; see `annotation` of `convert_dataset`.
    """

    form: str
    written: list[Path] = field(default_factory=list)
    converted: int = 0
    resumed: int = 0
    failed: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def convert_dataset(
    dataset: Dataset,
    form_key: str,
    out: Path | str,
    *,
    samples: Sequence[Sample] | None = None,
    with_images: bool = False,
    lossy: bool = False,
    annotation: str = "",
    annotations_of: Callable[[Sample], Sequence[Annotation]] | None = None,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> ConvertReport:
    """Write what is marked in a set as one of the known forms.

    Pictures are taken one by one, so memory does not grow with the set. Where a
    form has a file for each picture, a stopped conversion goes on where it was
    when it is started again with the same choices.

    Parameters
    ----------
    dataset
        The set; its own files are never written.
    form_key
        One of `formats.containers.base.FORMS`.
    out
        Folder to write to; for a form of one file for all also a file name.
    samples
        All by default.
    with_images
        Whether to write the pictures too, as PNG or TIFF.
    lossy
        Whether annotations may lose what the form cannot hold: overlap, holes,
        outlines, a second annotation where there is one mask a picture. Else such a
        picture is left out and told.
    annotation
        Name of the one annotation of each picture to write, see
        `core.annotation_names`; a picture that has others only is left out and told.
        ``all`` for all. By default every object once: of annotations that mark the
        same ones, that which counts.
    annotations_of
        Gives what is marked in a sample; by default what the data set itself has.
    token
        Cancels between samples; a file of one picture is whole or not there.
    progress
        Called with the share that is done and the name of the sample.

    Returns
    -------
    ConvertReport
        Files written and samples that failed.

    Raises
    ------
    ExportError
        If the form is unknown, the place is the data set itself or cannot be
        written, or no picture at all could be converted.
    CancelledError
        If the token was cancelled.
    """
    if form_key not in FORMS:
        raise ExportError(
            f"the form {form_key!r} is not known", advice=f"Known: {', '.join(FORMS)}."
        )
    form, place = FORMS[form_key], Path(out).expanduser().absolute()
    refuse_own_place(dataset, place)
    run = _Run(
        dataset,
        form,
        dataset.samples if samples is None else samples,
        with_images,
        lossy,
        annotation,
        annotations_of or Once(dataset, annotation=annotation),
        token or CancelToken(),
        progress,
    )
    report = run.write(place)
    if report.failed and not report.converted and not report.resumed:
        first = report.failed[0]
        raise ExportError(
            f"nothing of it can be written as {form.title}; {first.message}"
        )
    return report


class _Run:
    """One conversion: gives pictures to the writer of a form, one after the other."""

    def __init__(
        self,
        dataset: Dataset,
        form: Form,
        samples: Sequence[Sample],
        with_images: bool,
        lossy: bool,
        annotation: str,
        annotations_of: Callable[[Sample], Sequence[Annotation]],
        token: CancelToken,
        progress: Callable[[float, str], None] | None,
    ) -> None:
        self._dataset, self._form, self._samples = dataset, form, samples
        self._with_images, self._lossy = with_images, lossy
        self._annotation = annotation
        self._annotations_of, self._token = annotations_of, token
        self._progress = progress
        self._names = container_names(dataset.samples, written=with_images)
        self._told: dict[str, list[str]] = {}
        self._heard = 0
        self._failed: dict[str, str] = {}
        self._partly: dict[str, list[str]] = {}
        self._finished: set[str] = set()
        self._current: Sample | None = None

    def write(self, place: Path) -> ConvertReport:
        """Write everything; a picture that the writer refuses is left out."""
        journal = self._journal(place)
        if journal is not None:
            journal.begin()
        before = set(journal.finished) if journal is not None else set()
        written: list[Path] = []
        for _ in range(_MOST_RESTARTS):
            try:
                written += self._pass(place, journal)
                break
            except ExportError as error:
                self._leave_out(error)
        else:
            raise ExportError(
                f"{_MOST_RESTARTS} pictures could not be written", path=place
            )
        if journal is not None:
            journal.end()
        if self._progress is not None:
            self._progress(1.0, "Converted")
        chosen = {sample.name for sample in self._samples}
        return ConvertReport(
            self._form.key,
            list(dict.fromkeys(written)),
            len(self._finished - before),
            len(before & chosen),
            [Problem(name, said) for name, said in self._failed.items()],
            [Problem(name, t) for name, said in self._partly.items() for t in said],
            dict(left.left) if isinstance(left := self._annotations_of, Once) else {},
        )

    def _journal(self, place: Path) -> Journal | None:
        if not self._form.per_image:
            return None
        made_with = {
            "dataset": self._dataset.identity,
            "with_images": self._with_images,
            "lossy": self._lossy,
            "annotation": self._annotation,
        }
        return Journal(place, self._form.key, made_with)

    def _pass(self, place: Path, journal: Journal | None) -> list[Path]:
        self._current = None
        if journal is None:
            self._finished = set()  # one file for all begins anew
        classes = self._dataset.class_table.names
        if journal is not None:
            self._finished |= journal.finished
            classes = {**journal.classes, **classes}
        written = self._form.write(
            self._pictures(journal),
            place,
            classes=classes,
            with_images=self._with_images,
        )
        self._current = None
        return written

    def _leave_out(self, error: ExportError) -> None:
        """Note that the writer refused the picture at hand; raise what is worse."""
        if self._current is None or isinstance(error.__cause__, OSError):
            raise error  # the disk is full or read-only: no other picture would do
        self._failed[self._current.name] = str(error)

    def _pictures(self, journal: Journal | None) -> Iterator[Marked]:
        total = max(1, len(self._samples))
        for number, sample in enumerate(self._samples):
            self._token.raise_if_cancelled()
            if self._progress is not None:
                self._progress(number / total, sample.name)
            if sample.name in self._failed:
                continue
            if journal is not None and sample.name in journal.finished:
                continue
            marked = self._marked(sample)
            if marked is None:
                continue
            self._current = sample
            yield marked
            self._current = None
            self._finished.add(sample.name)
            if journal is not None:
                journal.add(sample.name, self._dataset.class_table.names)

    def _marked(self, sample: Sample) -> Marked | None:
        """Read one picture; None where it fails, which is noted."""
        try:
            return self._read(sample)
        except CancelledError:
            raise
        except CellsetsError as error:
            self._failed[sample.name] = str(error)
            return None

    def _read(self, sample: Sample) -> Marked | None:
        dataset = self._dataset
        found = chosen(self._annotations_of(sample), self._annotation, sample.name)
        said = self._said_of(sample)
        if said and not found and sample.annotations:
            self._failed[sample.name] = " ".join(said)
            return None
        if self._with_images:
            picture = dataset.read_picture(sample)
            size = picture.plane_shape
        else:
            picture = None
            *_, height, width = read_shape(dataset.tree, sample.image)
            size = (height, width)
        name = self._names[sample.name]
        whole = Marked(name, size, found)
        fitted = fit_all(whole, self._form, lossy=self._lossy)
        if self._lossy:
            fitted = tuple(_with_pixels(annotation) for annotation in fitted)
        if said:
            self._partly[sample.name] = said
        return Marked(name, size, fitted, None if picture is None else lambda: picture)

    def _said_of(self, sample: Sample) -> list[str]:
        """What reading has told of a sample, also before this conversion."""
        problems = self._dataset.problems
        for problem in problems[self._heard :]:
            self._told.setdefault(problem.name, []).append(problem.message)
        self._heard = len(problems)
        return self._told.get(sample.name, [])


def chosen(
    annotations: Sequence[Annotation], name: str, sample: str
) -> tuple[Annotation, ...]:
    """Choose the annotation of a sample that is to be written.

    Parameters
    ----------
    annotations
        All of a sample.
    name
        One of `core.annotation_names.names_of`; empty or ``all`` for all of them.
    sample
        Its name, for the message.

    Raises
    ------
    ExportError
        If there are annotations, but none of that name.
    """
    names = names_of(annotations)
    if name in ("", ALL) or not names:
        return tuple(annotations)
    if name not in names:
        raise ExportError(
            f"there is no annotation {name!r}",
            path=sample,
            advice=f"There is: {', '.join(names)}.",
        )
    return (annotations[names.index(name)],)


def _with_pixels(annotation: Annotation) -> Annotation:
    """Leave out masks without a pixel, which no form can write."""
    if not isinstance(annotation, MaskStack):
        return annotation
    keep = [at for at, mask in enumerate(annotation.masks) if mask.any()]
    if len(keep) == len(annotation.masks):
        return annotation
    ids = annotation.class_ids
    return MaskStack(
        [annotation.masks[at] for at in keep],
        annotation.corners[keep],
        annotation.shape,
        annotation.source,
        annotation.class_names,
        None if ids is None else ids[keep],
        annotation.class_colours,
        {k: [v[at] for at in keep] for k, v in annotation.properties.items()},
    )
