#include "facade/cli/ops_call.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

namespace underpin::facade::cli {
namespace {

using json::Value;

const std::string reconciliations = "/ops/v1/reconciliations";
const std::string snapshots = "/ops/v1/snapshots";

// What legacy's list was held against, where it has a cut-off.
std::string basis_of(const Value& state) {
  const std::string& basis = state.get("basis").text();
  std::string line = "the list of legacy is as of " + state.get("cutOff").text();
  if (basis == "snapshot") {
    line += ", held against snapshot " + state.get("snapshot").text() + " of the cloud, of " +
            state.get("cloud").get("asOfFrom").text();
  } else if (basis == "rolled_back") {
    line += ", held against what the cloud has not changed since";
  } else {
    return line + ", held against what the cloud holds now";
  }
  if (state.find("arrivedAt") != nullptr)
    line += "; the cloud got it at " + state.get("arrivedAt").text();
  return line;
}

std::string in_words(const std::string& reason) {
  if (reason == "changedSinceCutOff") return "changed in the cloud since the cut-off";
  if (reason == "mayBeRemovedSince")
    return "may have been removed from the cloud since the cut-off";
  return reason;
}

std::string in_seconds(const Value& seconds) {
  const std::int64_t left = seconds.as_int() ? *seconds.as_int() : 0;
  return left < 120 ? std::to_string(left) + " s" : std::to_string(left / 60) + " min";
}

std::string way_of(const Value& state) {
  std::string line = state.get("state").text();
  if (state.get("state").text() == "sweeping")
    line += ": " + state.get("legacy").get("rows").text() + " rows of legacy, " +
            state.get("cloud").get("rows").text() + " of the cloud";
  if (state.get("state").text() == "verifying" && state.find("differedWhenSwept") != nullptr)
    line += ": " + state.get("differedWhenSwept").text() + " keys differed when swept";
  const Value& way = state.get("progress");
  if (way.find("secondsLeft") != nullptr)
    line += ", " + in_seconds(way.get("secondsLeft")) + " left";
  if (state.find("waitsFor") != nullptr) line += ", waits: " + state.get("waitsFor").text();
  return line;
}

// What was posted, by day, class of accounts and tax code.
void print_totals(const Value& state) {
  std::printf("%-32s %14s %14s %14s %14s %12s\n", "control total", "legacy", "cloud", "sum",
              "expected", "difference");
  for (const Value& group : state.get("groups").items())
    std::printf("%-32s %14s %14s %14s %14s %12s\n", group.get("group").text().c_str(),
                group.get("legacy").get("amount").text().c_str(),
                group.get("cloud").get("amount").text().c_str(), group.get("sum").text().c_str(),
                group.get("expected").text().c_str(), group.get("difference").text().c_str());
}

void print_groups(const Value& state) {
  if (state.find("groups") == nullptr) return;
  if (state.get("capability").text() == "posting") return print_totals(state);
  std::printf("%-24s %-8s %10s  %s\n", "group", "side", "rows", "control totals");
  for (const Value& group : state.get("groups").items()) {
    for (const char* side : {"legacy", "cloud"}) {
      std::string totals;
      for (const json::Member& total : group.get(side).members())
        if (total.key != "rows") totals += " " + total.key + " " + total.value.text();
      std::printf("%-24s %-8s %10s %s\n", group.get("group").text().c_str(), side,
                  group.get(side).get("rows").text().c_str(), totals.c_str());
    }
  }
}

void print_summary(const Value& state) {
  std::printf("reconciliation %s of %s: %s\n", state.get("id").text().c_str(),
              state.get("capability").text().c_str(), state.get("state").text().c_str());
  if (state.find("basis") != nullptr) std::printf("  %s\n", basis_of(state).c_str());
  if (state.find("different") == nullptr) return;
  const bool posting = state.get("capability").text() == "posting";
  std::printf("  %s %s equal, %s different\n", state.get("equal").text().c_str(),
              posting ? "orders" : "keys", state.get("different").text().c_str());
  for (const json::Member& kind : state.get("differences").members())
    std::printf("    %s: %s\n", kind.key.c_str(), kind.value.text().c_str());
  for (const json::Member& reason : state.get("notCompared").members())
    std::printf("    not compared, %s: %s\n", in_words(reason.key).c_str(),
                reason.value.text().c_str());
  for (const json::Member& count : state.get("counts").members())
    std::printf("    not compared or no difference, %s: %s\n", count.key.c_str(),
                count.value.text().c_str());
  if (posting) {
    std::printf("  of %s that differed when swept: %s converged\n",
                state.get("differedWhenSwept").text().c_str(),
                state.get("converged").text().c_str());
    print_groups(state);
    return;
  }
  std::printf("  of %s that differed when swept: %s converged, %s on its way, %s not mirrored\n",
              state.get("differedWhenSwept").text().c_str(), state.get("converged").text().c_str(),
              state.get("onItsWay").text().c_str(), state.get("notMirrored").text().c_str());
  for (const char* side : {"legacy", "cloud"})
    if (state.get(side).find("leftOut") != nullptr)
      std::printf("  %s documents of %s have no identity of a channel and were not compared\n",
                  state.get(side).get("leftOut").text().c_str(), side);
  for (const json::Member& column : state.get("undeclaredWriters").members())
    std::printf("  somebody whom the configuration does not declare wrote %s: %s rows\n",
                column.key.c_str(), column.value.text().c_str());
  for (const Value& one : state.get("rogueWriters").items())
    std::printf("  %s, whom the configuration does not declare, changed it in %s: %s times\n",
                one.get("user").text().c_str(), one.get("system").text().c_str(),
                one.get("changes").text().c_str());
  for (const Value& system : state.get("writersNotTold").items())
    std::printf("  %s does not say who changed it\n", system.text().c_str());
  print_groups(state);
}

// With personal data it is its owner's only.
bool write_file(const std::string& path, const std::string& text, bool personal) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::error_code refused;
  if (personal)
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, refused);
  if (refused) file.setstate(std::ios::failbit);
  file << text;
  file.flush();
  if (!file) std::fprintf(stderr, "underpin: %s cannot be written\n", path.c_str());
  return static_cast<bool>(file);
}

// Both lists of what differs, as files.
bool write_files(const OpsOptions& ops, const std::string& path, const ReconcileOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.out, failed);
  const std::string query =
      options.unmask ? "?unmask=true&reason=" + percent_encoded(options.reason) : "";
  for (const char* format : {"csv", "json"}) {
    const auto list = call(ops, "GET", path + "/differences." + format + query);
    const std::string file = options.out + "/differences." + format;
    if (!list || !write_file(file, list->body, options.unmask)) return false;
    std::printf("%s\n", file.c_str());
  }
  return true;
}

}  // namespace

int reconcile(const OpsOptions& ops, const ReconcileOptions& options) {
  Value body = Value::object();
  body.set("capability", options.capability);
  body.set("reason", options.reason);
  if (options.at_cut_off) body.set("atCutOff", Value::boolean(true));
  if (!options.from.empty()) body.set("from", options.from);
  if (!options.to.empty()) body.set("to", options.to);
  auto reply = call(ops, "POST", reconciliations, &body);
  if (!reply) return 1;
  const std::string path = reconciliations + "/" + reply->value.get("id").text();
  std::printf("reconciliation %s of %s has begun\n", reply->value.get("id").text().c_str(),
              options.capability.c_str());
  std::fflush(stdout);
  if (options.no_wait) return 0;
  std::string said;
  const auto running = [](const Value& state) {
    const std::string& text = state.get("state").text();
    return text == "sweeping" || text == "comparing" || text == "verifying";
  };
  while (running(reply->value)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    reply = call(ops, "GET", path);
    if (!reply) return 1;
    const std::string line = way_of(reply->value);
    if (line != said) std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    said = line;
  }
  print_summary(reply->value);
  if (reply->value.get("state").text() != "done") {
    std::fprintf(stderr, "underpin: %s\n", reply->value.get("waitsFor").text().c_str());
    return 1;
  }
  if (!options.out.empty() && !write_files(ops, path, options)) return 1;
  // As diff does: what differs is an answer, not a failure of the command.
  return reply->value.get("different").text() == "0" ? 0 : 3;
}

int reconciliations_list(const OpsOptions& ops, std::int64_t id, const ReconcileOptions& options,
                         bool as_json) {
  if (id > 0) {
    const std::string path = reconciliations + "/" + std::to_string(id);
    const auto reply = call(ops, "GET", path);
    if (!reply) return 1;
    if (as_json) {
      std::printf("%s\n", reply->body.c_str());
    } else {
      print_summary(reply->value);
      if (reply->value.find("progress") != nullptr)
        std::printf("  %s\n", way_of(reply->value).c_str());
    }
    return options.out.empty() || write_files(ops, path, options) ? 0 : 1;
  }
  const auto reply = call(ops, "GET", reconciliations);
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", reply->body.c_str());
    return 0;
  }
  for (const Value& one : reply->value.get("items").items()) {
    const std::string wave = of_several_waves(reply->value) ? one.get("wave").text() + " " : "";
    std::string end = way_of(one);
    if (one.find("different") != nullptr && one.find("ageSeconds") != nullptr)
      end = one.get("state").text() + " " + in_seconds(one.get("ageSeconds")) + " ago, " +
            one.get("different").text() + " different";
    std::printf("%s%4s  %-10s %s\n", wave.c_str(), one.get("id").text().c_str(),
                one.get("capability").text().c_str(), end.c_str());
  }
  print_unavailable(reply->value);
  return 0;
}

int repair(const OpsOptions& ops, std::int64_t reconciliation, const RepairOptions& options) {
  const std::string path = reconciliations + "/" + std::to_string(reconciliation) + "/repair";
  Value body = Value::object();
  body.set("reason", options.reason);
  if (!options.kinds.empty()) {
    Value kinds = Value::array();
    for (const std::string& kind : options.kinds) kinds.push(kind);
    body.set("kinds", std::move(kinds));
  }
  auto reply = call(ops, "POST", path + (options.dry_run ? "?dryRun=true" : ""), &body);
  if (!reply) return 1;
  if (options.dry_run) {
    for (const Value& like : reply->value.get("classes").items()) {
      const bool stays = like.find("stays") != nullptr;
      std::printf("%6s  %-20s %s\n", like.get("subjects").text().c_str(),
                  like.get("kind").text().c_str(),
                  stays ? ("stays: " + like.get("stays").text()).c_str()
                        : (like.get("action").text() + " to " + like.get("to").text()).c_str());
      std::string samples;
      for (const Value& sample : like.get("samples").items()) samples += " " + sample.text();
      std::printf("        for example:%s\n", samples.c_str());
    }
    std::printf("Nothing was changed.\n");
    return 0;
  }
  std::string said;
  while (reply->value.get("state").text() != "done" &&
         reply->value.get("state").text() != "stopped") {
    std::string line = reply->value.get("state").text() + ": " + reply->value.get("queued").text() +
                       " queued, " + reply->value.get("stayed").text() + " stay";
    if (reply->value.find("waitsFor") != nullptr)
      line += ", waits: " + reply->value.get("waitsFor").text();
    if (line != said) std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    said = line;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    reply = call(ops, "GET", path);
    if (!reply) return 1;
  }
  std::printf("%s: %s level now, %s still different, %s stayed\n",
              reply->value.get("state").text().c_str(), reply->value.get("repaired").text().c_str(),
              reply->value.get("stillDifferent").text().c_str(),
              reply->value.get("stayed").text().c_str());
  return reply->value.get("stillDifferent").text() == "0" &&
                 reply->value.get("state").text() == "done"
             ? 0
             : 3;
}

int snapshot(const OpsOptions& ops, const ReconcileOptions& options) {
  Value body = Value::object();
  body.set("capability", options.capability);
  body.set("reason", options.reason);
  auto reply = call(ops, "POST", snapshots, &body);
  if (!reply) return 1;
  const std::string path = snapshots + "/" + reply->value.get("id").text();
  while (!options.no_wait && reply->value.get("state").text() == "reading") {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    reply = call(ops, "GET", path);
    if (!reply) return 1;
  }
  const Value& state = reply->value;
  std::printf("snapshot %s of %s: %s\n", state.get("id").text().c_str(),
              state.get("capability").text().c_str(), state.get("state").text().c_str());
  if (options.no_wait) return 0;
  if (state.get("state").text() != "kept") {
    std::fprintf(stderr, "underpin: %s\n", state.get("waitsFor").text().c_str());
    return 1;
  }
  std::printf("  %s rows, of %s\n", state.get("rows").text().c_str(),
              state.get("asOfFrom").text().c_str());
  return 0;
}

int snapshots_list(const OpsOptions& ops, bool as_json) {
  const auto reply = call(ops, "GET", snapshots);
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", reply->body.c_str());
    return 0;
  }
  for (const Value& one : reply->value.get("items").items()) {
    const std::string wave = of_several_waves(reply->value) ? one.get("wave").text() + " " : "";
    std::string what = one.get("state").text();
    if (one.find("asOfFrom") != nullptr)
      what += " " + one.get("rows").text() + " rows, of " + one.get("asOfFrom").text() + ": " +
              one.get("reason").text();
    if (one.find("waitsFor") != nullptr) what += ", because " + one.get("waitsFor").text();
    std::printf("%s%4s  %-10s %s\n", wave.c_str(), one.get("id").text().c_str(),
                one.get("capability").text().c_str(), what.c_str());
  }
  print_unavailable(reply->value);
  return 0;
}

int reconciliation_stop(const OpsOptions& ops, std::int64_t id, const std::string& reason) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply = call(ops, "POST", reconciliations + "/" + std::to_string(id) + "/stop", &body);
  if (!reply) return 1;
  print_summary(reply->value);
  return 0;
}

}  // namespace underpin::facade::cli
