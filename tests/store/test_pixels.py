from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.pixels import decode_labels, encode_labels

LABELS = hnp.arrays(
    np.int32,
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=12),
    elements=st.one_of(st.integers(0, 3), st.integers(-(2**31), 2**31 - 1)),
)


@given(LABELS)
def test_any_label_image_comes_back_as_it_was(labels: np.ndarray) -> None:
    back = decode_labels(encode_labels(labels))
    assert back.dtype == np.int32
    assert back.shape == labels.shape
    assert np.array_equal(back, labels)


@pytest.mark.parametrize("cells", [0, 1, 40])
def test_a_field_of_cells_comes_back_as_it_was(cells: int) -> None:
    labels = np.zeros((300, 400), np.int32)
    for i in range(cells):
        y, x = (i * 37) % 280, (i * 91) % 380
        labels[y : y + 15, x : x + 15] = i + 1
    assert np.array_equal(decode_labels(encode_labels(labels)), labels)


def test_noise_takes_no_more_than_its_pixels() -> None:
    noise = np.random.default_rng(0).integers(0, 2**31, (64, 64), np.int32)
    assert len(encode_labels(noise)) < noise.nbytes * 1.05


def test_restored_labels_can_be_written() -> None:
    noise = np.arange(100, dtype=np.int32).reshape(10, 10)
    back = decode_labels(encode_labels(noise))
    back[0, 0] = 7
    assert back[0, 0] == 7


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64])
def test_other_integers_are_stored_as_int32(dtype: type) -> None:
    back = decode_labels(encode_labels(np.array([[0, 200]], dtype)))
    assert back.dtype == np.int32
    assert back.tolist() == [[0, 200]]


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.complex64])
def test_pixels_that_are_no_integers_are_refused(dtype: type) -> None:
    with pytest.raises(StoreError, match="Labels must be integers, found"):
        encode_labels(np.zeros((2, 2), dtype))


def test_numbers_beyond_32_bits_are_refused() -> None:
    with pytest.raises(StoreError, match="must fit 32 bits"):
        encode_labels(np.array([[2**31]], np.int64))


@given(st.data())
def test_any_flipped_byte_is_noticed(data: st.DataObject) -> None:
    blob = bytearray(encode_labels(np.eye(20, dtype=np.int32)))
    place = data.draw(st.integers(18, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError, match="is damaged"):
        decode_labels(bytes(blob))


@pytest.mark.parametrize("blob", [b"", b"CSL1", b"\x89PNG\r\n\x1a\n" + b"0" * 40])
def test_other_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(StoreError, match="other bytes were found"):
        decode_labels(blob)
