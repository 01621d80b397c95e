"""How layers that a reader made find the session that will look after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_cellsets._napari.edits import Tracked
    from napari_cellsets._napari.loading import LoadedSample

_KEY = "napari_cellsets"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a session needs to adopt a layer.

    Parameters
    ----------
    role
        ``image``, ``truth``, ``cells``, ``annotation`` or ``beside``; ``sample`` is
        an image to which the session is to add all the rest.
    loaded
        The sample that the layer shows.
    tracked
        For labels: what the layer holds.
    key
        For an annotation or a further picture: which of them.
    """

    role: str
    loaded: LoadedSample
    tracked: Tracked | None = None
    key: str = ""


def give_ticket(layer: Layer, ticket: Ticket) -> None:
    """Mark a layer for adoption by the session of whichever viewer gets it."""
    layer.metadata[_KEY] = ticket


def take_ticket(layer: Layer) -> Ticket | None:
    """Remove and return the mark, so that the layer does not keep the sample."""
    ticket = layer.metadata.pop(_KEY, None)
    return ticket if isinstance(ticket, Ticket) else None
