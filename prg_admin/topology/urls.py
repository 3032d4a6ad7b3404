"""System > Server."""

from __future__ import annotations

from django.urls import URLPattern, path

from prg_admin.topology import list_views, views

BASE = "system/servers/"

app_name = "topology"
urlpatterns: list[URLPattern] = [
    path(BASE, list_views.node_list, name="node-list"),
    path(f"{BASE}delete-selected/", list_views.node_delete_selected, name="node-delete-selected"),
    path(f"{BASE}add/", views.node_add, name="node-add"),
    path(f"{BASE}validate/", views.node_validate, name="node-validate"),
    path(f"{BASE}<int:pk>/", views.node, name="node"),
    path(f"{BASE}<int:pk>/validate/", views.node_validate, name="node-validate"),
    path(f"{BASE}<int:pk>/delete/", views.node_delete, name="node-delete"),
    path(f"{BASE}<int:pk>/services/", views.service_control, name="service-control"),
]
