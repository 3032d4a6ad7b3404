"""Who may call a view, and the check that finds views which do not say so."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, reverse
from django.views.decorators.http import require_POST

from prg_admin.accounts.access import anonymous_allowed, signed_in, signed_in_or_refused
from prg_admin.accounts.checks import unguarded, views_are_guarded

HTMX = {"HX-Request": "true"}


@signed_in
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@signed_in
async def async_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@signed_in_or_refused
async def door(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@require_POST
@anonymous_allowed
def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


more = [path("deep/", forgotten)]
urlpatterns = [
    path("page/", page),
    path("async-page/", async_page),
    path("door/", door),
    path("public/", public),
    path("more/", include(more)),
    path("", include("prg_admin.urls")),
]
own_urls = pytest.mark.urls("tests.accounts.test_access")


@pytest.fixture
def alice(db):
    return get_user_model().objects.create_user("alice")


@own_urls
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/page/", "/async-page/"])
def test_a_stranger_is_led_to_the_sign_in_page(client, address):
    assert client.get(address + "?a=1").url == f"/login/?next={address}%3Fa%3D1"


@own_urls
@pytest.mark.parametrize("address", ["/page/", "/async-page/", "/door/"])
def test_whoever_is_signed_in_passes(client, alice, address):
    client.force_login(alice)
    assert client.get(address).content == b"in"


@own_urls
@pytest.mark.django_db
def test_a_fragment_does_not_become_the_sign_in_page(client):
    headers = HTMX | {"HX-Current-URL": "http://testserver/page/?a=1"}
    response = client.get("/page/", headers=headers)
    assert response.headers["HX-Redirect"] == "/login/?next=/page/%3Fa%3D1"
    assert response.content == b""


@own_urls
@pytest.mark.django_db
def test_after_a_refused_post_the_way_leads_home(client):
    assert client.post("/page/").url == "/login/?next=/"


@own_urls
@pytest.mark.django_db
def test_a_door_for_machines_refuses_without_a_redirect(client):
    response = client.get("/door/")
    assert response.status_code == 403
    assert response.content == b"Sign in first.\n"


def test_every_view_says_who_may_call_it():
    assert views_are_guarded() == []


@own_urls
def test_a_forgotten_view_is_found_however_deep():
    (error,) = views_are_guarded()
    assert error.id == "accounts.E001"
    assert "/more/deep/" in error.msg
    assert error.obj.endswith("test_access.forgotten")


@own_urls
def test_a_forgotten_view_stops_every_command():
    with pytest.raises(SystemCheckError, match="says nothing about who may call it"):
        call_command("check")


def test_the_mark_survives_other_decorators():
    assert list(unguarded([path("x/", public)])) == []


@pytest.mark.django_db
def test_no_page_of_ours_opens_to_a_stranger(client):
    names = ("console:home", "topology:node-list", "groups:group-list", "topology:node-add")
    for name in names:
        assert client.get(reverse(name)).url.startswith("/login/?next=/")
