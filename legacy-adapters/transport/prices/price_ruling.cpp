#include "legacy-adapters/transport/prices/price_ruling.h"

#include <date/tz.h>

#include <stdexcept>
#include <string>

namespace underpin::legacy::prices {
namespace {

date::local_days local_day(Date day) {
  return date::local_days(date::year(day.year) / date::month(day.month) / date::day(day.day));
}

Date date_of(date::local_days day) {
  const date::year_month_day ymd(day);
  return {static_cast<std::int16_t>(static_cast<int>(ymd.year())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

date::sys_time<std::chrono::microseconds> sys(Timestamp at) {
  return date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.micros));
}

const date::time_zone& zone_named(std::string_view zone) {
  return *date::locate_zone(std::string(zone));
}

bool is_for(const PriceEntry& row, const PriceQuestion& question) {
  switch (row.scope) {
    case PriceScope::everyone:
      return true;
    case PriceScope::group:
      return !question.price_group.empty() && row.scope_code == question.price_group;
    case PriceScope::customer:
      return row.scope_code == question.customer.text();
  }
  return false;
}

bool applies(const PriceEntry& row, const PriceQuestion& question) {
  const bool unit_fits = row.uom.empty() ? question.base_uom : row.uom == question.uom;
  return unit_fits && row.currency == question.currency && is_for(row, question) &&
         row.minimum_quantity <= question.quantity && rules_at(row, question.at);
}

// True when `a` rules over `b`.
bool rules_over(const PriceEntry& a, const PriceEntry& b, Decimal vat_percent) {
  const Decimal price_a = net_unit_price(a, vat_percent);
  const Decimal price_b = net_unit_price(b, vat_percent);
  if (price_a != price_b) return price_a < price_b;
  if (a.scope != b.scope) return a.scope > b.scope;
  if (a.minimum_quantity != b.minimum_quantity) return a.minimum_quantity > b.minimum_quantity;
  return a.from > b.from;
}

}  // namespace

bool is_zone(std::string_view zone) {
  try {
    zone_named(zone);
    return !zone.empty();
  } catch (const std::runtime_error&) {
    return false;
  }
}

Date day_in(std::string_view zone, Timestamp at) {
  return date_of(date::floor<date::days>(zone_named(zone).to_local(sys(at))));
}

int second_of_day_in(std::string_view zone, Timestamp at) {
  const auto local = zone_named(zone).to_local(sys(at));
  const auto since = local - date::floor<date::days>(local);
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

Timestamp instant_of(std::string_view zone, Date day, int minutes) {
  const auto local = local_day(day) + std::chrono::minutes(minutes);
  const auto instant = zone_named(zone).to_sys(local, date::choose::earliest);
  return {
      std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count()};
}

Date next_day(Date day) { return date_of(local_day(day) + date::days(1)); }
Date previous_day(Date day) { return date_of(local_day(day) - date::days(1)); }

bool is_late(Timestamp accepted, Timestamp now, int due_minutes, std::string_view zone) {
  Date due_day = day_in(zone, now);
  if (now < instant_of(zone, due_day, due_minutes)) due_day = previous_day(due_day);
  return accepted <= instant_of(zone, previous_day(due_day), due_minutes);
}

bool rules_at(const PriceEntry& entry, Timestamp at) {
  const Date day = day_in(entry.zone, at);
  return day >= entry.from && (!entry.to || day <= *entry.to);
}

Decimal net_unit_price(const PriceEntry& entry, Decimal vat_percent) {
  if (!entry.tax_included) return entry.unit_price;
  return Decimal::divided(entry.unit_price * Decimal::of(100), Decimal::of(100) + vat_percent, 5,
                          Rounding::half_up);
}

PriceRuling ruling(const std::vector<PriceEntry>& rows, const PriceQuestion& question) {
  PriceQuestion single = question;
  single.quantity = Decimal::of(1);
  PriceRuling best;
  for (const PriceEntry& row : rows) {
    if (row.scope == PriceScope::everyone && applies(row, single) &&
        (best.list == nullptr || rules_over(row, *best.list, question.vat_percent))) {
      best.list = &row;
    }
    if (applies(row, question) &&
        (best.price == nullptr || rules_over(row, *best.price, question.vat_percent))) {
      best.price = &row;
    }
  }
  return best;
}

}  // namespace underpin::legacy::prices
