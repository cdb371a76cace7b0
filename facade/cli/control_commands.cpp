#include "facade/audit.h"
#include "facade/cli/ops_call.h"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

std::string worth(const Value& money) {
  std::string text;
  for (const json::Member& member : money.members())
    text += (text.empty() ? "" : ", ") + member.value.text() + " " + member.key;
  return text.empty() ? "0" : text;
}

void print_proposal(const Value& proposal) {
  const Value& change = proposal.get("change");
  const Value* transfer = change.find("transfer");
  if (transfer != nullptr) {
    std::printf("%4s  %-10s a transfer to %s, on version %s, by %s: %s\n",
                proposal.get("id").text().c_str(), proposal.get("state").text().c_str(),
                transfer->get("to").text().c_str(), proposal.get("planVersion").text().c_str(),
                proposal.get("requester").text().c_str(), proposal.get("reason").text().c_str());
  } else {
    std::printf("%4s  %-10s %s at %s, on version %s, by %s: %s\n",
                proposal.get("id").text().c_str(), proposal.get("state").text().c_str(),
                change.get("stage").text().c_str(), share_of(change).c_str(),
                proposal.get("planVersion").text().c_str(),
                proposal.get("requester").text().c_str(), proposal.get("reason").text().c_str());
  }
  const auto force = proposal.get("force").as_bool();
  if (force && *force) std::printf("      with force\n");
  if (proposal.find("notBefore") != nullptr)
    std::printf("      scheduled for %s, until %s\n", proposal.get("notBefore").text().c_str(),
                proposal.get("notAfter").text().c_str());
  for (const Value& signature : proposal.get("signatures").items())
    std::printf("      signed as %s by %s: %s\n", signature.get("role").text().c_str(),
                signature.get("subject").text().c_str(), signature.get("reason").text().c_str());
  std::string missing;
  for (const Value& role : proposal.get("required").items()) {
    bool is_signed = false;
    for (const Value& signature : proposal.get("signatures").items())
      is_signed |= signature.get("role").text() == role.text();
    if (!is_signed) missing += " " + role.text();
  }
  if (!missing.empty() && proposal.get("state").text() == "open")
    std::printf("      waits for:%s\n", missing.c_str());
  for (const Value& one : proposal.get("differences").items()) {
    std::printf("      difference %s %s %s%s: %s, at most %s", one.get("operation").text().c_str(),
                one.get("path").text().c_str(), one.get("kind").text().c_str(),
                one.get("rule").text().empty() ? "" : (" by " + one.get("rule").text()).c_str(),
                one.get("count").text().c_str(), one.get("countCeiling").text().c_str());
    if (one.find("moneyCeiling") != nullptr)
      std::printf("; %s, at most %s", one.get("money").text().c_str(),
                  one.get("moneyCeiling").text().c_str());
    std::printf("\n");
  }
  for (const Value& id : proposal.get("deadLetters").items())
    std::printf("      dead letter: exception %s\n", id.text().c_str());
  if (!proposal.get("why").text().empty())
    std::printf("      %s\n", proposal.get("why").text().c_str());
}

std::string file_text(const std::string& file, bool& readable) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  readable = stream.good();
  return bytes.str();
}

// The whole log of a running facade, page by page.
std::optional<std::vector<journal::AuditRecord>> all_audit(const OpsOptions& ops) {
  std::vector<journal::AuditRecord> records;
  std::string after = "0";
  while (true) {
    const auto reply = call(ops, "GET", "/ops/v1/audit?limit=500&after=" + after);
    if (!reply) return std::nullopt;
    for (const Value& item : reply->value.get("items").items()) {
      const auto seq = item.get("seq").as_int();
      records.push_back({seq ? *seq : 0, item.get("previous").text(), item.get("hash").text(),
                         item.get("entry").text()});
    }
    if (reply->value.find("next") == nullptr) return records;
    after = reply->value.get("next").text();
  }
}

void print_switches(const Value& switches, const std::string& wave) {
  for (const json::Member& member : switches.get("targets").members()) {
    if (!wave.empty()) std::printf("%-16s ", wave.c_str());
    const auto off = member.value.get("killed").as_bool();
    if (off && *off) {
      std::printf("%-10s refused since %s by %s: %s\n", member.key.c_str(),
                  member.value.get("at").text().c_str(), member.value.get("actor").text().c_str(),
                  member.value.get("reason").text().c_str());
    } else {
      std::printf("%-10s served\n", member.key.c_str());
    }
  }
  const std::string& warning = switches.get("warning").text();
  if (!warning.empty())
    std::fprintf(stderr, "underpin: %s%s\n", wave.empty() ? "" : ("wave " + wave + ": ").c_str(),
                 warning.c_str());
}

std::optional<Value> ceiling_of(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  if (parts.size() < 5 || parts.size() > 6) return std::nullopt;
  const auto count = Value::number_text(parts[4]);
  if (!count) return std::nullopt;
  Value value = Value::object();
  value.set("operation", parts[0]);
  value.set("path", parts[1]);
  value.set("kind", parts[2]);
  value.set("rule", parts[3]);
  value.set("count", *count);
  if (parts.size() == 6) value.set("money", parts[5]);
  return value;
}

}  // namespace

void print_bringing(const std::string& capability, const Value& bringing) {
  const auto row = [](const std::string& what, const std::string& figure) {
    std::printf("  %-46s %s\n", what.c_str(), figure.c_str());
  };
  const auto is = [&](const char* flag) {
    const auto set = bringing.get(flag).as_bool();
    return set && *set;
  };
  const std::string to = bringing.get("to").text() == "cloud" ? "the cloud" : "legacy";
  if (const Value* customers = bringing.find("customers")) {
    const auto more = customers->get("atLeast").as_bool();
    const Value* failed = customers->find("failed");
    row("catching up brings to " + to + ": customers",
        failed != nullptr ? "not known: " + failed->text()
                          : (more && *more ? "at least " : "") + customers->get("count").text());
  }
  if (capability == "orders") {
    row("catching up brings to " + to + ": open orders",
        is("noCopies")                              ? "none: it keeps no inert copies"
        : bringing.get("documents").items().empty() ? "none"
                                                    : "");
    if (!is("noCopies")) {
      for (const Value& group : bringing.get("documents").items())
        row("  " + group.get("class").text(),
            group.get("count").text() + ", worth " + worth(group.get("worth")));
      row("  of these with a number there already", bringing.get("withNumber").text());
    }
    if (!is("indexed")) row("  the order feed has not been through yet", "there may be more");
  }
  row("imported cross-references", bringing.get("crossReferences").text());
}

void print_preview(const std::string& capability, const Value& preview) {
  const Value& backlog = preview.get("backlog");
  const auto row = [](const char* what, const std::string& figure) {
    std::printf("  %-46s %s\n", what, figure.c_str());
  };
  row("subjects whose last write only the cloud has", preview.get("subjectsAtRisk").text());
  row("deliveries to legacy, to the cloud",
      backlog.get("pendingToLegacy").text() + ", " + backlog.get("pendingToCloud").text());
  row("dead letters to legacy, to the cloud",
      backlog.get("deadLettersToLegacy").text() + ", " + backlog.get("deadLettersToCloud").text());
  row("writes with an unknown outcome", backlog.get("unknownOutcomes").text());
  row("open orders of the cloud",
      preview.get("inFlight").text() + ", worth " + worth(preview.get("inFlightWorth")));
  row("  of these without a number in legacy", preview.get("unmapped").text());
  row("  of these that only the cloud has",
      preview.get("onlyCloud").text() + ", worth " + worth(preview.get("onlyCloudWorth")));
  const Value& validity = preview.get("rollbackValidity");
  row("going back is", in_words(validity) + ":" + joined(validity.get("reasons")));
  const Value* bringing = preview.find("bringing");
  if (bringing != nullptr && (capability == "customers" || capability == "orders"))
    print_bringing(capability, *bringing);
}

int print_outlook(const std::string& capability, const Value& outlook) {
  const auto allowed = outlook.get("allowed").as_bool();
  const bool published = allowed && *allowed;
  const Value& plan = outlook.get("plan");
  std::printf("dry run: %s would be %s; nothing was changed\n", capability.c_str(),
              published ? "published" : "refused");
  for (const Value& reason : outlook.get("reasons").items())
    std::printf("  %s\n", reason.text().c_str());
  for (const Value& reason : outlook.get("overridden").items())
    std::printf("  force overrides: %s\n", reason.text().c_str());
  for (const Value& reason : outlook.get("overridable").items())
    std::printf("  force could override: %s\n", reason.text().c_str());
  std::printf("  plan: %s -> %s, %s, version %s\n", plan.get("from").text().c_str(),
              plan.get("stage").text().c_str(), share_of(plan).c_str(),
              plan.get("version").text().c_str());
  print_preview(capability, outlook.get("preview"));
  return published ? 0 : 1;
}

int cutover_preview(const OpsOptions& ops, const std::string& capability, const std::string& stage,
                    bool as_json) {
  const auto reply = call(ops, "GET", "/ops/v1/cutover/" + capability + "/preview?stage=" + stage);
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", json::write_pretty(reply->value).c_str());
  } else {
    print_preview(capability, reply->value);
  }
  return 0;
}

int cutover_propose(const OpsOptions& ops, const std::string& capability,
                    const ChangeOptions& change) {
  const auto wanted = change_body(change);
  if (!wanted) return 2;
  const auto tag = version_tag(ops, capability, change.version);
  if (!tag) return 1;
  Value body = Value::object();
  body.set("change", *wanted);
  if (!change.not_before.empty()) body.set("notBefore", change.not_before);
  if (!change.not_after.empty()) body.set("notAfter", change.not_after);
  const auto reply = call(ops, "POST", "/ops/v1/cutover/" + capability + "/proposals", &body, *tag);
  if (!reply) return 1;
  print_proposal(reply->value);
  return 0;
}

int cutover_proposals(const OpsOptions& ops, const std::string& capability, bool as_json) {
  const auto reply = call(ops, "GET", "/ops/v1/cutover/" + capability + "/proposals");
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", json::write_pretty(reply->value).c_str());
    return 0;
  }
  for (const Value& item : reply->value.get("items").items()) print_proposal(item);
  if (reply->value.get("items").empty()) std::printf("No proposal for %s.\n", capability.c_str());
  return 0;
}

int cutover_approve(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                    const ApprovalOptions& approval) {
  Value body = Value::object();
  body.set("reason", approval.reason);
  if (approval.headroom_percent != 0)
    body.set("headroomPercent", Value::integer(approval.headroom_percent));
  if (!approval.ceilings.empty()) {
    Value ceilings = Value::array();
    for (const std::string& text : approval.ceilings) {
      const auto ceiling = ceiling_of(text);
      if (!ceiling) {
        std::fprintf(stderr,
                     "underpin: --ceiling is OPERATION,PATH,KIND,RULE,COUNT[,MONEY]; the rule may "
                     "be empty\n");
        return 2;
      }
      ceilings.push(*ceiling);
    }
    body.set("ceilings", std::move(ceilings));
  }
  const auto reply = call(
      ops, "POST",
      "/ops/v1/cutover/" + capability + "/proposals/" + std::to_string(id) + "/approve", &body);
  if (!reply) return 1;
  print_proposal(reply->value);
  return 0;
}

int cutover_decide(const OpsOptions& ops, const std::string& capability, std::int64_t id,
                   const std::string& how, const std::string& reason) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST",
           "/ops/v1/cutover/" + capability + "/proposals/" + std::to_string(id) + "/" + how, &body);
  if (!reply) return 1;
  if (how == "publish") {
    print_plan(reply->value);
  } else {
    print_proposal(reply->value);
  }
  return 0;
}

int audit_list(const OpsOptions& ops, std::int64_t after, bool as_json) {
  const auto reply = call(ops, "GET", "/ops/v1/audit?limit=500&after=" + std::to_string(after));
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", json::write_pretty(reply->value).c_str());
    return 0;
  }
  for (const Value& item : reply->value.get("items").items()) {
    const auto entry = json::parse(item.get("entry").text());
    if (!entry) {
      std::printf("%5s  cannot be read\n", item.get("seq").text().c_str());
      continue;
    }
    const Value& detail = entry->get("detail");
    std::string more = detail.get("reason").text();
    if (more.empty()) more = detail.get("proposal").get("reason").text();
    if (!detail.get("changeReference").text().empty())
      more += " [" + detail.get("changeReference").text() + "]";
    const auto force = detail.get("force").as_bool();
    if (force && *force) more += " WITH FORCE:" + joined(detail.get("overridden"));
    if (!detail.get("why").text().empty()) more += " - " + detail.get("why").text();
    std::printf("%5s  %s  %-20s %-14s %-22s %s\n", item.get("seq").text().c_str(),
                entry->get("at").text().c_str(), entry->get("kind").text().c_str(),
                entry->get("about").text().c_str(), entry->get("actor").text().c_str(),
                more.c_str());
  }
  if (reply->value.find("next") != nullptr)
    std::printf("More: --after %s\n", reply->value.get("next").text().c_str());
  return 0;
}

int audit_verify(const OpsOptions& ops, const VerifyOptions& options) {
  std::vector<journal::AuditRecord> records;
  if (!options.journal.empty()) {
    auto read = journal::read_sqlite_audit(options.journal);
    if (!read) {
      std::fprintf(stderr, "underpin: %s\n", read.error().message.c_str());
      return 1;
    }
    records = std::move(read).value();
  } else {
    auto read = all_audit(ops);
    if (!read) return 1;
    records = std::move(*read);
  }
  std::vector<std::string> heads = options.heads;
  if (!options.logs.empty()) {
    bool readable = false;
    const std::string lines = file_text(options.logs, readable);
    if (!readable) {
      std::fprintf(stderr, "underpin: %s cannot be read\n", options.logs.c_str());
      return 1;
    }
    auto repeated = audit_heads_in_log(lines);
    if (ops.wave.empty() && repeated.size() > 1) {
      std::fprintf(stderr, "underpin: %s has the heads of several waves: name one with --wave\n",
                   options.logs.c_str());
      return 2;
    }
    for (auto& [wave, of_wave] : repeated)
      if (ops.wave.empty() || ops.wave == wave)
        heads.insert(heads.end(), of_wave.begin(), of_wave.end());
  }
  const std::vector<std::string> faults = audit_faults(records, heads);
  for (const std::string& fault : faults) std::fprintf(stderr, "underpin: %s\n", fault.c_str());
  if (!faults.empty()) return 1;
  std::printf("The audit log is whole: %zu entries", records.size());
  if (!records.empty()) std::printf(", head %s", records.back().hash.c_str());
  if (!heads.empty()) std::printf("; %zu known hashes are in it", heads.size());
  std::printf("\n");
  return 0;
}

int kill_switch(const OpsOptions& ops, const std::string& target, bool killed,
                const std::string& reason) {
  std::optional<Reply> reply;
  if (target.empty()) {
    reply = call(ops, "GET", "/ops/v1/kill");
  } else {
    Value body = Value::object();
    body.set("reason", reason);
    reply = call(ops, "POST", (killed ? "/ops/v1/kill/" : "/ops/v1/unkill/") + target, &body);
  }
  if (!reply) return 1;
  if (reply->value.find("byWave") == nullptr) {
    print_switches(reply->value, "");
  } else {
    for (const json::Member& wave : reply->value.get("byWave").members())
      print_switches(wave.value, wave.key);
  }
  print_unavailable(reply->value);
  return reply->value.get("unavailable").empty() ? 0 : 1;
}

}  // namespace underpin::facade::cli
