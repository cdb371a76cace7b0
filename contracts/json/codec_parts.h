#pragma once

#include "contracts/json/object_reader.h"
#include "contracts/order.h"

#include <optional>
#include <string>
#include <vector>

// Pieces that several codecs share. Private to contracts/json.
namespace underpin::json {

// A record holds whatever an ERP or the journal has; a request is what a channel must send.
enum class Form { record, request };
constexpr Need need_of(Form form) {
  return form == Form::request ? Need::required : Need::optional;
}

// set() for members that are not written when they say nothing.
inline void put(Value& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object.append({std::string(key), Value(text)});
}
template <class K>
void put(Value& object, std::string_view key, const TextId<K>& id) {
  put(object, key, id.text());
}
inline void put(Value& object, std::string_view key, const Decimal& value) {
  object.append({std::string(key), Value(value.text())});
}
inline void put(Value& object, std::string_view key, const Date& day) {
  if (!day.empty()) object.append({std::string(key), Value(day.text())});
}
inline void put(Value& object, std::string_view key, const Timestamp& time) {
  object.append({std::string(key), Value(time.text())});
}
inline void put(Value& object, std::string_view key, std::int64_t value) {
  object.append({std::string(key), Value::integer(value)});
}
// A set optional is written even when it is an empty text: in an amendment that is a new value.
inline void put(Value& object, std::string_view key, const std::optional<std::string>& text) {
  if (text) object.append({std::string(key), Value(*text)});
}
template <class T>
void put(Value& object, std::string_view key, const std::optional<T>& value) {
  if (value) put(object, key, *value);
}
inline void put_flag(Value& object, std::string_view key, bool value) {
  object.append({std::string(key), Value::boolean(value)});
}
inline void put_value(Value& object, std::string_view key, Value value) {
  object.append({std::string(key), std::move(value)});
}
template <class T, class F>
void put_each(Value& object, std::string_view key, const std::vector<T>& list, F&& one) {
  Value items = Value::array();
  for (const T& item : list) items.push(one(item));
  put_value(object, key, std::move(items));
}

template <class T, std::size_t N>
std::string word_of(T value, const std::array<std::pair<T, std::string_view>, N>& words) {
  for (const auto& [word, text] : words)
    if (word == value) return std::string(text);
  return {};
}

void read_address(ObjectReader& reader, Address& address);
void read_optional_address(ObjectReader& reader, std::string_view key,
                           std::optional<Address>& address);
Value adjustment_to_json(const Adjustment& adjustment);
void read_adjustment(ObjectReader& reader, Adjustment& adjustment);
void read_totals(ObjectReader& reader, OrderTotals& totals);
void read_status(ObjectReader& reader, std::string_view key, OrderStatus& status, Need need);

}  // namespace underpin::json
