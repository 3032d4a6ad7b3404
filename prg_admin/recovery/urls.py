from django.urls import path

from prg_admin.recovery import views

app_name = "recovery"
urlpatterns = [
    # actions of administrators
    path("recovery/nodes/<int:node_id>/failover/", views.failover, name="failover"),
    path("recovery/nodes/<int:node_id>/fallback/", views.fallback, name="fallback"),
    path("recovery/nodes/<int:node_id>/powered-off/", views.powered_off, name="powered-off"),
    path("recovery/groups/<int:group_id>/recover/", views.recover, name="recover"),
    path("recovery/groups/<int:group_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    # what happened
    path("recovery/groups/<int:group_id>/events/", views.group_events, name="group-events"),
    path("recovery/events/<int:event_id>/", views.event, name="event"),
    path(
        "recovery/events/<int:event_id>/recording/", views.event_recording, name="event-recording"
    ),
    path("recovery/engine/", views.engine_status, name="engine-status"),
    # agents
    path("srm/v1/call-in", views.agent_call_in, name="call-in"),
]
