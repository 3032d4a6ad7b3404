from django.urls import path

from prg_admin.recovery import views

app_name = "recovery"
urlpatterns = [
    # actions of administrators
    path("recovery/nodes/<int:node_id>/failover/", views.failover, name="failover"),
    path("recovery/nodes/<int:node_id>/fallback/", views.fallback, name="fallback"),
    path("recovery/groups/<int:group_id>/recover/", views.recover, name="recover"),
    # what happened
    path("recovery/groups/<int:group_id>/events/", views.group_events, name="group-events"),
    # agents
    path("srm/v1/call-in", views.agent_call_in, name="call-in"),
]
