#pragma once

#include "contracts/capability.h"
#include "contracts/decimal.h"
#include "cutover/cohort.h"
#include "cutover/stage.h"
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

// Whether both ERPs post orders alike: asked for from the first stage in which the cloud posts.
struct PostingGate {
  bool required = false;
  cutover::Stage from = cutover::Stage::cloud_primary;  // For steps to this stage and beyond.
  std::int64_t totals_age_max_ms = 86'400'000;          // Of the newest `reconcile posting`.
  bool scenarios = true;  // The catalogue of `parity postings` must be posted alike, too.
  std::int64_t scenarios_age_max_ms = 2'592'000'000;
};

// When the evidence is enough. Static: read with the configuration.
struct GateSettings {
  // A step forward into cloud_primary or beyond needs a gate that passes.
  bool enforced = false;
  std::array<parity::GateLimits, 4> limits;  // By Capability.
  // Each gets cells of its own, beside those of everybody; the first that matches a subject has it.
  std::vector<cutover::CohortRule> cohorts;
  std::vector<BasketItem> basket;
  PostingGate posting;
  std::int64_t history_days = 30;     // How far back legacy's own history counts.
  std::int64_t waiver_days_max = 30;  // No waiver lasts longer.
  // What the systems were built from and how they are set: "adapter nav" -> a hash.
  std::map<std::string, std::string> made_with;
  // With several replicas: what another told within is asked for no more; how long a verdict waits.
  std::int64_t replicas_fresh_ms = 5'000;
  std::int64_t replicas_wait_ms = 10'000;
  std::string configuration_hash;  // SHA-256 of the configuration's file; for packs.
};

}  // namespace underpin::facade
