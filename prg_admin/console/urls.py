from django.urls import path

from prg_admin.console import views

app_name = "console"
urlpatterns = [path("", views.home, name="home")]
