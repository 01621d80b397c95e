from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cellsets._napari.slots import put_layer


def test_layer_of_another_rank_takes_place_and_name_of_the_old_one() -> None:
    viewer = ViewerModel()
    flat = Labels(np.zeros((4, 5), np.int32), name="cells")
    viewer.add_layer(flat)
    viewer.add_labels(np.zeros((4, 5), np.int32), name="top")
    deep = Labels(np.zeros((2, 4, 5), np.int32), name="cells")
    put_layer(viewer, deep, flat)
    assert [layer.name for layer in viewer.layers] == ["cells", "top"]
    assert viewer.layers[0] is deep
