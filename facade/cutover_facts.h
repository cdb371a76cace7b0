#pragma once

#include "cutover/transition.h"
#include "facade/catch_up_preview.h"
#include "facade/cutover_settings.h"
#include "facade/journal/journal.h"

#include <map>
#include <string>
#include <vector>

// What the journal says about a capability at one moment: for judging a change, and for people
// before they go back. Pure reads. Threads: those of the reader.
namespace underpin::facade {

using Money = std::map<Currency, Decimal>;
std::string money_text(const Money& money);  // "120.50 EUR and 3.00 USD"; "0" for none.

// Can legacy take over again without losing anything?
struct RollbackValidity {
  std::string state = "lossless";  // "lossless", "needs_deliveries", "past_return".
  std::int64_t deliveries = 0;     // Acknowledged in the cloud, not yet in legacy.
  std::int64_t documents = 0;      // Shipped or invoiced in the cloud: they cannot return.
  Money worth;                     // Of these.
  std::vector<std::string> reasons;
};

struct Preview {
  bool back = false;
  std::int64_t subjects_at_risk = 0;  // Their last write is in the cloud only: they stay there.
  journal::Backlog backlog;
  std::int64_t backlog_age_ms = 0;
  std::int64_t unmapped = 0;    // Open orders of the cloud for which legacy has no number yet.
  std::int64_t only_cloud = 0;  // Open orders of the cloud without a copy in legacy.
  Money only_cloud_worth;
  std::int64_t in_flight = 0;  // Open orders of the cloud: they stay there until closed.
  Money in_flight_worth;
  RollbackValidity validity;
  std::optional<Bringing> bringing;  // When the step begins to bring a side up to date.
};

Result<cutover::Facts> facts_in(const journal::JournalReader& reader, const cutover::Plan& plan,
                                const CutoverSettings& settings, Timestamp now);
RollbackValidity validity_in(const journal::JournalReader& reader, const cutover::Plan& plan);
Preview preview_in(const journal::JournalReader& reader, const cutover::Plan& plan,
                   const cutover::Rollout& next, Timestamp now);

// The windows that are open, in words.
std::vector<std::string> freezes_at(const CutoverSettings& settings, Capability capability,
                                    Timestamp now);

// Since when the plan has been settled at its stage; zero while a share is moving.
Timestamp settled_since(const journal::JournalReader& reader, const cutover::Plan& plan);

}  // namespace underpin::facade
