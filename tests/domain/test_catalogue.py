"""Bounds, forms and relations of the parameters, without a database."""

from __future__ import annotations

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import (
    BY_KEY,
    ENTERPRISE,
    PARAMETERS,
    SRM,
    Kind,
    Parameter,
    parameters_of,
)
from prg_admin.domain.parameter_rules import (
    ParameterCode,
    ParameterProblem,
    canonical,
    check_settings,
    check_value,
    related,
)

INTEGERS = [p for p in PARAMETERS if p.kind is Kind.INTEGER]
CHOICES = [p for p in PARAMETERS if p.kind is not Kind.INTEGER]
INTERVAL = BY_KEY[SRM, catalogue.HEART_BEAT_INTERVAL]


def code(parameter: Parameter, text: str) -> ParameterCode | None:
    problem = check_value(parameter, text)
    return problem.code if problem else None


def name(parameter: Parameter) -> str:
    return parameter.name


def settings(**values: int) -> dict[str, str]:
    suggested = {p.name: p.default for p in parameters_of(SRM)}
    return suggested | {key: str(value) for key, value in values.items()}


def broken(**values: int) -> list[str]:
    return [p.parameter.name for p in check_settings(settings(**values))]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=name)
def test_suggested_value_is_allowed_and_canonical(parameter: Parameter):
    assert check_value(parameter, parameter.default) is None
    assert canonical(parameter, parameter.default) == parameter.default


@pytest.mark.parametrize("parameter", INTEGERS, ids=name)
def test_both_bounds_are_allowed(parameter: Parameter):
    assert code(parameter, str(parameter.minimum)) is None
    assert code(parameter, str(parameter.maximum)) is None


@pytest.mark.parametrize("parameter", INTEGERS, ids=name)
def test_just_outside_the_bounds_is_refused(parameter: Parameter):
    assert code(parameter, str(parameter.maximum + 1)) is ParameterCode.OUT_OF_RANGE
    below = str(parameter.minimum - 1)
    expected = ParameterCode.NOT_A_NUMBER if below == "-1" else ParameterCode.OUT_OF_RANGE
    assert code(parameter, below) is expected


@pytest.mark.parametrize("parameter", CHOICES, ids=name)
def test_every_choice_is_allowed_and_nothing_else(parameter: Parameter):
    assert [code(parameter, c.value) for c in parameter.choices] == [None] * len(parameter.choices)
    assert code(parameter, parameter.choices[0].label + "?") is ParameterCode.NOT_A_CHOICE


@pytest.mark.parametrize(
    "text", ["abc", "+5", "-5", "5.0", "5,0", "1e1", "0x10", "6 0", "1_0", "½", "²", "\x00", "五"]
)
def test_what_is_no_whole_number_is_refused(text: str):
    assert code(INTERVAL, text) is ParameterCode.NOT_A_NUMBER


@pytest.mark.parametrize("text", ["\uff16\uff10", "\u0666\u0660"])
def test_digits_of_other_scripts_have_their_own_words(text: str):
    assert code(INTERVAL, text) is ParameterCode.WIDE_DIGITS


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\t\n"])
@pytest.mark.parametrize("parameter", PARAMETERS, ids=name)
def test_an_empty_value_is_refused(parameter: Parameter, text: str):
    assert code(parameter, text) is ParameterCode.REQUIRED


def test_a_number_of_a_million_digits_is_refused_at_once():
    assert code(INTERVAL, "9" * 1_000_000) is ParameterCode.OUT_OF_RANGE


def test_zeros_and_blanks_around_a_number_do_not_count():
    padded = " " + "0" * 5000 + "60 "
    assert code(INTERVAL, padded) is None
    assert canonical(INTERVAL, padded) == "60"
    assert canonical(BY_KEY[SRM, catalogue.CRITICAL_SERVICE_DELAY], "000") == "0"


def test_suggested_values_fit_together():
    assert check_settings(settings()) == []


def test_keep_alive_timeout_must_hold_interval_and_connect_timeout():
    assert broken(HeartBeatInterval=60, ConnectTimeout=31) == [catalogue.KEEP_ALIVE_TIMEOUT]
    assert broken(HeartBeatInterval=59, ConnectTimeout=31) == []


def test_initialization_timeout_must_hold_keep_alive_timeout():
    deadline = {"TransitionDeadline": 200}
    assert broken(KeepAliveTimeout=121, **deadline) == [catalogue.INITIALIZATION_TIMEOUT]
    assert broken(KeepAliveTimeout=120, **deadline) == []


def test_re_login_limits_must_be_in_order():
    low = {"ClientReLoginLowerLimit": 538}
    assert broken(**low) == [catalogue.RE_LOGIN_UPPER]
    assert broken(ClientReLoginLowerLimit=537) == []


def test_a_broken_relation_names_all_its_parameters_and_values():
    problem = check_settings(settings(KeepAliveTimeout=10))[0]
    assert problem == ParameterProblem(
        BY_KEY[SRM, catalogue.KEEP_ALIVE_TIMEOUT],
        ParameterCode.LESS_THAN_SUM,
        "10",
        (
            (INTERVAL, "60"),
            (BY_KEY[SRM, catalogue.CONNECT_TIMEOUT], "30"),
        ),
    )


def test_a_relation_with_an_unknown_side_is_not_judged():
    assert check_settings({catalogue.KEEP_ALIVE_TIMEOUT: "1"}) == []


def test_related_parameters_are_found_from_every_side():
    assert related(catalogue.CONNECT_TIMEOUT) == {
        catalogue.CONNECT_TIMEOUT,
        catalogue.HEART_BEAT_INTERVAL,
        catalogue.KEEP_ALIVE_TIMEOUT,
    }
    assert related(catalogue.SERVICE_PORT) == {catalogue.SERVICE_PORT}


def test_names_are_unique_within_a_service_and_fit_their_column():
    assert len(BY_KEY) == len(PARAMETERS)
    assert all(len(p.name) <= 64 and len(p.service) <= 64 for p in PARAMETERS)


def test_a_service_without_parameters_has_none():
    assert parameters_of("Cisco SIP Proxy") == ()
    assert [p.name for p in parameters_of(ENTERPRISE)] == [catalogue.USER_ASSIGNMENT_MODE]


@pytest.mark.parametrize("parameter", [p for p in PARAMETERS if p.service == SRM], ids=name)
def test_defaults_of_the_recovery_manager_are_those_of_the_guides(parameter: Parameter):
    published = {
        catalogue.HEART_BEAT_INTERVAL: "60",
        catalogue.CONNECT_TIMEOUT: "30",
        catalogue.KEEP_ALIVE_TIMEOUT: "90",
        catalogue.INITIALIZATION_TIMEOUT: "120",
        catalogue.CRITICAL_SERVICE_DELAY: "90",
        catalogue.AUTOMATIC_FALLBACK: "false",
        catalogue.MONITOR_XCP_AUTHENTICATION: "false",
        catalogue.SERVICE_PORT: "22001",
        catalogue.ADMIN_RPC_PORT: "20075",
        catalogue.RE_LOGIN_LOWER: "120",
        catalogue.RE_LOGIN_UPPER: "537",
        catalogue.AUTOMATIC_FALLBACK_DELAY: "30",
        catalogue.ISOLATED_NODE_POLICY: catalogue.STOP_SERVING,
        catalogue.TRANSITION_DEADLINE: "120",
    }
    assert parameter.default == published[parameter.name]


def test_a_value_of_every_published_re_login_table_is_allowed():
    upper = BY_KEY[SRM, catalogue.RE_LOGIN_UPPER]
    assert [code(upper, value) for value in ("127", "131", "3245")] == [None] * 3
