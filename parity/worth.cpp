#include "parity/worth.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace underpin::parity {
namespace {

using json::Value;
using Worth = std::optional<Decimal>;

constexpr int price_places = 8;

// Of "/lines/*/quantity" quantity, of "/tags/*" tags.
std::string last_member(std::string field) {
  while (field.size() >= 2 && field.compare(field.size() - 2, 2, "/*") == 0)
    field.resize(field.size() - 2);
  std::string last = field.substr(field.rfind('/') + 1);
  std::transform(last.begin(), last.end(), last.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return last;
}

template <std::size_t N>
bool names_one_of(const std::string& text, const std::array<const char*, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

bool is_rate(const std::string& last) {
  constexpr std::array rates{"rate", "percent", "factor"};
  return names_one_of(last, rates);
}

bool is_element(const std::string& field) {
  return field.size() >= 2 && field.compare(field.size() - 2, 2, "/*") == 0;
}

Worth number_in(const Value& value) {
  const auto decimal = value.as_any_decimal();
  return decimal ? Worth(*decimal) : std::nullopt;
}

Worth number_at(const Value* object, std::initializer_list<const char*> members) {
  if (object == nullptr) return std::nullopt;
  for (const char* member : members) {
    const Value* value = object->find(member);
    const Worth number = value == nullptr ? std::nullopt : number_in(*value);
    if (number) return number;
  }
  return std::nullopt;
}

Worth net_in(const Value* object) {
  return number_at(object, {"netAmount", "lineAmount", "amount", "net"});
}
Worth price_in(const Value* object) {
  return number_at(object, {"unitPrice", "netPrice", "price", "listPrice"});
}

Worth sum_of(const Value& list);

// What a line, a charge, a total or a whole document says it is worth.
Worth own_worth(const Value& object) {
  if (!object.is_object()) return std::nullopt;
  const Value* totals = object.find("totals");
  for (const Value* holder : {totals, &object})
    if (const Worth total = number_at(holder, {"grandTotal", "totalNet"}))
      return total->magnitude();
  if (const Worth net = net_in(&object)) return net->magnitude();
  if (const Worth price = price_in(&object)) {
    const Worth quantity = number_at(&object, {"quantity"});
    return quantity ? (*quantity * *price).magnitude() : price->magnitude();
  }
  const Value* lines = object.find("lines");
  return lines == nullptr || lines->empty() ? std::nullopt : sum_of(*lines);
}

// Nothing as soon as one of them cannot be valued.
Worth sum_of(const Value& list) {
  Decimal sum;
  for (const Value& item : list.items()) {
    const Worth worth = own_worth(item);
    if (!worth) return std::nullopt;
    sum += *worth;
  }
  return sum;
}

Worth worth_of_documents(const Around& around) {
  Worth worth;
  for (const Value* document : {around.primary_document, around.secondary_document}) {
    const Worth one = document == nullptr ? std::nullopt : own_worth(*document);
    if (one) worth = std::max(worth.value_or(Decimal{}), *one);
  }
  return worth;
}

// For one of what `parent` counts.
Worth price_beside(const Value* parent) {
  if (const Worth price = price_in(parent)) return price->magnitude();
  const Worth net = net_in(parent);
  const Worth quantity = number_at(parent, {"quantity"});
  if (!net || !quantity || quantity->is_zero()) return std::nullopt;
  return Decimal::divided(net->magnitude(), quantity->magnitude(),
                          std::min(Decimal::scale_max, net->scale() + price_places),
                          Rounding::half_even);
}

Worth apart_in(const Value* primary, const Value* secondary) {
  const Worth one = primary == nullptr ? std::nullopt : number_in(*primary);
  const Worth two = secondary == nullptr ? std::nullopt : number_in(*secondary);
  if (!one && !two) return std::nullopt;
  return (one.value_or(Decimal{}) - two.value_or(Decimal{})).magnitude();
}

Worth worth_of_scalars(const std::string& field, const Value* primary, const Value* secondary,
                       const Around& around) {
  const std::string field_class = field_class_of(field);
  if (field_class == "other") return std::nullopt;
  const Worth apart = apart_in(primary, secondary);
  if (!apart || field_class == "amount") return apart;
  const Worth one = price_beside(around.primary_parent);
  const Worth two = price_beside(around.secondary_parent);
  if (!one && !two) return std::nullopt;
  return *apart * std::max(one.value_or(Decimal{}), two.value_or(Decimal{}));
}

Worth worth_of_part(const std::string& field, const Value& part, const Around& around) {
  const Worth own = part.is_array() ? sum_of(part) : own_worth(part);
  if (own) return own;
  const bool of_objects =
      part.is_object() || std::any_of(part.items().begin(), part.items().end(),
                                      [](const Value& item) { return item.is_object(); });
  return of_objects && (part.is_array() || is_element(field)) ? worth_of_documents(around)
                                                              : std::nullopt;
}

}  // namespace

std::string field_class_of(const std::string& field) {
  constexpr std::array quantities{"quantity", "onhand",      "available",
                                  "reserved", "outstanding", "onorder"};
  constexpr std::array amounts{"amount", "total",  "price",  "net",     "tax",
                               "gross",  "charge", "credit", "discount"};
  const std::string last = last_member(field);
  if (names_one_of(last, quantities)) return "quantity";
  if (last == "taxcode" || last == "taxnumber" || last == "pricegroup" || is_rate(last))
    return "other";
  return names_one_of(last, amounts) ? "amount" : "other";
}

bool holds_numbers(const std::string& field) {
  return field_class_of(field) != "other" || is_rate(last_member(field));
}

std::optional<Decimal> worth_of(Kind kind, const std::string& field, const Value* primary,
                                const Value* secondary, const Around& around) {
  try {
    if (kind == Kind::outcome) return worth_of_documents(around);
    if (kind == Kind::order) return Decimal{};
    const Value* part = nullptr;
    for (const Value* side : {primary, secondary})
      if (side != nullptr && (side->is_object() || side->is_array()) &&
          (part == nullptr || part->empty()))
        part = side;
    if (part != nullptr) return worth_of_part(field, *part, around);
    // A null in place of nothing.
    if ((primary == nullptr || primary->is_null()) &&
        (secondary == nullptr || secondary->is_null()))
      return Decimal{};
    return worth_of_scalars(field, primary, secondary, around);
  } catch (const std::exception&) {
    return std::nullopt;  // Beyond what a Decimal holds.
  }
}

std::optional<Decimal> worth_between(const Value& primary, const Value& secondary,
                                     const Around& around) {
  try {
    const Worth one = sum_of(primary);
    const Worth two = sum_of(secondary);
    if (one && two && *one != *two) return (*one - *two).magnitude();
    const bool of_objects = std::any_of(primary.items().begin(), primary.items().end(),
                                        [](const Value& item) { return item.is_object(); }) ||
                            std::any_of(secondary.items().begin(), secondary.items().end(),
                                        [](const Value& item) { return item.is_object(); });
    return of_objects ? worth_of_documents(around) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void WorthSum::add(const std::string& path, const std::string& field, Decimal worth) {
  const bool quantity = field_class_of(field) == "quantity";
  Part& part = parts_[path.substr(0, path.rfind('/'))];
  (quantity ? part.quantities : part.amounts) += worth;
}

Decimal WorthSum::total() const {
  Decimal total;
  for (const auto& [path, part] : parts_) total += std::max(part.amounts, part.quantities);
  return total;
}

}  // namespace underpin::parity
