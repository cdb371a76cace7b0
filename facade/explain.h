#pragma once

#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

struct ExplainQuestion {
  Capability capability = Capability::orders;
  // The key as the journal names it: "web/100042", "1000@EAST", "C10000". What is not given is
  // taken from what is known of the subject.
  cutover::Subject subject{""};
};

// Where calls about one subject go now, and why, in words.
struct Explanation {
  std::int64_t plan_version = 0;
  cutover::Stage stage = cutover::Stage::legacy_only;
  Side primary = Side::legacy;
  std::optional<Side> mirror;
  std::optional<Side> shadow;
  std::uint32_t bucket = 0;
  std::uint32_t share_per_100k = 0;
  std::string rule;  // Name of the cohort; empty: none matched.
  std::vector<std::string> because;
};

// Threads: any.
Result<Explanation> explain_route(const journal::Journal& journal, const std::string& wave,
                                  const ExplainQuestion& question);

}  // namespace underpin::facade
