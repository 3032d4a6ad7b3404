"""How seldom the engine's process looks for garbage.

What a batch needs is let go of by counting references; cycles are rare. But each batch makes so
many objects at once that the collector would walk through all of Django, and through thousands of
kept connections, several times a second, and find nothing.
"""

from __future__ import annotations

import gc

YOUNG = 20_000
"""Objects more than were let go of, before the young ones are looked through."""


def seldom() -> None:
    """What there is by now stays; the collector looks only at what comes from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
