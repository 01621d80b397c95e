"""Which shipped model suits a picture: seen in a small copy, told in a sentence.

Neurons: somata of 20 to 90 px, few in a wide field, often in one colour of light.
Nuclei: small or crowded, in grey or in the blue of nuclear stains. The limits were
set on simulated fields and on training pictures of the 2018 Data Science Bowl;
`benchmarks/accuracy/choice.py` counts how often they are right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from napari_cellsets.inference.metadata import DEFAULT_MODEL, MODELS, default_model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind: TypeAlias = Literal["neurons", "nuclei"]

AUTO: Final = "auto"
"""What a person says who leaves the choice to the program."""

SHIPPED: Final[dict[Kind, Path]] = {
    "neurons": DEFAULT_MODEL,
    "nuclei": MODELS / "cresunet_nuclei.onnx",
}

SMALL_SIDE = 400
"""Longest side of the copy that is looked at, px."""
SMALL_CELL_PX = 20.0
CROWDED = 0.07
DOUBTFUL_SHARES = (0.04, 0.1)
"""Shares around `CROWDED` that pictures of both kinds have."""
COLOURED = 0.25
LIGHT_GROUND = 0.6
LEAST_AREA = 12
_TOO_LARGE = 2000
_WINDOW = 101


@dataclass(frozen=True, slots=True)
class Choice:
    """A model for a picture, or for a set of them.

    Parameters
    ----------
    path
        The ONNX file.
    kind
        What the model was made for.
    reason
        Why it was chosen: one clause, to follow a colon or "because".
    sure
        Whether the picture was typical. A picture that is not should not decide
        for those that follow it.
    """

    path: Path
    kind: Kind
    reason: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Looks:
    """What is seen in the small copy.

    Parameters
    ----------
    hue
        Name of the colour of the bright parts; empty where they are grey.
    diameter
        Median diameter of bright objects, px of the picture; 0 where there are none.
    share
        Share of the picture that they cover, 0..1.
    light_ground
        Whether the ground is bright, as in transmitted light.
    """

    hue: str
    diameter: float
    share: float
    light_ground: bool = False


def choose_model(pixels: np.ndarray, hint: str = "") -> Choice:
    """Choose the shipped model that suits a picture.

    Parameters
    ----------
    pixels
        Shape (y, x), (y, x, c) or (z, y, x, c); c is 1, or 3 for red, green and
        blue. Of a stack the middle plane is looked at. Any number type.
    hint
        ``neurons`` or ``nuclei`` where the data set's row says it; else empty.

    Returns
    -------
    Choice
        The model and why. Where only one is installed, that one.

    Raises
    ------
    ModelError
        If this installation came without models.
    """
    if not SHIPPED["nuclei"].is_file():
        return Choice(default_model(), "neurons", "the only model installed")
    if hint in SHIPPED:
        return _of_kind("nuclei" if hint == "nuclei" else "neurons", "so says the set")
    return _by_looks(looks_of(pixels))


def choose_for_set(pictures: Iterable[np.ndarray], hint: str = "") -> Choice:
    """Choose one model for all pictures of a set.

    Parameters
    ----------
    pictures
        Some of them, as for `choose_model`; typical ones count before others.
    hint
        As for `choose_model`; then no picture is looked at.

    Returns
    -------
    Choice
        The choice of most pictures; the reason tells of how many.

    Raises
    ------
    ModelError
        If this installation came without models.
    """
    if hint in SHIPPED or not SHIPPED["nuclei"].is_file():
        return choose_model(np.zeros((1, 1)), hint)
    seen = [choose_model(pixels) for pixels in pictures]
    if not seen:
        return _of_kind("neurons", "no picture could be looked at", sure=False)
    typical = [choice for choice in seen if choice.sure] or seen
    ((kind, votes),) = Counter(choice.kind for choice in typical).most_common(1)
    first = next(choice for choice in typical if choice.kind == kind)
    if len(seen) == 1:
        return first
    told = f"{first.reason} ({votes} of {len(seen)} pictures looked at)"
    return replace(first, reason=told)


def looks_of(pixels: np.ndarray) -> Looks:
    """Describe a picture by its bright objects.

    Parameters
    ----------
    pixels
        As for `choose_model`.
    """
    import cv2

    small, factor = _small_copy(pixels)
    light = cv2.GaussianBlur(small.max(axis=-1), (0, 0), 1)
    top = float(light.max(initial=0))
    ground = cv2.blur(light, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REFLECT)
    above = np.maximum(light - ground, 0)
    mask = _bright(above)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask)
    areas = boxes[1:, cv2.CC_STAT_AREA]
    areas = areas[areas >= LEAST_AREA]
    light_ground = top > 0 and float(np.median(light)) > LIGHT_GROUND * top
    if not areas.size:
        return Looks(_hue(small, above), 0.0, 0.0, light_ground)
    # specks beside large objects do not say how large the objects are
    chosen = areas[areas >= 0.05 * areas.max()]
    diameter = float(np.sqrt(4 * np.median(chosen) / np.pi)) * factor
    return Looks(
        _hue(small, above), diameter, float(areas.sum()) / mask.size, light_ground
    )


def _by_looks(looks: Looks) -> Choice:
    about = f"about {looks.diameter:.0f} px wide"
    if looks.light_ground:
        told = "a bright ground, for which neither model was made"
        return _of_kind("neurons", told, sure=False)
    if looks.hue == "blue":
        return _of_kind("nuclei", "blue, as nuclear stains are shown")
    small = 0 < looks.diameter < SMALL_CELL_PX
    if looks.hue:
        if small and looks.share >= CROWDED:
            return _of_kind("nuclei", f"crowded with {looks.hue} spots {about}")
        return _of_kind("neurons", f"{looks.hue} light, not crowded with small spots")
    if not looks.diameter:
        return _of_kind("neurons", "nothing stands out", sure=False)
    if small:
        return _of_kind("nuclei", f"grey, with spots {about}")
    low, high = DOUBTFUL_SHARES
    sure = not low <= looks.share <= high
    if looks.share >= CROWDED:
        told = f"grey and crowded with objects {about}"
        return _of_kind("nuclei", told, sure=sure)
    return _of_kind("neurons", f"grey, with few objects {about}", sure=sure)


def _of_kind(kind: Kind, reason: str, *, sure: bool = True) -> Choice:
    return Choice(SHIPPED[kind], kind, reason, sure)


def _small_copy(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a float32 copy (y, x, c) and how much smaller it is."""
    import cv2

    if pixels.ndim == 4:
        pixels = pixels[pixels.shape[0] // 2]
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    # very large pictures are read in steps: their mean would take too long
    step = max(1, max(pixels.shape[:2]) // _TOO_LARGE)
    part = pixels[::step, ::step]
    if part.dtype not in (np.uint8, np.uint16, np.float32):
        part = part.astype(np.float32)
    factor = max(1, round(max(part.shape[:2]) / SMALL_SIDE))
    size = (max(1, part.shape[1] // factor), max(1, part.shape[0] // factor))
    small = cv2.resize(
        np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    small = np.nan_to_num(small, copy=False, posinf=0.0, neginf=0.0)
    return small.reshape(size[1], size[0], -1), float(factor * step)


def _bright(above: np.ndarray) -> np.ndarray:
    """Return what Otsu's threshold finds bright, as a mask of 0 and 1."""
    import cv2

    top = float(np.percentile(above, 99.9))
    if top <= 0:
        return np.zeros(above.shape, np.uint8)
    scaled = np.minimum(above * (255 / top), 255).astype(np.uint8)
    _, mask = cv2.threshold(scaled, 0, 1, cv2.THRESH_OTSU)
    return np.asarray(mask)


def _hue(small: np.ndarray, above: np.ndarray) -> str:
    """Name the colour of what is bright, empty for grey."""
    if small.shape[-1] != 3:
        return ""
    bright = small[above >= np.percentile(above, 95)].mean(axis=0)
    ground = np.median(small.reshape(-1, 3), axis=0)
    light = np.maximum(bright - ground, 0)
    if light.max() <= 0 or (light.max() - light.min()) < COLOURED * light.max():
        return ""
    on = tuple(bool(value > 0.5 * light.max()) for value in light)
    return _NAMES[on]


_NAMES: Final[dict[tuple[bool, ...], str]] = {
    (True, False, False): "red",
    (False, True, False): "green",
    (False, False, True): "blue",
    (True, True, False): "yellow",
    (True, False, True): "magenta",
    (False, True, True): "cyan",
    (True, True, True): "pale",
}
