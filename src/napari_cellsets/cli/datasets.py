"""``datasets`` and ``info``: what is known, and what a folder is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import bar, say
from napari_cellsets.cli.options import opened

if TYPE_CHECKING:
    import argparse

    from napari_cellsets.core.cancel import CancelToken


def add_datasets(commands: Any) -> None:
    """Add ``datasets`` to the commands."""
    command = commands.add_parser("datasets", help="list the data sets that are known")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_datasets)


def add_info(commands: Any) -> None:
    """Add ``info`` to the commands."""
    command = commands.add_parser(
        "info", help="tell what a folder or archive is, and how complete"
    )
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--row", metavar="KEY", help="read PATH as this data set")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_info)


def _datasets(options: argparse.Namespace, _token: CancelToken) -> int:
    from napari_cellsets.catalogue import list_datasets

    recipes = list_datasets()
    if options.json:
        shown = {"key", "title", "about", "licence", "licence_url", "doi", "citation"}
        shown |= {"classes", "pixel_size_um", "expect"}
        rows = [recipe.model_dump(mode="json", include=shown) for recipe in recipes]
        say(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    width = max((len(recipe.key) for recipe in recipes), default=0)
    for recipe in recipes:
        number = recipe.expect.samples
        size = f", {number:,} images" if number else ""
        licence = f" ({recipe.licence})" if recipe.licence else ""
        say(f"{recipe.key:{width}}  {recipe.title}{size}{licence}")
    return 0


def _info(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.catalogue import dataset_info

    dataset = opened(options)
    with bar(len(dataset.samples), "image") as progress:
        info = dataset_info(dataset, token, progress)
    if options.json:
        say(json.dumps(info, ensure_ascii=False))
        return 0
    say(f"{info['title']} ({info['dataset']})")
    say(dataset.completeness.text)
    cells = dataset.kind == "cells"
    known = "a class" if cells else "ground truth"
    say(f"{info['samples']} samples, {info['annotated']} with {known}")
    counts = [f"{name}: {number:,}" for name, number in info["classes"].items()]
    for text in dataset.completeness.of_classes if cells else counts:
        say(f"  {text}")
    for name, number in info["splits"].items():
        say(f"  split {name}: {number:,}")
    for note in dataset.completeness.notes:
        say(f"  {note}")
    for problem in info["problems"]:
        say(f"  problem: {problem}")
    return 0
