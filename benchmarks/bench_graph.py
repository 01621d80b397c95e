"""Other ways to write the shipped graph for onnxruntime, timed beside it.

Each gives the same probabilities. One core, in turn, in processor time. None is
shipped: what little they gain, they lose with more cores or with OpenVINO.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.bench_engines import SHAPE, one_core
from benchmarks.ratio import Ratio
from napari_cellsets.inference import default_model
from napari_cellsets.inference.engines import CPU_PROVIDER

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 4
SAME = 1e-5


def run() -> list[Ratio]:
    import onnx

    ways: dict[str, Callable[[Any], None]] = {
        "shipped": lambda model: None,
        "ELU as max(x, exp(min(x, 0)) - 1)": elu_by_parts,
        "transposed convolution as 1x1 and depth to space": by_depth_to_space,
        "convolution of halves instead of their concatenation": by_halves,
    }
    image = np.random.default_rng(0).random((1, 3, *SHAPE), np.float32) / 3
    with one_core():
        sessions = {}
        for name, change in ways.items():
            model = onnx.load(str(default_model()))
            change(model)
            sessions[name] = _session(model)
        times: dict[str, list[float]] = {name: [] for name in ways}
        answers = {}
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                start = time.process_time()
                answers[name] = session.run(None, {"image": image})[0]
                times[name].append(time.process_time() - start)
    worst = max(np.abs(a - answers["shipped"]).max() for a in answers.values())
    shipped = min(times["shipped"])
    return [
        Ratio("largest difference of a probability", float(worst), "", "limit", SAME,
              "at most 1"),
        *(Ratio(name, min(spent), "s", "shipped graph", shipped)
          for name, spent in times.items() if name != "shipped"),
    ]  # fmt: skip


def elu_by_parts(model: Any) -> None:
    """Write ELU as four steps, each with a vectorised kernel.

    onnxruntime's own ELU computes 1.9 ns a number, its exponential 0.25; but four
    passes over memory take as long where several cores share it, and OpenVINO, which
    computes ELU inside the convolution, loses.
    """
    from onnx import helper, numpy_helper

    constants = {"elu_zero": 0, "elu_minus": -1}
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    nodes = []
    for node in model.graph.node:
        if node.op_type != "Elu":
            nodes.append(node)
            continue
        x, y = node.input[0], node.output[0]
        nodes += [
            helper.make_node("Min", [x, "elu_zero"], [f"{y}_low"]),
            helper.make_node("Exp", [f"{y}_low"], [f"{y}_exp"]),
            helper.make_node("Add", [f"{y}_exp", "elu_minus"], [f"{y}_less"]),
            helper.make_node("Max", [x, f"{y}_less"], [y]),
        ]
    _replace(model, nodes)


def by_depth_to_space(model: Any) -> None:
    """Upsample by a 1x1 convolution whose channels become four pixels: slower."""
    from onnx import helper

    nodes = []
    for node in model.graph.node:
        if node.op_type != "ConvTranspose":
            nodes.append(node)
            continue
        weight, bias = (_weights(model, name) for name in node.input[1:])
        y = node.output[0]
        flat = weight.transpose(1, 2, 3, 0).reshape(-1, weight.shape[0], 1, 1)
        _add(model, f"{y}_w", flat)
        _add(model, f"{y}_b", np.repeat(bias, 4))
        four = helper.make_node("Conv", [node.input[0], f"{y}_w", f"{y}_b"], [f"{y}_4"])
        spread = helper.make_node(
            "DepthToSpace", [f"{y}_4"], [y], blocksize=2, mode="CRD"
        )
        nodes += [four, spread]
    _replace(model, nodes)


def by_halves(model: Any) -> None:
    """Norm, ELU and convolution of each half of a join, then their sum."""
    from onnx import helper

    halves: dict[str, list[str]] = {}
    nodes = []
    for node in model.graph.node:
        y = node.output[0]
        if node.op_type == "Concat":
            halves[y] = list(node.input)
        elif node.input[0] not in halves:
            nodes.append(node)
        elif node.op_type == "Conv":
            weight = _weights(model, node.input[1])
            for k, part in enumerate(np.split(weight, 2, axis=1)):
                _add(model, f"{y}_w{k}", part)
                inputs = [halves[node.input[0]][k], f"{y}_w{k}", node.input[2]]
                nodes.append(
                    helper.make_node(
                        "Conv", inputs[: 3 - k], [f"{y}_{k}"], pads=[1] * 4
                    )
                )
            nodes.append(helper.make_node("Add", [f"{y}_0", f"{y}_1"], [y]))
        else:
            halves[y] = [f"{y}_{k}" for k in range(2)]
            for k, name in enumerate(halves[node.input[0]]):
                nodes.append(_half(model, node, name, k))
    _replace(model, nodes)


def _half(model: Any, node: Any, source: str, k: int) -> Any:
    """Return the norm or ELU of one half."""
    from onnx import helper

    names = []
    for name in node.input[1:]:
        names.append(f"{name}_{k}")
        _add(model, names[-1], np.split(_weights(model, name), 2)[k])
    known = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return helper.make_node(
        node.op_type, [source, *names], [f"{node.output[0]}_{k}"], **known
    )


def _weights(model: Any, name: str) -> np.ndarray:
    from onnx import numpy_helper

    found = next(i for i in model.graph.initializer if i.name == name)
    return numpy_helper.to_array(found)


def _add(model: Any, name: str, values: np.ndarray) -> None:
    from onnx import numpy_helper

    tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
    model.graph.initializer.append(tensor)


def _replace(model: Any, nodes: list[Any]) -> None:
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _session(model: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=[CPU_PROVIDER]
    )
