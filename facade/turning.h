#pragma once

#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <optional>
#include <set>
#include <string>

// A step that turns the primary of customers does not turn it at once. What users changed in the
// old primary before the step may not have been met by its feed; so every customer stays where it
// is until the feed has read the old primary to its end, beginning after the publication. Then each
// customer goes where the plan says, or stays pinned while its last change is delivered.
namespace underpin::facade {

struct Turning {
  cutover::Plan before;      // Customers are routed by its rollout until then.
  std::int64_t version = 0;  // Of the plan that turns.
  Timestamp since;
  std::set<Side> left;  // The sides whose last changes are still to be taken.
};

std::optional<Turning> turning_in(const journal::JournalReader& reader, const std::string& wave);
// The fact it is kept in, and its reading, for who asks for several facts at once.
std::string turning_fact(const std::string& wave);
std::optional<Turning> read_turning(const std::string& fact, const std::string& wave);
// `plan`, with the rollout that customers are routed by now.
cutover::Plan as_routed(const journal::JournalReader& reader, const cutover::Plan& plan);
cutover::Plan as_routed(const std::optional<Turning>& turning, const cutover::Plan& plan);
std::string in_words(const Turning& turning);

// In the transaction that publishes `next` after `current`.
void begin_turning(journal::JournalTransaction& tx, const cutover::Plan& current,
                   const cutover::Plan& next, Timestamp now);
// `side` has been read to its end by a feed that began when the plan had `version`.
void last_changes_taken(journal::JournalTransaction& tx, const std::string& wave,
                        std::int64_t version, Side side);
// The way back is not locked by a cloud that cannot be read: after `limit_ms` customers turn
// without its last changes, with the exception "last_changes_missing". False: nothing to give up.
bool turn_without(journal::JournalTransaction& tx, const std::string& wave, std::int64_t limit_ms,
                  Timestamp now);
// The side that was left so, or that a step named and left again before everybody had turned,
// until it has been read; what its feed then meets is compared.
std::optional<Side> left_unread(const journal::JournalReader& reader, const std::string& wave);
void now_read(journal::JournalTransaction& tx, const std::string& wave);

}  // namespace underpin::facade
