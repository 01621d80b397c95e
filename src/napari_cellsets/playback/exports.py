"""One request for all that a range of a recording can be written as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.playback.clips import ClipSettings, plan_clip, write_clip
from napari_cellsets.playback.cuts import formats_to_write, write_cut
from napari_cellsets.playback.filters import FilterChain
from napari_cellsets.playback.stack_files import write_tiff_stack, write_zarr_stack
from napari_cellsets.playback.stacks import StackSettings, StackSource

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.recording import Recording

FILMS = {"mp4": "Film (MP4)", "gif": "Film (GIF)"}
PICTURES = "png"
"""Kind of a folder of pictures: a film without an ending."""
STACKS = {"tif": "Stack (TIFF)", "zarr": "Stack (Zarr)"}


def export_titles() -> dict[str, str]:
    """Return ``{kind: title}`` of films, stacks and recordings that are written."""
    cuts = {key: f"Recording ({title})" for key, title in formats_to_write().items()}
    return {**FILMS, **STACKS, **cuts}


def ending_of(kind: str) -> str:
    """Return how the name of a file of this kind ends, with its dot."""
    from napari_cellsets.formats.events.registry import EVENT_FORMATS

    if kind == PICTURES:
        return ""
    if kind in FILMS or kind in STACKS:
        return f".{kind}"
    return EVENT_FORMATS[kind].endings[0]


@dataclass(frozen=True)
class ExportRequest:
    """What to write of [start, stop), microseconds from the first event.

    Parameters
    ----------
    recording, chain
        The events, and the filters to pass first.
    start_us, stop_us
        The range.
    kind
        One of `export_titles`, or `PICTURES`.
    clip, lut
        Of a film: how it is made; colours, uint8 (256, 3).
    stack
        Of a stack: what it shows.
    pixel_um
        Edge of a pixel where it is known.
    """

    recording: Recording
    start_us: int
    stop_us: int
    kind: str
    clip: ClipSettings
    lut: NDArray[np.uint8]
    stack: StackSettings
    chain: FilterChain | None = None
    pixel_um: float | None = None

    def plan(self) -> str:
        """Tell in words what it will be, before anything is written.

        Raises
        ------
        ExportError
            If it would be absurdly large, or the range is empty.
        """
        if self.kind in (*FILMS, PICTURES):
            chain = self.chain or FilterChain()
            geometry = chain.geometry_after(self.recording.geometry)
            plan = plan_clip(
                geometry, self.clip, self.start_us, self.stop_us, ending_of(self.kind)
            )
            size = f"{plan.width} × {plan.height}"
            return f"{plan.frames:,} frames of {size}, {plan.seconds:.1f} s"
        if self.kind in STACKS:
            plan_of = self._source().plan
            shape = " × ".join(str(side) for side in plan_of.shape)
            return f"{shape} (t, OFF and ON, y, x), {plan_of.nbytes / 1e6:,.0f} MB"
        return f"{self.recording.count(self.start_us, self.stop_us):,} events"

    def write(
        self,
        path: Path,
        token: CancelToken | None = None,
        progress: Progress | None = None,
    ) -> str:
        """Write it; the file appears when it is whole.

        Returns
        -------
        str
            What was written, in words.

        Raises
        ------
        CancelledError
            If the token was cancelled; nothing is left behind.
        ExportError
            If it would be absurdly large, is empty, or cannot be written.
        UnreadableFileError
            If the recording cannot be read or changed.
        """
        span = self.start_us, self.stop_us
        if self.kind in (*FILMS, PICTURES):
            made = write_clip(
                path,
                self.recording,
                self.clip,
                self.lut,
                *span,
                chain=self.chain,
                token=token,
                progress=progress,
            )
            return f"{made.frames:,} frames"
        if self.kind in STACKS:
            write = write_tiff_stack if self.kind == "tif" else write_zarr_stack
            plan = write(
                path,
                self._source(),
                pixel_um=self.pixel_um,
                token=token,
                progress=progress,
            )
            return f"{plan.shape[0]:,} planes"
        cut = write_cut(
            path,
            self.recording,
            *span,
            key=self.kind,
            chain=self.chain,
            token=token,
            progress=progress,
        )
        return f"{cut.events:,} events"

    def _source(self) -> StackSource:
        return StackSource(
            self.recording, self.stack, self.start_us, self.stop_us, self.chain
        )
