"""Single blood cells of a stained smear, drawn: for demos, documents and tests.

The eight classes of PBC, as a child would tell them apart: shape of the nucleus, colour
and grain of the cytoplasm, size. Nothing is photographed, and nobody should learn
medicine from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Colour = tuple[float, float, float]

GROUND: Colour = (250, 228, 206)
RED_CELL: Colour = (204, 160, 158)
SIDE = 360


@dataclass(frozen=True)
class Looks:
    """How a class is drawn; lengths in px of a picture of 360 px.

    Parameters
    ----------
    radius
        Of the cell.
    cytoplasm, nucleus, grain
        Colours (red, green, blue), 0..255.
    share
        Radius of the nucleus, or of a lobe, as a share of the cell's.
    lobes
        1 round; more lie on a ring.
    dent
        Share of the nucleus that a dent takes.
    grains
        Number of grains; ``grain_radius`` px wide.
    """

    radius: float
    cytoplasm: Colour
    nucleus: Colour = (88, 44, 128)
    share: float = 0.6
    lobes: int = 1
    dent: float = 0.0
    grain: Colour = (150, 90, 130)
    grains: int = 0
    grain_radius: float = 2.0


BLOOD_CELLS: dict[str, Looks] = {
    "basophil": Looks(
        66, (196, 160, 196), share=0.5, lobes=2,
        grain=(62, 30, 96), grains=70, grain_radius=4.5,
    ),
    "eosinophil": Looks(
        68, (226, 150, 140), share=0.42, lobes=2,
        grain=(214, 106, 92), grains=420, grain_radius=3.2,
    ),
    "erythroblast": Looks(44, (170, 150, 186), nucleus=(58, 24, 84), share=0.66),
    "ig": Looks(
        78, (206, 172, 200), nucleus=(126, 60, 150), share=0.74, dent=0.2,
        grain=(150, 60, 130), grains=320, grain_radius=2.2,
    ),
    "lymphocyte": Looks(52, (172, 190, 226), nucleus=(94, 46, 134), share=0.84),
    "monocyte": Looks(
        82, (176, 176, 206), nucleus=(112, 64, 152), share=0.66, dent=0.55,
        grain=(150, 130, 180), grains=90, grain_radius=1.4,
    ),
    "neutrophil": Looks(
        66, (232, 200, 196), share=0.34, lobes=4,
        grain=(206, 150, 170), grains=300, grain_radius=1.3,
    ),
    "platelet": Looks(17, (190, 160, 200), nucleus=(140, 84, 160), share=0.55),
}  # fmt: skip


def simulate_blood_cell(name: str, seed: int) -> NDArray[np.uint8]:
    """Draw one cell of a class among red cells.

    Parameters
    ----------
    name
        One of `BLOOD_CELLS`.
    seed
        The same seed draws the same cell.

    Returns
    -------
    ndarray
        uint8, shape (360, 360, 3), RGB.
    """
    import cv2

    rng = np.random.default_rng([sorted(BLOOD_CELLS).index(name), seed])
    looks = BLOOD_CELLS[name]
    canvas = np.full((SIDE, SIDE, 3), GROUND, np.float32)
    middle = SIDE / 2 + rng.normal(0, 5, 2)
    _red_cells(rng, canvas, middle, looks.radius)
    outline = _blob(rng, middle, looks.radius, 0.05)
    _fill(canvas, outline, looks.cytoplasm, 0.97)
    _texture(rng, canvas, outline, 7.0, 9)
    if looks.grain_radius > 4:
        _nucleus(rng, canvas, middle, looks)
        _grains(rng, canvas, middle, looks)
    else:
        _grains(rng, canvas, middle, looks)
        _nucleus(rng, canvas, middle, looks)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 1.6)
    canvas += rng.normal(0, 2.0, canvas.shape).astype(np.float32)
    return np.asarray(np.clip(canvas, 0, 255), np.uint8)


def _red_cells(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    middle: NDArray[np.float64],
    radius: float,
) -> None:
    import cv2

    taken = [(middle, radius)]
    for _ in range(60):
        place, size = rng.uniform(-20, SIDE + 20, 2), float(rng.uniform(38, 46))
        gaps = [np.hypot(*(place - at)) - 0.92 * (size + of) for at, of in taken]
        if min(gaps) < 0:
            continue
        taken.append((place, size))
        ring = _blob(rng, place, size, 0.04)
        _fill(canvas, ring, RED_CELL, 0.9)
        pale = np.zeros(canvas.shape[:2], np.float32)
        cv2.fillPoly(pale, [_blob(rng, place, 0.45 * size, 0.05)], 1.0)
        pale = cv2.GaussianBlur(pale, (0, 0), 7)[..., None] * 0.7
        canvas += (np.array((240, 214, 200), np.float32) - canvas) * pale


def _nucleus(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    middle: NDArray[np.float64],
    looks: Looks,
) -> None:
    import cv2

    size = looks.share * looks.radius
    mask = np.zeros(canvas.shape[:2], np.uint8)
    turn = rng.uniform(0, 2 * np.pi)
    ring = 0.0 if looks.lobes == 1 else looks.radius * (0.78 - 0.75 * looks.share)
    for lobe in range(looks.lobes):
        angle = turn + lobe * 1.35 * np.pi / max(1, looks.lobes - 1)
        place = middle + ring * np.array([np.cos(angle), np.sin(angle)])
        cv2.fillPoly(mask, [_blob(rng, place, size, 0.07)], 1)
    if looks.lobes == 1:
        aside = middle + (0.1 * looks.radius) * rng.normal(0, 1, 2)
        mask[:] = 0
        cv2.fillPoly(mask, [_blob(rng, aside, size, 0.05)], 1)
    if looks.dent:
        bite = middle + size * 1.15 * np.array([np.cos(turn), np.sin(turn)])
        cv2.fillPoly(mask, [_blob(rng, bite, size * looks.dent * 1.3, 0.05)], 0)
    inside = mask.astype(bool)
    canvas[inside] = looks.nucleus
    grain = cv2.GaussianBlur(rng.normal(0, 1, mask.shape).astype(np.float32), (0, 0), 3)
    canvas[inside] += (grain[inside] / grain.std() * 13)[:, None]


def _grains(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    middle: NDArray[np.float64],
    looks: Looks,
) -> None:
    import cv2

    for _ in range(looks.grains):
        away = looks.radius * 0.93 * np.sqrt(rng.random())
        angle = rng.uniform(0, 2 * np.pi)
        place = middle + away * np.array([np.cos(angle), np.sin(angle)])
        colour = np.array(looks.grain) + rng.normal(0, 12, 3)
        radius = max(1, round(looks.grain_radius * float(rng.uniform(0.7, 1.2))))
        x, y = np.rint(place).astype(int).tolist()
        cv2.circle(canvas, (x, y), radius, colour.tolist(), -1)


def _texture(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    outline: NDArray[np.int32],
    strength: float,
    width: float,
) -> None:
    import cv2

    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline], 1)
    noise = cv2.GaussianBlur(
        rng.normal(0, 1, mask.shape).astype(np.float32), (0, 0), width
    )
    inside = mask.astype(bool)
    canvas[inside] += (noise[inside] / noise.std() * strength)[:, None]


def _fill(
    canvas: NDArray[np.float32],
    outline: NDArray[np.int32],
    colour: Colour,
    opacity: float,
) -> None:
    import cv2

    painted = canvas.copy()
    cv2.fillPoly(painted, [outline], colour)
    canvas += (painted - canvas) * np.float32(opacity)


def _blob(
    rng: np.random.Generator, middle: NDArray[np.float64], radius: float, rough: float
) -> NDArray[np.int32]:
    """A wavy circle as a polygon (n, 2) of (x, y)."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    waves = np.zeros(angle.shape)
    for k in range(2, 6):
        shift = rng.uniform(0, 2 * np.pi)
        waves += rng.normal(0, rough / k) * np.cos(k * angle + shift)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = middle + (radius * (1 + waves))[:, None] * around
    return np.asarray(np.rint(points), np.int32)
