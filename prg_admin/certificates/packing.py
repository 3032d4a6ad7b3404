"""Lists of users as the database keeps them: JSON, packed to about a tenth. Pure."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

LEVEL = 6


def pack(document: Any) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), LEVEL)


def unpack(packed: bytes | memoryview | None) -> Any:
    return json.loads(zlib.decompress(packed)) if packed else {}


def counted(rolls: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Rolls as they are kept, by node: user, in small letters, to the number of sessions."""
    return {node: Counter(u.lower() for u in roll["users"]) for node, roll in rolls.items()}
