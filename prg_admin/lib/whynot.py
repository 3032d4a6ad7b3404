"""Why no failover happens, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from prg_admin.domain.whynot import Hindrance, Why
from prg_admin.lib import labels

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[Why, _StrPromise] = {
    Why.HA_OFF: _("%(node)s is in trouble, but High Availability is off: nobody takes over."),
    Why.BLIND: _("The engine hears no node at all: it may be cut off itself, so it only observes."),
    Why.GROUP_FAILED: _("The group has failed: nobody is moved until somebody presses Recover."),
    Why.IN_TRANSITION: _(
        "Something is wrong on %(node)s, but a change is under way; it ends by itself, or counts "
        "as failed in %(left)s s."
    ),
    Why.SERVICE_WITHIN_DELAY: _(
        "%(service)s of %(node)s is down for %(down)s s of %(delay)s s; if it runs again before, "
        "nothing happens."
    ),
    Why.DATABASE_WITHIN_DELAY: _(
        "The database of %(node)s is down for %(down)s s of %(delay)s s; if it answers before, "
        "nothing happens."
    ),
    Why.NEVER_HEARD: _("The engine never heard %(node)s, so it cannot tell that it is lost."),
    Why.ONLY_ENGINE_MISSES: _(
        "The engine has not heard %(node)s for %(silence)s s, but %(peer)s hears it; one witness "
        "alone never causes a failover."
    ),
    Why.ONLY_PEER_MISSES: _(
        "%(peer)s has not heard %(node)s for %(silence)s s, but the engine hears it; one witness "
        "alone never causes a failover."
    ),
    Why.NO_SECOND_WITNESS: _(
        "The engine has not heard %(node)s for %(silence)s s, and %(peer)s cannot be asked whether "
        "it hears it; one witness alone never causes a failover."
    ),
    Why.SILENCE_WITHIN_LIMIT: _(
        "%(node)s is silent: the engine has not heard it for %(engine)s s and %(peer)s not for "
        "%(peer_s)s s, of %(limit)s s; %(left)s s are left."
    ),
    Why.MAY_STILL_SERVE: _(
        "%(node)s cannot be asked and may still be serving; %(peer)s does not take over before it "
        "has surely stopped."
    ),
    Why.KEEPS_SERVING: _(
        "%(node)s cannot be asked and keeps serving when isolated; its users are not moved until "
        "it is heard or an administrator states that it is powered off."
    ),
    Why.PEER_UNHEALTHY: _("%(node)s should fail over, but %(peer)s cannot take over: %(why)s"),
    Why.NOBODY_TO_TAKE_OVER: _(
        "%(node)s serves the users of both nodes and is not heard, but %(peer)s (%(state)s) is not "
        "ready to take over."
    ),
    Why.HELD: _(
        "%(node)s is ready, but its automatic fallback is held: %(failovers)s automatic failovers "
        "within 24 hours."
    ),
}

NOT_ANSWERING = _("it does not answer.")
DOWN_SERVICES = _("%(services)s not running.")
DOWN_DATABASE = _("its database does not answer.")


def hindrance_text(hindrance: Hindrance) -> str:
    values = hindrance.values
    params: dict[str, object] = {"node": hindrance.node, "peer": hindrance.peer}
    for key, value in values.items():
        short = "peer_s" if key == "peer_s" else key.removesuffix("_s")
        params[short] = int(value) if isinstance(value, float) else value
    if hindrance.why is Why.PEER_UNHEALTHY:
        params["why"] = _peers_trouble(values.get("services"))
    if "peer_state" in values:
        params["state"] = labels.state_label(str(values["peer_state"])).text
    return str(SENTENCES[hindrance.why] % params)


def _peers_trouble(services: float | str | None) -> str:
    if services is None:
        return str(NOT_ANSWERING)
    return str(DOWN_SERVICES % {"services": services}) if services else str(DOWN_DATABASE)
