"""A threaded HTTP/1.1 server with keep-alive, size limits and the control plane for faults.

A simulator derives from Handler and implements `serve(method, path, query, body) -> Reply | None`
(None closes the connection without an answer) and `control(method, path, query, document)` for its
own paths below /_sim/. Faults and /_sim/faults are handled here.
"""

from __future__ import annotations

import json
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Optional
from urllib.parse import parse_qs, unquote, urlsplit

from .faults import FaultTable, Reply

_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request",
            401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
            411: "Length Required", 412: "Precondition Failed", 413: "Payload Too Large",
            415: "Unsupported Media Type", 422: "Unprocessable Entity",
            428: "Precondition Required", 429: "Too Many Requests", 500: "Internal Server Error",
            503: "Service Unavailable", 504: "Gateway Timeout"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, handler, faults: FaultTable):
        super().__init__(("127.0.0.1", port), handler)
        self.faults = faults

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


def json_reply(status: int, document) -> Reply:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return Reply(status, body, "application/json; charset=utf-8")


class Headers:
    """Header fields by name, whatever its case; of a repeated one the last counts."""

    def __init__(self):
        self._values: dict = {}

    def add(self, line: bytes) -> bool:
        name, colon, value = line.decode("latin-1").partition(":")
        self._values[name.lower()] = value.strip()
        return bool(colon)

    def get(self, name: str, default=None):
        return self._values.get(name.lower(), default)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    max_body = 8 * 1024 * 1024
    server: Server

    # What a simulator implements.
    def serve(self, method: str, path: str, query: dict, body: bytes) -> Optional[Reply]:
        raise NotImplementedError

    def control(self, method: str, path: str, query: dict, document) -> Optional[Reply]:
        """Answers a path below /_sim/ (given without that prefix), or None if there is none such."""
        raise NotImplementedError

    # Plumbing.
    def do_GET(self):
        self._dispatch("GET")

    def do_POST(self):
        self._dispatch("POST")

    def do_PATCH(self):
        self._dispatch("PATCH")

    def do_PUT(self):
        self._dispatch("PUT")

    def do_DELETE(self):
        self._dispatch("DELETE")

    def log_message(self, *arguments):
        pass

    def parse_request(self) -> bool:
        """The standard library's reader of header fields is a mail's, and takes half the time of a request."""
        words = self.raw_requestline.decode("latin-1").split()
        if len(words) != 3 or words[2] != "HTTP/1.1":
            return super().parse_request()
        self.command, self.path, self.request_version = words
        self.requestline = " ".join(words)
        self.headers = Headers()
        for _ in range(200):
            line = self.rfile.readline(65537)
            if line in (b"\r\n", b"\n", b""):
                self.close_connection = self.headers.get("Connection", "").lower() == "close"
                if self.headers.get("Expect", "").lower() == "100-continue":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return True
            if len(line) > 65536 or not self.headers.add(line):
                break
        self.close_connection = True
        self._refuse(400, "a header field cannot be read")
        return False

    def _dispatch(self, method: str) -> None:
        body = self._read_body()
        if body is None:
            return
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        query = {name: values[-1] for name, values in
                 parse_qs(parts.query, keep_blank_values=True).items()}
        if path.startswith("/_sim/"):
            reply = self._control(method, path[len("/_sim/"):], query, body)
        else:
            reply = self.serve(method, path, query, body)
        if reply is None:
            self._drop()
        else:
            self._send(reply)

    def _read_body(self) -> Optional[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        text = self.headers.get("Content-Length", "0")
        if not text.isdigit():
            self._refuse(400, "Content-Length is no number")
            return None
        length = int(text)
        if length > self.max_body:
            self._refuse(413, "the body is too large")
            return None
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _read_chunks(self) -> Optional[bytes]:
        body = bytearray()
        while True:
            line = self.rfile.readline(64)
            try:
                size = int(line.split(b";")[0].strip(), 16)
            except ValueError:
                self._refuse(400, "a chunk has no size")
                return None
            if len(body) + size > self.max_body:
                self._refuse(413, "the body is too large")
                return None
            if size == 0:
                while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
                    pass
                return bytes(body)
            body += self.rfile.read(size)
            self.rfile.readline(8)

    def _refuse(self, status: int, text: str) -> None:
        self.close_connection = True
        self._send(Reply(status, text.encode("utf-8")))

    def _send(self, reply: Reply) -> None:
        reason = _REASONS.get(reply.status, "Unknown")
        head = [f"HTTP/1.1 {reply.status} {reason}"]
        if reply.status != 204:
            head.append(f"Content-Type: {reply.content_type}")
            head.append(f"Content-Length: {len(reply.body)}")
        head.extend(f"{name}: {value}" for name, value in reply.headers)
        if self.close_connection:
            head.append("Connection: close")
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        if reply.status != 204:
            data += reply.body
        self.wfile.write(data)

    def _drop(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _control(self, method: str, path: str, query: dict, body: bytes) -> Reply:
        try:
            document = json.loads(body, parse_float=str) if body else {}
        except ValueError as error:
            return json_reply(400, {"error": f"malformed JSON: {error}"})
        try:
            if path == "faults":
                # Probabilities are the only numbers with a fraction here.
                if method == "POST":
                    rule = json.loads(body) if body else {}
                    if not isinstance(rule, dict):
                        raise ValueError("a fault is an object")
                    return json_reply(201, self.server.faults.add(rule))
                if method == "DELETE":
                    self.server.faults.clear()
                    return Reply(204)
                return json_reply(200, self.server.faults.describe())
            if path == "story":
                return json_reply(200, {"story": self.server.faults.story(query.get("about", ""))})
            reply = self.control(method, path, query, document)
        except (ValueError, KeyError, TypeError) as error:
            return json_reply(400, {"error": str(error)})
        if reply is None:
            return json_reply(404, {"error": f"there is no /_sim/{path}"})
        return reply


def serve_until_terminated(server: Server) -> None:
    """Prints `ready port=NNNN` and serves until SIGTERM or SIGINT."""

    def stop(_signal, _frame):
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"ready port={server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
