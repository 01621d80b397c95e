"""A part of a recording, filtered if wanted, as a recording of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.events.registry import EVENT_FORMATS
from napari_cellsets.playback.filters import FilterChain
from napari_cellsets.playback.hot_pixels import part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.events import Events
    from napari_cellsets.playback.filter_pass import Filtered
    from napari_cellsets.playback.recording import Recording


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut came to.

    Parameters
    ----------
    events
        How many were written.
    removed
        How many each filter took out, named as in `Filtered`.
    """

    events: int
    removed: Mapping[str, int] = field(default_factory=dict)


def formats_to_write() -> dict[str, str]:
    """Return ``{key: title}`` of the formats that a cut can be written in."""
    return {
        key: known.title
        for key, known in EVENT_FORMATS.items()
        if known.write is not None
    }


def write_cut(
    path: str | Path,
    recording: Recording,
    start_us: int,
    stop_us: int,
    *,
    key: str = "evt3",
    chain: FilterChain | None = None,
    from_zero: bool = True,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> Cut:
    """Write a part of a recording as a file of its own, in bounded memory.

    Parameters
    ----------
    path
        The file; it appears when it is whole.
    recording
        Where the events come from.
    start_us, stop_us
        [start, stop) in microseconds from the first event.
    key
        Format, one of `formats_to_write`.
    chain
        Filters to pass first; flips and turns change the size of the sensor.
    from_zero
        Count time from `start_us`; else the recording's own times are kept.
    token, progress
        Looked at, and told how far it is, with every piece of events.

    Raises
    ------
    CancelledError
        If the token was cancelled; nothing is left behind.
    ExportError
        If nothing is left to write, the format is unknown or cannot hold it, or the
        file cannot be written.
    UnreadableFileError
        If the recording cannot be read or changed.
    """
    known = EVENT_FORMATS.get(key)
    if known is None or known.write is None:
        raise ExportError(
            f"recordings cannot be written as {key!r}",
            path=path,
            advice=f"Choose one of {', '.join(formats_to_write())}.",
        )
    _leave_alone(path, recording)
    chain = chain or FilterChain()
    removed: Counter[str] = Counter()
    passed = chain.start(recording.geometry).pieces(recording, start_us, stop_us)
    written = known.write(
        path,
        _watched(
            passed, removed, lambda t: part_of(t, start_us, stop_us), token, progress
        ),
        chain.geometry_after(recording.geometry),
        start_us=-start_us if from_zero else recording.origin_us,
        facts={"source": recording.name} if recording.name else None,
    )
    return Cut(written, dict(removed))


def _watched(
    passed: Iterable[Filtered],
    removed: Counter[str],
    part: Callable[[int], float],
    token: CancelToken | None,
    progress: Progress | None,
) -> Iterator[Events]:
    """Yield events on their way to the writer; whoever raises here leaves no file."""
    written = 0
    for filtered in passed:
        if token is not None:
            token.raise_if_cancelled()
        removed.update(filtered.removed)
        if not len(filtered.events):
            continue
        written += len(filtered.events)
        yield filtered.events
        if progress is not None:
            progress(part(int(filtered.events.t[-1])), f"{written:,} events")
    if not written:
        raise _nothing_left(removed)


def _leave_alone(path: str | Path, recording: Recording) -> None:
    place = recording.place
    if place is not None and Path(path).exists() and Path(path).samefile(place):
        raise ExportError(
            "this is the recording itself, which is never written over",
            path=path,
            advice="Choose another name.",
        )


def _nothing_left(removed: Mapping[str, int]) -> ExportError:
    taken = ", ".join(f"{name} {count:,}" for name, count in removed.items() if count)
    return ExportError(
        "no events are left to write" + (f": taken out by {taken}" if taken else ""),
        advice="Choose a longer range, or fewer filters.",
    )
