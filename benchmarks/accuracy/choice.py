"""How often the model chosen by looks is the one that suits.

`python -m benchmarks.accuracy.choice [--fields N]`

The published pictures of neurons, as they are and in grey; training pictures of DSB
2018 (nuclei) one by one and in sets of five; simulated fields of four colours. The
limits in `inference.choice` were set on DSB pictures and on other simulated fields,
so only the published pictures were not looked at for that. A row that names its kind
(`model = "nuclei"`) is not used here.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.accuracy.maps import COLOURS, draw_field
from benchmarks.accuracy.pairs import shared_root
from napari_cellsets.inference import choice

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SET = 5
REPEATS = 15


def pictures(fields: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Group, what suits, and picture."""
    shared = shared_root()
    for version in ("v1", "v2"):
        folder = shared / "samples" / f"fluorescent_neuronal_cells_{version}"
        for path in sorted(folder.rglob("images/*.png")):
            picture = np.asarray(Image.open(path).convert("RGB"))
            yield "published neurons", "neurons", picture
            yield "published neurons, in grey", "neurons", picture.max(axis=2)
    for path in sorted((shared / "training/dsb2018_fluorescence/images").glob("*.png")):
        yield "DSB 2018", "nuclei", np.asarray(Image.open(path))
    for index in range(fields):
        colour = COLOURS[index % len(COLOURS)]
        yield f"simulated, {colour}", "neurons", draw_field(index)[0]


def confusion(fields: int) -> dict[str, Any]:
    """Choices of every group, and of sets of DSB pictures."""
    chosen: dict[str, Counter[str]] = {}
    suits: dict[str, str] = {}
    looks: list[choice.Choice] = []
    for group, kind, picture in pictures(fields):
        found = choice.choose_model(picture)
        suits[group] = kind
        seen = chosen.setdefault(group, Counter())
        seen[found.kind] += 1
        seen["not sure"] += not found.sure
        if group == "DSB 2018":
            looks.append(found)
    sets = Counter(_of_set(looks[at : at + SET]) for at in range(0, len(looks), SET))
    rows = {
        group: {"suits": suits[group], **dict(seen)} for group, seen in chosen.items()
    }
    rows[f"DSB 2018, sets of {SET}"] = {"suits": "nuclei", **dict(sets)}
    return rows


def _of_set(looks: list[choice.Choice]) -> str:
    """What `choose_for_set` makes of choices."""
    typical = [found for found in looks if found.sure] or looks
    return Counter(found.kind for found in typical).most_common(1)[0][0]


def milliseconds() -> float:
    """Time of the processor for one choice at 1600x1200, least of several."""
    picture = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8)
    taken = []
    for _ in range(REPEATS):
        before = time.thread_time()
        choice.choose_model(picture)
        taken.append(time.thread_time() - before)
    return round(1000 * min(taken), 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=40)
    parser.add_argument("--out", type=Path, default=HERE / "choice.json")
    options = parser.parse_args()
    # the rule is measured whether or not the nuclei model is installed
    choice.SHIPPED["nuclei"] = choice.SHIPPED["neurons"]
    results = {
        "pictures": confusion(options.fields),
        "milliseconds at 1600x1200": milliseconds(),
    }
    text = json.dumps(results, indent=1)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
