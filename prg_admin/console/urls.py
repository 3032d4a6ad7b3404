from django.urls import path

from prg_admin.console import frame_views, task_flow_views, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("go/", frame_views.go, name="go"),
    path("about/", frame_views.about, name="about"),
    path("task-flow/", task_flow_views.task_flow, name="task-flow"),
    path("task-flow/measure/", task_flow_views.task_flow_measure, name="task-flow-measure"),
]
