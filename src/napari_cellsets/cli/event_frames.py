"""``events frames``: a recording as a stack for other programs, pictures or a film."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say
from napari_cellsets.cli.event_options import (
    add_filters,
    add_range,
    add_recording,
    chain_of,
    opened_recording,
    range_of,
    some_time,
)
from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken

_TIFF, _ZARR = (".tif", ".tiff"), (".zarr",)


def add_frames(kinds: Any) -> None:
    """Add ``frames`` to the commands of ``events``."""
    command = kinds.add_parser(
        "frames",
        help="write a recording as a TIFF or Zarr stack",
        description="Write frames of a recording: a stack of OFF and ON events, "
        "(t, 2, y, x), as TIFF or Zarr.",
    )
    add_recording(command)
    add = command.add_argument
    add("out", type=Path, metavar="OUT", help="ends with .tif, .ome.tif or .zarr")
    add_range(command)
    add("--step", type=some_time, default=10_000, metavar="TIME", help="default 10ms")
    add(
        "--kind",
        choices=("counts", "voxels", "surface"),
        default="counts",
        help="events of each step, shared between steps, or a decaying surface",
    )
    add("--tau", type=some_time, default=10_000, metavar="TIME", help="of surface")
    add("--pixel-um", type=float, metavar="UM", help="width of a pixel")
    add_filters(command)
    command.set_defaults(run=_frames)


def _frames(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.playback.stack_files import write_tiff_stack, write_zarr_stack
    from napari_cellsets.playback.stacks import StackSettings, StackSource

    name = options.out.name.lower()
    if not name.endswith(_TIFF + _ZARR):
        raise ExportError(
            "the name does not say what to write",
            path=options.out,
            advice=f"End it with one of {', '.join(_TIFF + _ZARR)}.",
        )
    recording = opened_recording(options, token)
    start, stop = range_of(options, recording)
    settings = StackSettings(
        kind=options.kind, step_us=options.step, tau_us=options.tau
    )
    chain = chain_of(options, recording, token)
    source = StackSource(recording, settings, start, stop, chain)
    write = write_tiff_stack if name.endswith(_TIFF) else write_zarr_stack
    with bar(source.plan.shape[0], "frame") as progress:
        plan = write(
            options.out,
            source,
            pixel_um=options.pixel_um,
            token=token,
            progress=progress,
        )
    say(f"{' x '.join(map(str, plan.shape))} (t, c, y, x) -> {options.out}")
    return 0
