"""System > LDAP Directory: where a cluster's users are read from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.db.models.functions import Lower
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts.access import administrators, readers, readers_see_administrators_change
from prg_admin.lib.actor import actor_of
from prg_admin.lib.finding.find import MOST_PRINTED
from prg_admin.lib.finding.plain import PlainList
from prg_admin.lib.htmx import render_page
from prg_admin.topology.models import Cluster
from prg_admin.users import directories
from prg_admin.users.directory_sentences import (
    FIELDS,
    entry_fault_text,
    result_words,
    trouble_text,
)
from prg_admin.users.forms import DirectoryForm
from prg_admin.users.ldap_client import Failed
from prg_admin.users.models import Directory
from prg_admin.users.sentences import number

LAST, TEST, TABLE = "directory-last", "directory-test", "directory-table"
PER_PAGE = 50
CONFLICT, UNPROCESSABLE = 409, 422


@require_safe
@readers
def directory_list(request: HttpRequest) -> HttpResponseBase:
    clusters = Cluster.objects.select_related("directory__job").annotate(
        users=Count("directory__presence_users")
    )
    found = PlainList("ldap-directories", request.GET.get("view", ""))
    listed = clusters.order_by(Lower("name"))
    if found.wants_csv:
        return _file(request, found, listed)
    per_page = MOST_PRINTED if found.is_print else PER_PAGE
    page = Paginator(listed, per_page).get_page(request.GET.get("page"))
    rows = [(one, of := _of(one), result_words(of.result) if of else []) for one in page]
    here = f"{request.path}?page={page.number}"
    context = {"found": found, "page": page, "rows": rows, "here": here}
    return render_page(request, "users/directory_list.html", context, fragments=(TABLE,))


def _file(
    request: HttpRequest, found: PlainList, clusters: Iterable[Cluster]
) -> StreamingHttpResponse:
    headings = (
        _("Cluster"),
        _("Server"),
        _("Users from it"),
        _("Next by schedule"),
        _("Last Synchronisation"),
    )
    return found.csv_response(request, headings, map(_line, clusters))


def _line(cluster: Cluster) -> list[Any]:
    of = _of(cluster)
    if of is None:
        return [cluster.name, "", 0, None, ""]
    words = " ".join(text for _tone, text in result_words(of.result))
    return [cluster.name, of.server, vars(cluster)["users"], of.due_at, words]


def _of(cluster: Cluster) -> Directory | None:
    return getattr(cluster, "directory", None)


def _cluster(pk: int) -> Cluster:
    return get_object_or_404(Cluster.objects.select_related("directory__job"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def directory(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    cluster = _cluster(cluster_pk)
    if request.method != "POST":
        return _page(request, cluster, DirectoryForm(directory=_of(cluster)))
    form = DirectoryForm(request.POST, directory=_of(cluster))
    stored = _of(cluster)
    is_valid = form.is_valid()
    if not is_valid and form.seen_revision == (stored.revision if stored else 0):
        return _page(request, cluster, form, status=UNPROCESSABLE)
    outcome = directories.directory_save(
        cluster_id=cluster.pk,
        draft=form.draft,
        revision=form.seen_revision,
        actor=actor_of(request),
        now=now(),
    )
    if isinstance(outcome, directories.Saved):
        messages.success(request, _("Update successful."))
        return redirect("users:directory", cluster.pk)
    if isinstance(outcome, directories.Conflict):
        form.go_on_from(outcome.revision)
        rows = _differing(form, outcome)
        return _page(request, cluster, form, conflict=rows, is_stale=True, status=CONFLICT)
    form.add_problems(outcome.problems)
    return _page(request, cluster, form, status=UNPROCESSABLE)


def _differing(form: DirectoryForm, conflict: directories.Conflict) -> list[dict[str, object]]:
    yours, stored = dataclasses.asdict(form.draft), dataclasses.asdict(conflict.stored)
    return [
        {"field": FIELDS[name], "yours": value, "stored": stored[name]}
        for name, value in yours.items()
        if name != "password" and value != stored[name]
    ]


@require_POST
@administrators
def directory_validate(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    """The sentences at the field that is being typed into."""
    form = DirectoryForm(request.POST, directory=_of(_cluster(cluster_pk)))
    field = request.GET.get("field", "")
    if field not in form.fields:
        raise Http404
    return render(request, "_field_errors.html", {"field": form[field]})


@require_POST
@administrators
def directory_test(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    """Connects with what is typed, and says what would be found, or why nothing."""
    cluster = _cluster(cluster_pk)
    form = DirectoryForm(request.POST, directory=_of(cluster))
    if not form.is_valid():
        texts = [str(text) for errors in form.errors.values() for text in errors]
        return _page(request, cluster, form, status=UNPROCESSABLE, test_errors=texts)
    try:
        tested = directories.directory_test(form.draft, _of(cluster))
    except Failed as failed:
        text = trouble_text(failed.trouble, failed.detail)
        return _page(request, cluster, form, test_errors=[text])
    told = [entry_fault_text(f.fault, f.values) for f in tested.faults]
    return _page(request, cluster, form, tested=tested, test_faults=told)


@require_POST
@administrators
def directory_synchronise(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    return _start(request, _stored(cluster_pk), 0)


@require_POST
@administrators
def directory_remove_anyway(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    """For so many as the page showed; when more are gone by now, nobody is removed again."""
    found = _stored(cluster_pk)
    shown = found.result.get("gone", 0) if found.result.get("held") else 0
    if not shown or request.POST.get("gone") != str(shown):
        messages.error(
            request, _("The numbers have changed meanwhile: read them, and confirm anew.")
        )
        return redirect("users:directory", cluster_pk)
    return _start(request, found, shown)


def _stored(cluster_pk: int) -> Directory:
    return get_object_or_404(Directory, cluster_id=cluster_pk)


def _start(request: HttpRequest, found: Directory, may_remove: int) -> HttpResponse:
    job, is_new = directories.sync_start(
        directory_id=found.pk, actor=actor_of(request), now=now(), may_remove=may_remove
    )
    if not is_new:
        messages.info(request, _("The directory is being synchronised already; this is that job."))
    return redirect("jobs:job", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def directory_delete(request: HttpRequest, cluster_pk: int) -> HttpResponse:
    cluster = _cluster(cluster_pk)
    found = _of(cluster)
    if request.method == "POST" and found:
        kept = directories.directory_delete(directory_id=found.pk, actor=actor_of(request))
        text = _("LDAP directory deleted. %(users)s users stay, as local ones.")
        messages.success(request, text % {"users": number(kept)})
        return redirect("users:directory-list")
    users = found.presence_users.count() if found else 0
    context = {"cluster": cluster, "directory": found, "users": users}
    return render(request, "users/directory_delete.html", context)


def _page(
    request: HttpRequest,
    cluster: Cluster,
    form: DirectoryForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    found = _of(cluster)
    result = found.result if found else {}
    context = {
        "cluster": cluster,
        "directory": found,
        "form": form,
        "validate_url": reverse("users:directory-validate", args=[cluster.pk]),
        "result": result,
        "words": result_words(result),
        "faults": [
            (fault.get("entry", ""), entry_fault_text(fault["fault"], fault["values"]))
            for fault in result.get("faults", ())
        ],
        **more,
    }
    template = "users/directory.html"
    # Where htmx swaps the answer of a test it has to take one that says no as well.
    code = 200 if request.headers.get("HX-Target") == TEST else status
    return render_page(request, template, context, fragments=(LAST, TEST), status=code)
