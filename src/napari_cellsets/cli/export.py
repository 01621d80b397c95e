"""``export``: cells that were counted and corrected, as masks and tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say
from napari_cellsets.cli.options import chosen_samples, in_split, opened

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken

_FORMS = ("own", "tiff", "png")


def add_export(commands: Any) -> None:
    """Add ``export`` to the commands."""
    command = commands.add_parser(
        "export",
        help="write counted and corrected cells as masks and tables",
        description="Write what the project store holds of a data set, with all "
        "corrections: a table of counts, one of the counts per class where cells have "
        "classes, one of all cells, and their masks.",
    )
    add = command.add_argument
    add("path", type=Path, metavar="PATH", help="folder, archive or image")
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add(
        "--masks",
        choices=_FORMS,
        metavar="FORM",
        help="write masks too: own (as the data set's), tiff or png",
    )
    add("--no-tables", action="store_true", help="write no tables")
    add(
        "--store",
        metavar="PLACE",
        help="project store with the cells; by default that of this account",
    )
    add("--row", metavar="KEY", help="read PATH as this data set")
    add("--split", metavar="NAME", help="only the images of this split")
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch.kept_export import Export
    from napari_cellsets.store import Project

    dataset = opened(options)
    samples = in_split(
        dataset, chosen_samples(dataset, options.path), options.split or ""
    )
    tables = not options.no_tables
    with (
        Project.open(options.store) as project,
        bar(len(samples), "image") as progress,
    ):
        work = Export(
            dataset, project, samples, options.out, options.masks, tables, tables
        )
        said = work(token, progress)
    say(f"{said} -> {options.out}")
    return 0
