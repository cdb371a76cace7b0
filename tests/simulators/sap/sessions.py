"""Sessions of the application server: a logical unit of work each, and the locks that it holds."""

from __future__ import annotations

import secrets
import threading
import time


class Session:
    def __init__(self, user: str, identifier: str):
        self.user, self.identifier = user, identifier
        self.lock = threading.Lock()  # One request of a session at a time.
        self.pending: list = []       # What COMMIT WORK will do.
        self.locked: set = set()
        self.ended = False
        self.used = time.monotonic()


class Sessions:
    """Thread safe. A session that nobody uses ends after `idle_s`, and with it its locks and what it had begun."""

    def __init__(self, idle_s: float):
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._sessions: dict = {}
        self._people: dict = {}  # Documents that somebody has open in a dialog.

    def open(self, user: str, keep: bool) -> Session:
        session = Session(user, secrets.token_hex(16))
        with self._lock:
            self._end_idle()
            self._sessions[session.identifier] = session
        if not keep:
            session.identifier = ""
        return session

    def find(self, identifier: str) -> Session | None:
        with self._lock:
            self._end_idle()
            session = self._sessions.get(identifier)
            if session is not None:
                session.used = time.monotonic()
            return session

    def end(self, session: Session) -> None:
        """What it had begun and not committed is gone."""
        with self._lock:
            self._end(session)

    def end_all(self) -> None:
        """As an operator does it."""
        with self._lock:
            for session in list(self._sessions.values()):
                self._end(session)

    def enqueue(self, session: Session, document: str) -> str:
        """"" when the lock was had; otherwise who has it."""
        with self._lock:
            self._end_idle()
            if document in self._people:
                return self._people[document]
            for other in self._sessions.values():
                if other is not session and document in other.locked:
                    return other.user
            session.locked.add(document)
            return ""

    def holder(self, document: str) -> str:
        with self._lock:
            self._end_idle()
            return next((one.user for one in self._sessions.values() if document in one.locked), "")

    def dequeue(self, session: Session) -> None:
        with self._lock:
            session.locked.clear()

    def in_dialog(self, document: str, user: str) -> None:
        """Somebody opens the document to change it; "" closes it."""
        with self._lock:
            if user:
                self._people[document] = user
            else:
                self._people.pop(document, None)

    def _end(self, session: Session) -> None:
        session.ended = True
        session.pending.clear()
        session.locked.clear()
        for key in [key for key, one in self._sessions.items() if one is session]:
            del self._sessions[key]

    def _end_idle(self) -> None:
        before = time.monotonic() - self._idle_s
        for session in [one for one in self._sessions.values() if one.used < before and not one.lock.locked()]:
            self._end(session)
