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
        Events a second: over all, and over the busiest `peak_over_us`.
    biases, facts
        What the header says besides.
    faults
        What is wrong or was repaired, a sentence each.
    assumed
        What the file does not tell and was concluded, a sentence each.
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
    assumed: tuple[str, ...]
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
    span = duration - recording.start_us + 1  # the last microsecond is one, too
    peak, over = _peak(recording, span) if events else (0.0, _PEAK_US)
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
        mean_rate=events * 1e6 / span,
        peak_rate=peak,
        peak_over_us=over,
        biases=dict(header.biases),
        facts=dict(header.facts),
        faults=recording.faults,
        assumed=recording.assumed,
        complete=recording.complete,
    )


def _peak(recording: Recording, span: int) -> tuple[float, int]:
    """Return the highest rate and the time it was taken over: never below the mean."""
    bins = max(1, min(_PEAK_BINS, -(-span // _PEAK_US)))
    start = recording.start_us
    curve = recording.rate(start, start + span, bins, exact=False)
    return float(curve.per_second.max()), -(-span // bins)
