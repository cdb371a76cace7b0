#pragma once

#include "contracts/ids.h"
#include "contracts/money.h"
#include "contracts/order.h"
#include "contracts/time.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin {

// Who a price entry is for. Among the entries that apply to a customer the lowest price rules.
enum class PriceScope { everyone, group, customer };

// One row of a price list. Rules from the start of `from` to the end of `to` in `zone`.
struct PriceEntry {
  Sku sku;
  PriceScope scope = PriceScope::everyone;
  std::string scope_code;  // Customer number or price group; empty for everyone.
  Date from;
  std::optional<Date> to;  // Nothing: open-ended.
  std::string zone;        // IANA name, "Europe/Berlin".
  Decimal minimum_quantity;
  std::string uom;
  Currency currency;
  bool tax_included = false;
  Decimal unit_price;
  bool operator==(const PriceEntry&) const = default;
};

struct PriceQuery {
  std::optional<Sku> sku;
  std::optional<CustomerNumber> customer;  // What rules for this customer: own, group and general.
  Cursor cursor;
  int limit = 100;
};

struct QuoteLine {
  int number = 0;
  Sku sku;
  Decimal quantity;
  std::string uom;
  bool operator==(const QuoteLine&) const = default;
};

struct QuoteRequest {
  CustomerNumber customer;
  Currency currency;
  std::optional<Timestamp> at;  // Nothing: now.
  std::vector<QuoteLine> lines;
};

struct QuotedLine {
  int number = 0;
  Sku sku;
  Decimal quantity;
  std::string uom;
  Decimal list_price;                   // Per unit, before adjustments.
  std::vector<Adjustment> adjustments;  // For the whole line, each with its reason.
  Decimal unit_price;                   // The per-unit price that rules.
  Decimal net_amount;                   // quantity * unit_price, rounded to the currency.
  bool operator==(const QuotedLine&) const = default;
};

struct Quote {
  CustomerNumber customer;
  Currency currency;
  Timestamp at;
  std::vector<QuotedLine> lines;
  Decimal total_net;
  Timestamp prices_as_of;  // Of the price list in force.
  bool operator==(const Quote&) const = default;
};

// A price list as one ERP accepted it, in the form in which the other takes it.
struct PriceList {
  std::string batch;  // The source's batch id; the idempotency key of publishing it.
  bool full = true;   // full replaces everything; otherwise a delta.
  Timestamp created;
  std::vector<PriceEntry> entries;    // New or changed.
  std::vector<PriceEntry> deletions;  // Only for a delta; identified by key fields.
  Decimal hash_total() const {        // Exact sum of the entries' unit prices.
    Decimal sum;
    for (const PriceEntry& entry : entries) sum += entry.unit_price;
    return sum;
  }
};

struct PriceListReceipt {
  std::string batch;
  std::int64_t rows = 0;
  Decimal hash_total;  // As the receiving ERP computed it.
  bool operator==(const PriceListReceipt&) const = default;
};

}  // namespace underpin
