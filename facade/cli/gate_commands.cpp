#include "facade/cli/gate_commands.h"

#include "facade/cli/ops_call.h"

#include <cstdio>

namespace underpin::facade::cli {
namespace {

using json::Value;

std::string gate_of(const std::string& capability) {
  return "/ops/v1/gate/" + percent_encoded(capability);
}

bool is_true(const Value& value) { return value == Value::boolean(true); }

void print_criterion(const Value& criterion) {
  const bool waived = !criterion.get("waivedBy").text().empty();
  const char* mark = !is_true(criterion.get("met")) ? "NOT MET" : waived ? "waived" : "met";
  std::printf("  %-8s %s: %s (%s)\n", mark, criterion.get("name").text().c_str(),
              criterion.get("figure").text().c_str(), criterion.get("limit").text().c_str());
  if (!criterion.get("detail").text().empty())
    std::printf("           %s\n", criterion.get("detail").text().c_str());
}

void print_waiver(const Value& waiver) {
  std::printf("%4s  %s, to %s: by %s until %s, entered by %s: %s%s\n",
              waiver.get("id").text().c_str(), waiver.get("cell").text().c_str(),
              waiver.find("to") == nullptr ? "no step" : waiver.get("to").text().c_str(),
              waiver.get("by").text().c_str(), waiver.get("until").text().c_str(),
              waiver.get("actor").text().c_str(), waiver.get("reason").text().c_str(),
              waiver.find("inForce") == nullptr || is_true(waiver.get("inForce")) ? "" : " (over)");
}

}  // namespace

int gate_show(const OpsOptions& ops, const GateOptions& options) {
  std::string path = gate_of(options.capability);
  if (!options.to.empty()) path += "?to=" + percent_encoded(options.to);
  const auto reply = call(ops, "GET", path);
  if (!reply) return 1;
  const Value& gate = reply->value;
  const bool passed = is_true(gate.get("passed"));
  if (options.as_json) {
    std::printf("%s\n", json::write_pretty(gate).c_str());
    return passed ? 0 : 3;
  }
  std::printf("the gate of %s to %s: %s%s\n", gate.get("capability").text().c_str(),
              gate.get("to").text().c_str(), passed ? "passes" : "refuses",
              is_true(gate.get("enforced")) ? "" : " (not enforced here)");
  for (const Value& criterion : gate.get("criteria").items()) print_criterion(criterion);
  const Value& made_with = gate.get("madeWith");
  std::printf("  evidence since %s, made with %.12s since %s\n",
              gate.get("evidenceSince").text().c_str(), made_with.get("hash").text().c_str(),
              made_with.get("since").text().c_str());
  return passed ? 0 : 3;
}

int gate_waive(const OpsOptions& ops, const std::string& capability, const WaiveOptions& options) {
  Value body = Value::object();
  body.set("cell", options.cell);
  body.set("reason", options.reason);
  body.set("until", options.until);
  body.set("by", options.by);
  if (!options.to.empty()) body.set("to", options.to);
  const auto reply = call(ops, "POST", gate_of(capability) + "/waivers", &body);
  if (!reply) return 1;
  print_waiver(reply->value);
  return 0;
}

int gate_waivers(const OpsOptions& ops, const std::string& capability) {
  const auto reply = call(ops, "GET", gate_of(capability) + "/waivers");
  if (!reply) return 1;
  for (const Value& waiver : reply->value.get("items").items()) print_waiver(waiver);
  if (reply->value.get("items").empty()) std::printf("No waiver for %s.\n", capability.c_str());
  return 0;
}

int gate_revoke(const OpsOptions& ops, const std::string& capability, const std::string& id,
                const std::string& reason) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", gate_of(capability) + "/waivers/" + percent_encoded(id) + "/revoke", &body);
  if (!reply) return 1;
  print_waiver(reply->value);
  return 0;
}

}  // namespace underpin::facade::cli
