#pragma once

#include "contracts/decimal.h"
#include "contracts/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// The one JSON reader and the one JSON writer: payloads, vendor documents, configuration, stored
// rows. A number is kept as the text it was written with, so 12345678901234567.89 and 10.50 come
// back unchanged; no double is involved. Values are plain values: copy, move and share them like
// strings.
namespace underpin::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
std::string_view name(Kind kind);  // "an object", "a number", as error messages put it.

struct Member;

// Every as_...(at) answers invalid_request with one FieldError {at, rule} when the value is not
// what was asked for. `at` is the JSON pointer of this value ("" is the document itself).
class Value {
 public:
  Value();                  // null
  Value(std::string text);  // A string, as are the next two.
  Value(std::string_view text);
  Value(const char* text);
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  static Value null() { return {}; }
  static Value boolean(bool value);
  static Value string(std::string_view text) { return Value(text); }
  static Value number(const Decimal& value);  // Written as value.text(): the scale is kept.
  static Value integer(std::int64_t value);
  // `text` by the grammar of JSON numbers, kept as it is; anything else is invalid_request.
  static Result<Value> number_text(std::string_view text);
  static Value array();
  static Value array(std::vector<Value> items);
  static Value object();

  Kind kind() const;
  bool is_null() const { return kind() == Kind::null; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  Result<bool> as_bool(std::string_view at = {}) const;
  Result<std::string> as_string(std::string_view at = {}) const;
  // A whole number within 64 bits; "1e3" and "5.0" are whole.
  Result<std::int64_t> as_int(std::string_view at = {}) const;
  // From a number. An exponent is expanded exactly; beyond 38 digits or scale 20 is an error.
  Result<Decimal> as_decimal(std::string_view at = {}) const;
  // From a string, the form of every amount and quantity in the channel's documents: "10.50".
  Result<Decimal> as_decimal_string(std::string_view at = {}) const;
  // From either.
  Result<Decimal> as_any_decimal(std::string_view at = {}) const;
  // The text of a number as written, or of a string; "true"/"false"; anything else is an error.
  Result<std::string> as_scalar_text(std::string_view at = {}) const;

  // The text of a number or a string; empty for anything else. Never fails.
  const std::string& text() const;

  // Objects. Order of insertion is kept; a key is there once.
  const std::vector<Member>& members() const;     // Empty when this is no object.
  const Value* find(std::string_view key) const;  // nullptr: absent, or no object.
  Value* find(std::string_view key);
  const Value& get(std::string_view key) const;   // A null when absent: chains safely.
  Value& set(std::string_view key, Value value);  // Adds or replaces; makes a null an object.
  void append(Member member);  // Unchecked set(): the caller knows that the key is new.
  bool erase(std::string_view key);

  // Arrays.
  const std::vector<Value>& items() const;  // Empty when this is no array.
  Value* item(std::size_t index);           // nullptr: beyond the end, or no array.
  Value& push(Value value);                 // Makes a null an array.

  std::size_t size() const;  // Members or items.
  bool empty() const { return size() == 0; }

  // RFC 6901: "/lines/0/quantity". nullptr when there is nothing.
  const Value* at_pointer(std::string_view pointer) const;

  // Numbers by their text; the order of an object's members does not matter.
  friend bool operator==(const Value& a, const Value& b);

 private:
  struct NumberText {
    std::string text;
  };
  std::variant<std::monostate, bool, NumberText, std::string, std::vector<Value>,
               std::vector<Member>>
      data_;
};

struct Member {
  std::string key;
  Value value;
};

struct Limits {
  std::size_t max_bytes = 8 * 1024 * 1024;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 500'000;  // Values of any kind, nested ones included.
};

// One document and nothing after it. Refused as invalid_request, with line, column and byte:
// malformed text, invalid UTF-8, a repeated key, a document beyond the limits.
Result<Value> parse(std::string_view text, const Limits& limits = {});
// As above, with // and /* */ comments: configuration files.
Result<Value> parse_with_comments(std::string_view text, const Limits& limits = {});

std::string write(const Value& value);         // Compact, UTF-8; what is no UTF-8 becomes U+FFFD.
std::string write_pretty(const Value& value);  // Indented by two, one member a line.

// pointer + "/" + key, escaped by RFC 6901.
std::string pointer_to(std::string_view pointer, std::string_view key);
std::string pointer_to(std::string_view pointer, std::size_t index);

}  // namespace underpin::json
