"""The group form. All rules are those of ``domain.group_rules``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from prg_admin.domain.group_rules import GroupDraft
from prg_admin.domain.preflight import Preflight
from prg_admin.domain.problems import Problem
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.selectors import Choice, copy_name, group_preflight, node_choices
from prg_admin.groups.services import group_draft, group_problems
from prg_admin.lib.sentences import FIELDS, problem_text

NOT_SELECTED = _("Not-Selected")


class ServerField(forms.ChoiceField):
    """A node by name. Any name passes: the validator says what is wrong with it."""

    default_validators = [ProhibitNullCharactersValidator()]

    def valid_value(self, _value: str) -> bool:
        return True


class GroupForm(forms.Form):
    name = forms.CharField(label=FIELDS["name"], required=False)
    description = forms.CharField(label=FIELDS["description"], required=False)
    server1 = ServerField(label=FIELDS["server1"], required=False)
    server2 = ServerField(label=FIELDS["server2"], required=False)
    ha_enabled = forms.BooleanField(label=FIELDS["ha_enabled"], required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    confirmed = forms.CharField(label=FIELDS["confirmed"], required=False)
    """The token of the outlook that was read; a check box whose value is that token."""

    use_required_attribute = False

    def __init__(
        self,
        data: Any = None,
        *,
        now: datetime,
        group: PresenceRedundancyGroup | None = None,
        copied: PresenceRedundancyGroup | None = None,
        is_judged: bool = True,
        **kwargs: Any,
    ) -> None:
        """``copied`` fills the form of a new group; nodes cannot be copied, they are in a group.

        ``is_judged`` is False where a service is about to judge the same, behind its locks.
        """
        self.group = group
        self.now = now
        self.is_judged = is_judged
        super().__init__(data, **kwargs)
        if data is None:
            self.initial = _copied(copied) if copied else _initial(group)
        for name in ("server1", "server2"):
            field = self.fields[name]
            if isinstance(field, ServerField):
                field.choices = self._choices
        for name in ("name", "description"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @cached_property
    def _nodes(self) -> list[tuple[str, Any]]:
        # The database refuses to look for a null character; the field has its sentence.
        typed = [str(self[f].value() or "").replace("\x00", "") for f in ("server1", "server2")]
        return [("", NOT_SELECTED), *_options(node_choices(self.group, typed))]

    def _choices(self) -> list[tuple[str, Any]]:
        """Read when a field is shown: most answers show none."""
        return self._nodes

    def clean(self) -> dict[str, Any]:
        if self.is_judged:
            self.judge()
        return self.cleaned_data

    def judge(self) -> None:
        self.add_problems(group_problems(self.draft, self.group, now=self.now))

    @property
    def draft(self) -> GroupDraft:
        data = self.cleaned_data
        return GroupDraft(
            name=data.get("name", ""),
            description=data.get("description", ""),
            server1=data.get("server1") or None,
            server2=data.get("server2") or None,
            ha_enabled=data.get("ha_enabled", False),
            confirmed=data.get("confirmed", ""),
        )

    @property
    def outlook(self) -> Preflight | None:
        """What ticking High Availability would do, with what is typed now; None: not ticked."""
        if not self.is_bound:
            return None
        self.is_valid()
        enables = self.draft.ha_enabled and not (self.group and self.group.ha_enabled)
        return group_preflight(self.draft, self.group, now=self.now) if enables else None

    @property
    def seen_revision(self) -> int:
        """Of the state the form was made from."""
        return self.cleaned_data.get("revision") or 0

    def add_problems(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            text = problem_text(problem)
            if text not in self.errors.get(problem.field, ()):
                self.add_error(problem.field or None, text)

    def go_on_from(self, revision: int) -> None:
        """What was typed stays; the next Save is meant for the state that is stored now."""
        self.data = {**dict(self.data.items()), "revision": str(revision)}


def _initial(group: PresenceRedundancyGroup | None) -> dict[str, Any]:
    if group is None:
        return {}
    draft = group_draft(group)
    return {
        "name": draft.name,
        "description": draft.description,
        "server1": draft.server1 or "",
        "server2": draft.server2 or "",
        "ha_enabled": draft.ha_enabled,
        "revision": group.revision,
    }


def _copied(group: PresenceRedundancyGroup) -> dict[str, Any]:
    return {"name": copy_name(group.name), "description": group.description}


def _options(choices: Iterable[Choice]) -> Iterator[tuple[str, str]]:
    for choice in choices:
        words = ", ".join(w for w in (choice.cluster, choice.version) if w)
        yield choice.name, f"{choice.name} ({words})"
