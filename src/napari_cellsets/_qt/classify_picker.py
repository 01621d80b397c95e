"""Choose a classifier; like the choice of a model that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_cellsets._napari.remembered import remember_model, remembered_model
from napari_cellsets._qt.model_picker import QUESTIONS, ModelPicker
from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.classifier import (
    read_classifier_info,
    shipped_classifiers,
)
from napari_cellsets.inference.own_models import own_models

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets._qt.model_picker import Question

_ROLE = "classifier"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _side(text: str) -> int:
    if not text.strip().isdigit():
        raise ModelError(
            f"the side should be a whole number of pixels, found {text.strip()!r}",
            advice="Write a number such as 224.",
        )
    return int(text)


_OWN_QUESTIONS: Final[dict[str, Question]] = {
    "layout": QUESTIONS["layout"],
    "channels": QUESTIONS["channels"],
    "channel_order": QUESTIONS["channel_order"],
    "size": ("Side (px)", "The pictures of cells are brought to this size", _side),
    "normalisation": (
        "Pixel values",
        QUESTIONS["normalisation"][1],
        {
            "0 to 1 (divided by 255)": {"kind": "divide", "value": 255},
            "0 to 255 (as they are)": {"kind": "divide", "value": 1},
        },
    ),
    "output_kind": (
        "Output",
        QUESTIONS["output_kind"][1],
        {"scores before the softmax": "logit", "probability, 0 to 1": "probability"},
    ),
    "classes": (
        "Classes",
        "Names in the order of the output, separated by commas",
        _names,
    ),
}


class ClassifierPicker(ModelPicker):
    """A box of classifiers, a card on demand, questions where a file is silent."""

    purpose = "The network that names the cells"
    questions = _OWN_QUESTIONS

    def _shipped(self) -> list[Path]:
        return shipped_classifiers()

    def _own(self) -> list[Path]:
        return own_models("classification")

    def _read(self, path: Path) -> Any:
        return read_classifier_info(path)

    def _remembered(self) -> Path | None:
        return remembered_model(_ROLE)

    def _remember(self, path: Path | None) -> None:
        remember_model(path, _ROLE)
