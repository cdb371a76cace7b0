#include "parity/reconcile/bisect.h"

#include <algorithm>
#include <vector>

namespace underpin::parity::reconcile {

Result<BisectStatistics> bisect(RangeSource& legacy, RangeSource& cloud, const KeyRange& range,
                                const BisectLimits& limits,
                                const std::function<Status(const KeyRange&)>& each) {
  BisectStatistics statistics;
  std::vector<KeyRange> open{range};  // The next one last. Halves are pushed in reverse order.
  while (!open.empty()) {
    const KeyRange now = std::move(open.back());
    open.pop_back();
    const auto in_legacy = legacy.sum(now);
    if (!in_legacy) return in_legacy.error();
    const auto in_cloud = cloud.sum(now);
    if (!in_cloud) return in_cloud.error();
    ++statistics.asked;
    if (*in_legacy == *in_cloud) continue;
    std::optional<std::string> middle;
    if (std::max(in_legacy->rows, in_cloud->rows) > limits.rows_small) {
      // The side with more rows halves the range better.
      RangeSource& larger = in_legacy->rows >= in_cloud->rows ? legacy : cloud;
      auto found = larger.middle(now);
      if (!found) return found.error();
      middle = std::move(found).value();
    }
    const bool within = middle && *middle > now.from && (!now.to || *middle < *now.to);
    if (!within) {
      if (const Status told = each(now); !told) return told.error();
      continue;
    }
    open.push_back({*middle, now.to});
    open.push_back({now.from, *middle});
  }
  return statistics;
}

}  // namespace underpin::parity::reconcile
