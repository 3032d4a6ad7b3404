from django.urls import path

from prg_admin.accounts import session_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.language, name="language"),
    path("account/password/", views.password, name="password"),
    path("account/session/", session_views.session, name="session"),
    path("account/session/stay/", session_views.stay, name="session-stay"),
]
