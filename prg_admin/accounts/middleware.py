from __future__ import annotations

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin
from django.utils.timezone import now

from prg_admin.accounts.idle import is_activity, note_activity


class IdleMiddleware(MiddlewareMixin):
    """Notes when people do something; requests without a session cost nothing here."""

    def process_request(self, request: HttpRequest) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not is_activity(request):
            return
        if SESSION_KEY in request.session:
            note_activity(request, now=now())
