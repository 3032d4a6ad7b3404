"""One row of a form, put together without a template."""

from __future__ import annotations

import pytest
from django import forms

from prg_admin.lib.templatetags.fields import field_row


class Sample(forms.Form):
    name = forms.CharField(label="A<B", help_text="x & y", required=False)
    ticked = forms.BooleanField(label="C", required=True)


def test_what_a_row_says():
    row = field_row(Sample(initial={"name": '"><script>'})["name"], "/validate/7/")
    assert '<label class="field__label" for="id_name">A&lt;B</label>' in row
    assert 'value="&quot;&gt;&lt;script&gt;"' in row
    assert 'hx-post="/validate/7/?field=name"' in row
    assert 'data-validates="id_name"' in row
    assert '<p class="field__help" id="id_name_helptext">x &amp; y</p>' in row
    assert '<div class="field__errors" id="id_name_error" aria-live="polite"></div>' in row


def test_a_box_that_must_be_ticked():
    row = field_row(Sample({})["ticked"])
    assert row.startswith('<div class="field field--check">')
    assert 'class="required"' in row
    assert "hx-post" not in row
    assert 'class="field__error"' in row


@pytest.mark.parametrize("name", ['a"b', "a&b", "a b"])
def test_names_and_addresses_break_nothing(name: str):
    form = forms.Form()
    form.fields[name] = forms.CharField(required=False)
    row = field_row(form[name], '/"&<')
    assert 'hx-post="/&quot;&amp;&lt;?field=a' in row
    assert 'a"b' not in row
