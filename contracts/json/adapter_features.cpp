#include "contracts/json/adapter_features.h"

#include <algorithm>
#include <array>
#include <utility>

namespace underpin {
namespace {

constexpr std::array capability_names{"orders",    "inventory", "pricing",
                                      "customers", "returns",   "postings"};

std::string text_of(IdempotencyMode mode) {
  constexpr std::array names{"none", "lookup", "natural_key", "key_header"};
  return names[static_cast<std::size_t>(mode)];
}
std::string text_of(DeltaMode mode) {
  constexpr std::array names{"none", "timestamp", "rowversion", "webhook"};
  return names[static_cast<std::size_t>(mode)];
}
std::string text_of(ReturnsMode mode) {
  constexpr std::array names{"none", "credit_memo", "return_order"};
  return names[static_cast<std::size_t>(mode)];
}
std::string text_of(RehearsalGrade grade) {
  constexpr std::array names{"none", "rendered", "simulated"};
  return names[static_cast<std::size_t>(grade)];
}

}  // namespace

bool AdapterFeatures::offers(std::string_view capability) const {
  return std::any_of(capabilities.begin(), capabilities.end(), [&](const Capability& one) {
    return one.name == capability && !one.via.empty();
  });
}

Result<AdapterFeatures> adapter_features_from_json(const json::Value& value) {
  AdapterFeatures features;
  Error broken{ErrorCode::invalid_request, "the features of an adapter are not complete"};
  const auto text = [&](const char* member, bool may_be_empty) {
    const json::Value* found = value.find(member);
    if (found == nullptr || !found->is_string() || (!may_be_empty && found->text().empty())) {
      broken.fields.push_back({std::string("/") + member, "must be a text"});
      return std::string{};
    }
    return found->text();
  };
  features.title = text("title", false);
  for (const char* name : capability_names)
    features.capabilities.push_back({name, text(name, true)});
  features.idempotency = text("idempotency", false);
  features.returns = text("returnsAs", false);
  features.delta = text("delta", false);
  features.inert_by = text("inertBy", true);
  features.rehearsal = text("rehearsal", false);
  features.moved_on = text("movedOn", true);
  if (!broken.fields.empty()) return broken;
  return features;
}

std::vector<std::string> contradictions(const AdapterFeatures& features, ErpAdapter& adapter) {
  std::vector<std::string> wrong;
  const auto same = [&](const std::string& what, const std::string& said, const std::string& is) {
    if (said != is) wrong.push_back(what + " is said to be \"" + said + "\" and is \"" + is + "\"");
  };
  const CapabilityDescriptor& descriptor = adapter.descriptor();
  for (const auto& [name, there] : {std::pair{"orders", adapter.orders() != nullptr},
                                    std::pair{"inventory", adapter.inventory() != nullptr},
                                    std::pair{"pricing", adapter.pricing() != nullptr},
                                    std::pair{"customers", adapter.customers() != nullptr},
                                    std::pair{"returns", adapter.returns() != nullptr},
                                    std::pair{"postings", adapter.postings() != nullptr}})
    same(name, features.offers(name) ? "offered" : "not offered",
         there ? "offered" : "not offered");
  same("idempotency", features.idempotency, text_of(descriptor.idempotency));
  same("returnsAs", features.returns, text_of(descriptor.returns));
  same("delta", features.delta, text_of(descriptor.delta));
  same("inertBy", features.inert_by, descriptor.inert_by);
  same("rehearsal", features.rehearsal, text_of(descriptor.rehearsal));
  return wrong;
}

}  // namespace underpin
