"""The form of a cluster's directory. All rules are those of ``domain.directory``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from prg_admin.domain.directory import RANGES, DirectoryDraft, Problem
from prg_admin.users.directories import directory_draft, directory_problems
from prg_admin.users.directory_sentences import FIELDS, problem_text
from prg_admin.users.models import Directory

MOST_DIGITS = 9


def _text(name: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=FIELDS[name], required=False, help_text=help_text)


class DirectoryForm(forms.Form):
    server = _text(
        "server", gettext_lazy("As in ldaps://ldap.example.com. ldap:// is not encrypted.")
    )
    bind_dn = _text(
        "bind_dn", gettext_lazy("Account that reads; empty: the directory is read anonymously.")
    )
    password = forms.CharField(
        label=FIELDS["password"],
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Never shown again. Left empty, the stored one stays."),
    )
    base = _text(
        "base", gettext_lazy("Entries below it are looked at, as in ou=people,dc=example,dc=com.")
    )
    filter = _text("filter", gettext_lazy("Which of the entries are users."))
    userid_attribute = _text("userid_attribute")
    name_attribute = _text("name_attribute", gettext_lazy("Empty: users have no name."))
    licence_attribute = _text(
        "licence_attribute",
        gettext_lazy("Its value is yes or no; missing means yes. Empty: everybody is licensed."),
    )
    page_size = _text("page_size", gettext_lazy("Entries the server is asked for at a time."))
    minutes = _text("minutes")
    most_removed = _text(
        "most_removed",
        gettext_lazy("When more of its users than that are gone, nobody is removed unasked."),
    )
    is_enabled = forms.BooleanField(label=FIELDS["is_enabled"], required=False)
    revision = forms.CharField(widget=forms.HiddenInput, required=False)

    use_required_attribute = False

    def __init__(self, data: Any = None, *, directory: Directory | None = None) -> None:
        self.directory = directory
        draft = directory_draft(directory)
        initial = dataclasses.asdict(draft) | {"revision": directory.revision if directory else 0}
        super().__init__(data, initial=initial)
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("autocomplete", "off")
            if name in RANGES:
                field.widget.attrs["inputmode"] = "numeric"

    def clean(self) -> dict[str, Any]:
        problems = directory_problems(self.draft, self.directory)
        self.add_problems(p for p in problems if p.field not in self.errors)
        return self.cleaned_data

    @property
    def draft(self) -> DirectoryDraft:
        """What a script leaves out is as a new directory has it."""
        data = self.cleaned_data
        texts = {name: data.get(name, "") for name in self.fields if name not in RANGES}
        texts.pop("revision")
        numbers = {name: _whole(data.get(name, "")) for name in RANGES}
        return DirectoryDraft(**{**texts, **numbers, "is_enabled": bool(data.get("is_enabled"))})

    @property
    def seen_revision(self) -> int:
        """Of the state the form was made from; 0: there was none."""
        return _whole(self.cleaned_data.get("revision", "")) or 0

    def add_problems(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            text = problem_text(problem)
            if text not in self.errors.get(problem.field, ()):
                self.add_error(problem.field, text)

    def go_on_from(self, revision: int) -> None:
        """What was typed stays; the next Save is meant for the state that is stored now."""
        self.data = {**dict(self.data.items()), "revision": str(revision)}


def _whole(text: str) -> int | None:
    """Not an integer field: for ``abc`` a browser sends nothing, and nothing could be said."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
