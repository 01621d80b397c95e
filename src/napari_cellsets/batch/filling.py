"""What every run over a set does with its table: go on, fill, stop, finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from napari_cellsets import __version__
from napari_cellsets.batch.resume import GrowingTable, TableRow
from napari_cellsets.batch.seen_pictures import SeenPictures
from napari_cellsets.core.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.files import Problem

    Progress = Callable[[float, str], None]


class ImageRow(TableRow, Protocol):
    """A row that belongs to an image."""

    @property
    def image(self) -> str:
        """Name of the image, as in `Images.names`."""


Row = TypeVar("Row", bound=ImageRow)
_MOST_TOLD = 5


@dataclass(frozen=True)
class Images:
    """What a run goes over.

    Parameters
    ----------
    dataset
        An open set.
    samples
        Those of it that are wanted, in order.
    names
        How rows name each sample of the set.
    """

    dataset: Dataset
    samples: Sequence[Sample]
    names: Mapping[str, str]

    def told(self) -> dict[str, object]:
        """What rows of any run depend on, for `GrowingTable`."""
        whole = len(self.samples) == len(self.dataset.samples)
        return {
            "data set": self.dataset.identity,
            "choice of images": "all" if whole else [s.name for s in self.samples],
            "version": __version__,
        }

    def problems(self, failed: Sequence[Problem]) -> list[Problem]:
        """Join what was wrong with the set before to what failed in the run."""
        told = {problem.name for problem in failed}
        before = [p for p in self.dataset.problems if p.name not in told]
        return [*before, *failed]


class Filling(Generic[Row]):
    """A table that a run fills, image by image.

    Parameters
    ----------
    images
        What the run goes over.
    path, kind, made_with
        As for `GrowingTable`.
    """

    def __init__(
        self,
        images: Images,
        path: Path,
        kind: type[Row],
        made_with: Mapping[str, object],
    ) -> None:
        self._images, self._path = images, path
        self._table = GrowingTable(path, kind, {**images.told(), **made_with})
        pictures = {images.names[one.name]: one.image for one in images.samples}
        self._seen = SeenPictures(path, images.dataset.tree, pictures)
        self.rows: dict[str, list[Row]] = {}
        """Finished rows of each image."""
        self.last = ""
        """Image of the last row that an earlier run has written."""

    def begin(self, progress: Progress, *, resume: bool) -> str:
        """Take over finished rows; return what to tell, empty where nothing.

        Those of pictures that changed since are left out: they are made anew.

        Raises
        ------
        ExportError
            If the file cannot be written.
        """
        before, told = self._table.begin(resume=resume)
        for row in before:
            self.rows.setdefault(row.image, []).append(row)
            self.last = row.image
        changed = self._seen.begin(self.rows)
        if changed:
            told = _changed(changed)
            for name in changed:
                del self.rows[name]
            self.last = self.last if self.last in self.rows else ""
            self._table.finish(self.in_order())
        if told:
            progress(0.0, told)
        return told

    def fill(self, coming: Iterable[Sequence[Row]]) -> int:
        """Write rows as they come, put all in order at the end; return how many came.

        Raises
        ------
        CancelledError
            If the run was cancelled; the file holds what was finished.
        ExportError
            If they cannot be written.
        """
        came = 0
        try:
            for new in coming:
                self._seen.note(row.image for row in new)
                self._table.append(*new)
                came += len(new)
                for row in new:
                    self.rows.setdefault(row.image, []).append(row)
        except CancelledError as error:
            self._table.finish(self.in_order())
            done, total = len(self.rows), len(self._images.samples)
            raise CancelledError(
                f"Stopped: {done} of {total} images are in {self._path}"
            ) from error
        self._table.finish(self.in_order())
        return came

    def in_order(self) -> list[Row]:
        """All rows in the order of the samples."""
        names = (self._images.names[sample.name] for sample in self._images.samples)
        return [row for name in names for row in self.rows.get(name, [])]


def _changed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_TOLD])
    more = len(names) - _MOST_TOLD
    shown += f" and {more:,} more" if more > 0 else ""
    many = "1 picture has" if len(names) == 1 else f"{len(names):,} pictures have"
    again = "it is" if len(names) == 1 else "they are"
    return f"{many} changed since last time, {again} done again: {shown}."


def silent(fraction: float, text: str) -> None:
    """Report to nobody."""
