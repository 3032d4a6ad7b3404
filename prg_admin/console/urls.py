from django.urls import path

from prg_admin.console import event_views, frame_views, task_flow_views, troubleshooter_views, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("go/", frame_views.go, name="go"),
    path("events/", event_views.events, name="events"),
    path("events/groups/<int:group_id>/", event_views.group_timeline, name="group-timeline"),
    path("about/", frame_views.about, name="about"),
    path("task-flow/", task_flow_views.task_flow, name="task-flow"),
    path("task-flow/measure/", task_flow_views.task_flow_measure, name="task-flow-measure"),
    path(
        "diagnostics/system-troubleshooter/",
        troubleshooter_views.troubleshooter,
        name="troubleshooter",
    ),
]
