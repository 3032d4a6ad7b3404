"""What a decision was made from, as JSON, so that it can be made again and gives the same.

Everything ``decide`` looks at is in a :class:`Case`; there is nothing else, which is why a case
taken from a running engine explains a decision of the night on any other machine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prg_admin.domain.facts import Action, NodeView, Pair, Request
from prg_admin.domain.pair import Decision, decide
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wire import Report


@dataclass(frozen=True, slots=True)
class Case:
    """All the inputs of one decision."""

    pair: Pair
    settings: RecoverySettings
    now: datetime
    request: Request | None = None
    blind: bool = False

    def decided(self) -> Decision:
        return decide(
            self.pair,
            settings=self.settings,
            now=self.now,
            request=self.request,
            blind=self.blind,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "pair": pair_to_json(self.pair),
            "settings": dataclasses.asdict(self.settings),
            "now": self.now.isoformat(),
            "request": None if self.request is None else _request_to_json(self.request),
            "blind": self.blind,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        """Raises KeyError, TypeError or ValueError when ``data`` is not such a document."""
        request = data["request"]
        return cls(
            pair=pair_from_json(data["pair"]),
            settings=RecoverySettings(**data["settings"]),
            now=datetime.fromisoformat(data["now"]),
            request=None if request is None else _request_from_json(request),
            blind=data["blind"],
        )


def pair_to_json(pair: Pair) -> dict[str, Any]:
    return {
        "group": pair.group,
        "ha_enabled": pair.ha_enabled,
        "epoch": pair.epoch,
        "nodes": [_node_to_json(node) for node in pair.nodes],
        "automatic_failovers": [at.isoformat() for at in pair.automatic_failovers],
        "watched_since": _time_to_json(pair.watched_since),
    }


def pair_from_json(data: Mapping[str, Any]) -> Pair:
    failovers = (datetime.fromisoformat(at) for at in data["automatic_failovers"])
    nodes = (_node_from_json(node) for node in data["nodes"])
    read: dict[str, Any] = {
        **data,
        "nodes": tuple(nodes),
        "automatic_failovers": tuple(failovers),
        "watched_since": _time_from_json(data["watched_since"]),
    }
    return Pair(**read)


def _node_to_json(node: NodeView) -> dict[str, Any]:
    plain = {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}
    report = node.last_report
    return {
        **plain,
        "state": node.state.value,
        "reason": node.reason.value,
        "target": node.target.value,
        "ordered": node.ordered.value,
        "since": _time_to_json(node.since),
        "heard_at": _time_to_json(node.heard_at),
        "last_report": None if report is None else report.to_json(),
    }


def _node_from_json(data: Mapping[str, Any]) -> NodeView:
    report = data["last_report"]
    read: dict[str, Any] = {
        **data,
        "state": NodeState(data["state"]),
        "reason": Reason(data["reason"]),
        "target": Role(data["target"]),
        "ordered": Role(data["ordered"]),
        "since": _time_from_json(data["since"]),
        "heard_at": _time_from_json(data["heard_at"]),
        "last_report": None if report is None else Report.from_json(report),
    }
    return NodeView(**read)


def _time_to_json(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time_from_json(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _request_to_json(request: Request) -> dict[str, Any]:
    return {"action": request.action.value, "index": request.index}


def _request_from_json(data: Mapping[str, Any]) -> Request:
    return Request(Action(data["action"]), data["index"])
