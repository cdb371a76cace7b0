#include "contracts/json/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace underpin::json {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

Error refused(std::string_view at, std::string rule) {
  Error error{ErrorCode::invalid_request,
              (at.empty() ? "the document" : std::string(at)) + " " + rule};
  error.fields.push_back({std::string(at), std::move(rule)});
  return error;
}

Error wrong_kind(std::string_view at, std::string_view wanted, Kind found) {
  return refused(at, "must be " + std::string(wanted) + ", not " + std::string(name(found)));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The parts of a JSON number; `valid` is false when the text is none.
struct NumberParts {
  bool valid = false;
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;  // With its sign; empty when there is none.
};

NumberParts take_apart(std::string_view text) {
  NumberParts parts;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(first, at - first);
  };
  if (at < text.size() && text[at] == '-') {
    parts.negative = true;
    ++at;
  }
  parts.whole = digits();
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole[0] == '0')) return parts;
  if (at < text.size() && text[at] == '.') {
    ++at;
    parts.fraction = digits();
    if (parts.fraction.empty()) return parts;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t first = ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits().empty()) return parts;
    parts.exponent = text.substr(first, at - first);
  }
  parts.valid = at == text.size();
  return parts;
}

// Moves the point of an exponent number; nothing is rounded. Empty: beyond any Decimal.
std::string expanded(const NumberParts& parts) {
  std::string digits = std::string(parts.whole) + std::string(parts.fraction);
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  std::string_view exponent_text = parts.exponent;
  if (exponent_text.front() == '+') exponent_text.remove_prefix(1);
  int exponent = 0;
  const auto read =
      std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  if (read.ec != std::errc{} || exponent > 1000 || exponent < -1000 || digits.size() > 1000)
    return {};
  int point = static_cast<int>(parts.whole.size()) + exponent;  // Where it stands in `digits`.
  if (point <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  if (static_cast<std::size_t>(point) > digits.size())
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  if (static_cast<std::size_t>(point) < digits.size())
    digits.insert(static_cast<std::size_t>(point), 1, '.');
  return parts.negative ? "-" + digits : digits;
}

Result<Decimal> decimal_of(std::string_view text, std::string_view at) {
  const NumberParts parts = take_apart(text);
  if (!parts.valid) return refused(at, "must be a decimal number");
  std::string plain = parts.exponent.empty() ? std::string(text) : expanded(parts);
  if (!parts.exponent.empty() && plain.find('.') != std::string::npos) {
    // 1.50e1 says nothing about a scale of 20: zeros that the exponent moved out carry no value.
    while (plain.back() == '0' && plain.size() - plain.find('.') - 1 > Decimal::scale_max)
      plain.pop_back();
  }
  auto value = Decimal::parse(plain);
  if (!value) return refused(at, "must have at most 38 digits and at most 20 decimal places");
  return value;
}

const std::string& no_text() {
  static const std::string text;
  return text;
}
const Value& null_value() {
  static const Value value;
  return value;
}

// Length of the well-formed UTF-8 sequence at text[at], or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;  // Surrogates.
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const std::size_t length = utf8_length(text, i);
      out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(i, length);
      i += std::max<std::size_t>(length, 1);
      continue;
    }
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20 || byte == 0x7F) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(byte));
          out += escaped;
        } else {
          out += c;
        }
    }
    ++i;
  }
  out += '"';
}

// `indent` < 0: compact.
void write_value(std::string& out, const Value& value, int indent) {
  const auto line = [&](int by) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(indent) + static_cast<std::size_t>(by), ' ');
  };
  const int inner = indent < 0 ? indent : indent + 2;
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_bool().value() ? "true" : "false";
      return;
    case Kind::number:
      out += value.text();
      return;
    case Kind::string:
      write_string(out, value.text());
      return;
    case Kind::array:
      out += '[';
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        if (i > 0) out += ',';
        line(2);
        write_value(out, value.items()[i], inner);
      }
      if (!value.empty()) line(0);
      out += ']';
      return;
    case Kind::object:
      out += '{';
      for (std::size_t i = 0; i < value.members().size(); ++i) {
        if (i > 0) out += ',';
        line(2);
        write_string(out, value.members()[i].key);
        out += indent < 0 ? ":" : ": ";
        write_value(out, value.members()[i].value, inner);
      }
      if (!value.empty()) line(0);
      out += '}';
      return;
  }
}

std::string where(std::string_view text, std::size_t byte) {
  byte = std::min(byte, text.size());
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < byte; ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + " (byte " +
         std::to_string(byte) + ")";
}

// nlohmann's reason without its prefix and without the bytes it read: those may be anything.
std::string reason_of(const std::exception& problem) {
  std::string reason = problem.what();
  const std::size_t column = reason.find(", column ");
  const std::size_t begin = reason.find(": ", column == std::string::npos ? 0 : column);
  if (begin != std::string::npos) reason.erase(0, begin + 2);
  const std::size_t read = reason.find("; last read: ");
  if (read != std::string::npos) {
    // What was read may say "expected", too: the last one counts, and only if it looks like ours.
    constexpr std::size_t longest = 60;
    const std::size_t expected = reason.rfind("; expected ");
    const bool ours = expected != std::string::npos && expected > read &&
                      reason.size() - expected <= longest &&
                      std::all_of(reason.begin() + static_cast<std::ptrdiff_t>(expected),
                                  reason.end(), [](char c) { return c >= ' ' && c <= '~'; });
    reason.erase(read, ours ? expected - read : std::string::npos);
  }
  return reason;
}

// Builds the document. Containers under construction stand on a stack, so depth costs no recursion.
class Builder {
 public:
  Builder(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  using number_integer_t = std::int64_t;
  using number_unsigned_t = std::uint64_t;

  bool null() { return add(Value::null()); }
  bool boolean(bool value) { return add(Value::boolean(value)); }
  // nlohmann reports a minus with the value 0 only for "-0".
  bool number_integer(number_integer_t value) {
    return add_number(value == 0 ? "-0" : std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) { return add_number(std::to_string(value)); }
  bool number_float(double, const std::string& text) {
    std::string plain = text;
    for (char& c : plain) {  // The lexer writes the point as the C locale has it.
      if (!is_digit(c) && c != '-' && c != '+' && c != 'e' && c != 'E') c = '.';
    }
    return add_number(plain);
  }
  bool string(std::string& text) { return add(Value(std::move(text))); }
  bool binary(const nlohmann::json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(Value::object()); }
  bool key(std::string& text) {
    frames_.back().key = std::move(text);
    return true;
  }
  bool end_object() {
    const Value& object = frames_.back().value;
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const Member& member : object.members()) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) {
      const std::string at = pointer_to(path(), *twice);
      return fail(refused(at, "is there more than once"));
    }
    return close();
  }
  bool start_array(std::size_t) { return open(Value::array()); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& problem) {
    // `position` counts bytes read, the one that did not fit included.
    return fail(Error{ErrorCode::invalid_request,
                      "malformed JSON at " + where(text_, position == 0 ? 0 : position - 1) + ": " +
                          reason_of(problem)});
  }

  Error error() const { return error_; }
  Value take() { return std::move(root_); }

 private:
  struct Frame {
    Value value;
    std::string key;
  };

  bool fail(Error error) {
    error_ = std::move(error);
    return false;
  }
  bool count() {
    if (++nodes_ <= limits_.max_nodes) return true;
    return fail(Error{ErrorCode::invalid_request,
                      "JSON has more than " + std::to_string(limits_.max_nodes) + " values"});
  }
  std::string path() const {
    std::string pointer;
    for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
      pointer = frames_[i].value.is_array() ? pointer_to(pointer, frames_[i].value.size())
                                            : pointer_to(pointer, frames_[i].key);
    }
    return pointer;
  }
  bool add_number(const std::string& text) {
    auto value = Value::number_text(text);
    if (!value) return fail(value.error());
    return add(std::move(value).value());
  }
  bool add(Value value) { return count() && place(std::move(value)); }
  bool place(Value value) {
    if (frames_.empty()) {
      root_ = std::move(value);
    } else if (Frame& frame = frames_.back(); frame.value.is_array()) {
      frame.value.push(std::move(value));
    } else {
      frame.value.append({std::move(frame.key), std::move(value)});
    }
    return true;
  }
  bool open(Value container) {
    if (frames_.size() >= limits_.max_depth)
      return fail(
          Error{ErrorCode::invalid_request,
                "JSON is nested deeper than " + std::to_string(limits_.max_depth) + " levels"});
    if (!count()) return false;
    frames_.push_back({std::move(container), {}});
    return true;
  }
  bool close() {
    Value done = std::move(frames_.back().value);
    frames_.pop_back();
    return place(std::move(done));
  }

  std::string_view text_;
  const Limits& limits_;
  std::vector<Frame> frames_;
  std::size_t nodes_ = 0;
  Value root_;
  Error error_{ErrorCode::invalid_request, "malformed JSON"};
};

Result<Value> parse_any(std::string_view text, const Limits& limits, bool comments) {
  if (text.size() > limits.max_bytes)
    return Error{ErrorCode::invalid_request,
                 "JSON is longer than " + std::to_string(limits.max_bytes) + " bytes"};
  Builder builder(text, limits);
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                              nlohmann::json::input_format_t::json, true, comments);
  if (!read) return builder.error();
  return builder.take();
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::array:
      return "an array";
    case Kind::object:
      return "an object";
  }
  return "unknown";
}

Value::Value() = default;
Value::Value(std::string text) : data_(std::move(text)) {}
Value::Value(std::string_view text) : data_(std::string(text)) {}
Value::Value(const char* text) : data_(std::string(text)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value Value::boolean(bool value) {
  Value result;
  result.data_ = value;
  return result;
}

Value Value::number(const Decimal& value) {
  Value result;
  result.data_ = NumberText{value.text()};
  return result;
}

Value Value::integer(std::int64_t value) {
  Value result;
  result.data_ = NumberText{std::to_string(value)};
  return result;
}

Result<Value> Value::number_text(std::string_view text) {
  if (!take_apart(text).valid) return refused({}, "must be a number as JSON writes it");
  Value result;
  result.data_ = NumberText{std::string(text)};
  return result;
}

Value Value::array() { return array({}); }

Value Value::array(std::vector<Value> items) {
  Value result;
  result.data_ = std::move(items);
  return result;
}

Value Value::object() {
  Value result;
  result.data_ = std::vector<Member>{};
  return result;
}

Kind Value::kind() const {
  static_assert(std::is_same_v<std::variant_alternative_t<2, decltype(data_)>, NumberText>);
  return static_cast<Kind>(data_.index());
}

Result<bool> Value::as_bool(std::string_view at) const {
  if (const bool* value = std::get_if<bool>(&data_)) return *value;
  return wrong_kind(at, "a boolean", kind());
}

Result<std::string> Value::as_string(std::string_view at) const {
  if (const std::string* value = std::get_if<std::string>(&data_)) return *value;
  return wrong_kind(at, "a string", kind());
}

Result<std::int64_t> Value::as_int(std::string_view at) const {
  if (!is_number()) return wrong_kind(at, "a whole number", kind());
  const auto value = decimal_of(text(), at);
  if (!value) return value.error();
  const Decimal whole = value->normalized();
  if (whole.scale() != 0) return refused(at, "must be a whole number");
  if (whole.coefficient() > std::numeric_limits<std::int64_t>::max() ||
      whole.coefficient() < std::numeric_limits<std::int64_t>::min())
    return refused(at, "must fit 64 bits");
  return static_cast<std::int64_t>(whole.coefficient());
}

Result<Decimal> Value::as_decimal(std::string_view at) const {
  if (!is_number()) return wrong_kind(at, "a number", kind());
  return decimal_of(text(), at);
}

Result<Decimal> Value::as_decimal_string(std::string_view at) const {
  if (!is_string()) return wrong_kind(at, "a decimal in a string, like \"10.50\"", kind());
  const NumberParts parts = take_apart(text());
  if (!parts.valid || !parts.exponent.empty())
    return refused(at, "must be a decimal like \"10.50\", without exponent or grouping");
  return decimal_of(text(), at);
}

Result<Decimal> Value::as_any_decimal(std::string_view at) const {
  return is_string() ? as_decimal_string(at) : as_decimal(at);
}

Result<std::string> Value::as_scalar_text(std::string_view at) const {
  if (is_number() || is_string()) return text();
  if (const bool* value = std::get_if<bool>(&data_)) return std::string(*value ? "true" : "false");
  return wrong_kind(at, "a string, a number or a boolean", kind());
}

const std::string& Value::text() const {
  if (const std::string* value = std::get_if<std::string>(&data_)) return *value;
  if (const NumberText* value = std::get_if<NumberText>(&data_)) return value->text;
  return no_text();
}

const std::vector<Member>& Value::members() const {
  static const std::vector<Member> none;
  const auto* members = std::get_if<std::vector<Member>>(&data_);
  return members != nullptr ? *members : none;
}

const Value* Value::find(std::string_view key) const {
  for (const Member& member : members())
    if (member.key == key) return &member.value;
  return nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Value&>(*this).find(key));
}

const Value& Value::get(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr ? *value : null_value();
}

Value& Value::set(std::string_view key, Value value) {
  if (Value* known = find(key)) {
    *known = std::move(value);
    return *this;
  }
  append({std::string(key), std::move(value)});
  return *this;
}

void Value::append(Member member) {
  if (is_null()) data_ = std::vector<Member>{};
  auto* members = std::get_if<std::vector<Member>>(&data_);
  if (members == nullptr) throw std::logic_error("json: a member was added to no object");
  members->push_back(std::move(member));
}

bool Value::erase(std::string_view key) {
  auto* members = std::get_if<std::vector<Member>>(&data_);
  if (members == nullptr) return false;
  const auto at = std::find_if(members->begin(), members->end(),
                               [&](const Member& member) { return member.key == key; });
  if (at == members->end()) return false;
  members->erase(at);
  return true;
}

const std::vector<Value>& Value::items() const {
  static const std::vector<Value> none;
  const auto* items = std::get_if<std::vector<Value>>(&data_);
  return items != nullptr ? *items : none;
}

Value* Value::item(std::size_t index) {
  auto* items = std::get_if<std::vector<Value>>(&data_);
  return items != nullptr && index < items->size() ? &(*items)[index] : nullptr;
}

Value& Value::push(Value value) {
  if (is_null()) data_ = std::vector<Value>{};
  auto* items = std::get_if<std::vector<Value>>(&data_);
  if (items == nullptr) throw std::logic_error("json: an item was added to no array");
  items->push_back(std::move(value));
  return *this;
}

std::size_t Value::size() const { return is_array() ? items().size() : members().size(); }

const Value* Value::at_pointer(std::string_view pointer) const {
  const Value* value = this;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    if (value->is_array()) {
      std::size_t index = 0;
      const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
      if (read.ec != std::errc{} || read.ptr != token.data() + token.size() ||
          (token.size() > 1 && token[0] == '0') || index >= value->size())
        return nullptr;
      value = &value->items()[index];
      continue;
    }
    std::string key;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool escape = token[i] == '~' && i + 1 < token.size();
      if (escape && token[i + 1] == '0')
        key += '~', ++i;
      else if (escape && token[i + 1] == '1')
        key += '/', ++i;
      else
        key += token[i];
    }
    value = value->find(key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return std::get<bool>(a.data_) == std::get<bool>(b.data_);
    case Kind::number:
    case Kind::string:
      return a.text() == b.text();
    case Kind::array:
      return a.items() == b.items();
    case Kind::object:
      break;
  }
  if (a.size() != b.size()) return false;
  return std::all_of(a.members().begin(), a.members().end(), [&](const Member& member) {
    const Value* twin = b.find(member.key);
    return twin != nullptr && member.value == *twin;
  });
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  return parse_any(text, limits, false);
}

Result<Value> parse_with_comments(std::string_view text, const Limits& limits) {
  return parse_any(text, limits, true);
}

std::string write(const Value& value) {
  std::string out;
  write_value(out, value, -1);
  return out;
}

std::string write_pretty(const Value& value) {
  std::string out;
  write_value(out, value, 0);
  out += '\n';
  return out;
}

std::string pointer_to(std::string_view pointer, std::string_view key) {
  std::string result(pointer);
  result += '/';
  for (const char c : key) {
    if (c == '~')
      result += "~0";
    else if (c == '/')
      result += "~1";
    else
      result += c;
  }
  return result;
}

std::string pointer_to(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + "/" + std::to_string(index);
}

}  // namespace underpin::json
