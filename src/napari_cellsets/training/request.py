"""What a person asks of training, and what they are told; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from napari_cellsets.core.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np

    from napari_cellsets.counting.settings import ChannelChoice

Kind: TypeAlias = Literal["segmenter", "classifier"]
Architecture: TypeAlias = Literal["cresunet", "compact", "densenet121"]

#: Networks on offer for each kind, the usual one first.
ARCHITECTURES: dict[Kind, tuple[Architecture, ...]] = {
    "segmenter": ("cresunet",),
    "classifier": ("compact", "densenet121"),
}
DEFAULT_MINUTES = 10.0


@dataclass(frozen=True)
class TrainingRequest:
    """What to train, on what, from where, and for how long.

    Parameters
    ----------
    kind
        ``"segmenter"`` finds cells in fields, ``"classifier"`` names single cells.
    dataset
        A catalogued set: folder, archive or picture.
    row
        Key of the row to read it as; recognised by default.
    out
        Folder of the run and of the model. By default one of its own below the
        person's models, where the docks find it.
    start
        ``"shipped"`` goes on from the shipped model, ``"scratch"`` begins with random
        weights, a path goes on from that ONNX file.
    minutes
        How long to learn; 10 where neither minutes nor steps are said.
    steps
        Number of batches. What is reached first ends the run. Only a run that is
        ended by its steps can be repeated exactly.
    seed
        Of the split, the weights and the batches.
    architecture
        One of `ARCHITECTURES`; the usual one by default.
    corrected
        Whether to learn from what people corrected in the project store. A segmenter:
        only from the cells corrected there, not from ground truth. A classifier: from
        all cells, with the classes that people gave in place of the published ones.
    channel
        Which channel of the pictures shows the cells.
    samples
        Names of the samples to use; all by default.
    project
        Place of the project store; the person's own by default.
    name
        What the model is called; from the set by default.
    """

    kind: Kind
    dataset: Path
    row: str | None = None
    out: Path | None = None
    start: Literal["shipped", "scratch"] | Path = "shipped"
    minutes: float | None = None
    steps: int | None = None
    seed: int = 0
    architecture: Architecture | None = None
    corrected: bool = False
    channel: ChannelChoice = "rgb"
    samples: tuple[str, ...] = ()
    project: Path | str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.kind not in ARCHITECTURES:
            raise TrainingError(
                f"a 'segmenter' or a 'classifier' can be trained, not {self.kind!r}"
            )
        if self.network not in ARCHITECTURES[self.kind]:
            raise TrainingError(
                f"{self.network!r} is no network for a {self.kind}",
                advice=f"Choose from: {', '.join(ARCHITECTURES[self.kind])}.",
            )
        if self.minutes is not None and self.minutes <= 0:
            raise TrainingError(f"a run lasts more than {self.minutes:g} minutes")
        if self.steps is not None and self.steps < 1:
            raise TrainingError(f"a run takes 1 step or more, not {self.steps}")

    @property
    def network(self) -> Architecture:
        """The architecture, the usual one where none was chosen."""
        return self.architecture or ARCHITECTURES[self.kind][0]

    @property
    def limit_minutes(self) -> float | None:
        """Minutes to learn; None where only the steps count."""
        if self.minutes is None and self.steps is None:
            return DEFAULT_MINUTES
        return self.minutes


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """One point of the live curves.

    Parameters
    ----------
    step, steps
        Batches learnt so far; how many there will be, None where the clock decides.
    seconds
        Spent learning, over all stops.
    loss
        Mean since the last point; None at the very start.
    score_name, score
        What is measured on pictures that are not learnt from, and its value; None
        where nothing is held out.
    best
        The best score so far: what is exported.
    fraction
        Share of the run that is done, 0..1.
    """

    step: int
    steps: int | None
    seconds: float
    loss: float | None
    score_name: str
    score: float | None
    best: float | None
    fraction: float = 0.0


@dataclass(frozen=True, slots=True)
class Example:
    """A held-out picture as the network sees it now.

    Parameters
    ----------
    name
        The sample's name.
    picture
        uint8, shape (y, x, 3), at most 256 px a side.
    truth, prediction
        int32 labels (y, x) of the same size, or names of classes.
    """

    name: str
    picture: np.ndarray
    truth: np.ndarray | str
    prediction: np.ndarray | str


Watch: TypeAlias = "Callable[[TrainingPoint | Example], None]"


@dataclass(frozen=True)
class TrainingResult:
    """What a run has made.

    Parameters
    ----------
    model, card
        The ONNX file and its card.
    metrics
        On held-out pictures; empty where none were held out.
    stopped
        Whether the person stopped the run; the best so far was exported all the same.
    report
        Everything that is known of the run, as JSON can say it.
    """

    model: Path
    card: Path
    metrics: Mapping[str, Any]
    stopped: bool
    report: Mapping[str, Any] = field(default_factory=dict)
