"""Classes of whole pictures as people corrected them, in a table and as folders."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_cellsets.batch.kept_predictions import Predicted
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project, StoredMark

#: Head of the table, in order.
COLUMNS = (
    *("sample", "image", "split", "class as published", "class", "verdict"),
    *("class given by", "class given at"),
    *("predicted class", "probability", "predicted by"),
)
UNNAMED = "no class"
"""Folder of pictures that have none."""


class PictureClass(NamedTuple):
    """The class of one picture.

    Parameters
    ----------
    sample
        Which picture.
    published
        As the data set has it; empty for none.
    name
        What counts: as somebody said, else as published.
    said
        Who said so, and when; None where nobody did.
    """

    sample: Sample
    published: str
    name: str
    said: StoredMark | None

    @property
    def verdict(self) -> str:
        """``relabelled``, ``accepted`` where the class was confirmed, or empty.

        Where the set itself has no class there is nothing to judge.
        """
        if self.said is None or not self.published:
            return ""
        return "accepted" if self.name == self.published else "relabelled"


def said_of_pictures(dataset: Dataset, project: Project) -> dict[str, StoredMark]:
    """Return what people said of whole pictures and did not take back, by sample.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    rows = project.marks(dataset.identity, layer="")
    return {key.sample: row for key, row in rows.items() if not row.mark.gone}


def classes_said(dataset: Dataset, project: Project) -> dict[str, str]:
    """Return the class that people gave each whole picture, by sample.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    said = said_of_pictures(dataset, project)
    return {name: row.mark.class_name for name, row in said.items()}


def as_said(sample: Sample, row: StoredMark | None) -> Sample:
    """Return a sample with the class that somebody gave it."""
    return sample if row is None else with_class(sample, row.mark.class_name)


def with_class(sample: Sample, given: str | None) -> Sample:
    """Return a sample with another class; None leaves it as published."""
    if given is None or given == sample.facts.get("class", ""):
        return sample
    # finer classes were published of the class that it is not
    finer = ("subclass", "class title")
    facts = {name: said for name, said in sample.facts.items() if name not in finer}
    return replace(sample, facts={**facts, "class": given})


def who_said(sample: Sample, row: StoredMark) -> str:
    """Return who gave which class when, for people."""
    name, published = row.mark.class_name, sample.facts.get("class", "")
    what = f"relabelled {name} (published: {published})"
    what = what if published else f"given the class {name}"
    what = f"accepted as {name}" if name == published else what
    return f"{what} by {row.author} on {row.when:%d %b %Y}"


def picture_classes(
    dataset: Dataset, project: Project, samples: Iterable[int] | None = None
) -> Iterator[PictureClass]:
    """Give the class of pictures, as published and as corrected.

    Parameters
    ----------
    dataset, project
        The set, and the store with the corrections.
    samples
        Indices, in order; by default all.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    said = said_of_pictures(dataset, project)
    for index in range(len(dataset.samples)) if samples is None else samples:
        sample = dataset.samples[index]
        published = sample.facts.get("class", "")
        row = said.get(sample.name)
        name = published if row is None else row.mark.class_name
        yield PictureClass(sample, published, name, row)


def relabelled(dataset: Dataset, project: Project) -> dict[str, str]:
    """Return the class of pictures that people gave another one, by sample.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    return {
        one.sample.name: one.name
        for one in picture_classes(dataset, project)
        if one.name != one.published
    }


def write_class_table(
    classes: Iterable[PictureClass],
    path: Path | str,
    predicted: Mapping[str, Predicted] | None = None,
) -> Path:
    """Write one line a picture as CSV, UTF-8; see `COLUMNS`.

    Parameters
    ----------
    classes
        As of `picture_classes`.
    path
        What is there is replaced.
    predicted
        What a classifier said of samples, as of `predicted_pictures`.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    path = Path(path)
    with (
        atomic_output(path) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in classes:
            sample, said = one.sample, one.said
            who = ("", "") if said is None else (said.author, said.when.isoformat())
            facts = (sample.name, sample.image, sample.split, one.published, one.name)
            answer = (predicted or {}).get(sample.name)
            model = ("", "", "")
            if answer is not None:
                model = (answer.name, f"{answer.probability:.6g}", answer.model)
            writer.writerow((*facts, one.verdict, *who, *model))
    return path


def write_class_folders(
    dataset: Dataset,
    classes: Iterable[PictureClass],
    root: Path | str,
    token: CancelToken,
    progress: Progress,
) -> int:
    """Copy pictures, byte by byte, into one folder a class.

    Such a folder opens as a data set of single cells, here and elsewhere.

    Parameters
    ----------
    dataset, classes
        Of which set, as of `picture_classes`.
    root
        Empty, or not there yet.
    token, progress
        Asked and told before each picture.

    Returns
    -------
    int
        How many pictures were copied.

    Raises
    ------
    ExportError
        If there is something in the folder, or it cannot be written.
    UnreadableFileError
        If a picture cannot be read.
    CancelledError
        If the token says so.
    """
    root, chosen = Path(root), list(classes)
    if root.exists() and any(root.iterdir()):
        raise ExportError(
            "the folder should be empty, and there is something in it",
            path=root,
            advice="Choose another folder.",
        )
    taken: set[Path] = set()
    for done, one in enumerate(chosen):
        token.raise_if_cancelled()
        progress(done / len(chosen), f"{done:,} of {len(chosen):,} pictures")
        place = _free(root / folder_name(one.name), one.sample.image, taken)
        _write(place, dataset.tree.read(one.sample.image))
    return len(chosen)


def _write(place: Path, content: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except OSError as error:
        raise ExportError(
            f"the picture could not be written ({error.strerror})",
            path=place,
            advice="Make room, or choose another folder.",
        ) from error


def folder_name(name: str) -> str:
    """Return a class name that can be a folder on every system."""
    said = "".join(
        "_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in name
    )
    return said.strip(" .") or UNNAMED


def _free(folder: Path, image: str, taken: set[Path]) -> Path:
    """Return where a picture goes; two of one name are told apart by a number."""
    file = PurePosixPath(image.replace("\\", "/"))
    place, number = folder / file.name, 1
    while place in taken:
        number += 1
        place = folder / f"{file.stem}_{number}{file.suffix}"
    taken.add(place)
    return place
