"""Signing in, signing out, the language."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
PASSWORD = "Wonderland-1"


@pytest.fixture
def alice():
    return get_user_model().objects.create_user("alice", password=PASSWORD)


def sign_in(client: Client, **fields: str):
    return client.post(
        reverse("accounts:login"), {"username": "alice", "password": PASSWORD} | fields
    )


def test_signing_in_leads_home(client, alice):
    response = sign_in(client)
    assert response.url == reverse("console:home")
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_wrong_password_is_said_in_a_sentence(client, alice):
    response = sign_in(client, password="Looking-Glass-1")
    assert response.status_code == 422
    assert "User name or password is wrong." in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_password_is_never_sent_back(client, alice):
    assert "Looking-Glass-1" not in sign_in(client, password="Looking-Glass-1").content.decode()


def test_an_account_that_is_off_cannot_sign_in(client, alice):
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert sign_in(client).status_code == 422
    assert "_auth_user_id" not in client.session


def test_signing_in_leads_back_to_the_page_one_came_from(client, alice):
    page = reverse("topology:node-list") + "?page=2"
    to_login = client.get(page)
    assert client.get(to_login.url).context["next"] == page
    assert sign_in(client, next=page).url == page


@pytest.mark.parametrize(
    "address",
    ["https://example.org/", "//example.org/", "javascript:alert(1)", "https:///example.org", ""],
)
def test_an_address_of_another_site_is_not_followed(client, alice, address):
    assert sign_in(client, next=address).url == reverse("console:home")


def test_whoever_is_signed_in_does_not_see_the_form_again(client, alice):
    client.force_login(alice)
    assert client.get(reverse("accounts:login")).url == reverse("console:home")


def test_logging_out_ends_the_session(client, alice):
    client.force_login(alice)
    assert client.post(reverse("accounts:logout")).url == reverse("accounts:login")
    assert "_auth_user_id" not in client.session


def test_logging_out_needs_a_post(client, alice):
    client.force_login(alice)
    assert client.get(reverse("accounts:logout")).status_code == 405
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("name", ["accounts:login", "accounts:logout", "accounts:language"])
def test_forms_of_other_sites_are_refused(alice, name):
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(alice)
    assert stranger.post(reverse(name), {"language": "ja"}).status_code == 403


def test_the_language_can_be_chosen(client):
    address = {"language": "ja", "next": reverse("accounts:login")}
    response = client.post(reverse("accounts:language"), address, follow=True)
    assert '<html lang="ja">' in response.content.decode()
