"""Presence Redundancy Group Configuration, and the confirmations of what the engine is asked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts.access import administrators, readers_see_administrators_change
from prg_admin.domain.requests import Action
from prg_admin.groups import services
from prg_admin.groups.access import get_group_or_404, get_whole_group_or_404
from prg_admin.groups.forms import GroupForm
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.status import GroupStatus, MemberStatus, forecast, group_status
from prg_admin.lib.actor import actor_of
from prg_admin.lib.addresses import page_address
from prg_admin.lib.finding.find import chosen_keys
from prg_admin.lib.htmx import render_page, wanted_fragment
from prg_admin.lib.sentences import field_label

HA_TABLE = "ha-table"
PAIR_FIELDS = ("server1", "server2", "ha_enabled")
"""Fields whose rules look at one another: one changed, all are judged anew."""


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def group_add(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _group_page(request, GroupForm(now=now(), copied=_copied(request)))
    form = GroupForm(request.POST, now=now(), is_judged=False)
    if form.is_valid():
        outcome = services.group_create(draft=form.draft, actor=actor_of(request), now=now())
        if isinstance(outcome, services.Saved):
            messages.success(request, _("Add successful."))
            return redirect("groups:group", outcome.group.pk)
        form.add_problems(outcome.problems)
    return _group_page(request, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def group(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _save(request, pk)
    found = get_whole_group_or_404(request.user, pk)
    shown = group_status(found, now=now())  # first: the form takes the members from it
    if wanted_fragment(request, (HA_TABLE,)):
        context = {"group": found, "status": shown}
        return render_page(request, "groups/group.html", context, fragments=(HA_TABLE,))
    return _group_page(request, GroupForm(group=found, now=now()), group=found, shown=shown)


@require_POST
@administrators
def group_validate(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The sentences at the field that is being typed into, and at those that depend on it."""
    field = request.GET.get("field", "")
    found = get_group_or_404(request.user, pk) if pk else None
    form = GroupForm(request.POST, group=found, now=now())
    if field not in form.fields:
        raise Http404
    related = [form[name] for name in PAIR_FIELDS if field in PAIR_FIELDS and name != field]
    context = {"field": form[field], "related": related}
    return render(request, "groups/_validated.html", context)


@require_POST
@administrators
def group_preflight(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """What would happen if High Availability were enabled now, with what is typed."""
    found = get_group_or_404(request.user, pk) if pk else None
    form = GroupForm(request.POST, group=found, now=now())
    context = {"form": form, "group": found, "outlook": form.outlook}
    return render(request, "groups/_preflight.html", context)


@require_safe
@administrators
def group_action(request: HttpRequest, pk: int, action: str, node_pk: int) -> HttpResponse:
    """Asks before Failover or Fallback of one node."""
    found = get_group_or_404(request.user, pk)
    status = group_status(found, now=now())
    member = next((m for m in status.members if m.status.node.pk == node_pk), None)
    if member is None:
        raise Http404
    if member.action != action or member.limitation is not None:
        messages.warning(request, _("The state of the group has changed meanwhile; look again."))
        return redirect("groups:group", pk)
    context = _action_context(status, Action(action), member)
    return render(request, "groups/group_action.html", context)


@require_safe
@administrators
def group_recover(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks before Recover of the group."""
    found = get_group_or_404(request.user, pk)
    status = group_status(found, now=now())
    if not status.offers_recover:
        messages.warning(request, _("The state of the group has changed meanwhile; look again."))
        return redirect("groups:group", pk)
    return render(request, "groups/group_action.html", _action_context(status, Action.RECOVER))


def _copied(request: HttpRequest) -> PresenceRedundancyGroup | None:
    """The group that ``?copy=`` names, if there is one."""
    keys = chosen_keys(request.GET.getlist("copy")[:1])
    return PresenceRedundancyGroup.objects.filter(pk__in=keys).first()


def _action_context(
    status: GroupStatus, action: Action, member: MemberStatus | None = None
) -> dict[str, Any]:
    pk = member.status.node.pk if member else status.group.pk
    return {
        "forecast": forecast(status, action, member),
        "group": status.group,
        "status": status,
        "action": action.value,
        "member": member,
        "target": reverse(f"recovery:{action.value}", args=[pk]),
        "next": reverse("groups:group", args=[status.group.pk]),
    }


def _save(request: HttpRequest, pk: int) -> HttpResponse:
    form = GroupForm(request.POST, now=now(), is_judged=False)
    outcome: services.Outcome | None = None
    # A field that cannot be read is refused, but not before somebody else's edit is told of.
    if form.is_valid() or form.seen_revision != get_group_or_404(request.user, pk).revision:
        outcome = _updated(request, pk, form)
    if isinstance(outcome, services.Saved):
        messages.success(request, _("Update successful."))
        return redirect("groups:group", pk)
    form.group = found = get_group_or_404(request.user, pk)
    if isinstance(outcome, services.Conflict):
        # What is typed is judged against what is stored now.
        form.judge()
        form.go_on_from(outcome.revision)
        rows = [_difference_row(difference) for difference in outcome.differences]
        return _group_page(request, form, group=found, conflict=rows, is_stale=True, status=409)
    if outcome is not None:
        form.add_problems(outcome.problems)
    return _group_page(request, form, group=found, status=422)


def _updated(request: HttpRequest, pk: int, form: GroupForm) -> services.Outcome:
    try:
        return services.group_update(
            group_id=pk,
            draft=form.draft,
            revision=form.seen_revision,
            actor=actor_of(request),
            now=now(),
        )
    except PresenceRedundancyGroup.DoesNotExist:
        raise Http404 from None


def _group_page(
    request: HttpRequest,
    form: GroupForm,
    *,
    group: PresenceRedundancyGroup | None = None,
    shown: GroupStatus | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    if group and not shown:
        shown = group_status(group, now=now())
    which = [group.pk] if group else []
    context: dict[str, Any] = {
        "form": form,
        "group": group,
        "status": shown,
        "validate_url": page_address("groups:group-validate", *which),
        "preflight_url": page_address("groups:group-preflight", *which),
        "outlook": form.outlook,
        **more,
    }
    return render(request, "groups/group.html", context, status=status)


def _difference_row(difference: services.Difference) -> dict[str, str]:
    return {
        "field": field_label(difference.field),
        "yours": _shown(difference.yours),
        "stored": _shown(difference.stored),
    }


def _shown(value: str | bool) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return value or _("empty")
