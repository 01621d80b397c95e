"""Objects that CVAT follows through a film."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from napari_cellsets.formats.containers.reading import BadObject, number, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_cellsets.formats.containers.reading import Notes

_NUMBERS = ("xtl", "ytl", "xbr", "ybr", "rotation", "cx", "cy", "rx", "ry")


class Tracks:
    """The shapes of each frame.

    A track tells its shape frame by frame, or at some frames only; then boxes,
    ellipses and points move evenly in between, and other shapes stay until the next.
    From a frame with ``outside`` on the object is gone, and behind the last one too.

    Parameters
    ----------
    tracks
        The ``track`` elements.
    notes
        Where to tell what is wrong with them.
    """

    def __init__(self, tracks: Sequence[Element], notes: Notes) -> None:
        self.count = 0
        self._tracks: list[tuple[Element, list[int], list[Element]]] = []
        for index, track in enumerate(tracks):
            known: dict[int, Element] = {}
            for shape in track:
                try:
                    frame = whole(shape.get("frame"), "frame")
                    if frame < 0:
                        raise BadObject(f"there is no frame {frame}")
                    known[frame] = shape
                except BadObject as error:
                    notes.add(f"track {track.get('id', index)}", error)
            frames = sorted(known)
            if frames:
                self.count = max(self.count, frames[-1] + 1)
                self._tracks.append((track, frames, [known[f] for f in frames]))

    def shapes(self, frame: int) -> Iterator[tuple[str, Element]]:
        """Give the shapes of one frame with their place in the file."""
        for track, frames, shapes in self._tracks:
            before = bisect_right(frames, frame) - 1
            if before < 0 or shapes[before].get("outside") == "1":
                continue
            shape = shapes[before]
            if frames[before] != frame:
                if before + 1 == len(frames):
                    continue
                share = (frame - frames[before]) / (frames[before + 1] - frames[before])
                shape = _between(shape, shapes[before + 1], share)
            name = track.get("id") or ""
            yield f"track {name}, frame {frame}", _labelled(shape, track, name)


def _labelled(shape: Element, track: Element, name: str) -> Element:
    """Give a shape what its track says of it."""
    told = {
        key: value
        for key, value in track.attrib.items()
        if key in ("label", "group_id", "source")
    }
    found = Element(shape.tag, {**told, **shape.attrib, "track": name})
    found.extend(list(shape))
    if not name:
        del found.attrib["track"]
    return found


def _between(one: Element, other: Element, share: float) -> Element:
    """Return the shape at a share of the way from one to another."""
    found = Element(one.tag, one.attrib)
    found.extend(list(one))
    if one.tag != other.tag or other.get("outside") == "1":
        return found
    try:
        for key in _NUMBERS:
            if key in one.attrib and key in other.attrib:
                start, end = number(one.get(key)), number(other.get(key))
                if key == "rotation":  # the short way round
                    end = start + (end - start + 180) % 360 - 180
                found.set(key, repr(start + (end - start) * share))
        if "points" in one.attrib and "points" in other.attrib:
            start_, end_ = _pairs(one), _pairs(other)
            if len(start_) == len(end_):
                moved = [a + (b - a) * share for a, b in zip(start_, end_, strict=True)]
                pairs = zip(moved[::2], moved[1::2], strict=True)
                found.set("points", ";".join(f"{x!r},{y!r}" for x, y in pairs))
    except BadObject:
        return found  # told where the two shapes themselves are read
    return found


def _pairs(shape: Element) -> list[float]:
    text = (shape.get("points") or "").replace(";", ",")
    values = [number(value) for value in text.split(",") if value]
    if len(values) % 2:
        raise BadObject("its coordinates are no pairs of x and y")
    return values
