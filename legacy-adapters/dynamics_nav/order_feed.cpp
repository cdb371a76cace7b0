#include "legacy-adapters/dynamics_nav/order_feed.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <map>

namespace underpin::legacy::dynamics_nav {
namespace {

// What SQL says about one order number.
struct Document {
  OrderChange change;
  bool open = false;
  bool archived = false;
  bool posted = false;
  bool released = false;
  Order quantities;
};

struct Source {
  std::string_view table;
  std::string_view number;
  bool typed;  // Has "Document Type".
};
constexpr Source sources[] = {{"Sales Header", "No_", true},
                              {"Sales Line", "Document No_", true},
                              {"Sales Header Archive", "No_", true},
                              {"Sales Shipment Header", "Order No_", false},
                              {"Sales Invoice Header", "Order No_", false}};

}  // namespace

std::optional<std::int64_t> version_of(const Cursor& cursor) {
  if (cursor.empty()) return 0;
  const Result<Decimal> number = Decimal::parse(cursor.text());
  if (!number || number->scale() != 0 || number->is_negative() || cursor.text().size() > 18)
    return std::nullopt;
  return static_cast<std::int64_t>(number->coefficient());
}

std::string below_fence(const std::string& column, const std::string& fence) {
  return fence.empty() ? std::string() : " AND " + column + " < CAST(" + fence + " AS BIGINT)";
}

Result<ChangePage<OrderChange>> OrderFeed::changes(const Cursor& cursor,
                                                   const CallContext& context) const {
  std::optional<std::int64_t> last = version_of(cursor);
  if (!last)
    return Error{ErrorCode::invalid_request, "the cursor is not one of this system",
                 settings_.system};
  ChangePage<OrderChange> page;
  page.as_of = settings_.now();
  std::map<std::string, Document> documents;
  std::string statement;
  odbc::Parameters parameters;
  for (const Source& source : sources) {
    const std::string version = "CAST(r." + q("timestamp") + " AS BIGINT)";
    statement += (statement.empty() ? "" : " UNION ALL ");
    statement += "SELECT " + version + ", r." + q(source.number) + " FROM " + t(source.table) +
                 " r WHERE " + version + " > ?" + below_fence(version, settings_.rowversion_fence);
    if (source.typed)
      statement += " AND r." + q("Document Type") + " = " + std::to_string(document_type_order);
    parameters.emplace_back(*last);
  }
  try {
    const Status listed = database_->query(
        statement + " ORDER BY 1", parameters, context.deadline, [&](const odbc::Row& row) {
          const std::string number(odbc::text(row, 1));
          if (documents.count(number) == 0 && documents.size() >= settings_.page) {
            page.more = true;
            return false;
          }
          last = whole_of(odbc::text(row, 0), "timestamp");
          if (!number.empty()) documents[number];
          return true;
        });
    if (!listed) return listed.error();
    page.next = Cursor(std::to_string(*last));
    if (documents.empty()) return page;

    odbc::Parameters numbers;
    for (const auto& [number, document] : documents) numbers.emplace_back(number);
    const auto each = [&](const Source& source, const std::string& columns,
                          const std::function<void(Document&, const odbc::Row&)>& take) -> Status {
      std::string select = "SELECT r." + q(source.number) + columns + " FROM " + t(source.table) +
                           " r WHERE r." + q(source.number) + " IN (" + marks(numbers.size()) + ")";
      if (source.typed)
        select += " AND r." + q("Document Type") + " = " + std::to_string(document_type_order);
      return database_->query(select, numbers, context.deadline, [&](const odbc::Row& row) {
        const auto found = documents.find(std::string(odbc::text(row, 0)));
        if (found != documents.end()) take(found->second, row);
        return true;
      });
    };
    const auto columns = [&](std::initializer_list<std::string_view> names) {
      std::string text;
      for (const std::string_view name : names) text += ", r." + q(name);
      return text;
    };
    const auto head = [](Document& document, const odbc::Row& row) {
      document.change.ref.id = decode_external_reference(odbc::text(row, 1)).value_or(OrderId{});
      document.change.customer = CustomerNumber(std::string(odbc::text(row, 2)));
    };
    const std::string identity = columns({"External Document No_", "Sell-to Customer No_"});
    // Where an order was posted first, where it is open last: a later reading overrides.
    for (const Source& source : {sources[3], sources[4]}) {
      const Status read = each(source, identity, [&](Document& document, const odbc::Row& row) {
        head(document, row);
        document.posted = true;
      });
      if (!read) return read.error();
    }
    Status read = each(sources[2], identity, [&](Document& document, const odbc::Row& row) {
      head(document, row);
      document.archived = true;
    });
    if (!read) return read.error();
    std::map<std::string, bool> headers;
    read = each(
        sources[0], identity + columns({"Status"}), [&](Document& document, const odbc::Row& row) {
          head(document, row);
          headers[std::string(odbc::text(row, 0))] = whole_of(odbc::text(row, 3), "Status") == 1;
        });
    if (!read) return read.error();
    read = each(sources[1], columns({"Type", "Quantity", "Quantity Shipped"}),
                [&](Document& document, const odbc::Row& row) {
                  const auto header = headers.find(std::string(odbc::text(row, 0)));
                  if (header == headers.end()) return;
                  document.open = true;  // A header without lines is no order yet.
                  document.released = header->second;
                  if (whole_of(odbc::text(row, 1), "Type") != line_type_item) return;
                  OrderLine line;
                  line.quantity = decimal_of(odbc::text(row, 2), "Quantity").normalized();
                  line.shipped_quantity =
                      decimal_of(odbc::text(row, 3), "Quantity Shipped").normalized();
                  document.quantities.lines.push_back(std::move(line));
                });
    if (!read) return read.error();
  } catch (const std::exception& failure) {
    return Error{ErrorCode::internal, failure.what(), settings_.system};
  }
  for (auto& [number, document] : documents) {
    if (!document.open && !document.archived && !document.posted) continue;
    OrderChange& change = document.change;
    change.ref.document = DocumentNumber(number);
    if (document.open)
      change.status = status_of(document.quantities, document.released, false);
    else
      change.status = document.posted ? OrderStatus::invoiced : OrderStatus::cancelled;
    change.closed = is_closed(change.status);
    change.changed_at = page.as_of;
    page.items.push_back(std::move(change));
  }
  return page;
}

std::vector<Finding> examine_feeds(odbc::Database& database, const SqlNames& names,
                                   Deadline deadline) {
  std::vector<Finding> findings;
  const auto check = [&](std::string_view name, std::initializer_list<std::string_view> columns) {
    std::string missing;
    for (const std::string_view column : columns) {
      const auto rows = database.rows(
          "SELECT " + quoted(names, column) + " FROM " + table(names, name) + " WHERE 1 = 0", {},
          deadline);
      if (!rows)
        missing +=
            (missing.empty() ? "" : ", ") + std::string(column) + " (" + rows.error().message + ")";
    }
    findings.push_back({missing.empty(),
                        "table " + names.company + "$" + std::string(name) + " (changes)",
                        missing.empty() ? "" : "missing columns: " + missing});
  };
  check("Sales Header", {"timestamp", "Document Type", "No_", "External Document No_",
                         "Sell-to Customer No_", "Status"});
  check("Sales Line",
        {"timestamp", "Document Type", "Document No_", "Type", "Quantity", "Quantity Shipped"});
  check("Sales Header Archive",
        {"timestamp", "Document Type", "No_", "External Document No_", "Sell-to Customer No_"});
  check("Sales Shipment Header",
        {"timestamp", "Order No_", "External Document No_", "Sell-to Customer No_"});
  check("Sales Invoice Header",
        {"timestamp", "Order No_", "External Document No_", "Sell-to Customer No_"});
  check("Customer", {"timestamp", "No_"});
  return findings;
}

}  // namespace underpin::legacy::dynamics_nav
