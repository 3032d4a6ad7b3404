"""What a table says of a service, in both languages, with nothing in it taken for markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation
from django.utils.html import strip_tags

from prg_admin.domain.states import ServiceState
from prg_admin.topology.selectors import ServiceRow
from prg_admin.topology.templatetags.service_cells import service_cells

RUNS = ServiceRow(
    name="XCP Router", state=ServiceState.STARTED, pid=4711, up_s=3_660.0, down_s=None, wanted=True,
    error="", critical=True,
)  # fmt: skip
DOWN = replace(RUNS, state=ServiceState.STOPPED, pid=None, up_s=None, down_s=62.0)
IDLE = replace(DOWN, activated=False)


def words(service: ServiceRow, **time_left: float | None) -> str:
    left = {name.replace("_", " "): seconds for name, seconds in time_left.items()}
    return " ".join(strip_tags(str(service_cells(service, left)).replace("<", " <")).split())


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (RUNS, "XCP Router ✓ Started 4711 up 1 h 1 min"),
        (DOWN, "XCP Router ✗ Stopped down 1 min 2 s"),
        (replace(DOWN, wanted=False), "XCP Router ✗ Stopped stopped on request down 1 min 2 s"),
        (IDLE, "XCP Router ✗ Stopped Service Not Activated down 1 min 2 s"),
        (replace(DOWN, down_s=None), "XCP Router ✗ Stopped"),
    ],
)
def test_a_service_as_it_stands(service: ServiceRow, said: str):
    assert words(service) == said


def test_the_time_left_stands_with_the_service_whose_it_is():
    assert words(DOWN, XCP_Router=28.0).endswith("down 1 min 2 s fails over in 28 s")
    assert words(DOWN, XCP_Router=None) == words(DOWN, Other=28.0) == words(DOWN)


def test_in_japanese():
    with translation.override("ja"):
        said = words(replace(DOWN, wanted=False), XCP_Router=28.0)
    assert said == "XCP Router ✗ 停止済み 要求により停止 停止 1 分 2 秒 28 秒後にフェールオーバー"


def test_nothing_that_an_agent_says_is_markup():
    cells = str(service_cells(replace(DOWN, name="<b>", error="<script>")))
    assert "<b>" not in cells
    assert "<script>" not in cells
