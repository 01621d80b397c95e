"""What there is to tell of a recording: for the information page and the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.evented import FrozenModel

if TYPE_CHECKING:
    from napari_cellsets.formats.events.base import Tally
    from napari_cellsets.playback.recording import Recording

_PEAK_US, _PEAK_BINS = 10_000, 5000


class RecordingInfo(FrozenModel):
    """A recording in figures.

    Parameters
    ----------
    name, format, camera, clock
        What it is called, how it is written, by what, and what its times count from.
    width, height
        Pixels.
    events, on, off, triggers
        How many.
    t_first_us, t_last_us
        Times of the first and the last event on the file's own clock.
    duration_us
        From the first to the latest event.
    mean_rate, peak_rate
        Events a second: over the duration, and over the busiest `peak_over_us`.
    biases, facts
        What the header says besides.
    faults
        What is wrong, was assumed or repaired, a sentence each.
    complete
        Whether the whole file was seen; else all figures are of its beginning.
    """

    name: str
    format: str
    camera: str
    clock: str
    width: int
    height: int
    events: int
    on: int
    off: int
    triggers: int
    t_first_us: int
    t_last_us: int
    duration_us: int
    mean_rate: float
    peak_rate: float
    peak_over_us: int
    biases: dict[str, float]
    facts: dict[str, str]
    faults: tuple[str, ...]
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """Return what ``events info --json`` tells."""
        told = self.model_dump(
            include={
                "format",
                "width",
                "height",
                "events",
                "on",
                "off",
                "t_first_us",
                "t_last_us",
            }
        )
        return {**told, "faults": list(self.faults)}


def describe(recording: Recording, sums: Tally) -> RecordingInfo:
    """Return a recording in figures, from its index alone."""
    header, geometry = recording.header, recording.geometry
    events, duration = recording.event_count, recording.duration_us
    peak, over = _peak(recording, duration) if events else (0.0, _PEAK_US)
    return RecordingInfo(
        name=recording.name,
        format=header.format,
        camera=header.camera,
        clock=header.clock,
        width=geometry.width,
        height=geometry.height,
        events=events,
        on=recording.on_count,
        off=recording.off_count,
        triggers=sums.triggers,
        t_first_us=sums.t_first,
        t_last_us=sums.t_last,
        duration_us=duration,
        mean_rate=events * 1e6 / max(duration, 1),
        peak_rate=peak,
        peak_over_us=over,
        biases=dict(header.biases),
        facts=dict(header.facts),
        faults=recording.faults,
        complete=recording.complete,
    )


def _peak(recording: Recording, duration: int) -> tuple[float, int]:
    bins = max(1, min(_PEAK_BINS, -(-duration // _PEAK_US)))
    over = duration // bins + 1
    curve = recording.rate(0, over * bins, bins, exact=False)
    return float(curve.per_second.max()), over
