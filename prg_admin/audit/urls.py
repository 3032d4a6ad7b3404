from django.urls import URLPattern, path

from prg_admin.audit import views

app_name = "audit"
urlpatterns: list[URLPattern] = [
    path("audit/", views.log, name="log"),
]
