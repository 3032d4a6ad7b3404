"""Who is logged in on the node, page by page, as its door tells it."""

from __future__ import annotations

from prg_admin.agent.door import Door
from prg_admin.agent.refusal import Refused
from prg_admin.domain.checkups import LONGEST_NAME, LoggedIn


class Roll:
    def __init__(self, door: Door, *, node: str, boot_id: str) -> None:
        self._door = door
        self._node = node
        self._boot_id = boot_id

    async def page(self, after: str) -> LoggedIn:
        """Those that follow ``after``, or the first. Raises :class:`Refused`."""
        if len(after) > LONGEST_NAME:
            raise Refused(400, "bad-name", detail=f"after is longer than {LONGEST_NAME} characters")
        listed = await self._door.logged_in(after)
        if listed is None:
            raise Refused(503, "not-told")
        return LoggedIn(
            node=self._node,
            boot_id=self._boot_id,
            users=listed.users,
            more=listed.more,
            revision=listed.revision,
        )
