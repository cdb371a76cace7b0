#pragma once

#include "contracts/json/json_text.h"

#include <memory>
#include <string_view>
#include <vector>

namespace underpin::json {

// A JSON Schema (the draft-07 keywords that contracts/schemas/README.md lists), compiled once.
// check() may be called from many threads.
class Schema {
 public:
  // invalid_request when `text` is no schema or uses a keyword that is not checked here.
  static Result<Schema> compile(std::string_view text);
  // A schema of contracts/schemas by its name: named("order") is order.schema.json. Throws
  // std::logic_error for a name that is not there: that is a mistake in the program.
  static const Schema& named(std::string_view name);

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // Empty when `value` conforms; otherwise what does not, at most 20, with JSON pointers. A text
  // longer than text_max bytes is reported before anything else looks at it.
  std::vector<FieldError> check(const Value& value) const;

  static constexpr std::size_t text_max = 4096;

 private:
  struct Compiled;
  explicit Schema(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace underpin::json
