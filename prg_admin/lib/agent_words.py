"""What an agent says of a service, in the reader's language. Agents speak English on every page."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

SENTENCES: tuple[tuple[re.Pattern[str], Callable[[], str]], ...] = (
    (
        re.compile(r"ended with exit code (?P<status>\d+)"),
        lambda: _("ended with exit code %(status)s"),
    ),
    (
        re.compile(r"ended with exit code (?P<status>\d+) while starting"),
        lambda: _("ended with exit code %(status)s while starting"),
    ),
    (re.compile(r"ended by (?P<signal>SIG[A-Z0-9]+)"), lambda: _("ended by %(signal)s")),
    (
        re.compile(r"ended by (?P<signal>SIG[A-Z0-9]+) while starting"),
        lambda: _("ended by %(signal)s while starting"),
    ),
    (re.compile(r"ended by signal (?P<number>\d+)"), lambda: _("ended by signal %(number)s")),
    (
        re.compile(r"ended because it did not stop serving when told to"),
        lambda: _("ended because it did not stop serving when told to"),
    ),
    (
        re.compile(r"process (?P<pid>\d+) cannot be ended"),
        lambda: _("process %(pid)s cannot be ended"),
    ),
    (
        re.compile(r"was not ready within (?P<seconds>[\d.]+) s"),
        lambda: _("was not ready within %(seconds)s s"),
    ),
    (
        re.compile(r"the start was given up for a stop"),
        lambda: _("the start was given up for a stop"),
    ),
)


def agent_text(said: str) -> str:
    """The sentence in the reader's language; what is not known stays as it was said."""
    for pattern, sentence in SENTENCES:
        found = pattern.fullmatch(said)
        if found is not None:
            return sentence() % found.groupdict()
    return said
