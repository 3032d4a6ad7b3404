"""What a person reads about parameters: amounts, ranges, and one sentence for each broken rule."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prg_admin.domain.catalogue import Kind, Parameter, Unit
from prg_admin.domain.parameter_rules import ParameterCode, ParameterProblem

SHOWN_LENGTH = 40
"""Longer input is cut in sentences; the field itself keeps all of it."""

_SENTENCES: dict[ParameterCode, Promise] = {
    ParameterCode.REQUIRED: gettext_lazy("%(label)s is required. Allowed: %(allowed)s."),
    ParameterCode.NOT_A_NUMBER: gettext_lazy(
        "%(label)s must be a whole number in digits only, and “%(value)s” is not. "
        "Allowed: %(allowed)s."
    ),
    ParameterCode.WIDE_DIGITS: gettext_lazy(
        "%(label)s must be typed in half-width digits 0 to 9, and “%(value)s” is not. "
        "Allowed: %(allowed)s."
    ),
    ParameterCode.OUT_OF_RANGE: gettext_lazy(
        "%(label)s must be within %(allowed)s, and %(value)s is not."
    ),
    ParameterCode.NOT_A_CHOICE: gettext_lazy(
        "%(label)s must be one of %(allowed)s, and “%(value)s” is not."
    ),
    ParameterCode.LESS_THAN_SUM: gettext_lazy(
        "%(label)s (%(amount)s) must be at least %(others)s (together %(other_amount)s)."
    ),
    ParameterCode.LESS_THAN: gettext_lazy(
        "%(label)s (%(amount)s) must be at least %(others)s (%(other_amount)s)."
    ),
    ParameterCode.NOT_MORE_THAN: gettext_lazy(
        "%(label)s (%(amount)s) must be more than %(others)s (%(other_amount)s)."
    ),
}


def amount(parameter: Parameter, value: str) -> str:
    """A value as a person reads it: with its unit, or by the label of the choice."""
    if parameter.kind is not Kind.INTEGER:
        return _(parameter.choice_label(value))
    # A range, or what somebody typed that is no number, is many.
    number = int(value) if value.isdecimal() else 0
    if parameter.unit is Unit.SECONDS:
        return ngettext("%(value)s second", "%(value)s seconds", number) % {"value": value}
    if parameter.unit is Unit.MINUTES:
        return ngettext("%(value)s minute", "%(value)s minutes", number) % {"value": value}
    return value


def allowed_values(parameter: Parameter) -> str:
    """The bounds of an integer with its unit, or the choices."""
    if parameter.kind is Kind.INTEGER:
        bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
        return amount(parameter, _("%(minimum)s to %(maximum)s") % bounds)
    return ", ".join(_(choice.label) for choice in parameter.choices)


def parameter_problem_text(problem: ParameterProblem) -> str:
    return str(_SENTENCES[problem.code] % _names(problem))


def _names(problem: ParameterProblem) -> dict[str, str]:
    parameter = problem.parameter
    total = sum(int(value) for _other, value in problem.others)
    return {
        "label": _(parameter.label),
        "value": shown(problem.value),
        "amount": amount(parameter, shown(problem.value)),
        "allowed": allowed_values(parameter),
        "others": " + ".join(_(other.label) for other, _value in problem.others),
        "other_amount": amount(parameter, str(total)),
    }


def shown(text: str) -> str:
    """Somebody's input, fit for a sentence: short, and without what cannot be seen."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return Truncator(visible).chars(SHOWN_LENGTH)
