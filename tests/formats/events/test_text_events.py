"""Events as text: any header, separator and order of columns."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    ExportError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import text, text_plain
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.text import (
    Layout,
    open_text,
    sniff_text,
)
from napari_cellsets.formats.events.text_write import write_text
from napari_cellsets.formats.files import open_tree


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def some_events(count=300, seed=1):
    rng = np.random.default_rng(seed)
    t = 1_000_000 + np.sort(rng.integers(0, 50_000, count))
    x, y = rng.integers(0, 1280, count), rng.integers(0, 720, count)
    x[0], y[0] = 1279, 719
    return Events.of(t, x, y, rng.integers(0, 2, count))


def opened(folder, content, reading=None):
    content = content.encode() if isinstance(content, str) else content
    (folder / "a.csv").write_bytes(content)
    return open_text(open_tree(folder), "a.csv", reading=reading)


def lines(events, order="txyp", between=",", end="\n", time=str, polarity=str):
    """Write events as text: slow and obvious."""
    rows = []
    for event in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        said = dict(zip("txyp", map(str, event), strict=True))
        said["t"], said["p"] = time(event[0]), polarity(event[3])
        rows.append(between.join(said[letter] for letter in order) + end)
    return "".join(rows)


def test_what_is_written_reads_back(tmp_path):
    events = some_events()
    parts = [events.take(slice(i, i + 70)) for i in range(0, 300, 70)]
    count = write_text(tmp_path / "a.csv", parts, Geometry(1280, 720), start_us=5)
    assert count == 300
    source = open_text(open_tree(tmp_path), "a.csv")
    shifted = Events(events.t + 5, events.x, events.y, events.p)
    assert_same(all_of(source), shifted)


def test_a_folder_that_is_a_file_cannot_be_written_into(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="could not be written"):
        write_text(tmp_path / "file" / "a.csv", [], None)


@pytest.mark.parametrize("between", [",", " ", "\t", "; ", "  "])
@pytest.mark.parametrize("order", ["txyp", "xytp", "xypt"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_without_names_are_told_by_what_they_hold(
    tmp_path, between, order, end
):
    events = some_events()
    content = lines(events, order, between, end)
    assert sniff_text("a.csv", content[:4000].encode(), len(content))
    assert_same(all_of(opened(tmp_path, content)), events)


@pytest.mark.parametrize(
    "head",
    ["t,x,y,p", "# timestamp x y polarity", '"ts";"x";"y";"pol"', "\ufefft,x,y,p"],
)
def test_names_in_the_first_line_tell_the_columns(tmp_path, head):
    events = some_events(5)
    assert_same(all_of(opened(tmp_path, f"{head}\n{lines(events)}")), events)


def test_further_columns_are_skipped_by_their_names(tmp_path):
    content = "id,x,y,label,p,time_ns\n7,5,6,cell,1,9000\n8,5,6,cell,0,11000\n"
    found = all_of(opened(tmp_path, content))
    assert_same(found, Events.of([9, 11], [5, 5], [6, 6], [1, 0]))


def test_seconds_of_the_unix_clock_are_exact(tmp_path):
    events = some_events()
    unix = Events(events.t + 1_468_939_993_000_000, events.x, events.y, events.p)
    content = lines(unix, between=" ", time=lambda t: f"{t // 10**6}.{t % 10**6:06}000")
    source = opened(tmp_path, content)
    assert_same(all_of(source), unix)
    assert source.header.clock == "Unix"
    assert any("seconds" in doubt for doubt in source.header.assumed)


def test_powers_of_ten_are_read(tmp_path):
    content = "t,x,y,p\n1.5e-3,5.0,6e0,1.000\n2.50E+00,7,8,-1e0\n"
    found = all_of(opened(tmp_path, content))
    assert_same(found, Events.of([1500, 2_500_000], [5, 7], [6, 8], [1, 0]))


def test_words_may_say_the_polarity(tmp_path):
    content = "t,x,y,p\n1,0,0,True\n2,0,0,false\n3,0,0,ON\n4,0,0,off\n"
    assert all_of(opened(tmp_path, content)).p.tolist() == [1, 0, 1, 0]


def test_two_numbers_in_the_first_line_are_the_geometry(tmp_path):
    events = some_events()
    source = opened(tmp_path, "1280 720\n" + lines(events, between=" "))
    assert source.header.geometry == Geometry(1280, 720)
    assert_same(all_of(source), events)


def test_lines_that_are_no_events_are_left_out_and_counted(tmp_path):
    content = (
        "t,x,y,p\n1,2,3,1\n\n# note\n2,nan,3,1\n3,-1,3,1\n4,70000,1,1\n5,1,1\n6,2,3,0"
    )
    source, sums = opened(tmp_path, content), Tally()
    assert all_of(source).t.tolist() == [1, 6]
    source.tally(0, source.units, source.start(), sums)
    assert (sums.events, sums.unknown) == (2, 4)


def test_other_columns_may_be_said_by_the_person(tmp_path):
    events = some_events()
    content = lines(Events(events.t, events.y, events.x, events.p))
    with pytest.raises(AmbiguousEventsError, match="2 ways"):
        opened(tmp_path, content)
    assert_same(all_of(opened(tmp_path, content, "tyxp")), events)


def test_a_header_and_nothing_else_is_no_events(tmp_path):
    assert len(all_of(opened(tmp_path, "t,x,y,p\n"))) == 0
    assert len(all_of(opened(tmp_path, "t,x,y,p"))) == 0


@pytest.mark.parametrize(
    "content",
    ["", "image,class\na.png,1\n", "1 2 3\n4 5 6\n7 8 9\n1 1 1\n", "a\0b", "1,2,3,4\n"],
)
def test_other_text_is_no_events(tmp_path, content):
    assert not sniff_text("a.csv", content.encode(), len(content))
    with pytest.raises(NotRecognisedError, match="expected"):
        opened(tmp_path, content)


def test_words_where_times_should_be_are_no_events(tmp_path):
    with pytest.raises(NotRecognisedError, match="holds no numbers"):
        opened(tmp_path, "t,x,y,p\nabc,1,2,3\n")


def test_four_words_a_line_are_no_events(tmp_path):
    with pytest.raises(NotRecognisedError, match="lines of four numbers were expected"):
        opened(tmp_path, "1 2 3 4\n" + "a b c d\n" * 9)


def test_an_endless_line_is_refused(tmp_path):
    content = "t,x,y,p\n1,2,3,1\n" + "5" * 600_000
    with pytest.raises(UnreadableFileError, match="more than 1,024 bytes"):
        all_of(opened(tmp_path, content))


def test_a_file_that_shrinks_while_open_says_so(tmp_path):
    source = opened(tmp_path, lines(some_events()))
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="its end is missing"):
        source.decode(0, 500, source.start(), Events.empty(500))


@given(cuts=st.lists(st.integers(0, 1500), max_size=6), room=st.integers(1, 40))
def test_any_checkpoint_goes_on_where_decoding_stopped(tmp_path_factory, cuts, room):
    folder = tmp_path_factory.mktemp("text")
    events = some_events(60)
    source = opened(folder, "t,x,y,p\n" + lines(events).rstrip())
    state, out, parts, first = source.start(), Events.empty(room), [], 0
    for stop in [*sorted(min(cut, source.units) for cut in cuts), source.units]:
        while first < stop:
            first, written = source.decode(first, stop, state, out)
            parts.append(out.take(np.arange(written)))
    assert_same(Events.joined(parts), events)


NUMBER = r"[+-]?[0-9]{0,22}(\.[0-9]{0,22})?([eE][+-]?[0-9]{1,3})?"
numbers = st.from_regex(NUMBER, fullmatch=True)
anything = st.one_of(numbers, st.text("0123456789.,eE+-x \t#\r", max_size=9))


@given(st.lists(anything, max_size=12), st.sampled_from([0, 3, 6, -3]))
def test_both_ways_read_any_text_alike(fields, shift):
    rows = [",".join(fields), *(f"{field},{field},1,1" for field in fields), ""]
    content = "\n".join(rows).encode()
    layout, found = Layout(0, (0, 1, 2, 3), 4, shift), []
    compiled = pytest.importorskip("napari_cellsets.formats.events.text_loops")
    for loops in (compiled, text_plain):
        out = Events.empty(40)
        used, count, bad = text._parse(loops, content, layout, out)
        found.append((used, count, bad, out.take(slice(count))))
    assert found[0][:3] == found[1][:3]
    assert_same(found[0][3], found[1][3])


@given(numbers, st.sampled_from([0, 3, 6, -3]))
def test_times_are_rounded_from_the_exact_number(said, shift):
    out, layout = Events.empty(1), Layout(0, (0, 1, 2, 3), 4, shift)
    _, count, _ = text._parse(text_plain, f"{said},1,1,1\n".encode(), layout, out)
    mantissa = said.lower().partition("e")[0]
    if count and sum(map(str.isdigit, mantissa)) <= 18:
        exact = Fraction(said) * Fraction(10) ** shift
        assert out.t[0] == math.floor(exact + Fraction(1, 2))


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_refused(tmp_path_factory, noise):
    folder = tmp_path_factory.mktemp("noise")
    for content in (noise, b"t,x,y,p\n" + noise):
        try:
            found = all_of(opened(folder, content))
        except CellsetsError:
            continue
        assert len(found) <= len(content)
