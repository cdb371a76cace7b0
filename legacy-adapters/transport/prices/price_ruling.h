#pragma once

#include "contracts/pricing.h"

#include <optional>
#include <string_view>
#include <vector>

// Which row of a price file rules, and on whose calendar. What the price files of legacy systems
// have in common; how they are written is each adapter's business. Everything is a value.
namespace underpin::legacy::prices {

// True for an IANA zone that this machine's tz database knows.
bool is_zone(std::string_view zone);

// The calendar day that the clocks of `zone` show at `at`. Precondition: is_zone(zone).
Date day_in(std::string_view zone, Timestamp at);

// Seconds after midnight that they show then, by the digits: 24 hours on every day.
int second_of_day_in(std::string_view zone, Timestamp at);

// The instant at which the clocks of `zone` show `minutes` after midnight of `day`; where a change
// to summer time skips that time, the change itself; where it comes twice, the first.
Timestamp instant_of(std::string_view zone, Date day, int minutes);

Date next_day(Date day);
Date previous_day(Date day);

// True when by `now` the list that was due last has not come. A day's list is due at `due_minutes`
// after midnight in `zone`; it counts for that day when it was accepted after the previous day's
// due time. `accepted` is empty when no list ever was.
bool is_late(Timestamp accepted, Timestamp now, int due_minutes, std::string_view zone);

// A row rules from the start of its `from` to the end of its `to`, as days of its own zone.
bool rules_at(const PriceEntry& entry, Timestamp at);

struct PriceQuestion {
  CustomerNumber customer;
  std::string price_group;  // The customer's; empty: none.
  Currency currency;
  std::string uom;
  bool base_uom = true;  // `uom` is the article's base unit; rows without a unit are for that.
  Decimal quantity;
  Timestamp at;
  Decimal vat_percent;  // To compare rows with tax against rows without.
};

struct PriceRuling {
  const PriceEntry* list = nullptr;   // The lowest row for everyone at quantity 1.
  const PriceEntry* price = nullptr;  // The row that rules: the lowest of all that apply.
};

// The best price: of the rows for the customer, for its price
// group and for everyone whose unit, currency, days and minimum quantity fit, the lowest unit price
// rules. Of equal prices the more specific row rules (customer, group, everyone), then the larger
// minimum quantity, then the later start. `rows` are those of one article; the answer points into
// them.
PriceRuling ruling(const std::vector<PriceEntry>& rows, const PriceQuestion& question);

// The row's unit price without tax: as it stands, or divided, to five decimals, half up.
Decimal net_unit_price(const PriceEntry& entry, Decimal vat_percent);

}  // namespace underpin::legacy::prices
