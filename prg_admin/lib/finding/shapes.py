"""Every list can be asked for in three shapes: its page, the print view and the CSV file."""

from __future__ import annotations

CSV, PRINT = "csv", "print"


class Shaped:
    """What a list's template and view ask; mixed into what was found."""

    __slots__ = ()

    view: str
    """As asked for; what is neither of both is the page."""

    @property
    def is_print(self) -> bool:
        return self.view == PRINT

    @property
    def wants_csv(self) -> bool:
        return self.view == CSV

    @property
    def frame(self) -> str:
        return "print.html" if self.is_print else "base.html"
