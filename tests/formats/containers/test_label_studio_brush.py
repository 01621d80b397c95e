from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.formats.containers.label_studio.brush import (
    decode_brush,
    encode_brush,
)
from napari_cellsets.formats.containers.reading import BadObject

small_masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
COUNTS = (3, 4, 8, 16)


def slowly_decoded(packed: list[int]) -> list[int]:
    """The codec as its description says it, bit by bit."""
    bits = "".join(f"{byte:08b}" for byte in packed)
    at = 0

    def read(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    total, word = read(32), read(5) + 1
    counts = [read(4) + 1 for _ in range(4)]
    found: list[int] = []
    while len(found) < total:
        is_run, length = read(1), counts[read(2)]
        count = read(length) + 1
        found += [read(word)] * count if is_run else [read(word) for _ in range(count)]
    return found


def header(total: int, word: int = 8, counts: tuple[int, ...] = COUNTS) -> str:
    lengths = "".join(f"{count - 1:04b}" for count in counts)
    return f"{total:032b}{word - 1:05b}{lengths}"


def as_bytes(bits: str) -> list[int]:
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[int], np.ndarray]:
    """Streams as other encoders may make them, and the mask in them."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    word = draw(st.sampled_from([1, 7, 8, 16, 32]))
    counts = tuple(draw(st.sampled_from([1, 3, 8, 16])) for _ in range(4))
    total = height * width * 4
    bits, words = header(total, word, counts), []
    while len(words) < total:
        which = draw(st.integers(0, 3))
        longest = min(total - len(words), 1 << counts[which])
        count = draw(st.integers(1, longest))
        values = st.integers(0, min(3, (1 << word) - 1))
        is_run = draw(st.booleans())
        new = [draw(values) for _ in range(1 if is_run else count)]
        words += new * count if is_run else new
        bits += f"{int(is_run)}{which:02b}{count - 1:0{counts[which]}b}"
        bits += "".join(f"{value:0{word}b}" for value in new)
    mask = np.array(words).reshape(height, width, 4)[..., 3] > 0
    return as_bytes(bits), mask


@given(mask=small_masks)
def test_what_is_encoded_is_decoded(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_brush(encode_brush(mask), mask.shape), mask)


@given(mask=small_masks)
def test_the_encoder_keeps_to_the_description(mask: np.ndarray) -> None:
    words = np.array(slowly_decoded(encode_brush(mask))).reshape(*mask.shape, 4)
    np.testing.assert_array_equal(words[..., 3] > 0, mask)
    assert set(words.ravel().tolist()) <= {0, 255}


@settings(max_examples=200)
@given(stream=streams())
def test_streams_of_other_encoders_are_decoded(
    stream: tuple[list[int], np.ndarray],
) -> None:
    packed, mask = stream
    np.testing.assert_array_equal(decode_brush(packed, mask.shape), mask)


def test_long_runs_are_split_and_joined() -> None:
    mask = np.zeros((300, 400), bool)
    mask[50:290, 7:] = True
    packed = encode_brush(mask)
    assert len(packed) < 8000
    np.testing.assert_array_equal(decode_brush(packed, mask.shape), mask)


def test_only_alpha_tells_what_belongs_to_the_mask() -> None:
    bits = header(8) + "".join(f"101{0:04b}{word:08b}" for word in (9, 9, 9, 0))
    bits += "".join(f"101{0:04b}{word:08b}" for word in (0, 0, 0, 1))
    assert decode_brush(as_bytes(bits), (1, 2)).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        ([], "cut off"),
        ([0, 0, 0, 16, 57], "cut off"),
        (as_bytes(header(16)), "cut off"),
        (as_bytes(header(16) + "111" + f"{15:016b}"), "cut off"),
        (as_bytes(header(16) + "011" + f"{15:016b}" + "1" * 99), "cut off"),
        (as_bytes(header(16) + "111" + f"{16:016b}" + "1" * 8), "overruns"),
        (as_bytes(header(20)), "has 20 values"),
        ([256], "no list of bytes"),
        (["a"], "no list of bytes"),
        ([None], "no list of bytes"),
    ],
)
def test_damage_is_told(packed: list[int], said: str) -> None:
    with pytest.raises(BadObject, match=said):
        decode_brush(packed, (2, 2))


def test_a_picture_beyond_belief_is_refused_before_memory_is_asked_for() -> None:
    with pytest.raises(BadObject, match="beyond belief"):
        decode_brush(as_bytes(header(0)), (1 << 20, 1 << 20))
    wide = np.broadcast_to(np.bool_(True), (1 << 15, 1 << 15))
    with pytest.raises(BadObject, match="too large"):
        encode_brush(wide)
