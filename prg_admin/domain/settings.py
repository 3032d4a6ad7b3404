"""Parameters of the Server Recovery Manager, from stored texts to what the engine works with."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from prg_admin.domain import catalogue
from prg_admin.domain.parameter_rules import check_value
from prg_admin.domain.timing import RecoverySettings

MINUTE = 60.0


def is_usable(service: str, name: str, value: str) -> bool:
    """A value written past the services must not stop anything; the suggested one holds then."""
    known = catalogue.BY_KEY.get((service, name))
    return known is not None and check_value(known, value) is None


def settings_of(stored: Mapping[str, str]) -> RecoverySettings:
    """From values by parameter name; what is not there is as suggested."""
    return _settings_of(frozenset(stored.items()))


@functools.lru_cache(maxsize=1024)
def _settings_of(values: frozenset[tuple[str, str]]) -> RecoverySettings:
    """Once for all clusters with the same values: each sweep asks for thousands."""
    stored = dict(values)

    def text(name: str) -> str:
        service = catalogue.XCP_ROUTER if name == catalogue.MULTIPLE_DEVICE_MESSAGING else None
        return stored.get(name) or catalogue.BY_KEY[service or catalogue.SRM, name].default

    def flag(name: str) -> bool:
        return text(name) == catalogue.TRUE

    return RecoverySettings(
        heart_beat_interval=float(text(catalogue.HEART_BEAT_INTERVAL)),
        connect_timeout=float(text(catalogue.CONNECT_TIMEOUT)),
        keep_alive_timeout=float(text(catalogue.KEEP_ALIVE_TIMEOUT)),
        initialization_timeout=float(text(catalogue.INITIALIZATION_TIMEOUT)),
        critical_service_delay=float(text(catalogue.CRITICAL_SERVICE_DELAY)),
        automatic_fallback=flag(catalogue.AUTOMATIC_FALLBACK),
        monitor_xcp_authentication=flag(catalogue.MONITOR_XCP_AUTHENTICATION),
        automatic_fallback_delay=float(text(catalogue.AUTOMATIC_FALLBACK_DELAY)) * MINUTE,
        keep_serving_when_isolated=(text(catalogue.ISOLATED_NODE_POLICY) == catalogue.KEEP_SERVING),
        transition_deadline=float(text(catalogue.TRANSITION_DEADLINE)),
        multiple_device_messaging=flag(catalogue.MULTIPLE_DEVICE_MESSAGING),
    )
