"""Requests on entities: from URL, headers and body to an answer."""

from __future__ import annotations

import functools
import operator
from typing import NamedTuple, Optional

import credit_memos
import errors
import odata
import orders
import pricing
import schema
from common.faults import Reply
from company import ZERO, ZERO_GUID
from orders import blank
from store import etag, new_id

_JSON = "application/json; odata.metadata=minimal"
_NEED_DOCUMENT = {"salesOrderLines", "salesShipmentLines", "salesInvoiceLines",
                  "salesCreditMemoLines"}


class Request(NamedTuple):
    method: str
    types: dict  # entity set -> EntityType of this endpoint
    segments: list  # behind the endpoint's root: companies(…), salesOrders, …
    options: dict
    body: bytes
    headers: object  # get(name)
    root: str  # absolute URL of the endpoint
    url: str  # absolute URL of the resource, without query


class Target(NamedTuple):
    """What a URL names: an entity set (perhaps below a parent entity) or one entity in it."""
    kind: object  # EntityType
    key: Optional[object]
    parent: Optional[tuple]  # (EntityType, key, Navigation)


def resolve(request, company_id):
    """The Target of a request's URL; None for the endpoint's companies."""
    segments = request.segments
    if segments[0].name != "companies":
        raise errors.no_segment(segments[0].name)
    companies = schema.BY_SET["companies"]
    if segments[0].key is None:
        if len(segments) > 1:
            raise errors.no_segment(segments[1].name)
        return Target(companies, None, None)
    if odata.read_key(companies, segments[0].key) != company_id:
        raise errors.ApiError(404, "Internal_CompanyNotFound", "not_found")
    if len(segments) == 1:
        return Target(companies, company_id, None)
    kind = request.types.get(segments[1].name)
    if kind is None or kind is companies:
        raise errors.no_segment(segments[1].name)
    key = None if segments[1].key is None else odata.read_key(kind, segments[1].key)
    if len(segments) == 2:
        return Target(kind, key, None)
    navigation = kind.navigations.get(segments[2].name)
    if navigation is None or key is None or len(segments) > 3:
        raise errors.no_segment(segments[2].name if len(segments) == 3 else segments[3].name)
    target = request.types[navigation.target]
    inner = None
    if segments[2].key is not None:
        if not navigation.many:
            raise errors.no_segment(segments[2].name)
        inner = odata.read_key(target, segments[2].key)
    return Target(target, inner, (kind, key, navigation))


class Api:
    def __init__(self, company, page_size):
        self.company, self.store, self.page_size = company, company.store, page_size
        self.posts = {
            "salesCreditMemos": lambda target, body: (201, credit_memos.create(self.company, body)),
            "salesOrders": self._post_order, "salesOrderLines": self._post_line,
            "customers": self._post_customer, "salesOrderReleases": self._post_release,
            "salesOrderReopens": self._post_reopen, "salesLinePromotions": self._post_promotion,
            "itemJournalPostings": self._post_journal,
            "salesPrices": lambda target, body: (201, pricing.create(self.company, body)),
            "priceListBatches": lambda target, body: pricing.apply_batch(self.company, body),
            "priceQuotes": lambda target, body: (201, pricing.quote(self.company, body))}
        self.patches = {
            "salesOrders": functools.partial(orders.change, company),
            "salesOrderLines": self._patch_line, "customers": self._patch_customer,
            "salesPrices": functools.partial(pricing.change, company),
            "customerPricing": self._patch_pricing}
        self.deletes = {
            "salesCreditMemos": functools.partial(credit_memos.delete, company),
            "salesOrders": functools.partial(orders.delete, company),
            "salesOrderLines": self._delete_line, "customers": self._delete_customer}

    # -------------------------------------------------------------------------- dispatch
    def process(self, request, target):
        kind = target.kind
        allowed = kind.methods
        if request.method not in allowed:
            raise errors.method_not_allowed(request.method, kind.set_name, ", ".join(allowed))
        if request.method == "GET":
            with self.store.lock:
                return self._get(request, target)
        if request.method == "POST":
            return self._post(request, target)
        return self._write(request, target)

    def make_stale(self, request, target):
        """Somebody in the office saves the same record."""
        if request.method in ("PATCH", "DELETE") and target.key is not None:
            with self.store.transaction() as store:
                row = store[target.kind.set_name].get(target.key)
                if row:
                    store.put(target.kind.set_name, row)

    def _query(self, request, kind, many):
        return odata.read_query(kind, request.options, request.types, many)

    def _post(self, request, target):
        kind = target.kind
        if target.key is not None:
            raise errors.method_not_allowed("POST", kind.set_name, "GET")
        query = self._query(request, kind, False)
        body = self._body(request)
        with self.store.transaction():
            status, row = self.posts[kind.set_name](target, body)
        with self.store.lock:
            text = self._entity(request, kind, row, query, context=True)
        headers = [("OData-Version", "4.0")]
        if "_v" in row:
            headers.append(("ETag", etag(row, kind.key)))
        if "GET" in kind.methods:
            key = row[kind.key] if kind.properties[kind.key].kind == "guid" else f"'{row[kind.key]}'"
            company = f"{request.root}/companies({self.company.id})"
            headers.append(("Location", f"{company}/{kind.set_name}({key})"))
        return Reply(status, text.encode(), _JSON, tuple(headers))

    def _body(self, request):
        media = (request.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        if media != "application/json":
            raise errors.ApiError(415, "BadRequest_UnsupportedMediaType", "media_type",
                                  value=media[:80])
        return odata.loads(request.body)

    def _write(self, request, target):
        kind = target.kind
        if target.key is None:
            raise errors.method_not_allowed(request.method, kind.set_name, "GET, POST")
        query = self._query(request, kind, False)
        match = request.headers.get("If-Match")
        if not match:
            raise errors.ApiError(400, "BadRequest_InvalidToken", "no_if_match")
        body = self._body(request) if request.method == "PATCH" else None
        with self.store.transaction() as store:
            row = self._one(target)
            tags = [t.strip() for t in (match or "*").split(",")]
            if "*" not in tags and etag(row, kind.key) not in tags:
                raise errors.ApiError(409, "Request_EntityChanged", "changed")
            if request.method == "DELETE":
                if kind.set_name in self.deletes:
                    self.deletes[kind.set_name](row)
                else:
                    store.delete(kind.set_name, row[kind.key])
                return Reply(204, headers=(("OData-Version", "4.0"),))
            row = self.patches[kind.set_name](row, body)
        with self.store.lock:
            text = self._entity(request, kind, row, query, context=True)
        return Reply(200, text.encode(), _JSON,
                     (("OData-Version", "4.0"), ("ETag", etag(row, kind.key))))

    # -------------------------------------------------------------------------- reading
    def _parent(self, target):
        kind, key, navigation = target.parent
        row = self.store[kind.set_name].get(key)
        if row is None:
            raise errors.not_found()
        return row, navigation

    def _one(self, target):
        """The row that the URL names with a key, or over a navigation to one."""
        if target.parent:
            parent, navigation = self._parent(target)
            if not navigation.many:
                row = self.store[target.kind.set_name].get(parent[navigation.local])
            else:
                row = self.store[target.kind.set_name].get(target.key)
                if row and row[navigation.remote] != parent[navigation.local]:
                    row = None
        else:
            row = self.store[target.kind.set_name].get(target.key)
        if row is None:
            raise errors.not_found()
        return row

    def _get(self, request, target):
        kind = target.kind
        many = target.key is None and (target.parent is None or target.parent[2].many)
        query = self._query(request, kind, many)
        if many:
            return self._list(request, target, query)
        if target.parent and not target.parent[2].many:
            parent, navigation = self._parent(target)
            if parent[navigation.local] == ZERO_GUID:
                return Reply(204, headers=(("OData-Version", "4.0"),))
        row = self._one(target)
        text = self._entity(request, kind, row, query, context=True)
        return Reply(200, text.encode(), _JSON,
                     (("OData-Version", "4.0"), ("ETag", etag(row, kind.key))))

    def _rows(self, kind, query, equals):
        rows = self.store[kind.set_name].candidates({**query.equals, **equals})
        for name, value in equals.items():
            rows = [row for row in rows if row[name] == value]
        if query.where:
            rows = [row for row in rows if query.where(row)]
        return rows

    def _list(self, request, target, query):
        kind = target.kind
        equals = {}
        if target.parent:
            parent, navigation = self._parent(target)
            equals = {navigation.remote: parent[navigation.local]}
        elif kind.set_name in _NEED_DOCUMENT and not {"documentId", "id"} & set(query.equals):
            raise errors.dialog("need_document")
        rows = self._rows(kind, query, equals)
        total = len(rows)
        order = [*query.order, (kind.order, False), (kind.key, False)]
        _sort(rows, order)
        if query.token is not None:
            rows = _after(rows, order, query.token)
        rows = rows[query.skip:]
        limit, applied = self._page_limit(request)
        wanted = len(rows) if query.top is None else min(query.top, len(rows))
        page = rows[:min(limit, wanted)]
        parts = []
        if query.count:
            parts.append(f'"@odata.count":{total}')
        entities = ",".join([self._entity(request, kind, row, query) for row in page])
        parts.append(f'"value":[{entities}]')
        if wanted > len(page) and page:
            token = [page[-1][name] for name, _ in order]
            left = None if query.top is None else query.top - len(page)
            link = odata.next_link(request.url, request.options, token, left)
            parts.append(f'"@odata.nextLink":{odata.dumps(link)}')
        headers = [("OData-Version", "4.0")]
        if applied:
            headers.append(("Preference-Applied", f"odata.maxpagesize={limit}"))
        text = f'{{"@odata.context":{odata.dumps(self._context(request, kind))},{",".join(parts)}}}'
        return Reply(200, text.encode(), _JSON, tuple(headers))

    def _page_limit(self, request):
        for part in (request.headers.get("Prefer") or "").split(","):
            name, _, value = part.strip().partition("=")
            if name.lower() in ("odata.maxpagesize", "maxpagesize"):
                value = value.strip('" ')
                if not value.isdigit() or not 1 <= int(value[:9]):
                    raise errors.bad_query("odata.maxpagesize must be a positive integer.")
                return min(int(value[:9]), odata.MAX_PAGE), True
        return self.page_size, False

    def _context(self, request, kind):
        if kind.set_name == "companies":
            return f"{request.root}/$metadata#companies"
        return f"{request.root}/$metadata#companies({self.company.id})/{kind.set_name}"

    def _entity(self, request, kind, row, query, context=False):
        """One entity as JSON. All properties of a stored row are written once and kept with it."""
        if query.select is None and not kind.collections:
            text = row.get("_json")
            if text is None:
                text = row["_json"] = self._fields(kind, row, None)
        else:
            text = self._fields(kind, row, query.select)
        parts = [text] if text else []
        if context:
            where = odata.dumps(self._context(request, kind) + "/$entity")
            parts.insert(0, f'"@odata.context":{where}')
        for name, nested in query.expand.items():
            navigation = kind.navigations[name]
            target = request.types[navigation.target]
            if navigation.many:
                rows = self._rows(target, nested, {navigation.remote: row[navigation.local]})
                order = [*nested.order, (target.order, False), (target.key, False)]
                _sort(rows, order)
                rows = rows[nested.skip:][:nested.top]
                inner = ",".join([self._entity(request, target, one, nested) for one in rows])
                parts.append(f'"{name}":[{inner}]')
            else:
                other = self.store[target.set_name].get(row[navigation.local])
                inner = self._entity(request, target, other, nested) if other else "null"
                parts.append(f'"{name}":{inner}')
        return "{" + ",".join(parts) + "}"

    @staticmethod
    def _fields(kind, row, select):
        names = [*kind.properties, *kind.collections]
        if select is not None:
            chosen = set(select)
            names = [name for name in names if name in chosen]
        parts = [f'"@odata.etag":{odata.dumps(etag(row, kind.key))}'] if "_v" in row else []
        parts.extend([f'"{name}":{odata.dumps(row[name])}' for name in names if name in row])
        return ",".join(parts)

    # -------------------------------------------------------------------------- v2.0 writes
    def _header_of(self, line):
        return self.store["salesOrders"].get(line["documentId"])

    def _post_order(self, target, body):
        return 201, orders.create(self.company, body)

    def _post_line(self, target, body):
        if target.parent:
            header = self._parent(target)[0]
        else:
            given = body.get("documentId")
            if given is None:
                raise errors.required("documentId")
            prop = target.kind.properties["documentId"]
            header = self.company.by_id("salesOrders", "Sales Header", odata.read_value(prop, given))
        return 201, orders.add_line(self.company, header, body)

    def _patch_line(self, row, body):
        return orders.change_line(self.company, self._header_of(row), row, body)

    def _delete_line(self, row):
        orders.delete_line(self.company, self._header_of(row), row)

    def _customer_values(self, body, creating):
        kind = schema.BY_SET["customers"]
        values = odata.read_body(body, kind.name, kind.properties, creating)
        self.company.no_setup_records(values, "taxAreaId", "paymentTermsId", "shipmentMethodId",
                                      "paymentMethodId")
        currency = self.company.currency(values)
        if currency is not None:
            values["currencyCode"], values["currencyId"] = currency
        if values.get("country"):
            orders.check_country("country", values["country"])
        if values.get("email"):
            orders.check_email(values["email"])
        if values.get("creditLimit", ZERO) < 0:
            raise errors.invalid("creditLimit", odata.decimal_text(values["creditLimit"]))
        if "displayName" in values or creating:
            if not values.get("displayName", "").strip():
                raise errors.required("displayName")
        return values

    def _post_customer(self, target, body):
        values = self._customer_values(body, True)
        table = self.store["customers"]
        if values.get("number"):
            if table.find(number=values["number"]):
                raise errors.same_key("Customer", f"No.='{values['number']}'")
        else:
            while not values.get("number") or table.find(number=values["number"]):
                values["number"] = self.store.number("customers", "CU{:05d}")
        row = self.store.put("customers", {
            **blank(schema.BY_SET["customers"]), "currencyCode": "EUR", "blocked": " ", **values,
            "id": new_id()})
        self.store.put("customerPricing", {"customerNumber": row["number"], "priceGroup": "",
                                           "lastModifiedDateTime": ""})
        return 201, row

    def _patch_customer(self, row, body):
        if isinstance(body.get("number"), str) and body["number"].strip().upper() == row["number"]:
            body = {name: value for name, value in body.items() if name != "number"}
        return self.store.put("customers", {**row, **self._customer_values(body, False)})

    def _delete_customer(self, row):
        if self.store["salesOrders"].find(customerId=row["id"]):
            raise errors.dialog("open_orders", number=row["number"])
        self.store.delete("customers", row["id"])
        self.store.delete("customerPricing", row["number"])

    # -------------------------------------------------------------------------- site writes
    def _values(self, target, body, *needed):
        values = odata.read_body(body, target.kind.name, target.kind.properties, True)
        for name in needed:
            if values.get(name, "") == "":
                raise errors.required(name)
        return values

    def _post_release(self, target, body):
        header = orders.release(self.company, self._values(target, body, "orderId")["orderId"])
        return 201, self._status_record("salesOrderReleases", "releasedAt", header)

    def _post_reopen(self, target, body):
        header = orders.reopen(self.company, self._values(target, body, "orderId")["orderId"])
        return 201, self._status_record("salesOrderReopens", "reopenedAt", header)

    def _status_record(self, table, time_name, header):
        return self.store.put(table, {
            "id": new_id(), "orderId": header["id"], "orderNumber": header["number"],
            "status": header["status"], time_name: ""}, modified=time_name)

    def _post_promotion(self, target, body):
        values = self._values(target, body, "orderId", "lineSequence", "promotionCode")
        header = self.company.by_id("salesOrders", "Sales Header", values["orderId"])
        if values["lineSequence"] not in [line["sequence"] for line in
                                          orders.lines_of(self.company, header["id"])]:
            raise errors.record_missing("Sales Line", "Line No.", values["lineSequence"])
        for row in self.store["salesLinePromotions"].find(orderId=header["id"]):
            if (row["lineSequence"], row["promotionCode"]) == (values["lineSequence"],
                                                               values["promotionCode"]):
                raise errors.same_key("Sales Line Promotion", f"Promotion='{row['promotionCode']}'")
        return 201, self.store.put("salesLinePromotions", {
            **blank(target.kind), **values, "id": new_id(), "orderNumber": header["number"]})

    def _post_journal(self, target, body):
        values = self._values(target, body, "documentNumber", "itemNumber", "locationCode",
                              "entryType", "quantity", "postingDate")
        company, quantity = self.company, values["quantity"]
        company.item(values["itemNumber"])
        company.location(values["locationCode"])
        if quantity <= 0 or -quantity.normalize().as_tuple().exponent > 5:
            raise errors.invalid("quantity", odata.decimal_text(quantity))
        entry = company.post_ledger(
            values["itemNumber"], values["locationCode"], values["entryType"],
            quantity if values["entryType"] == "Positive" else -quantity, values["documentNumber"],
            values["postingDate"], values.get("reasonCode", ""))
        return 201, self.store.put("itemJournalPostings", {
            "reasonCode": "", **values, "id": new_id(), "entryNumber": entry["entryNumber"],
            "postedAt": ""}, modified="postedAt")

    def _patch_pricing(self, row, body):
        kind = schema.BY_SET["customerPricing"]
        values = odata.read_body(body, kind.name, kind.properties, False)
        group = values.get("priceGroup", "")
        if group and not self.store["customerPriceGroups"].first(code=group):
            raise errors.record_missing("Customer Price Group", "Code", group)
        return self.store.put("customerPricing", {**row, **values})


def _sort(rows, order):
    if not any(descending for _, descending in order):
        rows.sort(key=operator.itemgetter(*[name for name, _ in order]))
        return
    for name, descending in reversed(order):
        rows.sort(key=operator.itemgetter(name), reverse=descending)


def _after(rows, order, token):
    """The rows behind the one that a $skiptoken was made of; it need not be there any more."""
    if len(token) != len(order):
        raise errors.bad_query("$skiptoken is not valid.")

    def behind(row):
        for (name, descending), last in zip(order, token):
            if row[name] != last:
                return (row[name] < last) if descending else (row[name] > last)
        return False
    try:
        return [row for row in rows if behind(row)]
    except TypeError:
        raise errors.bad_query("$skiptoken is not valid.") from None
