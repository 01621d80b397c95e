"""What the person chose in a dock and expects to find again: model files, keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets._napari.preferences import preference
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.places import data_home
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "desk.json"


def remembered_model(role: str = "model") -> Path | None:
    """Return the model chosen last, else the one of the preferences, else None.

    Parameters
    ----------
    role
        ``model`` for the one that counts, ``classifier`` for the one that names.
    """
    path = _read().get(role)
    if role == "model":
        path = path or preference("model.path", "")
    return Path(path) if isinstance(path, str) and path else None


def remember_model(path: Path | None, role: str = "model") -> None:
    """Keep the choice of a model for the next time; None forgets it.

    A folder that cannot be written costs the memory and nothing else.
    """
    remember(role, None if path is None else str(path))


def remembered(name: str) -> Any:
    """Return what was kept under a name, None where nothing was."""
    return _read().get(name)


def remember(name: str, value: Any) -> None:
    """Keep something that JSON can say for the next time.

    A folder that cannot be written costs the memory and nothing else.
    """
    said = {**_read(), name: value}
    try:
        with atomic_output(data_home() / _FILE) as file:
            file.write_text(json.dumps(said), encoding="utf-8")
    except CellsetsError:
        return


def remembered_state(role: str) -> dict[str, Any]:
    """Return what a dock kept with `remember_state`; empty where it kept nothing."""
    found = _read().get(role)
    return found if isinstance(found, dict) else {}


def remember_state(state: Mapping[str, Any], role: str) -> None:
    """Keep how a dock looks for the next time.

    Parameters
    ----------
    state
        As JSON can say it.
    role
        Whose it is. As for models, a folder that cannot be written costs nothing
        else.
    """
    _write(role, dict(state))


def _write(role: str, value: Any) -> None:
    said = {**_read(), role: value}
    try:
        with atomic_output(data_home() / _FILE) as file:
            file.write_text(json.dumps(said), encoding="utf-8")
    except CellsetsError:
        return


def _read() -> dict[str, Any]:
    try:
        said = json.loads((data_home() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # nothing chosen yet, or not readable: the defaults will do
    return said if isinstance(said, dict) else {}
