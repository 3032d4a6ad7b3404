"""User Management > Assign Presence Users, System > LDAP Directory."""

from __future__ import annotations

from django.urls import URLPattern, path

from prg_admin.users import directory_views, import_views, views

BASE = "user-management/assign-presence-users/"
DIRECTORY = "system/ldap-directory/"
OF_CLUSTER = f"{DIRECTORY}<int:cluster_pk>/"

app_name = "users"
urlpatterns: list[URLPattern] = [
    path(BASE, views.assign_list, name="assign"),
    path(f"{BASE}assign/", views.assign_users, name="assign-users"),
    path(f"{BASE}rebalance/", views.rebalance, name="rebalance"),
    path(f"{BASE}import/", import_views.import_file, name="import"),
    path(f"{BASE}import/<int:import_pk>/", import_views.import_preview, name="import-preview"),
    path(f"{BASE}users/<int:pk>/", views.user, name="user"),
    path(DIRECTORY, directory_views.directory_list, name="directory-list"),
    path(OF_CLUSTER, directory_views.directory, name="directory"),
    path(f"{OF_CLUSTER}validate/", directory_views.directory_validate, name="directory-validate"),
    path(f"{OF_CLUSTER}test/", directory_views.directory_test, name="directory-test"),
    path(
        f"{OF_CLUSTER}synchronise/",
        directory_views.directory_synchronise,
        name="directory-synchronise",
    ),
    path(
        f"{OF_CLUSTER}remove-anyway/",
        directory_views.directory_remove_anyway,
        name="directory-remove-anyway",
    ),
    path(f"{OF_CLUSTER}delete/", directory_views.directory_delete, name="directory-delete"),
]
