"""What the person chose in napari's preferences, or the default."""

from __future__ import annotations

from typing import TypeVar

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.engines import use_engine

PLUGIN = "napari-cellsets"

T = TypeVar("T", bool, int, float, str)


def memory_budget() -> int | None:
    """Return the bytes that one image may take; None to go by what is free."""
    chosen = preference("model.tile_memory_mb", 0)
    return chosen * 2**20 if chosen > 0 else None


def use_preferred_engine() -> str:
    """Run models with the engine of the preferences from now on.

    Returns
    -------
    str
        Why it is another one; empty where it is not.
    """
    fast = preference("model.fast", False)
    try:
        use_engine(preference("model.engine", "auto"), fast=fast)
    except ModelError as error:
        use_engine(None, fast=fast)
        return error.problem
    return ""


def preference(key: str, default: T) -> T:
    """Return one value of the manifest's ``configurations``.

    Parameters
    ----------
    key
        ``category.property`` as in ``napari.yaml``.
    default
        Returned where napari knows no settings of ours: an older napari, no
        installed manifest, a settings file that cannot be read.

    Returns
    -------
    bool, int, float or str
        Of the type of `default`.
    """
    category, _, name = key.partition(".")
    try:
        from napari.settings import get_plugin_settings

        group = getattr(get_plugin_settings(PLUGIN), category)
        value = getattr(group, name)
    except (ImportError, KeyError, AttributeError, ValueError, OSError):
        return default
    return value if isinstance(value, type(default)) else default
