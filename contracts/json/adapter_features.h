#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"

#include <string>
#include <string_view>
#include <vector>

namespace underpin {

// What an adapter does for each capability, as its folder's features.json says: known without a
// configuration, and held against the adapter itself by the conformance suite.
struct AdapterFeatures {
  struct Capability {
    std::string name;  // "orders", "inventory", "pricing", "customers", "returns", "postings".
    std::string via;   // "SOAP page services"; empty: not offered.
  };
  std::string title;  // "Dynamics NAV 2013 R2 to 2018".
  std::vector<Capability> capabilities;
  std::string idempotency;  // "lookup", "natural_key", "key_header", "none".
  std::string returns;      // "return_order", "credit_memo", "none".
  std::string delta;        // "timestamp", "rowversion", "none": how the feed asks for changes.
  std::string inert_by;     // How a copy is kept from execution; empty: it gets no copies.
  std::string rehearsal;    // "rendered", "simulated", "none".
  std::string moved_on;     // Where posted, archived and cancelled documents are looked up.

  bool offers(std::string_view capability) const;
};

// Errors: `invalid_request` with the member and its rule.
Result<AdapterFeatures> adapter_features_from_json(const json::Value& value);

// Where an adapter and what is said of it disagree; empty: nowhere.
std::vector<std::string> contradictions(const AdapterFeatures& features, ErpAdapter& adapter);

}  // namespace underpin
