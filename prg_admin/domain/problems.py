"""What can be wrong with a group or a node that is to be saved, as values.

Sentences are made of them in ``lib.sentences``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What is wrong. ``lib.sentences`` has one sentence for each."""

    REQUIRED = "required"
    TOO_LONG = "too-long"
    NAME_CHARACTERS = "name-characters"
    FORBIDDEN_CHARACTERS = "forbidden-characters"
    NAME_TAKEN = "name-taken"
    UNKNOWN_NODE = "unknown-node"
    SAME_NODE = "same-node"
    NODE_TAKEN = "node-taken"
    OTHER_CLUSTER = "other-cluster"
    OTHER_PUBLISHER = "other-publisher"
    OTHER_VERSION = "other-version"
    VERSION_UNKNOWN = "version-unknown"
    HA_NEEDS_TWO = "ha-needs-two"
    TOO_MANY_GROUPS = "too-many-groups"
    TOO_MANY_NODES = "too-many-nodes"
    MEMBERS_FIXED = "members-fixed"
    NODE_HAS_USERS = "node-has-users"
    HA_CANNOT_GO_OFF = "ha-cannot-go-off"
    GROUP_HAS_HA = "group-has-ha"
    GROUP_HAS_USERS = "group-has-users"
    HOST_NAME = "host-name"
    ADDRESS = "address"
    PORT_RANGE = "port-range"
    SIZE_UNKNOWN = "size-unknown"
    ADDRESS_TAKEN = "address-taken"
    UNKNOWN_PUBLISHER = "unknown-publisher"
    NAME_FIXED = "name-fixed"
    NODE_IN_GROUP = "node-in-group"
    NODE_IS_PUBLISHER = "node-is-publisher"
    OUTLOOK_NOT_READ = "outlook-not-read"


Param = str | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: the field it stands at, and the values its sentence names."""

    field: str
    """Name of the draft's attribute; empty when no single field is to blame."""
    code: Code
    params: Mapping[str, Param] = dataclasses.field(default_factory=dict, hash=False)
