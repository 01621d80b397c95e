"""Engine sessions: opened once a model and provider, closed on demand."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import CancelledError, ModelError

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken

PREFERRED_PROVIDERS = (
    "CUDAExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
)
CPUS = Path("/sys/devices/system/cpu")
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
CPU_PROVIDER = "CPUExecutionProvider"


@dataclass
class OpenModel:
    """A loaded model.

    Parameters
    ----------
    engine
        The engine's own session; safe to run from several threads.
    largest_run
        Pixels of the largest tile so far; the engine keeps that much memory.
    """

    engine: Any
    largest_run: int = 0


_SESSIONS: dict[tuple[str, int, int, str], OpenModel] = {}
_LOCK = threading.Lock()


def preferred_provider() -> str:
    """Name of the fastest engine back end that is installed; CPU at the least."""
    import onnxruntime

    installed = onnxruntime.get_available_providers()
    return next((p for p in PREFERRED_PROVIDERS if p in installed), CPU_PROVIDER)


def open_session(path: Path, provider: str | None = None) -> OpenModel:
    """Return the session of a model, opened on first use.

    Parameters
    ----------
    path
        ONNX file. A file that changed since is opened anew.
    provider
        Name of the engine's back end; by default the fastest installed.

    Raises
    ------
    ModelError
        If the file is missing or is no model that the engine can load.
    """
    provider = provider or preferred_provider()
    try:
        seen = path.stat()
        with path.open("rb"):  # the engine hides why it may not read
            pass
    except OSError as error:
        raise ModelError(
            f"the model cannot be read: {error.strerror or error}",
            path=path,
            advice="Pick another model file.",
        ) from error
    key = (str(path.resolve()), seen.st_mtime_ns, seen.st_size, provider)
    with _LOCK:
        if key not in _SESSIONS:
            for old in [k for k in _SESSIONS if k[0] == key[0] and k[:3] != key[:3]]:
                del _SESSIONS[old]
            _SESSIONS[key] = _new_session(path, provider)
        return _SESSIONS[key]


def run_engine(
    model: OpenModel,
    outputs: list[str],
    feed: dict[str, np.ndarray],
    token: CancelToken,
    path: Path,
) -> list[np.ndarray]:
    """Run a loaded model once; Cancel interrupts it.

    Parameters
    ----------
    model
        From `open_session`.
    outputs
        Names of what is wanted.
    feed
        Array of each input by name.
    token
        Cancels, also inside the call.
    path
        The model's file, for messages.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    MemoryError
        If the engine could not get the memory it needs.
    ModelError
        If the model fails on this input.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4

    def stop() -> None:
        options.terminate = True

    try:
        with token.interrupting(stop):
            answers = model.engine.run(outputs, feed, options)
    except engine_errors() as error:
        if token.cancelled:
            raise CancelledError from error
        if _is_out_of_memory(error):
            raise MemoryError from error
        shape = next(iter(feed.values())).shape
        raise ModelError(
            f"the model failed on an input of shape {shape}",
            path=path,
            advice="Check its layout, channels and size: "
            + str(error).splitlines()[0][:200],
        ) from error
    token.raise_if_cancelled()
    return [np.asarray(answer) for answer in answers]


def release_sessions() -> None:
    """Forget every open session, so that its memory can be given back."""
    with _LOCK:
        _SESSIONS.clear()


def physical_cores() -> int:
    """Count the cores this process may use, hyper-threads once; 0 if unknown."""
    try:
        usable = os.sched_getaffinity(0)
    except AttributeError:
        return 0
    cores: set[str] = set()
    for cpu in usable:
        topology = CPUS / f"cpu{cpu}" / "topology"
        try:
            cores.add((topology / "thread_siblings_list").read_text().strip())
        except OSError:
            cores.add(str(cpu))
    return min(len(cores), _quota() or len(cores))


def _quota() -> int | None:
    """Count the processors that a container's limit allows."""
    try:
        share, period = CPU_LIMIT.read_text().split()
        return max(1, int(share) // int(period))
    except (OSError, ValueError):
        return None


def _new_session(path: Path, provider: str) -> OpenModel:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # 0 lets the engine count the cores itself where we cannot.
    options.intra_op_num_threads = physical_cores()
    options.log_severity_level = 3
    providers = list(dict.fromkeys((provider, CPU_PROVIDER)))
    try:
        engine = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=providers
        )
    except engine_errors() as error:
        raise _not_loaded(error, path) from error
    return OpenModel(engine)


def _not_loaded(error: BaseException, path: Path) -> ModelError:
    """Tell a file that is no model from one that this engine cannot run."""
    said = str(error).partition("\n")[0].rpartition(" : ")[2]
    reason = said.removeprefix(f"Load model from {path} failed:")[:200].rstrip(".")
    if type(error).__name__ == "InvalidProtobuf" or "No graph was found" in reason:
        return ModelError(
            "the file is not an ONNX model, or only part of one",
            path=path,
            advice="Pick a file in ONNX format (.onnx), exported for segmentation.",
        )
    return ModelError(
        f"the engine cannot load this model ({reason})",
        path=path,
        advice="Update onnxruntime, or export the model with an older opset.",
    )


def engine_errors() -> tuple[type[BaseException], ...]:
    """Every kind of error that the engine raises; it has no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = tuple(
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )
    return (*own, RuntimeError, ValueError)


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return "bad allocation" in text or "allocate memory" in text or "bad_alloc" in text
