"""Four corrected pictures and a few minutes: how much better does it count?

`python -m benchmarks.accuracy.finetune RUN [--steps 100 | --minutes 10]`

The shipped neuron model goes on with 4 pictures of nuclei (DSB 2018, fluorescence)
and is measured on the others. Only pictures are used that the shipped model was never
trained on: the tenth that its recipe holds out. Of the four, one is held out by the
run itself and chooses the weights and the settings of counting.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from benchmarks.accuracy.pairs import shared_root
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.cli.console import stopped_by_ctrl_c
from napari_cellsets.counting import CountSettings
from napari_cellsets.inference import default_model, model_hash, read_model_info
from napari_cellsets.training import held_out
from napari_cellsets.training.api import train
from napari_cellsets.training.duplicates import same_picture
from napari_cellsets.training.pictures import FieldSource, Gathered, gather, pairs_of
from napari_cellsets.training.request import TrainingRequest
from napari_cellsets.training.segmenter import segmenter_from_onnx
from napari_cellsets.training.sources import (
    DSB_HELD_OUT,
    Pair,
    dsb_pairs,
    split_by_name,
)
from napari_cellsets.training.splits import group_samples

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.inference.metadata import ModelInfo
    from napari_cellsets.training.request import TrainingResult

HERE = Path(__file__).parent
LEARNT = 4


def write_set(pairs: list[Pair], folder: Path) -> Path:
    """Pictures and labels as a plain set of two folders."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for pair in pairs:
        image, labels = pair.load()
        Image.fromarray(image).save(folder / "images" / f"{pair.name}.png")
        Image.fromarray(labels.astype(np.uint16)).save(
            folder / "masks" / f"{pair.name}.png"
        )
    return folder


def run(options: argparse.Namespace, token: CancelToken) -> dict[str, Any]:
    """Fine-tune on four pictures, measure on the others."""
    dsb = dsb_pairs(shared_root() / "training" / "dsb2018_fluorescence")
    _, unseen = split_by_name(dsb, DSB_HELD_OUT)
    folder = write_set(unseen, options.run / "set")
    source = FieldSource(open_dataset(folder))
    gathered = gather(source, source.candidates(), token, lambda done, told: None)
    groups = group_samples(gathered.samples, same_picture(gathered.prints))
    order = np.random.default_rng(options.seed).permutation(len(groups))
    chosen = [gathered.samples[i].name for i in order[:LEARNT]]
    taken = {groups[i] for i in order[:LEARNT]}
    tested = [gathered.samples[i] for i in sorted(order) if groups[i] not in taken]
    result = fine_tune(options, folder, chosen, token)
    before = read_model_info(default_model())
    models = {
        "before, settings of the shipped model": before,
        "before, settings chosen on the four": tuned(before, source, gathered, chosen),
        "after": read_model_info(result.model),
    }
    radius = held_out.radius_for(gathered.typical_diameter(chosen))
    figures = {
        name: held_out.measure_model(info, source, tested, radius, lambda at: None)
        for name, info in models.items()
    }
    log = (options.run / "model" / "log.jsonl").read_text(encoding="utf-8")
    return {
        "start": model_hash(default_model()),
        "learnt from": chosen,
        "measured on": len(tested),
        "figures": figures,
        "run": result.report["run"],
        "threads": torch.get_num_threads(),
        "log": [json.loads(line) for line in log.splitlines()],
    }


def fine_tune(
    options: argparse.Namespace, folder: Path, chosen: list[str], token: CancelToken
) -> TrainingResult:
    """Go on from the shipped model with the chosen pictures."""
    return train(
        TrainingRequest(
            "segmenter",
            folder,
            out=options.run / "model",
            start=default_model(),
            steps=options.steps,
            minutes=options.minutes,
            seed=options.seed,
            samples=tuple(chosen),
        ),
        token=token,
        progress=lambda done, told: print(f"{done:.2f} {told}", flush=True),
    )


def tuned(
    info: ModelInfo, source: FieldSource, gathered: Gathered, names: list[str]
) -> ModelInfo:
    """The shipped model with settings chosen on the pictures that are learnt from."""
    windows = held_out.windows_of(pairs_of(source, gathered, names, info))
    maps = held_out.maps_of(segmenter_from_onnx(info.path), windows, fast=False)
    diameter = gathered.typical_diameter(names)
    areas = np.concatenate([gathered.areas[name] for name in names])
    tried = [CountSettings.for_model(info), held_out.first_settings(diameter, areas)]
    settings = held_out.choose_settings(maps, windows, tried, diameter)
    return info.replace(
        threshold=settings.threshold,
        min_area=settings.min_area_px,
        fill_holes=settings.fill_holes_px,
        split_distance=settings.split_distance_px if settings.split_touching else 0,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "finetune.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with stopped_by_ctrl_c() as token:
        found = run(options, token)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["figures"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
