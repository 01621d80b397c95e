"""How large a file may claim to be before we stop believing it."""

from __future__ import annotations

MIB = 1 << 20
GIB = 1 << 30

FOLDER_ENTRIES = 3_000_000
"""Most files below one folder: nobody means to open a whole disk."""
ARCHIVE_ENTRIES = 2_000_000
"""Most members of one archive."""
ARCHIVE_DEPTH = 3
"""Archives inside archives: how deep."""
ARCHIVE_TOTAL_BYTES = 16 << 40
"""Largest sum of declared sizes of one archive."""
MEMBER_BYTES = 8 * GIB
"""Largest declared size of one member."""
MEMBER_RATIO = 250
"""Most that a large member may inflate."""
MEMBER_RATIO_FROM_BYTES = 256 * MIB
"""Smaller members may inflate as they like: empty masks shrink a thousandfold."""
NESTED_ARCHIVES = 64
"""Most archives of one folder or archive that are looked into."""
NESTED_IN_MEMORY_BYTES = 64 * MIB
"""Compressed inner archives above this wait in a temporary file."""

MAT_VARIABLE_BYTES = 2 * GIB
"""Largest unpacked variable of a MATLAB file; version 5 cannot say more."""
MAT_ARRAYS = 200_000
"""Most arrays of one MATLAB file."""
MAT_DEPTH = 8
"""Cells inside cells of a MATLAB file: how deep."""

DECODED_BYTES = 2 * GIB
"""Largest decoded PNG, JPEG or BMP."""
TIFF_PIXELS = 4_000_000_000
"""Largest TIFF in pixels (all planes, all channels)."""
DECODED_RATIO = 400
"""Most that a large PNG, JPEG or BMP may inflate."""
DECODED_RATIO_FROM_BYTES = 256 * MIB
"""Smaller ones may inflate as they like: empty masks shrink a thousandfold."""
TIFF_RATIO = 2000
"""Most that a large TIFF may inflate: more than any packing can do."""
TIFF_RATIO_FROM_BYTES = 64 * MIB
"""Smaller ones may inflate as they like."""
