"""An agent's English words about a service, in the reader's language."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import override

from prg_admin.agent.drivers import describe_exit
from prg_admin.lib.agent_words import SENTENCES, agent_text

SAID = (
    "ended with exit code 1",
    "ended with exit code 1 while starting",
    "ended by SIGKILL",
    "ended by SIGTERM while starting",
    "ended by signal 70",
    "ended because it did not stop serving when told to",
    "process 4711 cannot be ended",
    "was not ready within 10 s",
    "the start was given up for a stop",
)


@pytest.mark.parametrize("said", SAID)
def test_in_english_it_stays_and_in_japanese_it_is_japanese(said: str):
    assert agent_text(said) == said
    with override("ja"):
        assert re.search("[ぁ-んァ-ン一-龠]", agent_text(said))


def test_each_sentence_is_said_by_some_example():
    assert len(SENTENCES) == len(SAID)
    assert all(any(pattern.fullmatch(said) for said in SAID) for pattern, _ in SENTENCES)


@pytest.mark.parametrize("status", [1, -9, -70])
def test_what_agents_say_of_an_end_is_known(status: int):
    assert any(pattern.fullmatch(describe_exit(status)) for pattern, _ in SENTENCES)


def test_what_is_not_known_stays_as_it_was_said():
    with override("ja"):
        assert agent_text("/bin/x cannot be started: <b>") == "/bin/x cannot be started: <b>"
