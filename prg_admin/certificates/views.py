"""Certificates: of the movement to which an event belongs, those of a group, and as files."""

from __future__ import annotations

from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.certificates.documents import csv_chunks, json_chunks
from prg_admin.certificates.models import Certificate
from prg_admin.certificates.selectors import (
    LATEST,
    certificate_of_event,
    certificates_of_group,
)
from prg_admin.certificates.sentences import WAYS, node_rows, sessions_words, verdict
from prg_admin.lib.finding.csv import CSV, streamed
from prg_admin.lib.finding.plain import PlainList
from prg_admin.lib.htmx import render_page
from prg_admin.recovery.access import get_event_or_404, get_group_or_404

PART, LIST = "certificate", "certificates"
FILES = {"csv": (csv_chunks, CSV), "json": (json_chunks, "application/json")}


@require_safe
@readers
def of_event(request: HttpRequest, event_id: int) -> HttpResponse:
    event = get_event_or_404(request.user, event_id)
    found = certificate_of_event(event)
    context: dict[str, Any] = {"event": event, "certificate": found}
    if found is not None:
        context |= {"way": WAYS[found.way], "nodes": node_rows(found), "words": _words(found)}
    return render_page(request, "certificates/certificate.html", context, fragments=(PART,))


@require_safe
@readers
def of_group(request: HttpRequest, group_id: int) -> HttpResponseBase:
    group = get_group_or_404(request.user, group_id)
    found = PlainList("certificates", request.GET.get("view", ""))
    most = None if found.wants_csv or found.is_print else LATEST
    certificates = certificates_of_group(group.pk, most)
    rows = [(one, WAYS[one.way], _words(one)[:1]) for one in certificates]
    if found.wants_csv:
        headings = [_("Time"), _("Movement"), _("Verdict")]
        lines = ((one.begun.at, way, *(text for _tone, text in words)) for one, way, words in rows)
        return found.csv_response(request, headings, lines)
    context = {"found": found, "group": group, "rows": rows}
    return render_page(request, "certificates/certificates.html", context, fragments=(LIST,))


@require_safe
@readers
def download(request: HttpRequest, event_id: int, kind: str) -> StreamingHttpResponse:
    """The users of before and after, one line each."""
    found = certificate_of_event(get_event_or_404(request.user, event_id), whole=True)
    if found is None or found.ended is None or kind not in FILES:
        raise Http404
    chunks, content_type = FILES[kind]
    name = f"certificate-{found.ended.pk}.{kind}"
    return streamed(request, chunks(found), name=name, content_type=content_type)


def _words(certificate: Certificate) -> list[tuple[str, str]]:
    if certificate.summary is None:
        return []
    return [verdict(certificate.summary), *sessions_words(certificate)]
