"""SOCKS, by python-socks, which is imported when a proxy asks for it."""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from refws.failure import UsageError
from refws.host.reaching.proxies import Proxy, ProxyError

__all__ = ["A_DAY", "socks_errors", "socks_proxy"]

A_DAY = 86400
"""Seconds, in place of python-socks' own limit: that of `connect` comes before it."""


def socks_proxy(proxy: Proxy, package: str) -> Any:
    """What connects through the proxy: of ``python_socks.async_.asyncio`` or of ``python_socks.sync``."""
    try:
        kinds = importlib.import_module("python_socks").ProxyType
        speaker = importlib.import_module(package).Proxy
    except ImportError:
        raise UsageError(f"{proxy} needs python-socks: pip install 'refws[proxy]'") from None
    kind = kinds.SOCKS4 if proxy.scheme.startswith("socks4") else kinds.SOCKS5
    return speaker(kind, proxy.host, proxy.port, proxy.user, proxy.password, rdns=proxy.resolves_names)


@contextlib.contextmanager
def socks_errors(proxy: Proxy) -> Iterator[None]:
    """Turn what python-socks raises into `ProxyError`."""
    errors = importlib.import_module("python_socks")
    try:
        yield
    except errors.ProxyConnectionError as error:
        raise ProxyError(proxy, f"cannot be reached: {error.__cause__ or error}") from None
    except errors.ProxyError as error:
        # §rfc6455:4.1-p18-s1 MUST fail where the proxy answers with an error
        raise ProxyError(proxy, f"did not open the connection: {error}", error.error_code) from None
