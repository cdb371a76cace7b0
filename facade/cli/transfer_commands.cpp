#include "facade/cli/ops_call.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

namespace underpin::facade::cli {
namespace {

using json::Value;

std::string path_of(const std::string& capability) {
  return "/ops/v1/cutover/" + capability + "/transfers";
}

std::string worth_of(const Value& money) {
  std::string text;
  for (const json::Member& member : money.members())
    text += (text.empty() ? "" : ", ") + member.value.text() + " " + member.key;
  return text.empty() ? "0" : text;
}

void print_transfer(const Value& transfer) {
  const Value& selection = transfer.get("selection");
  std::string which = "all";
  if (selection.find("channel") != nullptr) which = "channel " + selection.get("channel").text();
  if (selection.find("subjectCount") != nullptr)
    which = selection.get("subjectCount").text() + " orders";
  std::printf("%4s  %-8s %s to %s, by %s: %s\n", transfer.get("id").text().c_str(),
              transfer.get("state").text().c_str(), which.c_str(),
              transfer.get("to").text().c_str(), transfer.get("actor").text().c_str(),
              transfer.get("reason").text().c_str());
  std::string counts;
  for (const json::Member& member : transfer.get("documents").members())
    counts += (counts.empty() ? "" : ", ") + member.value.text() + " " + member.key;
  if (!counts.empty()) std::printf("      %s\n", counts.c_str());
  if (transfer.find("pauses") != nullptr)
    std::printf("      pauses: %s\n", transfer.get("pauses").text().c_str());
}

void print_items(const Value& items) {
  for (const Value& item : items.items()) {
    std::printf("      %-24s %-8s %-22s %12s %s  %s\n", item.get("subject").text().c_str(),
                item.get("state").text().c_str(), item.get("classes").text().c_str(),
                item.get("worth").text().c_str(), item.get("currency").text().c_str(),
                item.get("detail").text().c_str());
  }
}

// Every line that is not empty; nothing, and a word to the user, when the file cannot be read.
std::optional<Value> subjects_in(const std::string& file) {
  std::ifstream stream;
  if (file != "-") stream.open(file);
  std::istream& in = file == "-" ? std::cin : stream;
  Value subjects = Value::array();
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty() && line.front() != '#') subjects.push(line);
  }
  if (file != "-" && !stream.is_open()) {
    std::fprintf(stderr, "underpin: --subjects %s: cannot be read\n", file.c_str());
    return std::nullopt;
  }
  return subjects;
}

int print_dry_run(const Value& preview) {
  const auto allowed = preview.get("allowed").as_bool();
  const bool begins = allowed && *allowed;
  std::printf("dry run: the transfer would be %s; nothing was changed\n",
              begins ? "begun" : "refused");
  for (const Value& reason : preview.get("reasons").items())
    std::printf("  %s\n", reason.text().c_str());
  for (const Value& group : preview.get("groups").items()) {
    const std::string& stays = group.get("stays").text();
    std::printf("  %-22s %6s worth %s: %s\n", group.get("classes").text().c_str(),
                group.get("count").text().c_str(), worth_of(group.get("worth")).c_str(),
                stays.empty() ? "would move" : ("stay: " + stays).c_str());
  }
  if (preview.get("groups").empty()) std::printf("  no open order of the other home\n");
  for (const Value& subject : preview.get("unknown").items())
    std::printf("  %s is not known\n", subject.text().c_str());
  return begins ? 0 : 1;
}

int wait_for(const OpsOptions& ops, const std::string& capability, const std::string& id) {
  while (true) {
    const auto reply = call(ops, "GET", path_of(capability) + "/" + id + "?limit=1");
    if (!reply) return 1;
    const std::string& state = reply->value.get("state").text();
    if (state == "done" || state == "stopped") {
      print_transfer(reply->value);
      return state == "done" ? 0 : 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace

int cutover_transfer(const OpsOptions& ops, const std::string& capability,
                     const TransferOptions& options) {
  if ((options.all ? 1 : 0) + (options.channel.empty() ? 0 : 1) +
          (options.subjects_file.empty() ? 0 : 1) !=
      1) {
    std::fprintf(stderr, "underpin: give one of --all, --channel and --subjects\n");
    return 2;
  }
  Value body = Value::object();
  body.set("to", options.to);
  if (options.all) body.set("all", Value::boolean(true));
  if (!options.channel.empty()) body.set("channel", options.channel);
  if (!options.subjects_file.empty()) {
    const auto subjects = subjects_in(options.subjects_file);
    if (!subjects) return 2;
    body.set("subjects", *subjects);
  }
  body.set("reason", options.reason);
  if (!options.reference.empty()) body.set("changeReference", options.reference);
  if (options.propose) {
    const auto tag = version_tag(ops, capability, {});
    if (!tag) return 1;
    Value proposal = Value::object();
    proposal.set("transfer", std::move(body));
    const auto reply =
        call(ops, "POST", "/ops/v1/cutover/" + capability + "/proposals", &proposal, *tag);
    if (!reply) return 1;
    std::printf("proposal %s: a transfer to %s; it waits for signatures\n",
                reply->value.get("id").text().c_str(), options.to.c_str());
    return 0;
  }
  const auto reply =
      call(ops, "POST", path_of(capability) + (options.dry_run ? "?dryRun=true" : ""), &body);
  if (!reply) return 1;
  if (options.dry_run) return print_dry_run(reply->value);
  print_transfer(reply->value);
  return options.wait ? wait_for(ops, capability, reply->value.get("id").text()) : 0;
}

int cutover_transfers(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                      const std::string& state, bool as_json) {
  if (id == 0) {
    const auto reply = call(ops, "GET", path_of(capability));
    if (!reply) return 1;
    if (as_json) {
      std::printf("%s\n", json::write_pretty(reply->value).c_str());
      return 0;
    }
    for (const Value& item : reply->value.get("items").items()) print_transfer(item);
    if (reply->value.get("items").empty()) std::printf("No transfer of %s.\n", capability.c_str());
    return 0;
  }
  std::string after;
  bool first = true;
  while (true) {
    std::string path = path_of(capability) + "/" + std::to_string(id) + "?limit=500";
    if (!state.empty()) path += "&state=" + percent_encoded(state);
    if (!after.empty()) path += "&after=" + percent_encoded(after);
    const auto reply = call(ops, "GET", path);
    if (!reply) return 1;
    if (as_json) {
      std::printf("%s\n", json::write_pretty(reply->value).c_str());
    } else {
      if (first) print_transfer(reply->value);
      print_items(reply->value.get("items"));
    }
    first = false;
    if (reply->value.find("next") == nullptr) return 0;
    after = reply->value.get("next").text();
  }
}

int cutover_transfer_stop(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                          const std::string& reason) {
  if (id == 0 || reason.empty()) {
    std::fprintf(stderr, "underpin: --stop needs the transfer's number and --reason\n");
    return 2;
  }
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", path_of(capability) + "/" + std::to_string(id) + "/stop", &body);
  if (!reply) return 1;
  print_transfer(reply->value);
  return 0;
}

}  // namespace underpin::facade::cli
