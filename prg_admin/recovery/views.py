from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts.access import administrators, anonymous_allowed, readers
from prg_admin.domain.limitations import limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.wire import CallIn, WireError
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pair
from prg_admin.lib.actor import actor_of
from prg_admin.lib.addresses import local_address
from prg_admin.lib.clock import steady_now
from prg_admin.lib.finding.columns import Operator
from prg_admin.lib.finding.plain import PlainList
from prg_admin.lib.htmx import render_page
from prg_admin.lib.sentences import limitation_text
from prg_admin.recovery.access import (
    get_event_or_404,
    get_group_or_404,
    get_member_or_404,
)
from prg_admin.recovery.explained import explained
from prg_admin.recovery.forms import AcknowledgeForm, PoweredOffForm
from prg_admin.recovery.replays import recording_text, replayed
from prg_admin.recovery.selectors import event_before, events_of_group
from prg_admin.recovery.services import (
    CallInAnswer,
    action_request,
    call_in,
    settings_of_group,
)

CALL_IN_STATUS = {
    CallInAnswer.NOTED: 202,
    CallInAnswer.RENEWED: 200,
    CallInAnswer.GIVEN_AWAY: 409,
    CallInAnswer.UNKNOWN: 403,
}
MOST_CALL_IN_BYTES = 4096


@require_POST
@administrators
def failover(request: HttpRequest, node_id: int) -> HttpResponse:
    member = get_member_or_404(request.user, node_id)
    return _asked(request, member.group, Action.FAILOVER, member)


@require_POST
@administrators
def fallback(request: HttpRequest, node_id: int) -> HttpResponse:
    member = get_member_or_404(request.user, node_id)
    return _asked(request, member.group, Action.FALLBACK, member)


@require_POST
@administrators
def recover(request: HttpRequest, group_id: int) -> HttpResponse:
    """With ``powered_off`` naming each node that the person answers for."""
    group = get_group_or_404(request.user, group_id)
    stated = request.POST.getlist("powered_off")
    places = {m.node.name: m.position - 1 for m in group.members.select_related("node")}
    if not set(stated) <= places.keys():
        messages.error(request, _("Powered off: the group has no node of this name."))
        return HttpResponseRedirect(_next(request, group))
    indices = tuple(sorted({places[name] for name in stated}))
    return _asked(request, group, Action.RECOVER, None, powered_off=indices)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def powered_off(request: HttpRequest, node_id: int) -> HttpResponse:
    """A person answers for a node that cannot be asked and would go on serving."""
    member = get_member_or_404(request.user, node_id)
    pair, settings = load_pair(member.group_id), settings_of_group(member.group_id)
    refused = limitation(pair, Action.POWERED_OFF, member.position - 1, settings=settings)
    if refused is not None:
        messages.warning(request, limitation_text(refused))
        return HttpResponseRedirect(resolve_url("groups:group", member.group_id))
    form = PoweredOffForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 422
        context = {"form": form, "group": member.group, "node": member.node}
        return render(request, "recovery/powered_off.html", context, status=status)
    return _asked(request, member.group, Action.POWERED_OFF, member)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def acknowledge(request: HttpRequest, group_id: int) -> HttpResponse:
    """Lifts the hold on the automatic fallback; the comment is kept with the event."""
    group = get_group_or_404(request.user, group_id)
    refused = limitation(load_pair(group.pk), Action.ACKNOWLEDGE)
    if refused is not None:
        messages.warning(request, limitation_text(refused))
        return HttpResponseRedirect(resolve_url("groups:group", group.pk))
    form = AcknowledgeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 422
        context = {"form": form, "group": group}
        return render(request, "recovery/acknowledge.html", context, status=status)
    return _asked(request, group, Action.ACKNOWLEDGE, None, comment=form.cleaned_data["comment"])


def _asked(
    request: HttpRequest,
    group: PresenceRedundancyGroup,
    action: Action,
    member: Member | None,
    *,
    comment: str = "",
    powered_off: tuple[int, ...] = (),
) -> HttpResponse:
    refused = action_request(
        group_id=group.pk,
        action=action,
        index=member.position - 1 if member else None,
        actor=actor_of(request),
        now=steady_now(),
        comment=comment,
        powered_off=powered_off,
    )
    if refused is not None:
        messages.error(request, limitation_text(refused))
    elif action is Action.FAILOVER:
        messages.success(request, _("The failover has begun."))
    elif action is Action.FALLBACK:
        messages.success(request, _("The fallback has begun."))
    elif action is Action.POWERED_OFF:
        messages.success(request, _("Noted. The engine no longer waits for the node."))
    elif action is Action.ACKNOWLEDGE:
        messages.success(request, _("Acknowledged; the automatic fallback goes on."))
    else:
        messages.success(request, _("The recovery has begun."))
    return HttpResponseRedirect(_next(request, group))


def _next(request: HttpRequest, group: PresenceRedundancyGroup) -> str:
    wanted = local_address(request.POST.get("next", ""))
    return wanted or resolve_url("groups:group", group.pk)


@require_safe
@readers
def group_events(request: HttpRequest, group_id: int) -> HttpResponse:
    group = get_group_or_404(request.user, group_id)
    found = PlainList("events", request.GET.get("view", ""))
    if found.wants_csv or found.is_print:
        # Here are the latest; the list of all events has every one, as a file and on paper too.
        wanted = {"field": "group", "operator": Operator.IS_EXACTLY.value, "text": group.name}
        return redirect(f"{reverse('console:events')}?{urlencode(wanted | {'view': found.view})}")
    events = [explained(event) for event in events_of_group(group.pk)]
    context = {"found": found, "group": group, "events": events}
    return render_page(request, "recovery/events.html", context, fragments=("events",))


@require_safe
@readers
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event at an address that stays; also of a group that is gone."""
    found = get_event_or_404(request.user, event_id)
    before = event_before(found)
    context = {
        "explained": explained(found),
        "before": before and explained(before),
        "replayed": replayed(found),
    }
    return render(request, "recovery/event.html", context)


@require_safe
@readers
def event_recording(request: HttpRequest, event_id: int) -> HttpResponse:
    """All inputs of the decision as a file, for ``utils ha replay`` here or elsewhere."""
    found = get_event_or_404(request.user, event_id)
    try:
        text = recording_text(found)
    except LookupError:
        raise Http404 from None
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="event-{found.pk}.json"'
    return response


@require_safe
@readers
def engine_status(request: HttpRequest) -> HttpResponse:
    """The strip below the menu; empty while the engine is well."""
    return render(request, "recovery/_engine.html")


# Agents are no browsers: they bring a key of their own instead of a session and its token.
@csrf_exempt
@require_POST
@anonymous_allowed
def agent_call_in(request: HttpRequest) -> HttpResponse:
    # By its announced length first: Django refuses to read what is far too large.
    announced = int(request.headers.get("Content-Length") or 0)
    if announced > MOST_CALL_IN_BYTES or len(request.body) > MOST_CALL_IN_BYTES:
        return JsonResponse({"error": "too-large"}, status=413)
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        return JsonResponse({"error": "no-key"}, status=401)
    try:
        call = CallIn.from_bytes(request.body)
    except WireError as error:
        return JsonResponse({"error": "bad-document", "detail": str(error)}, status=400)
    answer = call_in(call=call, key=key, now=steady_now())
    return JsonResponse({"answer": answer.value}, status=CALL_IN_STATUS[answer])
