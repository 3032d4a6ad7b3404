"""One form for every set of parameters, built from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Kind, Parameter
from prg_admin.domain.parameter_rules import (
    ParameterProblem,
    canonical,
    check_settings,
    check_value,
    related,
)
from prg_admin.domain.settings import settings_of
from prg_admin.domain.timing import WorstCase, worst_case
from prg_admin.lib.parameter_sentences import allowed_values, amount, parameter_problem_text


class ParameterField(forms.CharField):
    """The value of one parameter in its canonical form; all rules are those of the catalogue."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        # Not a number input: for "abc" browsers send nothing, and the rule could not be told.
        widget: forms.Widget = forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "size": 8}
        )
        if parameter.kind is not Kind.INTEGER:
            widget = forms.Select(choices=[(c.value, _(c.label)) for c in parameter.choices])
        super().__init__(label=_(parameter.label), required=False, widget=widget)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        problem = check_value(self.parameter, text)
        if problem:
            raise forms.ValidationError(parameter_problem_text(problem))
        return canonical(self.parameter, text)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    parameter: Parameter
    field: BoundField
    note: str
    effect: str
    """What the value in force comes to when something else doubles it; mostly empty."""

    @property
    def unit(self) -> str:
        return _unit_text(self.parameter)

    @property
    def help(self) -> str:
        return _(self.parameter.help)

    @property
    def suggested(self) -> str:
        return amount(self.parameter, self.parameter.default)

    @property
    def allowed(self) -> str:
        return allowed_values(self.parameter)


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    clusterwide: bool
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class WorstCases:
    """Both None: a value cannot be read."""

    single: WorstCase | None
    doubled: WorstCase | None
    """With Multiple Device Messaging."""


class ParameterForm(forms.Form):
    """``current`` are all values in force of the service, also of parameters that are not shown."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        parameters: Sequence[Parameter],
        current: Mapping[str, str],
    ) -> None:
        super().__init__(data, initial=dict(current))
        self.parameters = parameters
        self.current = current
        for parameter in parameters:
            self.fields[parameter.name] = ParameterField(parameter)

    def clean(self) -> dict[str, Any]:
        values = {n: v for n, v in self.cleaned_data.items() if n in self.fields}
        service = self.parameters[0].service if self.parameters else ""
        if service == catalogue.SRM:
            wrong = set(self.fields) - set(values)
            merged = {n: v for n, v in {**self.current, **values}.items() if n not in wrong}
            self.add_problems(check_settings(merged))
        return values

    def add_problems(self, problems: Sequence[ParameterProblem]) -> None:
        """Show each at its field, or above the form when that field is not shown."""
        for problem in problems:
            name = problem.parameter.name
            self.add_error(name if name in self.fields else None, parameter_problem_text(problem))

    def sections(self, *, notes: Mapping[str, str], factor: float) -> list[Section]:
        """The table by its headings; ``factor`` is that of Multiple Device Messaging."""
        found: dict[str, Section] = {}
        for parameter in self.parameters:
            empty = Section(_(parameter.section), parameter.clusterwide, [])
            name = parameter.name
            effect = _effect(parameter, self.current[name], factor)
            row = Row(parameter, self[name], notes.get(name, ""), effect)
            found.setdefault(parameter.section, empty).rows.append(row)
        return list(found.values())

    def worst_cases(self) -> WorstCases | None:
        """For what is typed now, also where it breaks a relation; None while it is no number."""
        if not self.parameters or self.parameters[0].service != catalogue.SRM:
            return None
        values = dict(self.current)
        for parameter in self.parameters:
            value = str(self[parameter.name].value())
            if check_value(parameter, value):
                return WorstCases(None, None)
            values[parameter.name] = canonical(parameter, value)
        settings = replace(settings_of(values), multiple_device_messaging=False)
        doubled = replace(settings, multiple_device_messaging=True)
        return WorstCases(worst_case(settings), worst_case(doubled))

    def related_fields(self, name: str) -> list[BoundField]:
        """The other fields whose sentences may change when this one does."""
        return [self[other] for other in related(name) - {name} if other in self.fields]


def _effect(parameter: Parameter, value: str, factor: float) -> str:
    if factor == 1.0 or parameter.name not in catalogue.DOUBLED:
        return ""
    doubled = f"{int(value) * factor:g}"
    return _("With Multiple Device Messaging: %(amount)s.") % {"amount": amount(parameter, doubled)}


def _unit_text(parameter: Parameter) -> str:
    units = {
        catalogue.Unit.NONE: "",
        catalogue.Unit.SECONDS: _("seconds"),
        catalogue.Unit.MINUTES: _("minutes"),
    }
    return units[parameter.unit]
