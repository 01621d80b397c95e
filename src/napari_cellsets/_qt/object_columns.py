"""Columns of the table of objects: what they are called and what they mean."""

from __future__ import annotations

#: Column in the table of measurements -> (heading, digits, what the heading means).
#: A column in micrometres takes the place of the same one in pixels.
COLUMNS: dict[str, tuple[str, int, str]] = {
    "label": ("Cell", 0, "Number of the cell in the labels layer"),
    "confidence": (
        "Sure (%)",
        0,
        "How likely the cell is right, by what was measured on validation pictures."
        " Sort by it to see the doubtful cells first",
    ),
    "class": ("Class", 0, "What the cell is"),
    "flag": ("Flag", 0, "What was flagged in review, and why"),
    "area_px": ("Area (px)", 0, "Area in pixels"),
    "area_um2": ("Area (µm²)", 1, "Area in square micrometres"),
    "equivalent_diameter_px": (
        "Diameter (px)",
        1,
        "Diameter of the circle of the same area, in pixels",
    ),
    "equivalent_diameter_um": (
        "Diameter (µm)",
        2,
        "Diameter of the circle of the same area, in micrometres",
    ),
    "eccentricity": (
        "Eccentricity",
        2,
        "0 for a circle, towards 1 for a long, narrow cell",
    ),
    "solidity": (
        "Solidity",
        2,
        "Share of its convex hull that the cell fills: 1 without dents, less for cells"
        " that are lobed, or several in one",
    ),
    "circularity": (
        "Circularity",
        2,
        "4π · area / perimeter²: about 0.9 for a disc of pixels, less for what is long"
        " or rugged. The perimeter is scikit-image's estimate (4 neighbours), which is"
        " too short for few pixels: tiny objects come out above 1",
    ),
    "plane": ("Plane", 0, "Plane of the stack"),
    "centroid_y": ("y", 1, "Row of the centre, in pixels"),
    "centroid_x": ("x", 1, "Column of the centre, in pixels"),
}
WORDS = ("class", "flag", "comment")
"""Columns of text; they are shown where somebody has said them."""
_LAST = {"comment": ("Comment", 0, "What was noted of the cell")}
_SHORT = {
    "confidence": "Sure",
    "area_px": "Area px",
    "area_um2": "Area µm²",
    "equivalent_diameter_px": "Ø px",
    "equivalent_diameter_um": "Ø µm",
    "eccentricity": "Ecc.",
    "solidity": "Solid.",
    "circularity": "Circ.",
    "plane": "Pl.",
}
_REPLACED_BY = {
    "area_px": "area_um2",
    "equivalent_diameter_px": "equivalent_diameter_um",
}
MEAN = "mean_"
"""How columns of brightness begin."""


def shown_columns(names: tuple[str, ...]) -> list[str]:
    """Return the columns to show, in order, of those that were measured."""
    known = [name for name in COLUMNS if name in names]
    known = [name for name in known if _REPLACED_BY.get(name) not in names]
    means = [name for name in names if name.startswith(MEAN)]
    return known + means + [name for name in _LAST if name in names]


def heading(name: str) -> str:
    """Return what stands above a column."""
    if name in _HEADED:
        return _HEADED[name][0]
    return f"Mean {name.removeprefix(MEAN)}"


def short_heading(name: str) -> str:
    """Return what stands above a column where there is little room."""
    return _SHORT.get(name) or heading(name).removeprefix("Mean ")


def meaning(name: str) -> str:
    """Return what a column means, for a tooltip."""
    if name in _HEADED:
        return _HEADED[name][2]
    return f"Mean intensity of channel {name.removeprefix(MEAN)} over the cell"


def digits(name: str) -> int:
    """Return how many decimals a column shows."""
    return _HEADED[name][1] if name in _HEADED else 1


_HEADED = {**COLUMNS, **_LAST}
