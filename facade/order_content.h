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

// The channel's order after an accepted change; quantities are the channel's (with what is
// cancelled).
void apply(Order& order, const OrderAmendment& amendment);
// `cancellation` with lines; quantities are what is cancelled in total afterwards.
void apply(Order& order, const OrderCancellation& cancellation);

// A line cancellation as the amendment that the ERP gets: the line's quantity without what is
// cancelled. Errors name a line that is not there, or a quantity beyond what was ordered.
Result<OrderAmendment> as_amendment(const Order& content, const OrderCancellation& cancellation);

// The amendment as the ERP gets it: an ERP's line quantity has lost what was cancelled.
OrderAmendment for_erp(const Order& content, OrderAmendment amendment);

// ---- what left another home
// A document that a transfer moved after a part of it had shipped: the content's lines say how much
// of each left the home before this one, and its shipments and invoices are that home's. Zero for
// every other document.
Decimal moved_quantity(const std::optional<Order>& content, int line);
bool has_moved_part(const std::optional<Order>& content);

// The content of a document that leaves a home which holds it as `at_home`: what has shipped there
// stays there.
std::string content_with_moved_part(const journal::DocumentRecord& document, const Order& at_home);

// A change of the whole order as its home gets it, which does not know what left elsewhere. Errors
// name a line that would fall below that.
Result<OrderAmendment> less_moved(const std::optional<Order>& content, OrderAmendment amendment);

// The ERP's document as the channel shall see it: with what left another home.
Order merged(Order from_erp, const std::optional<Order>& content,
             const journal::DocumentRecord& document);

// Changes exactly when something a channel may amend changes, whichever ERP answers: the entity
// tag.
std::string entity_tag(const Order& order);

// What `amount` is without its taxes: itself, unless prices include them.
Decimal without_taxes(Decimal amount, const std::vector<Tax>& taxes, bool prices_include_tax);

// A discount for the whole ordered line, for the part of it that is kept.
Decimal shrunk(Decimal discount, Decimal kept, Decimal ordered);

// The order as its inert copy holds it: only what is outstanding, at the original prices.
Order outstanding_part(Order at_home);

// Anything shipped or cancelled: from then on only the home's totals are the order's.
bool has_moved(const Order& order);

// What both the home document and its inert mirror must agree on, as JSON: outstanding quantities
// and prices, totals while nothing has moved at home, and what each ERP calls the document. What
// only the home can know (shipments, status) is left out.
json::Value comparable(const Order& order, const DocumentNumber& document, bool with_totals);
// What a write leaves behind in both ERPs, added to that: what they answered, what each line is
// charged, and why it is reduced.
void add_postings_of_lines(const Order& order, const std::optional<OrderReceipt>& receipt,
                           json::Value& value);

}  // namespace underpin::facade
