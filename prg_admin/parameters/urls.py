from django.urls import URLPattern, path

from prg_admin.parameters import comparison_views, views

app_name = "parameters"
SERVICE = "system/service-parameters/"
ENTERPRISE = "system/enterprise-parameters/"

urlpatterns: list[URLPattern] = [
    path(SERVICE, views.service_parameters, name="service-parameters"),
    path(
        f"{SERVICE}validate/",
        views.service_parameters_validate,
        name="service-parameters-validate",
    ),
    path(
        f"{SERVICE}default/",
        views.service_parameters_default,
        name="service-parameters-default",
    ),
    path(f"{SERVICE}all-servers/", comparison_views.all_servers, name="all-servers"),
    path(f"{SERVICE}out-of-sync/", comparison_views.out_of_sync, name="out-of-sync"),
    path(f"{SERVICE}modified/", comparison_views.modified, name="modified"),
    path(f"{SERVICE}help/", comparison_views.parameter_help, name="help"),
    path(ENTERPRISE, views.enterprise_parameters, name="enterprise-parameters"),
    path(
        f"{ENTERPRISE}validate/",
        views.enterprise_parameters_validate,
        name="enterprise-parameters-validate",
    ),
    path(
        f"{ENTERPRISE}default/",
        views.enterprise_parameters_default,
        name="enterprise-parameters-default",
    ),
]
