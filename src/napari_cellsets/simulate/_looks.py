"""What each stain looks like: ranges a field draws its own parameters from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Range = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """Ranges of one kind of picture; brightness in grey levels of 255, lengths px.

    ``trunk`` is the width of a dendrite where it leaves, as a share of the soma's
    radius; ``thick`` the width of the stout ones among stray neurites.
    """

    background: Range
    cell_brightness: Range
    radius: Range
    cells: tuple[int, int]
    dim_cells: tuple[int, int]
    mottle: Range
    web: Range
    dark_spots: tuple[int, int]
    haze: Range
    focus: Range
    dendrites: Range
    trunk: Range
    thick: Range


_YELLOW = Look(
    background=(1.0, 9.0),
    cell_brightness=(62.0, 135.0),
    radius=(17.0, 36.0),
    cells=(0, 30),
    dim_cells=(3, 25),
    mottle=(0.05, 0.3),
    web=(0.0, 0.15),
    dark_spots=(0, 120),
    haze=(0.05, 0.3),
    focus=(0.7, 1.4),
    dendrites=(0.05, 0.5),
    trunk=(0.08, 0.2),
    thick=(1.5, 4.0),
)
_RED = Look(
    background=(6.0, 26.0),
    cell_brightness=(55.0, 125.0),
    radius=(12.0, 26.0),
    cells=(0, 25),
    dim_cells=(3, 30),
    mottle=(0.1, 0.35),
    web=(0.1, 0.6),
    dark_spots=(0, 60),
    haze=(0.1, 0.5),
    focus=(0.7, 1.8),
    dendrites=(0.1, 0.6),
    trunk=(0.08, 0.25),
    thick=(1.5, 4.5),
)
_CROWDED = Look(
    background=(3.0, 14.0),
    cell_brightness=(48.0, 165.0),
    radius=(16.0, 32.0),
    cells=(25, 80),
    dim_cells=(8, 60),
    mottle=(0.1, 0.5),
    web=(0.4, 2.0),
    dark_spots=(0, 20),
    haze=(0.3, 1.2),
    focus=(1.2, 2.8),
    dendrites=(0.3, 0.9),
    trunk=(0.1, 0.38),
    thick=(2.5, 9.0),
)
_GREEN = Look(
    background=(12.0, 62.0),
    cell_brightness=(30.0, 90.0),
    radius=(12.0, 24.0),
    cells=(0, 40),
    dim_cells=(2, 30),
    mottle=(0.04, 0.2),
    web=(0.0, 0.15),
    dark_spots=(40, 300),
    haze=(0.02, 0.2),
    focus=(0.7, 1.5),
    dendrites=(0.0, 0.2),
    trunk=(0.05, 0.15),
    thick=(1.5, 3.0),
)

#: The looks by colour; a crowded field of any colour borrows the crowded one.
LOOKS: Final = {"yellow": _YELLOW, "red": _RED, "green": _GREEN, "grey": _YELLOW}
CROWDED: Final = _CROWDED

#: Per colour: gain and black level of the channels, measured on published images
#: (yellow cells: R 90, G 70, B 6 over a background of R 5, G 2, B 0).
TINTS: Final[dict[str, tuple[Range, Range, Range]]] = {
    "yellow": ((1.0, 0.0), (0.85, 2.6), (0.1, 2.2)),
    "red": ((1.0, 0.0), (0.012, 0.0), (0.006, 0.0)),
    "green": ((0.02, 0.0), (1.0, 0.0), (0.25, 6.0)),
    "grey": ((1.0, 0.0), (1.0, 0.0), (1.0, 0.0)),
}
