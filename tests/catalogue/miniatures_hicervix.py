"""HiCervix in miniature: flat folders of pictures, classes in csv files beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "image_name,class_name,class_id,level_1,level_2,level_3"
CODES = (
    ("Normal", "negative", "Normal", ""),
    ("ECC", "negative", "ECC", ""),
    ("RPC", "negative", "RPC", ""),
    ("MPC", "negative", "MPC", ""),
    ("PG", "negative", "PG", ""),
    ("Atrophy", "negative", "Atrophy", ""),
    ("EMC", "negative", "EMC", ""),
    ("HCG", "negative", "HCG", ""),
    ("ASC-US", "ASC", "ASC-US", ""),
    ("LSIL", "ASC", "LSIL", ""),
    ("ASC-H", "ASC", "ASC-H", ""),
    ("HSIL", "ASC", "HSIL", ""),
    ("SCC", "ASC", "SCC", ""),
    ("AGC", "AGC", "", ""),
    ("AGC-NOS", "AGC", "AGC-NOS", ""),
    ("AGC-FN", "AGC", "AGC-FN", ""),
    ("ADC", "AGC", "ADC", ""),
    ("AGC-ECC-NOS", "AGC", "AGC-NOS", "AGC-ECC-NOS"),
    ("AGC-EMC-NOS", "AGC", "AGC-NOS", "AGC-EMC-NOS"),
    ("ADC-ECC", "AGC", "ADC", "ADC-ECC"),
    ("ADC-EMC", "AGC", "ADC", "ADC-EMC"),
    ("FUNGI", "microbe", "FUNGI", ""),
    ("ACTINO", "microbe", "ACTINO", ""),
    ("TRI", "microbe", "TRI", ""),
    ("HSV", "microbe", "HSV", ""),
    ("CC", "microbe", "CC", ""),
)
"""Code and the three levels of each, in the order of their ids."""


def lines_of(split: str) -> list[tuple[str, str]]:
    """File names and csv lines of one split: 26 of train, 5 of the others."""
    start = ("train", "val", "test").index(split)
    found = []
    for number, (code, *levels) in enumerate(CODES):
        if split != "train" and number % 6 != start:
            continue
        seed = f"{start}{number:02d}"
        name = f"65dfc2fb-e87c-35bc-aa3e-ce5323fde{seed}.jpg"
        found.append((name, ",".join([name, code, str(number), *levels])))
    return found


def picture(number: int) -> np.ndarray:
    """RGB crop; sizes vary."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (30 + number % 7, 40, 3), dtype=np.uint8)


def write_hicervix(
    root: Path, splits: tuple[str, ...] = ("train", "val", "test")
) -> Path:
    """Write ``train/``, ``train.csv`` and so on directly below a folder."""
    for split in splits:
        (root / split).mkdir(parents=True)
        lines = lines_of(split)
        text = "\n".join([HEADER, *(line for _, line in lines)]) + "\n"
        (root / f"{split}.csv").write_text(text, encoding="utf-8")
        for number, (name, _) in enumerate(lines):
            Image.fromarray(picture(number)).save(root / split / name)
    return root
