// Any bytes in the place of a stored cutover plan: refused, or read as a plan that is written and
// read back unchanged, and that moves subjects one way only as its share grows.
#include "cutover/plan.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

std::vector<underpin::cutover::Subject> sample_subjects() {
  std::vector<underpin::cutover::Subject> subjects{"web/100042", "C10000", "1000@EAST", ""};
  subjects[0].channel = "web";
  subjects[0].locations = {"EAST", "WEST"};
  subjects[0].skus = {"1000"};
  subjects[0].region = "DE-BY";
  subjects[0].segment = "VIP";
  return subjects;
}

// Every cohort and everybody else with the same share.
underpin::cutover::Plan with_share(underpin::cutover::Plan plan, std::uint32_t share_per_100k) {
  plan.rollout.share_per_100k = share_per_100k;
  for (underpin::cutover::CohortRule& rule : plan.rollout.rules)
    rule.share_per_100k = share_per_100k;
  return plan;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  using namespace underpin::cutover;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = read_plan(text, "default", Capability::orders, 7);
  if (!plan) {
    require(plan.error().code == ErrorCode::internal && !plan.error().message.empty());
    return 0;
  }
  require(plan->version == 7 && plan->wave == "default" && plan->capability == Capability::orders);
  require(plan->rollout.share_per_100k <= whole_share);
  const std::string written = write_plan(*plan);
  const auto again = read_plan(written, plan->wave, plan->capability, plan->version);
  require(again.has_value() && write_plan(*again) == written);
  require(again->rollout == plan->rollout && again->undo == plan->undo &&
          again->salt == plan->salt);

  for (const Subject& subject : sample_subjects()) {
    const Placement placement = place(*plan, subject);
    require(placement.stage == plan->rollout.from || placement.stage == plan->rollout.to);
    require(placement.stage == stage_for(*again, subject));
    require(placement.bucket < whole_share && placement.share_per_100k <= whole_share);
    require(placement.rule == nullptr || matches(*placement.rule, subject));
    require(stage_for(with_share(*plan, whole_share), subject) == plan->rollout.to);
    // A subject that has moved stays where it is while its share grows.
    if (placement.share_per_100k < whole_share) {
      const Stage later = stage_for(with_share(*plan, placement.share_per_100k + 1), subject);
      require(placement.stage == plan->rollout.from || later == plan->rollout.to);
    }
    if (!plan->rollout.settled()) {
      require(stage_for(with_share(*plan, 0), subject) == plan->rollout.from);
    }
    (void)route(*plan, subject, Operation::write);
    (void)route(*plan, subject, Operation::read);
  }
  return 0;
}
