"""Sessions as Django keeps them in the database, asked for by a statement that is kept: every
request asks.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.timezone import now

from prg_admin.lib.statements import Prepared


def _live(key: str, moment: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=moment)


LIVE = Prepared(_live, str, datetime)


class SessionStore(db.SessionStore):
    """Named in ``settings.SESSION_ENGINE``."""

    def _get_session_from_db(self) -> Session | None:
        key = self.session_key
        found = LIVE(key, now()) if key else []
        if not found:
            self._session_key = None  # as in Django: a key that is not known is not taken over
        return found[0] if found else None
