"""``events frames``: a recording as a stack for other programs, or as a film."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say, some
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
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

_TIFF, _ZARR, _FILMS = (".tif", ".tiff"), (".zarr",), (".mp4", ".gif")
_MODES = ("signed", "two_colour", "last", "count", "surface", "time")


def add_frames(kinds: Any) -> None:
    """Add ``frames`` to the commands of ``events``."""
    command = kinds.add_parser(
        "frames",
        help="write a recording as a TIFF or Zarr stack, or as a film",
        description="Write frames of a recording: as TIFF or Zarr a stack of OFF and "
        "ON events, (t, 2, y, x); as MP4 or GIF a film in slow motion.",
    )
    add_recording(command)
    endings = ", ".join(_TIFF[:1] + _ZARR + _FILMS)
    add = command.add_argument
    add("out", type=Path, metavar="OUT", help=f"file; ends with {endings}")
    add_range(command)
    add("--tau", type=some_time, default=10_000, metavar="TIME", help="of surface")
    add("--pixel-um", type=above_zero, metavar="UM", help="width of a pixel")
    add = command.add_argument_group("stack").add_argument
    add("--step", type=some_time, default=10_000, metavar="TIME", help="default 10ms")
    add(
        "--kind",
        choices=("counts", "voxels", "surface"),
        default="counts",
        help="events of each step, shared between steps, or a decaying surface",
    )
    add = command.add_argument_group("film").add_argument
    add("--mode", choices=_MODES, default="signed", help="default signed")
    add("--window", type=some_time, default=10_000, metavar="TIME", help="default 10ms")
    add("--slowdown", type=above_zero, default=100.0, metavar="N", help="default 100")
    add("--fps", type=frame_rate, default=25.0, metavar="N", help="default 25")
    add("--dot", type=int, choices=range(1, 6), default=1, help="px of an event")
    add(
        "--zoom", type=int, choices=range(1, 17), default=1, metavar="N", help="1 to 16"
    )
    add("--ground", choices=("dark", "light"), default="dark")
    add("--bare", action="store_true", help="without time and scale bar")
    add_filters(command)
    command.set_defaults(run=_frames)


def _frames(options: argparse.Namespace, token: CancelToken) -> int:
    name = options.out.name.lower()
    if not name.endswith(_TIFF + _ZARR + _FILMS):
        raise ExportError(
            "the name does not say what to write",
            path=options.out,
            advice=f"End it with one of {', '.join(_TIFF + _ZARR + _FILMS)}.",
        )
    recording = opened_recording(options, token)
    chain = chain_of(options, recording, token)
    write = _film if name.endswith(_FILMS) else _stack
    say(f"{write(options, recording, chain, token)} -> {options.out}")
    return 0


def _stack(
    options: argparse.Namespace,
    recording: Recording,
    chain: FilterChain | None,
    token: CancelToken,
) -> str:
    from napari_cellsets.playback.stack_files import write_tiff_stack, write_zarr_stack
    from napari_cellsets.playback.stacks import StackSettings, StackSource

    settings = StackSettings(
        kind=options.kind, step_us=options.step, tau_us=options.tau
    )
    source = StackSource(recording, settings, *range_of(options, recording), chain)
    tiff = options.out.name.lower().endswith(_TIFF)
    with bar(source.plan.shape[0], "frame") as progress:
        plan = (write_tiff_stack if tiff else write_zarr_stack)(
            options.out,
            source,
            pixel_um=options.pixel_um,
            token=token,
            progress=progress,
        )
    return f"{' x '.join(map(str, plan.shape))} (t, c, y, x)"


def _film(
    options: argparse.Namespace,
    recording: Recording,
    chain: FilterChain | None,
    token: CancelToken,
) -> str:
    from napari_cellsets.playback.clips import ClipSettings, write_clip
    from napari_cellsets.playback.colours import lut_of
    from napari_cellsets.playback.frames import FrameMode, FrameSettings

    mode = FrameMode(options.mode)
    frames = FrameSettings(
        mode=mode,
        window_us=options.window,
        tau_us=options.tau,
        dot_px=options.dot,
    )
    settings = ClipSettings(
        frames=frames,
        slowdown=options.slowdown,
        fps=options.fps,
        stamp=not options.bare,
        scale_bar=not options.bare,
        pixel_um=options.pixel_um,
        zoom=options.zoom,
    )
    start, stop = range_of(options, recording)
    with bar(100, "%") as progress:
        plan = write_clip(
            options.out,
            recording,
            settings,
            lut_of(mode, options.ground),
            start,
            stop,
            chain=chain,
            token=token,
            progress=progress,
        )
    return f"{some(plan.frames, 'frame')} of {plan.width} x {plan.height}"


def above_zero(text: str) -> float:
    """A number above 0."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0 was expected: {text!r}")
    return found


def frame_rate(text: str) -> float:
    """Frames a second, 1 to 120."""
    found = above_zero(text)
    if not 1 <= found <= 120:
        raise argparse.ArgumentTypeError(f"1 to 120 was expected: {text!r}")
    return found
