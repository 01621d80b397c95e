"""Where the items of a grid or list lie: arithmetic, however many they are."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 4


@dataclass(frozen=True)
class Layout:
    """Items of one size in rows from the left.

    Parameters
    ----------
    count
        How many items.
    width
        Of the view, px.
    picture
        Longer edge of a picture, px.
    text_height
        Of what stands below each picture, px; 0 for nothing.
    listed
        One item a row, its text on the right.
    """

    count: int
    width: int
    picture: int
    text_height: int = 0
    listed: bool = False

    @property
    def columns(self) -> int:
        """Items beside each other."""
        if self.listed:
            return 1
        return max(1, self.width // (self.picture + 2 * MARGIN))

    @property
    def rows(self) -> int:
        """Lines of items."""
        return -(-self.count // self.columns)

    @property
    def height(self) -> int:
        """Of one line, px."""
        below = 0 if self.listed else self.text_height
        return self.picture + below + 2 * MARGIN

    @property
    def total_height(self) -> int:
        """Of all lines, px."""
        return self.rows * self.height

    def place(self, item: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height of an item, px from the first one."""
        line, column = divmod(item, self.columns)
        left = column * self.width // self.columns
        right = (column + 1) * self.width // self.columns
        return left, line * self.height, right - left, self.height

    def item_at(self, x: int, y: int) -> int | None:
        """Return the item at a point, None beside them all."""
        if not 0 <= x < self.width or y < 0:
            return None
        column = ((x + 1) * self.columns - 1) // self.width
        item = (y // self.height) * self.columns + column
        return item if item < self.count else None

    def between(self, top: int, bottom: int) -> range:
        """Return the items of all lines that touch a span of heights, px."""
        first = max(0, top // self.height) * self.columns
        last = (max(0, bottom - 1) // self.height + 1) * self.columns
        return range(min(first, self.count), min(last, self.count))

    def moved(self, item: int, by_lines: int) -> int:
        """Return the item so many lines further down, or up; as far as they go."""
        target = item + by_lines * self.columns
        if 0 <= target < self.count:
            return target
        column = item % self.columns
        if target < 0:
            return min(column, self.count - 1)
        last = (self.rows - 1) * self.columns + column
        return last if last < self.count else self.count - 1
