"""Counting one picture as a pure function of a frozen request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ModelError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.confidence import CountInterval, Trust, trust_in
from napari_cellsets.counting.evaluate import Evaluation, evaluate
from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.measure import ObjectTable, measure
from napari_cellsets.counting.regions import Region, centroids_inside, window_of
from napari_cellsets.counting.settings import ChannelChoice, CountSettings
from napari_cellsets.inference.choice import choose_model
from napari_cellsets.inference.engine import predict
from napari_cellsets.inference.metadata import ModelInfo, read_model_info
from napari_cellsets.inference.normalise import full_scale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets.core.annotation import LabelImage

LARGEST_CHANNEL_AXIS = 4


@dataclass(frozen=True, slots=True)
class CountRequest:
    """What to count in, with what, and how.

    Parameters
    ----------
    picture
        The picture; a stack is counted plane by plane, each on its own.
    model
        An ONNX file, or what `read_model_info` told of it, completed. None stands for
        the shipped model that suits the picture; see `inference.choose_model`.
    settings
        How probabilities become objects; those of the model by default.
    channel
        ``"rgb"`` or the index of a channel.
    regions
        Polygons to count in, beside the whole picture.
    only_regions
        Whether to look inside the regions only: objects with their centroid in none
        are left out, and the network runs on no more than the regions need.
    radius_px, iou
        Rules of the comparison with truth.
    memory_budget
        Bytes the engine may take; half of the free memory by default.
    """

    picture: Picture
    model: Path | ModelInfo | None = None
    settings: CountSettings | None = None
    channel: ChannelChoice = "rgb"
    regions: tuple[Region, ...] = field(default=())
    only_regions: bool = False
    radius_px: float = 40.0
    iou: float = 0.5
    memory_budget: int | None = None

    def info(self) -> ModelInfo:
        """Read what is known of the model."""
        if isinstance(self.model, ModelInfo):
            return self.model
        if self.model is not None:
            return read_model_info(self.model)
        pixels = chosen_channels(self.picture, self.channel)
        return read_model_info(choose_model(pixels).path)

    def chosen_settings(self) -> CountSettings:
        """Return the settings, the model's where the person chose none."""
        return self.settings or CountSettings.for_model(self.info())

    def with_settings(self, settings: CountSettings) -> CountRequest:
        """Return the same request with other settings."""
        return replace(self, settings=settings)


@dataclass(frozen=True, slots=True)
class CountResult:
    """What was found in one picture.

    Parameters
    ----------
    labels
        int32, shape (y, x) or (z, y, x), numbered in raster order.
    table
        One row an object.
    region_counts
        Number of objects by name of region, by centroid.
    evaluation
        Against truth, where there was one.
    trust
        How sure each object is, and limits of the true count; None where the model
        was not measured. The table has the column ``confidence`` then.
    """

    labels: np.ndarray
    table: ObjectTable
    region_counts: dict[str, int]
    evaluation: Evaluation | None
    trust: Trust | None = None

    @property
    def count(self) -> int:
        """Number of objects."""
        return len(self.table)

    @property
    def interval(self) -> CountInterval | None:
        """Limits within which the true count should lie, where they are known."""
        return None if self.trust is None else self.trust.interval

    def trusted(self, trust: Trust | None) -> CountResult:
        """Return the same result with what is known of its confidence."""
        if trust is None:
            return self
        return replace(self, table=trust.into(self.table), trust=trust)


def predict_probability(
    request: CountRequest,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> np.ndarray:
    """Run the model over the picture of a request.

    The planes of a stack are normalised each on its own, but share one white, so
    that an empty plane stays dark.

    Parameters
    ----------
    request
        What to count in, and with what.
    token
        Cancels, also inside one call of the engine.
    progress
        Called with the share that is done (0..1) and a short text.

    Returns
    -------
    ndarray
        float32, shape (y, x) or (z, y, x), 0..1.

    Raises
    ------
    ModelError
        If the model cannot run on this picture.
    CancelledError
        If the token was cancelled.
    """
    info = request.info()
    pixels = chosen_channels(request.picture, request.channel)
    planes = pixels if "z" in request.picture.axes else pixels[np.newaxis]
    window = None
    if request.only_regions and request.regions:
        window = window_of(request.regions, request.picture.plane_shape)
        if window is None:
            return np.zeros(pixels.shape[:-1], np.float32)
    white = full_scale(pixels)
    maps = []
    for z, plane in enumerate(planes):
        tell = _share_of(progress, z, len(planes))
        maps.append(
            predict(
                plane,
                info,
                memory_budget=request.memory_budget,
                token=token,
                progress=tell,
                white=white,
                window=window,
            )
        )
    return maps[0] if "z" not in request.picture.axes else np.stack(maps)


def count_from_probability(
    probability: np.ndarray,
    request: CountRequest,
    truth: LabelImage | np.ndarray | None = None,
    token: CancelToken | None = None,
) -> CountResult:
    """Count in a map of probabilities that is already there; no network runs.

    Parameters
    ----------
    probability
        What `predict_probability` gave.
    request
        Settings, regions and rules of comparison.
    truth
        Ground truth of the same size, if there is one.
    token
        Cancels between steps.

    Returns
    -------
    CountResult
        Labels, table, counts of the regions, evaluation.

    Raises
    ------
    CellsetsError
        If the truth has another size.
    CancelledError
        If the token was cancelled.
    """
    token = token or CancelToken()
    labels = labels_from_probability(probability, request.chosen_settings(), token)
    if request.only_regions and request.regions:
        labels = _inside_only(labels, request.regions)
    table = measure(labels, request.picture, token)
    token.raise_if_cancelled()
    inside = centroids_inside(table.columns, request.regions)
    evaluation = None
    if truth is not None:
        true_labels = truth if isinstance(truth, np.ndarray) else truth.labels
        evaluation = evaluate(
            labels,
            true_labels,
            radius_px=request.radius_px,
            iou=request.iou,
            token=token,
        )
    counts = {name: int(rows.sum()) for name, rows in inside.items()}
    found = CountResult(labels, table, counts, evaluation)
    return found.trusted(trust_of(found, probability, request, token))


def trust_of(
    found: CountResult,
    probability: np.ndarray,
    request: CountRequest,
    token: CancelToken | None = None,
) -> Trust | None:
    """Return how far a result can be trusted, None where the model does not tell.

    Parameters
    ----------
    found
        Its labels as they were found, not corrected.
    probability
        The map they were found in.
    request
        Model and settings.
    token
        Cancels between steps.
    """
    info = request.info()
    own = request.chosen_settings() == CountSettings.for_model(info)
    return trust_in(
        found.labels,
        probability,
        found.table.columns,
        info.trust,
        whole=own and not request.only_regions,
        token=token,
    )


def segment(
    image: np.ndarray | Picture,
    model: Path | ModelInfo | None = None,
    settings: CountSettings | None = None,
    channel: ChannelChoice = "rgb",
) -> np.ndarray:
    """Segment the cells of an image.

    Parameters
    ----------
    image
        A `Picture`, or an array: (y, x); (y, x, c) where the last axis has four
        channels at most; any other array of rank three is (z, y, x); rank four is
        (z, y, x, c). uint8, uint16 or float.
    model
        An ONNX file, or `ModelInfo`; by default the shipped model that suits the
        image.
    settings
        How probabilities become objects; those of the model by default.
    channel
        ``"rgb"`` for colour (and grey) images, or the index of the one channel that
        shows the cells.

    Returns
    -------
    ndarray
        int32 labels, shape (y, x) or (z, y, x), 0 is background. A stack is taken
        plane by plane.

    Raises
    ------
    ModelError
        If the model cannot run on this image.
    CellsetsError
        If the array is no image.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_cellsets.counting import count, segment
    >>> dark = np.zeros((64, 64, 3), np.uint8)
    >>> count(segment(dark))
    0
    """
    picture = image if isinstance(image, Picture) else picture_of(image)
    request = CountRequest(picture, model, settings, channel)
    request = replace(request, model=request.info())
    probability = predict_probability(request)
    return labels_from_probability(probability, request.chosen_settings())


def picture_of(pixels: np.ndarray) -> Picture:
    """Guess the axes of a bare array, as `segment` tells.

    Raises
    ------
    ModelError
        If the array is no image.
    """
    channels_last = pixels.ndim == 4 or (
        pixels.ndim == 3 and pixels.shape[-1] <= LARGEST_CHANNEL_AXIS
    )
    axes = {2: "yx", 3: "yxc" if channels_last else "zyx", 4: "zyxc"}.get(pixels.ndim)
    if axes is None or 0 in pixels.shape or pixels.dtype.kind not in "uifb":
        raise ModelError(
            f"an image of numbers of rank two to four was expected, found"
            f" {pixels.dtype} {pixels.shape}",
            advice="Give (y, x), (y, x, c), (z, y, x) or (z, y, x, c).",
        )
    return Picture(pixels, axes)


def chosen_channels(picture: Picture, channel: ChannelChoice) -> np.ndarray:
    """Return the pixels that are fed to the network.

    Parameters
    ----------
    picture
        Any picture.
    channel
        ``"rgb"`` or an index.

    Returns
    -------
    ndarray
        Shape (y, x, c) or (z, y, x, c), with one channel or three.

    Raises
    ------
    ModelError
        If the picture has no such channel, or several and none was chosen.
    """
    pixels = picture.pixels
    if not picture.axes.endswith("c"):
        pixels = pixels[..., np.newaxis]
    found = picture.channel_count
    if channel == "rgb":
        if found not in (1, 3):
            raise ModelError(
                f"the picture has {found} channels, not red, green and blue",
                advice=f"Choose the channel that shows the cells, 0 to {found - 1}.",
            )
        return pixels
    if not 0 <= channel < found:
        raise ModelError(
            f"channel {channel} was chosen, the picture has {found}",
            advice=f"Choose a channel from 0 to {found - 1}.",
        )
    return pixels[..., channel : channel + 1]


def _share_of(
    progress: Callable[[float, str], None] | None, z: int, planes: int
) -> Callable[[float, str], None] | None:
    if progress is None or planes == 1:
        return progress

    def tell(fraction: float, text: str) -> None:
        progress((z + fraction) / planes, f"Plane {z + 1} of {planes}: {text}")

    return tell


def _inside_only(labels: np.ndarray, regions: tuple[Region, ...]) -> np.ndarray:
    """Drop objects with their centroid in no region and number the rest anew."""
    table = measure(labels)
    inside = centroids_inside(table.columns, regions)
    kept = np.logical_or.reduce(list(inside.values()))
    number = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    number[table.columns["label"][kept]] = np.arange(1, kept.sum() + 1)
    return np.asarray(number[labels])
