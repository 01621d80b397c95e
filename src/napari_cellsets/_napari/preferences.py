"""What the person chose in napari's preferences, or the default."""

from __future__ import annotations

from typing import TypeVar

PLUGIN = "napari-cellsets"

T = TypeVar("T", bool, int, float, str)


def memory_budget() -> int | None:
    """Return the bytes that one image may take; None to go by what is free."""
    chosen = preference("model.tile_memory_mb", 0)
    return chosen * 2**20 if chosen > 0 else None


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
