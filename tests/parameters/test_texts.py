"""The catalogue's texts reach the translators, and every problem has its sentence."""

from __future__ import annotations

from django.utils.translation import override

from prg_admin.domain.catalogue import BY_KEY, PARAMETERS, SRM
from prg_admin.domain.parameter_rules import ParameterCode, ParameterProblem
from prg_admin.lib.parameter_sentences import allowed_values, amount, parameter_problem_text
from prg_admin.parameters.labels import TEXTS

INTERVAL = BY_KEY[SRM, "HeartBeatInterval"]
TIMEOUT = BY_KEY[SRM, "KeepAliveTimeout"]


def test_every_text_of_the_catalogue_is_listed_for_translation():
    texts = {p.label for p in PARAMETERS} | {p.section for p in PARAMETERS}
    texts |= {p.help for p in PARAMETERS} | {c.label for p in PARAMETERS for c in p.choices}
    assert set(TEXTS) == texts
    assert len(TEXTS) == len(texts)


def test_every_kind_of_problem_has_a_sentence_that_names_field_and_value():
    for code in ParameterCode:
        problem = ParameterProblem(TIMEOUT, code, "7", ((INTERVAL, "60"),))
        sentence = parameter_problem_text(problem)
        assert sentence.startswith("Keep Alive (Heartbeat) Timeout")
        assert "%(" not in sentence
        assert code is ParameterCode.REQUIRED or "7" in sentence


def test_long_and_invisible_input_is_cut_and_marked():
    problem = ParameterProblem(INTERVAL, ParameterCode.NOT_A_NUMBER, "a\x07" + "b" * 500)
    sentence = parameter_problem_text(problem)
    assert "a\N{REPLACEMENT CHARACTER}bbb" in sentence
    assert len(sentence) < 200


def test_amounts_are_written_with_their_unit():
    assert amount(INTERVAL, "60") == "60 seconds"
    assert amount(INTERVAL, "1") == "1 second"
    assert amount(BY_KEY[SRM, "AutomaticFallbackDelay"], "30") == "30 minutes"
    assert amount(BY_KEY[SRM, "ServicePort"], "22001") == "22001"
    assert amount(BY_KEY[SRM, "EnableAutomaticFallback"], "true") == "True"
    assert allowed_values(INTERVAL) == "1 to 300 seconds"
    assert allowed_values(BY_KEY[SRM, "ServicePort"]) == "1024 to 65535"


def test_sentences_can_be_made_in_japanese():
    problem = ParameterProblem(TIMEOUT, ParameterCode.LESS_THAN, "7", ((INTERVAL, "60"),))
    with override("ja"):
        sentence = parameter_problem_text(problem)
    assert "7" in sentence
    assert "60" in sentence
