from __future__ import annotations

from django.urls import URLPattern, path

from prg_admin.certificates import views

app_name = "certificates"
urlpatterns: list[URLPattern] = [
    path("certificates/events/<int:event_id>/", views.of_event, name="of-event"),
    path("certificates/groups/<int:group_id>/", views.of_group, name="of-group"),
    path("certificates/events/<int:event_id>/<slug:kind>/", views.download, name="download"),
]
