#include "contracts/external_reference.h"
#include "legacy-adapters/netsuite_soap/change_cursor.h"
#include "legacy-adapters/netsuite_soap/orders.h"

#include <algorithm>
#include <chrono>

namespace underpin::legacy::netsuite_soap {
namespace {

const std::vector<std::string> open_statuses{
    "_salesOrderPendingApproval", "_salesOrderPendingFulfillment", "_salesOrderPartiallyFulfilled",
    "_salesOrderPendingBillingPartiallyFulfilled", "_salesOrderPendingBilling"};

}  // namespace

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    std::string fields;
    if (query.customer) {
      const auto customer = references_.customer(query.customer->text(), context);
      if (!customer) return Page<Order>{};
      fields += search_any("platformCommon:entity", {*customer});
    }
    if (query.updated_since)
      fields += search_since("platformCommon:lastModifiedDate", *query.updated_since);
    fields += search_words("platformCommon:status", open_statuses) +
              search_words("platformCommon:type", {"_salesOrder"});
    const int limit = std::clamp(query.limit, 1, suite_.settings().page_size);
    Slice slice = read_slice(suite_, search_record("platformCommon:TransactionSearchBasic", fields),
                             query.cursor, limit, context);
    Page<Order> page;
    page.next = slice.next;
    for (const Node& record : slice.records) {
      const Document document = documents_.read(record);
      // Between the search and this page an order may have been closed.
      if (!document.closed())
        page.items.push_back(documents_.order_without_postings(document, context));
    }
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    ChangeCursor position = ChangeCursor::read(cursor);
    ChangePage<OrderChange> changes;
    changes.as_of = Timestamp::from(std::chrono::system_clock::now());
    const auto gone = [&](const Node& reference, Timestamp when) {
      // "Sales Order #SO1005".
      const std::string& name = reference.text_of("name");
      const std::size_t number = name.rfind('#');
      OrderChange change;
      if (const auto id = decode_external_reference(reference.attribute("externalId")))
        change.ref.id = *id;
      if (number != std::string::npos)
        change.ref.document = DocumentNumber(name.substr(number + 1));
      if (change.ref.id.empty() && change.ref.document.empty()) return;
      // Made again under its reference: the order is there.
      if (!change.ref.id.empty() && documents_.by_id(change.ref.id, context)) return;
      change.status = OrderStatus::cancelled;
      change.closed = true;
      change.changed_at = when;
      changes.items.push_back(std::move(change));
    };
    const ChangeSource source{[](const std::string& since) {
                                return search_record(
                                    "platformCommon:TransactionSearchBasic",
                                    since + search_words("platformCommon:type", {"_salesOrder"}));
                              },
                              false, "salesOrder", gone};
    const bool complete = read_changes(
        suite_, source, position, changes.as_of, context, [&](const Node& record, Timestamp when) {
          const Document document = documents_.read(record);
          OrderChange change;
          change.ref = {document.id, DocumentNumber(document.number)};
          const std::string entity = record.name_of("entity");
          change.customer = CustomerNumber(entity.substr(0, entity.find(' ')));
          change.status = document.order_status();
          change.closed = document.closed();
          change.changed_at = when;
          changes.items.push_back(std::move(change));
        });
    std::stable_sort(
        changes.items.begin(), changes.items.end(),
        [](const OrderChange& a, const OrderChange& b) { return a.changed_at < b.changed_at; });
    changes.next = position.write();
    changes.more = !complete;
    return changes;
  });
}

}  // namespace underpin::legacy::netsuite_soap
