from __future__ import annotations

from pathlib import Path

import pytest
from npe2 import PluginManifest

from napari_cellsets._napari.preferences import preference
from napari_cellsets.formats.events.registry import EVENT_FORMATS

MANIFEST = Path(__file__).parents[2] / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(MANIFEST)


@pytest.mark.gui
def test_every_command_can_be_imported(manifest: PluginManifest) -> None:
    manifest.validate_imports()


def test_every_preference_has_title_type_and_default(manifest: PluginManifest) -> None:
    for category in manifest.contributions.configurations.values():
        for name, asked in category.properties.items():
            assert asked.title, name
            assert asked.type, name
            assert asked.default is not None, name


def test_preferences_used_are_declared(manifest: PluginManifest) -> None:
    declared = {
        f"{key}.{name}"
        for key, category in manifest.contributions.configurations.items()
        for name in category.properties
    }
    used = {
        part.split('"')[1]
        for file in (MANIFEST.parent / "src").rglob("*.py")
        for part in file.read_text(encoding="utf-8").split("preference(")[1:]
        if part.startswith('"')
    }
    assert used <= declared


def test_preference_falls_back_where_napari_knows_none() -> None:
    assert preference("store.no_such_thing", "default") == "default"


def test_reader_is_offered_for_every_ending_of_events(
    manifest: PluginManifest,
) -> None:
    (reader,) = manifest.contributions.readers
    endings = {f"*{end}" for known in EVENT_FORMATS.values() for end in known.endings}
    assert endings <= set(reader.filename_patterns)
