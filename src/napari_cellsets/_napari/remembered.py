"""What the person chose in a dock and expects to find again: the model file."""

from __future__ import annotations

import json
from pathlib import Path

from napari_cellsets._napari.preferences import preference
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.places import data_home
from napari_cellsets.formats.atomic import atomic_output

_FILE = "desk.json"


def remembered_model() -> Path | None:
    """Return the model chosen last, else the one of the preferences, else None."""
    try:
        said = json.loads((data_home() / _FILE).read_text(encoding="utf-8"))
        path = said.get("model")
    except (OSError, ValueError, AttributeError):
        path = None  # nothing chosen yet, or not readable: the default will do
    path = path or preference("model.path", "")
    return Path(path) if isinstance(path, str) and path else None


def remember_model(path: Path | None) -> None:
    """Keep the choice of a model for the next time; None forgets it.

    A folder that cannot be written costs the memory and nothing else.
    """
    said = {"model": None if path is None else str(path)}
    try:
        with atomic_output(data_home() / _FILE) as file:
            file.write_text(json.dumps(said), encoding="utf-8")
    except CellsetsError:
        return
