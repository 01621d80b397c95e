"""Where a run lies, what it is called, and what is written down about it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import TrainingError
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.inference import model_hash, own_models_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.training.request import TrainingRequest
    from napari_cellsets.training.splits import Split

IDENTITY, REPORT, SPLIT = "run.json", "report.json", "split.json"
_LONGEST = 48


def name_of(request: TrainingRequest, dataset: Dataset) -> str:
    """What a model is called: as asked, else after its network and its set."""
    if request.name:
        return request.name
    home = dataset.recipe.key
    if dataset.recipe.rank < 2:
        home = dataset.path.stem if dataset.path.is_file() else dataset.path.name
    ending = ", corrected" if request.corrected else ""
    return f"{request.network} {home}{ending}"


def slug_of(name: str) -> str:
    """Make a file name out of a name: small letters, digits and underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain[:_LONGEST].strip("_") or "model"


def folder_of(request: TrainingRequest, name: str, identity: Mapping[str, Any]) -> Path:
    """Folder of the run: the one asked for, or one below the person's models.

    There a run that is the same and not yet at its end is gone on with; another one
    of the same name is left alone and the new one numbered.
    """
    if request.out is not None:
        return request.out.expanduser().absolute()
    home, slug = own_models_folder(), slug_of(name)
    number = 1
    while True:
        folder = home / (slug if number == 1 else f"{slug}_{number}")
        same = _read(folder / IDENTITY) == json.loads(json.dumps(identity))
        if not folder.exists() or (same and not (folder / REPORT).exists()):
            return folder
        number += 1


def identity_of(
    request: TrainingRequest,
    dataset: Dataset,
    split: Split,
    corrections: Mapping[str, int | str],
) -> dict[str, Any]:
    """Tell what makes a run the same run; its length may change."""
    start = request.start
    return {
        "kind": request.kind,
        "network": request.network,
        "data set": dataset.identity,
        "samples": _digest([split.train, split.validation, split.test]),
        "corrections": _digest(sorted(corrections.items())),
        "start": start if isinstance(start, str) else model_hash(start)[:16],
        "seed": request.seed,
        "channel": request.channel,
    }


def begin(folder: Path, identity: Mapping[str, Any], split: Split) -> None:
    """Write down what a run is and which picture is used for what.

    Raises
    ------
    TrainingError
        If the folder holds another run.
    """
    there = _read(folder / IDENTITY)
    wanted = json.loads(json.dumps(identity))
    if there is not None and there != wanted:
        differs = [key for key in wanted if there.get(key) != wanted[key]]
        raise TrainingError(
            f"another run is in this folder: other {', '.join(differs)}",
            path=folder,
            advice="Choose another folder, or ask for the same run to go on.",
        )
    write_json(folder / IDENTITY, wanted)
    write_json(
        folder / SPLIT,
        {
            "train": split.train,
            "validation": split.validation,
            "test": split.test,
            "left out, near a held-out picture": split.left_out,
            "near duplicates": split.duplicates,
            "told": split.told,
        },
    )


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole or not at all."""
    with atomic_output(path) as file:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")


def source_of(
    dataset: Dataset, split: Split, *, corrected: bool, given: int = 0
) -> dict[str, Any]:
    """Say what was learnt from, with the licence of the row.

    Parameters
    ----------
    dataset, split
        The set, and who is learnt from.
    corrected
        Whether labels were corrected by a person.
    given
        How many cells have another class than the published one.
    """
    recipe = dataset.recipe
    told = {
        "data set": recipe.title,
        "key": recipe.key,
        "licence": recipe.licence or "not stated",
        "doi": recipe.doi,
        "citation": recipe.citation,
        "labels": "corrected by a person" if corrected else "published truth",
        "corrected cells": given or "",
        "learnt from": len(split.train),
        "held out": len({*split.validation, *split.test}),
    }
    return {name: value for name, value in told.items() if value != ""}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
