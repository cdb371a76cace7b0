#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/order.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

// Sales documents as Business Central holds them, wherever they have got to: living in salesOrders,
// in the site's archive, or only as posted shipments and invoices.
namespace underpin::cloud::business_central {

// Order line n is sequence n * 10000, as Business Central itself numbers lines that people type in;
// charges lie behind all possible order lines.
constexpr std::int64_t sequence_step = 10'000;
constexpr std::int64_t first_charge_sequence = 100'010'000;

// The channels' line number of every item line, by sequence. A line that people have put between
// two others gets a number that depends on its sequence alone, as far as that is free.
std::map<std::int64_t, int> line_numbers(const std::vector<std::int64_t>& sequences);

enum class Place { nowhere, living, archived, posted };

struct Found {
  Place place = Place::nowhere;
  json::Value header;    // salesOrder with salesOrderLines, archive row, or invoice.
  std::string order_id;  // GUID of the order.
  std::string number;    // Business Central's order number.
  bool deleted = false;  // Archived as deleted: cancelled.
};

class Documents {
 public:
  explicit Documents(Site& site) : site_(site) {}

  // By ref.document when it is known, otherwise by the external reference. Two documents with one
  // reference are a Failure: a conflict naming both. A cancelled one does not count beside another.
  Found find(const OrderRef& ref, const CallContext& context);
  Found find_by_reference(const OrderId& id, const CallContext& context);
  // The living order again, with lines; nowhere when it has gone.
  Found living(const std::string& order_id, const CallContext& context);

  Order order_of(const Found& found, const CallContext& context);
  // Orders of one page of living documents, with few requests.
  std::vector<Order> orders_of(const std::vector<json::Value>& headers, const CallContext& context);
  OrderReceipt receipt_of(const Found& found, const OrderId& id, const CallContext& context);

  std::vector<json::Value> promotions(const std::string& order_id, const CallContext& context);

 private:
  using Promotions = std::map<std::string, std::vector<json::Value>>;  // By order GUID.
  // `unique`: no second document can match, so the first ends the search.
  Found find_where(const std::string& own, const std::string& others, const std::string& named,
                   bool unique, const CallContext& context);
  Promotions promotions_of(const std::vector<std::string>& order_ids, const CallContext& context);
  Order from_living(const json::Value& header, const Promotions& promotions,
                    const CallContext& context);
  Order from_archive(const Found& found, const CallContext& context);
  Order from_posted(const Found& found, const CallContext& context);
  void add_postings(Order& order, const std::string& number,
                    const std::map<std::int64_t, int>& numbers, const CallContext& context);
  std::vector<json::Value> invoices(const std::string& number, const CallContext& context);

  Site& site_;
};

// lines of a living order that are order lines, by the channels' number.
std::map<int, const json::Value*> item_lines(const json::Value& header);
bool is_released(const json::Value& header);
bool has_shipped(const json::Value& header);
OrderStatus status_of_living(const json::Value& header);
OrderTotals totals_of(const json::Value& header);
Decimal sum_of(const std::vector<Adjustment>& adjustments);

}  // namespace underpin::cloud::business_central
