#pragma once

#include "contracts/json/json_text.h"
#include "contracts/order.h"
#include "facade/journal/journal.h"

#include <optional>
#include <string>

// What the channel knows of its order and its ERP cannot keep (payment references, original
// quantities, promotion details), merged with what only the ERP knows. Pure.
namespace underpin::facade {

// "web/100042"; documents older than the facade: "/SO-100001".
journal::Subject order_subject(const OrderId& id);
// Nothing for an empty or malformed subject.
std::optional<OrderId> order_id_of(const journal::Subject& subject);

std::optional<Order> read_content(const std::string& content);
std::string write_content(const Order& order);

// The channel's order after an accepted change; quantities are the channel's (with what is cancelled).
void apply(Order& order, const OrderAmendment& amendment);
// `cancellation` with lines; quantities are what is cancelled in total afterwards.
void apply(Order& order, const OrderCancellation& cancellation);

// A line cancellation as the amendment that the ERP gets: the line's quantity without what is
// cancelled. Errors name a line that is not there, or a quantity beyond what was ordered.
Result<OrderAmendment> as_amendment(const Order& content, const OrderCancellation& cancellation);

// The amendment as the ERP gets it: an ERP's line quantity has lost what was cancelled.
OrderAmendment for_erp(const Order& content, OrderAmendment amendment);

// The ERP's document as the channel shall see it.
Order merged(Order from_erp, const std::optional<Order>& content,
             const journal::DocumentRecord& document);

// Changes exactly when something a channel may amend changes, whichever ERP answers: the entity tag.
std::string entity_tag(const Order& order);

// What both the home document and its inert mirror must agree on, as JSON: outstanding quantities and
// prices. What only the home can know (shipments, status, totals once something has shipped) is left
// out.
json::Value comparable(const Order& order);

}  // namespace underpin::facade
