"""What a person may ask of the running launcher: start, stop, restart, status."""

from __future__ import annotations

from prg_admin.launcher import specs
from prg_admin.launcher.config import Config
from prg_admin.launcher.output import RefusalError, say
from prg_admin.launcher.supervisor import Child, Supervisor, ending


class Orders:
    def __init__(self, config: Config, supervisor: Supervisor) -> None:
        self._config = config
        self._supervisor = supervisor

    async def handle(self, verb: str, name: str) -> str:
        if verb == "status":
            return self._status()
        if verb not in ("start", "stop", "restart"):
            raise RefusalError(f"The launcher does not know the order '{verb}'.")
        child = self._find(name)
        if verb == "start" and child.is_up:
            raise RefusalError(f"{name} runs already.")
        if verb == "stop" and not child.is_up and not child.wanted:
            raise RefusalError(f"{name} does not run.")
        await self._supervisor.stop(child)
        if verb != "stop":
            child = self._supervisor.start(child.spec)
        text = _describe(child)
        say(f"By order ({verb}): {text}")
        return text

    def _find(self, name: str) -> Child:
        known = self._supervisor.children
        if name not in known:
            # A node that was added after the start.
            for spec in specs.node_specs(self._config):
                if spec.name not in known:
                    known[spec.name] = Child(spec, wanted=False)
        if name not in known:
            raise RefusalError(f"There is no process '{name}'; there are: {', '.join(known)}.")
        return known[name]

    def _status(self) -> str:
        return "\n".join(_describe(child) for child in self._supervisor.children.values())


def _describe(child: Child) -> str:
    again = f", restarted {child.restarts}x" if child.restarts else ""
    if child.is_up and child.process:
        return f"{child.spec.name}: runs as process {child.process.pid}{again}"
    if child.process is None or not child.wanted:
        return f"{child.spec.name}: stopped{again}"
    return f"{child.spec.name}: ended ({ending(child.process.returncode)}){again}"
