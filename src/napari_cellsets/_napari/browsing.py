"""What the Samples dock says and which samples it lists; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from napari_cellsets.batch.picture_classes import (
    as_said,
    said_of_pictures,
    who_said,
)
from napari_cellsets.catalogue.samples import split_fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project, StoredMark

    Kind = Literal["fields", "cells"]

#: Choices of the progress filter: key and what the person reads.
PROGRESS_CHOICES = (
    ("", "all"),
    ("corrected", "corrected"),
    ("counted", "counted"),
    ("open", "not counted"),
    ("truth", "with truth"),
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What was done with the samples of a set.

    Parameters
    ----------
    corrected
        Names of samples that somebody corrected.
    counts
        Newest count of each sample that was counted.
    truths
        What the ground truth of those samples counts, where they have one.
    classes
        Of single cells what somebody said of their class.
    """

    corrected: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    truths: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, StoredMark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """Which samples to list.

    Parameters
    ----------
    text
        All of its words must be in the name or in the published facts; capitals
        do not matter.
    split
        Name of a split; empty for all.
    progress
        Key of `PROGRESS_CHOICES`.
    split_by
        What `split` splits by, where a set has several splits; see
        `Dataset.split_kinds`. Empty for the one in use.
    cell_class
        Class of single cells; empty for all.
    """

    text: str = ""
    split: str = ""
    progress: str = ""
    split_by: str = ""
    cell_class: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.text.strip() or self.split or self.progress or self.cell_class)

    def apply(self, samples: Sequence[Sample], marks: Marks) -> list[int]:
        """Return the indices of the samples that fit, in their order."""
        words = self.text.lower().split()
        return [
            index
            for index, sample in enumerate(samples)
            if (not self.split or self._split_of(sample) == self.split)
            and (not self.cell_class or _class(sample, marks) == self.cell_class)
            and self._fits_progress(sample, marks)
            and _holds(sample, words)
        ]

    def _split_of(self, sample: Sample) -> str:
        if not self.split_by:
            return sample.split
        return sample.facts.get(split_fact(self.split_by), "")

    def _fits_progress(self, sample: Sample, marks: Marks) -> bool:
        match self.progress:
            case "corrected":
                return sample.name in marks.corrected or _relabelled(sample, marks)
            case "counted":
                return sample.name in marks.counts
            case "open":
                return sample.name not in marks.counts
            case "truth":
                return bool(sample.annotations)
        return True


def read_marks(dataset: Dataset, project: Project) -> Marks:
    """Return what the store knows of a data set.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    counts: dict[str, int] = {}
    truths: dict[str, int] = {}
    corrected = project.edited_samples(dataset.identity)
    # a class that was given may be the published one: see `_relabelled`
    corrected |= project.marked_samples(dataset.identity, classes=False)
    for row in project.counts(dataset.identity):
        if row.get("corrected"):
            corrected.add(str(row["sample"]))
        if isinstance(row.get("count"), int | float):
            counts[str(row["sample"])] = int(row["count"])
        if isinstance(row.get("truth"), int | float):
            truths[str(row["sample"])] = int(row["truth"])
    classes = said_of_pictures(dataset, project)
    return Marks(frozenset(corrected), counts, truths, classes)


def cell_words(sample: Sample) -> str:
    """Return the class of a single cell for people: ``ig, promyelocyte``."""
    name = sample.facts.get("class", "")
    more = sample.facts.get("subclass") or sample.facts.get("class title", "")
    return f"{name}, {more}" if more and more.lower() != name.lower() else name


def describe(sample: Sample, marks: Marks, kind: Kind = "fields") -> str:
    """Return the second line of a sample in the list.

    Parameters
    ----------
    sample, marks
        What it is and what was done with it.
    kind
        Of its data set. Single cells have a class; nobody asks for outlines.
    """
    said = as_said(sample, marks.classes.get(sample.name))
    given = said is not sample
    parts = [cell_words(said)] if kind == "cells" or given else []
    parts += [sample.split] if sample.split else []
    if not sample.annotations and kind == "fields":
        parts.append("no ground truth")
    count = marks.counts.get(sample.name)
    if count is not None:
        parts.append(f"{count} cell" if count == 1 else f"{count} cells")
    if sample.name in marks.corrected:
        parts.append("corrected")
    if given and sample.facts.get("class"):
        parts.append("relabelled")
    return " · ".join(parts)


def details(sample: Sample, marks: Marks, kind: Kind = "fields") -> str:
    """Return all that is known of a sample, for its tooltip; see `describe`."""
    lines = [sample.name, describe(sample, marks, kind), f"Image: {sample.image}"]
    lines += [f"Truth: {name}" for name in sample.annotations[:3]]
    if len(sample.annotations) > 3:
        lines.append(f"and {len(sample.annotations) - 3} more files")
    lines += [f"{name}: {value}" for name, value in sample.facts.items()]
    said = marks.classes.get(sample.name)
    lines += [] if said is None else [who_said(sample, said)]
    return "\n".join(line for line in lines if line)


def _relabelled(sample: Sample, marks: Marks) -> bool:
    return as_said(sample, marks.classes.get(sample.name)) is not sample


def _class(sample: Sample, marks: Marks) -> str:
    return as_said(sample, marks.classes.get(sample.name)).facts.get("class", "")


def _holds(sample: Sample, words: Sequence[str]) -> bool:
    if not words:
        return True
    text = " ".join((sample.name, sample.split, *sample.facts.values())).lower()
    return all(word in text for word in words)
