#include "contracts/order_rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

namespace underpin {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class F>
bool all(std::string_view text, std::size_t length_max, F&& allowed) {
  return !text.empty() && text.size() <= length_max &&
         std::all_of(text.begin(), text.end(), allowed);
}

constexpr const char* order_number_rule = "must be 1 to 20 letters, digits, '.', '_' or '-'";
constexpr const char* customer_number_rule = "must be 1 to 20 upper-case letters, digits or '-'";
constexpr const char* movement_rule = "must be 1 to 20 upper-case letters, digits, '.', '_' or '-'";
constexpr const char* sku_rule = "must be 1 to 20 printable characters without blanks";
constexpr const char* location_rule = "must be 1 to 10 upper-case letters, digits, '_' or '-'";
constexpr const char* currency_rule = "must be a currency code of three upper-case letters";
constexpr const char* email_rule = "must be an e-mail address of at most 80 characters";
constexpr const char* too_large = "is too large: the amounts of the document must fit 38 digits";

// A sum that stays quiet about overflow until it is asked for.
class Sum {
 public:
  void add(Decimal value) {
    run([&] { total_ += value; });
  }
  void add_product(Decimal a, Decimal b) {
    run([&] { total_ += a * b; });
  }
  std::optional<Decimal> total() const { return fits_ ? std::optional(total_) : std::nullopt; }
  std::optional<Decimal> cents() {
    run([&] { total_ = total_.rounded(2, Rounding::half_up); });
    return total();
  }

 private:
  template <class F>
  void run(F&& step) {
    if (!fits_) return;
    try {
      step();
    } catch (const std::overflow_error&) {
      fits_ = false;
    }
  }
  Decimal total_;
  bool fits_ = true;
};

class Rules {
 public:
  void hold(bool holds, const std::string& pointer, const char* rule) {
    if (!holds) broken_.push_back({pointer, rule});
  }
  // `stated` must equal `sum`, and the rule names what it was.
  void equal(Decimal stated, const std::optional<Decimal>& sum, const std::string& pointer,
             const std::string& rule) {
    if (!sum) {
      broken_.push_back({pointer, too_large});
    } else if (stated != *sum) {
      broken_.push_back({pointer, rule + " (" + sum->text() + ")"});
    }
  }
  std::vector<FieldError> take() { return std::move(broken_); }

 private:
  std::vector<FieldError> broken_;
};

std::string at(const std::string& pointer, const char* list, std::size_t index) {
  return pointer + "/" + list + "/" + std::to_string(index);
}

void check_address(Rules& rules, const std::optional<Address>& address,
                   const std::string& pointer) {
  if (!address) return;
  const std::string& country = address->country;
  rules.hold(
      country.empty() || (country.size() == 2 && is_upper(country[0]) && is_upper(country[1])),
      pointer + "/country", "must be a country code of two upper-case letters");
}

// Line numbers are 1..9999 and are there once.
class LineNumbers {
 public:
  void check(Rules& rules, int number, const std::string& pointer) {
    rules.hold(number >= 1 && number <= 9999, pointer + "/number", "must be 1 to 9999");
    rules.hold(seen_.insert(number).second, pointer + "/number", "must be unique among the lines");
  }

 private:
  std::set<int> seen_;
};

bool positive(Decimal value) { return !value.is_zero() && !value.is_negative(); }

void check_taxes(Rules& rules, const std::vector<Tax>& taxes, const std::string& pointer) {
  for (std::size_t i = 0; i < taxes.size(); ++i) {
    rules.hold(!taxes[i].rate.is_negative() && taxes[i].rate < Decimal::of(1),
               at(pointer, "taxes", i) + "/rate",
               "must be a fraction from 0 to below 1, like \"0.19\"");
  }
}

void check_line(Rules& rules, const OrderLine& line, const std::string& pointer) {
  rules.hold(is_sku(line.sku.text()), pointer + "/sku", sku_rule);
  rules.hold(line.location.empty() || is_location(line.location.text()), pointer + "/location",
             location_rule);
  rules.hold(positive(line.quantity), pointer + "/quantity", "must be greater than 0");
  rules.hold(!line.unit_price.is_negative(), pointer + "/unitPrice", "must not be negative");
  Sum net;
  net.add_product(line.quantity, line.unit_price);
  for (std::size_t i = 0; i < line.adjustments.size(); ++i) {
    const Adjustment& adjustment = line.adjustments[i];
    const std::string entry = at(pointer, "adjustments", i);
    net.add(adjustment.amount);
    rules.hold(!adjustment.kind.empty(), entry + "/kind", "is required");
    rules.hold(adjustment.promotion_version >= 0, entry + "/promotionVersion",
               "must not be negative");
  }
  rules.equal(line.net_amount, net.cents(), pointer + "/netAmount",
              "must be quantity * unitPrice + adjustments, rounded half-up to cents");
  rules.hold(!line.net_amount.is_negative(), pointer + "/netAmount", "must not be negative");
  check_taxes(rules, line.taxes, pointer);
}

// Every tax the order states, and how many there are.
struct StatedTaxes {
  Sum sum;
  std::size_t count = 0;
  void add(const std::vector<Tax>& taxes) {
    for (const Tax& tax : taxes) {
      sum.add(tax.amount);
      ++count;
    }
  }
};

void check_totals(Rules& rules, const Order& order) {
  Sum items;
  Sum charges;
  StatedTaxes taxes;
  for (const OrderLine& line : order.lines) {
    items.add(line.net_amount);
    taxes.add(line.taxes);
  }
  for (const Charge& charge : order.charges) {
    charges.add(charge.amount);
    taxes.add(charge.taxes);
  }
  const OrderTotals& totals = order.totals;
  rules.equal(totals.items_net, items.total(), "/totals/itemsNet",
              "must be the sum of the lines' netAmount");
  rules.equal(totals.charges, charges.total(), "/totals/charges",
              "must be the sum of the charges' amount");
  rules.hold(!totals.tax.is_negative(), "/totals/tax", "must not be negative");
  Sum grand;
  grand.add(totals.items_net);
  grand.add(totals.charges);
  if (!order.prices_include_tax) grand.add(totals.tax);
  rules.equal(
      totals.grand_total, grand.total(), "/totals/grandTotal",
      order.prices_include_tax ? "must be itemsNet + charges" : "must be itemsNet + charges + tax");
  if (taxes.count == 0) return;
  const auto stated = taxes.sum.total();
  Sum difference;
  difference.add(totals.tax);
  if (stated) difference.add(-*stated);
  const auto off = difference.total();
  const Decimal allowed{static_cast<Int128>(taxes.count), 2};
  rules.hold(stated && off && off->magnitude() <= allowed, "/totals/tax",
             "must be the sum of the stated taxes, to within one cent for each of them");
}

void check_customer_texts(Rules& rules, const std::optional<std::string>& name,
                          const std::optional<std::string>& email,
                          const std::optional<Address>& address) {
  rules.hold(!name || name->find_first_not_of(' ') != std::string::npos, "/name",
             "must not be empty");
  rules.hold(!email || email->empty() || is_email(*email), "/email", email_rule);
  check_address(rules, address, "/address");
}

}  // namespace

bool is_order_number(std::string_view text) {
  return all(text, 20, [](char c) {
    return is_upper(c) || is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

bool is_customer_number(std::string_view text) {
  return all(text, 20, [](char c) { return is_upper(c) || is_digit(c) || c == '-'; });
}

bool is_movement_id(std::string_view text) {
  return all(text, 20,
             [](char c) { return is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_sku(std::string_view text) {
  return all(text, 20, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_location(std::string_view text) {
  return all(text, 10, [](char c) { return is_upper(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool is_currency(std::string_view text) { return text.size() == 3 && all(text, 3, is_upper); }

bool is_email(std::string_view text) {
  const auto allowed = [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != ',' && c != ';';
  };
  if (!all(text, 80, allowed)) return false;
  const std::size_t sign = text.find('@');
  if (sign == std::string_view::npos || sign == 0 || text.find('@', sign + 1) != text.npos)
    return false;
  const std::string_view domain = text.substr(sign + 1);
  const std::size_t dot = domain.find('.');
  return dot != std::string_view::npos && dot != 0 && domain.back() != '.' &&
         domain.find("..") == std::string_view::npos;
}

std::vector<FieldError> broken_rules(const Order& order) {
  Rules rules;
  rules.hold(is_order_number(order.id.number.text()), "/number", order_number_rule);
  rules.hold(is_customer_number(order.customer.text()), "/customer", customer_number_rule);
  rules.hold(is_currency(order.currency), "/currency", currency_rule);
  rules.hold(!order.order_date.empty(), "/orderDate", "is required");
  check_address(rules, order.ship_to, "/shipTo");
  check_address(rules, order.bill_to, "/billTo");
  rules.hold(!order.lines.empty(), "/lines", "must have at least one line");
  if (order.lines.size() > order_lines_max) {
    rules.hold(false, "/lines", "must have at most 500 lines");
    return rules.take();
  }
  LineNumbers numbers;
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const std::string pointer = at("", "lines", i);
    numbers.check(rules, order.lines[i].number, pointer);
    check_line(rules, order.lines[i], pointer);
  }
  for (std::size_t i = 0; i < order.charges.size(); ++i)
    check_taxes(rules, order.charges[i].taxes, at("", "charges", i));
  for (std::size_t i = 0; i < order.payments.size(); ++i)
    rules.hold(!order.payments[i].amount.is_negative(), at("", "payments", i) + "/amount",
               "must not be negative");
  check_totals(rules, order);
  return rules.take();
}

std::vector<FieldError> broken_rules(const OrderAmendment& amendment) {
  Rules rules;
  rules.hold(amendment.ship_to || amendment.requested_date || amendment.customer_reference ||
                 !amendment.lines.empty() || amendment.totals,
             "", "must change something");
  check_address(rules, amendment.ship_to, "/shipTo");
  LineNumbers numbers;
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& line = amendment.lines[i];
    const std::string pointer = at("", "lines", i);
    numbers.check(rules, line.number, pointer);
    const bool changed =
        line.quantity || line.unit_price || line.adjustment_total || line.requested_date;
    rules.hold(changed || line.added, pointer, "must change something");
    rules.hold(!line.quantity || positive(*line.quantity), pointer + "/quantity",
               "must be greater than 0; a line is withdrawn by cancelling it");
    rules.hold(!line.unit_price || !line.unit_price->is_negative(), pointer + "/unitPrice",
               "must not be negative");
    if (!line.added) continue;
    rules.hold(!changed, pointer, "must not change a line that it adds");
    rules.hold(line.added->number == line.number, pointer + "/added/number",
               "must equal the number of the amended line");
    check_line(rules, *line.added, pointer + "/added");
  }
  if (amendment.totals) {
    // Whether prices include tax is the document's, so either sum may be meant.
    const OrderTotals& totals = *amendment.totals;
    Sum with_tax;
    with_tax.add(totals.items_net);
    with_tax.add(totals.charges);
    const auto without = with_tax.total();
    with_tax.add(totals.tax);
    const auto with = with_tax.total();
    rules.hold((without && totals.grand_total == *without) || (with && totals.grand_total == *with),
               "/totals/grandTotal", "must be itemsNet + charges + tax");
    rules.hold(!totals.tax.is_negative(), "/totals/tax", "must not be negative");
  }
  return rules.take();
}

std::vector<FieldError> broken_rules(const OrderCancellation& cancellation) {
  Rules rules;
  LineNumbers numbers;
  for (std::size_t i = 0; i < cancellation.lines.size(); ++i) {
    const std::string pointer = at("", "lines", i);
    numbers.check(rules, cancellation.lines[i].number, pointer);
    rules.hold(positive(cancellation.lines[i].quantity), pointer + "/quantity",
               "must be greater than 0");
  }
  return rules.take();
}

std::vector<FieldError> broken_rules(const StockAdjustment& adjustment) {
  Rules rules;
  rules.hold(is_movement_id(adjustment.movement.text()), "/movement", movement_rule);
  rules.hold(is_sku(adjustment.key.sku.text()), "/sku", sku_rule);
  rules.hold(is_location(adjustment.key.location.text()), "/location", location_rule);
  if (adjustment.kind == AdjustmentKind::count) {
    rules.hold(!adjustment.quantity.is_negative(), "/quantity", "must not be negative in a count");
    rules.hold(adjustment.as_of.has_value(), "/asOf", "is required for a count");
  } else {
    rules.hold(!adjustment.quantity.is_zero(), "/quantity", "must not be 0 in a delta");
    rules.hold(!adjustment.as_of.has_value(), "/asOf", "belongs to a count only");
  }
  return rules.take();
}

std::vector<FieldError> broken_rules(const AvailabilityRequest& request) {
  Rules rules;
  rules.hold(!request.lines.empty(), "/lines", "must have at least one line");
  rules.hold(request.lines.size() <= availability_lines_max, "/lines",
             "must have at most 500 lines");
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const AvailabilityLine& line = request.lines[i];
    const std::string pointer = at("", "lines", i);
    rules.hold(is_sku(line.sku.text()), pointer + "/sku", sku_rule);
    rules.hold(!line.location || is_location(line.location->text()), pointer + "/location",
               location_rule);
  }
  return rules.take();
}

std::vector<FieldError> broken_rules(const QuoteRequest& request) {
  Rules rules;
  rules.hold(is_customer_number(request.customer.text()), "/customer", customer_number_rule);
  rules.hold(is_currency(request.currency), "/currency", currency_rule);
  rules.hold(!request.lines.empty(), "/lines", "must have at least one line");
  rules.hold(request.lines.size() <= order_lines_max, "/lines", "must have at most 500 lines");
  LineNumbers numbers;
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const QuoteLine& line = request.lines[i];
    const std::string pointer = at("", "lines", i);
    numbers.check(rules, line.number, pointer);
    rules.hold(is_sku(line.sku.text()), pointer + "/sku", sku_rule);
    rules.hold(positive(line.quantity), pointer + "/quantity", "must be greater than 0");
  }
  return rules.take();
}

std::vector<FieldError> broken_rules(const Customer& customer) {
  Rules rules;
  rules.hold(is_customer_number(customer.number.text()), "/number", customer_number_rule);
  rules.hold(customer.kind.empty() || customer.kind == "person" || customer.kind == "company",
             "/kind", "must be person or company");
  rules.hold(customer.currency.empty() || is_currency(customer.currency), "/currency",
             currency_rule);
  check_customer_texts(rules, customer.name, customer.email, customer.address);
  return rules.take();
}

std::vector<FieldError> broken_rules(const CustomerAmendment& amendment) {
  Rules rules;
  rules.hold(amendment.name || amendment.address || amendment.email || amendment.phone ||
                 amendment.price_group,
             "", "must change something");
  check_customer_texts(rules, amendment.name, amendment.email, amendment.address);
  return rules.take();
}

}  // namespace underpin
