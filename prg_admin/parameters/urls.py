from django.urls import URLPattern, path

from prg_admin.parameters import views

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
