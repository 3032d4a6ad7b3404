from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.domain import catalogue
from prg_admin.lib.actor import Actor, actor_of
from prg_admin.lib.parameter_sentences import amount, parameter_problem_text
from prg_admin.lib.support_pages import ReadOnlyAdmin
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import parameter_values
from prg_admin.parameters.services import (
    InvalidParametersError,
    StaleParametersError,
    parameters_save,
    values_token,
)


@admin.register(ParameterValue)
class ParameterValueAdmin(ReadOnlyAdmin):
    """Values that differ from the suggested ones; they are changed on the parameter pages."""

    list_display = ("label", "service", "cluster", "node", "value", "suggested")
    list_filter = ("service", "cluster", ("node", admin.EmptyFieldListFilter))
    list_select_related = ("cluster", "node")
    search_fields = ("name", "service", "value", "node__name", "cluster__name")
    actions = ("set_to_default",)

    @admin.display(description=_("parameter"), ordering="name")
    def label(self, row: ParameterValue) -> str:
        known = catalogue.BY_KEY.get((row.service, row.name))
        return _t(known.label) if known else row.name

    @admin.display(description=_("suggested value"))
    def suggested(self, row: ParameterValue) -> str:
        known = catalogue.BY_KEY.get((row.service, row.name))
        return amount(known, known.default) if known else ""

    @admin.action(description=_("Set to Default"), permissions=["operate"])
    def set_to_default(self, request: HttpRequest, rows: QuerySet[ParameterValue]) -> None:
        for row in rows.select_related("cluster", "node"):
            error = _set_to_default(row, actor_of(request))
            if error:
                self.message_user(request, error, messages.ERROR)
            else:
                done = _t("%(label)s has its suggested value again.") % {"label": self.label(row)}
                self.message_user(request, done, messages.SUCCESS)


def _set_to_default(row: ParameterValue, actor: Actor) -> str:
    """A sentence when it was refused, for a value of a relation that would break."""
    known = catalogue.BY_KEY.get((row.service, row.name))
    if known is None:
        return _t("%(name)s is not a known parameter.") % {"name": row.name}
    current = parameter_values(row.cluster_id, row.service, row.node_id)
    try:
        parameters_save(
            cluster=row.cluster,
            service=row.service,
            node=row.node,
            values={row.name: known.default},
            token=values_token(current),
            actor=actor,
        )
    except InvalidParametersError as invalid:
        return " ".join(parameter_problem_text(problem) for problem in invalid.problems)
    except StaleParametersError:
        return _t("Values were changed meanwhile. Look at the list again, then confirm.")
    return ""
