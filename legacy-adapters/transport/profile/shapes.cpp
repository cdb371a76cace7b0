#include "legacy-adapters/transport/profile/profile.h"

#include <algorithm>
#include <initializer_list>

// The closed table of operations. A member of a request with "?" before it says what another says
// too, and may go unmapped.
namespace underpin::legacy::profile {
namespace {

using Members = std::vector<std::string_view>;

Members joined(std::initializer_list<Members> parts) {
  Members all;
  for (const Members& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Members identity{"/document", "?/reference", "?/channel", "?/number", "?/revision", "?/role"};
const Members ship_to{"?/shipTo/id",      "?/shipTo/kind",  "/shipTo/name",
                      "/shipTo/line1",    "/shipTo/line2",  "/shipTo/city",
                      "/shipTo/postCode", "/shipTo/region", "/shipTo/country"};
const Members bill_to{"?/billTo/id",      "?/billTo/kind",  "/billTo/name",
                      "/billTo/line1",    "/billTo/line2",  "/billTo/city",
                      "/billTo/postCode", "/billTo/region", "/billTo/country"};
const Members lines{"/lines/*/number",        "?/lines/*/position",  "/lines/*/sku",
                    "/lines/*/description",   "/lines/*/uom",        "/lines/*/location",
                    "/lines/*/requestedDate", "/lines/*/quantity",   "/lines/*/unitPrice",
                    "/lines/*/discount",      "?/lines/*/promotion", "?/lines/*/promotionVersion",
                    "?/lines/*/netAmount"};
const Members added{"/added/*/number",        "?/added/*/position",  "/added/*/sku",
                    "/added/*/description",   "/added/*/uom",        "/added/*/location",
                    "/added/*/requestedDate", "/added/*/quantity",   "/added/*/unitPrice",
                    "/added/*/discount",      "?/added/*/promotion", "?/added/*/promotionVersion",
                    "?/added/*/netAmount"};
const Members changed{"/changed/*/number",       "?/changed/*/sku",     "/changed/*/quantity",
                      "/changed/*/unitPrice",    "/changed/*/discount", "?/changed/*/netAmount",
                      "/changed/*/requestedDate"};
const Members place{"/reference",
                    "?/channel",
                    "?/number",
                    "/customer",
                    "/customerReference",
                    "/orderDate",
                    "?/placedAt",
                    "/requestedDate",
                    "/currency",
                    "/pricesIncludeTax",
                    "?/role",
                    "/charges/*/kind",
                    "/charges/*/code",
                    "/charges/*/amount",
                    "/payments/*/id",
                    "/payments/*/provider",
                    "/payments/*/method",
                    "/payments/*/amount",
                    "?/totals/itemsNet",
                    "?/totals/charges",
                    "?/totals/tax",
                    "?/totals/grandTotal"};
const Members change{"/customerReference", "/requestedDate"};
const Members state_answer{"/released", "/posted", "/cancelled", "/status"};
const Members order_answer = joined(
    {{"/document",
      "/reference",
      "/channel",
      "/number",
      "/customer",
      "/customerReference",
      "/orderDate",
      "/placedAt",
      "/requestedDate",
      "/currency",
      "/pricesIncludeTax",
      "/updatedAt",
      "/revision",
      "/cursor",
      "/totals/itemsNet",
      "/totals/charges",
      "/totals/tax",
      "/totals/grandTotal",
      "/charges/*/kind",
      "/charges/*/code",
      "/charges/*/amount",
      "/payments/*/id",
      "/payments/*/provider",
      "/payments/*/method",
      "/payments/*/amount",
      "/shipments/*/document",
      "/shipments/*/date",
      "/shipments/*/lines/*/line",
      "/shipments/*/lines/*/sku",
      "/shipments/*/lines/*/quantity",
      "/invoices/*/document",
      "/invoices/*/date",
      "/invoices/*/amount"},
     state_answer,
     {"/shipTo/id", "/shipTo/name", "/shipTo/line1", "/shipTo/line2", "/shipTo/city",
      "/shipTo/postCode", "/shipTo/region", "/shipTo/country", "/billTo/id", "/billTo/name",
      "/billTo/line1", "/billTo/line2", "/billTo/city", "/billTo/postCode", "/billTo/region",
      "/billTo/country"},
     {"/lines/*/number", "/lines/*/sku", "/lines/*/description", "/lines/*/uom",
      "/lines/*/location", "/lines/*/requestedDate", "/lines/*/quantity",
      "/lines/*/cancelledQuantity", "/lines/*/shippedQuantity", "/lines/*/invoicedQuantity",
      "/lines/*/unitPrice", "/lines/*/discount", "/lines/*/promotion", "/lines/*/promotionVersion",
      "/lines/*/netAmount", "/lines/*/tax", "/lines/*/taxCode", "/lines/*/taxRate"}});
const Members order_needs{"/document",         "/customer",         "/lines/*/number",
                          "/lines/*/sku",      "/lines/*/quantity", "/lines/*/shippedQuantity",
                          "/lines/*/unitPrice"};
const Members customer{"/number",         "/name",
                       "/kind",           "?/address/id",
                       "?/address/kind",  "/address/name",
                       "/address/line1",  "/address/line2",
                       "/address/city",   "/address/postCode",
                       "/address/region", "/address/country",
                       "/email",          "/phone",
                       "/currency",       "/priceGroup",
                       "/blocked"};
const Members customer_answer{
    "/number",          "/name",          "/kind",         "/address/id",       "/address/name",
    "/address/line1",   "/address/line2", "/address/city", "/address/postCode", "/address/region",
    "/address/country", "/email",         "/phone",        "/currency",         "/priceGroup",
    "/blocked",         "/updatedAt",     "/revision",     "/document",         "/cursor"};
const Members level_answer{"/sku",      "/location",  "/uom",  "/onHand",
                           "/reserved", "/available", "/asOf", "/cursor"};
const Members price_answer{"/sku",      "/scope",       "/scopeCode",       "/from",
                           "/to",       "/zone",        "/minimumQuantity", "/uom",
                           "/currency", "/taxIncluded", "/unitPrice",       "/cursor"};
const Members place_in_list{"/cursor", "/limit"};
const Members stock_key{"/sku", "/location"};

std::vector<OperationShape> order_shapes() {
  constexpr Capability it = Capability::orders;
  return {
      {"get_order",
       it,
       false,
       {"/document", "/reference", "?/channel", "?/number"},
       order_answer,
       order_needs,
       {}},
      {"find_receipt",
       it,
       false,
       {"/reference", "?/channel", "?/number"},
       {"/document"},
       {"/document"},
       {"get_order"}},
      {"list_open_orders",
       it,
       false,
       joined({place_in_list, {"/customer", "?/updatedSince"}}),
       order_answer,
       joined({order_needs, {"/cursor"}}),
       {"get_order"}},
      {"order_changes",
       it,
       false,
       place_in_list,
       joined({state_answer,
               {"/cursor", "/document", "/reference", "/channel", "/number", "/customer",
                "/changedAt"}}),
       {"/cursor", "/document", "/status"},
       {"get_order"}},
      {"place_order",
       it,
       true,
       joined({place, ship_to, bill_to, lines}),
       {"/document"},
       {},
       {"find_receipt", "get_order"}},
      {"change_order",
       it,
       true,
       joined({identity, change, ship_to, changed, added}),
       {},
       {},
       {"get_order"}},
      {"cancel_order", it, true, joined({identity, {"?/reason"}}), {}, {}, {"get_order"}},
      {"release_order", it, true, identity, {}, {}, {"get_order"}},
      {"block_order", it, true, identity, {}, {}, {"get_order"}},
  };
}

// Returns are a part of orders that many ERPs have no interface for.
std::vector<OperationShape> return_shapes() {
  constexpr Capability it = Capability::orders;
  const Members answer{"/document",         "/reference",      "/date",
                       "/status",           "/lines/*/number", "/lines/*/sku",
                       "/lines/*/quantity", "/lines/*/reason"};
  const Members needs{"/document", "/reference", "/status", "/lines/*/sku", "/lines/*/quantity"};
  return {
      {"place_return",
       it,
       true,
       {"/reference", "/orderReference", "/date", "/customer", "/currency", "/pricesIncludeTax",
        "/invoice", "/lines/*/number", "/lines/*/sku", "/lines/*/description", "/lines/*/uom",
        "/lines/*/location", "/lines/*/quantity", "/lines/*/unitPrice", "/lines/*/discount",
        "/lines/*/reason"},
       {"/document"},
       {},
       {"find_return", "returns_of", "get_order"},
       true},
      {"find_return", it, false, {"/reference"}, answer, needs, {}, true},
      {"returns_of",
       it,
       false,
       {"/orderReference", "/invoices/*/document"},
       answer,
       needs,
       {},
       true},
  };
}

std::vector<OperationShape> stock_shapes() {
  constexpr Capability it = Capability::inventory;
  const Members moved{"/document", "/sku", "/location", "/quantity"};
  return {
      {"get_stock",
       it,
       false,
       {"/items/*/sku", "/location"},
       level_answer,
       {"/sku", "/location", "/onHand"},
       {}},
      {"list_stock",
       it,
       false,
       place_in_list,
       level_answer,
       {"/sku", "/location", "/onHand", "/cursor"},
       {}},
      {"adjust_stock",
       it,
       true,
       joined({stock_key, {"/movement", "/quantity", "/uom", "/reason", "?/asOf"}}),
       {"/document"},
       {},
       {"find_adjustment"}},
      {"find_adjustment", it, false, {"/movement"}, moved, moved, {}},
      {"stock_movements",
       it,
       false,
       place_in_list,
       joined({moved, {"/cursor", "/movement", "/changedAt", "/changedBy"}}),
       joined({moved, {"/cursor", "/movement"}}),
       {}},
  };
}

std::vector<OperationShape> price_shapes() {
  constexpr Capability it = Capability::pricing;
  return {
      {"list_prices",
       it,
       false,
       joined({place_in_list, {"/sku", "/customer"}}),
       price_answer,
       {"/sku", "/scope", "/from", "/zone", "/uom", "/currency", "/unitPrice", "/cursor"},
       {}},
      {"quote",
       it,
       false,
       {"/customer", "/currency", "/at", "/sku", "/quantity", "/uom"},
       {"/listPrice", "/unitPrice", "/kind", "/promotion", "/reason", "/pricesAsOf"},
       {"/listPrice", "/unitPrice", "/pricesAsOf"},
       {}},
      {"price_list_state",
       it,
       false,
       {},
       {"/batch", "/created"},
       {"/batch", "/created"},
       {"list_prices"}},
  };
}

std::vector<OperationShape> customer_shapes() {
  constexpr Capability it = Capability::customers;
  return {
      {"get_customer", it, false, {"/number"}, customer_answer, {"/number", "/name"}, {}},
      {"create_customer", it, true, joined({customer, {"?/role"}}), {}, {}, {"get_customer"}},
      {"change_customer",
       it,
       true,
       joined({customer, {"?/role", "?/revision"}}),
       {},
       {},
       {"get_customer"}},
      {"search_customers",
       it,
       false,
       joined({place_in_list, {"/email", "/name"}}),
       customer_answer,
       {"/number", "/name", "/cursor"},
       {}},
      {"customer_changes",
       it,
       false,
       place_in_list,
       {"/cursor", "/number", "/deleted", "/changedAt"},
       {"/cursor", "/number"},
       {}},
  };
}

}  // namespace

const std::vector<OperationShape>& operation_shapes() {
  static const std::vector<OperationShape> shapes = [] {
    std::vector<OperationShape> all = order_shapes();
    for (auto more : {return_shapes(), stock_shapes(), price_shapes(), customer_shapes()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return shapes;
}

const OperationShape* shape_of(std::string_view operation) {
  const auto& all = operation_shapes();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const OperationShape& one) { return one.name == operation; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace underpin::legacy::profile
