"""Run a classifier over single cells, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.engine import ELEMENTS
from napari_cellsets.inference.normalise import Scaling
from napari_cellsets.inference.sessions import open_session, run_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.inference.sessions import OpenModel

BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a classifier says of cells.

    Parameters
    ----------
    probabilities
        float32, shape (n, classes); each row sums to 1.
    distance
        float32, shape (n,): how far a cell lies from everything learnt; None where
        the model does not tell.
    """

    probabilities: np.ndarray
    distance: np.ndarray | None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.probabilities)


@dataclass(frozen=True, slots=True, eq=False)
class ReadyCell:
    """A cell of the size that a model wants.

    Parameters
    ----------
    pixels
        Shape (size, size, c), of the picture's own kind of number.
    scaling
        From these numbers to those of the network.
    """

    pixels: np.ndarray
    scaling: Scaling


def prepare_cell(pixels: np.ndarray, info: ClassifierInfo) -> ReadyCell:
    """Bring the picture of one cell to the size that a model wants.

    The whole picture is used and its aspect is not kept. Areas are averaged where
    it shrinks, pixels interpolated where it grows.

    Parameters
    ----------
    pixels
        Shape (y, x) or (y, x, c) with one channel or three, of any size: uint8,
        uint16 or float.
    info
        What the model wants, complete.

    Raises
    ------
    ModelError
        If this is no picture with one channel or three.
    """
    import cv2

    flat = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    if flat.ndim != 3 or flat.shape[2] not in (1, 3) or 0 in flat.shape:
        raise ModelError(
            f"a picture of one cell was expected, grey or in colour, found an array"
            f" of shape {pixels.shape}",
            advice="Give one plane, with one channel or with red, green and blue.",
        )
    _check_ready(info)
    if flat.dtype not in (np.uint8, np.uint16, np.float32):
        flat = flat.astype(np.float32)
    if flat.dtype == np.float32:
        flat = np.nan_to_num(flat, nan=0.0, posinf=0.0, neginf=0.0)
    scaling = Scaling.measured(flat, info)
    side = info.size or flat.shape[0]
    if flat.shape[:2] != (side, side):
        shrinks = min(flat.shape[:2]) >= side
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        flat = cv2.resize(flat, (side, side), interpolation=how)
        flat = flat[..., np.newaxis] if flat.ndim == 2 else flat
    return ReadyCell(flat, scaling)


def score_batches(
    cells: Iterable[ReadyCell | np.ndarray],
    info: ClassifierInfo,
    *,
    token: CancelToken | None = None,
    batch: int = BATCH,
) -> Iterator[Scores]:
    """Score cells as they come, a batch at a time.

    Parameters
    ----------
    cells
        Pictures as `prepare_cell` takes, or what it returned. No more than one
        batch is held.
    info
        The model, complete.
    token
        Cancels, also inside one call of the engine.
    batch
        Cells in one call; models that insist on a number get theirs.

    Yields
    ------
    Scores
        Of the next cells, in order.

    Raises
    ------
    ModelError
        If the model cannot be used, or an array is no picture of a cell.
    CancelledError
        If the token was cancelled.
    """
    _check_ready(info)
    runner = _Runner(info, open_session(info.path), token or CancelToken())
    source = iter(cells)
    while chunk := list(islice(source, info.batch or max(1, batch))):
        yield runner.run(
            [c if isinstance(c, ReadyCell) else prepare_cell(c, info) for c in chunk]
        )


def score_cells(
    cells: Iterable[ReadyCell | np.ndarray],
    info: ClassifierInfo,
    *,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
    total: int | None = None,
    batch: int = BATCH,
) -> Scores:
    """Score cells and return all answers.

    Parameters
    ----------
    cells, info, token, batch
        As of `score_batches`.
    progress
        Called with the share that is done (0..1) and a short text; needs `total`.
    total
        Number of cells, where it is known.

    Returns
    -------
    Scores
        One row a cell, in order.

    Raises
    ------
    ModelError, CancelledError
        As of `score_batches`.
    """
    parts: list[Scores] = []
    done = 0
    for part in score_batches(cells, info, token=token, batch=batch):
        parts.append(part)
        done += len(part)
        if progress is not None and total:
            progress(min(1.0, done / total), f"{done} of {total} cells")
    if not parts:
        nothing = np.zeros(0, np.float32) if info.distance_output else None
        return Scores(np.zeros((0, len(info.classes)), np.float32), nothing)
    told = [part.distance for part in parts if part.distance is not None]
    return Scores(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate(told) if told else None,
    )


@dataclass(frozen=True, slots=True)
class _Runner:
    """One model on its way over many cells."""

    info: ClassifierInfo
    session: OpenModel
    token: CancelToken

    def run(self, cells: list[ReadyCell]) -> Scores:
        info = self.info
        wanted = [
            info.output,
            *([info.distance_output] if info.distance_output else []),
        ]
        feed = {info.input: self._blob(cells)}
        try:
            answers = run_engine(self.session, wanted, feed, self.token, info.path)
        except MemoryError as error:
            raise ModelError(
                "the model does not fit into the memory of this machine",
                path=info.path,
                advice="Close other programs, or pick a smaller model.",
            ) from error
        scores = answers[0][: len(cells)].astype(np.float32, copy=False)
        if scores.shape != (len(cells), len(info.classes)):
            raise ModelError(
                f"the model gave an answer of shape {answers[0].shape} for"
                f" {len(cells)} cells and {len(info.classes)} classes",
                path=info.path,
                advice="Name as many classes as the model has.",
            )
        if not np.isfinite(scores).all():
            raise ModelError(
                "the model gave answers that are no numbers",
                path=info.path,
                advice="Export it again, or pick another model.",
            )
        distance = None
        if len(answers) > 1:
            distance = answers[1].reshape(-1)[: len(cells)].astype(np.float32)
        return Scores(_shares(scores, info), distance)

    def _blob(self, cells: list[ReadyCell]) -> np.ndarray:
        """Stack cells as the graph wants them; fill up to a batch it insists on."""
        info = self.info
        side, depth = info.size or 0, info.channels or 3
        shape = (info.batch or len(cells), depth, side, side)
        kind = ELEMENTS[info.element]
        if info.layout == "nhwc":
            blob = np.zeros((shape[0], side, side, depth), kind)
            planes = np.moveaxis(blob, -1, 1)
        else:
            planes = blob = np.zeros(shape, kind)
        for place, cell in zip(planes, cells, strict=False):
            self._fill(place, cell)
        return blob

    def _fill(self, place: np.ndarray, cell: ReadyCell) -> None:
        pixels, scaling = cell.pixels, cell.scaling
        found, wanted = pixels.shape[2], len(place)
        if found > wanted:
            # A model of grey pictures sees what a person without colour vision sees.
            pixels = pixels.astype(np.float32) @ _LUMA[:, np.newaxis]
            scaling = Scaling(scaling.gain[:1], scaling.offset[:1])
        order = [0] * wanted if pixels.shape[2] == 1 else list(range(wanted))
        if self.info.channel_order == "bgr":
            order.reverse()
        # Planes that lie apart are scaled three times as fast as woven ones.
        planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
        scaling.fill(place, np.moveaxis(planes, 0, -1), order)
        for channel, (mean, std) in enumerate(
            zip(self.info.mean, self.info.std, strict=False)
        ):
            place[channel] = (place[channel] - mean) / std


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def _shares(scores: np.ndarray, info: ClassifierInfo) -> np.ndarray:
    """Turn what the graph gives into probabilities."""
    if info.output_kind == "probability":
        return scores
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), np.float32)


def _check_ready(info: ClassifierInfo) -> None:
    if info.missing:
        raise ModelError(
            f"the model does not say its {', '.join(info.missing)}",
            path=info.path,
            advice="Answer the questions about this model first.",
        )
    if info.element not in ELEMENTS:
        raise ModelError(
            f"the model wants numbers of type {info.element}, expected floating ones",
            path=info.path,
            advice="Export it with a float32 input.",
        )
