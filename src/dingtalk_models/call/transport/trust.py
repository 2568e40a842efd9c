"""The certificates and proxies that both transports use, from the environment, as requests does it."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi

from dingtalk_models.core.errors import ConfigurationError


def trusted() -> ssl.SSLContext:
    """Trust the same certificate authorities as requests."""
    named = map(os.environ.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"))
    path = next(filter(None, named), None) or certifi.where()
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigurationError(f"no certificate authorities in {path} / 其中没有可用的 CA 证书") from error
