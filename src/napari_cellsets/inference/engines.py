"""Which engine runs a model: what is installed, what is preferred, what was asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

from napari_cellsets.core.errors import ModelError

OPENVINO = "OpenVINO"
CPU_PROVIDER = "CPUExecutionProvider"

#: What is used where nobody chose, the fastest first. OpenVINO computes the same
#: float32 numbers and took 0.8 of onnxruntime's time (`benchmarks.bench_engines`).
PREFERRED_PROVIDERS = (
    "CUDAExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
    OPENVINO,
)

#: How people call the engines, on the command line.
ENGINES = {
    "onnxruntime": CPU_PROVIDER,
    "openvino": OPENVINO,
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}

_TITLES = {
    CPU_PROVIDER: "onnxruntime",
    OPENVINO: "OpenVINO",
    "CUDAExecutionProvider": "onnxruntime on CUDA",
    "CoreMLExecutionProvider": "onnxruntime on Core ML",
    "DmlExecutionProvider": "onnxruntime on DirectML",
}


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What a person asked for, for this program and as long as it runs.

    Parameters
    ----------
    provider
        Name of the back end; None for the fastest installed.
    fast
        Whether half precision (bfloat16) may be used where the processor has it.
    """

    provider: str | None = None
    fast: bool = False


class _Asked:
    """The choice of this program, set from one thread and read from others."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.choice = EngineChoice()


_ASKED = _Asked()


def installed_providers() -> tuple[str, ...]:
    """Names of the back ends that are installed, the preferred one first."""
    import onnxruntime

    found = [*onnxruntime.get_available_providers()]
    if _openvino_is_installed():
        found.append(OPENVINO)
    known = [p for p in PREFERRED_PROVIDERS if p in found]
    return (*known, CPU_PROVIDER)


def preferred_provider() -> str:
    """Name of the back end that was asked for; else the fastest installed."""
    return engine_choice().provider or installed_providers()[0]


def engine_choice() -> EngineChoice:
    """Return what `use_engine` was told."""
    with _ASKED.lock:
        return _ASKED.choice


def use_engine(name: str | None = None, *, fast: bool = False) -> EngineChoice:
    """Choose the engine that every model is run with from now on.

    Parameters
    ----------
    name
        ``onnxruntime``, ``openvino``, ``cuda``, ``coreml`` or ``directml``; None or
        ``auto`` for the fastest installed.
    fast
        Whether half precision may be used: OpenVINO on a processor that computes
        with bfloat16. Probabilities then differ in the second decimal.

    Returns
    -------
    EngineChoice
        What was chosen.

    Raises
    ------
    ModelError
        If there is no such engine, or it is not installed.
    """
    provider = None
    if name not in (None, "auto"):
        provider = ENGINES.get(str(name))
        if provider is None:
            raise ModelError(
                f"no engine is called {name!r}; there are {', '.join(ENGINES)}",
                advice="Choose one of them, or auto.",
            )
        if provider not in installed_providers():
            raise ModelError(
                f"the engine {engine_title(provider)} is not installed",
                advice="Install napari-cellsets[openvino]."
                if provider == OPENVINO
                else "Install the onnxruntime that is made for it, or choose auto.",
            )
    with _ASKED.lock:
        _ASKED.choice = EngineChoice(provider, fast)
        return _ASKED.choice


def engine_title(provider: str) -> str:
    """Return how a back end is called on screen."""
    return _TITLES.get(provider, provider.removesuffix("ExecutionProvider"))


@lru_cache(maxsize=1)
def _openvino_is_installed() -> bool:
    return find_spec("openvino") is not None
