#include "contracts/json/json_text.h"
#include "facade/cli/commands.h"
#include "facade/cli/ops_call.h"
#include "facade/clock.h"
#include "facade/http/api_keys.h"
#include "transport/http_client.h"

#include <Poco/URI.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace underpin::facade::cli {

using json::Value;

// Everything but the unreserved characters is encoded.
std::string percent_encoded(const std::string& text) {
  std::string encoded;
  Poco::URI::encode(text, "!#$&'()*+,/:;=?@[]", encoded);
  return encoded;
}

std::optional<Reply> call(const OpsOptions& ops, const std::string& method, const std::string& path,
                          const Value* body, const std::string& if_match) {
  if (ops.key.empty()) {
    std::fprintf(stderr, "underpin: an ops key is needed: --ops-key or UNDERPIN_OPS_KEY\n");
    return std::nullopt;
  }
  transport::HttpClient client{transport::ClientSettings{}};
  transport::HttpRequest request;
  request.method = method;
  request.url = ops.url + path;
  if (!ops.wave.empty()) {
    request.url += path.find('?') == std::string::npos ? "?wave=" : "&wave=";
    request.url += percent_encoded(ops.wave);
  }
  request.headers.push_back({"X-API-Key", ops.key});
  if (!if_match.empty()) request.headers.push_back({"If-Match", if_match});
  if (body != nullptr) {
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = json::write(*body);
  }
  CallContext context;
  context.correlation_id = CorrelationId{"underpin-cli"};
  context.deadline = deadline_in(std::chrono::seconds(60));
  const auto answered = client.send(request, context);
  if (!answered) {
    std::fprintf(stderr, "underpin: %s: %s\n", request.url.c_str(),
                 answered.error().message.c_str());
    return std::nullopt;
  }
  Reply reply;
  reply.status = answered->status;
  reply.body = answered->body;
  const auto value = json::parse(reply.body, {64 * 1024 * 1024, 64, 5'000'000});
  if (value) reply.value = *value;
  if (reply.status >= 400) {
    std::fprintf(stderr, "underpin: %d %s: %s\n", reply.status,
                 reply.value.get("title").text().c_str(), reply.value.get("detail").text().c_str());
    for (const Value& error : reply.value.get("errors").items())
      std::fprintf(stderr, "  %s: %s\n", error.get("pointer").text().c_str(),
                   error.get("detail").text().c_str());
    return std::nullopt;
  }
  return reply;
}

std::string in_words(const Value& validity) {
  const std::string& state = validity.get("state").text();
  if (state == "needs_deliveries")
    return "possible after " + validity.get("deliveries").text() + " deliveries";
  if (state != "past_return") return state;
  std::string worth;
  for (const json::Member& member : validity.get("worthPastReturn").members())
    worth += " " + member.value.text() + " " + member.key;
  return "past return for " + validity.get("documentsPastReturn").text() + " orders worth" + worth;
}

std::string joined(const Value& lines) {
  std::string text;
  for (const Value& line : lines.items()) text += (text.empty() ? " " : "; ") + line.text();
  return text;
}

std::string share_of(const Value& plan) {
  const auto share = plan.get("sharePer100k").as_decimal();
  if (!share) return {};
  return Decimal{share->coefficient(), 3}.normalized().text() + " %";
}

void print_plan(const Value& plan) {
  const std::string& stage = plan.get("stage").text();
  const std::string& from = plan.get("from").text();
  const std::string where = stage == from ? stage : from + " -> " + stage;
  std::printf("%-10s %-28s %8s  version %s\n", plan.get("capability").text().c_str(), where.c_str(),
              share_of(plan).c_str(), version_of(plan).c_str());
  const Value& backlog = plan.get("backlog");
  std::printf(
      "%-10s open writes %s (unknown %s), to cloud %s, to legacy %s, dead letters %s\n", "",
      backlog.get("openIntents").text().c_str(), backlog.get("unknownOutcomes").text().c_str(),
      backlog.get("pendingToCloud").text().c_str(), backlog.get("pendingToLegacy").text().c_str(),
      (backlog.get("deadLettersToCloud").text() + "+" + backlog.get("deadLettersToLegacy").text())
          .c_str());
  for (const char* side : {"catchUpCloud", "catchUpLegacy"}) {
    const Value& catch_up = plan.get(side);
    if (catch_up.get("detail").text().empty()) continue;
    std::printf("%-10s catching up %s: %s (%s)\n", "",
                std::string(side) == "catchUpCloud" ? "the cloud" : "legacy",
                catch_up.get("state").text().c_str(), catch_up.get("detail").text().c_str());
  }
  for (const Value& replica : plan.get("waitingFor").items())
    std::printf("%-10s replica %s has not taken this version yet\n", "", replica.text().c_str());
  for (const Value& rule : plan.get("rules").items())
    std::printf("%-10s cohort %s: %s (%s)\n", "", rule.get("name").text().c_str(),
                share_of(rule).c_str(), rule.get("reason").text().c_str());
  for (const Value& guard : plan.get("guards").items())
    std::printf("%-10s guard %s: %s, %s\n", "", guard.get("guard").text().c_str(),
                guard.get("verdict").text().c_str(), guard.get("detail").text().c_str());
  if (const Value* halt = plan.find("halt"))
    std::printf("%-10s HALTED by %s at %s: %s\n", "", halt->get("guard").text().c_str(),
                halt->get("at").text().c_str(), halt->get("detail").text().c_str());
  if (plan.find("births") != nullptr)
    std::printf("%-10s new documents are born in legacy, whatever the stage\n", "");
  const Value* undo = plan.find("rollbackTo");
  if (undo != nullptr)
    std::printf("%-10s a rollback leads to %s (%s)\n", "", undo->get("stage").text().c_str(),
                share_of(*undo).c_str());
  const Value& validity = plan.get("rollbackValidity");
  if (undo != nullptr && !validity.is_null()) {
    std::printf("%-10s going back is %s:%s\n", "", in_words(validity).c_str(),
                joined(validity.get("reasons")).c_str());
  }
  if (const Value* turning = plan.find("turning"))
    std::printf("%-10s %s\n", "", turning->text().c_str());
  for (const Value& freeze : plan.get("frozen").items())
    std::printf("%-10s %s\n", "", freeze.text().c_str());
}

std::string version_of(const Value& plan) {
  const std::string& epoch = plan.get("epoch").text();
  return (epoch.empty() || epoch == "1" ? std::string{} : epoch + ".") + plan.get("version").text();
}

std::optional<std::string> version_tag(const OpsOptions& ops, const std::string& capability,
                                       const std::string& version) {
  if (!version.empty()) return "\"" + version + "\"";
  const auto reply = call(ops, "GET", "/ops/v1/cutover/" + capability);
  if (!reply) return std::nullopt;
  return "\"" + version_of(reply->value) + "\"";
}

void print_unavailable(const Value& joined) {
  for (const Value& one : joined.get("unavailable").items())
    std::fprintf(stderr, "underpin: wave %s cannot answer: %s\n", one.get("wave").text().c_str(),
                 one.get("detail").text().c_str());
}

bool of_several_waves(const Value& joined) { return joined.get("waves").size() > 1; }

int waves_list(const OpsOptions& ops) {
  const auto reply = call(ops, "GET", "/ops/v1/waves");
  if (!reply) return 1;
  std::printf("%-16s %-12s %-12s %s\n", "WAVE", "LEGACY", "CLOUD", "CHANNELS");
  for (const Value& wave : reply->value.get("items").items()) {
    std::string channels;
    for (const Value& channel : wave.get("channels").items())
      channels += (channels.empty() ? "" : " ") + channel.text();
    std::printf("%-16s %-12s %-12s %s\n", wave.get("wave").text().c_str(),
                wave.get("legacy").text().c_str(), wave.get("cloud").text().c_str(),
                channels.c_str());
  }
  print_unavailable(reply->value);
  return 0;
}

namespace {

// One line for each wave and capability, and what needs a look.
void print_plans_of_waves(const std::vector<Value>& plans) {
  std::printf("%-16s %-10s %-28s %9s %8s %6s %9s %10s %6s  %s\n", "WAVE", "CAPABILITY", "STAGE",
              "SHARE", "VERSION", "OPEN", "TO CLOUD", "TO LEGACY", "DEAD", "LOOK AT");
  for (const Value& plan : plans) {
    const std::string& stage = plan.get("stage").text();
    const std::string& from = plan.get("from").text();
    const Value& backlog = plan.get("backlog");
    const auto count = [&](const char* name) {
      const auto number = backlog.get(name).as_int();
      return number ? *number : 0;
    };
    std::string look;
    const auto add = [&](const std::string& what) { look += (look.empty() ? "" : "; ") + what; };
    if (const Value* halt = plan.find("halt")) add("HALTED by " + halt->get("guard").text());
    if (plan.find("births") != nullptr) add("births in legacy");
    if (count("unknownOutcomes") > 0)
      add(std::to_string(count("unknownOutcomes")) + " unknown outcomes");
    for (const Value& freeze : plan.get("frozen").items()) add(freeze.text());
    if (!plan.get("waitingFor").empty()) add("not taken by every replica");
    std::printf("%-16s %-10s %-28s %9s %8s %6lld %9lld %10lld %6lld  %s\n",
                plan.get("wave").text().c_str(), plan.get("capability").text().c_str(),
                (stage == from ? stage : from + " -> " + stage).c_str(), share_of(plan).c_str(),
                plan.get("version").text().c_str(), static_cast<long long>(count("openIntents")),
                static_cast<long long>(count("pendingToCloud")),
                static_cast<long long>(count("pendingToLegacy")),
                static_cast<long long>(count("deadLettersToCloud")) +
                    static_cast<long long>(count("deadLettersToLegacy")),
                look.c_str());
  }
}

}  // namespace

int cutover_status(const OpsOptions& ops, const std::string& capability, bool as_json) {
  // Without a wave it is about all of them: asked for whole, and then looked through.
  const bool one = !capability.empty() && !ops.wave.empty();
  const auto reply = call(ops, "GET", "/ops/v1/cutover" + (one ? "/" + capability : std::string{}));
  if (!reply) return 1;
  std::vector<Value> plans;
  if (one) {
    plans.push_back(reply->value);
  } else {
    for (const Value& plan : reply->value.get("items").items())
      if (capability.empty() || plan.get("capability").text() == capability) plans.push_back(plan);
  }
  if (!capability.empty() && plans.empty()) {
    std::fprintf(stderr, "underpin: there is no capability %s\n", capability.c_str());
    return 1;
  }
  const bool several = of_several_waves(reply->value);
  if (as_json) {
    Value shown = reply->value;
    if (!capability.empty() && !several) {
      shown = plans.front();
    } else if (!capability.empty()) {
      shown.set("items", Value::array(plans));
    }
    std::printf("%s\n", json::write_pretty(shown).c_str());
  } else if (several) {
    print_plans_of_waves(plans);
  } else {
    for (const Value& plan : plans) print_plan(plan);
  }
  print_unavailable(reply->value);
  return 0;
}

std::optional<Value> change_body(const ChangeOptions& change) {
  const auto per_cent = Decimal::parse(change.share);
  const Decimal per_100k = per_cent ? *per_cent * Decimal::of(1000) : Decimal{};
  if (!per_cent || per_100k.normalized().scale() > 0 || per_100k.is_negative() ||
      per_100k > Decimal::of(100'000)) {
    std::fprintf(stderr, "underpin: --share must be 0 to 100 in steps of 0.001\n");
    return std::nullopt;
  }
  std::optional<Value> rules;
  if (!change.rules_file.empty()) {
    std::ifstream file(change.rules_file);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) {
      std::fprintf(stderr, "underpin: --rules %s: cannot be read\n", change.rules_file.c_str());
      return std::nullopt;
    }
    auto parsed = json::parse_with_comments(text);
    if (!parsed) {
      std::fprintf(stderr, "underpin: --rules %s: %s\n", change.rules_file.c_str(),
                   parsed.error().message.c_str());
      return std::nullopt;
    }
    rules = std::move(parsed).value();
  }
  Value body = Value::object();
  if (rules) body.set("rules", *rules);
  body.set("stage", change.stage);
  body.set("sharePer100k", Value::number(per_100k.normalized()));
  body.set("reason", change.reason);
  if (!change.reference.empty()) body.set("changeReference", change.reference);
  if (change.force) body.set("force", Value::boolean(true));
  return body;
}

int cutover_set(const OpsOptions& ops, const std::string& capability, const ChangeOptions& change) {
  const auto body = change_body(change);
  if (!body) return 2;
  const auto tag = version_tag(ops, capability, change.version);
  if (!tag) return 1;
  const auto reply =
      call(ops, "PUT", "/ops/v1/cutover/" + capability + (change.dry_run ? "?dryRun=true" : ""),
           &*body, *tag);
  if (!reply) return 1;
  if (change.dry_run) return print_outlook(capability, reply->value);
  print_plan(reply->value);
  return 0;
}

int cutover_acknowledge(const OpsOptions& ops, const std::string& capability,
                        const std::string& births, const std::string& reason,
                        const std::string& version) {
  const auto tag = version_tag(ops, capability, version);
  if (!tag) return 1;
  Value body = Value::object();
  body.set("births", births);
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", "/ops/v1/cutover/" + capability + "/acknowledge", &body, *tag);
  if (!reply) return 1;
  print_plan(reply->value);
  return 0;
}

int cutover_explain(const OpsOptions& ops, const std::string& capability,
                    const ExplainOptions& asked) {
  std::string query;
  for (const auto& [key, text] :
       {std::pair{"subject", &asked.subject}, std::pair{"channel", &asked.channel},
        std::pair{"location", &asked.location}, std::pair{"sku", &asked.sku},
        std::pair{"region", &asked.region}, std::pair{"segment", &asked.segment}}) {
    if (text->empty()) continue;
    query += query.empty() ? "?" : "&";
    query += std::string(key) + "=" + percent_encoded(*text);
  }
  const auto reply = call(ops, "GET", "/ops/v1/cutover/" + capability + "/explain" + query);
  if (!reply) return 1;
  const Value& found = reply->value;
  std::printf("%s %s: %s, answered by %s", capability.c_str(), asked.subject.c_str(),
              found.get("stage").text().c_str(), found.get("primary").text().c_str());
  if (found.find("mirror") != nullptr)
    std::printf(", mirrored to %s", found.get("mirror").text().c_str());
  if (found.find("shadow") != nullptr)
    std::printf(", compared with %s", found.get("shadow").text().c_str());
  std::printf("\n");
  for (const Value& reason : found.get("because").items())
    std::printf("  %s\n", reason.text().c_str());
  return 0;
}

int cutover_rollback(const OpsOptions& ops, const std::string& capability,
                     const ChangeOptions& change) {
  const auto tag = version_tag(ops, capability, change.version);
  if (!tag) return 1;
  Value body = Value::object();
  body.set("reason", change.reason);
  if (!change.reference.empty()) body.set("changeReference", change.reference);
  if (!change.stage.empty()) body.set("toStage", change.stage);
  const auto reply =
      call(ops, "POST",
           "/ops/v1/cutover/" + capability + "/rollback" + (change.dry_run ? "?dryRun=true" : ""),
           &body, *tag);
  if (!reply) return 1;
  if (change.dry_run) return print_outlook(capability, reply->value);
  print_plan(reply->value);
  return 0;
}

int outcomes_list(const OpsOptions& ops, bool as_json) {
  const auto reply = call(ops, "GET", "/ops/v1/outcomes");
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", json::write_pretty(reply->value).c_str());
    return 0;
  }
  print_unavailable(reply->value);
  for (const Value& item : reply->value.get("items").items()) {
    if (of_several_waves(reply->value)) std::printf("%-16s ", item.get("wave").text().c_str());
    std::printf("%5s  %-10s %-14s %-20s %-6s since %s, %s attempts  %s\n",
                item.get("id").text().c_str(), item.get("capability").text().c_str(),
                item.get("operation").text().c_str(), item.get("subject").text().c_str(),
                item.get("side").text().c_str(), item.get("since").text().c_str(),
                item.get("attempts").text().c_str(), item.get("lastError").text().c_str());
    if (const Value* seen = item.find("disposition")) {
      std::printf("       seen by %s, %s: %s\n", seen->get("by").text().c_str(),
                  seen->get("at").text().c_str(), seen->get("reason").text().c_str());
    }
  }
  if (reply->value.get("items").empty()) std::printf("No outcome is unknown.\n");
  return 0;
}

int outcomes_dispose(const OpsOptions& ops, std::int64_t id, const std::string& reason) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", "/ops/v1/outcomes/" + std::to_string(id) + "/disposition", &body);
  if (!reply) return 1;
  const auto open = reply->value.get("open").as_bool();
  std::printf("outcome %lld: %s\n", static_cast<long long>(id),
              open && *open ? "seen; it is looked up further, and steps forward do not wait for it"
                            : "known by now");
  return 0;
}

int exceptions_list(const OpsOptions& ops, const std::string& state, bool as_json) {
  const auto reply = call(ops, "GET", "/ops/v1/exceptions?state=" + state);
  if (!reply) return 1;
  if (as_json) {
    std::printf("%s\n", json::write_pretty(reply->value).c_str());
    return 0;
  }
  print_unavailable(reply->value);
  for (const Value& item : reply->value.get("items").items()) {
    if (of_several_waves(reply->value)) std::printf("%-16s ", item.get("wave").text().c_str());
    std::printf("%5s  %-16s %-10s %-20s %s\n", item.get("id").text().c_str(),
                item.get("kind").text().c_str(), item.get("capability").text().c_str(),
                item.get("subject").text().c_str(), item.get("detail").text().c_str());
  }
  if (reply->value.get("items").empty()) std::printf("No exception is %s.\n", state.c_str());
  return 0;
}

int exceptions_show(const OpsOptions& ops, std::int64_t id) {
  const auto reply = call(ops, "GET", "/ops/v1/exceptions/" + std::to_string(id));
  if (!reply) return 1;
  std::printf("%s\n", json::write_pretty(reply->value).c_str());
  return 0;
}

int exceptions_settle(const OpsOptions& ops, std::int64_t id, const std::string& how,
                      const std::string& reason) {
  Value body = Value::object();
  body.set("reason", reason);
  const auto reply =
      call(ops, "POST", "/ops/v1/exceptions/" + std::to_string(id) + "/" + how, &body);
  if (!reply) return 1;
  std::printf("exception %lld: %s\n", static_cast<long long>(id),
              reply->value.get("state").text().c_str());
  return 0;
}

int keys_hash(const std::string& key) {
  std::string given = key;
  if (given == "-") std::getline(std::cin, given);
  if (given.size() < 8) {
    std::fprintf(stderr, "underpin: a key has at least 8 characters\n");
    return 2;
  }
  std::printf("%s\n", http::hash_api_key(given).c_str());
  return 0;
}

}  // namespace underpin::facade::cli
