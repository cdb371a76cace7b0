#pragma once

#include "contracts/order.h"
#include "legacy-adapters/iseries_batch/records.h"
#include "legacy-adapters/iseries_batch/settings.h"

#include <string>
#include <vector>

// Orders and their changes as records. All throw Failure, `rejected` with a pointer, for what the
// layout has no place for and for units that are not mapped.
namespace underpin::legacy::iseries_batch {

// A new order, on hold; what is outstanding of it.
std::vector<Record> new_order(const Order& order, const std::string& reference,
                              const CodeTable& units);

struct LineChange {
  int number = 0;
  std::string pointer;  // Of the change in the canonical document: "/lines/0".
  std::optional<Decimal> quantity;
  std::optional<Decimal> cancelled;
  std::optional<Decimal> unit_price;
  std::optional<Decimal> adjustment;
  std::optional<Date> requested_date;
  std::optional<OrderLine> added;
};

struct HeaderChange {
  std::optional<Address> ship_to;
  std::optional<Date> requested_date;
  std::optional<std::string> customer_reference;
};

// A header with an action alone: "X" cancel, "H" hold, "R" release.
std::vector<Record> action_on(const std::string& action, const std::string& reference,
                              const std::string& document, const std::string& reason);
// Which fields count is told by CHG: a blank number is a zero.
std::vector<Record> change_of(const HeaderChange& header, const std::vector<LineChange>& lines,
                              const std::string& reference, const std::string& document,
                              const CodeTable& units);

}  // namespace underpin::legacy::iseries_batch
