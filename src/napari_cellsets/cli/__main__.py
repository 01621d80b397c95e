"""``python -m napari_cellsets.cli``."""

from __future__ import annotations

from napari_cellsets.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
