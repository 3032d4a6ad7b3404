"""How the durations hang together, for every combination that can be saved."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prg_admin.domain import catalogue, timing
from prg_admin.domain.parameter_rules import check_settings
from prg_admin.domain.timing import DOOR_MARGIN_S, RecoverySettings, agent_timing

FIELDS = {
    catalogue.HEART_BEAT_INTERVAL: "heart_beat_interval",
    catalogue.CONNECT_TIMEOUT: "connect_timeout",
    catalogue.KEEP_ALIVE_TIMEOUT: "keep_alive_timeout",
    catalogue.INITIALIZATION_TIMEOUT: "initialization_timeout",
    catalogue.CRITICAL_SERVICE_DELAY: "critical_service_delay",
    catalogue.TRANSITION_DEADLINE: "transition_deadline",
}


@st.composite
def saved(draw: st.DrawFn) -> RecoverySettings:
    """Whatever the page lets one save; drawn from the tight end as often as from the wide."""
    values: dict[str, int] = {}
    for name in FIELDS:
        known = catalogue.BY_KEY[catalogue.SRM, name]
        least = max(known.minimum, lower_bound(name, values))
        assume(least <= known.maximum)
        values[name] = draw(st.just(least) | st.integers(least, known.maximum))
    assert check_settings({name: str(value) for name, value in values.items()}) == []
    return RecoverySettings(
        multiple_device_messaging=draw(st.booleans()),
        **{FIELDS[name]: float(value) for name, value in values.items()},
    )


def lower_bound(name: str, values: dict[str, int]) -> int:
    if name == catalogue.KEEP_ALIVE_TIMEOUT:
        return values[catalogue.HEART_BEAT_INTERVAL] + values[catalogue.CONNECT_TIMEOUT]
    if name == catalogue.INITIALIZATION_TIMEOUT:
        return values[catalogue.KEEP_ALIVE_TIMEOUT]
    return values[catalogue.KEEP_ALIVE_TIMEOUT] + 1 if name == catalogue.TRANSITION_DEADLINE else 0


@given(saved())
def test_a_node_isolates_itself_before_anybody_may_take_over(saved: RecoverySettings):
    isolation, silence = timing.isolation_limit(saved), timing.silence_limit(saved)
    assert isolation + DOOR_MARGIN_S <= silence


@given(saved())
def test_a_host_that_refuses_is_known_to_be_gone_no_later_than_a_silent_one(
    saved: RecoverySettings,
):
    worst = timing.worst_case(saved)
    assert worst.refused.detected_s <= worst.silent.detected_s
    # Sooner as soon as the limit is longer than the first look and the refusals take.
    room = timing.silence_limit(saved) - saved.heart_beat_interval - timing.REFUSED_S
    assert (worst.refused.detected_s < worst.silent.detected_s) >= (room > 0)


@given(saved())
def test_a_node_that_is_heard_at_every_beat_never_isolates_itself(saved: RecoverySettings):
    room = timing.isolation_limit(saved) - saved.heart_beat_interval
    assert room >= 0.75 * saved.connect_timeout


@given(saved())
def test_a_step_fails_only_after_a_silent_node_is_known_to_be_gone(saved: RecoverySettings):
    assert timing.transition_limit(saved) > timing.silence_limit(saved)
    assert timing.initialization_limit(saved) >= timing.silence_limit(saved)


@given(saved())
def test_multiple_device_messaging_doubles_every_delay_and_nothing_else(saved: RecoverySettings):
    once = replace(saved, multiple_device_messaging=False)
    twice = replace(saved, multiple_device_messaging=True)
    for delay in (
        timing.service_delay, timing.silence_limit, timing.initialization_limit,
        timing.transition_limit,
    ):  # fmt: skip
        assert delay(twice) == 2 * delay(once)
    assert agent_timing(twice).heartbeat_interval == agent_timing(once).heartbeat_interval
    assert agent_timing(twice).connect_timeout == agent_timing(once).connect_timeout


@given(saved())
def test_agents_are_told_what_is_saved(saved: RecoverySettings):
    told = agent_timing(saved)
    assert told.heartbeat_interval == saved.heart_beat_interval
    assert told.connect_timeout == saved.connect_timeout
    assert told.isolation_limit == timing.isolation_limit(saved) > 0


@given(saved())
@settings(max_examples=20)
def test_who_keeps_serving_when_isolated_is_told_no_limit(saved: RecoverySettings):
    assert agent_timing(replace(saved, keep_serving_when_isolated=True)).isolation_limit == 0


def test_the_suggested_values_are_those_of_the_catalogue():
    suggested = RecoverySettings()
    for name, field in FIELDS.items():
        known = catalogue.BY_KEY[catalogue.SRM, name]
        assert getattr(suggested, field) == float(known.default)
    delay = catalogue.BY_KEY[catalogue.SRM, catalogue.AUTOMATIC_FALLBACK_DELAY]
    assert suggested.automatic_fallback_delay == 60 * int(delay.default)
