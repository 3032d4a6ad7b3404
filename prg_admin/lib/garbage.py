"""How seldom the processes of the engine and of the pages look for garbage.

What a batch or a page needs is let go of by counting references; cycles are rare. But each makes so
many objects at once that the collector would walk through all of Django, and through thousands of
kept connections, several times a second, and find next to nothing. Meanwhile all wait: a tenth of a
second for one page of some hundreds.
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
