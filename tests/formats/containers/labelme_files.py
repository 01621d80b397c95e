"""Files of labelme for tests."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from container_tools import SIZE, of_text
from PIL import Image

from napari_cellsets.formats.containers.base import FORMS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

FORM = FORMS["labelme"]
SQUARE = [[2.0, 1.0], [7.0, 1.0], [7.0, 6.0], [2.0, 6.0]]


def shape(**told: Any) -> dict[str, Any]:
    found = {"label": "cell", "points": SQUARE, "group_id": None, "flags": {}}
    return {**found, "shape_type": "polygon", **told}


def container(folder: Path, *shapes: Any, **told: Any) -> Container:
    content = {
        **{"version": "5.5.0", "flags": {}, "shapes": list(shapes)},
        **{"imagePath": "a.png", "imageData": None},
        **{"imageHeight": SIZE[0], "imageWidth": SIZE[1], **told},
    }
    return of_text(FORM, "a.json", json.dumps(content), folder)


def png(mask: Any) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.array(mask, np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
