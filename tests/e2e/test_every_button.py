"""Each button of each page is pressed in English and in Japanese, and its effect is looked for.

The journeys (``journeys.py`` and its neighbours) name the buttons they press; the templates are
read for those that no journey presses. What is tried elsewhere stands in ``ELSEWHERE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from prg_admin.launcher.config import ROOT
from tests.e2e import journeys, node_journeys, worded_journeys
from tests.e2e.buttons import JOURNEYS, Hand, every_button
from tests.e2e.conftest import Visitor
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.users.buttons import PRESSED as OF_USERS

READ = (journeys, node_journeys, worded_journeys)
"""Each notes its journeys when it is read."""
LANGUAGES = {"en": "en-US", "ja": "ja-JP"}
ACCOUNTS = "tests/accounts/test_every_button.py"
TROUBLE = "tests/recovery/test_every_button.py"
"""Groups in trouble, and pages of more clusters or servers than the demo has."""

ELSEWHERE = {
    "accounts/password.html: Save": ACCOUNTS,
    "accounts/resend.html: Leave it": ACCOUNTS,
    "accounts/resend.html: Send again": ACCOUNTS,
    "certificates/_downloads.html: Certificate": TROUBLE,
    "console/_cluster_chooser.html: Go to the chosen cluster": TROUBLE,
    "groups/_fallback.html: Acknowledge": TROUBLE,
    "groups/_ha.html: Recover": TROUBLE,
    "groups/_ha.html: {{ node }} is powered off": TROUBLE,
    "groups/_maintenance_step.html: The work is done": TROUBLE,
    "groups/group_action.html: Recover": TROUBLE,
    "groups/maintenance.html: Finish": TROUBLE,
    "parameters/all_servers.html: Next": TROUBLE,
    "parameters/all_servers.html: Previous": TROUBLE,
    "recovery/acknowledge.html: Acknowledge": TROUBLE,
    "recovery/acknowledge.html: Cancel": TROUBLE,
    "recovery/powered_off.html: Cancel": TROUBLE,
    "recovery/powered_off.html: State it": TROUBLE,
    "topology/presence_topology.html: Next": TROUBLE,
    "topology/presence_topology.html: Previous": TROUBLE,
    "users/directory_list.html: Next": TROUBLE,
    "users/directory_list.html: Previous": TROUBLE,
}
ALL = frozenset(every_button())
PRESSED = OF_USERS | {button for _act, buttons in JOURNEYS.values() for button in buttons}


@pytest.mark.parametrize("button", sorted(ALL))
def test_a_button_is_pressed(button: str):
    assert button in PRESSED or button in ELSEWHERE, f"{button}: add a journey"
    assert not (button in PRESSED and button in ELSEWHERE)


def test_nothing_is_named_that_does_not_exist():
    assert (PRESSED | ELSEWHERE.keys()) <= ALL
    assert all((ROOT / file).exists() for file in ELSEWHERE.values())


@pytest.fixture
def hand_of(
    visitor: Visitor, installation: Installation, person: Person, pair: WatchedPair
) -> Iterator[Callable[..., Hand]]:
    """Somebody before a browser in a language; the demo's free nodes are free."""
    for name in (journeys.NEW, journeys.COPY):
        person.delete_group(name)

    def begin(language: str, *, signed_in: bool) -> Hand:
        site = visitor(signed_in=signed_in, locale=LANGUAGES[language])
        return Hand(site, language, installation, person, pair)

    yield begin
    for name in (journeys.NEW, journeys.COPY):
        person.delete_group(name)


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey(hand_of: Callable[..., Hand], journey: str, language: str):
    act, buttons = JOURNEYS[journey]
    # Who logs out does so in a session of its own.
    hand = hand_of(language, signed_in="base.html: Log out" not in buttons)
    act(hand)
    assert hand.pressed >= buttons
