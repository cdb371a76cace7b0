"""Token-based authentication: the tokenPassport header."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from urllib.parse import quote

from .errors import SoapFault

CLOCK_SKEW_S = 300


def signature(account: str, consumer_key: str, consumer_secret: str, token: str, token_secret: str, nonce: str,
              timestamp: str, algorithm: str = "HMAC-SHA256") -> str:
    text = "&".join((account, consumer_key, token, nonce, timestamp))
    key = quote(consumer_secret, safe="") + "&" + quote(token_secret, safe="")
    hashed = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}[algorithm]
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashed).digest()).decode()


class Tokens:
    """The one integration and token that the account knows. Thread safe."""

    def __init__(self, options):
        self._account = options.account
        self._consumer = (options.consumer_key, options.consumer_secret)
        self._token = (options.token, options.token_secret)
        self._lock = threading.Lock()
        self._seen: dict = {}

    def check(self, passport: dict) -> None:
        given = passport.get("signature", {})
        if given.get("@algorithm") not in ("HMAC-SHA256", "HMAC-SHA1"):
            raise _refused("the algorithm")
        wanted = signature(self._account, *self._consumer, *self._token, passport.get("nonce", ""),
                           passport.get("timestamp", ""), given["@algorithm"])
        if (passport.get("account"), passport.get("consumerKey"), passport.get("token")) != (
                self._account, self._consumer[0], self._token[0]):
            raise _refused("account, consumer key or token")
        if not hmac.compare_digest(wanted, given.get("text", "").strip()):
            raise _refused("the signature")
        self._check_once(passport["nonce"], int(passport["timestamp"]))

    def _check_once(self, nonce: str, timestamp: int) -> None:
        now = time.time()
        if abs(now - timestamp) > CLOCK_SKEW_S:
            raise _refused("the timestamp")
        if not 6 <= len(nonce) <= 64:
            raise _refused("the nonce")
        with self._lock:
            if nonce in self._seen:
                raise _refused("a nonce that was used before")
            self._seen[nonce] = now
            if len(self._seen) > 50_000:
                self._seen = {key: at for key, at in self._seen.items() if now - at <= 2 * CLOCK_SKEW_S}


def _refused(what: str) -> SoapFault:
    # The account says no more than this; what was wrong stands in its login audit trail.
    return SoapFault("invalidCredentialsFault", "INVALID_LOGIN_ATTEMPT", f"Invalid login attempt. [{what}]")
