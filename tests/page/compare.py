"""Two pictures of the page compared as somebody across the room would: a quarter of the size, by share of what differs; and boxes by pixels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops

SCALE = 4  # a pixel that is compared is the mean of so many by so many
LEVELS = 24  # of 255: less in each of red, green and blue is the same colour
TILE = 10  # pixels compared, each way: 40 of the page
WHOLE_SHARE = 0.03
TILE_SHARE = 0.25
SHIFT = 3  # pixels of the page by which an edge may be elsewhere

Boxes = dict[str, list[int]]


class Difference(NamedTuple):
    """Shares of what differs in the whole picture and in its worst tile, and the boxes that moved, in words."""

    whole: float
    tile: float
    boxes: list[str]

    @property
    def is_seen(self) -> bool:
        return self.whole > WHOLE_SHARE or self.tile > TILE_SHARE or bool(self.boxes)

    def __str__(self) -> str:
        words = "; ".join(self.boxes[:8])
        return f"{self.whole:.2%} of the picture, {self.tile:.0%} of its worst tile, {len(self.boxes)} boxes: {words}"


def small(file: Path) -> Image.Image:
    """What is compared and kept of a screenshot."""
    with Image.open(file) as picture:
        return picture.convert("RGB").reduce(SCALE)


def differing(old: Image.Image, new: Image.Image) -> Image.Image:
    """White where they differ by more than LEVELS, else black."""
    red, green, blue = ImageChops.difference(old, new).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return most.point([0] * (LEVELS + 1) + [255] * (255 - LEVELS))


def shares(old: Image.Image, new: Image.Image) -> tuple[float, float]:
    """How much of the whole differs, and how much of the tile that differs most. Of two sizes everything does."""
    if old.size != new.size:
        return 1.0, 1.0
    mask = differing(old, new)
    width, height = mask.size
    tiles = [
        _white(mask.crop((x, y, min(x + TILE, width), min(y + TILE, height))))
        for y in range(0, height, TILE // 2)
        for x in range(0, width, TILE // 2)
    ]
    return _white(mask), max(tiles)


def _white(mask: Image.Image) -> float:
    return mask.histogram()[255] / (mask.width * mask.height)


def moved(old: Boxes, new: Boxes) -> list[str]:
    """What is gone, new, or has an edge elsewhere by more than SHIFT, in words."""
    words = [f"{name}: not there" for name in old if name not in new]
    words += [f"{name}: was not there" for name in new if name not in old]
    words += [
        f"{name}: {box} became {new[name]}"
        for name, box in old.items()
        if name in new and any(abs(a - b) > SHIFT for a, b in zip(edges(box), edges(new[name]), strict=True))
    ]
    return words


def edges(box: list[int]) -> tuple[int, int, int, int]:
    x, y, width, height = box
    return x, y, x + width, y + height


def beside(old: Image.Image, new: Image.Image) -> Image.Image:
    """The old one, the new one, and the new one in grey with what differs in red, each below the other."""
    size = new.size
    old = old if old.size == size else old.resize(size)
    marked = new.convert("L").point(lambda level: level // 3).convert("RGB")
    marked.paste((255, 0, 0), mask=differing(old, new))
    sheet = Image.new("RGB", (size[0], 3 * size[1]))
    for i, each in enumerate((old, new, marked)):
        sheet.paste(each, (0, i * size[1]))
    return sheet
