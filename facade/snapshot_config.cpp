#include "facade/snapshot_config.h"

#include "parity/values.h"

namespace underpin::facade {

using json::Value;

namespace {

// "02:30" -> 150.
std::optional<int> minutes_of(const std::string& text) {
  const bool digits = text.size() == 5 && text[2] == ':' &&
                      text.find_first_not_of("0123456789:") == std::string::npos &&
                      text.find(':', 3) == std::string::npos;
  if (!digits) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + text[1] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (text[0] == ':' || text[1] == ':' || hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace

void read_snapshots(const Value& value, SnapshotSettings& settings,
                    std::vector<FieldError>& errors) {
  const auto number = [&](const char* key, std::int64_t otherwise) {
    const auto read = value.get(key).as_int();
    return read ? *read : otherwise;
  };
  settings.kept = static_cast<int>(number("kept", settings.kept));
  settings.age_max_ms = number("keptDays", settings.age_max_ms / 86'400'000) * 86'400'000;
  settings.tolerance_ms = number("toleranceMinutes", settings.tolerance_ms / 60'000) * 60'000;
  const Value* plan = value.find("pricing");
  if (plan == nullptr) return;
  const std::string at = "/reconcile/snapshots/pricing";
  SnapshotPlan& own = settings.plans[Capability::pricing];
  const auto on_new_list = plan->get("onNewList").as_bool();
  own.on_new_list = on_new_list && *on_new_list;
  if (plan->find("at") != nullptr) {
    own.at_minutes = minutes_of(plan->get("at").text());
    if (!own.at_minutes) errors.push_back({at + "/at", "must be a time of day, HH:MM"});
  }
  if (plan->find("zone") == nullptr) return;
  own.zone = plan->get("zone").text();
  if (!parity::is_zone(own.zone)) errors.push_back({at + "/zone", "must be an IANA time zone"});
}

}  // namespace underpin::facade
