"""Train a model of one's own: the door through which everybody comes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.training.stopping import leaving

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import Progress
    from napari_cellsets.training.request import (
        Example,
        TrainingPoint,
        TrainingRequest,
        TrainingResult,
        Watch,
    )


def missing_packages() -> tuple[str, ...]:
    """Name what the extra ``train`` would bring and is not installed."""
    return tuple(name for name in ("torch", "onnx") if find_spec(name) is None)


def check_installed() -> None:
    """Refuse to go on without the extra ``train``.

    Raises
    ------
    TrainingError
        If torch or onnx is missing; it tells how to install them.
    """
    missing = missing_packages()
    if missing:
        raise TrainingError(
            f"training needs {' and '.join(missing)}, not installed here",
            advice="Install the extra: pip install 'napari-cellsets[train]'",
        )


def train(
    request: TrainingRequest,
    *,
    token: CancelToken | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> TrainingResult:
    """Train a model and export it as ONNX with its card.

    The best weights so far are kept by their score on held-out pictures. A
    cancelled run exports them too. A run in the same folder goes on where it was
    stopped. On a CPU, a seed with `steps` gives the same model again.

    Parameters
    ----------
    request
        What to train, on what, and for how long.
    token
        Stops the run; the best so far is exported. A `StopToken` can also end it at
        once, without export.
    progress
        Called with the share that is done and a short text.
    watch
        Called with every point of the curves and with example predictions, from
        the thread that trains.

    Returns
    -------
    TrainingResult
        The model file, its card, figures on held-out pictures.

    Raises
    ------
    TrainingError
        If torch is missing, there is nothing to learn from, or the folder holds
        another run.
    CancelledError
        If the run was stopped before anything was learnt, or was left at once; the
        same request goes on where it was.
    """
    check_installed()
    token = token or CancelToken()
    progress = _LeftInTime(leaving(token), progress or _told_to_nobody)
    watch = watch or _shown_to_nobody
    if request.kind == "segmenter":
        from napari_cellsets.training.segmenter import train_segmenter

        return train_segmenter(request, token, progress, watch)
    from napari_cellsets.training.classifier import train_classifier

    return train_classifier(request, token, progress, watch)


class _LeftInTime:
    """Progress that ends the work when a run is left at once."""

    def __init__(self, left: CancelToken, tell: Progress) -> None:
        self._left, self._tell = left, tell

    def __call__(self, fraction: float, text: str) -> None:
        self._left.raise_if_cancelled()
        self._tell(fraction, text)


def _told_to_nobody(fraction: float, text: str) -> None:
    """Progress that nobody follows."""


def _shown_to_nobody(seen: TrainingPoint | Example) -> None:
    """Points that nobody looks at."""
