"""Models that the person trained or put into their own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_cellsets.core.places import data_home
from napari_cellsets.inference.metadata import CLASSIFIER_PREFIX

if TYPE_CHECKING:
    from pathlib import Path


def own_models_folder() -> Path:
    """Folder that the model pickers look into. Not created here."""
    return data_home() / "models"


def own_models(
    task: Literal["segmentation", "classification"] = "segmentation",
) -> list[Path]:
    """List the person's own model files, by name; no file is opened.

    They lie in `own_models_folder` or one folder below it, as training leaves them.

    Parameters
    ----------
    task
        Classifiers are known by their file names, which begin with
        ``cell_classifier_``; all others are taken for segmentation models.
    """
    home = own_models_folder()
    wanted = task == "classification"
    found = [*home.glob("*.onnx"), *home.glob("*/*.onnx")]
    return sorted(
        (
            path
            for path in found
            if path.name.startswith(CLASSIFIER_PREFIX) is wanted
            and not path.name.startswith(".")
        ),
        key=lambda path: (path.name, path),
    )
