"""Headers of Prophesee's files: lines ``% key value`` before the words or records.

Newer RAW files say ``format`` and end with ``% end``. Those of 2020 and before say
neither, nor the geometry: both follow from the number of the camera system
(OpenEB, ``psee_raw_file_header.cpp`` and ``device_system_id.h``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Geometry

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER_BYTES = 1 << 16
"""Longer headers are none."""
_LINE = re.compile(rb"%([ \t][\t\x20-\x7e\x80-\xff]*)?\r?\n|%end\r?\n")
_LONGEST_SIDE = 16384

_VGA, _HD = Geometry(640, 480), Geometry(1280, 720)
_SYSTEMS: dict[int, tuple[str, str, Geometry]] = {
    **dict.fromkeys((21, 23, 25, 29, 33), ("Gen3.0", "EVT2", _VGA)),
    **dict.fromkeys((151, 153, 161), ("Gen3.0", "EVT2", _VGA)),
    **dict.fromkeys((28, 34, 35, 41, 162), ("Gen3.1", "EVT2", _VGA)),
    40: ("Gen3.1", "EVT3", _VGA),
    26: ("Gen4.0", "EVT2", _HD),
    31: ("Gen4.0", "EVT2", _HD),
    30: ("Gen4.0", "EVT3", _HD),
    46: ("Gen4.0", "EVT3", _HD),
    39: ("Gen4.1", "EVT2", _HD),
    48: ("Gen4.1", "EVT3", _HD),
    49: ("IMX636", "EVT3", _HD),
    50: ("IMX636", "EVT3", _HD),
}
"""``{system_ID: (sensor, encoding, geometry)}``."""
_LITTLE_SINCE = 55
"""From this system on, EVT2.1 without further word is in little order."""


@dataclass(frozen=True)
class TextHeader:
    """The text before the data of a file.

    Parameters
    ----------
    fields
        Keys in small letters with their values.
    size
        Bytes up to the data.
    """

    fields: Mapping[str, str]
    size: int

    def number(self, key: str) -> int | None:
        """Return a field as a whole number, None where it is none."""
        text = self.fields.get(key, "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


@dataclass(frozen=True)
class RawClaims:
    """What the header of a RAW file says, and what follows from it.

    Parameters
    ----------
    encoding
        ``EVT2``, ``EVT2.1``, ``EVT3`` or another word; empty where it says nothing.
    order
        Of EVT2.1's words: ``little``, ``legacy`` or empty.
    geometry
        None where neither a line nor the camera tells it.
    sensor
        Name of the sensor.
    doubts
        What contradicts itself.
    assumed
        What was taken from the camera's number.
    """

    encoding: str = ""
    order: str = ""
    geometry: Geometry | None = None
    sensor: str = ""
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def read_header(head: bytes, place: str) -> TextHeader:
    """Take the lines at the beginning of a file apart.

    Parameters
    ----------
    head
        The first `HEADER_BYTES` of the file, or the whole of a shorter one.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If the header does not end within `HEADER_BYTES`.
    """
    fields: dict[str, str] = {}
    at = 0
    while line := _LINE.match(head, at):
        at = line.end()
        text = line.group().decode("utf-8", "replace").strip()[1:].strip()
        if text == "end":
            break
        key, _, value = text.partition(" ")
        if key:
            fields.setdefault(key.lower(), value.strip())
    else:
        if len(head) >= HEADER_BYTES and at > HEADER_BYTES // 2:
            raise UnreadableFileError(
                f"its header does not end within {HEADER_BYTES:,} bytes",
                path=place,
                advice="It is damaged, or no recording.",
            )
    return TextHeader(fields, at)


def raw_claims(header: TextHeader) -> RawClaims:
    """Return what the header of a RAW file says of its words."""
    name, options = _format_field(header.fields.get("format", ""))
    system = _system(header)
    assumed = []
    if not name:
        old = {"2.0": "EVT2", "2.1": "EVT2.1", "3.0": "EVT3"}
        name = old.get(header.fields.get("evt", ""), "")
    if not name and system:
        name = system[1]
        assumed.append(f"That it is {name} was concluded from the camera's number.")
    geometry, doubts = _geometry(header, options)
    if geometry is None and system:
        geometry = system[2]
        assumed.append(
            f"Its size, {geometry.width} x {geometry.height}, was concluded from the"
            f" camera's number ({header.fields['system_id']})."
        )
    order = options.get("endianness", header.fields.get("endianness", ""))
    number = header.number("system_id")
    if not order and system is not None and number is not None:
        order = "legacy" if 0 < number < _LITTLE_SINCE else "little"
    sensor = header.fields.get("sensor_name", "") or (system[0] if system else "")
    return RawClaims(
        name, order.lower(), geometry, sensor, tuple(doubts), tuple(assumed)
    )


def believable(width: int | None, height: int | None) -> Geometry | None:
    """Return the geometry if both sides are of a length that sensors have."""
    if width is None or height is None:
        return None
    if 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE:
        return Geometry(width, height)
    return None


def biases(header: TextHeader) -> dict[str, float]:
    """Return the settings of the pixels that the header tells."""
    found = {}
    for key, value in header.fields.items():
        if key.startswith("bias_") and re.fullmatch(
            r"[-+]?[0-9]{1,9}(\.[0-9]{1,9})?", value
        ):
            found[key] = float(value)
    return found


def _format_field(text: str) -> tuple[str, dict[str, str]]:
    """Take ``EVT21;endianness=legacy;height=720;width=1280`` apart."""
    name, *rest = text.split(";")
    options = dict(part.strip().lower().split("=", 1) for part in rest if "=" in part)
    known = {"EVT21": "EVT2.1", "EVT2.0": "EVT2", "EVT3.0": "EVT3"}
    name = name.strip().upper()
    return known.get(name, name), options


def _geometry(
    header: TextHeader, options: Mapping[str, str]
) -> tuple[Geometry | None, list[str]]:
    """Return the size that lines of the header tell, and what is odd about them."""
    found = []
    sides = re.fullmatch(r"(\d{1,9}) *x *(\d{1,9})", header.fields.get("geometry", ""))
    if sides:
        found.append((int(sides[1]), int(sides[2])))
    width, height = options.get("width", ""), options.get("height", "")
    if width.isdecimal() and height.isdecimal():
        found.append((int(width[:9]), int(height[:9])))
    for pair in found:
        if believable(*pair) is None:
            return None, [
                f"Its header says {pair[0]} x {pair[1]} pixels: not believed."
            ]
    if len(set(found)) > 1:
        (w, h), (v, g) = found
        return Geometry(max(w, v), max(h, g)), [
            f"Its header says two sizes, {w} x {h} and {v} x {g}: the larger was taken."
        ]
    return (Geometry(*found[0]) if found else None), []


def _system(header: TextHeader) -> tuple[str, str, Geometry] | None:
    makers = {
        header.fields.get(key, "") or "Prophesee"
        for key in ("integrator_name", "camera_integrator_name")
    }
    number = header.number("system_id")
    return _SYSTEMS.get(number) if makers == {"Prophesee"} and number else None
