"""``simulate``: a small data set that nobody photographed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say, some
from napari_cellsets.cli.event_options import duration
from napari_cellsets.cli.options import one_or_more, size, whole

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken


def add_simulate(commands: Any) -> None:
    """Add ``simulate`` to the commands."""
    command = commands.add_parser(
        "simulate",
        help="write a small simulated data set with ground truth",
        description="Write fields of fluorescent neurons, blood cells or recordings of "
        "an event camera that nobody photographed, with exact truth, to try everything "
        "without a download.",
    )
    add = command.add_argument
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add("--n", type=one_or_more, default=4, help="pictures or recordings (default 4)")
    add("--seed", type=whole, default=0, help="of the first picture (default 0)")
    add(
        "--size",
        type=size,
        metavar="WIDTHxHEIGHT",
        help="1600x1200, of channel 1280x720",
    )
    add(
        "--seconds", type=duration, default=2_000_000, metavar="TIME", help="of channel"
    )
    add(
        "--layout",
        choices=("simulated", "fnc1", "plain", "cells", "channel"),
        default="simulated",
        help="tree of files; fnc1 is that of Fluorescent Neuronal Cells v1, cells are "
        "folders of drawn blood cells, N of each class; channel are recordings of "
        "cells that flow past an event camera (EVT3)",
    )
    command.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace, token: CancelToken) -> int:
    if options.layout == "channel":
        return _simulate_channel(options, token)
    from napari_cellsets.batch.simulated import (
        USUAL_SHAPE,
        write_simulated_cells,
        write_simulated_set,
    )

    if options.layout == "cells":
        with bar(options.n, "cell") as progress:
            drawn = write_simulated_cells(
                options.out, options.n, options.seed, token=token, progress=progress
            )
        told = some(sum(drawn.values()), "cell")
        say(f"{told} of {len(drawn)} classes -> {options.out}")
        return 0
    with bar(options.n, "image") as progress:
        counts = write_simulated_set(
            options.out,
            options.n,
            options.seed,
            layout=options.layout,
            shape=options.size or USUAL_SHAPE,
            token=token,
            progress=progress,
        )
    cells = sum(counts.values())
    say(f"{some(len(counts), 'image')}, {some(cells, 'cell')} -> {options.out}")
    return 0


def _simulate_channel(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch.simulated_channel import (
        USUAL_SENSOR,
        write_simulated_recordings,
    )
    from napari_cellsets.core.events import Geometry

    geometry = USUAL_SENSOR if options.size is None else Geometry(*options.size[::-1])
    with bar(options.n, "recording") as progress:
        counts = write_simulated_recordings(
            options.out,
            options.n,
            options.seed,
            seconds=options.seconds / 1e6,
            geometry=geometry,
            token=token,
            progress=progress,
        )
    cells = some(sum(counts.values()), "cell")
    say(f"{some(len(counts), 'recording')}, {cells} -> {options.out}")
    return 0
