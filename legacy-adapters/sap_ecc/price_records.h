#pragma once

#include "contracts/ports/erp_adapter.h"
#include "contracts/pricing.h"
#include "legacy-adapters/sap_ecc/cond_a.h"
#include "legacy-adapters/sap_ecc/settings.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::sap_ecc {

// The price condition records that COND_A files have told, in a SQLite file of the state folder. A
// file is taken in as a whole, in one transaction, or lies in quarantine: readers see the records
// before it or those after it, also while it is read. Reading: any thread; poll(): one at a time.
class PriceRecords {
 public:
  // Throws state::StateFailure when the store cannot be opened.
  PriceRecords(std::string system, const Settings& settings, CondALayout layout,
               const std::string& state_folder);

  Status poll(const CallContext& context);

  // Changes with every file that changed something; empty: none was taken in yet. `since` is when
  // the last one was.
  struct State {
    std::string batch;
    Timestamp since;
  };
  // These throw Failure, unavailable: the store cannot be read.
  State state() const;
  // Rows of articles, in the order of SAP's accesses: customer, price group, everyone.
  std::vector<PriceEntry> of(const Sku& sku) const;
  std::vector<Sku> articles_after(const std::string& last, std::size_t most) const;

  std::vector<Alarm> alarms() const;  // "price file refused", while one lies in quarantine.
  std::vector<Finding> examine() const;

 private:
  file_drop::Verdict take_in(const file_drop::ClaimedFile& file);
  struct Writing;
  Status put(const ConditionRecord& record, Writing& writing) const;
  Result<std::string> unit_of_iso(const std::string& code) const;

  const std::string system_;
  const Settings& settings_;
  const CondALayout layout_;
  const CondAFilter filter_;
  file_drop::Inbox inbox_;
  state::StateDatabase written_;
  mutable std::mutex reading_;
  mutable state::StateDatabase read_;
};

}  // namespace underpin::legacy::sap_ecc
