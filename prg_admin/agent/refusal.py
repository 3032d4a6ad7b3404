"""How an agent says no."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - it is an answer
    """The request is understood and not carried out; ``body`` is the answer."""

    def __init__(self, status: int, error: str, **more: object) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **more}
