"""``events frames``: a recording as a stack for other programs, a film, pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say, tell
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
    from napari_cellsets.playback.exports import ExportRequest
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

_KINDS = {".tif": "tif", ".tiff": "tif", ".zarr": "zarr", ".mp4": "mp4", ".gif": "gif"}
_MODES = ("signed", "two_colour", "last", "count", "surface", "time")


def add_frames(kinds: Any) -> None:
    """Add ``frames`` to the commands of ``events``."""
    command = kinds.add_parser(
        "frames",
        help="write a recording as a TIFF or Zarr stack, a film or pictures",
        description="Write frames of a recording: as TIFF or Zarr a stack of OFF and "
        "ON events, (t, 2, y, x); as MP4, GIF or PNG pictures a film in slow motion.",
    )
    add_recording(command)
    add = command.add_argument
    add(
        "out",
        type=Path,
        metavar="OUT",
        help="file ending with .tif, .zarr, .mp4 or .gif; without an ending a new "
        "folder of PNG pictures",
    )
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
    kind = _kind_of(options.out)
    recording = opened_recording(options, token)
    start, stop = range_of(options, recording)
    chain = chain_of(options, recording, token)
    request = _request(options, kind, recording, start, stop, chain)
    tell(request.plan())
    with bar(100, "%") as progress:
        written = request.write(options.out, token, progress)
    say(f"{written} -> {options.out}")
    return 0


def _kind_of(out: Path) -> str:
    """What a name asks for: a name without an ending is a folder of pictures."""
    name = out.name.lower()
    for ending, kind in _KINDS.items():
        if name.endswith(ending):
            return kind
    if not out.suffix:
        return "png"
    raise ExportError(
        "the name does not say what to write",
        path=out,
        advice=f"End it with one of {', '.join(_KINDS)}; a name without an ending is a"
        " folder of PNG pictures.",
    )


def _request(
    options: argparse.Namespace,
    kind: str,
    recording: Recording,
    start: int,
    stop: int,
    chain: FilterChain | None,
) -> ExportRequest:
    from napari_cellsets.playback.clips import ClipSettings
    from napari_cellsets.playback.colours import lut_of
    from napari_cellsets.playback.exports import ExportRequest
    from napari_cellsets.playback.frames import FrameMode, FrameSettings
    from napari_cellsets.playback.stacks import StackSettings

    mode = FrameMode(options.mode)
    frames = FrameSettings(
        mode=mode, window_us=options.window, tau_us=options.tau, dot_px=options.dot
    )
    clip = ClipSettings(
        frames=frames,
        slowdown=options.slowdown,
        fps=options.fps,
        stamp=not options.bare,
        scale_bar=not options.bare,
        pixel_um=options.pixel_um,
        zoom=options.zoom,
    )
    return ExportRequest(
        recording,
        start,
        stop,
        kind,
        clip,
        lut_of(mode, options.ground),
        StackSettings(kind=options.kind, step_us=options.step, tau_us=options.tau),
        chain,
        options.pixel_um,
    )


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
