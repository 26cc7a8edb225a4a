"""Sends a request once."""

from __future__ import annotations

import json
import re
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import List, Mapping, Optional
from urllib.parse import urlsplit

_CHUNK_BYTES = 65_536


class NotSent(Exception):
    """No byte of the request left; `__cause__` says why."""


class Unanswered(Exception):
    """Some of it may have left, and no whole answer came; `__cause__` says why."""


@dataclass(frozen=True)
class Answer:
    """What came back, whole; `body` is `None` if it is no JSON."""

    status: int
    body: object
    request_id: Optional[str]
    retry_after_s: float


class Transport:
    """Connections to one service, kept between requests; threads may share it."""

    def __init__(self, url: str, context: Optional[ssl.SSLContext]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is not the address of a service: http:// or https://, a host, a port if need be")
        if parts.username is not None or parts.query or parts.fragment or re.search(r"\s", url):
            # Not what it is: a password or a token may be in it.
            raise ValueError("url is not the address of a service: no credentials, query, fragment or white space")
        self._base = re.sub(r"/api/v1$", "", parts.path.rstrip("/"))
        self._host, self._port = parts.hostname, parts.port
        self._context = context or ssl.create_default_context() if parts.scheme == "https" else None
        # Taking from a list and adding to it are atomic.
        self._idle: List[HTTPConnection] = []

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout_s: float
    ) -> Answer:
        """Sends once. Raises `NotSent` or `Unanswered`. No redirect is followed: it would take money and token elsewhere."""
        end = time.monotonic() + timeout_s
        connection = self._connected(timeout_s)
        try:
            _limit(connection, end)
            connection.request(method, self._base + path, body, dict(headers))
            _limit(connection, end)
            socket = connection.sock
            response = connection.getresponse()
            content = b""
            while not response.isclosed():
                socket.settimeout(_left_s(end))
                chunk = response.read1(_CHUNK_BYTES)
                if not chunk:
                    break
                content += chunk
            # What is left to come of an answer that was cut off.
            if response.length:
                raise IncompleteRead(content, response.length)
            response.close()
        except (OSError, HTTPException) as error:
            connection.close()
            raise Unanswered(str(error)) from error
        except BaseException:
            # Ctrl-C: what comes next on this connection would be the answer to this request.
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return Answer(
            status=response.status,
            body=_parse(content),
            request_id=response.headers.get("x-request-id"),
            retry_after_s=_retry_after_s(response.headers.get("retry-after")),
        )

    def close(self) -> None:
        """Closes the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _connected(self, timeout_s: float) -> HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        if self._context is not None:
            connection: HTTPConnection = HTTPSConnection(
                self._host, self._port, timeout=timeout_s, context=self._context
            )
        else:
            connection = HTTPConnection(self._host, self._port, timeout=timeout_s)
        try:
            # By itself, TLS and all: what fails here has sent nothing of the request.
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise NotSent(str(error)) from error
        return connection


def _limit(connection: HTTPConnection, end: float) -> None:
    if connection.sock is not None:
        connection.sock.settimeout(_left_s(end))


def _left_s(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("no whole answer in time")
    return left


def _retry_after_s(text: Optional[str]) -> float:
    """Seconds or a date (RFC 9110), in seconds from now."""
    if text is None:
        return 0
    if re.fullmatch(r"[0-9]+", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0


def _parse(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
