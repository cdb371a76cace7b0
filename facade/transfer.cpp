#include "facade/transfer.h"

#include "facade/order_content.h"

#include <algorithm>

namespace underpin::facade {
namespace {

bool any_shipped(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(),
                     [](const OrderLine& line) { return !line.shipped_quantity.is_zero(); });
}

// Line -> outstanding quantity and price, for lines of which something is outstanding.
std::map<int, std::pair<Decimal, Decimal>> outstanding_lines(const Order& order) {
  std::map<int, std::pair<Decimal, Decimal>> lines;
  for (const OrderLine& line : order.lines) {
    const Decimal rest = line.outstanding();
    if (!rest.is_zero() && !rest.is_negative())
      lines[line.number] = {rest.normalized(), line.unit_price.normalized()};
  }
  return lines;
}

std::string line_text(const std::map<int, std::pair<Decimal, Decimal>>& lines, int number) {
  const auto line = lines.find(number);
  return line == lines.end() ? "none"
                             : line->second.first.text() + " at " + line->second.second.text();
}

}  // namespace

std::string class_text(const DocumentClasses& classes) {
  std::string text;
  for (const auto& [is, word] :
       {std::pair{classes.part_shipped, "part_shipped"}, std::pair{classes.prepaid, "prepaid"},
        std::pair{classes.open_return, "open_return"}})
    if (is) text += (text.empty() ? "" : " ") + std::string(word);
  return text.empty() ? "open" : text;
}

DocumentClasses classes_of(const journal::DocumentRecord& document) {
  const auto content = read_content(document.content);
  return {document.status == OrderStatus::partially_shipped && !has_moved_part(content),
          content && !content->payments.empty(), false};
}

DocumentClasses classes_of(const Order& at_home, const std::optional<Order>& content,
                           const std::vector<ReturnReference>& returns) {
  return {any_shipped(at_home),
          !at_home.payments.empty() || (content && !content->payments.empty()),
          std::any_of(returns.begin(), returns.end(), [](const ReturnReference& one) {
            return one.status == ReturnStatus::open || one.status == ReturnStatus::received;
          })};
}

std::string kept_by_policy(const DocumentClasses& classes, const TransferSettings& settings) {
  const auto keeps = [](TransferPolicy policy) {
    return policy == TransferPolicy::finish_where_born;
  };
  if (classes.part_shipped && keeps(settings.part_shipped))
    return "part-shipped orders finish where they were born";
  if (classes.prepaid && keeps(settings.prepaid))
    return "prepaid orders finish where they were born";
  if (classes.open_return && keeps(settings.open_return))
    return "orders with an open return finish where they were born";
  if (!classes.part_shipped && !classes.prepaid && keeps(settings.open))
    return "open orders finish where they were born";
  return {};
}

std::string kept_as_it_is(const journal::DocumentRecord& document, const Order& at_home) {
  if (!document.holds.empty()) return "it is held: " + document.holds.front();
  if (any_shipped(at_home) && !at_home.charges.empty())
    return "a part has shipped, and both ERPs would invoice its charges";
  return {};
}

std::string shipped_text(const Order& at_home) {
  std::map<int, Decimal> shipped;
  for (const OrderLine& line : at_home.lines)
    if (!line.shipped_quantity.is_zero()) shipped[line.number] += line.shipped_quantity;
  std::string text;
  for (const auto& [number, quantity] : shipped) {
    text += (text.empty() ? "line " : ", line ") + std::to_string(number) + ": ";
    text += quantity.normalized().text();
  }
  return text;
}

std::string not_level(const Order& at_home, const Order& copy) {
  const auto wanted = outstanding_lines(at_home);
  const auto held = outstanding_lines(copy);
  std::map<int, std::pair<Decimal, Decimal>> all = wanted;
  all.insert(held.begin(), held.end());
  std::string text;
  for (const auto& [number, either] : all) {
    const auto one = wanted.find(number);
    const auto two = held.find(number);
    if (one != wanted.end() && two != held.end() && one->second == two->second) continue;
    text += (text.empty() ? "line " : ", line ") + std::to_string(number) + " has ";
    text += line_text(held, number) + " instead of " + line_text(wanted, number);
  }
  return text;
}

}  // namespace underpin::facade
