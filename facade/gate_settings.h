#pragma once

#include "contracts/capability.h"
#include "contracts/decimal.h"
#include "cutover/cohort.h"
#include "parity/gate.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace underpin::facade {

// One price that both ERPs are asked for before pricing moves.
struct BasketItem {
  std::string sku;
  Decimal quantity = Decimal::of(1);
  std::string uom;
  std::string customer;
  std::string currency;
  std::string zone;  // IANA name of its store's: when a day begins there.
};

// When the evidence is enough. Static: read with the configuration.
struct GateSettings {
  // A step forward into cloud_primary or beyond needs a gate that passes.
  bool enforced = false;
  std::array<parity::GateLimits, 4> limits;  // By Capability.
  // Each gets cells of its own, beside those of everybody; the first that matches a subject has it.
  std::vector<cutover::CohortRule> cohorts;
  std::vector<BasketItem> basket;
  std::int64_t history_days = 30;     // How far back legacy's own history counts.
  std::int64_t waiver_days_max = 30;  // No waiver lasts longer.
  // What the systems were built from and how they are set: "adapter nav" -> a hash.
  std::map<std::string, std::string> made_with;
  std::string configuration_hash;  // SHA-256 of the configuration's file; for packs.
};

}  // namespace underpin::facade
