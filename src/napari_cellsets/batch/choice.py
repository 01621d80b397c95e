"""One model for a whole set: a person's word, the row's, or a few pictures'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError, ModelError
from napari_cellsets.counting.job import chosen_channels
from napari_cellsets.inference.choice import AUTO, Choice, choose_for_set
from napari_cellsets.inference.metadata import ModelInfo, read_model_info

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.settings import ChannelChoice

LOOKED_AT = 5
"""Pictures that decide for a set, spread over it."""


def model_for(
    dataset: Dataset,
    model: Path | str | ModelInfo | None = None,
    *,
    channel: ChannelChoice = "rgb",
    samples: Sequence[Sample] | None = None,
) -> tuple[ModelInfo, str]:
    """Return the model to count a set with, complete, and what to tell of it.

    Parameters
    ----------
    dataset
        An open data set.
    model
        What a person named; None or ``"auto"`` leaves the choice to the program.
    channel
        What is fed to the model.
    samples
        Those that will be counted; all by default.

    Returns
    -------
    (ModelInfo, str)
        The sentence is empty where a person chose.

    Raises
    ------
    ModelError
        If the model cannot be used at all.
    """
    told = ""
    info = model
    if info is None or info == AUTO:
        chosen = choose_for_dataset(dataset, channel=channel, samples=samples)
        info = read_model_info(chosen.path)
        told = f"Model {info.name or info.path.stem}: {chosen.reason}."
    if not isinstance(info, ModelInfo):
        info = read_model_info(info)
    if info.missing:
        raise ModelError(
            f"the model does not say its {', '.join(info.missing)}",
            path=info.path,
            advice="Tell them: ModelInfo.replace, or --model-says NAME=VALUE.",
        )
    return info, told


def choose_for_dataset(
    dataset: Dataset,
    *,
    channel: ChannelChoice = "rgb",
    samples: Sequence[Sample] | None = None,
) -> Choice:
    """Choose the shipped model that suits a set; `model_for` says how.

    Parameters
    ----------
    dataset, channel, samples
        As for `model_for`.
    """
    among = dataset.samples if samples is None else samples
    return choose_for_set(_some_pictures(dataset, among, channel), dataset.recipe.model)


def _some_pictures(
    dataset: Dataset, samples: Sequence[Sample], channel: ChannelChoice
) -> Iterator[np.ndarray]:
    """Pictures spread over the set; broken ones are passed over."""
    step = max(1, len(samples) // LOOKED_AT)
    for sample in samples[step // 2 :: step][:LOOKED_AT]:
        try:
            yield chosen_channels(dataset.read_picture(sample), channel)
        except CellsetsError:
            continue
