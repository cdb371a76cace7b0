"""JSON over HTTP with kept connections: one connection per thread and server."""

from __future__ import annotations

import http.client
import json
import threading
from decimal import Decimal


class Answer:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body
        self.in_doubt = False  # An earlier attempt of the same request may have been carried out.

    @property
    def json(self):
        """The body; numbers with a fraction are Decimal."""
        return json.loads(self.body, parse_float=Decimal) if self.body else {}

    @property
    def retry_after_s(self) -> float | None:
        text = self.headers.get("Retry-After")
        return float(text) if text and text.isdigit() else None

    def problem(self) -> str:
        """What the answer says is wrong, for people."""
        try:
            body = self.json
        except ValueError:
            body = {}
        detail = body.get("detail") or body.get("title") or body.get("error")
        return f"{self.status} {detail or self.body[:200].decode('utf-8', 'replace')}"


class InWave:
    """A server whose every call is about one wave."""

    def __init__(self, server: "Server", wave: str):
        self._server, self._wave = server, wave

    def call(self, method: str, path: str, body=None, headers: dict | None = None) -> Answer:
        return self._server.call(method, f"{path}{'&' if '?' in path else '?'}wave={self._wave}", body, headers)


class Server:
    """One server on loopback. Threads: any; each has a connection of its own."""

    def __init__(self, port: int, headers: dict | None = None, timeout_s: float = 30):
        self.port, self._headers, self._timeout_s = port, headers or {}, timeout_s
        self._connections = threading.local()

    def call(self, method: str, path: str, body=None, headers: dict | None = None) -> Answer:
        """OSError or HTTPException: no answer came; whether the request arrived is not known."""
        send = {**self._headers, **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode("utf-8")
            send["Content-Type"] = "application/json"
        connection = getattr(self._connections, "open", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self._timeout_s)
            self._connections.open = connection
        try:
            try:
                connection.request(method, path, data, send)
                response = connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # A kept connection that the server had closed meanwhile; reads may simply be repeated.
                if method != "GET":
                    raise
                connection.close()
                connection.request(method, path, data, send)
                response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._connections.open = None
            raise
        if response.will_close:
            connection.close()
            self._connections.open = None
        return Answer(response.status, response.headers, content)
