"""Each button of each page is pressed in English and in Japanese, and its effect is looked for.

The journeys (``journeys.py``, ``node_journeys.py``) name the buttons they press; the templates are
read for those that no journey presses. What is tried elsewhere stands in ``ELSEWHERE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from prg_admin.launcher.config import ROOT
from tests.e2e import journeys, node_journeys
from tests.e2e.buttons import JOURNEYS, Hand, every_button
from tests.e2e.conftest import Visitor
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

READ = (journeys, node_journeys)
"""Each notes its journeys when it is read."""
LANGUAGES = {"en": "en-US", "ja": "ja-JP"}
ACCOUNTS, USERS = "tests/accounts/test_browser.py", "tests/users/test_browser.py"
ENGINE = "tests/scenarios/person.py"
"""Sends the same forms without a browser."""
MANY = "tests/topology/test_presence_topology.py"
"""Needs more clusters or servers than the demo has."""

ELSEWHERE = {
    "_language.html: {{ code|language_name_local|capfirst }}": "tests/e2e/test_japanese.py",
    "accounts/password.html: Save": ACCOUNTS,
    "accounts/resend.html: Leave it": ACCOUNTS,
    "accounts/resend.html: Send again": ACCOUNTS,
    "certificates/_downloads.html: Certificate": "tests/certificates/test_pages.py",
    "console/task_flow.html: Go to the chosen cluster": "tests/console/test_task_flow.py",
    "console/task_flow.html: {{ step.link_text }}": "tests/e2e/test_service_pages.py",
    "console/timeline.html: {{ words }}": "tests/console/test_events_browser.py",
    "groups/_fallback.html: Acknowledge": ENGINE,
    "groups/_ha.html: Recover": ENGINE,
    "groups/_ha.html: {{ node }} is powered off": "tests/recovery/test_powered_off.py",
    "groups/_maintenance_step.html: The work is done": "tests/groups/test_maintenance.py",
    "groups/group_action.html: Recover": ENGINE,
    "groups/maintenance.html: Finish": "tests/groups/test_maintenance.py",
    "jobs/job.html: All Jobs": USERS,
    "jobs/job.html: Cancel Job": USERS,
    "parameters/all_servers.html: Next": "tests/parameters/test_comparison.py",
    "parameters/all_servers.html: Previous": "tests/parameters/test_comparison.py",
    "recovery/acknowledge.html: Acknowledge": ENGINE,
    "recovery/acknowledge.html: Cancel": "tests/recovery/test_acknowledge.py",
    "recovery/powered_off.html: Cancel": "tests/recovery/test_powered_off.py",
    "recovery/powered_off.html: State it": "tests/recovery/test_powered_off.py",
    "topology/presence_topology.html: Next": MANY,
    "topology/presence_topology.html: Previous": MANY,
}
OF_USERS = "users/"
"""Their pages have journeys of their own, over tables that no client is connected by."""

ALL = frozenset(every_button())
PRESSED = frozenset(button for _act, buttons in JOURNEYS.values() for button in buttons)


@pytest.mark.parametrize("button", sorted(ALL))
def test_a_button_is_pressed(button: str):
    is_of_users = button.startswith(OF_USERS)
    assert button in PRESSED or button in ELSEWHERE or is_of_users, f"{button}: add a journey"
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
