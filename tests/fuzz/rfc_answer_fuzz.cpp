// Any bytes as the answer of a function module: a record that says only what is in them, or a
// refusal with a reason; messages in it are read whatever they look like.
#include "contracts/json/json_text.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy::sap_ecc;

void require(bool promise) {
  if (!promise) std::abort();
}

std::size_t depth_of(const json::Value& value) {
  std::size_t deepest = 0;
  for (const json::Member& member : value.members())
    deepest = std::max(deepest, depth_of(member.value) + 1);
  for (const json::Value& item : value.items()) deepest = std::max(deepest, depth_of(item) + 1);
  return deepest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MessageTable messages =
      *MessageTable::load(R"({"rules": [{"id": "V1", "number": "042", "error": "unavailable"}]})");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = read_answer("BAPI_SALESORDER_CHANGE", text);
  if (!record) {
    require(record.error().code == ErrorCode::internal && !record.error().message.empty());
    return 0;
  }
  require(record->is_object() && depth_of(*record) <= 5);
  if (const auto error = messages.error_in(*record)) {
    require(!error->message.empty() && !error->vendor_code.empty());
    require(error->code != ErrorCode::outcome_unknown);
  }
  return 0;
}
