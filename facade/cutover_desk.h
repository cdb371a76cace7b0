#pragma once

#include "cutover/transition.h"
#include "facade/catch_up.h"
#include "facade/plan_book.h"

#include <string>

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

 private:
  using Judge = std::function<cutover::Verdict(const cutover::Plan&, const cutover::Facts&)>;
  Result<CutoverStatus> publish(Capability capability, const Judge& judge, std::int64_t expected,
                                const std::string& actor, const std::string& reason);

  journal::Journal& journal_;
  PlanBook& plans_;
  Now now_;
};

}  // namespace underpin::facade
