"""What a person does with a recording that plays, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.playback.clock import FASTEST, SLOWEST

if TYPE_CHECKING:
    from napari_cellsets.playback.clock import Playback


def act(playback: Playback, name: str, *_: object) -> None:
    """Do what a button or key of the player asks for.

    Parameters
    ----------
    playback
        The clock.
    name
        ``play``, ``backwards``, ``on``, ``back``, ``start``, ``end``, ``loop``,
        ``a``, ``b``, ``slower`` or ``faster``.
    """
    if name in ("play", "backwards"):
        _toggle(playback, 1 if name == "play" else -1)
    elif name in ("on", "back"):
        _step(playback, 1 if name == "on" else -1)
    elif name in ("start", "end"):
        playback.jump_to(playback.low_us if name == "start" else playback.high_us)
    elif name == "loop":
        playback.loop = not playback.loop
    elif name in ("a", "b"):
        setattr(playback, f"{name}_us", playback.position_us)
    else:
        faster = playback.speed * (2 if name == "faster" else 0.5)
        playback.speed = min(max(faster, SLOWEST), FASTEST)


def _toggle(playback: Playback, direction: Any) -> None:
    """Play in a direction, or pause where it plays that way already."""
    if playback.playing and playback.direction == direction:
        playback.pause()
    else:
        playback.play(direction)


def _step(playback: Playback, frames: int) -> None:
    """Go one frame further, over stretches without events."""
    leaps = playback.skip_empty
    playback.skip_empty = True
    playback.step(frames)
    playback.skip_empty = leaps
