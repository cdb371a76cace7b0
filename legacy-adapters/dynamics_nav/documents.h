#pragma once

#include "contracts/order.h"
#include "legacy-adapters/dynamics_nav/failure.h"
#include "legacy-adapters/dynamics_nav/services.h"
#include "legacy-adapters/dynamics_nav/settings.h"
#include "mapping/mapping.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

inline constexpr int line_step = 10'000;

// The field tables of mapping/, loaded once.
struct Mappings {
  mapping::Mapping header;
  mapping::Mapping line;
  mapping::Mapping ship_to;
  mapping::Mapping bill_to;
  mapping::Mapping customer;
};
Result<Mappings> load_mappings();

enum class Place { nowhere, open, posted, archived };

// Where an order was found. NAV deletes an order that is posted completely (its shipments and
// invoices stay) or that a user deletes (the archive stays).
struct Found {
  Place place = Place::nowhere;
  std::string number;             // NAV's order number.
  Record header;                  // Of an open or archived order, with its lines.
  std::vector<Record> shipments;  // Filled for posted orders.
  std::vector<Record> invoices;
};

// Reading orders: all methods throw Failure.
//
// A header without lines under our reference is an order that was begun and not placed: it is
// nobody's order yet, so nothing here finds it but begun().
//
// Line numbers: NAV numbers lines by itself, 10000, 20000 ... Where that is not the channel's
// number times 10000, the description of the line ends in its number (" [#7]"), in every document
// that NAV makes of it.
class Documents {
 public:
  Documents(const Services& services, const Settings& settings, const Mappings& mappings)
      : services_(services), settings_(settings), mappings_(mappings) {}

  // By NAV's number, or else by the external reference. More than one document that is not merely
  // deleted under one reference is a conflict that names them all.
  Found find(const OrderRef& ref, const CallContext& context) const;
  Found find_by_reference(const OrderId& id, const CallContext& context) const;
  Found find_by_number(const std::string& number, const CallContext& context) const;
  // Open headers without lines under the reference, oldest first.
  std::vector<Record> begun(const OrderId& id, const CallContext& context) const;

  Order order_of(const Found& found, const CallContext& context) const;
  std::vector<Order> open_orders_of(const std::vector<Record>& headers,
                                    const CallContext& context) const;
  // Asks nothing of NAV: what has been written is not in doubt because it cannot be read again.
  OrderReceipt receipt_of(const Found& found, const OrderId& id) const;

 private:
  struct Postings {
    std::vector<Record> shipments;
    std::vector<Record> invoices;
  };
  // By order number.
  std::map<std::string, Postings> postings_of(const std::vector<std::string>& numbers,
                                              const CallContext& context) const;
  std::map<std::string, Record> cards_of(const std::vector<const Record*>& headers,
                                         const CallContext& context) const;
  Found choose(std::map<std::string, Found> found, const std::string& named) const;
  Order from_lines(const Record& header, const std::vector<Record>& lines,
                   const std::map<std::string, Record>& cards) const;
  Order from_posted(const Found& found, const std::map<std::string, Record>& cards) const;
  Order from_archive(const Found& found, const std::map<std::string, Record>& cards) const;
  static Record posted_header(const Found& found);
  void add_postings(Order& order, const Postings& postings,
                    const std::map<std::int64_t, int>& numbers) const;

  const Services& services_;
  const Settings& settings_;
  const Mappings& mappings_;
};

// Of an open order.
const std::vector<Record>& order_lines(const Record& header);
bool is_released(const Record& header);
bool has_shipped(const Record& header);
std::string reference_of(const OrderId& id);

// The channel's numbers of item lines by NAV's Line_No, from any document of an order.
std::map<std::int64_t, int> numbers_of(const std::vector<Record>& lines, bool ours);
bool is_item(const Record& line);
std::int64_t line_no_of(const Record& line);

// "Cup [#7]" -> {"Cup", 7}; {text, 0} without a number.
std::pair<std::string, int> without_number(const std::string& description);
std::string with_number(const std::string& description, int number);

Decimal amount_of(const Record& record, std::string_view element);  // 0 when absent.
Decimal with_cents(Decimal amount);                                 // At least two places.
Decimal sum_of(const std::vector<Adjustment>& adjustments);

}  // namespace underpin::legacy::dynamics_nav
