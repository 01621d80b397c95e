"""OpenVINO on the CPU, reading the same ONNX files; an optional engine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

HALF = "BF16"
#: Cancel works between the steps of a graph, not inside of these.
LOOPS = {"Loop", "TensorIterator"}
#: How often a running call looks whether it should have stopped.
LOOK_MS = 50


class OpenVinoModel:
    """A model compiled by OpenVINO.

    Parameters
    ----------
    path
        ONNX file.
    threads
        How many to use; 0 leaves it to the engine.
    fast
        Whether bfloat16 may be used where the processor computes with it. Left to
        itself OpenVINO would do so without being asked.

    Raises
    ------
    RuntimeError
        If OpenVINO cannot read or run the model, or could not interrupt it.
    ImportError
        If OpenVINO is not installed, or only half.
    """

    def __init__(self, path: Path, threads: int = 0, *, fast: bool = False) -> None:
        import openvino

        core = openvino.Core()
        abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.half = fast and HALF in abilities
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if self.half else "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        model = core.read_model(str(path))
        if LOOPS & {step.get_type_name() for step in model.get_ops()}:
            raise RuntimeError("the model has loops, which it cannot interrupt")
        compiled = core.compile_model(model, "CPU", settings)
        self._request = compiled.create_infer_request()
        # One run at a time: each takes all cores anyway, and half of the memory.
        self._lock = threading.Lock()

    def call(self) -> OpenVinoCall:
        """Return one run that can be stopped from another thread."""
        return OpenVinoCall(self._request, self._lock)


class OpenVinoCall:
    """One run of a compiled model.

    Parameters
    ----------
    request
        OpenVINO's own request, used again from run to run.
    lock
        Held while it runs.
    """

    def __init__(self, request: Any, lock: threading.Lock) -> None:
        self._request, self._lock = request, lock
        self._state = threading.Lock()
        self._stopped = threading.Event()
        self._running = False

    def stop(self) -> None:
        """Make the run end early; safe from any thread."""
        with self._state:
            self._stopped.set()
            if self._running:
                self._request.cancel()

    def run(self, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return the named outputs.

        Raises
        ------
        RuntimeError
            If the model fails on this input, or the run was stopped.
        """
        with self._lock:
            with self._state:
                if self._stopped.is_set():
                    raise RuntimeError("stopped before it began")
                self._request.start_async(feed, share_inputs=True)
                self._running = True
            try:
                # A wish to stop that comes while the run is prepared gets lost.
                while not self._request.wait_for(LOOK_MS):
                    if self._stopped.is_set():
                        self._request.cancel()
                self._request.wait()  # raises what went wrong
            finally:
                with self._state:
                    self._running = False
            # The request writes its next answers into the same memory.
            return [np.array(self._request.get_tensor(n).data) for n in outputs]
