"""Who may call a view, and the check that finds views which do not say so."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts import access
from prg_admin.accounts.checks import methods_of, unguarded, views_are_guarded
from prg_admin.accounts.models import Role, User
from tests.factories import create_user

HTMX = {"HX-Request": "true"}
BOTH = require_http_methods(["GET", "HEAD", "POST"])
READ, OPERATE, ADMINISTER = Role.READ_ONLY, Role.SERVICEABILITY, Role.ADMINISTRATOR


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


async def async_answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


forgotten = async_answer
more = [path("deep/", forgotten)]
urlpatterns = [
    path("page/", require_safe(access.readers(answer))),
    path("async-page/", require_safe(access.readers(async_answer))),
    path("async-form/", BOTH(access.readers_see_administrators_change(async_answer))),
    path("door/", require_safe(access.readers_or_refused(async_answer))),
    path("form/", BOTH(access.readers_see_administrators_change(answer))),
    path("services/", BOTH(access.readers_see_serviceability_acts(answer))),
    path("start/", require_POST(access.serviceability(answer))),
    path("delete/", BOTH(access.administrators(answer))),
    path("password/", BOTH(access.oneself(answer))),
    path("more/", include(more)),
    path("", include("prg_admin.urls")),
]
own_urls = pytest.mark.urls("tests.accounts.test_access")
pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    """Signs somebody with the role in."""

    def sign_in(role: Role) -> None:
        client.force_login(create_user(role=role))

    return sign_in


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (READ, "Your role is Read only: buttons that change something are left out."),
        (OPERATE, "Your role is Serviceability: services can be controlled"),
        (ADMINISTER, None),
    ],
)
def test_who_may_not_change_reads_why_buttons_are_missing(person, client, role, words):
    person(role)
    html = client.get(reverse("groups:group-list")).content.decode()
    assert words in html if words else "Your role is" not in html


@own_urls
@pytest.mark.parametrize("address", ["/page/", "/async-page/"])
def test_a_stranger_is_led_to_the_sign_in_page(client, address):
    assert client.get(address + "?a=1").url == f"/login/?next={address}%3Fa%3D1"


@own_urls
@pytest.mark.parametrize("address", ["/page/", "/async-page/", "/door/", "/form/", "/password/"])
def test_whoever_is_signed_in_reads(client, person, address):
    person(READ)
    assert client.get(address).content == b"in"


@own_urls
@pytest.mark.parametrize(
    ("address", "needed"),
    [
        ("/form/", ADMINISTER),
        ("/async-form/", ADMINISTER),
        ("/delete/", ADMINISTER),
        ("/services/", OPERATE),
        ("/start/", OPERATE),
        ("/password/", READ),
    ],
)
@pytest.mark.parametrize("role", list(Role))
def test_each_change_asks_for_its_role(client, person, address, needed, role):
    person(role)
    assert client.post(address).status_code == (200 if role.includes(needed) else 403)


@own_urls
@pytest.mark.parametrize("role", list(Role))
def test_a_page_that_changes_nothing_takes_no_post(client, role):
    client.force_login(create_user(role=role))
    assert client.post("/page/").status_code == 405


@own_urls
def test_a_refusal_names_the_role_it_takes(client, person):
    person(READ)
    refused = client.post("/form/")
    assert refused.status_code == 403
    assert "needs the role Administrator; yours is Read only." in refused.content.decode()


@own_urls
def test_a_fragment_is_refused_with_a_sentence_for_the_status_box(client, person):
    person(OPERATE)
    refused = client.post("/form/", headers=HTMX)
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (403, "#status")
    assert "needs the role Administrator; yours is Serviceability." in refused.content.decode()
    assert "<html" not in refused.content.decode()


@own_urls
@pytest.mark.parametrize("address", ["/form/", "/async-form/"])
def test_a_machine_is_refused_in_its_own_language(client, person, address):
    person(READ)
    refused = client.post(address, headers={"Accept": "application/json"})
    assert refused.status_code == 403
    assert refused.json()["needed"] == "administrator"


@own_urls
def test_somebody_who_was_switched_off_is_a_stranger(client, person):
    person(ADMINISTER)
    User.objects.update(is_active=False)
    assert client.post("/form/").url.startswith("/login/")


@own_urls
def test_a_fragment_does_not_become_the_sign_in_page(client):
    headers = HTMX | {"HX-Current-URL": "http://testserver/page/?a=1"}
    response = client.get("/page/", headers=headers)
    assert (response.status_code, response.content) == (401, b"")


@own_urls
def test_a_machine_that_is_not_signed_in_is_not_led_to_a_page(client):
    response = client.get("/page/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["error"]) == (401, "signed-out")


@own_urls
def test_after_a_refused_post_without_words_the_way_leads_home(client):
    assert client.post("/form/").url == "/login/?next=/"


@own_urls
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
    assert error.obj.endswith("test_access.async_answer")


@own_urls
def test_a_forgotten_view_stops_every_command():
    with pytest.raises(SystemCheckError, match="says nothing about who may call it"):
        call_command("check")


@pytest.mark.parametrize("mark", [access.readers, access.access(access.Rule(READ, READ))])
@pytest.mark.parametrize("methods", [require_POST, BOTH, require_http_methods(["DELETE"])])
def test_a_change_by_people_who_may_only_read_is_found(mark, methods):
    (error,) = unguarded([path("x/", methods(mark(answer)))])
    assert error.id == "accounts.E003"


def test_a_view_that_takes_any_method_is_found():
    (error,) = unguarded([path("x/", access.administrators(answer))])
    assert error.id == "accounts.E002"


@pytest.mark.parametrize(
    "view",
    [
        require_POST(access.administrators(answer)),
        access.administrators(require_POST(answer)),
        BOTH(access.oneself(answer)),
        require_safe(access.readers(async_answer)),
        require_POST(access.anonymous_allowed(require_POST(answer))),
    ],
)
def test_a_mark_that_fits_is_found_through_other_decorators(view):
    assert methods_of(view)
    assert list(unguarded([path("x/", view)])) == []


def test_new_people_may_only_read():
    assert User.objects.create_user("bob").role == READ


def test_a_superuser_is_an_administrator():
    assert User.objects.create_superuser("carol").role == ADMINISTER
    with pytest.raises(IntegrityError, match="user_superuser_administers"), transaction.atomic():
        User.objects.create_user("dave", is_superuser=True, role=OPERATE)


def test_a_role_that_does_not_exist_is_refused_by_the_database():
    with pytest.raises(IntegrityError, match="user_role_valid"), transaction.atomic():
        User.objects.create_user("erin", role="king")


def test_no_page_of_ours_opens_to_a_stranger(client):
    names = ("console:home", "topology:node-list", "groups:group-list", "topology:node-add")
    for name in names:
        assert client.get(reverse(name)).url.startswith("/login/?next=/")
