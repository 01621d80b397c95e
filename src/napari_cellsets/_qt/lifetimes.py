"""Connections that end with the widget they serve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance
    from qtpy.QtCore import QObject


def follow(owner: QObject, signal: SignalInstance, slot: Callable[..., object]) -> None:
    """Connect a model's signal to a widget until Qt deletes the widget.

    A session outlives the docks that listen to it; without this it would call
    into widgets that are gone.

    Parameters
    ----------
    owner
        The widget whose end ends the connection.
    signal, slot
        What to connect.
    """
    signal.connect(slot)
    owner.destroyed.connect(partial(_disconnect, signal, slot))


def _disconnect(
    signal: SignalInstance, slot: Callable[..., object], *_: object
) -> None:
    signal.disconnect(slot, missing_ok=True)
