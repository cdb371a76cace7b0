#pragma once

#include "contracts/json/json_text.h"
#include "contracts/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Who goes first. A rule of a rollout gives a cohort a share of its own; the first rule that
// matches a subject decides, and the rollout's share is for everybody else. Pure.
namespace underpin::cutover {

// What a decision may look at: facts of the subject itself, never of who asks. For a document they
// are taken at its birth; for a customer they are recorded when it is first known, so that a later
// change of segment or address moves nothing.
struct Subject {
  std::string key;                     // "web/100042", "1000@EAST", "C10000".
  std::string channel;                 // Of a document's birth; empty for states.
  std::vector<std::string> locations;  // Of the stock, or of every line.
  std::vector<std::string> skus;
  std::string region;   // ISO 3166-1 country, "DE", or with its region, "DE-BY".
  std::string segment;  // The customer's price group.

  Subject(std::string key_in) : key(std::move(key_in)) {}
  Subject(std::string_view key_in) : key(key_in) {}
  Subject(const char* key_in) : key(key_in) {}
};

struct CohortRule {
  std::string name;    // Unique in its rollout.
  std::string reason;  // Why this cohort.
  std::uint32_t share_per_100k = 0;
  // Each list that is not empty must match; a list matches when the subject's value is in it. For
  // locations and articles every one of the subject's must be in it.
  std::vector<std::string> channels;  // Documents only.
  std::vector<std::string> locations;
  std::vector<std::string> regions;  // "DE" matches "DE-BY" too.
  std::vector<std::string> segments;
  std::vector<std::string> skus;
  std::vector<std::string> keys;
  bool operator==(const CohortRule&) const = default;
  // The same cohort, whatever its share.
  bool same_cohort(const CohortRule& other) const;
};

bool matches(const CohortRule& rule, const Subject& subject);

json::Value to_json(const CohortRule& rule);
// Errors name field and rule. `documents`: the capability's subjects are documents, so a channel of
// birth exists; for shared states a rule that names channels is refused.
Result<std::vector<CohortRule>> read_rules(const json::Value& value, bool documents);

}  // namespace underpin::cutover
