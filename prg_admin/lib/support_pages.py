"""What the support pages have in common: tables are looked at, changes go through the services."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """Rows are shown to who may view them and are changed by nobody here.

    Actions that call a service name the permission ``operate``: it is that of changing the model.
    """

    list_per_page = 50
    show_full_result_count = False
    """Counting all events to say "of how many" would take longer than finding the page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        meta = self.opts
        return bool(request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}"))


def pretty(document: Any) -> SafeString:
    """A JSON document to be read by a person."""
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html("<pre>{}</pre>", text)
