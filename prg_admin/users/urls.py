"""User Management > Assign Presence Users."""

from __future__ import annotations

from django.urls import URLPattern, path

from prg_admin.users import import_views, views

BASE = "user-management/assign-presence-users/"

app_name = "users"
urlpatterns: list[URLPattern] = [
    path(BASE, views.assign_list, name="assign"),
    path(f"{BASE}assign/", views.assign_users, name="assign-users"),
    path(f"{BASE}rebalance/", views.rebalance, name="rebalance"),
    path(f"{BASE}import/", import_views.import_file, name="import"),
    path(f"{BASE}import/<int:import_pk>/", import_views.import_preview, name="import-preview"),
    path(f"{BASE}users/<int:pk>/", views.user, name="user"),
]
