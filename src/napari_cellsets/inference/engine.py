"""Run a model over a picture of any size, within memory, and stop at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.memory import default_budget
from napari_cellsets.inference.metadata import ModelInfo, read_model_info
from napari_cellsets.inference.normalise import Scaling
from napari_cellsets.inference.sessions import open_session, run_engine
from napari_cellsets.inference.tiles import Grid, Tile, plan_tiles, reflected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets.inference.sessions import OpenModel
    from napari_cellsets.inference.tiles import Extent

ELEMENTS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}


def predict(
    picture: np.ndarray,
    model: ModelInfo | Path | str,
    *,
    memory_budget: int | None = None,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
    white: float | None = None,
    window: tuple[Extent, Extent] | None = None,
    provider: str | None = None,
    fast: bool | None = None,
) -> np.ndarray:
    """Compute the probability that each pixel belongs to a cell.

    The picture is run whole if that fits into memory, else in strips, else in
    tiles; the answer is the same. Normalisation is measured once on the whole
    picture.

    Parameters
    ----------
    picture
        Shape (y, x) or (y, x, c), uint8, uint16 or float. One channel is fed to
        every channel of the model; otherwise their numbers must agree.
    model
        An ONNX file, or what `read_model_info` told of it, completed.
    memory_budget
        Bytes the engine may take; half of the free memory by default.
    token
        Cancels, also inside one call of the engine.
    progress
        Called with the share that is done (0..1) and a short text.
    white
        Pixel value of white, for planes of one stack; measured by default.
    window
        ((y start, y stop), (x start, x stop)) in px: only there the answer is
        computed, elsewhere it is 0.
    provider
        The engine's back end; by default the one asked for, else the fastest
        installed.
    fast
        Whether half precision may be used; as asked for by default.

    Returns
    -------
    ndarray
        float32, shape (y, x), 0..1.

    Raises
    ------
    ModelError
        If the model cannot be loaded, lacks an answer (`ModelInfo.missing`),
        wants other channels, or gives a map of another size.
    CancelledError
        If the token was cancelled.
    """
    info = model if isinstance(model, ModelInfo) else read_model_info(model)
    pixels = picture[..., np.newaxis] if picture.ndim == 2 else picture
    _check_ready(pixels, info)
    run = _Run(
        pixels=pixels,
        info=info,
        session=open_session(info.path, provider, fast=fast),
        scaling=Scaling.measured(pixels, info, white),
        order=_channel_order(pixels.shape[-1], info),
        token=token or CancelToken(),
        progress=progress or _silent,
    )
    held = run.session.largest_run * info.bytes_per_pixel
    budget = default_budget(held) if memory_budget is None else memory_budget
    return run.within(max(1, budget // info.bytes_per_pixel), window)


@dataclass(frozen=True)
class _Run:
    """One picture on its way through one model."""

    pixels: np.ndarray
    info: ModelInfo
    session: OpenModel
    scaling: Scaling
    order: list[int]
    token: CancelToken
    progress: Callable[[float, str], None]

    def within(
        self, max_pixels: int, window: tuple[Extent, Extent] | None
    ) -> np.ndarray:
        """Run in tiles of at most so many pixels; in smaller ones if memory fails."""
        grid = Grid(self.info.halo, self.info.multiple_of, self.info.size)
        shape = (self.pixels.shape[0], self.pixels.shape[1])
        tiles = plan_tiles(shape, grid, max_pixels, window)
        try:
            return self._all(tiles, whole=window is None)
        except MemoryError as error:
            largest = max(tile.pixels for tile in tiles)
            smaller = plan_tiles(shape, grid, largest // 2, window)
            if len(smaller) <= len(tiles):
                raise ModelError(
                    "the model does not fit into the memory of this machine",
                    path=self.info.path,
                    advice="Close other programs, or pick a smaller model.",
                ) from error
        return self.within(largest // 2, window)

    def _all(self, tiles: list[Tile], *, whole: bool) -> np.ndarray:
        height, width = self.pixels.shape[:2]
        if whole and len(tiles) == 1:
            self.progress(0.0, "Segmenting")
            answer = self._one(tiles[0])[:height, :width]
            self.progress(1.0, "Segmented")
            return np.ascontiguousarray(answer)
        out = np.zeros((height, width), np.float32)
        for i, tile in enumerate(tiles):
            self.progress(i / len(tiles), f"Segmenting, part {i + 1} of {len(tiles)}")
            r, c = tile.rows, tile.cols
            core = self._one(tile)[
                r.core_start - r.start : r.core_stop - r.start,
                c.core_start - c.start : c.core_stop - c.start,
            ]
            place = out[r.core_start : r.core_stop, c.core_start : c.core_stop]
            place[...] = core[: place.shape[0], : place.shape[1]]
        self.progress(1.0, "Segmented")
        return out

    def _one(self, tile: Tile) -> np.ndarray:
        self.token.raise_if_cancelled()
        blob = self._blob(tile)
        answer = self._call(blob)
        return _map_of(answer, self.info, (tile.rows.length, tile.cols.length))

    def _blob(self, tile: Tile) -> np.ndarray:
        """Cut, reflect past the border where the grid asks for it, and scale."""
        part = _cut(self.pixels, tile)
        shape = (len(self.order), *part.shape[:2])
        kind = ELEMENTS.get(self.info.element, np.float32)
        if self.info.layout == "nhwc":
            blob = np.empty((1, *shape[1:], shape[0]), kind)
            self.scaling.fill(np.moveaxis(blob[0], -1, 0), part, self.order)
        else:
            blob = np.empty((1, *shape), kind)
            self.scaling.fill(blob[0], part, self.order)
        return blob

    def _call(self, blob: np.ndarray) -> np.ndarray:
        feed = {self.info.input: blob}
        path = self.info.path
        answer = run_engine(self.session, [self.info.output], feed, self.token, path)[0]
        pixels = blob.size // len(self.order)
        self.session.largest_run = max(self.session.largest_run, pixels)
        return answer


def _check_ready(pixels: np.ndarray, info: ModelInfo) -> None:
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise ModelError(
            f"one picture (y, x) or (y, x, c) was expected, found {pixels.shape}",
            advice="Give one plane at a time.",
        )
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
    if pixels.shape[-1] not in (1, info.channels):
        raise ModelError(
            f"the model wants {info.channels} channels, the picture has"
            f" {pixels.shape[-1]}",
            path=info.path,
            advice="Choose one channel of the picture.",
        )


def _channel_order(found: int, info: ModelInfo) -> list[int]:
    wanted = info.channels or found
    if found == 1:
        return [0] * wanted
    order = list(range(wanted))
    return order[::-1] if wanted == 3 and info.channel_order == "bgr" else order


def _cut(pixels: np.ndarray, tile: Tile) -> np.ndarray:
    height, width = pixels.shape[:2]
    r, c = tile.rows, tile.cols
    if r.stop <= height and c.stop <= width:
        return np.asarray(pixels[r.start : r.stop, c.start : c.stop])
    rows = reflected(height, r.start, r.stop)
    cols = reflected(width, c.start, c.stop)
    return np.asarray(pixels[np.ix_(rows, cols)])


def _map_of(answer: np.ndarray, info: ModelInfo, shape: Extent) -> np.ndarray:
    """Take the channel of cells and make it a probability."""
    if answer.ndim == 3:
        answer = answer[:, np.newaxis]
    elif answer.ndim == 4 and info.layout == "nhwc" and answer.shape[1:3] == shape:
        answer = np.moveaxis(answer, -1, 1)
    if answer.ndim != 4 or answer.shape[0] != 1 or answer.shape[2:] != shape:
        raise ModelError(
            f"the model gave an output of shape {answer.shape} for a picture of"
            f" {shape[0]} by {shape[1]} px, expected a map of that size",
            path=info.path,
            advice="Pick a model that gives one value a pixel.",
        )
    if info.output_channel >= answer.shape[1]:
        raise ModelError(
            f"the model gave {answer.shape[1]} channels, channel"
            f" {info.output_channel} was asked for",
            path=info.path,
            advice="Choose another output channel.",
        )
    return _as_probability(answer[0], info)


def _as_probability(maps: np.ndarray, info: ModelInfo) -> np.ndarray:
    chosen = maps[info.output_channel].astype(np.float32, copy=False)
    if info.output_kind == "softmax":
        # The share of one class depends on its distance to the others only.
        others = [m for k, m in enumerate(maps) if k != info.output_channel]
        with np.errstate(over="ignore"):
            total = sum((np.exp(m - chosen) for m in others), np.float32(1.0))
        return np.asarray(1.0 / total, np.float32)
    if info.output_kind == "logit":
        from scipy.special import expit

        return np.asarray(expit(chosen), np.float32)
    return np.asarray(chosen)


def _silent(fraction: float, text: str) -> None:
    """Report to nobody."""
