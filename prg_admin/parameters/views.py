"""System > Service Parameters and System > Enterprise Parameters: two doors to the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from prg_admin.accounts.access import administrators, readers_see_administrators_change
from prg_admin.domain import catalogue
from prg_admin.lib.actor import actor_of
from prg_admin.lib.htmx import is_fragment_request, render_page
from prg_admin.lib.parameter_sentences import amount
from prg_admin.parameters import services
from prg_admin.parameters.access import (
    ClusterChooser,
    Scope,
    ServiceChooser,
    choose_cluster,
    choose_service,
    request_data,
)
from prg_admin.parameters.forms import ParameterForm
from prg_admin.parameters.services import Change, InvalidParametersError, StaleParametersError

NEWS = "parameter-news"
CHOOSER = "chooser"


@dataclass(frozen=True, slots=True)
class Door:
    """What differs between the two pages."""

    name: str
    """URL name of the page; those beside it end in ``-validate`` and ``-default``."""
    template: str
    choose: Callable[[Mapping[str, str]], ServiceChooser | ClusterChooser]

    def url(self, suffix: str = "") -> str:
        return reverse(f"parameters:{self.name}{suffix}")


SERVICE = Door("service-parameters", "parameters/service_parameters.html", choose_service)
ENTERPRISE = Door("enterprise-parameters", "parameters/enterprise_parameters.html", choose_cluster)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def service_parameters(request: HttpRequest) -> HttpResponse:
    return _parameters(request, SERVICE)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def enterprise_parameters(request: HttpRequest) -> HttpResponse:
    return _parameters(request, ENTERPRISE)


@require_POST
@administrators
def service_parameters_validate(request: HttpRequest) -> HttpResponse:
    return _validate(request, SERVICE)


@require_POST
@administrators
def enterprise_parameters_validate(request: HttpRequest) -> HttpResponse:
    return _validate(request, ENTERPRISE)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def service_parameters_default(request: HttpRequest) -> HttpResponse:
    return _set_to_default(request, SERVICE)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def enterprise_parameters_default(request: HttpRequest) -> HttpResponse:
    return _set_to_default(request, ENTERPRISE)


def _parameters(request: HttpRequest, door: Door) -> HttpResponse:
    data = request_data(request)
    chooser = door.choose(data)
    if is_fragment_request(request) and request.headers.get("HX-Trigger") == CHOOSER:
        # Another choice is another page, with other news to listen to.
        return HttpResponseClientRedirect(request.get_full_path())
    scope = chooser.scope
    if scope is None:
        refused = bool(chooser.unknown) or request.method == "POST"
        return render(request, door.template, {"chooser": chooser}, status=404 if refused else 200)
    if request.method == "POST":
        return _save(request, door, chooser, scope)
    form = _form(scope, None, advanced=_is_advanced(data))
    context = _context(door, chooser, scope, form, advanced=_is_advanced(data))
    if is_fragment_request(request):
        context["moved"] = _moved(scope, data.get("token", ""))
    return render_page(request, door.template, context, fragments=(NEWS,))


def _save(
    request: HttpRequest, door: Door, chooser: ServiceChooser | ClusterChooser, scope: Scope
) -> HttpResponse:
    advanced = _is_advanced(request.POST)
    form = _form(scope, request.POST, advanced=advanced)
    token = request.POST.get("token", "")
    try:
        if form.is_valid():
            changes = services.parameters_save(
                cluster=scope.cluster,
                service=scope.service,
                node=scope.node,
                values=form.cleaned_data,
                token=token,
                actor=actor_of(request),
            )
            _tell(request, changes)
            return redirect(_address(door, scope, advanced=advanced))
    except StaleParametersError as stale:
        return _stale(request, door, chooser, scope, stale)
    except InvalidParametersError as invalid:
        form.add_problems(invalid.problems)
    except ObjectDoesNotExist as gone:
        raise Http404 from gone
    # The token stays that of the values seen first: what others changed meanwhile is still told.
    context = _context(door, chooser, scope, form, advanced=advanced, token=token)
    return render(request, door.template, context, status=422)


def _stale(
    request: HttpRequest,
    door: Door,
    chooser: ServiceChooser | ClusterChooser,
    scope: Scope,
    stale: StaleParametersError,
) -> HttpResponse:
    """Nothing was saved: what the person typed stays, what somebody else changed is told."""
    data = request.POST.copy()
    now = scope.values()
    for change in stale.changes:
        if data.get(change.parameter.name) == change.before:
            data[change.parameter.name] = change.after
    advanced = _is_advanced(data)
    form = _form(scope, data, advanced=advanced)
    notes = {c.parameter.name: _change_text(c) for c in stale.changes}
    if not notes:
        notes = {
            p.name: _("In force now: %(value)s.") % {"value": amount(p, now[p.name])}
            for p in form.parameters
        }
    context = _context(door, chooser, scope, form, advanced=advanced, notes=notes)
    context["stale"] = [_change_text(change) for change in stale.changes]
    return render(request, door.template, {**context, "is_stale": True}, status=409)


def _validate(request: HttpRequest, door: Door) -> HttpResponse:
    """The sentences at one field, and beside it those at the fields it is compared with."""
    scope = door.choose(request.POST).scope
    name = request.GET.get("field", "")
    if scope is None:
        raise Http404
    form = _form(scope, request.POST, advanced=_is_advanced(request.POST))
    if name not in form.fields:
        raise Http404
    context = {
        "field": form[name],
        "related": form.related_fields(name),
        "worst": form.worst_cases(),
        "factor": scope.factor(),
    }
    return render(request, "parameters/_validated.html", context)


def _set_to_default(request: HttpRequest, door: Door) -> HttpResponse:
    data = request_data(request)
    scope = door.choose(data).scope
    if scope is None:
        raise Http404
    back = _address(door, scope, advanced=_is_advanced(data))
    if request.method == "POST":
        try:
            changes = services.parameters_set_to_default(
                cluster=scope.cluster,
                service=scope.service,
                node=scope.node,
                token=data.get("token", ""),
                actor=actor_of(request),
            )
        except StaleParametersError:
            messages.warning(
                request, _("Values were changed meanwhile. Look at the list again, then confirm.")
            )
        except ObjectDoesNotExist as gone:
            raise Http404 from gone
        else:
            _tell(request, changes)
            return redirect(back)
    values = scope.values()
    rows = [(p, values[p.name]) for p in scope.parameters() if values[p.name] != p.default]
    context = {
        "scope": scope,
        "rows": [(_(p.label), amount(p, value), amount(p, p.default)) for p, value in rows],
        "hidden": _hidden(scope, values, advanced=_is_advanced(data)),
        "back": back,
    }
    return render(request, "parameters/set_to_default.html", context)


def _form(scope: Scope, data: QueryDict | None, *, advanced: bool) -> ParameterForm:
    return ParameterForm(
        data, parameters=scope.parameters(advanced=advanced), current=scope.values()
    )


def _context(
    door: Door,
    chooser: ServiceChooser | ClusterChooser,
    scope: Scope,
    form: ParameterForm,
    *,
    advanced: bool,
    notes: Mapping[str, str] | None = None,
    token: str = "",
) -> dict[str, Any]:
    hidden = _hidden(scope, form.current, advanced=advanced)
    if token:
        hidden["token"] = token
    return {
        "chooser": chooser,
        "scope": scope,
        "form": form,
        "sections": form.sections(notes=notes or {}, factor=scope.factor()),
        "worst": form.worst_cases(),
        "factor": scope.factor(),
        "hidden": hidden,
        "advanced": advanced,
        "has_advanced": any(p.advanced for p in scope.parameters()),
        "page_url": _address(door, scope, advanced=advanced),
        "other_url": _address(door, scope, advanced=not advanced),
        "default_url": _address(door, scope, advanced=advanced, suffix="-default"),
        "validate_url": door.url("-validate"),
        "help_url": f"{reverse('parameters:help')}?{urlencode({'service': scope.service})}",
        "related_query": _related_query(scope),
    }


def _related_query(scope: Scope) -> str:
    """The same cluster and service on the pages for all servers."""
    query: dict[str, str | int] = {"cluster": scope.cluster.pk}
    if catalogue.parameters_of(scope.service):
        query["service"] = scope.service
    return f"?{urlencode(query)}"


def _hidden(scope: Scope, values: Mapping[str, str], *, advanced: bool) -> dict[str, str]:
    """What a form sends along unseen: its place, and the values it shows."""
    return {**_place(scope, advanced=advanced), "token": services.values_token(values)}


def _place(scope: Scope, *, advanced: bool) -> dict[str, str]:
    place = {"cluster": str(scope.cluster.pk)}
    if scope.node is not None:
        place = {"server": str(scope.node.pk), "service": scope.service}
    return {**place, "view": "advanced"} if advanced else place


def _address(door: Door, scope: Scope, *, advanced: bool, suffix: str = "") -> str:
    query = QueryDict(mutable=True)
    query.update(_place(scope, advanced=advanced))
    return f"{door.url(suffix)}?{query.urlencode()}"


def _is_advanced(data: Mapping[str, str]) -> bool:
    return data.get("view") == "advanced"


def _moved(scope: Scope, token: str) -> list[str]:
    """What was changed since the page was shown, as sentences."""
    changes = services.changes_since(
        token, cluster_id=scope.cluster.pk, service=scope.service, node_id=scope.node_id
    )
    return [_change_text(change) for change in changes or []]


def _change_text(change: Change) -> str:
    return _("%(label)s was changed meanwhile from %(before)s to %(after)s.") % {
        "label": _(change.parameter.label),
        "before": amount(change.parameter, change.before),
        "after": amount(change.parameter, change.after),
    }


def _tell(request: HttpRequest, changes: list[Change]) -> None:
    if changes:
        messages.success(request, _("Update successful"))
    else:
        messages.info(request, _("Nothing was changed: these values were in force already."))
