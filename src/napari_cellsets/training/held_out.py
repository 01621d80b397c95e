"""Held-out fields: score while learning, settings of counting, figures at last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_cellsets.counting import (
    CountRequest,
    CountSettings,
    evaluate,
    labels_from_probability,
    predict_probability,
    summarise,
)
from napari_cellsets.training.data import pad_to_multiple
from napari_cellsets.training.loop import learn_in_halves
from napari_cellsets.training.pictures import network_values
from napari_cellsets.training.request import Example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting import Evaluation
    from napari_cellsets.inference.metadata import ModelInfo
    from napari_cellsets.training.pictures import FieldSource, SetPair

#: How much is looked at while a run goes on: pictures, and px a side of each of so
#: many.
WINDOWS, WINDOW = 8, 768
THUMBNAIL, EXAMPLES = 256, 3
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88)
LOOSE_RADIUS = 40.0


@dataclass(frozen=True)
class Window:
    """A part of a held-out picture.

    Parameters
    ----------
    name
        The sample's name.
    values
        float32, shape (y, x, 3): what the network is given.
    image
        uint8, shape (y, x, 3): what people are shown.
    labels
        int32, shape (y, x).
    """

    name: str
    values: NDArray[np.float32]
    image: NDArray[np.uint8]
    labels: NDArray[np.int32]


def windows_of(pairs: Sequence[SetPair]) -> list[Window]:
    """Cut the part with the cells out of some pictures, spread evenly over all.

    Of few pictures larger parts are taken, mostly all of them: settings that suit a
    crowded part alone find cells in the empty rest.
    """
    places = np.linspace(0, len(pairs) - 1, min(len(pairs), WINDOWS)).astype(int)
    side = int(WINDOW * np.sqrt(WINDOWS / len(places)))
    found = []
    for place in dict.fromkeys(places.tolist()):
        image, labels = pairs[place].load()
        field = pairs[place].source.read(pairs[place].sample)
        values = network_values(field.picture.pixels, pairs[place].info)
        values = np.broadcast_to(values, (*values.shape[:2], 3))
        rows, columns = np.nonzero(labels)
        middle = [
            int(np.median(axis)) if len(axis) else size // 2
            for axis, size in zip((rows, columns), labels.shape, strict=True)
        ]
        cut = tuple(
            _span(at, size, side) for at, size in zip(middle, labels.shape, strict=True)
        )
        found.append(Window(pairs[place].name, values[cut], image[cut], labels[cut]))
    return found


def _span(middle: int, size: int, side: int) -> slice:
    low = max(0, min(middle - side // 2, size - side))
    return slice(low, low + side)


def radius_for(diameter: float) -> float:
    """How far apart centres may be that match: a cell's width, 40 px at most."""
    return float(np.clip(diameter, 3.0, LOOSE_RADIUS))


def maps_of(
    network: nn.Module,
    windows: Iterable[Window],
    *,
    fast: bool = True,
    token: CancelToken | None = None,
) -> list[NDArray[np.float32]]:
    """Probabilities (y, x) of windows; in bfloat16 where that helps and is asked."""
    device = next(network.parameters()).device
    maps = []
    for window in windows:
        if token is not None:
            token.raise_if_cancelled()
        values = pad_to_multiple(window.values)
        blob = torch.from_numpy(values.transpose(2, 0, 1)[None].copy()).to(
            device, memory_format=torch.channels_last
        )
        with torch.no_grad():
            logits = (
                learn_in_halves(device, partial(network, blob))
                if fast
                else network(blob)
            )
        probability = torch.sigmoid(logits)[0, 0].cpu().numpy()
        height, width = window.labels.shape
        maps.append(np.ascontiguousarray(probability[:height, :width]))
    return maps


def quality(
    maps: Sequence[NDArray[np.float32]],
    windows: Sequence[Window],
    settings: CountSettings,
    radius: float,
    token: CancelToken | None = None,
) -> float:
    """Mean of F1 by centres and F1 by IoU above 0.5, pooled over the windows."""
    found = [
        evaluate(
            labels_from_probability(probability, settings, token),
            window.labels,
            radius_px=radius,
        )
        for probability, window in zip(maps, windows, strict=True)
    ]
    total = summarise(found)
    return ((total.f1 or 0.0) + (total.f1_by_iou or 0.0)) / 2


def first_settings(diameter: float, areas: NDArray[np.int64]) -> CountSettings:
    """Settings that suit the size of the cells that are learnt from."""
    small = float(np.percentile(areas, 5)) if len(areas) else 50.0
    typical = np.pi / 4 * diameter**2
    return CountSettings(
        threshold=0.5,
        min_area_px=max(1, round(small / 2)),
        fill_holes_px=max(1, round(typical / 2)),
        split_distance_px=max(1.0, round(0.6 * diameter, 1)),
    )


def best_threshold(
    maps: Sequence[NDArray[np.float32]],
    windows: Sequence[Window],
    settings: CountSettings,
    radius: float,
    thresholds: Sequence[float] = THRESHOLDS,
    token: CancelToken | None = None,
) -> tuple[CountSettings, float]:
    """Choose the threshold, judged with its neighbours so that luck decides less.

    Returns
    -------
    tuple
        The settings, and the quality that they reach.
    """
    scores = np.array(
        [
            quality(
                maps,
                windows,
                settings.model_copy(update={"threshold": t}),
                radius,
                token,
            )
            for t in thresholds
        ]
    )
    padded = np.pad(scores, 1, mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    # of equals the middle one, which has most room on either side
    equals = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    best = int(equals[len(equals) // 2])
    chosen = settings.model_copy(update={"threshold": thresholds[best]})
    return chosen, float(scores[best])


def choose_settings(
    maps: Sequence[NDArray[np.float32]],
    windows: Sequence[Window],
    candidates: Sequence[CountSettings],
    diameter: float,
    token: CancelToken | None = None,
) -> CountSettings:
    """Choose threshold, smallest area, how touching cells are parted, least peak.

    Parameters
    ----------
    maps, windows
        Probabilities and the truth.
    candidates
        What to begin with; the best of them is refined.
    diameter
        Typical diameter of the cells, px.
    token
        Cancels.
    """
    radius = radius_for(diameter)
    begun = [
        best_threshold(maps, windows, one, radius, token=token) for one in candidates
    ]
    settings, best = max(begun, key=lambda found: found[1])
    area = settings.min_area_px
    distances = [round(max(1.0, share * diameter), 1) for share in (0.4, 0.8)]
    others: list[dict[str, Any]] = [
        *({"min_area_px": max(1, round(area * factor))} for factor in (0.5, 1.6)),
        *({"split_distance_px": distance} for distance in distances),
        {"split_touching": False},
        *({"least_peak": peak} for peak in (0.9, 0.97)),
    ]
    for change in others:
        tried = settings.model_copy(update=change)
        score = quality(maps, windows, tried, radius, token)
        if score > best + 1e-9:
            settings, best = tried, score
    return settings


def measure_model(
    model: Path | ModelInfo,
    source: FieldSource,
    samples: Sequence[Sample],
    radius: float,
    tell: Callable[[int], None],
    token: CancelToken | None = None,
) -> dict[str, Any]:
    """Count whole held-out pictures as everybody does, with the model's settings.

    Parameters
    ----------
    model
        An ONNX file.
    source, samples
        What to count.
    radius
        Greatest distance of matched centres, px.
    tell
        Called with the number of each picture.
    token
        Cancels.

    Returns
    -------
    dict
        ``images``, ``truth``, ``predicted``, ``precision``, ``recall``, ``f1``,
        ``radius_px``, ``f1_iou50``, ``count_mae``.
    """
    found: list[Evaluation] = []
    for number, sample in enumerate(samples):
        tell(number)
        seen = source.read(sample)
        request = CountRequest(
            seen.picture,
            model,
            channel="rgb" if seen.picture.channel_count in (1, 3) else 0,
        )
        probability = predict_probability(request, token)
        settings = request.chosen_settings()
        labels = labels_from_probability(probability, settings, token)
        found.append(evaluate(labels, seen.labels, radius_px=radius, token=token))
    total = summarise(found)
    return {
        "images": total.images,
        "truth": total.truth,
        "predicted": total.predicted,
        "precision": _short(total.precision),
        "recall": _short(total.recall),
        "f1": _short(total.f1),
        "radius_px": round(radius, 1),
        "f1_iou50": _short(total.f1_by_iou),
        "count_mae": _short(total.mae),
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def example_of(
    window: Window, probability: NDArray[np.float32], settings: CountSettings
) -> Example:
    """Picture, truth and prediction, small enough to be shown."""
    labels = labels_from_probability(probability, settings)
    step = max(1, -(-max(labels.shape) // THUMBNAIL))
    every = (slice(None, None, step), slice(None, None, step))
    return Example(
        window.name,
        np.ascontiguousarray(_smaller(window.image, step)),
        np.ascontiguousarray(window.labels[every]),
        np.ascontiguousarray(labels[every]),
    )


def _smaller(image: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    if step == 1:
        return image
    import cv2

    height, width = (-(-side // step) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
