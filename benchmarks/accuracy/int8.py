"""What lower precision costs: bfloat16 and int8 beside float32, counts and F1.

`python -m benchmarks.accuracy.int8 [--fields N] [--dsb FOLDER] [--out JSON]`

int8 is static, per channel, convolutions only (quantise, dequantise), the first two
convolutions and the last one left in float; ranges from simulated fields that are
not counted here. OpenVINO's rows need the extra `openvino`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.counting import (
    CountSettings,
    evaluate,
    labels_from_probability,
    summarise,
)
from napari_cellsets.inference import default_model, predict, read_model_info
from napari_cellsets.inference.engines import CPU_PROVIDER, OPENVINO
from napari_cellsets.simulate import simulate_neurons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.inference import ModelInfo

HERE = Path(__file__).parent
SHAPE = (512, 640)
COLOURS = ("yellow", "red", "green", "grey")
LIMIT_F1, LIMIT_COUNT = 0.005, 0.01


def quantised(model: Path, out: Path, fields: int = 6) -> Path:
    """Write an int8 version of a model whose ranges come from simulated fields."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Fields(CalibrationDataReader):
        def __init__(self) -> None:
            self.seeds = iter(range(fields))

        def get_next(self) -> dict[str, np.ndarray] | None:
            seed = next(self.seeds, None)
            if seed is None:
                return None
            field = simulate_neurons(9000 + seed, (256, 256), colour=COLOURS[seed % 4])
            image = field.image.transpose(2, 0, 1)[np.newaxis]
            return {"image": np.ascontiguousarray(image, np.float32) / 255}

    convs = [n.name for n in onnx.load(str(model)).graph.node if n.op_type == "Conv"]
    quantize_static(
        str(model),
        str(out),
        Fields(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        nodes_to_exclude=[*convs[:2], convs[-1]],
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.999},
    )
    return out


def pictures(fields: int, dsb: Path | None) -> Iterator[tuple[str, Any, Any]]:
    """Kind, pixels and truth: simulated neurons; nuclei of DSB, twice as large."""
    for seed in range(fields):
        field = simulate_neurons(7500 + seed, SHAPE, 10, colour=COLOURS[seed % 4])
        yield "simulated fields", field.image, field.labels
    if dsb is not None:
        from napari_cellsets.training.sources import dsb_pairs

        for pair in dsb_pairs(dsb)[:: max(1, len(dsb_pairs(dsb)) // fields)][:fields]:
            image, labels = pair.load()
            larger = [np.repeat(np.repeat(a, 2, 0), 2, 1) for a in (image, labels)]
            yield "DSB nuclei, twice as large", larger[0], larger[1]


def variants(model: ModelInfo, folder: Path) -> dict[str, tuple[ModelInfo, Any]]:
    """Name, model and how to run it; float32 first."""
    small = model.replace(path=quantised(model.path, folder / "int8.onnx"))
    found = {
        "float32, onnxruntime": (model, {"provider": CPU_PROVIDER}),
        "int8, onnxruntime": (small, {"provider": CPU_PROVIDER}),
    }
    if find_spec("openvino"):
        fast = {"provider": OPENVINO, "fast": True}
        found["float32, OpenVINO"] = (model, {"provider": OPENVINO})
        found["bfloat16, OpenVINO"] = (model, fast)
        found["int8, OpenVINO"] = (small, {"provider": OPENVINO})
    return found


def run(fields: int, dsb: Path | None) -> dict[str, Any]:
    """Figures of every variant, kind by kind, run in turn on the same pictures."""
    model = read_model_info(default_model())
    settings = CountSettings.for_model(model)
    found: dict[str, dict[str, list[Any]]] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        runners = variants(model, Path(folder))
        for kind, pixels, truth in pictures(fields, dsb):
            for name, (info, how) in runners.items():
                start = time.process_time()
                probability = predict(pixels, info, **how)
                spent = time.process_time() - start
                seconds[name] = seconds.get(name, 0.0) + spent
                labels = labels_from_probability(probability, settings)
                row = found.setdefault(kind, {}).setdefault(name, [])
                row.append(evaluate(labels, truth))
    rows = {kind: _rows(by_name) for kind, by_name in found.items()}
    reference = seconds["float32, onnxruntime"]
    times = {name: round(spent / reference, 3) for name, spent in seconds.items()}
    return {"figures": rows, "processor time beside float32 in onnxruntime": times}


def _rows(by_name: dict[str, list[Any]]) -> dict[str, Any]:
    reference = by_name["float32, onnxruntime"]
    wanted = summarise(reference)
    rows = {}
    for name, evaluations in by_name.items():
        found = summarise(evaluations)
        change = sum(
            abs(a.predicted_count - b.predicted_count)
            for a, b in zip(evaluations, reference, strict=True)
        )
        rows[name] = {
            "f1_40px": round(found.f1 or 0.0, 4),
            "f1_iou50": round(found.f1_by_iou or 0.0, 4),
            "counted": found.predicted,
            "change of counts, summed": change,
            "F1 within 0.005": abs((found.f1 or 0) - (wanted.f1 or 0)) <= LIMIT_F1,
            "counts within 1 %": change <= LIMIT_COUNT * wanted.predicted,
        }
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=12)
    parser.add_argument("--dsb", type=Path, help="folder of dsb2018_fluorescence")
    parser.add_argument("--out", type=Path, default=HERE / "int8.json")
    options = parser.parse_args()
    results = run(options.fields, options.dsb)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
