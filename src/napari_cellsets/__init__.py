"""Open published cell data sets, segment, count and check against ground truth.

The names below are the library's front door; each is imported from its own
room on first use, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellsets.catalogue import list_datasets, open_dataset
    from napari_cellsets.counting import count, evaluate, segment
    from napari_cellsets.simulate import simulate_neurons

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "count",
    "evaluate",
    "list_datasets",
    "open_dataset",
    "segment",
    "simulate_neurons",
]

_ROOM_OF_NAME = {
    "count": "counting",
    "evaluate": "counting",
    "list_datasets": "catalogue",
    "open_dataset": "catalogue",
    "segment": "counting",
    "simulate_neurons": "simulate",
}


def __getattr__(name: str) -> object:
    if name in _ROOM_OF_NAME:
        room = import_module(f"napari_cellsets.{_ROOM_OF_NAME[name]}")
        return getattr(room, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
