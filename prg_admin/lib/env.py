"""Strict readers of the environment, and of what a running installation left in its folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]
INSTALLATION_FILE = "installation.json"


def var_dir() -> Path:
    """The folder of all local state, ``PRG_VAR_DIR``."""
    return Path(os.environ.get("PRG_VAR_DIR") or BASE_DIR / "var").resolve()


def read_installation() -> dict[str, Any]:
    """Addresses and key that ``make run`` wrote for its own installation; empty without one."""
    path = var_dir() / INSTALLATION_FILE
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ImproperlyConfigured(f"{path} must hold a JSON object")
    return data


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in ("", "0", "false", "no"):
        return default if value == "" else False
    if value in ("1", "true", "yes"):
        return True
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")


def words(name: str, default: str) -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def whole(name: str, default: int, *, least: int) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} on, not {value!r}")
    return int(value)
