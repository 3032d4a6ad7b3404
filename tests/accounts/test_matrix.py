"""Every address, every role, every method: nobody does more than their role allows.

New addresses are found by themselves. One with a parameter that is unknown here fails
``sample_of`` and asks for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse
from django.utils.timezone import now

from prg_admin.accounts.checks import Place, all_places, methods_of, rule_of
from prg_admin.accounts.models import Role
from prg_admin.domain.states import NodeState
from prg_admin.jobs.services import job_start
from prg_admin.lib.actor import Actor
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node
from prg_admin.users.imports import import_stage
from tests.factories import (
    create_directory,
    create_group,
    create_presence_users,
    create_user,
)

pytestmark = pytest.mark.django_db

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
PLACES = [p for p in all_places(get_resolver().url_patterns) if rule_of(p.view)]
GUARDED = [p for p in PLACES if not rule_of(p.view).is_public]
READABLE = [p for p in PLACES if "GET" in (methods_of(p.view) or ())]


def each(places: list[Place]) -> pytest.MarkDecorator:
    names = [f"{p.namespace}:{p.pattern.name}" for p in places]
    return pytest.mark.parametrize("place", places, ids=names)


@pytest.fixture
def world() -> dict[str, Any]:
    """One of everything, and what stands for it in addresses."""
    group = create_group(states=[NodeState.NORMAL, NodeState.NORMAL])
    node = group.members.first().node
    presence_user, _other = create_presence_users(2, home=node)
    staged = import_stage(
        cluster=node.cluster,
        file_name="users.csv",
        content=b"userid\nzoe\n",
        actor=Actor("alice"),
        now=now(),
    )
    job = job_start(kind="none", parameters={}, total=1, actor=Actor("alice"), now=now())
    event = Event.objects.create(
        at=now(),
        group=group,
        group_name=group.name,
        rule="T01",
        actor="engine",
        epoch=1,
        version=1,
        before=[],
        after=[],
        values={},
    )
    return {
        "groups": {"pk": group.pk, "node_pk": node.pk, "action": "failover"},
        "topology": {"pk": node.pk},
        "jobs": {"pk": job.pk},
        "certificates": {"kind": "csv"},
        "users": {
            "pk": presence_user.pk,
            "import_pk": staged.pk,
            "cluster_pk": create_directory(node.cluster).cluster_id,
        },
        "": {"group_id": group.pk, "node_id": node.pk, "event_id": event.pk},
    }


def address_of(place: Place, world: dict[str, Any]) -> str:
    samples = world[""] | world.get(place.namespace, {})
    wanted = place.pattern.pattern.converters
    missing = set(wanted) - set(samples)
    assert not missing, f"{place.address}: add values for {missing} to the world of this test"
    name = f"{place.namespace}:{place.pattern.name}".lstrip(":")
    return reverse(name, kwargs={key: samples[key] for key in wanted})


def all_rows() -> dict[str, list[Any]]:
    """Every row of every table; sessions live their own life."""
    models = [m for m in apps.get_models(include_auto_created=True) if m is not Session]
    return {m._meta.label: sorted(map(repr, m.objects.values_list())) for m in models}


@pytest.fixture
def sign_in(client: Client) -> Callable[[Role], Client]:
    def sign_in(role: Role) -> Client:
        client.force_login(create_user(role=role))
        return client

    return sign_in


@each(GUARDED)
def test_strangers_are_refused_everywhere(client, world, place):
    address, before = address_of(place, world), all_rows()
    for method in ("GET", "HEAD", *CHANGING):
        answer = client.generic(method, address)
        to_login = answer.status_code == 302 and answer.url.startswith("/login/")
        assert to_login or answer.status_code in (401, 403, 405), (method, answer.status_code)
    assert all_rows() == before


@each(GUARDED)
@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.SERVICEABILITY])
def test_changes_beyond_a_role_are_refused(sign_in, world, place, role):
    rule, browser = rule_of(place.view), sign_in(role)
    address, before = address_of(place, world), all_rows()
    for method in CHANGING:
        if rule.is_own or (rule.change and role.includes(rule.change)):
            continue
        answer = browser.generic(method, address)
        assert answer.status_code in (403, 405), (method, answer.status_code)
    assert all_rows() == before


@each(GUARDED)
@pytest.mark.parametrize("role", list(Role))
def test_only_an_account_of_its_own_is_changed_by_a_reader(place, role):
    """So what the test above leaves out is what the role may do, and nothing else."""
    rule = rule_of(place.view)
    if role is Role.READ_ONLY:
        assert rule.is_own or rule.change is not Role.READ_ONLY


@each(READABLE)
@pytest.mark.parametrize("role", list(Role))
def test_reading_changes_nothing(sign_in, world, place, role):
    browser = sign_in(role)
    address, before = address_of(place, world), all_rows()
    for method in ("GET", "HEAD"):
        answer = browser.generic(method, address)
        assert answer.status_code < 500
        rule = rule_of(place.view)
        refused = not rule.is_public and not role.includes(rule.read)
        assert (answer.status_code == 403) == refused
    assert all_rows() == before


@each([p for p in READABLE if p.pattern.name == "node"])
def test_i17_red_when_a_page_that_is_read_leaves_something(sign_in, world, place, monkeypatch):
    def note_and_render(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        Node.objects.filter(pk=world["topology"]["pk"]).update(description="somebody looked")
        return render(request, *args, **kwargs)

    monkeypatch.setattr("prg_admin.topology.views.render", note_and_render)
    with pytest.raises(AssertionError):
        test_reading_changes_nothing(sign_in, world, place, Role.READ_ONLY)


@each([p for p in PLACES if "POST" in (methods_of(p.view) or ())])
def test_forms_of_other_sites_are_refused(world, place):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(create_user())
    address, before = address_of(place, world), all_rows()
    if getattr(place.view, "csrf_exempt", False):
        # Only doors that ask for a key instead of a session may do without the token.
        assert rule_of(place.view).is_public
        assert strict.post(address).status_code in (400, 401, 403)
    else:
        assert strict.post(address).status_code == 403
    assert all_rows() == before


class Ways(HTMLParser):
    """Links of a page, and its forms that post and have a button one can press."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.actions: dict[str, str] = {}
        self.pressed: set[str] = set()
        self._form = ""
        self._fieldsets: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "form":
            self._form = values.get("id") or f"form {len(self.actions)}"
            if values.get("method", "get").lower() == "post":
                self.actions[self._form] = values.get("action", "")
        elif tag == "fieldset":
            self._fieldsets.append("disabled" in values)
        elif tag == "button" and values.get("type", "submit") == "submit":
            self._note_button(values)

    def _note_button(self, values: dict[str, str]) -> None:
        if "disabled" not in values and not any(self._fieldsets):
            self.pressed.add(values.get("form") or self._form)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag == "fieldset":
            self._fieldsets.pop()


def ways_of(html: str) -> Iterator[tuple[str, str]]:
    ways = Ways(html)
    yield from (("GET", link) for link in ways.links)
    yield from (("POST", ways.actions[form]) for form in ways.pressed & set(ways.actions))


@each([p for p in GUARDED if p in READABLE])
@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.SERVICEABILITY])
def test_a_page_leads_nobody_to_what_would_be_refused(sign_in, world, place, role):
    if not role.includes(rule_of(place.view).read):
        return
    address = address_of(place, world)
    for method, way in ways_of(read(sign_in(role), address)):
        rule = rule_at(urljoin(address, way))
        if rule is not None and not rule.is_public:
            assert role.includes(rule.needed(method)), f"{method} {way}"


def read(browser: Client, address: str) -> str:
    answer = browser.get(address)
    return "" if answer.streaming else answer.content.decode()


def rule_at(address: str) -> Any:
    try:
        return rule_of(resolve(urlsplit(address).path).func)
    except Resolver404:
        return None
