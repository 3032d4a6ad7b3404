"""System > Presence Redundancy Groups."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from prg_admin.groups import list_views, maintenance_views, views


class MemberAction:
    """What can be asked of one node."""

    regex = "failover|fallback"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MemberAction, "member_action")

BASE = "system/presence-redundancy-groups/"

app_name = "groups"
urlpatterns: list[URLPattern] = [
    # The list
    path(BASE, list_views.group_list, name="group-list"),
    path(f"{BASE}delete-selected/", list_views.group_delete_selected, name="group-delete-selected"),
    # One group
    path(f"{BASE}add/", views.group_add, name="group-add"),
    path(f"{BASE}validate/", views.group_validate, name="group-validate"),
    path(f"{BASE}preflight/", views.group_preflight, name="group-preflight"),
    path(f"{BASE}<int:pk>/", views.group, name="group"),
    path(f"{BASE}<int:pk>/validate/", views.group_validate, name="group-validate"),
    path(f"{BASE}<int:pk>/preflight/", views.group_preflight, name="group-preflight"),
    path(f"{BASE}<int:pk>/delete/", list_views.group_delete, name="group-delete"),
    path(f"{BASE}<int:pk>/maintenance/", maintenance_views.maintenance, name="maintenance"),
    # Confirmations of what the engine is asked for
    path(f"{BASE}<int:pk>/recover/", views.group_recover, name="group-recover"),
    path(
        f"{BASE}<int:pk>/<member_action:action>/<int:node_pk>/",
        views.group_action,
        name="group-action",
    ),
]
