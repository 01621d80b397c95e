"""Where the package keeps what belongs to the person, not to a data set."""

from __future__ import annotations

import os
from pathlib import Path


def data_home() -> Path:
    """Folder of project stores; `CELLSETS_DATA_HOME` moves it. Not created here."""
    import platformdirs

    chosen = os.environ.get("CELLSETS_DATA_HOME")
    return Path(chosen or platformdirs.user_data_dir("napari-cellsets", False))


def cache_home() -> Path:
    """Folder of what can be made again; `CELLSETS_CACHE_HOME` moves it."""
    import platformdirs

    chosen = os.environ.get("CELLSETS_CACHE_HOME")
    return Path(chosen or platformdirs.user_cache_dir("napari-cellsets", False))
