from django.urls import path

from prg_admin.live import views

app_name = "live"
urlpatterns = [path("live/", views.stream, name="stream")]
