#include "parity/side_text.h"

namespace underpin::parity {

using json::Value;

std::string write_side(const Side& side) {
  Value value = Value::object();
  if (side.document) value.set("document", *side.document);
  if (side.error) {
    Value error = Value::object();
    error.set("code", underpin::name(side.error->code));
    error.set("message", side.error->message);
    if (!side.error->system.empty()) error.set("system", side.error->system);
    if (!side.error->vendor_code.empty()) error.set("vendorCode", side.error->vendor_code);
    value.set("error", std::move(error));
  }
  return json::write(value);
}

Result<Side> read_side(const std::string& text) {
  const auto value = json::parse(text);
  if (!value) return value.error();
  Side side;
  if (const Value* document = value->find("document")) side.document = *document;
  if (const Value* kept = value->find("error")) {
    Error error;
    if (!underpin::parse(kept->get("code").text(), error.code))
      return Error{ErrorCode::invalid_request, "/error/code is not an error code"};
    error.message = kept->get("message").text();
    error.system = kept->get("system").text();
    error.vendor_code = kept->get("vendorCode").text();
    side.error = std::move(error);
  }
  if (!side.document && !side.error)
    return Error{ErrorCode::invalid_request, "neither /document nor /error is there"};
  return side;
}

}  // namespace underpin::parity
