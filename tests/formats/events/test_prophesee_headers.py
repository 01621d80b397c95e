"""What headers of Prophesee's files tell, and what is done where they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from prophesee_words import (
    HEADS,
    SENSOR,
    all_of,
    recording,
    rows,
    words_file,
)

from napari_cellsets.core.errors import AmbiguousEventsError, UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.evt2_write import Evt2Coder
from napari_cellsets.formats.events.evt3_write import Evt3Coder
from napari_cellsets.formats.events.evt21_write import Evt21Coder
from napari_cellsets.formats.events.opening import open_event_file


@pytest.fixture
def flow() -> Events:
    """Some thousand events of cells that drift through the picture, and noise."""
    rng = np.random.default_rng(0)
    t = np.sort(rng.integers(0, 50_000, 20_000))
    x = np.where(
        rng.random(len(t)) < 0.5,
        t // 50 + rng.integers(0, 20, len(t)),
        rng.integers(0, 1280, len(t)),
    )
    return Events.of(t, x, rng.integers(0, 720, len(t)), rng.integers(0, 2, len(t)))


def raw(path, header: str, events: Events, coder=Evt3Coder, **options):
    place = path / "file.raw"
    place.write_bytes(
        header.encode() + coder(SENSOR, **options).words(events).tobytes()
    )
    return place


def test_geometry_camera_and_biases_come_from_the_header(tmp_path, flow):
    header = (
        "% date 2023-03-29\n% format EVT3;height=720;width=1280\n% geometry 1280x720\n"
        "% sensor_name IMX636\n% serial_number 00ca0009\n% bias_fo -12\n"
        "% bias_hpf 1.2.3\n% end\n"
    )
    found = open_event_file(raw(tmp_path, header, flow)).header
    assert found.format == "EVT3"
    assert found.geometry == Geometry(1280, 720)
    assert found.camera == "IMX636 00ca0009"
    assert found.biases == {"bias_fo": -12.0}
    assert found.facts["date"] == "2023-03-29"
    assert found.doubts == ()


def test_lines_may_end_as_on_windows(tmp_path, flow):
    header = "% evt 3.0\r\n% geometry 1280x720\r\n% end\r\n"
    assert rows(all_of(open_event_file(raw(tmp_path, header, flow)))) == rows(flow)


@pytest.mark.parametrize(
    ("number", "coder", "name", "size"),
    [
        (21, Evt2Coder, "EVT2", Geometry(640, 480)),
        (40, Evt3Coder, "EVT3", Geometry(640, 480)),
        (48, Evt3Coder, "EVT3", Geometry(1280, 720)),
        (49, Evt3Coder, "EVT3", Geometry(1280, 720)),
    ],
)
def test_old_headers_tell_by_the_number_of_the_camera(
    tmp_path, flow, number, coder, name, size
):
    within = flow.take((flow.x < 640) & (flow.y < 480))
    header = f"% integrator_name Prophesee\n% system_ID {number}\n"
    source = open_event_file(raw(tmp_path, header, within, coder))
    assert (source.header.format, source.header.geometry) == (name, size)
    assert any("camera's number" in doubt for doubt in source.header.assumed)
    assert rows(all_of(source)) == rows(within)


def test_numbers_of_other_makers_cameras_say_nothing(tmp_path, flow):
    header = "% integrator_name Somebody\n% evt 3.0\n% system_ID 21\n"
    assert open_event_file(raw(tmp_path, header, flow)).header.geometry is None


@pytest.mark.parametrize("legacy", [False, True])
def test_the_order_of_words_is_found_out_where_it_is_not_told(tmp_path, flow, legacy):
    header = "% evt 2.1\n% geometry 1280x720\n% end\n"
    source = open_event_file(raw(tmp_path, header, flow, Evt21Coder, legacy=legacy))
    assert rows(all_of(source)) == rows(flow)
    assert any("order of its words" in doubt for doubt in source.header.assumed)


@pytest.mark.parametrize(
    "field", ["% format EVT21;endianness={}\n", "% evt 2.1\n% endianness {}\n"]
)
@pytest.mark.parametrize("legacy", [False, True])
def test_the_order_of_words_is_told_by_option_or_line(tmp_path, flow, field, legacy):
    header = field.format("legacy" if legacy else "little") + "% end\n"
    source = open_event_file(raw(tmp_path, header, flow, Evt21Coder, legacy=legacy))
    assert rows(all_of(source)) == rows(flow)
    assert source.header.doubts == ()


def test_the_wrong_order_of_words_is_put_right_and_told(tmp_path, flow):
    header = "% format EVT21;endianness=little\n% end\n"
    source = open_event_file(raw(tmp_path, header, flow, Evt21Coder, legacy=True))
    assert rows(all_of(source)) == rows(flow)
    assert "they are EVT2.1 legacy" in source.header.doubts[-1]


@pytest.mark.parametrize("coder", [Evt2Coder, Evt3Coder, Evt21Coder])
@pytest.mark.parametrize("claim", ["EVT2", "EVT21", "EVT3"])
def test_words_are_read_as_what_they_are_whatever_is_claimed(
    tmp_path, flow, coder, claim
):
    source = open_event_file(raw(tmp_path, f"% format {claim}\n% end\n", flow, coder))
    assert rows(all_of(source)) == rows(flow)
    truth = {Evt2Coder: "EVT2", Evt3Coder: "EVT3", Evt21Coder: "EVT21"}[coder]
    told = any("and read as such" in doubt for doubt in source.header.doubts)
    assert told == (truth != claim)


@pytest.mark.parametrize("coder", [Evt2Coder, Evt3Coder, Evt21Coder])
@pytest.mark.parametrize("header", ["", "% date today\n"])
def test_words_without_claim_are_found_out(tmp_path, flow, coder, header):
    source = open_event_file(raw(tmp_path, header, flow, coder))
    assert rows(all_of(source)) == rows(flow)
    assert "does not say what its words are" in source.header.doubts[-1]


def test_two_readings_are_asked_about_and_can_be_answered(tmp_path):
    # columns at multiples of 32: EVT2 reads as every other word of EVT2.1, too
    n = 4000
    events = Events.of(np.arange(n), np.full(n, 32), np.full(n, 7), np.arange(n) % 2)
    place = raw(tmp_path, "% date today\n", events, Evt2Coder)
    with pytest.raises(AmbiguousEventsError, match=r"EVT2 or EVT2\.1 little") as caught:
        open_event_file(place)
    assert "EVT2" in caught.value.readings
    assert rows(all_of(open_event_file(place, reading="EVT2"))) == rows(events)


def test_noise_that_claims_to_be_words_is_refused(tmp_path):
    noise = np.random.default_rng(1).bytes(70_000)
    place = tmp_path / "noise.raw"
    place.write_bytes(HEADS["EVT3"] + noise)
    with pytest.raises(UnreadableFileError, match="are no words of EVT2"):
        open_event_file(place)


def test_noise_without_a_header_is_no_recording(tmp_path):
    place = tmp_path / "noise.raw"
    place.write_bytes(np.random.default_rng(1).bytes(70_000))
    with pytest.raises(UnreadableFileError, match="no events were recognised"):
        open_event_file(place)


def test_words_of_another_coding_are_refused_by_name(tmp_path):
    place = tmp_path / "frames.raw"
    place.write_bytes(b"% format HISTO3D;height=320;width=320\n% end\n" + bytes(64))
    with pytest.raises(UnreadableFileError, match="it is HISTO3D"):
        open_event_file(place)


def test_a_header_without_end_is_refused(tmp_path):
    place = tmp_path / "long.raw"
    place.write_bytes(b"% evt 3.0\n" + b"% key value\n" * 10_000)
    with pytest.raises(UnreadableFileError, match="does not end within"):
        open_event_file(place)


def test_an_absurd_size_is_not_believed(tmp_path, flow):
    header = "% format EVT3;height=99999999;width=1280\n% end\n"
    found = open_event_file(raw(tmp_path, header, flow)).header
    assert found.geometry is None
    assert "not believed" in found.doubts[0]


def test_of_two_sizes_the_larger_is_taken_and_told(tmp_path, flow):
    header = "% format EVT3;height=720;width=1280\n% geometry 640x480\n% end\n"
    found = open_event_file(raw(tmp_path, header, flow)).header
    assert found.geometry == Geometry(1280, 720)
    assert "two sizes" in found.doubts[0]


def test_a_file_cut_within_a_word_says_so(tmp_path):
    place = words_file(tmp_path / "cut.raw", "EVT2", [0x80000001, 0x00000801], b"\1\2")
    source = open_event_file(place)
    assert rows(all_of(source)) == [(64, 1, 1, 0)]
    assert "2 bytes are left out" in source.header.doubts[0]


@pytest.mark.parametrize("encoding", HEADS)
def test_a_file_with_a_header_alone_holds_no_events(tmp_path, encoding):
    place = words_file(
        tmp_path / f"e{'.dat' if encoding == 'DAT' else '.raw'}", encoding, []
    )
    source = open_event_file(place)
    assert rows(all_of(source)) == []
    assert "It holds no events." in source.header.doubts


def test_data_that_begin_like_a_line_are_no_line(tmp_path):
    words = [0x8001, 0x0005, *[0x2025, 0x6001] * 3]  # 0x2025 is "% " in a file
    place = tmp_path / "percent.raw"
    place.write_bytes(b"% evt 3.0\n" + np.array(words[3:] + words, "<u2").tobytes())
    source = open_event_file(place)
    assert source.units == 5 + len(words)


def test_facts_are_written_and_read(tmp_path):
    from napari_cellsets.formats.events.evt3_write import write_evt3

    place = tmp_path / "facts.raw"
    write_evt3(
        place, [Events.of([0], [0], [0], [1])], SENSOR, facts={"cut_of": "a\nfile.raw"}
    )
    assert open_event_file(place).header.facts["cut_of"] == "a file.raw"


def test_a_recording_in_a_zip_is_read_in_place(tmp_path, flow):
    import zipfile

    from napari_cellsets.formats.events.opening import open_events
    from napari_cellsets.formats.files import open_tree

    place = recording(tmp_path, "evt3", flow)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "set.zip", "w", method) as archive:
            archive.write(place, "cells/a.raw")
        source = open_events(open_tree(tmp_path / "set.zip"), "cells/a.raw")
        assert rows(all_of(source)) == rows(flow)
