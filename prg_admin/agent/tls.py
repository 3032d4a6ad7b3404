"""Mutual TLS between engine and agents, by certificates of the cluster's own authority."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from prg_admin.agent.config import ConfigError, TlsConfig


def server_context(files: TlsConfig) -> ssl.SSLContext:
    """Admits only clients with a certificate of the cluster's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, files)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(files: TlsConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(context, files)
    return context


def _load(context: ssl.SSLContext, files: TlsConfig) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (files.ca, files.cert, files.key):
        try:
            path.read_bytes()
        except OSError as error:
            raise ConfigError(f"The TLS file {path} cannot be read: {error}.") from error
    try:
        context.load_verify_locations(files.ca)
        context.load_cert_chain(files.cert, files.key)
    except ssl.SSLError as error:
        raise ConfigError(
            f"The TLS files {files.ca}, {files.cert} and {files.key} do not fit together: {error}."
        ) from error


def common_name(certificate: Mapping[str, Any] | None) -> str:
    """Whom a verified client certificate names; empty without one."""
    subject = () if certificate is None else certificate.get("subject", ())
    for part in subject:
        for key, value in part:
            if key == "commonName":
                return str(value)
    return ""
