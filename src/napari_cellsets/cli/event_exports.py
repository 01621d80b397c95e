"""``events cut``, ``convert`` and ``frames``: what a recording is written as."""

from __future__ import annotations

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
)
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.events.registry import EVENT_FORMATS

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken

_WRITABLE = tuple(key for key, known in EVENT_FORMATS.items() if known.write)


def add_cut(kinds: Any) -> None:
    """Add ``cut`` to the commands of ``events``."""
    command = kinds.add_parser(
        "cut",
        help="write a part of a recording as one of its own",
        description="Write the events from one time to another, filtered if wanted. "
        "Times count from the begin of the cut, unless --keep-times is given.",
    )
    add_recording(command)
    _add_target(command)
    add_range(command)
    command.add_argument(
        "--keep-times", action="store_true", help="keep the times of the recording"
    )
    add_filters(command)
    command.set_defaults(run=_cut)


def add_convert(kinds: Any) -> None:
    """Add ``convert`` to the commands of ``events``."""
    command = kinds.add_parser(
        "convert",
        help="write a whole recording in another format",
        description="Write all events in another format, with the times they have.",
    )
    add_recording(command)
    _add_target(command)
    add_filters(command)
    command.set_defaults(run=_cut, start=None, stop=None, keep_times=True)


def _add_target(command: Any) -> None:
    add = command.add_argument
    add(
        "out",
        type=Path,
        metavar="OUT",
        help="file to write; its ending says the format",
    )
    add(
        "--format",
        choices=_WRITABLE,
        help="where several formats have that ending (default: the first of these)",
    )


def _cut(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.playback.cuts import write_cut

    key = options.format or _format_of(options.out)
    _refuse_same(options)
    recording = opened_recording(options, token)
    start, stop = range_of(options, recording)
    chain = chain_of(options, recording, token)
    with bar(100, "%") as progress:
        cut = write_cut(
            options.out,
            recording,
            start,
            stop,
            key=key,
            chain=chain,
            from_zero=not options.keep_times,
            token=token,
            progress=progress,
        )
    for name, count in cut.removed.items():
        tell(f"{name.replace('_', ' ')}: {count:,} events taken out")
    say(f"{cut.events:,} events -> {options.out}")
    return 0


def _format_of(out: Path) -> str:
    """Key of the format that a file's name asks for."""
    name = out.name.lower()
    for key in _WRITABLE:
        if name.endswith(EVENT_FORMATS[key].endings):
            return key
    endings = sorted({end for key in _WRITABLE for end in EVENT_FORMATS[key].endings})
    raise ExportError(
        "the name does not say which format to write",
        path=out,
        advice=f"End it with one of {', '.join(endings)}, or name a --format.",
    )


def _refuse_same(options: argparse.Namespace) -> None:
    if options.out.exists() and options.path.exists():
        if options.out.samefile(options.path):
            raise ExportError(
                "this is the recording itself, which is never changed",
                path=options.out,
                advice="Choose another name.",
            )
