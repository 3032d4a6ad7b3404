"""The agent's configuration file, read strictly: what is not understood is refused by name."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prg_admin.agent.drivers import DRIVERS

_REQUIRED: Any = object()
LONGEST_NAME = 128
SHORTEST_READING_S = 0.2


class ConfigError(Exception):
    """One sentence for the person who starts the process."""


@dataclass(frozen=True, slots=True)
class TlsConfig:
    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    name: str
    driver: str
    command: tuple[str, ...]
    stop_timeout_s: float
    """From the polite signal to the deadly one."""
    start_timeout_s: float
    """For the door's service: from the start to its ready line."""
    settle_s: float
    """A service that lives this long after its start counts as started."""


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """The node's own database; addresses stand in files, because they hold passwords."""

    url_file: Path
    publisher: bool
    """It publishes; else it subscribes."""
    publisher_url_file: Path | None
    """Of a subscriber: where its rows are compared with the publisher's."""
    interval_s: float | None
    """Between two readings; None: the goal's heartbeat interval."""


@dataclass(frozen=True, slots=True)
class Config:
    name: str
    version: str
    listen_host: str
    listen_port: int
    state_dir: Path
    engine_url: str
    key_file: Path
    tls: TlsConfig
    door_service: str | None
    services: tuple[ServiceConfig, ...]
    database: DatabaseConfig | None = None

    def read_key(self) -> str:
        """The secret of the call-ins. Raises :class:`ConfigError`."""
        try:
            key = self.key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"The key file {self.key_file} cannot be read: {error}.") from error
        if not key:
            raise ConfigError(f"The key file {self.key_file} is empty.")
        return key


class Table:
    """One TOML table, read key by key; ``close`` refuses what nobody asked for."""

    def __init__(self, data: dict[str, Any], *, file: Path, where: str = "") -> None:
        self._data = dict(data)
        self._file = file
        self._where = where

    def problem(self, key: str, rule: str) -> ConfigError:
        return ConfigError(f'{self._file}: "{self._where}{key}" {rule}.')

    def _take(self, key: str, default: Any) -> Any:
        if key in self._data:
            return self._data.pop(key)
        if default is _REQUIRED:
            raise self.problem(key, "is missing")
        return default

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.problem(key, f"must be a text that is not empty, not {value!r}")
        return value

    def name(self, key: str) -> str:
        value = self.text(key)
        if len(value) > LONGEST_NAME or not value.isprintable():
            raise self.problem(key, f"must have 1 to {LONGEST_NAME} printable characters")
        return value

    def whole(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        value = self._take(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.problem(key, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def seconds(self, key: str, default: Any = _REQUIRED) -> float:
        value = self._take(key, default)
        if type(value) not in (int, float) or not 0 <= value <= 86400:  # noqa: PLR2004 - a day
            raise self.problem(key, f"must be a number of seconds from 0 to 86400, not {value!r}")
        return float(value)

    def flag(self, key: str, default: Any = _REQUIRED) -> bool:
        value = self._take(key, default)
        if type(value) is not bool:
            raise self.problem(key, f"must be true or false, not {value!r}")
        return value

    def has(self, key: str) -> bool:
        return key in self._data

    def path(self, key: str) -> Path:
        """Relative paths start at the folder of the file."""
        return self._file.parent.absolute() / self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, _REQUIRED)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise self.problem(key, "must be a list of texts that is not empty")
        return tuple(value)

    def table(self, key: str, default: Any = _REQUIRED) -> Table:
        value = self._take(key, default)
        if not isinstance(value, dict):
            raise self.problem(key, f"must be a table, written [{key}]")
        return Table(value, file=self._file, where=f"{self._where}{key}.")

    def tables(self, key: str) -> list[Table]:
        value = self._take(key, _REQUIRED)
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.problem(key, f"must be a list of tables, written [[{key}]]")
        return [
            Table(v, file=self._file, where=f"{self._where}{key}[{i}].")
            for i, v in enumerate(value)
        ]

    def close(self) -> None:
        if self._data:
            raise self.problem(min(self._data), "is not a known key")


def open_table(file: Path) -> Table:
    try:
        return Table(tomllib.loads(file.read_text(encoding="utf-8")), file=file)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"The configuration {file} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The configuration {file} is not valid TOML: {error}.") from error


def load(file: Path) -> Config:
    """Raises :class:`ConfigError`."""
    top = open_table(file)
    services = tuple(_service(table) for table in top.tables("services"))
    names = [service.name for service in services]
    if len(set(names)) < len(names):
        raise top.problem("services", "must not name the same service twice")
    config = Config(
        name=top.name("name"),
        version=top.text("version"),
        listen_host=top.text("listen_host"),
        listen_port=top.whole("listen_port", 1, 65535),
        state_dir=top.path("state_dir"),
        engine_url=_url(top, "engine_url"),
        key_file=top.path("key_file"),
        tls=_tls(top.table("tls")),
        door_service=_door(top, names),
        services=services,
        database=_database(top.table("database")) if top.has("database") else None,
    )
    top.close()
    return config


def _url(table: Table, key: str) -> str:
    value = table.text(key).rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise table.problem(key, f"must begin with http:// or https://, not {value!r}")
    return value


def _tls(table: Table) -> TlsConfig:
    tls = TlsConfig(ca=table.path("ca"), cert=table.path("cert"), key=table.path("key"))
    table.close()
    return tls


def _database(table: Table) -> DatabaseConfig:
    publisher = table.flag("publisher")
    database = DatabaseConfig(
        url_file=_secret(table, "url_file"),
        publisher=publisher,
        publisher_url_file=(
            _secret(table, "publisher_url_file") if table.has("publisher_url_file") else None
        ),
        interval_s=table.seconds("interval_s") if table.has("interval_s") else None,
    )
    if publisher and database.publisher_url_file is not None:
        raise table.problem("publisher_url_file", "is not for the publisher itself")
    if database.interval_s is not None and database.interval_s < SHORTEST_READING_S:
        raise table.problem("interval_s", f"must be at least {SHORTEST_READING_S} seconds")
    table.close()
    return database


def _secret(table: Table, key: str) -> Path:
    path = table.path(key)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise table.problem(key, f"names {path}, which cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise table.problem(key, f"names {path}, which others than its owner may read (mode 0600)")
    return path


def _door(top: Table, names: Sequence[str]) -> str | None:
    table = top.table("door", default={})
    service = table.text("service", default="-")
    table.close()
    if service == "-":
        return None
    if service not in names:
        raise top.problem("door.service", f"must be one of the services, not {service!r}")
    return service


def _service(table: Table) -> ServiceConfig:
    service = ServiceConfig(
        name=table.name("name"),
        driver=table.text("driver"),
        command=tuple(part.replace("{python}", sys.executable) for part in table.texts("command")),
        stop_timeout_s=table.seconds("stop_timeout_s", default=5.0),
        start_timeout_s=table.seconds("start_timeout_s", default=10.0),
        settle_s=table.seconds("settle_s", default=0.1),
    )
    if service.driver not in DRIVERS:
        known = ", ".join(sorted(DRIVERS))
        raise table.problem("driver", f"must be one of: {known}; not {service.driver!r}")
    table.close()
    return service
