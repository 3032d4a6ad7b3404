"""Hostile input in every field of every form and address: a sentence or shown as text, never 500.

Pages and forms are found by walking the addresses of the installation and reading the answers, so
new ones are tried by themselves.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.http import HttpResponseBase
from django.test import Client

from prg_admin.accounts.checks import Place, methods_of
from prg_admin.accounts.models import Role
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.topology.agents import AgentClient
from prg_admin.topology.models import Node
from tests.accounts.test_matrix import PLACES, READABLE, address_of, each, world
from tests.factories import create_user
from tests.hostile.inputs import BODIES, MARK, PARAMETERS, TEXTS, WORST
from tests.hostile.pages import Fields, Form, Page, encoded

__all__ = ["world"]

pytestmark = pytest.mark.django_db

ENCODED = "application/x-www-form-urlencoded"
POSTED = [place for place in PLACES if "POST" in (methods_of(place.view) or ())]
ENDS_SESSION = ("/logout/",)
"""Forms that are on every page and tried once, on their own."""
EVERYWHERE = ("/language/", "/go/", *ENDS_SESSION)


class Attacker:
    """Somebody signed in with every right, and a list of what went wrong."""

    def __init__(self, client: Client) -> None:
        client.raise_request_exception = False
        self._client = client
        self.failures: list[str] = []

    def read(self, address: str) -> str:
        answer = self._client.get(address)
        return "" if answer.streaming else answer.content.decode()

    def get(self, address: str, fields: Fields, what: str) -> None:
        path, query = urlsplit(address).path, encoded(fields)
        answer = self._client.generic("GET", path, QUERY_STRING=query)
        self._judge(answer, f"GET {path} with {what}")

    def post(self, address: str, fields: Fields, what: str) -> None:
        answer = self._client.generic("POST", address, encoded(fields), content_type=ENCODED)
        self._judge(answer, f"POST {address} with {what}")

    def send(self, address: str, body: bytes, content_type: str, what: str) -> None:
        answer = self._client.generic("POST", address, body, content_type=content_type)
        self._judge(answer, f"POST {address} with {what} as {content_type}")

    def found_nothing(self) -> None:
        assert self.failures == []
        assert PresenceRedundancyGroup.objects.exists()

    def _judge(self, answer: HttpResponseBase, what: str) -> None:
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.failures.append(f"{what}: {answer.status_code} {error[1]!r}" if error else what)
        elif not answer.streaming:
            shown = answer.content.decode()
            if f"<script>{MARK}" in shown or f"<img src=x onerror={MARK}" in shown:
                self.failures.append(f"{what}: came back as it was sent")
        for name, value in answer.items():
            if "\n" in value or "X-Injected" in name:
                self.failures.append(f"{what}: header {name}")


@pytest.fixture
def attacker(client: Client, world: dict[str, Any], monkeypatch, settings) -> Attacker:
    # Hundreds of passwords are checked here, and none has to be safe.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client.force_login(create_user(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    # Agents refuse at once: nobody listens at these ports.
    for port, node in enumerate(Node.objects.order_by("pk"), start=1):
        Node.objects.filter(pk=node.pk).update(address="127.0.0.1", port=port)
    monkeypatch.setattr(AgentClient, "_context", lambda self: ssl.create_default_context())
    return Attacker(client)


def attempts(form: Form) -> Iterator[tuple[str, Fields]]:
    """Every text in all fields at once, then the worst in each field alone."""
    for what, text in TEXTS.items():
        yield f"{what} everywhere", [(name, text) for name in form.names]
    for name in form.names:
        others = [(other, value) for other, value in form.fields if other != name]
        yield f"the worst in {name}", [*others, (name, WORST)]
        yield f"a word in {name}", [*others, (name, MARK)]


def forms_of(attacker: Attacker, address: str) -> Iterator[Form]:
    seen = set()
    for form in Page(attacker.read(address)).forms:
        form.action = urljoin(address, form.action)
        is_everywhere = urlsplit(form.action).path.endswith(EVERYWHERE)
        kind = (form.action, *form.names)  # of a row's button, which every row has
        if kind not in seen and (address in EVERYWHERE or not is_everywhere):
            seen.add(kind)
            yield form


@each(READABLE)
def test_every_form(attacker: Attacker, world: dict[str, Any], place: Place):
    address = address_of(place, world)
    for form in forms_of(attacker, address):
        for what, fields in attempts(form):
            (attacker.post if form.posts else attacker.get)(form.action, fields, what)
    attacker.found_nothing()


@each(READABLE)
def test_every_parameter_of_an_address(attacker: Attacker, world: dict[str, Any], place: Place):
    address = address_of(place, world)
    own = sorted(Page(attacker.read(address)).parameters)
    everywhere = [*own, *PARAMETERS]
    for what, text in TEXTS.items():
        attacker.get(address, [(name, text) for name in everywhere], f"{what} everywhere")
    for name in own:
        attacker.get(address, [(name, WORST)], f"the worst in {name}")
        attacker.get(address, [(name, MARK)], f"a word in {name}")
    attacker.found_nothing()


@each(POSTED)
def test_every_address_that_takes_forms(attacker: Attacker, world: dict[str, Any], place: Place):
    """Also those that no form leads to: what a field is checked with as one types, and doors."""
    address = address_of(place, world)
    names = sorted({name for form in forms_of(attacker, "/") for name in form.names} | FIELDS)
    for what, text in TEXTS.items():
        if place.address in ENDS_SESSION:
            continue
        attacker.post(f"{address}?field=name", [(name, text) for name in names], what)
    for what, body in BODIES.items():
        attacker.send(address, body, "application/json", what)
        attacker.send(address, body, "multipart/form-data; boundary=x", what)
    attacker.found_nothing()


FIELDS = {
    "name", "description", "server1", "server2", "ha_enabled", "revision", "confirmed", "address",
    "port", "cluster", "publisher", "group", "node", "service", "action", "server", "token",
    "next", "language", "username", "password", "comment", "reason", "view", "field",
}  # fmt: skip


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "9" * 400])
@each([place for place in READABLE if "<int:" in place.address])
def test_numbers_of_nothing_in_addresses(
    attacker: Attacker, world: dict[str, Any], place: Place, key: str
):
    kinds = {str(value) for value in {**world[""], **world.get(place.namespace, {})}.values()}
    parts = [key if part in kinds else part for part in address_of(place, world).split("/")]
    attacker.get("/".join(parts), [], f"key {key[:20]}")
    attacker.found_nothing()
