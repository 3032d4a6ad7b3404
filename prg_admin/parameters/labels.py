"""The catalogue's texts, listed once more so that the translators' tool finds them.

The domain knows no translation; pages translate a label with ``gettext(parameter.label)``. A test
holds this list and the catalogue together.
"""

# ruff: noqa: E501 - each text stands whole, as the catalogue of translations has it

from __future__ import annotations

from django.utils.translation import gettext_noop

TEXTS = (
    gettext_noop("General Server Recovery Manager Parameters"),
    gettext_noop("Heart Beat Interval"),
    gettext_noop(
        "How often the Server Recovery Manager sends a heartbeat message to its peer in the same presence redundancy group. Heartbeats tell whether the network is available."
    ),
    gettext_noop("Connect Timeout"),
    gettext_noop(
        "How long the Server Recovery Manager waits for its peer to answer a connection request."
    ),
    gettext_noop("Keep Alive (Heartbeat) Timeout"),
    gettext_noop(
        "How long a node may be silent in normal running before it counts as down. At least Heart Beat Interval plus Connect Timeout."
    ),
    gettext_noop("Initialization Keep Alive (Heartbeat) Timeout"),
    gettext_noop(
        "How long a node may be silent while it is starting before it counts as down. At least Keep Alive (Heartbeat) Timeout."
    ),
    gettext_noop("Critical Service Delay"),
    gettext_noop(
        "How long a critical service may be down before the node's users are failed over to the peer. 0 fails over at once."
    ),
    gettext_noop("Enable Automatic Fallback"),
    gettext_noop("True"),
    gettext_noop("False"),
    gettext_noop(
        "When True, users return to their home node by themselves once it has been healthy for the Automatic Fallback Delay. When False, an administrator has to press Fallback."
    ),
    gettext_noop("Enable monitoring of XCP Authentication Service"),
    gettext_noop(
        "When True, Cisco XCP Authentication Service counts as a critical service and its loss causes a failover."
    ),
    gettext_noop("Service Port"),
    gettext_noop(
        "Port on which Server Recovery Managers talk to each other. Agents whose own address and port are given under System > Server use those."
    ),
    gettext_noop("Admin RPC Port"),
    gettext_noop(
        "Port on which the Server Recovery Manager takes administrative requests. Agents whose own address and port are given under System > Server use those."
    ),
    gettext_noop("Client Re-Login Parameters"),
    gettext_noop("Client Re-Login Lower Limit"),
    gettext_noop(
        "Shortest time a client waits before it logs in again after its node failed over. Set the same value on both nodes of a group."
    ),
    gettext_noop("Client Re-Login Upper Limit"),
    gettext_noop(
        "Longest time a client waits before it logs in again after its node failed over. Set the same value on both nodes of a group, and review it after users were rebalanced."
    ),
    gettext_noop("Advanced Server Recovery Manager Parameters"),
    gettext_noop("Automatic Fallback Delay"),
    gettext_noop(
        "How long a failed node has to be healthy again before users return to it by themselves. Used while Enable Automatic Fallback is True."
    ),
    gettext_noop("Isolated Node Policy"),
    gettext_noop("Stop serving"),
    gettext_noop("Keep serving"),
    gettext_noop(
        "What a node does when it hears neither its peer nor this system. Stop serving: its users wait until the peer has taken over, and no user is ever served twice. Keep serving: it goes on, and the peer does not take its users over while the node cannot be asked."
    ),
    gettext_noop("Transition Deadline"),
    gettext_noop(
        "How long a step such as Taking Over or Falling Back may last before it counts as failed."
    ),
    gettext_noop("General XCP Router Parameters"),
    gettext_noop("Multiple Device Messaging"),
    gettext_noop(
        "When True, messages reach all devices of a user. A failover then takes twice the time that the Cisco Server Recovery Manager parameters say."
    ),
    gettext_noop("User Management Parameters"),
    gettext_noop("User Assignment Mode for Presence Server"),
    gettext_noop("Balanced"),
    gettext_noop("Active-Standby"),
    gettext_noop("None"),
    gettext_noop(
        "How synchronized users are spread over the nodes. Balanced: equally over both nodes of every group. Active-Standby: all users go to the first node of a group, the second is only a backup. None: nobody is assigned; an administrator does it by hand. Users who are already assigned stay where they are."
    ),
)
