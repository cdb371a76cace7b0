#include "cloud-adapters/business_central/changes.h"
#include "cloud-adapters/business_central/orders.h"
#include "contracts/external_reference.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace underpin::cloud::business_central {
namespace {

OrderRef ref_of(const json::Value& record, std::string_view number_property) {
  OrderRef ref;
  ref.document = DocumentNumber(text_of(record, number_property));
  const std::optional<OrderId> id =
      decode_external_reference(text_of(record, "externalDocumentNumber"));
  if (id) ref.id = *id;
  return ref;
}

}  // namespace

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    odata::Query options;
    options.filter = odata::all_of(
        {query.customer ? odata::eq("customerNumber", query.customer->text()) : std::string(),
         query.updated_since ? odata::since("lastModifiedDateTime", *query.updated_since)
                             : std::string()});
    options.expand = "salesOrderLines";
    options.orderby = "number";
    const int page_size = std::clamp(query.limit, 1, site_.settings().page_size);
    const odata::ListPage page = read_page(site_, site_.v2("salesOrders", context) + options.text(),
                                           query.cursor, page_size, context);
    return Page<Order>{documents_.orders_of(page.items, context), cursor_of(page)};
  });
}

// Two sources: the living orders, which every change and posting touches, and the archive, where an
// order goes when it is deleted or posted completely.
Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    std::vector<SourceCursor> sources = read_cursor(cursor, 2);
    ChangePage<OrderChange> changes;
    changes.as_of = Timestamp::from(std::chrono::system_clock::now());
    std::map<std::string, OrderChange> by_number;  // The archive's word is the last.
    // The living first: an order that is archived between the two reads is then seen in the
    // archive.
    const bool living_complete = read_changes(
        site_,
        {site_.v2("salesOrders", context), "id", "lastModifiedDateTime",
         "salesOrderLines($select=sequence,lineType,quantity,shippedQuantity,invoicedQuantity)"},
        sources[0], context, [&](const json::Value& header, Timestamp at) {
          OrderChange change;
          change.ref = ref_of(header, "number");
          change.customer = CustomerNumber(text_of(header, "customerNumber"));
          change.status = status_of_living(header);
          change.changed_at = at;
          by_number[change.ref.document.text()] = std::move(change);
        });
    const bool archive_complete = read_changes(
        site_, {site_.page(site_.settings().pages.archive, context), "id", "archivedAt"},
        sources[1], context, [&](const json::Value& row, Timestamp at) {
          OrderChange change;
          change.ref = ref_of(row, "orderNumber");
          change.customer = CustomerNumber(text_of(row, "customerNumber"));
          const std::vector<json::Value>& lines = row.get("lines").items();
          const bool posted = std::any_of(lines.begin(), lines.end(), [](const json::Value& line) {
            return !decimal_of(line, "shippedQuantity").is_zero();
          });
          change.status = posted || text_of(row, "reason") != "Deleted" ? OrderStatus::invoiced
                                                                        : OrderStatus::cancelled;
          change.closed = true;
          change.changed_at = at;
          by_number[change.ref.document.text()] = std::move(change);
        });
    for (auto& [number, change] : by_number) changes.items.push_back(std::move(change));
    std::stable_sort(
        changes.items.begin(), changes.items.end(),
        [](const OrderChange& a, const OrderChange& b) { return a.changed_at < b.changed_at; });
    changes.next = write_cursor(sources);
    changes.more = !living_complete || !archive_complete;
    return changes;
  });
}

}  // namespace underpin::cloud::business_central
