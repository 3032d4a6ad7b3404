"""How long it takes at most, from the settings alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain.timing import SWITCH_WORK_S, TICK_S, RecoverySettings, worst_case

GROWING = (
    "heart_beat_interval",
    "connect_timeout",
    "keep_alive_timeout",
    "critical_service_delay",
    "initialization_timeout",
    "transition_deadline",
)
seconds = st.floats(0, 3600, allow_nan=False)
settings_of_any_kind = st.builds(
    RecoverySettings,
    multiple_device_messaging=st.booleans(),
    **dict.fromkeys(GROWING, seconds),
)


def figures(settings: RecoverySettings) -> list[float]:
    worst = worst_case(settings)
    bounds = (worst.service, worst.refused, worst.silent)
    return [b.detected_s for b in bounds] + [b.served_s or 0.0 for b in bounds]


@given(settings_of_any_kind, st.sampled_from(GROWING), seconds)
def test_a_longer_parameter_never_shortens_the_wait(settings, name, more):
    longer = replace(settings, **{name: getattr(settings, name) + more})

    assert all(a <= b + 1e-6 for a, b in zip(figures(settings), figures(longer), strict=True))


@given(settings_of_any_kind)
def test_multiple_device_messaging_never_shortens_the_wait(settings):
    single = replace(settings, multiple_device_messaging=False)
    double = replace(settings, multiple_device_messaging=True)

    assert all(a <= b + 1e-6 for a, b in zip(figures(single), figures(double), strict=True))


def test_the_suggested_values():
    worst = worst_case(RecoverySettings())

    assert worst.service.detected_s == 90 + TICK_S
    assert worst.silent.detected_s == 90 + TICK_S
    assert worst.silent.served_s == pytest.approx(90 + TICK_S + SWITCH_WORK_S)


def test_the_delays_are_doubled():
    worst = worst_case(RecoverySettings(multiple_device_messaging=True))

    assert worst.service.detected_s == 180 + TICK_S
    assert worst.silent.detected_s == 180 + TICK_S


def test_a_silent_node_is_known_only_after_one_look_has_timed_out():
    worst = worst_case(RecoverySettings(keep_alive_timeout=10))

    assert worst.silent.detected_s == 60 + 30 + TICK_S
    assert worst.refused.detected_s == 60 + TICK_S


def test_who_keeps_serving_is_never_replaced_while_it_cannot_be_asked():
    worst = worst_case(RecoverySettings(keep_serving_when_isolated=True))

    assert worst.silent.served_s is None
    assert worst.refused.served_s is None
    assert worst.service.served_s is not None
