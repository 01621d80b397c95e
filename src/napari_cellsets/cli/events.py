"""``events``: what a recording of an event camera is, cut, converted, as frames."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import say
from napari_cellsets.cli.event_exports import add_convert, add_cut
from napari_cellsets.cli.event_frames import add_frames
from napari_cellsets.cli.event_options import add_recording, opened_recording

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.playback.info import RecordingInfo


def add_events(commands: Any) -> None:
    """Add ``events`` to the commands."""
    command = commands.add_parser(
        "events",
        help="tell, cut and convert recordings of event cameras",
        description="Recordings of event cameras: what is in one, a cut of it, the "
        "same in another format, frames of it as a stack or a film.",
    )
    kinds = command.add_subparsers(title="commands", required=True, metavar="COMMAND")
    info = kinds.add_parser("info", help="tell what a recording holds")
    add_recording(info)
    info.add_argument("--json", action="store_true")
    info.set_defaults(run=_info)
    add_cut(kinds)
    add_convert(kinds)
    add_frames(kinds)


def _info(options: argparse.Namespace, token: CancelToken) -> int:
    info = opened_recording(options, token).info()
    if options.json:
        say(json.dumps(info.to_json(), indent=1, ensure_ascii=False))
        return 0
    for title, text in _lines(info):
        say(f"{title:9} {text}")
    return 0


def _lines(info: RecordingInfo) -> list[tuple[str, str]]:
    """What people want to know first, then the header, then what is wrong."""
    seconds = info.duration_us / 1e6
    lines = [
        ("format", info.format),
        ("sensor", f"{info.width} x {info.height} px"),
        ("events", f"{info.events:,} ({info.on:,} ON, {info.off:,} OFF)"),
        ("times", f"{info.t_first_us:,} to {info.t_last_us:,} us, {seconds:g} s"),
        ("rate", f"{info.mean_rate:,.0f} a second, {info.peak_rate:,.0f} at most"),
    ]
    if info.triggers:
        lines.append(("triggers", f"{info.triggers:,}"))
    if info.camera:
        lines.append(("camera", info.camera))
    lines += [("bias", f"{name} {value:g}") for name, value in info.biases.items()]
    lines += [("assumed", text) for text in info.assumed]
    return lines + [("fault", text) for text in info.faults]
