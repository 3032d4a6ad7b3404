"""What goes wrong is said in the frame of the pages, without inner details."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.views.defaults import server_error

from tests.factories import create_user

pytestmark = pytest.mark.django_db


def test_an_unknown_address(client):
    client.force_login(create_user("alice"))
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_an_unknown_address_shows_a_stranger_no_menu(client):
    assert "/system/servers/" not in client.get("/no/such/page/").content.decode()


def test_a_form_without_its_token():
    response = Client(enforce_csrf_checks=True).post("/login/")
    assert response.status_code == 403
    assert "Nothing was changed." in response.content.decode()


def test_a_failure_needs_nothing_of_the_frame():
    response = server_error(HttpRequest())
    assert response.status_code == 500
    assert response.content.decode() == render_to_string("500.html")
    assert "Something failed" in response.content.decode()
