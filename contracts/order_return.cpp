#include "contracts/order_return.h"

#include "contracts/external_reference.h"
#include "contracts/order_rules.h"

#include <algorithm>
#include <array>
#include <set>

namespace underpin {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool positive(Decimal value) { return !value.is_zero() && !value.is_negative(); }

const OrderLine* line_of(const Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& line) { return line.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

std::string at(std::size_t index) { return "/lines/" + std::to_string(index); }

constexpr std::size_t whole_text = 200;  // Of a reference, where nothing limits it.

}  // namespace

std::string_view name(ReturnStatus status) {
  constexpr std::array<std::string_view, 4> names{"open", "received", "credited", "cancelled"};
  return names[static_cast<std::size_t>(status)];
}

bool is_return_number(std::string_view text) { return is_order_number(text); }

bool is_reason_code(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_upper(c) || is_digit(c) || c == '_' || c == '-';
  });
}

std::vector<FieldError> broken_rules(const OrderReturn& asked) {
  std::vector<FieldError> broken;
  const auto hold = [&](bool holds, const std::string& pointer, const char* rule) {
    if (!holds) broken.push_back({pointer, rule});
  };
  hold(is_return_number(asked.number.text()), "/number",
       "must be 1 to 20 letters, digits, '.', '_' or '-'");
  hold(!asked.date.empty(), "/returnDate", "is required");
  hold(!asked.lines.empty(), "/lines", "must have at least one line");
  hold(asked.lines.size() <= return_lines_max, "/lines", "must have at most 500 lines");
  if (asked.lines.size() > return_lines_max) return broken;
  std::set<int> seen;
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const ReturnLine& line = asked.lines[i];
    hold(line.number >= 1 && line.number <= 9999, at(i) + "/number", "must be 1 to 9999");
    hold(seen.insert(line.number).second, at(i) + "/number", "must be unique among the lines");
    hold(positive(line.quantity), at(i) + "/quantity", "must be greater than 0");
    hold(is_reason_code(line.reason), at(i) + "/reason",
         "must be a reason code of 1 to 20 upper-case letters, digits, '_' or '-'");
    hold(line.location.empty() || is_location(line.location.text()), at(i) + "/location",
         "must be 1 to 10 upper-case letters, digits, '_' or '-'");
  }
  return broken;
}

void count_returned(Order& order, const std::vector<ReturnReference>& returns,
                    const ReturnNumber& but) {
  for (OrderLine& line : order.lines) line.returned_quantity = Decimal{};
  const auto counted = [&](const ReturnReference& one) {
    return one.status != ReturnStatus::cancelled && (but.empty() || one.number != but);
  };
  std::vector<ReturnedLine> unnamed;
  for (const ReturnReference& one : returns) {
    if (!counted(one)) continue;
    for (const ReturnedLine& back : one.lines) {
      const auto line = std::find_if(order.lines.begin(), order.lines.end(),
                                     [&](const OrderLine& l) { return l.number == back.line; });
      if (line == order.lines.end())
        unnamed.push_back(back);
      else
        line->returned_quantity += back.quantity;
    }
  }
  for (const ReturnedLine& back : unnamed) {
    Decimal rest = back.quantity;
    OrderLine* last = nullptr;
    for (OrderLine& line : order.lines) {
      if (line.sku != back.sku) continue;
      last = &line;
      const Decimal room = line.shipped_quantity - line.returned_quantity;
      if (!positive(room)) continue;
      const Decimal part = room < rest ? room : rest;
      line.returned_quantity += part;
      rest = rest - part;
      if (rest.is_zero()) break;
    }
    // More than was shipped: seen all the same.
    if (last != nullptr && !rest.is_zero()) last->returned_quantity += rest;
  }
}

std::vector<FieldError> broken_rules(const OrderReturn& asked, const Order& order) {
  std::vector<FieldError> broken;
  for (std::size_t i = 0; i < asked.lines.size(); ++i) {
    const OrderLine* line = line_of(order, asked.lines[i].number);
    if (line == nullptr) {
      broken.push_back({at(i) + "/number", "must name a line of the order"});
      continue;
    }
    const Decimal left = line->shipped_quantity - line->returned_quantity;
    if (asked.lines[i].quantity > left)
      broken.push_back({at(i) + "/quantity", "must not be more than the " +
                                                 (positive(left) ? left.normalized().text() : "0") +
                                                 " that were shipped and are not returned yet"});
  }
  return broken;
}

bool repeats(const OrderReturn& asked, const ReturnReference& made) {
  if (asked.lines.size() != made.lines.size()) return false;
  return std::all_of(asked.lines.begin(), asked.lines.end(), [&](const ReturnLine& line) {
    return std::any_of(made.lines.begin(), made.lines.end(), [&](const ReturnedLine& back) {
      return back.line == line.number && back.quantity == line.quantity &&
             back.reason == line.reason;
    });
  });
}

Result<std::string> encode_return_reference(const OrderId& order, const ReturnNumber& number,
                                            std::size_t length_max) {
  const auto whose = encode_external_reference(order, whole_text);
  if (!whose) return whose.error();
  // The same rules for its own number; only that is the channel's to change.
  const auto own =
      encode_external_reference({ChannelId{"r"}, OrderNumber{number.text()}}, whole_text);
  if (!own) return own.error();
  std::string text = *whose + "#" + own->substr(2);
  if (text.size() > length_max) {
    const std::string rule =
        "is too long for the ERP's reference field (lower-case letters count twice): at most " +
        std::to_string(length_max) + " characters with its order's " +
        std::to_string(whose->size());
    Error error{ErrorCode::invalid_request, "number " + rule};
    error.fields.push_back({"/number", rule});
    return error;
  }
  return text;
}

std::optional<ReturnId> decode_return_reference(std::string_view text) {
  const std::size_t mark = text.find('#');
  if (mark == std::string_view::npos) return std::nullopt;
  const auto order = decode_external_reference(text.substr(0, mark));
  const auto own = decode_external_reference("R/" + std::string(text.substr(mark + 1)));
  if (!order || !own) return std::nullopt;
  return ReturnId{*order, ReturnNumber{own->number.text()}};
}

}  // namespace underpin
