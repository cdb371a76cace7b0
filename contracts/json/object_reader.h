#pragma once

#include "contracts/ids.h"
#include "contracts/json/json_text.h"
#include "contracts/time.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::json {

enum class Need { required, optional };

// Reads one object member by member into typed fields and collects everything that is wrong with
// it: a missing member, a wrong type, and (by finish()) every member that nobody asked for. A field
// whose member is absent or wrong keeps its value. Also used for configuration files.
class ObjectReader {
 public:
  // `value` and `errors` outlive the reader. `pointer` is where the object stands in the document.
  ObjectReader(const Value& value, std::string pointer, std::vector<FieldError>& errors);

  const std::string& pointer() const { return pointer_; }
  bool has(std::string_view key) const { return value_.find(key) != nullptr; }
  // The member as it is, marked as known; nullptr (and an error if required) when absent.
  const Value* member(std::string_view key, Need need);

  void read(std::string_view key, std::string& field, Need need = Need::required);
  void read(std::string_view key, bool& field, Need need = Need::required);
  void read(std::string_view key, int& field, Need need = Need::required);
  void read(std::string_view key, std::int64_t& field, Need need = Need::required);
  void read(std::string_view key, Decimal& field, Need need = Need::required);  // From a string.
  void read(std::string_view key, Date& field, Need need = Need::required);
  void read(std::string_view key, Timestamp& field, Need need = Need::required);
  void read(std::string_view key, std::vector<std::string>& field, Need need = Need::required);

  template <class K>
  void read(std::string_view key, TextId<K>& field, Need need = Need::required) {
    std::string text = field.text();
    read(key, text, need);
    field = TextId<K>(std::move(text));
  }

  // An optional field is set when its member is there and right.
  template <class T>
  void read(std::string_view key, std::optional<T>& field) {
    if (!has(key)) return;
    const std::size_t before = errors_.size();
    T value{};
    read(key, value, Need::required);
    if (errors_.size() == before) field = std::move(value);
  }

  // One of a closed set of words.
  template <class T, std::size_t N>
  void read_word(std::string_view key, T& field,
                 const std::array<std::pair<T, std::string_view>, N>& words,
                 Need need = Need::required) {
    const Value* found = member(key, need);
    if (found == nullptr) return;
    std::string rule;
    for (const auto& [word, text] : words) {
      if (found->is_string() && found->text() == text) {
        field = word;
        return;
      }
      rule += (rule.empty() ? "must be one of " : ", ") + std::string(text);
    }
    refuse(key, rule);
  }

  // A nested object: read(ObjectReader&) reads its members; unknown ones are reported afterwards.
  template <class F>
  void read_object(std::string_view key, F&& read_members, Need need = Need::required) {
    const Value* found = member(key, need);
    if (found == nullptr) return;
    ObjectReader nested(*found, pointer_to(pointer_, key), errors_);
    read_members(nested);
    nested.finish();
  }

  // An array of objects: read(ObjectReader&) is called for each, in order.
  template <class F>
  void read_each(std::string_view key, F&& read_members, Need need = Need::required) {
    const Value* found = member(key, need);
    if (found == nullptr) return;
    const std::string at = pointer_to(pointer_, key);
    if (!found->is_array()) {
      errors_.push_back({at, "must be an array, not " + std::string(name(found->kind()))});
      return;
    }
    for (std::size_t i = 0; i < found->size(); ++i) {
      ObjectReader nested(found->items()[i], pointer_to(at, i), errors_);
      read_members(nested);
      nested.finish();
    }
  }

  // Reports a member that broke `rule`, and marks it as known.
  void refuse(std::string_view key, std::string rule);
  // Reports the member, if it is there, as one that the reader's side writes.
  void refuse_read_only(std::string_view key);
  // Reports every member that was not asked for.
  void finish();

 private:
  const Value& value_;
  std::string pointer_;
  std::vector<FieldError>& errors_;
  std::vector<bool> known_;  // By position among value_.members().
};

// One Error of all field errors: "the order is not valid: /lines/0/quantity must be ... (and 2
// more)".
Error invalid(std::string_view what, std::vector<FieldError> fields);

// Decodes a whole document: read(ObjectReader&, T&) reads the members of `what`.
template <class T, class F>
Result<T> read_document(const Value& value, std::string_view what, F&& read_members) {
  std::vector<FieldError> errors;
  T result{};
  ObjectReader reader(value, {}, errors);
  read_members(reader, result);
  reader.finish();
  if (!errors.empty()) return invalid(what, std::move(errors));
  return result;
}

}  // namespace underpin::json
