"""Count every image of a set, and go on where a run was stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.batch.choice import model_for
from napari_cellsets.batch.filling import Filling, Images, silent
from napari_cellsets.batch.places import image_names, mask_names, refuse_originals
from napari_cellsets.batch.rows import CountRow, summary_of
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import (
    CancelledError,
    CellsetsError,
    ExportError,
)
from napari_cellsets.counting.job import (
    CountRequest,
    CountResult,
    count_from_probability,
    predict_probability,
)
from napari_cellsets.counting.settings import ChannelChoice, CountSettings
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.labels_io import write_label_png, write_label_tiff
from napari_cellsets.inference.metadata import ModelInfo, model_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from napari_cellsets.batch.filling import Progress
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.summary import SetSummary


#: Share of an image's time in the progress; the rest is counting and saving.
_SHARE_OF_MODEL = 0.9


@dataclass(frozen=True)
class BatchReport:
    """What a run over a set has done.

    Parameters
    ----------
    rows
        One an image that could be counted, in the order of the set.
    failed
        Files that could not be read or counted, and why.
    summary
        Over the rows with truth; None where there are none.
    counted
        Images counted in this run; the other rows were finished before.
    notes
        What the person should know: which model was chosen, why a run started anew.
    """

    rows: list[CountRow]
    failed: list[Problem]
    summary: SetSummary | None
    counted: int = 0
    notes: list[str] = field(default_factory=list)


def count_dataset(
    dataset: Dataset,
    out_csv: Path | str,
    *,
    model: Path | str | ModelInfo | None = None,
    settings: CountSettings | None = None,
    masks_dir: Path | str | None = None,
    channel: ChannelChoice = "rgb",
    samples: Sequence[Sample] | None = None,
    resume: bool = True,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> BatchReport:
    """Count the cells of every image of a set into a CSV file.

    Each row is on disk before the next image begins. A later call with the same
    model, settings and channel goes on with what is missing, and counts pictures
    anew whose files changed since. A finished file has one row an image that could be
    read, in the order of the set.

    Parameters
    ----------
    dataset
        An open data set.
    out_csv
        The file of counts; ``.NAME.state`` beside it says how it was made.
    model
        An ONNX file, or `ModelInfo`. By default, or as ``"auto"``, the shipped model
        that suits the set: its row says so, or most of a few pictures do.
    settings
        How probabilities become objects; those of the model by default.
    masks_dir
        Where to write one 16-bit label PNG an image (TIFF for stacks), named as
        the image.
    channel
        ``"rgb"`` or the index of a channel.
    samples
        Count only these; all by default.
    resume
        Whether finished images may be skipped.
    token
        Cancels, also inside one image; what is finished stays.
    progress
        Called with the share of images that is done and a short text.

    Returns
    -------
    BatchReport
        Rows, failures and summary.

    Raises
    ------
    ModelError
        If the model cannot be used at all.
    ExportError
        If the results cannot be written, or would replace a file of the set.
    CancelledError
        If the token was cancelled; the file holds what was finished.
    """
    table = Path(out_csv)
    refuse_originals(dataset, table.parent, [table.name])
    chosen = dataset.samples if samples is None else samples
    info, told = model_for(dataset, model, channel=channel, samples=chosen)
    run = _Run(
        images=Images(dataset, chosen, image_names(dataset.samples)),
        info=info,
        told=told,
        settings=settings,
        channel=channel,
        masks=_Masks(dataset, Path(masks_dir)) if masks_dir is not None else None,
        token=token or CancelToken(),
        progress=progress or silent,
    )
    return run.into(table, resume=resume)


@dataclass(frozen=True)
class _Run:
    """One set on its way through one model."""

    images: Images
    info: ModelInfo
    told: str
    settings: CountSettings | None
    channel: ChannelChoice
    masks: _Masks | None
    token: CancelToken
    progress: Progress

    def into(self, out_csv: Path, *, resume: bool) -> BatchReport:
        filling = Filling(self.images, out_csv, CountRow, self._made_with())
        told = filling.begin(self.progress, resume=resume)
        failed: list[Problem] = []
        counted = filling.fill(self._new_rows(filling.rows, failed))
        self.progress(1.0, "Counted")
        rows = filling.in_order()
        notes = [said for said in (self.told, told) if said]
        problems = self.images.problems(failed)
        return BatchReport(rows, problems, summary_of(rows), counted, notes)

    def _new_rows(
        self, rows: dict[str, list[CountRow]], failed: list[Problem]
    ) -> Iterator[list[CountRow]]:
        """Count what is missing in `rows`; tell what cannot be in `failed`."""
        for i, sample in enumerate(self.images.samples):
            self.token.raise_if_cancelled()
            name = self.images.names[sample.name]
            if self._is_finished(sample, rows.get(name, [])):
                continue
            rows.pop(name, None)
            row, problem = self._try(sample, i)
            if problem is not None:
                failed.append(problem)
            if row is not None:
                yield [row]

    def _made_with(self) -> dict[str, object]:
        settings = self.settings or CountSettings.for_model(self.info)
        return {
            "model": model_hash(self.info.path),
            "reading of the model": self.info.model_dump(mode="json"),
            "settings": settings.model_dump(mode="json"),
            "channel": self.channel,
        }

    def _is_finished(self, sample: Sample, rows: list[CountRow]) -> bool:
        masks = self.images.dataset.recipe.form is not None
        if not rows or (masks and sample.annotations and rows[0].truth is None):
            return False
        return self.masks is None or self.masks.has(sample)

    def _try(self, sample: Sample, i: int) -> tuple[CountRow | None, Problem | None]:
        """Count one image; a bad file becomes a problem, the run goes on."""
        total = len(self.images.samples)

        def tell(fraction: float, _text: str) -> None:
            self.progress((i + _SHARE_OF_MODEL * fraction) / total, sample.name)

        tell(0.0, "")
        start = time.perf_counter()
        try:
            request = CountRequest(
                self.images.dataset.read_picture(sample),
                self.info,
                self.settings,
                self.channel,
            )
            probability = predict_probability(request, self.token, tell)
            result, problem = self._judged(sample, probability, request)
            if self.masks is not None:
                self.masks.write(sample, result)
        except CancelledError:
            raise
        except ExportError as error:
            if isinstance(error.__cause__, OSError):
                raise  # the disk is full or read-only: no other image would do
            return None, Problem(sample.name, str(error))
        except CellsetsError as error:
            return None, Problem(sample.name, str(error))
        row = CountRow.of(
            self.images.names[sample.name],
            result.count,
            result.evaluation,
            split=sample.split,
            seconds=round(time.perf_counter() - start, 3),
            interval=result.interval,
            model=self.info.name or self.info.path.stem,
        )
        return row, problem

    def _judged(
        self, sample: Sample, probability: np.ndarray, request: CountRequest
    ) -> tuple[CountResult, Problem | None]:
        """Count and compare; an image whose truth is unreadable is counted only."""
        try:
            truth = self.images.dataset.read_truth(sample)
            result = count_from_probability(probability, request, truth, self.token)
        except CancelledError:
            raise
        except CellsetsError as error:
            result = count_from_probability(probability, request, None, self.token)
            return result, Problem(sample.name, f"without its truth: {error}")
        return result, None


class _Masks:
    """A folder of label images named as the images of a set."""

    def __init__(self, dataset: Dataset, folder: Path) -> None:
        self._folder = folder
        self._png = mask_names(dataset.samples, ".png")
        self._tiff = mask_names(dataset.samples, ".tif")
        names = [*self._png.values(), *self._tiff.values()]
        refuse_originals(dataset, folder, names)

    def has(self, sample: Sample) -> bool:
        return any(
            (self._folder / names[sample.name]).is_file()
            for names in (self._png, self._tiff)
        )

    def write(self, sample: Sample, result: CountResult) -> None:
        if result.labels.ndim == 2:
            write_label_png(self._folder / self._png[sample.name], result.labels)
        else:
            write_label_tiff(self._folder / self._tiff[sample.name], result.labels)
