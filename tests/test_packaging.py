"""The manifest is found however the project is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[1]

READ_MANIFEST = """
import warnings
warnings.simplefilter("ignore")
from npe2 import PluginManifest
import napari_cellsets_manifest
manifest = PluginManifest.from_distribution("napari-cellsets")
manifest.validate_imports()
print(list(napari_cellsets_manifest.__path__)[0])
print(len(manifest.contributions.commands))
"""


def read_manifest(first_on_path: Path | None) -> tuple[Path, int]:
    """Load the manifest in a fresh interpreter; return its folder and size."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if first_on_path is not None:
        environment["PYTHONPATH"] = str(first_on_path)
    run = subprocess.run(
        [sys.executable, "-c", READ_MANIFEST],
        capture_output=True,
        text=True,
        env=environment,
        cwd=PROJECT_ROOT / "tests",
    )
    assert run.returncode == 0, run.stderr
    folder, commands = run.stdout.split("\n")[:2]
    return Path(folder), int(commands)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist and the wheel that was built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, "."],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
    )
    return out


def test_wheel_from_sdist_carries_the_manifest(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path)
    folder, commands = read_manifest(tmp_path)
    assert folder == tmp_path / "napari_cellsets_manifest"
    assert commands > 0


def test_wheel_carries_the_package_alone(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {
        "napari_cellsets",
        "napari_cellsets_manifest",
        "napari_cellsets-0.1.0.dist-info",
    }


def test_wheel_ships_the_model_its_card_and_the_rows(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        sizes = {info.filename: info.file_size for info in wheel.infolist()}
    model = "napari_cellsets/inference/models/cresunet_fluorescence.onnx"
    assert 1_000_000 < sizes[model] < 12_000_000
    assert sizes[model.replace(".onnx", ".md")] > 500
    assert any(name.startswith("napari_cellsets/catalogue/rows/") for name in sizes)


def test_editable_install_finds_the_manifest() -> None:
    _, commands = read_manifest(None)
    assert commands > 0


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = "napari qtpy onnxruntime torch scipy skimage cv2 sqlalchemy pandas PIL"
    code = (
        "import sys, napari_cellsets;"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
