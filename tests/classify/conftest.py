"""Tables with chosen answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest

from napari_cellsets.classify import ClassTable

MakeTable: TypeAlias = Callable[..., ClassTable]


@pytest.fixture
def make_table() -> MakeTable:
    """Make a table of three classes from rows of shares."""

    def make(*shares: tuple[float, float, float], **more: Any) -> ClassTable:
        facts: dict[str, Any] = {
            "names": tuple(f"cell_{i}" for i in range(len(shares))),
            "classes": ("ig", "lymphocyte", "monocyte"),
            "titles": ("immature granulocyte", "lymphocyte", "monocyte"),
            "probabilities": np.array(shares, np.float32).reshape(-1, 3),
            "unknown": "not known",
        }
        return ClassTable(**{**facts, **more})

    return make
