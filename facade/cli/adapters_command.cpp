#include "contracts/json/adapter_features.h"
#include "facade/cli/commands.h"

#include <algorithm>
#include <iostream>

namespace underpin::facade::cli {
namespace {

void print_row(const std::string& what, const std::string& how) {
  std::string padded = what;
  padded.resize(std::max<std::size_t>(padded.size(), 12), ' ');
  std::cout << "  " << padded << "  " << (how.empty() ? "-" : how) << "\n";
}

void print(const std::string& adapter, const AdapterFeatures& features) {
  std::cout << adapter << ": " << features.title << "\n";
  for (const AdapterFeatures::Capability& one : features.capabilities)
    print_row(one.name, one.name == "returns" && !one.via.empty()
                            ? one.via + ", as " + features.returns
                            : one.via);
  print_row("repeats by", features.idempotency);
  print_row("changes by", features.delta);
  print_row("copies are", features.inert_by.empty() ? "not made" : features.inert_by);
  print_row("rehearsal", features.rehearsal);
  print_row("moved on", features.moved_on);
}

}  // namespace

int list_adapters(bool as_json, const Adapters& adapters) {
  json::Value all = json::Value::object();
  for (const auto& [name, make] : adapters.registry) {
    const auto value = json::parse(adapters.features(name));
    const auto features =
        value ? adapter_features_from_json(*value) : Result<AdapterFeatures>(value.error());
    if (!features) {
      std::cerr << name << ": " << features.error().message;
      for (const FieldError& field : features.error().fields)
        std::cerr << "; " << field.pointer << " " << field.detail;
      std::cerr << "\n";
      return 1;
    }
    if (!as_json) print(name, *features);
    all.set(name, *value);
  }
  if (as_json) std::cout << json::write(all) << "\n";
  return 0;
}

}  // namespace underpin::facade::cli
