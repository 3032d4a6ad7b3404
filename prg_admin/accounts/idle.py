"""How long a person may do nothing before being signed out.

Only what a person does counts: pages that are opened and forms that are sent, also the checks of
fields while one types. Live parts that fetch themselves anew and the event stream do not, or nobody
would ever be idle.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

SEEN = "seen_at"
"""In the session: when the person was last seen, in seconds since 1970."""
NOTE_EVERY = 60.0
"""Seconds between two notes, so that not each request writes the session."""


def limit_s() -> int:
    return int(settings.SESSION_COOKIE_AGE)


def is_activity(request: HttpRequest) -> bool:
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return True
    asks_for_page = request.accepts("text/html") and "Accept" in request.headers
    return asks_for_page and "HX-Request" not in request.headers


def note_activity(request: HttpRequest, *, now: datetime) -> None:
    """Moves the end of the session; saving it renews its row and its cookie."""
    moment = now.timestamp()
    if moment - request.session.get(SEEN, 0.0) >= min(NOTE_EVERY, limit_s() / 10):
        request.session[SEEN] = moment


def left_s(request: HttpRequest, *, now: datetime) -> float:
    """Seconds until the person is signed out if nothing happens; 0 for whoever is not signed in."""
    if SEEN not in request.session:
        return 0.0
    return max(0.0, float(request.session[SEEN]) + limit_s() - now.timestamp())
