"""Counting every sample of a set beside a window in which people go on working."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from napari_cellsets.batch.drawn_on import drawn_on, picture_changed
from napari_cellsets.batch.known_classes import KeptObjects, kept_objects
from napari_cellsets.batch.places import image_names
from napari_cellsets.batch.rows import CountRow, summary_of
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.counting.classes import ClassCount, count_classes
from napari_cellsets.counting.confidence import Trust
from napari_cellsets.counting.job import (
    CountRequest,
    CountResult,
    predict_probability,
    trust_of,
)
from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.live import LiveRequest, describe
from napari_cellsets.store.object_words import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.image import Picture
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.settings import ChannelChoice, CountSettings
    from napari_cellsets.counting.summary import SetSummary
    from napari_cellsets.inference.metadata import ModelInfo
    from napari_cellsets.store import LayerFacts, Project, StoredLabels

BY_HAND: Final = "corrected by hand"
TRUST: Final = "trust"
"""Where labels keep how sure they are, in what is said of how they were made."""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One sample of a counted set.

    Parameters
    ----------
    sample
        `Sample.name`.
    figures
        Count, and the comparison with ground truth where there is one.
    corrected
        Whether a person has corrected the cells: then those are counted.
    classes
        Numbers of each class; empty where nobody told any.
    """

    sample: str
    figures: CountRow
    corrected: bool = False
    classes: tuple[ClassCount, ...] = ()


@dataclass(frozen=True)
class SetPlan:
    """What to count with.

    Parameters
    ----------
    dataset, project
        What to count, and where results are kept.
    model, model_hash, settings, channel, memory_budget
        As for one picture.
    """

    dataset: Dataset
    project: Project
    model: ModelInfo
    model_hash: str
    settings: CountSettings
    channel: ChannelChoice
    memory_budget: int | None = None

    @cached_property
    def names(self) -> dict[str, str]:
        """How tables call the images."""
        return image_names(self.dataset.samples)

    def provenance(self, trust: Trust | None = None) -> dict[str, Any]:
        """Say how the labels were made and how sure they are, as JSON can."""
        said = prediction_provenance(
            self.model, self.model_hash, self.settings, self.channel
        )
        return said if trust is None else {**said, TRUST: trust.as_json()}


@dataclass
class SetRun:
    """A run over a set, readable while it goes on and after it was cancelled.

    Samples that are on screen belong to the window: their labels wait in
    `waiting`, with how they were made, and are not written behind its back. Pictures
    that are others than when somebody corrected their cells are told in `changed`.
    """

    plan: SetPlan
    rows: list[SetRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    waiting: dict[str, tuple[np.ndarray, dict[str, Any]]] = field(default_factory=dict)
    _on_screen: set[str] = field(default_factory=set)
    _saved: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, sample: str) -> bool:
        """Leave a sample to the window; return whether it was written before."""
        with self._lock:
            self._on_screen.add(sample)
            return sample in self._saved

    def __call__(self, token: CancelToken, progress: Progress) -> SetRun:
        """Count every sample; a bad one is noted and passed over.

        Raises
        ------
        CancelledError
            If the token was cancelled; what was finished stays in `rows`.
        StoreError
            If results cannot be kept.
        """
        samples = self.plan.dataset.samples
        for number, sample in enumerate(samples):
            token.raise_if_cancelled()
            progress(number / len(samples), f"Image {number + 1} of {len(samples)}")
            try:
                self._count(sample, token)
            except CancelledError:
                raise
            except CellsetsError as error:
                self.problems.append(str(error))
        return self

    def _count(self, sample: Sample, token: CancelToken) -> None:
        plan = self.plan
        picture = plan.dataset.read_picture(sample)
        true = kept_objects(plan.dataset, plan.project, sample, "truth")
        kept = kept_objects(plan.dataset, plan.project, sample)
        if kept is not None and not is_corrected(kept.stored, kept.facts):
            kept = None  # nobody's work: it is counted anew
        request = CountRequest(
            picture,
            plan.model,
            plan.settings,
            plan.channel,
            memory_budget=plan.memory_budget,
        )
        live = LiveRequest(request, truth=None if true is None else true.image)
        if kept is not None:
            changed = picture_changed(picture, kept.stored, sample.name)
            self.changed += [] if changed is None else [str(changed)]
            found = describe(kept.labels, live, token)
        else:
            probability = predict_probability(request, token)
            labels = labels_from_probability(probability, plan.settings, token)
            found = describe(labels, live, token)
            found = found.trusted(trust_of(found, probability, request, token))
            said = drawn_on(picture, plan.provenance(found.trust))
            self._keep(sample.name, labels, said)
        self._note(sample, picture, found, kept, true)

    def _note(
        self,
        sample: Sample,
        picture: Picture,
        found: CountResult,
        kept: KeptObjects | None,
        true: KeptObjects | None,
    ) -> None:
        """Write down what was found, or `kept` because somebody had corrected it."""
        plan = self.plan
        figures = CountRow.of(
            plan.names[sample.name],
            found.count,
            found.evaluation,
            split=sample.split,
            interval=found.interval,
            model=plan.model.name or plan.model.path.stem,
        )
        classes = count_classes(
            found.table.columns["label"],
            {} if kept is None else kept.classes,
            true_classes=None if true is None else true.classes,
            evaluation=found.evaluation,
        )
        corrected = kept is not None
        plan.project.save_count(
            plan.dataset.identity,
            sample.name,
            plan.model_hash,
            plan.settings.model_dump_json(),
            drawn_on(
                picture, kept_count(figures, corrected=corrected, classes=classes)
            ),
        )
        self.rows.append(SetRow(sample.name, figures, corrected, classes))

    def _keep(self, sample: str, labels: np.ndarray, said: dict[str, Any]) -> None:
        with self._lock:
            if sample in self._on_screen:
                self.waiting[sample] = labels, said
                return
            identity = self.plan.dataset.identity
            self.plan.project.save_labels(identity, sample, "cells", labels, said)
            self._saved.add(sample)


def prediction_provenance(
    info: ModelInfo, model_hash: str, settings: CountSettings, channel: ChannelChoice
) -> dict[str, Any]:
    """Say how predicted labels were made, as JSON can."""
    return {
        "source": "predicted",
        "model": info.name or info.path.stem,
        "model_hash": model_hash,
        "settings": settings.model_dump(),
        "channel": channel,
    }


def trust_kept(stored: StoredLabels) -> Trust | None:
    """Return how sure stored labels were when they were found, where it is known."""
    return Trust.from_json(stored.provenance.get(TRUST))


def is_corrected(stored: StoredLabels | None, facts: LayerFacts | None = None) -> bool:
    """Whether a person's work is in labels from the store, or in facts of them."""
    if stored is None:
        return False
    if facts is not None and facts.said:
        return True
    return stored.edits > 0 or stored.provenance.get("source") == BY_HAND


def kept_count(
    figures: CountRow, *, corrected: bool, classes: Sequence[ClassCount] = ()
) -> dict[str, Any]:
    """Return a count as the store keeps it; `rows_of` reads it again."""
    numbers = [asdict(one) for one in classes]
    return {**asdict(figures), "corrected": corrected, CLASSES: numbers}


def rows_of(
    counts: Sequence[Mapping[str, Any]], samples: Sequence[Sample]
) -> list[SetRow]:
    """Return the rows of earlier runs from the store, in the order of the set.

    Parameters
    ----------
    counts
        From `Project.counts`; what others wrote there is taken as far as it tells.
    samples
        Of the set; counts of other samples are left out.
    """
    place = {sample.name: at for at, sample in enumerate(samples)}
    known = {field.name for field in fields(CountRow)}
    rows = [
        SetRow(
            found["sample"],
            CountRow(**{name: found[name] for name in known & found.keys()}),
            bool(found.get("corrected", False)),
            tuple(ClassCount(**one) for one in found.get(CLASSES, ())),
        )
        for found in counts
        if found["sample"] in place and {"image", "count"} <= found.keys()
    ]
    return sorted(rows, key=lambda row: place[row.sample])


def summary_of_rows(rows: Sequence[SetRow]) -> SetSummary | None:
    """Return figures over the samples with ground truth; None where there are none."""
    return summary_of([row.figures for row in rows])
