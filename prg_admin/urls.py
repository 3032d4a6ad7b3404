"""Every address of the installation."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("prg_admin.console.urls")),
    path("", include("prg_admin.accounts.urls")),
    path("", include("prg_admin.live.urls")),
    path("", include("prg_admin.audit.urls")),
    path("", include("prg_admin.jobs.urls")),
    path("", include("prg_admin.topology.urls")),
    path("", include("prg_admin.groups.urls")),
    path("", include("prg_admin.parameters.urls")),
    path("", include("prg_admin.users.urls")),
    path("", include("prg_admin.recovery.urls")),
    path("", include("prg_admin.certificates.urls")),
    path("admin/", admin.site.urls),
]
