"""Predict, correct, fine-tune, predict: the whole loop in one napari window.

`python -m benchmarks.accuracy.window_loop RUN [--minutes 10]`

The pictures are those of `benchmarks.accuracy.finetune`: nuclei that the shipped
model of neurons never saw, four of them to be corrected, the others to measure on.
Each of the four is counted by the Count dock, then its cells are painted over with
the truth, as a person who corrects them would; the Train dock goes on from that
model with what was corrected, *Use it now* puts the new one into the Count dock, and
a picture is counted with it. Meanwhile the longest time in which the window answered
nothing is taken. Needs a display.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from benchmarks.accuracy.finetune import LEARNT, write_set
from benchmarks.accuracy.pairs import PROJECT, shared_root
from napari_cellsets.training.sources import (
    DSB_HELD_OUT,
    dsb_pairs,
    split_by_name,
)

sys.path.append(str(PROJECT / "tools"))

if TYPE_CHECKING:
    import napari

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.counting import CountWidget
    from napari_cellsets._qt.training import TrainWidget

HERE = Path(__file__).parent
BEAT_S = 0.05


class Heart:
    """Beats in the window; its longest pause is the longest freeze."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.monotonic()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(round(1000 * BEAT_S))

    def _beat(self) -> None:
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last - BEAT_S), now

    def since(self) -> float:
        """Return the longest freeze since this was last asked."""
        longest, self.longest = self.longest, 0.0
        return round(longest, 2)


def correct(session: Session) -> int:
    """Paint the truth over the cells, as one stroke; return how many pixels changed."""
    from window import settle

    cells, truth = session.cells_layer.data, session.truth.labels
    where = np.nonzero(cells != truth)
    if len(where[0]):
        session.cells_layer.data_setitem(where, truth[where])
    session.save()
    settle(0.5)
    return len(where[0])


def counted(viewer: napari.Viewer, dock: CountWidget) -> int:
    """Press *Count this image*; answer the question about corrections with Replace."""
    from window import count_on_screen, settle

    if dock.message.asking:
        dock.message.replace.click()
        settle(0.5)
    return len(count_on_screen(viewer).flow.result.table)


def train_in_the_window(
    viewer: napari.Viewer, heart: Heart, minutes: float, patience_s: float
) -> tuple[TrainWidget, dict[str, Any]]:
    """Choose corrected cells and the shipped model, press *Start*, wait."""
    from window import open_dock, settle, wait_until

    from napari_cellsets.inference import default_model

    dock: TrainWidget = open_dock(viewer, "Train")
    wait_until(lambda: dock.model.material.corrected == LEARNT, "counting corrections")
    place = dock.form.labels.values.index("corrected")
    dock.form.labels.setCurrentIndex(place)
    dock.form.labels.activated.emit(place)
    # "Shipped model" would take the one of nuclei, which has nothing to learn here
    dock.model.start = default_model()
    dock.form.minutes.setValue(round(minutes))
    heart.since()
    begun = time.monotonic()
    dock.buttons.start.click()
    settle(2)
    wait_until(lambda: dock.model.phase == "idle", "training", patience_s)
    return dock, {
        "seconds": round(time.monotonic() - begun),
        "longest freeze, seconds": heart.since(),
        "steps": dock.model.seen.last.step if dock.model.seen.last else 0,
        "message": dock.message.text.text(),
        "outcome": dock.outcome.text.text(),
    }


def loop(viewer: napari.Viewer, folder: Path, options: argparse.Namespace) -> Any:
    """Run the loop; return what was seen."""
    from window import open_dock, photograph, settle, wait_until

    from napari_cellsets._napari.session import get_session
    from napari_cellsets.inference import default_model

    session, heart = get_session(viewer), Heart()
    open_dock(viewer, "Samples")
    session.open(folder)
    wait_until(lambda: session.picture is not None, "opening")
    count: CountWidget = open_dock(viewer, "Count")
    settle()
    count.picker.choose(default_model())
    order = np.random.default_rng(options.seed).permutation(
        len(session.dataset.samples)
    )
    chosen = sorted(int(place) for place in order[:LEARNT])
    corrected = {}
    for place in chosen:
        session.show(place)
        settle(1)
        before = counted(viewer, count)
        corrected[session.sample.name] = {
            "true": int(session.truth.labels.max()),
            "counted": before,
            "px corrected": correct(session),
        }
    dock, training = train_in_the_window(
        viewer, heart, options.minutes, 60 * options.minutes * 3 + 300
    )
    photograph(viewer, options.run / "trained.png")
    dock.outcome.use.click()
    open_dock(viewer, "Count")
    rest = [int(place) for place in order[LEARNT:]]
    session.show(rest[0])
    settle(1)
    after = {
        "picture": session.sample.name,
        "true": int(session.truth.labels.max()),
        "counted with": count.picker.info.name,
        "counted": counted(viewer, count),
    }
    photograph(viewer, options.run / "counted_again.png")
    names = [session.dataset.samples[place].name for place in rest]
    model = count.picker.info.path
    session.save()
    return {"corrected": corrected, "training": training, "again": after}, model, names


def measured(folder: Path, models: dict[str, Path], names: list[str]) -> dict[str, Any]:
    """Figures of models on pictures of the set."""
    from napari_cellsets.catalogue import open_dataset
    from napari_cellsets.inference import read_model_info
    from napari_cellsets.training import held_out
    from napari_cellsets.training.pictures import FieldSource

    source = FieldSource(open_dataset(folder))
    samples = [one for one in source.dataset.samples if one.name in set(names)]
    return {
        name: held_out.measure_model(
            read_model_info(path), source, samples, 19.3, lambda at: None
        )
        for name, path in models.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "window_loop.json")
    options = parser.parse_args()
    os.environ["CELLSETS_DATA_HOME"] = str(options.run / "home")
    _, unseen = split_by_name(
        dsb_pairs(shared_root() / "training" / "dsb2018_fluorescence"), DSB_HELD_OUT
    )
    folder = write_set(unseen, options.run / "set")
    from window import open_viewer

    from napari_cellsets.inference import default_model

    viewer = open_viewer(1280, 720)
    seen, model, names = loop(viewer, folder, options)
    viewer.close()
    models = {"before": default_model(), "after": model}
    results = {
        **seen,
        "minutes asked": options.minutes,
        "measured on": len(names),
        "figures": measured(folder, models, names),
    }
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
