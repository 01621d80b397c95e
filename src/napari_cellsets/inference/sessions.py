"""Engine sessions: opened once a model and provider, closed on demand."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import CancelledError, ModelError
from napari_cellsets.core.freed_memory import give_back
from napari_cellsets.inference.engines import (
    CPU_PROVIDER,
    OPENVINO,
    engine_choice,
    engine_title,
    preferred_provider,
)

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken

CPUS = Path("/sys/devices/system/cpu")
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")

logger = logging.getLogger(__name__)


@dataclass
class OpenModel:
    """A loaded model.

    Parameters
    ----------
    engine
        The engine's own session; safe to run from several threads.
    provider
        Name of the back end that really runs it.
    note
        Why this is not the back end that was wanted; empty where it is.
    half
        Whether it computes with half precision.
    largest_run
        Pixels of the largest tile so far; the engine keeps that much memory.
    ran
        Whether it has run; one that was only opened keeps little.
    """

    engine: Any
    provider: str = CPU_PROVIDER
    note: str = ""
    half: bool = False
    largest_run: int = 0
    ran: bool = False

    @property
    def title(self) -> str:
        """How the engine is called on screen."""
        title = engine_title(self.provider)
        return f"{title}, half precision" if self.half else title


@dataclass(frozen=True, slots=True)
class EngineUsed:
    """How an engine is called on screen, and why it is not the wanted one."""

    title: str
    note: str


_SESSIONS: dict[tuple[str, int, int, str, bool], OpenModel] = {}
_LOCK = threading.Lock()


def open_session(
    path: Path, provider: str | None = None, *, fast: bool | None = None
) -> OpenModel:
    """Return the session of a model, opened on first use.

    A back end that cannot be started is replaced by onnxruntime on the CPU, and the
    session's `note` says why.

    Parameters
    ----------
    path
        ONNX file. A file that changed since is opened anew.
    provider
        Name of the engine's back end; by default the one that was asked for
        (`engines.use_engine`), else the fastest installed.
    fast
        Whether half precision may be used; as asked for by default.

    Raises
    ------
    ModelError
        If the file is missing or is no model that the engine can load.
    """
    provider = provider or preferred_provider()
    half = (engine_choice().fast if fast is None else fast) and provider == OPENVINO
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
    key = (str(path.resolve()), seen.st_mtime_ns, seen.st_size, provider, half)
    with _LOCK:
        if key not in _SESSIONS:
            for old in [k for k in _SESSIONS if k[0] == key[0] and k[:3] != key[:3]]:
                del _SESSIONS[old]
            _SESSIONS[key] = _new_session(path, provider, half)
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
    openvino = model.provider == OPENVINO
    call = model.engine.call() if openvino else _OnnxCall(model.engine)
    model.ran = True
    try:
        with token.interrupting(call.stop):
            answers = call.run(outputs, feed)
    except engine_errors() as error:
        if token.cancelled:
            raise CancelledError from error
        if _is_out_of_memory(error):
            raise MemoryError from error
        shape = next(iter(feed.values())).shape
        raise ModelError(
            f"the model failed on an input of shape {shape}",
            path=path,
            advice="Check its layout, channels and size: " + _reason(error),
        ) from error
    token.raise_if_cancelled()
    # whoever keeps the engine's own array keeps all memory that it ever took
    return [np.array(answer) for answer in answers]


def engine_of(path: Path) -> EngineUsed:
    """Tell what runs a model, or would: nothing is opened.

    Parameters
    ----------
    path
        ONNX file.

    Returns
    -------
    EngineUsed
        Its title, and why it is not the one that was wanted.
    """
    provider = preferred_provider()
    wanted = (str(path.resolve()), provider, engine_choice().fast)
    with _LOCK:
        for key, opened in _SESSIONS.items():
            half = key[4] or (wanted[2] and provider != OPENVINO)
            if (key[0], key[3], half) == wanted:
                return EngineUsed(opened.title, opened.note)
    return EngineUsed(engine_title(provider), "")


def models_that_ran() -> int:
    """Count the open models that have run; each keeps up to some gigabytes."""
    with _LOCK:
        return sum(opened.ran for opened in _SESSIONS.values())


def release_sessions() -> None:
    """Forget every open session, and give its memory back."""
    with _LOCK:
        _SESSIONS.clear()
    give_back()


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


class _OnnxCall:
    """One run of onnxruntime that can be stopped from another thread."""

    def __init__(self, session: Any) -> None:
        import onnxruntime

        self._session = session
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4

    def stop(self) -> None:
        self._options.terminate = True

    def run(self, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        answers: list[np.ndarray] = self._session.run(outputs, feed, self._options)
        return answers


def _new_session(path: Path, provider: str, fast: bool = False) -> OpenModel:
    """Open with a back end; with the CPU where that cannot be started."""
    try:
        if provider == OPENVINO:
            return _openvino_session(path, fast)
        opened = _onnx_session(path, provider)
    except engine_errors() as error:
        if provider == CPU_PROVIDER:
            raise _not_loaded(error, path) from error
        opened = _on_cpu(path, provider, _reason(error))
    if opened.provider != provider and not opened.note:
        opened.note = _instead(provider, "it cannot be started on this machine")
    if opened.note:
        logger.warning("%s: %s", path.name, opened.note)
    return opened


def _on_cpu(path: Path, wanted: str, reason: str) -> OpenModel:
    try:
        opened = _onnx_session(path, CPU_PROVIDER)
    except engine_errors() as error:
        raise _not_loaded(error, path) from error
    opened.note = _instead(wanted, reason)
    return opened


def _instead(wanted: str, reason: str) -> str:
    return f"onnxruntime is used instead of {engine_title(wanted)}: {reason}"


def _openvino_session(path: Path, fast: bool) -> OpenModel:
    from napari_cellsets.inference.openvino_engine import OpenVinoModel

    engine = OpenVinoModel(path, physical_cores(), fast=fast)
    return OpenModel(engine, OPENVINO, half=engine.half)


def _onnx_session(path: Path, provider: str) -> OpenModel:
    import onnxruntime

    if provider not in onnxruntime.get_available_providers():
        raise ImportError("it is not installed")
    options = onnxruntime.SessionOptions()
    # 0 lets the engine count the cores itself where we cannot.
    options.intra_op_num_threads = physical_cores()
    options.log_severity_level = 3
    engine = onnxruntime.InferenceSession(
        str(path),
        sess_options=options,
        providers=list(dict.fromkeys((provider, CPU_PROVIDER))),
        enable_fallback=0,  # it would print, and not tell us
    )
    used = engine.get_providers()
    return OpenModel(engine, used[0] if used else CPU_PROVIDER)


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
    """Every kind of error that an engine raises, or its absence; no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = tuple(
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )
    return (*own, RuntimeError, ValueError, ImportError)


def _reason(error: BaseException) -> str:
    """Return the line that says what is wrong; OpenVINO says first where."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [s for s in lines if s and not s.startswith("Exception from ")]
    return (said or [type(error).__name__])[0][:200]


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    signs = ("bad allocation", "allocate memory", "bad_alloc", "out of memory")
    return any(sign in text for sign in signs)
