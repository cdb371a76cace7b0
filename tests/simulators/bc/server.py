"""A Business Central that other programs may be tested against. See README.md.

    python3 server.py --port 0 --data DIR      prints "ready port=NNNN" when it serves
"""

from __future__ import annotations

import argparse
import base64
import datetime
import decimal
import gc
import hmac
import os
import re
import secrets
import sys
import threading
import time
import traceback
from urllib.parse import parse_qs, urlsplit

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
# Threads take their decimal context from this one: nothing may be rounded unasked.
decimal.DefaultContext.prec = 120
decimal.DefaultContext.rounding = decimal.ROUND_HALF_UP
decimal.setcontext(decimal.Context())

import errors  # noqa: E402
import odata  # noqa: E402
import schema  # noqa: E402
import seed  # noqa: E402
import users  # noqa: E402
from api import Api, Request, resolve  # noqa: E402
from common import quota  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from company import Company  # noqa: E402
from store import Store  # noqa: E402

_JSON = "application/json; odata.metadata=minimal"
# What a creating request calls its record, for the story.
_REFERENCES = {"salesOrders.POST": re.compile(rb'"externalDocumentNumber"\s*:\s*"([^"]*)"'),
               "itemJournalPostings.POST": re.compile(rb'"documentNumber"\s*:\s*"([^"]*)"')}
_CODES = {500: ("InternalServerError", "internal"), 503: ("Application_ServiceUnavailable", "unavailable"),
          504: ("Application_GatewayTimeout", "timeout")}


class Endpoint:
    """One API: its path below the host and the entity sets it has."""

    def __init__(self, path, types):
        companies = schema.BY_SET["companies"]
        listed = types if companies in types else [companies, *types]
        self.path, self.types = path, {t.set_name: t for t in listed}
        self.metadata = schema.csdl(listed).encode()


class Credentials:
    """Basic with a web service key, or bearer tokens given for client credentials."""

    def __init__(self, options):
        self.options = options
        self.tokens, self.lock = {}, threading.Lock()
        pair = f"{options.user}:{options.key}".encode()
        self.basic = "Basic " + base64.b64encode(pair).decode()

    def admits(self, header):
        header = header or ""
        if self.options.auth == "basic":
            return hmac.compare_digest(header.encode("latin-1", "replace"), self.basic.encode())
        kind, _, token = header.partition(" ")
        with self.lock:
            return kind.lower() == "bearer" and self.tokens.get(token, 0) > time.monotonic()

    def grant(self, body):
        """Answers POST …/oauth2/v2.0/token as Microsoft Entra does."""
        form = {k: v[-1] for k, v in parse_qs(body.decode("utf-8", "replace")).items()}

        def refuse(status, code, text):
            return json_reply(status, {"error": code, "error_description": text})
        if form.get("grant_type") != "client_credentials":
            return refuse(400, "unsupported_grant_type", "AADSTS70003: The app requested an "
                          "unsupported grant type.")
        if not form.get("scope", "").endswith("/.default"):
            return refuse(400, "invalid_scope", "AADSTS1002012: The provided value for scope is not "
                          "valid; it must end in /.default.")
        if form.get("client_id") != self.options.client_id \
                or form.get("client_secret") != self.options.client_secret:
            return refuse(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        token, life = secrets.token_urlsafe(48), self.options.token_seconds
        with self.lock:
            now = time.monotonic()
            self.tokens = {t: end for t, end in self.tokens.items() if end > now}
            self.tokens[token] = now + life
        return json_reply(200, {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life,
                                "access_token": token})

    def forget_tokens(self):
        with self.lock:
            self.tokens.clear()


class Site(Server):
    def __init__(self, options, company, faults):
        super().__init__(options.port, Requests, faults)
        self.options, self.company = options, company
        self.api = Api(company, options.page_size)
        self.credentials = Credentials(options)
        prefix = f"/{options.instance}" if options.instance else ""
        custom = f"{prefix}/api/{options.publisher}/{options.group}/{options.version}"
        self.endpoints = [Endpoint(f"{prefix}/api/v2.0", schema.V2), Endpoint(custom, schema.SITE)]
        self.quota = quota.Quota(options)


class Requests(Handler):
    max_body = 32 * 1024 * 1024
    server: Site

    def serve(self, method, path, query, body):
        """One request of the ERP's API; `path` and `query` are read again from the raw URL."""
        parts = urlsplit(self.path)
        if parts.path.endswith("/oauth2/v2.0/token") and method == "POST" \
                and self.server.options.auth == "oauth":
            return self.server.credentials.grant(body)
        server = self.server
        entered = server.quota.enter()
        try:
            if not server.credentials.admits(self.headers.get("Authorization")):
                challenge = "Basic realm=\"Business Central\"" if server.options.auth == "basic" \
                    else "Bearer"
                raise errors.ApiError(401, "Authentication_InvalidCredentials", "unauthorized",
                                      headers={"WWW-Authenticate": challenge})
            if not entered:
                limit = server.quota.at_most
                raise errors.ApiError(429, "Application_TooManyRequests", "too_many", actual=limit + 1,
                                      max=limit, headers={"Retry-After": "1"})
            return self._with_faults(method, parts, body)
        except errors.ApiError as error:
            return self._error(error)
        finally:
            if entered:
                server.quota.leave()

    def _with_faults(self, method, parts, body):
        endpoint = next((e for e in self.server.endpoints
                         if parts.path == e.path or parts.path.startswith(e.path + "/")), None)
        if endpoint is None:
            raise errors.no_segment(parts.path[:80])
        rest = parts.path[len(endpoint.path):].strip("/")
        host = self.headers.get("Host") or f"127.0.0.1:{self.server.server_address[1]}"
        root = f"http://{host}{endpoint.path}"
        if rest == "$metadata":
            operation, process, stale = "$metadata." + method, lambda: self._metadata(method, endpoint), None
            named = None
        elif not rest:
            operation, process, stale = "service." + method, lambda: self._service(endpoint, root), None
            named = None
        else:
            segments = odata.parse_path(rest)
            request = Request(method, endpoint.types, segments, odata.parse_query(parts.query), body,
                              self.headers, root, f"http://{host}{parts.path}")
            target = resolve(request, self.server.company.id)
            operation = f"{target.kind.set_name}.{method}"

            about = _REFERENCES.get(operation)
            named = about.search(body) if about else None

            def process():
                return self._answer(request, target)

            def stale():
                self.server.api.make_stale(request, target)
        faults = self.server.faults
        return faults.carry_out(faults.take(operation), process, self._refuse_with, stale,
                                named.group(1).decode("utf-8", "replace") if named else "")

    def _answer(self, request, target):
        try:
            return self.server.api.process(request, target)
        except errors.ApiError as error:
            return self._error(error)
        except Exception:
            traceback.print_exc()
            return self._refuse_with(500)

    def _refuse_with(self, status):
        if status == 429:
            return self._error(errors.ApiError(429, "Application_TooManyRequests", "too_many",
                                               actual=101, max=100, headers={"Retry-After": "1"}))
        code, key = _CODES[status]
        headers = {"Retry-After": "1"} if status == 503 else {}
        return self._error(errors.ApiError(status, code, key, headers=headers))

    def _error(self, error):
        language = errors.language_of(self.headers.get("Accept-Language"))
        text = odata.dumps(error.body(language))
        return Reply(error.status, text.encode(), _JSON,
                     (("OData-Version", "4.0"), *error.headers.items()))

    @staticmethod
    def _metadata(method, endpoint):
        if method != "GET":
            raise errors.method_not_allowed(method, "$metadata", "GET")
        return Reply(200, endpoint.metadata, "application/xml", (("OData-Version", "4.0"),))

    @staticmethod
    def _service(endpoint, root):
        sets = [{"name": name, "kind": "EntitySet", "url": name} for name in endpoint.types]
        text = odata.dumps({"@odata.context": f"{root}/$metadata", "value": sets})
        return Reply(200, text.encode(), _JSON, (("OData-Version", "4.0"),))

    def control(self, method, path, query, document):
        company = self.server.company
        if path.startswith("users/") and method == "POST":
            result = users.act(company, path[len("users/"):], document)
            return Reply(200, odata.dumps(users._plain(result)).encode(), "application/json")
        if path == "state" and method == "GET":
            text = odata.dumps(users.state(company, query.get("part", "")))
            return Reply(200, text.encode(), "application/json")
        if path == "tokens" and method == "DELETE":
            self.server.credentials.forget_tokens()
            return Reply(204)
        if path == "quota" and method == "GET":
            return json_reply(200, {"counted": self.server.quota.counted, "refused": self.server.quota.refused})
        return None


def arguments():
    parser = argparse.ArgumentParser(description="A simulated Business Central (API v2.0 and site pages)")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--data", required=True, help="folder of the company's books; kept")
    parser.add_argument("--seed-date", type=datetime.date.fromisoformat,
                        default=datetime.date.today(), help="date of the opening stock")
    parser.add_argument("--company", default="Contoso Retail DE")
    parser.add_argument("--instance", default="", help="server instance: first part of the path")
    parser.add_argument("--publisher", default="contoso")
    parser.add_argument("--group", default="retail")
    parser.add_argument("--version", default="v1.0")
    parser.add_argument("--auth", choices=("basic", "oauth"), default="basic")
    parser.add_argument("--user", default="underpin")
    parser.add_argument("--key", default="bc-demo-web-service-key", help="web service access key")
    parser.add_argument("--client-id", default="11111111-2222-3333-4444-555555555555")
    parser.add_argument("--client-secret", default="bc-demo-client-secret")
    parser.add_argument("--token-seconds", type=int, default=3600)
    parser.add_argument("--page-size", type=int, default=100)
    # Per user, as Microsoft publishes them.
    quota.add_arguments(parser, at_once=5, waiting=95, requests=6000)
    parser.add_argument("--rounding", choices=("per_line", "per_document", "planted"),
                        default="per_line")
    parser.add_argument("--planted-item", default="", help="the only item that `planted` is for")
    parser.add_argument("--default-location", default="CENTRAL", help="of item lines without one")
    return parser.parse_args()


def main():
    options = arguments()
    sys.setswitchinterval(0.002)
    gc.set_threshold(50000, 20, 50)  # the books are many small objects that stay
    store = Store(options.data)
    seed.fill(store, options.company, options.seed_date.isoformat())
    company = Company(store, seed.COMPANY_ID, options.rounding, options.planted_item,
                      options.default_location)
    try:
        serve_until_terminated(Site(options, company, FaultTable()))
    finally:
        store.close()


if __name__ == "__main__":
    main()
