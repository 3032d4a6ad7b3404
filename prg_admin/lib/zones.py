"""Times are shown and read in the time zone of the reader's browser, which a cookie names.

Without a script, and until the first page has told the browser's zone, they are those of
``settings.TIME_ZONE``; what is no zone is as good as none.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

COOKIE = "prg_time_zone"
LONGEST = 64


class TimeZoneMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        zone = _zone(request.COOKIES.get(COOKIE, "")[:LONGEST])
        if zone is None:
            timezone.deactivate()
        else:
            timezone.activate(zone)

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        timezone.deactivate()
        return response


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None
