#pragma once

#include "contracts/decimal.h"
#include "contracts/result.h"
#include "legacy-adapters/iseries_batch/layouts.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::iseries_batch {

// Files that each folder's register remembers. A run that is older is told by its number.
inline constexpr std::size_t register_kept = 20'000;

struct InboundFolder {
  std::string folder;  // archive/ and quarantine/ appear in it.
  bool needs_done = false;
  int stable_ms = 2'000;
};

// Canonical codes and the site's own; a code that is not in a table which is not empty is refused.
class CodeTable {
 public:
  // False: one of the two is there already.
  bool add(std::string canonical, std::string vendor);
  bool empty() const { return pairs_.empty(); }
  // Nothing: not mapped. An empty table maps each code to itself.
  std::optional<std::string> to_vendor(const std::string& canonical) const;
  std::optional<std::string> from_vendor(const std::string& vendor) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  std::string outbound_folder;
  std::string done_suffix;  // After each file an empty <name><done_suffix>; empty: none.
  InboundFolder inbound;    // Status, stock and customer files.
  InboundFolder prices;     // Price files.
  std::string expected_by;  // Of the price file, "06:00" local time; empty: no alarm.
  std::string code_page = "ISO-8859-1";
  bool packed = false;
  Wire wire;
  std::string zone = "Europe/Berlin";
  std::string local_currency = "EUR";     // Of a quote that asks for none.
  Decimal vat_percent = Decimal::of(19);  // To compare prices with tax against prices without.
  CodeTable units;
  CodeTable return_reasons;  // Empty: no returns are taken.
  bool hold_bad_files = false;
  // A write waits so long for the answer of the batch job; 0: not at all.
  int answer_wait_ms = 0;
  // 0: each write sends a file at once. Otherwise what was written since is sent every so often.
  int collect_every_ms = 0;
  int answer_expected_minutes = 1'560;  // Then the alarm "no answer" begins: a night and some.
  int lost_after_minutes = 2'160;       // See ExchangeGuard.
  int poll_every_ms = 1'000;
  int page_size = 100;
  // state.db knows a write before it is sent, so this is no more than how soon it is asked again.
  std::int64_t settle_ms = 60'000;
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

}  // namespace underpin::legacy::iseries_batch
