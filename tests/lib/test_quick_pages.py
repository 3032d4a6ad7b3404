"""What is not worked out again on each page comes out as Django would have it."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import engines
from django.utils import translation

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
