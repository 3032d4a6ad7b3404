"""The node form. All rules are those of ``domain.node_rules``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.domain.node_rules import NodeDraft
from prg_admin.domain.problems import Code, Problem
from prg_admin.domain.relogin import LARGEST, SIZES
from prg_admin.lib.sentences import FIELDS, problem_text
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import cluster_names
from prg_admin.topology.services import node_draft, node_problems

MOST_DIGITS = 9


class NodeForm(forms.Form):
    name = forms.CharField(
        label=FIELDS["name"],
        required=False,
        help_text=gettext_lazy(
            "Host name of the node. It cannot be changed later, because the node's certificate "
            "carries it."
        ),
    )
    description = forms.CharField(label=FIELDS["description"], required=False)
    address = forms.CharField(
        label=FIELDS["address"],
        required=False,
        help_text=gettext_lazy("Where the engine and the peer node reach its agent."),
    )
    port = forms.CharField(label=FIELDS["port"], required=False)
    cluster = forms.CharField(
        label=FIELDS["cluster"],
        required=False,
        help_text=gettext_lazy("Choose a cluster, or type the name of a new one."),
    )
    publisher = forms.CharField(
        label=FIELDS["publisher"],
        required=False,
        help_text=gettext_lazy(
            "The node whose IM and Presence database this node replicates. Left empty: the "
            "publisher of the cluster, or the node itself in a new cluster."
        ),
    )
    size = forms.CharField(
        label=FIELDS["size"],
        required=False,
        initial=str(LARGEST),
        widget=forms.Select(choices=[(size, intcomma(size)) for size in SIZES]),
        help_text=gettext_lazy(
            "Users the node is made for; the recommended re-login limits follow from it."
        ),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    use_required_attribute = False

    def __init__(self, data: Any = None, *, node: Node | None = None, **kwargs: Any) -> None:
        self.node = node
        super().__init__(data, initial=_initial(node), **kwargs)
        self.fields["cluster"].widget.attrs["list"] = "cluster-names"
        self.fields["port"].widget.attrs["inputmode"] = "numeric"
        if node:
            self.fields["name"].widget.attrs["readonly"] = True
        for name in ("name", "description", "address", "port", "cluster", "publisher"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean_port(self) -> int | None:
        """Not an integer field: for ``abc`` a browser sends nothing, and nothing could be said."""
        text = self.cleaned_data["port"]
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            raise forms.ValidationError(
                problem_text(Problem("port", Code.PORT_RANGE, {"port": text}))
            )
        return int(text)

    def clean_size(self) -> int | None:
        """What is stored when a script does not send it; None for what is no number."""
        text = self.cleaned_data["size"] or str(self.node.size if self.node else LARGEST)
        return int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else None

    def clean(self) -> dict[str, Any]:
        problems = node_problems(self.draft, self.node)
        self.add_problems(p for p in problems if p.field not in self.errors)
        return self.cleaned_data

    @property
    def clusters(self) -> list[str]:
        """On offer while a name is typed: one of them, or a new one."""
        return cluster_names()

    @property
    def draft(self) -> NodeDraft:
        data = self.cleaned_data
        return NodeDraft(
            name=data.get("name", ""),
            description=data.get("description", ""),
            address=data.get("address", ""),
            port=data.get("port"),
            cluster=data.get("cluster", ""),
            publisher=data.get("publisher", ""),
            size=data.get("size"),
        )

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


def shown(value: str | int | None) -> str:
    return str(value) if value not in ("", None) else _("empty")


def _initial(node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    draft = node_draft(node)
    return {
        "name": draft.name,
        "description": draft.description,
        "address": draft.address,
        "port": str(draft.port),
        "cluster": draft.cluster,
        "publisher": draft.publisher,
        "size": str(draft.size),
        "revision": node.revision,
    }
