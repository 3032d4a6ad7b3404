from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prg_admin.cli import certificate, dbreplication, ha, replay, users
from prg_admin.domain.requests import Action
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib.actor import command_line_actor
from prg_admin.lib.clock import steady_now
from prg_admin.lib.sentences import limitation_text
from prg_admin.recovery.forms import comment_problem
from prg_admin.recovery.services import action_request

TITLES = {
    Action.FAILOVER: "Initiate Manual Failover for Node > {name}",
    Action.FALLBACK: "Initiate Manual fallback for Node >{name}<",
    Action.POWERED_OFF: "State that Node {name} is powered off",
}


class Command(BaseCommand):
    help = (
        "The administration commands: utils ha status | failover | fallback | recover | "
        "acknowledge | recording | replay | certificate, "
        "utils dbreplication status | runtimestate, utils users server."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        areas = parser.add_subparsers(dest="area", required=True, metavar="area")
        verbs = areas.add_parser("ha", help="High Availability of the groups").add_subparsers(
            dest="verb", required=True, metavar="command"
        )
        # The help of a sub-command is an English reference, as in the original.
        for verb, argument, needed in (
            ("status", "group", False),
            ("failover", "node", True),
            ("fallback", "node", True),
            ("recover", "group", True),
            ("acknowledge", "group", True),
            ("powered-off", "node", True),
        ):
            command = verbs.add_parser(verb)
            command.add_argument("name", nargs=None if needed else "?", metavar=argument)
            command.add_argument("--json", action="store_true", help="print JSON")
            if verb == "acknowledge":
                command.add_argument("--comment", default="", help="what was found; required")
            if verb == "recover":
                command.add_argument(
                    "--powered-off",
                    action="append",
                    default=[],
                    metavar="NODE",
                    help="state that this node is powered off; the recovery does not wait for it",
                )
        replay.add_arguments(verbs)
        certificate.add_arguments(verbs)
        dbreplication.add_arguments(areas)
        users.add_arguments(areas)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._carry_out(options)
            self.stdout.flush()
        except BrokenPipeError:
            # Who read along has gone, as in "utils ha status | head -1". What was asked is done;
            # the interpreter's own flush at the end must not complain either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(128 + signal.SIGPIPE) from None

    def _carry_out(self, options: dict[str, Any]) -> None:
        if options["area"] == dbreplication.AREA:
            self.stdout.write(dbreplication.run(**options, now=steady_now()))
            return
        if options["area"] == users.AREA:
            self.stdout.write(users.run(**options))
            return
        if options["verb"] in replay.VERBS:
            text, alike = replay.run(**options)
            self.stdout.write(text)
            if not alike:
                raise SystemExit(1)
            return
        if options["verb"] == certificate.VERB:
            for text in certificate.run(**options):
                self.stdout.write(text, ending="")
            return
        verb, name = options["verb"], options["name"]
        if verb in ("failover", "fallback", "powered-off"):
            groups = [self._node_action(Action(verb), name, as_json=options["json"])]
        elif verb == "recover":
            groups = [self._recover(name, options["powered_off"], as_json=options["json"])]
        elif verb == "acknowledge":
            groups = [self._acknowledge(name, options["comment"], as_json=options["json"])]
        else:
            groups = _found(name)
        self._print(groups, as_json=options["json"])

    def _node_action(self, action: Action, name: str, *, as_json: bool) -> PresenceRedundancyGroup:
        member = Member.objects.filter(node__name__iexact=name).select_related("node").first()
        if member is None:
            known = ", ".join(Member.objects.values_list("node__name", flat=True)) or "none"
            raise CommandError(f"Node {name!r} is in no group. Nodes in groups: {known}.")
        if not as_json:
            self.stdout.write(TITLES[action].format(name=member.node.name))
        _ask(member.group_id, action, member.position - 1)
        if not as_json:
            self.stdout.write("Request SUCCESSFUL.")
        return _found_by_id(member.group_id)

    def _recover(
        self, name: str, powered_off: list[str], *, as_json: bool
    ) -> PresenceRedundancyGroup:
        group = _found(name)[0]
        places = {m.node.name.lower(): m.position - 1 for m in group.members.all()}
        unknown = [node for node in powered_off if node.lower() not in places]
        if unknown:
            raise CommandError(f"Group {group.name} has no node {unknown[0]!r}.")
        stated = tuple(sorted({places[node.lower()] for node in powered_off}))
        _ask(group.pk, Action.RECOVER, None, powered_off=stated)
        if not as_json:
            self.stdout.write("Request SUCCESSFUL. Stopping services, then starting them.")
        return _found_by_id(group.pk)

    def _acknowledge(self, name: str, comment: str, *, as_json: bool) -> PresenceRedundancyGroup:
        group = _found(name)[0]
        problem = comment_problem(comment)
        if problem is not None:
            raise CommandError(f"Request FAILED. {problem}")
        _ask(group.pk, Action.ACKNOWLEDGE, None, comment=comment.strip())
        if not as_json:
            self.stdout.write("Request SUCCESSFUL. The automatic fallback goes on.")
        return _found_by_id(group.pk)

    def _print(self, groups: list[PresenceRedundancyGroup], *, as_json: bool) -> None:
        if as_json:
            documents = [ha.status_document(group) for group in groups]
            self.stdout.write(json.dumps(documents, indent=2, ensure_ascii=False))
        else:
            texts = [ha.status_text(group) for group in groups]
            self.stdout.write("\n\n".join(texts) or "There are no groups.")


def _found(name: str | None) -> list[PresenceRedundancyGroup]:
    groups = ha.groups_named(name)
    if name is not None and not groups:
        known = ", ".join(g.name for g in ha.groups_named(None)) or "none"
        raise CommandError(f"There is no group {name!r}. Known groups: {known}.")
    return groups


def _found_by_id(group_id: int) -> PresenceRedundancyGroup:
    return PresenceRedundancyGroup.objects.prefetch_related("members__node").get(pk=group_id)


def _ask(
    group_id: int,
    action: Action,
    index: int | None,
    *,
    comment: str = "",
    powered_off: tuple[int, ...] = (),
) -> None:
    try:
        refused = action_request(
            group_id=group_id,
            action=action,
            index=index,
            actor=command_line_actor(),
            now=steady_now(),
            comment=comment,
            powered_off=powered_off,
        )
    except PresenceRedundancyGroup.DoesNotExist:
        raise CommandError("Request FAILED. The group was deleted meanwhile.") from None
    if refused is not None:
        raise CommandError(f"Request FAILED. {limitation_text(refused)}")
