"""A person without a browser: signs in, fills in forms and presses buttons, over HTTP."""

from __future__ import annotations

import functools
import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

from prg_admin.domain import catalogue
from prg_admin.domain.states import XCP_ROUTER
from tests.scenarios.installation import PASSWORD, Installation

TIMEOUT = 30.0
GROUPS = "/system/presence-redundancy-groups/"
PARAMETERS = "/system/service-parameters/"
TOKEN = "csrfmiddlewaretoken"


class Person:
    def __init__(self, installation: Installation, *, user: str = "admin") -> None:
        self._installation = installation
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        token = read_form(self.get("/login/"), "login-form")[TOKEN]
        self.post("/login/", {TOKEN: token, "username": user, "password": PASSWORD})

    def cookies(self) -> list[dict[str, str]]:
        """For a browser in which the same person is signed in."""
        url = self._installation.url
        return [{"name": c.name, "value": c.value or "", "url": url} for c in self._jar]

    def get(self, path: str) -> str:
        with self._opener.open(self._installation.url + path, timeout=TIMEOUT) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: Mapping[str, str]) -> str:
        """Sends a form and follows to where the answer leads."""
        data = urllib.parse.urlencode(fields).encode()
        with self._opener.open(self._installation.url + path, data, TIMEOUT) as answer:
            return str(answer.read().decode())

    def start_service(self, node: str, service: str = XCP_ROUTER) -> None:
        """The Start button on the page of the node."""
        path = f"/system/servers/{self._installation.node_id(node)}/"
        token = read_form(self.get(path))[TOKEN]
        self.post(f"{path}services/", {TOKEN: token, "service": service, "action": "start"})

    def ask_for(self, action: str, node: str) -> None:
        """The Failover or Fallback button of a node, confirmed."""
        self.ready_to_ask_for(action, node)()

    def ready_to_ask_for(self, action: str, node: str) -> Callable[[], str]:
        """Looks at the page that has the button; what is returned presses it."""
        path = f"/recovery/nodes/{self._installation.node_id(node)}/{action}/"
        token = read_form(self.get("/"))[TOKEN]
        return functools.partial(self.post, path, {TOKEN: token})

    def ask_for_recovery(self, group: str) -> None:
        installation = self._installation
        token = read_form(self.get("/"))[TOKEN]
        self.post(f"/recovery/groups/{installation.group_id(group)}/recover/", {TOKEN: token})

    def acknowledge(self, group: str, *, comment: str) -> None:
        """That the group fails over again and again; lifts the hold on its automatic fallback."""
        path = f"/recovery/groups/{self._installation.group_id(group)}/acknowledge/"
        self.post(path, {TOKEN: read_form(self.get(path))[TOKEN], "comment": comment})

    def add_group(self, name: str, *servers: str, ha: bool = False) -> None:
        form = read_form(self.get(f"{GROUPS}add/"), "group-form")
        chosen = dict(zip(("server1", "server2"), servers, strict=False))
        saved = self.post(
            f"{GROUPS}add/",
            {**form, "name": name, **chosen, **({"ha_enabled": "on"} if ha else {})},
        )
        assert f'value="{name}"' in saved, saved

    def disable_ha(self, group: str) -> None:
        path = f"{GROUPS}{self._installation.group_id(group)}/"
        form = read_form(self.get(path), "group-form")
        form.pop("ha_enabled", None)
        self.post(path, form)

    def enable_ha(self, group: str) -> str:
        """After reading what would happen; returns what was read."""
        path = f"{GROUPS}{self._installation.group_id(group)}/"
        form = read_form(self.get(path), "group-form") | {"ha_enabled": "on"}
        shown = self.post(f"{path}preflight/", form)
        self.post(path, form | dict(re.findall(r'name="(confirmed)".*value="(\w+)"', shown)))
        return shown

    def delete_group(self, name: str) -> None:
        """Deletes the group, if there is one; with High Availability on that is switched off."""
        sql = "select id from groups_presenceredundancygroup where lower(name) = lower(%s)"
        for row in self._installation.query(sql, name):
            path = f"{GROUPS}{row['id']}/"
            form = read_form(self.get(path), "group-form")
            if form.pop("ha_enabled", None) is not None:
                self.post(path, form)
            self.post(f"{path}delete/", {TOKEN: form[TOKEN], "confirmed": "yes"})
            assert not self._installation.query(sql, name), f"{name} was not deleted"

    def parameters(self, node: str) -> dict[str, str]:
        """The Server Recovery Manager's parameters of the node, all that the page shows."""
        form = self._parameter_form(node)
        return {p.name: form[p.name] for p in catalogue.parameters_of(catalogue.SRM)}

    def set_parameters(self, node: str, changed: Mapping[str, str]) -> None:
        shown = self._parameter_form(node)
        if shown != (wanted := {**shown, **changed}):
            self.post(PARAMETERS, wanted)
            now = self.parameters(node)
            assert now.items() >= changed.items(), now

    def _parameter_form(self, node: str) -> dict[str, str]:
        place = {"server": self._installation.node_id(node), "service": catalogue.SRM}
        query = urllib.parse.urlencode({**place, "view": "advanced"})
        return read_form(self.get(f"{PARAMETERS}?{query}"), "parameters")


def read_form(page: str, form_id: str = "") -> dict[str, str]:
    """Names and values of a form's fields; of all forms of the page where no id is given."""
    reader = _FormReader(form_id)
    reader.feed(page)
    assert reader.fields, f"the page has no form {form_id!r}"
    return reader.fields


class _FormReader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._form_id = form_id
        self._inside = not form_id
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form" and self._form_id:
            self._inside = given.get("id") == self._form_id
        elif not self._inside:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = value
        elif (tag == "input" and given.get("type") != "checkbox") or "checked" in given:
            self.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form_id:
            self._inside = False
