#include "facade/cli/parity_commands.h"

#include "facade/cli/ops_call.h"
#include "facade/comparisons.h"
#include "parity/rejudge.h"
#include "parity/sealing.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (file) return text.str();
  std::fprintf(stderr, "underpin: %s cannot be read\n", path.c_str());
  return std::nullopt;
}

// `text` put behind the bracket that opens member `key`; where there is none, a new one is begun.
// The rest of the file keeps its comments and its form.
std::string with_member(const std::string& file, const std::string& key, char opening,
                        const std::string& text) {
  const std::size_t at = file.find("\"" + key + "\"");
  const char closing = opening == '[' ? ']' : '}';
  if (at == std::string::npos) {
    const std::size_t first = file.find('{');
    return file.substr(0, first + 1) + "\n  \"" + key + "\": " + opening + "\n    " + text +
           "\n  " + closing + "," + file.substr(first + 1);
  }
  const std::size_t inside = file.find(opening, at) + 1;
  const bool empty = file.find_first_not_of(" \t\r\n", inside) == file.find(closing, inside);
  return file.substr(0, inside) + "\n    " + text + (empty ? "\n  " : ",") + file.substr(inside);
}

bool add_rule(const std::string& rules_file, const Value& proposal) {
  auto text = read_file(rules_file);
  if (!text) return false;
  *text = with_member(*text, "rules", '[', json::write(proposal.get("rule")));
  if (const Value* map = proposal.find("codeMap"))
    *text = with_member(*text, "codeMaps", '{',
                        json::write(proposal.get("rule").get("codes")) + ": " + json::write(*map));
  const auto read = parity::read_rules(*text, rules_file);
  if (!read) {
    std::fprintf(stderr, "underpin: %s\n", read.error().message.c_str());
    return false;
  }
  const std::string fresh = rules_file + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out << *text;
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(fresh, rules_file, failed);
  if (!out || failed) {
    std::fprintf(stderr, "underpin: %s cannot be written\n", rules_file.c_str());
    return false;
  }
  return true;
}

}  // namespace

int parity_register(const OpsOptions& ops) {
  const auto reply = call(ops, "GET", "/ops/v1/parity/register");
  if (!reply) return 1;
  std::printf("rules %s\n", reply->value.get("rules").text().c_str());
  for (const Value& one : reply->value.get("knownDifferences").items())
    std::printf("%-12s %s: %s documents%s%s, money %s%s%s, until %s, %s, %s\n",
                one.get("state").text().c_str(), one.get("name").text().c_str(),
                one.get("documents").text().c_str(), one.get("budgetHits").is_null() ? "" : " of ",
                one.get("budgetHits").text().c_str(), one.get("money").text().c_str(),
                one.get("budgetMoney").is_null() ? "" : " of ",
                one.get("budgetMoney").text().c_str(), one.get("expires").text().c_str(),
                one.get("owner").text().c_str(), one.get("ticket").text().c_str());
  for (const Value& one : reply->value.get("suppressed").items())
    std::printf("suppressed   %s: %s fields, last %s\n", one.get("rule").text().c_str(),
                one.get("hits").text().c_str(), one.get("last").text().c_str());
  for (const Value& one : reply->value.get("proposedForRemoval").items())
    std::printf("unused       %s\n", one.text().c_str());
  const auto in_order = reply->value.get("inOrder").as_bool();
  if (in_order && *in_order) return 0;
  std::fprintf(stderr, "underpin: %s known differences are expired, %s over budget\n",
               reply->value.get("expired").text().c_str(),
               reply->value.get("overBudget").text().c_str());
  return 3;
}

int parity_proposals(const OpsOptions& ops) {
  const auto reply = call(ops, "GET", "/ops/v1/parity/proposals");
  if (!reply) return 1;
  for (const Value& one : reply->value.get("items").items()) {
    std::printf("%s  %s %s %s: %s explains %s of %s mismatches, %s subjects%s%s\n",
                one.get("id").text().c_str(), one.get("capability").text().c_str(),
                one.get("operation").text().c_str(), one.get("path").text().c_str(),
                one.get("transformation").text().c_str(), one.get("support").text().c_str(),
                one.get("of").text().c_str(), one.get("subjects").text().c_str(),
                one.find("decision") == nullptr ? "" : ", ",
                one.get("decision").get("decision").text().c_str());
    for (const Value& sample : one.get("samples").items())
      std::printf("    %s %s: %s | %s\n", sample.get("subject").text().c_str(),
                  sample.get("path").text().c_str(), sample.get("primary").text().c_str(),
                  sample.get("secondary").text().c_str());
  }
  for (const Value& one : reply->value.get("removals").items())
    std::printf("remove?  rule %s: suppressed nothing for %s days, last %s\n",
                one.get("rule").text().c_str(), reply->value.get("unusedDays").text().c_str(),
                one.get("last").is_null() ? "never" : one.get("last").text().c_str());
  return 0;
}

int parity_decide(const OpsOptions& ops, const std::string& id, bool accept,
                  const std::string& reason, const std::string& rules_file) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", "/ops/v1/parity/proposals/" + id + (accept ? "/accept" : "/reject"), &body);
  if (!reply) return 1;
  std::printf("%s\n", json::write_pretty(reply->value.get("rule")).c_str());
  if (!accept || rules_file.empty()) return 0;
  if (!add_rule(rules_file, reply->value)) return 1;
  std::printf("added to %s: raise its version; it is read at the next start\n", rules_file.c_str());
  return 0;
}

int parity_rejudge(const std::string& ledger, const std::string& rules_file,
                   const std::string& key_file) {
  std::string key;
  if (!key_file.empty()) {
    const auto read = parity::read_seal_key(key_file);
    if (!read) {
      std::fprintf(stderr, "underpin: %s\n", read.error().message.c_str());
      return 2;
    }
    key = *read;
  }
  const auto text = read_file(rules_file);
  if (!text) return 2;
  const auto rules = parity::read_rules(*text, rules_file);
  if (!rules) {
    std::fprintf(stderr, "underpin: %s\n", rules.error().message.c_str());
    return 2;
  }
  const auto opened = parity::open_ledger_read_only(ledger, key);
  if (!opened) {
    std::fprintf(stderr, "underpin: %s\n", opened.error().message.c_str());
    return 1;
  }
  const auto result = parity::rejudge(*opened.value(), with_references(*rules));
  if (!result) {
    std::fprintf(stderr, "underpin: %s\n", result.error().message.c_str());
    return 1;
  }
  std::printf("judged %lld stored pairs under %s; of %lld comparisons no pair is kept\n",
              static_cast<long long>(result->judged), parity::identity(*rules).c_str(),
              static_cast<long long>(result->not_kept));
  for (const auto& [verdicts, count] : result->moved)
    std::printf("%8lld  %s -> %s\n", static_cast<long long>(count),
                std::string(parity::name(verdicts.first)).c_str(),
                std::string(parity::name(verdicts.second)).c_str());
  for (const parity::Rejudged& one : result->changed)
    std::printf("entry %lld, %s: %s -> %s at %s\n", static_cast<long long>(one.id),
                one.subject.c_str(), std::string(parity::name(one.before)).c_str(),
                std::string(parity::name(one.after)).c_str(), one.path.c_str());
  return 0;
}

}  // namespace underpin::facade::cli
