"""What is not worked out again on each page comes out as Django would have it."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import engines
from django.urls import NoReverseMatch, clear_script_prefix, reverse, set_script_prefix
from django.utils import translation

from prg_admin.lib import labels
from prg_admin.lib.addresses import STAND_IN, page_address
from prg_admin.lib.templatetags.labels import state_badge
from prg_admin.lib.widgets import DRAWN, Renderer


def shown(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


def test_words_follow_the_language_each_time_they_are_shown():
    template = engines["django"].from_string(
        '{% load i18n %}{% translate "Save" %}|{% translate "Save" as word %}{{ word }}'
        '|{% frozen %}{% translate "Delete" %}{% endfrozen %}'
    )
    for _ in range(2):
        with translation.override("en"):
            assert template.render() == "Save|Save|Delete"
        with translation.override("ja"):
            assert template.render() == "保存|保存|削除"


def test_a_word_that_varies_is_not_kept():
    template = engines["django"].from_string("{% load i18n %}{% translate word %}")
    with translation.override("ja"):
        assert [template.render({"word": word}) for word in ("Save", "Delete")] == ["保存", "削除"]


def test_addresses_with_and_without_arguments():
    assert shown("{% url 'groups:group-list' %}") == "/system/presence-redundancy-groups/"
    template = engines["django"].from_string("{% url 'groups:group' pk %}")
    found = [template.render({"pk": pk}) for pk in (7, 8, 7)]
    assert [re.sub(r"\D", "", address) for address in found] == ["7", "8", "7"]
    named = "{% url 'groups:group' pk=9 as address %}{{ address }}"
    assert shown(named) == "/system/presence-redundancy-groups/9/"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("groups:group-list", ()),
        ("groups:group", (7,)),
        ("groups:group", (True,)),
        ("groups:group", ("12",)),
        ("groups:group-action", (7, "failover", 12)),
        ("groups:group-action", (STAND_IN + 2, "failover", STAND_IN)),
        ("certificates:download", (STAND_IN, "sessions-100")),
        ("certificates:download", (5, f"of-{STAND_IN}")),
    ],
)
def test_an_address_is_the_one_that_django_finds(name: str, args: tuple[object, ...]):
    for _ in range(2):
        if args == (True,):
            with pytest.raises(NoReverseMatch):
                page_address(name, *args)
        else:
            assert page_address(name, *args) == reverse(name, args=args)


def test_an_address_follows_the_prefix_and_refuses_what_django_refuses():
    assert page_address("groups:group", 7).startswith("/system/")
    set_script_prefix("/inner 100%/")
    try:
        assert page_address("groups:group", 7) == reverse("groups:group", args=[7])
    finally:
        clear_script_prefix()
    for name, args in (("groups:group", (-7,)), ("groups:group", ()), ("groups:none", (7,))):
        with pytest.raises(NoReverseMatch):
            page_address(name, *args)


def test_a_badge_follows_the_language():
    for _ in range(2):
        for language, words in (("en", "Failed Over"), ("ja", str(label_in("ja")))):
            with translation.override(language):
                assert words in state_badge("failed-over")


def label_in(language: str) -> str:
    with translation.override(language):
        return str(labels.state_label("failed-over").text)


def test_a_file_is_named_as_before():
    source = "{% load static %}{% static 'css/base.css' %}|{% static name %}"
    assert shown(source, name="a b.css") == "/static/css/base.css|/static/a%20b.css"


class Sample(forms.Form):
    text = forms.CharField(max_length=5, help_text="<b>", initial='a"<&')
    number = forms.IntegerField(min_value=1, initial=10000)
    hidden = forms.CharField(widget=forms.HiddenInput, initial="x")
    nothing = forms.CharField(required=False)
    check = forms.BooleanField(required=False, initial=True)
    unchecked = forms.BooleanField(required=False)
    choice = forms.ChoiceField(
        choices=[("", "none"), ("<a>", "<i>"), ("Group", [("1", "one"), ("2", "two")])], initial="2"
    )
    secret = forms.CharField(widget=forms.PasswordInput)
    lines = forms.CharField(widget=forms.Textarea)


@pytest.mark.parametrize("name", Sample.base_fields)
@pytest.mark.parametrize("data", [None, {"text": '">', "choice": "<a>", "number": "many"}])
def test_a_control_is_drawn_as_django_draws_it(name: str, data: dict[str, str] | None):
    drawn, by_django = (
        re.sub(r"\s*\n\s*", "", str(Sample(data, renderer=renderer)[name]))
        for renderer in (Renderer(), DjangoTemplates())
    )
    assert drawn == by_django


def test_the_controls_of_the_pages_are_among_those_drawn():
    assert {path.rpartition("/")[2] for path in DRAWN} >= {"text.html", "select.html"}
