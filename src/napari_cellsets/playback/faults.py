"""What is wrong with a recording, in sentences for the person who opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import EventHeader, Tally

GAP_US = 1_000_000
"""A silence that is worth a word."""


_NOTHING = "It holds no events."


def sentences(
    header: EventHeader,
    sums: Tally,
    geometry: Geometry,
    start_us: int,
    *,
    complete: bool,
    grown: bool,
) -> tuple[str, ...]:
    """Return the doubts of the header and what the index found.

    Parameters
    ----------
    header, sums, geometry
        What the file says, what was found in it so far, and how it is shown.
    start_us
        Time of the earliest event from the first one.
    complete
        Whether all of the file was seen.
    grown
        Whether the file is longer now than when it was opened.
    """
    found = list(header.doubts)
    if complete and not sums.events and _NOTHING not in found:
        found.append(_NOTHING)
    found += _of_places(header, sums, geometry)
    found += _of_times(sums, start_us)
    if sums.unknown:
        entries = "entry" if sums.unknown == 1 else "entries"
        found.append(f"Passed over as no events: {sums.unknown:,} {entries}.")
    if grown:
        found.append(
            "The file has grown since it was opened: open it again to see the rest."
        )
    return tuple(found)


def assumptions(
    header: EventHeader, sums: Tally, geometry: Geometry
) -> tuple[str, ...]:
    """Return what the file does not tell and was concluded: no faults of it.

    Parameters
    ----------
    header, sums, geometry
        As for `sentences`.
    """
    if header.geometry is not None or not sums.events:
        return header.assumed
    shown = f"{geometry.width} x {geometry.height}"
    said = f"The file does not tell its size: {shown} is what its events need."
    return (*header.assumed, said)


def _of_places(header: EventHeader, sums: Tally, geometry: Geometry) -> list[str]:
    if not sums.events:
        return []
    needed = f"{sums.x_max + 1} x {sums.y_max + 1}"
    shown = f"{geometry.width} x {geometry.height}"
    if geometry.width <= sums.x_max or geometry.height <= sums.y_max:
        return [
            f"Events need {needed} pixels, which is more than can be true: those"
            f" outside of {shown} are left out of the pictures."
        ]
    if header.geometry is not None and geometry != header.geometry:
        told = f"{header.geometry.width} x {header.geometry.height}"
        return [f"The file tells {told} pixels, its events need {shown}: shown so."]
    return []


def _of_times(sums: Tally, start_us: int) -> list[str]:
    found = []
    if sums.backward_steps:
        times = "once" if sums.backward_steps == 1 else f"{sums.backward_steps:,} times"
        found.append(
            f"Time runs backwards {times}, by up to {span(sums.largest_step_back)}."
        )
    if start_us < 0:
        found.append(f"The earliest event is {span(-start_us)} before the first.")
    if sums.largest_gap >= GAP_US:
        found.append(f"There are gaps, the longest of {span(sums.largest_gap)}.")
    if sums.wraps:
        times = "once" if sums.wraps == 1 else f"{sums.wraps:,} times"
        found.append(
            f"The camera's clock went round {times}; the times go on all the same."
        )
    return found


def span(us: int) -> str:
    """Return a length of time in the unit that suits it."""
    if us < 1000:
        return f"{us} us"
    if us < 1_000_000:
        return f"{us / 1e3:.3g} ms"
    if us < 120_000_000:
        return f"{us / 1e6:.3g} s"
    if us < 7_200_000_000:
        return f"{us / 60e6:.3g} min"
    if us < 172_800_000_000:
        return f"{us / 3600e6:.3g} h"
    return f"{us / 86400e6:,.0f} days"
