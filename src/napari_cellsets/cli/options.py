"""Values that people type, checked; the set they name, opened."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import NotRecognisedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample


def opened(options: argparse.Namespace) -> Dataset:
    """Open the data set that PATH and --row name."""
    from napari_cellsets.catalogue import open_dataset

    return open_dataset(options.path, row=options.row)


def chosen_samples(dataset: Dataset, path: Path) -> Sequence[Sample]:
    """Return all samples; one alone where the path names one picture."""
    found = dataset.find(path.absolute()) if path.is_file() else None
    return dataset.samples if found is None else [dataset.samples[found]]


def in_split(
    dataset: Dataset, samples: Sequence[Sample], split: str
) -> Sequence[Sample]:
    """Return the samples of one split; all where none is named.

    Raises
    ------
    NotRecognisedError
        If the set has no such split; the message lists those there are.
    """
    if not split:
        return samples
    if split not in dataset.splits:
        known = ", ".join(dataset.splits) or "none"
        raise NotRecognisedError(
            f"there is no split {split!r}",
            path=dataset.path,
            advice=f"Known are: {known}.",
        )
    return [sample for sample in samples if sample.split == split]


def channel(text: str) -> str | int:
    """``rgb``, or the number of a channel."""
    if text == "rgb":
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"'rgb' or a number from 0 was expected: {text!r}")


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"0 to 1 was expected: {text!r}")
    return value


def whole(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number was expected: {text!r}")
    return int(text)


def one_or_more(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"1 or more was expected: {text!r}")
    return int(text)


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT as (height, width) in px, 64 at least."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"a size like 1600x1200 expected: {text!r}")
    if min(int(width), int(height)) < 64:
        raise argparse.ArgumentTypeError(f"at least 64 px a side: {text!r}")
    return int(height), int(width)


def moment_or_revision(text: str) -> datetime | int:
    """A number from 1, or a time as ISO 8601 writes it, of this zone by default."""
    if text.isdecimal():
        return one_or_more(text)
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a number or a time like 2026-03-01T12:00 was expected: {text!r}"
        ) from None


def fact(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value as JSON where it is JSON."""
    name, given, value = text.partition("=")
    if not (name and given):
        raise argparse.ArgumentTypeError(f"NAME=VALUE was expected: {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
