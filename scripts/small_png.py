"""Makes the PNG of a screenshot smaller: 256 colours, one byte a pixel."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 256


def smaller(png: bytes) -> bytes:
    """The picture, which is of 8-bit RGB, with 256 of its colours; the others become the nearest one."""
    chunks = list(_chunks(png))
    width, height = struct.unpack(">II", chunks[0][1][:8])
    pixels = _pixels(zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT")), width, height)
    palette = _palette(Counter(pixels))

    @cache
    def nearest(colour: bytes) -> int:
        return min(range(len(palette)), key=lambda number: _distance(palette[number], colour))

    numbers = bytes(map(nearest, pixels))
    rows = b"".join(b"\0" + numbers[start : start + width] for start in range(0, len(numbers), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _palette(counts: Counter[bytes]) -> list[bytes]:
    """The most frequent colours; and of the others, one after the other, the one that would be missed most."""
    palette = [colour for colour, _ in counts.most_common(_MOST // 2)]
    missed = {colour: min(_distance(colour, each) for each in palette) for colour in counts}
    while len(palette) < _MOST and any(missed.values()):
        palette.append(max(missed, key=lambda colour: missed[colour] * counts[colour]))
        missed = {colour: min(far, _distance(colour, palette[-1])) for colour, far in missed.items()}
    return palette


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _pixels(filtered: bytes, width: int, height: int) -> list[bytes]:
    """The pixels, without the filters of PNG."""
    size, pixels, above = width * 3, list[bytes](), bytearray(width * 3)
    for row in range(height):
        start = row * (size + 1)
        line = bytearray(filtered[start + 1 : start + 1 + size])
        _unfilter(filtered[start], line, above)
        pixels += [bytes(line[place : place + 3]) for place in range(0, size, 3)]
        above = line
    return pixels


def _unfilter(way: int, line: bytearray, above: bytearray) -> None:
    for place in range(len(line)):
        left, corner = (line[place - 3], above[place - 3]) if place > 2 else (0, 0)  # noqa: PLR2004 -- bytes of a pixel
        up = above[place]
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[way]
        line[place] = (line[place] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    wanted = left + up - corner
    return min((left, up, corner), key=lambda each: abs(wanted - each))
