"""Whether a copy of a data set is whole: counts, damage, doubles."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_cellsets.batch.ahead import done_ahead
from napari_cellsets.batch.identical import identical_files
from napari_cellsets.batch.resume import as_csv
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.files import Problem

Kind: TypeAlias = Literal["corrupt", "unmatched", "duplicate"]
_READING = 0.8
_COLUMNS = (
    "finding",
    "name",
    "found",
    "published",
    "class",
    "split",
    "group",
    "detail",
)


@dataclass(frozen=True, slots=True)
class CheckCount:
    """Pictures of one part of a set that are there and that are published.

    Parameters
    ----------
    name
        ``images``, ``class basophil``, ``split train``, ...
    found, published
        Numbers; None where nothing is published.
    """

    name: str
    found: int
    published: int | None

    @property
    def state(self) -> str:
        """``complete``, ``incomplete``, ``missing``, ``more`` or ``not published``."""
        if self.published is None:
            return "not published"
        if self.found == self.published:
            return "complete"
        if self.found > self.published:
            return "more"
        return "incomplete" if self.found else "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that something is wrong with.

    Parameters
    ----------
    kind
        ``corrupt``: it cannot be read; ``unmatched``: what belongs to it is missing,
        or it belongs to nothing; ``duplicate``: another file is the same.
    file
        Its name in the set, or the name of the sample.
    detail
        What is wrong.
    class_name, split
        Of the sample.
    group
        Number of the group of duplicates, from 1; 0 for others.
    """

    kind: Kind
    file: str
    detail: str
    class_name: str = ""
    split: str = ""
    group: int = 0


@dataclass(frozen=True)
class CheckReport:
    """What a check has found.

    Parameters
    ----------
    counts
        The whole set first, then its parts.
    findings
        Corrupt files, then unmatched ones, then duplicates group by group.
    notes
        What is known about the published files.
    whole
        Whether nothing is missing, corrupt or unmatched. Duplicates do not count:
        some are published.
    """

    counts: list[CheckCount] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    whole: bool = True

    def of_kind(self, kind: Kind) -> list[Finding]:
        """Return the findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    @property
    def across_classes(self) -> set[int]:
        """Groups of duplicates whose files are of different classes."""
        classes: dict[int, set[str]] = {}
        for finding in self.of_kind("duplicate"):
            classes.setdefault(finding.group, set()).add(finding.class_name)
        return {group for group, names in classes.items() if len(names) > 1}

    @property
    def across_splits(self) -> set[int]:
        """Groups of duplicates whose files are of different splits."""
        splits: dict[int, set[str]] = {}
        for finding in self.of_kind("duplicate"):
            splits.setdefault(finding.group, set()).add(finding.split)
        return {group for group, names in splits.items() if len(names) > 1}


def check_dataset(
    dataset: Dataset,
    *,
    quick: bool = False,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> CheckReport:
    """Read everything of a set once and tell what is wrong.

    Parameters
    ----------
    dataset
        A set that was just opened.
    quick
        Look at head and end of each picture only, instead of decoding it.
        Annotations are read all the same.
    token
        Cancels between samples.
    progress
        Told a fraction (0 to 1) and the name of the sample.

    Returns
    -------
    CheckReport
        Counts, corrupt and unmatched files, duplicates among the pictures.

    Raises
    ------
    CancelledError
        If `token` was cancelled.
    """
    token = token or CancelToken()
    before = len(dataset.problems)
    _read_all(dataset, quick, token, progress)
    samples = {sample.name: sample for sample in dataset.samples}
    broken_places = {problem.name for problem in dataset.tree.problems}
    findings = [
        _of_problem(
            dataset,
            problem,
            samples,
            corrupt=place >= before or problem.name in broken_places,
        )
        for place, problem in enumerate(dataset.problems)
    ]
    findings.sort(key=lambda finding: finding.kind)
    findings += _duplicates(dataset, token, progress)
    counts = list(_counts(dataset))
    bad = any(count.state == "incomplete" for count in counts)
    bad = bad or not dataset.completeness.complete
    bad = bad or any(finding.kind != "duplicate" for finding in findings)
    if progress is not None:
        progress(1.0, "Checked")
    return CheckReport(counts, findings, dataset.completeness.notes, not bad)


def write_check_csv(report: CheckReport, path: Path | str) -> Path:
    """Write a report as a table: a line a count, then a line a finding.

    Raises
    ------
    ExportError
        If it cannot be written; an older file stays as it was.
    """
    lines = [list(_COLUMNS)]
    for count in report.counts:
        published = "" if count.published is None else str(count.published)
        lines.append([count.state, count.name, str(count.found), published, *[""] * 4])
    for finding in report.findings:
        group = str(finding.group) if finding.group else ""
        about = [finding.class_name, finding.split, group, finding.detail]
        lines.append([finding.kind, finding.file, "", "", *about])
    with atomic_output(path) as aside:
        aside.write_bytes(as_csv(lines).encode())
    return Path(path)


def _read_all(
    dataset: Dataset,
    quick: bool,
    token: CancelToken,
    progress: Callable[[float, str], None] | None,
) -> None:
    """Read each sample once; what is wrong goes to the problems of the set."""

    def look(sample: Sample) -> str:
        if token.cancelled:
            return sample.name
        if quick:
            dataset.looks_whole(sample)
        else:
            _decode(dataset, sample)
        dataset.read_annotations(sample)
        return sample.name

    total = max(1, len(dataset.samples))
    workers = min(4, os.cpu_count() or 1)
    done = done_ahead(look, dataset.samples, token, workers=workers, ahead=2 * workers)
    for number, name in enumerate(done):
        if progress is not None:
            progress(_READING * number / total, name)


def _decode(dataset: Dataset, sample: Sample) -> None:
    try:
        dataset.read_picture(sample)
    except CellsetsError:
        pass  # told in dataset.problems
    for title in dataset.beside(sample):
        try:
            dataset.read_beside(sample, title)
        except CellsetsError:
            continue  # told in dataset.problems


def _of_problem(
    dataset: Dataset,
    problem: Problem,
    samples: Mapping[str, Sample],
    *,
    corrupt: bool,
) -> Finding:
    sample = samples.get(problem.name)
    kind: Kind = "corrupt" if corrupt else "unmatched"
    if sample is None:
        return Finding(kind, problem.name, problem.message)
    files = (*sample.annotations, sample.image)
    named = (name for name in files if dataset.tree.place(name) in problem.message)
    file = next(named, sample.image)
    return Finding(
        kind, file, problem.message, sample.facts.get("class", ""), sample.split
    )


def _duplicates(
    dataset: Dataset,
    token: CancelToken,
    progress: Callable[[float, str], None] | None,
) -> Iterator[Finding]:
    def tell(fraction: float, name: str) -> None:
        if progress is not None:
            progress(_READING + (1 - _READING) * fraction, name)

    of_image = {sample.image: sample for sample in dataset.samples}
    groups = identical_files(dataset.tree, of_image, token, tell)
    for number, group in enumerate(groups, start=1):
        for name in group:
            sample = of_image[name]
            others = ", ".join(other for other in group if other != name)
            yield Finding(
                "duplicate",
                name,
                f"the same as {others}",
                sample.facts.get("class", ""),
                sample.split,
                number,
            )


def _counts(dataset: Dataset) -> Iterator[CheckCount]:
    """Compare numbers of pictures with those that are published."""
    expect, whole = dataset.recipe.expect, dataset.completeness
    yield CheckCount("images", whole.found, whole.expected)
    if dataset.kind == "fields" and (expect.annotated or dataset.recipe.rank < 2):
        annotated = sum(bool(sample.annotations) for sample in dataset.samples)
        published = expect.annotated if whole.expected == expect.samples else None
        yield CheckCount("annotated images", annotated, published)
    for name, (found, published) in whole.classes.items():
        yield CheckCount(f"class {name}", found, published)
    there = dataset.splits
    if there.keys() <= expect.splits.keys():
        for name, published in expect.splits.items():
            if there:
                yield CheckCount(f"split {name}", there.get(name, 0), published)
    mark = expect.part_of
    if mark and mark != "split":
        found_of = Counter(sample.facts.get(mark, "") for sample in dataset.samples)
        for name, published in expect.parts.items():
            yield CheckCount(f"{mark} {name}", found_of[name], published)
