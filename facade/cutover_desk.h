#pragma once

#include "cutover/transition.h"
#include "facade/catch_up.h"
#include "facade/plan_book.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

// What an architect sees of one capability.
struct CutoverStatus {
  cutover::Plan plan;
  std::string actor;
  std::string reason;
  Timestamp since;
  journal::Backlog backlog;
  journal::DocumentCounts documents;  // Of orders.
  CatchUpState catch_up_cloud;
  CatchUpState catch_up_legacy;
  std::vector<cutover::GuardReading> guards;  // Those that apply; empty: none is configured.
};

// Where plans are changed: judged by cutover/transition.h on facts taken in the very transaction
// that publishes the new version. Threads: any.
class CutoverDesk {
 public:
  CutoverDesk(journal::Journal& journal, PlanBook& plans, Now now)
      : journal_(journal), plans_(plans), now_(std::move(now)) {}

  Result<CutoverStatus> status(Capability capability) const;
  Result<std::vector<journal::PlanRecord>> history(Capability capability) const;

  // `expected` is the plan version the caller decided on (If-Match). Errors: conflict when it is
  // not the current one; rejected, with every reason, when the change is not allowed.
  Result<CutoverStatus> change(Capability capability, const cutover::ChangeRequest& request,
                               std::int64_t expected, const std::string& actor,
                               const std::string& reason);
  Result<CutoverStatus> roll_back(Capability capability, std::int64_t expected,
                                  const std::string& actor, const std::string& reason);

  // A guard's breach, while the plan is at `expected`.
  Result<CutoverStatus> halt(Capability capability, std::int64_t expected,
                             const cutover::GuardReading& reading);
  // A person has looked at it. `births_by_plan`: new documents go by the plan again.
  Result<CutoverStatus> acknowledge(Capability capability, std::int64_t expected,
                                    bool births_by_plan, const std::string& actor,
                                    const std::string& reason);

  // What the guards say of a plan. Called outside of transactions; set before the first use.
  using ReadGuards = std::function<std::vector<cutover::GuardReading>(const cutover::Plan&)>;
  void read_guards(ReadGuards read) { read_guards_ = std::move(read); }

 private:
  using Edit = std::function<std::optional<cutover::Plan>(const cutover::Plan&)>;
  Result<CutoverStatus> edit(Capability capability, const Edit& edit, std::int64_t expected,
                             const std::string& actor, const std::string& reason);
  using Judge = std::function<cutover::Verdict(const cutover::Plan&, const cutover::Facts&)>;
  Result<CutoverStatus> publish(Capability capability, const Judge& judge, std::int64_t expected,
                                const std::string& actor, const std::string& reason);

  journal::Journal& journal_;
  PlanBook& plans_;
  Now now_;
  ReadGuards read_guards_ = [](const cutover::Plan&) {
    return std::vector<cutover::GuardReading>{};
  };
};

}  // namespace underpin::facade
