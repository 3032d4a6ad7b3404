"""What may be saved as a parameter's value: one value alone, and relations between values.

:func:`check_value` judges one value, :func:`check_settings` the relations. Both answer with values,
:class:`ParameterProblem`; sentences are made of them in ``lib.parameter_sentences``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.catalogue import (
    BY_KEY,
    CONNECT_TIMEOUT,
    HEART_BEAT_INTERVAL,
    INITIALIZATION_TIMEOUT,
    KEEP_ALIVE_TIMEOUT,
    RE_LOGIN_LOWER,
    RE_LOGIN_UPPER,
    SRM,
    TRANSITION_DEADLINE,
    Kind,
    Parameter,
)


def canonical(parameter: Parameter, text: str) -> str:
    """The stored form of a value that :func:`check_value` accepts."""
    value = text.strip()
    return (value.lstrip("0") or "0") if parameter.kind is Kind.INTEGER else value


class ParameterCode(StrEnum):
    """What is wrong. ``lib.parameter_sentences`` has one sentence for each."""

    REQUIRED = "required"
    NOT_A_NUMBER = "not-a-number"
    WIDE_DIGITS = "wide-digits"
    OUT_OF_RANGE = "out-of-range"
    NOT_A_CHOICE = "not-a-choice"
    LESS_THAN_SUM = "less-than-sum"
    LESS_THAN = "less-than"
    NOT_MORE_THAN = "not-more-than"


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """One broken rule: the parameter it stands at, and the values its sentence names."""

    parameter: Parameter
    code: ParameterCode
    value: str
    others: tuple[tuple[Parameter, str], ...] = ()
    """For a relation: the parameters it is compared with, and their values."""


ASCII_DIGITS = re.compile(r"[0-9]+")
MAX_DIGITS = 9
"""More digits than any bound; longer input is out of range without being converted."""


def check_value(parameter: Parameter, text: str) -> ParameterProblem | None:
    """What is wrong with one value, looked at alone; None when it may be stored."""
    value = text.strip()
    code: ParameterCode | None = None
    if not value:
        code = ParameterCode.REQUIRED
    elif parameter.kind is Kind.INTEGER:
        code = _check_integer(parameter, value)
    elif value not in {choice.value for choice in parameter.choices}:
        code = ParameterCode.NOT_A_CHOICE
    return ParameterProblem(parameter, code, value) if code else None


def _check_integer(parameter: Parameter, value: str) -> ParameterCode | None:
    if not ASCII_DIGITS.fullmatch(value):
        # Full-width digits look right to the person who typed them, so they get their own words.
        return ParameterCode.WIDE_DIGITS if value.isdecimal() else ParameterCode.NOT_A_NUMBER
    if len(value.lstrip("0")) > MAX_DIGITS:
        return ParameterCode.OUT_OF_RANGE
    if not parameter.minimum <= int(value.lstrip("0") or "0") <= parameter.maximum:
        return ParameterCode.OUT_OF_RANGE
    return None


@dataclass(frozen=True, slots=True)
class Relation:
    """``field`` must be at least the sum of ``others``; the problem stands at ``field``."""

    field: str
    others: tuple[str, ...]
    strictly: bool = False
    """More than the others, not only as much."""

    def holds(self, value: int, total: int) -> bool:
        return value > total if self.strictly else value >= total

    @property
    def code(self) -> ParameterCode:
        if self.strictly:
            return ParameterCode.NOT_MORE_THAN
        several = len(self.others) > 1
        return ParameterCode.LESS_THAN_SUM if several else ParameterCode.LESS_THAN


RELATIONS = (
    Relation(KEEP_ALIVE_TIMEOUT, (HEART_BEAT_INTERVAL, CONNECT_TIMEOUT)),
    Relation(INITIALIZATION_TIMEOUT, (KEEP_ALIVE_TIMEOUT,)),
    # A node that falls silent during a step is known to be gone before the step counts as failed.
    Relation(TRANSITION_DEADLINE, (KEEP_ALIVE_TIMEOUT,), strictly=True),
    Relation(RE_LOGIN_UPPER, (RE_LOGIN_LOWER,)),
)
"""Relations between the parameters of Cisco Server Recovery Manager, all of one unit.

The first one also keeps the room that fencing needs, see ``domain.timing``.
"""


def check_settings(values: Mapping[str, str]) -> list[ParameterProblem]:
    """Relations that do not hold between values of Cisco Server Recovery Manager.

    ``values`` are canonical, by parameter name; a relation is judged when all its values are given.
    """
    found: list[ParameterProblem] = []
    for relation in RELATIONS:
        if not {relation.field, *relation.others} <= values.keys():
            continue
        value = values[relation.field]
        others = tuple((BY_KEY[SRM, name], values[name]) for name in relation.others)
        if not relation.holds(int(value), sum(int(other) for _, other in others)):
            parameter = BY_KEY[SRM, relation.field]
            found.append(ParameterProblem(parameter, relation.code, value, others))
    return found


def related(name: str) -> frozenset[str]:
    """Names of the parameters whose problems may change when this one's value does."""
    rings = [{r.field, *r.others} for r in RELATIONS if name in {r.field, *r.others}]
    return frozenset({name}.union(*rings))
