"""What a person has chosen about training, and how a run goes; no Qt, no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field

from napari_cellsets.core.errors import TrainingError
from napari_cellsets.core.evented import EventedModel, FrozenModel
from napari_cellsets.counting.settings import ChannelChoice
from napari_cellsets.training.request import (
    DEFAULT_MINUTES,
    Example,
    TrainingPoint,
    TrainingRequest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.training.request import Architecture, TrainingResult

Kind: TypeAlias = Literal["segmenter", "classifier"]
Labels: TypeAlias = Literal["truth", "corrected"]
Phase: TypeAlias = Literal["idle", "running", "stopping"]
Start: TypeAlias = Literal["shipped", "scratch", "scratch densenet121"] | Path


class Material(FrozenModel):
    """What a set offers to learn from.

    Parameters
    ----------
    path, row, title
        The set; no path: none is open.
    kind
        What can be trained on it.
    truth
        Samples with published labels.
    corrected
        Samples whose cells, or whose class, a person has corrected.
    added
        Single cells without a published class that a person gave one.
    """

    path: Path | None = None
    row: str = ""
    title: str = ""
    kind: Kind = "segmenter"
    truth: int = 0
    corrected: int = 0
    added: int = 0

    @classmethod
    def of(cls, dataset: Dataset, corrected: Iterable[str] = ()) -> Material:
        """Look at an open set; no file is read.

        Parameters
        ----------
        dataset
            An open set.
        corrected
            Names of samples whose cells were corrected; of single cells those that
            have another class than the published one.
        """
        cells = dataset.kind == "cells"
        if cells:
            classed = {s.name for s in dataset.samples if s.facts.get("class")}
            truth = len(classed)
        else:
            truth = sum(bool(sample.annotations) for sample in dataset.samples)
        names = {sample.name for sample in dataset.samples}
        told = names.intersection(corrected)
        return cls(
            path=dataset.path,
            row=dataset.recipe.key,
            title=dataset.recipe.title,
            kind="classifier" if cells else "segmenter",
            truth=truth,
            corrected=len(told),
            added=len(told - classed) if cells else 0,
        )

    def number(self, labels: Labels) -> int:
        """How many samples there are to learn from."""
        if labels == "corrected" and self.kind == "classifier":
            # all are learnt from, those that were not corrected as published
            return self.truth + self.added if self.corrected else 0
        return self.truth if labels == "truth" else self.corrected


class Seen:
    """What was seen of a run so far.

    Parameters
    ----------
    points
        Of the curves, in order.
    examples
        Held-out pictures as the network saw them at the last check.
    """

    def __init__(
        self,
        points: tuple[TrainingPoint, ...] = (),
        examples: tuple[Example, ...] = (),
    ) -> None:
        self.points = points
        self.examples = examples

    @property
    def last(self) -> TrainingPoint | None:
        """The last point, None before the first."""
        return self.points[-1] if self.points else None

    def with_more(self, news: Iterable[TrainingPoint | Example]) -> Seen:
        """Return what is seen with the news; new examples replace older ones.

        Points at or beyond the first new step are replaced, too: a run that went on
        in its folder may have taken a step back.
        """
        points, examples = list(self.points), list(self.examples)
        fresh = True
        for one in news:
            if isinstance(one, Example):
                examples = [one] if fresh else [*examples, one]
                fresh = False
            else:
                fresh = True
                points = [point for point in points if point.step <= one.step]
                points.append(one)
        return Seen(tuple(points), tuple(examples))


class TrainModel(EventedModel):
    """The state of one Train dock; `events.<field>` tells of each change.

    Parameters
    ----------
    material
        The set on screen.
    labels
        Learn from published truth or from corrected cells.
    start
        What to begin with: the shipped model, random weights, or a model file.
    channel
        Which channel shows the cells.
    minutes, steps
        How long to learn; what is reached first ends the run.
    name
        What the model is called; empty: after the set.
    out
        Folder of the run; None for one below the person's own models.
    seed
        Of split, weights and batches.
    phase
        Whether a run goes on, or is about to end because the person said so.
    running
        What the run learns from, while it goes on and after it.
    seen
        Curves and examples of that run.
    result
        What came of it, None before.
    """

    material: Material = Field(default_factory=Material)
    labels: Labels = "truth"
    start: Start = "shipped"
    channel: ChannelChoice = "rgb"
    minutes: float = Field(default=DEFAULT_MINUTES, gt=0)
    steps: int | None = None
    name: str = ""
    out: Path | None = None
    seed: int = 0
    phase: Phase = "idle"
    running: Material | None = None
    seen: Seen = Field(default_factory=Seen)
    result: Any = None

    def take(self, material: Material) -> None:
        """Turn to another set, or to the same one with other corrections.

        Labels that a person corrected are what they want to train on, if there are
        any; a start that belongs to the other kind of model is forgotten.
        """
        before = self.material
        self.material = material
        if material.kind != before.kind:
            self.start = "shipped"
        if material.path != before.path or not material.number(self.labels):
            self.labels = "corrected" if material.corrected else "truth"
        if material.path != before.path:
            self.name, self.out = "", None

    @property
    def possible(self) -> bool:
        """Whether there is anything to learn from."""
        return self.material.path is not None and self.material.number(self.labels) > 0

    def request(self, project: Path | str | None = None) -> TrainingRequest:
        """Return the run that was chosen.

        Parameters
        ----------
        project
            Place of the project store; the person's own by default.

        Raises
        ------
        TrainingError
            If there is nothing to learn from.
        """
        material = self.material
        if material.path is None:
            raise TrainingError(
                "There is no data set to train on",
                advice="Open one in the Samples dock first.",
            )
        if not self.possible:
            raise TrainingError(
                "There is nothing to learn from",
                advice="Correct the cells of some pictures first.",
            )
        architecture: Architecture | None = None
        start: Literal["shipped", "scratch"] | Path
        if self.start == "scratch densenet121":
            start, architecture = "scratch", "densenet121"
        else:
            start = self.start
        return TrainingRequest(
            material.kind,
            material.path,
            row=material.row,
            out=self.out,
            start=start,
            minutes=self.minutes,
            steps=self.steps,
            seed=self.seed,
            architecture=architecture,
            corrected=self.labels == "corrected",
            channel=self.channel if material.kind == "segmenter" else "rgb",
            project=project,
            name=self.name.strip(),
        )

    def begin(self) -> None:
        """Forget the run before: another one begins."""
        self.seen, self.result = Seen(), None
        self.running = self.material
        self.phase = "running"

    def end(self, result: TrainingResult | None) -> None:
        """Say what came of the run; None for nothing."""
        self.phase = "idle"
        self.result = result
