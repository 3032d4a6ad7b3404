"""Pictures of pages for ``docs/screens``: PNG files with a palette, a third of the size of others.

The browser itself takes the picture and finds its 256 colours; here they are only written down.
The same page gives the same file.
"""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page

FOUND = """
async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(image, 0, 0);
  const pixels = new Uint32Array(drawing.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  pixels.forEach((pixel) => counts.set(pixel, (counts.get(pixel) || 0) + 1));
  // The most frequent ones, and of equals the smaller number: the same each time.
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const palette = sorted.slice(0, 256).map(([colour]) => colour);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const known = palette.map(parts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const place = (colour) => {
    const [r, g, b] = parts(colour);
    let [best, least] = [0, Infinity];
    known.forEach(([x, y, z], i) => {
      const far = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (far < least) [best, least] = [i, far];
    });
    return best;
  };
  sorted.slice(256).forEach(([colour]) => places.set(colour, place(colour)));
  const bytes = Uint8Array.from(pixels, (pixel) => places.get(pixel));
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return { width, height, palette: known.flat(), bytes: btoa(text) };
}
"""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HIGHEST = 4000
"""Pixels; what stands further down is left out."""


def take(page: Page, path: Path) -> None:
    """The whole page as it is shown, down to ``HIGHEST``."""
    height = min(HIGHEST, page.evaluate("document.documentElement.scrollHeight"))
    width = page.viewport_size["width"] if page.viewport_size else 1280
    clip = {"x": 0, "y": 0, "width": width, "height": height}
    shot = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
    # On a page of its own: the policy of the pictured one may forbid it.
    desk = page.context.new_page()
    found = desk.evaluate(FOUND, "data:image/png;base64," + base64.b64encode(shot).decode())
    desk.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        _png(found["width"], found["height"], found["palette"], base64.b64decode(found["bytes"]))
    )


def _png(width: int, height: int, palette: list[int], pixels: bytes) -> bytes:
    lines = (b"\0" + pixels[i : i + width] for i in range(0, width * height, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", bytes(palette)),
        (b"IDAT", zlib.compress(b"".join(lines), 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    size, check = len(content), zlib.crc32(kind + content)
    return struct.pack(">I", size) + kind + content + struct.pack(">I", check)
