#pragma once

#include "cutover/cohort.h"
#include "cutover/stage.h"
#include "facade/clock.h"
#include "facade/journal/journal.h"
#include "facade/shadow_read.h"
#include "facade/systems.h"
#include "parity/ledger.h"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace underpin::facade {

// A read that was answered, and how to ask both sides again. Documents are what parity compares.
struct ShadowCheck {
  Capability capability = Capability::orders;
  std::string operation;
  std::string subject;
  std::string correlation_id;
  Side primary = Side::legacy;
  parity::Side answered;                  // What the channel was told; nothing: ask first.
  std::function<parity::Side(Side)> ask;  // A fresh read of one side, behind the wall.
  std::function<bool()> on_its_way = [] { return false; };  // A delivery to either side is pending.
  parity::Cohort cohort;                                    // For rules that name one.
  std::string
      last_seen;    // The differences of the look before, by path and how far they were apart.
  Timestamp began;  // The first look.
  std::string asked = {};  // As LedgerEntry::asked.
  // By what it is chosen to be compared; empty: by its subject.
  std::string sampled_by = {};
  // After each look: leaves on both sides what of them can be compared, and adds to the cohort what
  // is known of those that are found. Primary first.
  std::function<void(parity::Side&, parity::Side&, parity::Cohort&)> prepare =
      [](parity::Side&, parity::Side&, parity::Cohort&) {};
};

struct ComparisonSettings {
  // How old what a side shows may be; a capability that is not named: any age.
  std::map<Capability, std::int64_t> max_age_ms;
  // What both ERPs hold is compared when a mirror has been delivered, in every stage with mirrors.
  bool after_writes = false;
  // Comparisons carry region and segment of their subject, for reports by them; otherwise only
  // where a rule asks for it.
  bool cohorts = false;
  // Of the searches, how many are compared: a share of their own, because each reads a lot.
  std::uint32_t searches_per_100k = cutover::whole_share;
  // Subjects that would name a person are hashed with it; empty: they are numbered.
  std::string subject_key = {};
};

// What rules with a cohort look at.
parity::Cohort facts_of(const cutover::Subject& subject);

// With what the facade adds by itself: what the journal knows as one document is one, and the rules
// of a customer hold for each customer that a search finds.
parity::Rules with_references(parity::Rules rules);

// A delivery to `side` that will come by itself. A dead letter will not: what differs by it is
// wrong until a person has seen to it.
bool on_its_way(const journal::JournalReader& reader, Side side, Capability capability,
                const journal::Subject& subject);

// Shadow reads: the primary has answered; the other side is asked later, on the bounded queue, and
// the two are compared. A mismatch is looked at again before it counts: values move while one
// looks. Threads: any; begin() never blocks and never throws.
class Comparisons {
 public:
  Comparisons(const Systems& systems, parity::Ledger& ledger, parity::Rules rules,
              ShadowQueue& queue, Now now, std::uint32_t share_per_100k = cutover::whole_share,
              ComparisonSettings settings = {});

  // Is this subject among those that are compared? Always the same answer, in every replica, so
  // that what is found about a subject can be followed.
  bool compares(const std::string& subject) const;
  // The same of a search, by what it asks for.
  bool compares_search(const std::string& asked) const;
  // A name for what tells of a person: an HMAC of it with the key of parity; without a key, a
  // number that says nothing and is kept nowhere but in this process: the same for the same while
  // it runs.
  std::string without_persons(const std::string& personal);
  // Of a subject that is not compared: does nothing.
  void begin(ShadowCheck check);
  // Rules or reports ask for cohorts: checks must bring theirs.
  bool uses_cohorts() const { return uses_cohorts_; }
  bool compares_writes() const { return settings_.after_writes; }
  const parity::Rules& rules() const { return rules_; }
  const ComparisonSettings& settings() const { return settings_; }
  // Since the start: what there was no room for, and subjects that are not among the compared ones.
  struct LeftOut {
    std::int64_t dropped = 0;
    std::int64_t skipped = 0;
  };
  LeftOut left_out(Capability capability) const;
  // Told of everything that was compared, after it is in the ledger. Set before the first begin().
  using Compared = std::function<void(Capability, parity::Verdict, std::int64_t primary_micros,
                                      std::int64_t secondary_micros)>;
  void on_compared(Compared compared) { compared_ = std::move(compared); }
  // Both sides as they are now, judged under the rules in force; kept nowhere.
  struct Look {
    Side primary = Side::legacy;
    parity::Side of_primary;
    parity::Side of_secondary;
    parity::Comparison comparison;
    bool on_its_way = false;  // What differs may be a delivery that is not there yet.
  };
  Look look_now(const ShadowCheck& check) const;
  // A mirror that the other ERP refused: an outcome mismatch, without a read.
  void record_refused_mirror(const journal::OutboxRow& row, const Error& error);
  // Names of one thing in the two ERPs.
  void add_reference(const std::string& reference_class, const std::string& one,
                     const std::string& other);

 private:
  struct Counters {
    std::atomic<std::int64_t> dropped{0};
    std::atomic<std::int64_t> skipped{0};
  };
  using AllCounters = std::array<Counters, 4>;  // By Capability.
  // One that is given up before it was compared, by a full queue, a stop or an exception, is
  // counted; the queue may outlive the comparisons.
  struct Pending {
    Pending(ShadowCheck asked, std::shared_ptr<AllCounters> all)
        : check(std::move(asked)), counters(std::move(all)) {}
    ~Pending() {
      if (!done) ++(*counters)[static_cast<std::size_t>(check.capability)].dropped;
    }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ShadowCheck check;
    bool done = false;
    std::shared_ptr<AllCounters> counters;
  };
  void compare(const std::shared_ptr<Pending>& pending, int look);
  parity::Comparison judged(const ShadowCheck& check, const parity::Side& primary,
                            const parity::Side& secondary) const;
  std::optional<std::string> stale(Capability capability, Side side,
                                   const parity::Side& shown) const;
  void record(const ShadowCheck& check, const parity::Side& primary, const parity::Side& secondary,
              parity::Comparison comparison);

  const Systems& systems_;
  parity::Ledger& ledger_;
  const parity::Rules rules_;
  ShadowQueue& queue_;
  Now now_;
  const std::uint32_t share_per_100k_;
  const ComparisonSettings settings_;
  const bool uses_cohorts_;
  Compared compared_ = [](Capability, parity::Verdict, std::int64_t, std::int64_t) {};
  std::shared_ptr<AllCounters> counters_ = std::make_shared<AllCounters>();
  Counters& counters(Capability capability) {
    return (*counters_)[static_cast<std::size_t>(capability)];
  }
  mutable std::mutex mutex_;
  parity::References references_;
  std::map<std::string, std::size_t> numbered_;  // Digests of what without_persons() has numbered.
};

// One read as parity sees it.
template <class T, class ToJson>
parity::Side parity_side(const Result<T>& result, std::int64_t micros, ToJson&& to_document) {
  parity::Side side;
  if (result) {
    side.document = to_document(*result);
    if constexpr (requires { result->as_of; }) side.as_of = result->as_of;
    if constexpr (requires { result->prices_as_of; }) side.as_of = result->prices_as_of;
  } else {
    side.error = result.error();
  }
  side.micros = micros;
  return side;
}

}  // namespace underpin::facade
