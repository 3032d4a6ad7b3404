"""System > Server, System > Presence Topology, and the tools of Serviceability."""

from __future__ import annotations

from django.urls import URLPattern, path

from prg_admin.topology import (
    activation_views,
    detail_views,
    list_views,
    service_views,
    tree_views,
    views,
)

BASE = "system/servers/"
TOOLS = "serviceability/"

app_name = "topology"
urlpatterns: list[URLPattern] = [
    path(BASE, list_views.node_list, name="node-list"),
    path(f"{BASE}delete-selected/", list_views.node_delete_selected, name="node-delete-selected"),
    path(f"{BASE}add/", views.node_add, name="node-add"),
    path(f"{BASE}validate/", views.node_validate, name="node-validate"),
    path(f"{BASE}<int:pk>/", views.node, name="node"),
    path(f"{BASE}<int:pk>/validate/", views.node_validate, name="node-validate"),
    path(f"{BASE}<int:pk>/delete/", views.node_delete, name="node-delete"),
    path(f"{BASE}<int:pk>/services/", service_views.service_control, name="service-control"),
    path(f"{BASE}<int:pk>/details/", detail_views.node_details, name="node-details"),
    path("system/presence-topology/", tree_views.presence_topology, name="presence-topology"),
    path(
        f"{TOOLS}control-center/network-services/",
        service_views.network_services,
        name="network-services",
    ),
    path(
        f"{TOOLS}control-center/feature-services/",
        service_views.feature_services,
        name="feature-services",
    ),
    path(
        f"{TOOLS}service-activation/",
        activation_views.service_activation,
        name="service-activation",
    ),
]
