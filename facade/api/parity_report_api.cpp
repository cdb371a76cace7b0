#include "facade/api/ops_parts.h"
#include "facade/replay.h"
#include "facade/requests.h"
#include "parity/masking.h"
#include "parity/report.h"

namespace underpin::facade::api {

using json::Value;

namespace {

constexpr int unused_days_standard = 30;
constexpr int pairs_of_page = 2'000;

std::string shown(const std::string& path, const std::string& value, bool unmasked) {
  return unmasked ? value : parity::masked(path, value);
}

void read_time(const ApiCall& call, const std::string& name, Timestamp& into,
               std::vector<FieldError>& errors) {
  const auto text = query_of(call, name);
  if (!text) return;
  const auto time = Timestamp::parse(*text);
  if (time) {
    into = *time;
  } else {
    errors.push_back({name, "must be a time with its offset: 2026-11-24T10:00:00Z"});
  }
}

parity::ReportQuery report_query(const ApiCall& call, std::vector<FieldError>& errors) {
  parity::ReportQuery query;
  query.capability = query_of(call, "capability").value_or("");
  query.operation = query_of(call, "operation").value_or("");
  query.verdict = query_of(call, "verdict").value_or("");
  query.kind = query_of(call, "kind").value_or("");
  query.path = query_of(call, "path").value_or("");
  query.cohort = query_of(call, "cohort").value_or("");
  query.group = query_of(call, "group").value_or("");
  if (!query.capability.empty() && !parse_capability(query.capability))
    errors.push_back({"capability", "must name a capability"});
  if (!query.verdict.empty() && !parity::parse_verdict(query.verdict))
    errors.push_back({"verdict", "must name a verdict"});
  if (!query.kind.empty() && !parity::parse_kind(query.kind))
    errors.push_back({"kind", "must name a kind of difference"});
  if (!query.cohort.empty() && !parity::is_report_cohort(query.cohort))
    errors.push_back(
        {"cohort", "must be channels=NAME, locations=CODE, regions=CODE or segments=NAME"});
  if (!parity::is_report_group(query.group))
    errors.push_back({"group", "must be regions or segments"});
  read_time(call, "from", query.from, errors);
  read_time(call, "to", query.to, errors);
  return query;
}

enum class Format : std::uint8_t { json, html, junit, csv };

Answer parity_report(Facade& facade, const ApiCall& call, Format format) {
  std::vector<FieldError> errors;
  only_known(call,
             {"capability", "operation", "verdict", "kind", "path", "cohort", "group", "from", "to",
              "unusedDays"},
             errors);
  const parity::ReportQuery query = report_query(call, errors);
  const int unused_days = unused_days_of(call, errors);
  if (!errors.empty()) return validation(errors);
  facade.ledger().flush();
  auto found = facade.ledger().report(query);
  if (!found) return problem_for(found.error());
  const auto known = facade.ledger().known_uses();
  if (!known) return problem_for(known.error());
  parity::Report report = std::move(found).value();
  report.wave = facade.settings().wave;
  report.made_at = facade.settings().now();
  report.rules = parity::rules_shown(facade.comparisons().rules(), report, *known, unused_days);
  report.requests = [&](const parity::LedgerEntry& pair, const std::string& side) {
    const auto asked = parse_side(side);
    return asked ? requests_of(facade, pair, *asked) : std::vector<std::string>{};
  };
  Answer answer;
  answer.html = format == Format::html;
  answer.xml = format == Format::junit;
  answer.csv = format == Format::csv;
  answer.body = format == Format::html    ? parity::report_html(report)
                : format == Format::junit ? parity::report_junit(report)
                : format == Format::csv   ? parity::report_csv(report)
                                          : parity::report_json(report);
  return answer;
}

// A page of pairs; whoever wants all of them goes on behind the last entry until a page is empty.
Answer parity_pairs(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call,
             {"capability", "operation", "verdict", "kind", "path", "cohort", "group", "from", "to",
              "after", "unmask", "reason"},
             errors);
  const parity::ReportQuery query = report_query(call, errors);
  std::int64_t after = 0;
  if (const auto text = query_of(call, "after")) {
    const auto number = Decimal::parse(*text);
    if (text->size() > 17 || !number || number->scale() != 0 || number->is_negative()) {
      errors.push_back({"after", "must be the entry of an earlier page's last record"});
    } else {
      after = std::stoll(*text);
    }
  }
  const Unmasking unmasking = unmasking_of(call, errors);
  if (!errors.empty()) return validation(errors);
  if (unmasking.refused) return *unmasking.refused;
  facade.ledger().flush();
  const auto pairs = facade.ledger().pairs(query, after, pairs_of_page);
  if (!pairs) return problem_for(pairs.error());
  if (unmasking.asked) {
    // Nothing is shown that was not written down before.
    const Status noted = note_unmasking(facade, call, "parity pairs", *pairs);
    if (!noted) return problem_for(noted.error());
  }
  Answer answer;
  answer.csv = true;
  answer.body =
      parity::pairs_csv_head() + parity::pairs_csv(*pairs, facade.settings().wave, unmasking.asked);
  return answer;
}

// ---- asking both ERPs again for one pair

struct Asked {
  std::int64_t id = 0;
  bool unmasked = false;
  std::optional<Answer> refused;
};

// Who may ask, for what; nothing is asked that was not written down before.
Asked asked_of(Facade& facade, const ApiCall& call, const std::string& kind) {
  Asked asked;
  const auto refuse = [&](Answer answer) {
    asked.refused = std::move(answer);
    return asked;
  };
  std::vector<FieldError> errors;
  only_known(call, {"unmask", "reason"}, errors);
  const auto id = id_of(call);
  if (!id)
    return refuse(problem(404, "not-found", "Not found",
                          "No comparison has the id " + call.params.at("id") + "."));
  asked.id = *id;
  asked.unmasked = query_of(call, "unmask").value_or("") == "true";
  const std::string reason = query_of(call, "reason").value_or("");
  if (asked.unmasked && reason.empty())
    errors.push_back({"reason", "must say why personal data is shown"});
  if (!errors.empty()) return refuse(validation(errors));
  if (const auto refused = asked.unmasked ? needs_role(call, {"qa", "architect"})
                                          : needs_role(call, {"qa", "architect", "operator"}))
    return refuse(*refused);
  const auto pair = stored_pair(facade, asked.id);
  if (!pair) return refuse(problem_for(pair.error()));
  Value detail = Value::object();
  detail.set("capability", pair->question.capability);
  detail.set("operation", pair->question.operation);
  detail.set("subject", pair->question.subject);
  detail.set("role", call.role);
  detail.set("unmasked", Value::boolean(asked.unmasked));
  if (!reason.empty()) detail.set("reason", reason);
  const Status noted =
      facade.audit().write([&](journal::JournalTransaction&, AuditTrail::Pen& pen) {
        pen.add({kind, call.subject, "parity entry " + std::to_string(asked.id), detail});
        return true;
      });
  if (!noted) return refuse(problem_for(noted.error()));
  return asked;
}

std::string reason_shown(const parity::Comparison& comparison, bool unmasked) {
  return unmasked ? comparison.reason : parity::masked_reason(comparison.reason);
}

Value side_value(const parity::Side& side, bool unmasked) {
  Value value = Value::object();
  if (side.document) {
    const auto shown_document = json::parse(shown("", json::write(*side.document), unmasked));
    value.set("document", shown_document ? *shown_document : Value::null());
  } else if (side.error) {
    Value error = Value::object();
    error.set("code", underpin::name(side.error->code));
    const std::string code = std::string(underpin::name(side.error->code)) + ": ";
    error.set("message",
              unmasked ? side.error->message
                       : parity::masked_reason(code + side.error->message).substr(code.size()));
    if (!side.error->vendor_code.empty()) error.set("vendorCode", side.error->vendor_code);
    value.set("error", std::move(error));
  }
  if (!side.as_of.empty()) value.set("asOf", side.as_of.text());
  value.set("micros", Value::integer(side.micros));
  return value;
}

Answer replay_pair(Facade& facade, const ApiCall& call) {
  const Asked asked = asked_of(facade, call, "parity_replayed");
  if (asked.refused) return *asked.refused;
  const auto replayed = replay(facade, asked.id, call.context());
  if (!replayed) return problem_for(replayed.error());
  const parity::LedgerEntry& then = replayed->then;
  const Comparisons::Look& now = replayed->now;
  Value body = Value::object();
  body.set("id", Value::integer(then.id));
  body.set("capability", then.question.capability);
  body.set("operation", then.question.operation);
  body.set("subject", then.question.subject);
  Value before = Value::object();
  before.set("at", then.at.text());
  before.set("verdict", parity::name(then.comparison.verdict));
  if (!then.comparison.reason.empty())
    before.set("reason", reason_shown(then.comparison, asked.unmasked));
  if (!then.rules.empty()) before.set("rules", then.rules);
  before.set("primarySystem", then.primary_system);
  before.set("secondarySystem", then.secondary_system);
  before.set("differences", differences_value(then.comparison, asked.unmasked));
  body.set("then", std::move(before));
  Value after = Value::object();
  after.set("at", facade.settings().now().text());
  after.set("verdict", parity::name(now.comparison.verdict));
  if (!now.comparison.reason.empty())
    after.set("reason", reason_shown(now.comparison, asked.unmasked));
  after.set("rules", parity::identity(facade.comparisons().rules()));
  after.set("onItsWay", Value::boolean(now.on_its_way));
  after.set("primarySide", name(now.primary));
  after.set("primarySystem", facade.systems().on(now.primary).name);
  after.set("secondarySystem", facade.systems().on(other(now.primary)).name);
  after.set("primary", side_value(now.of_primary, asked.unmasked));
  after.set("secondary", side_value(now.of_secondary, asked.unmasked));
  after.set("differences", differences_value(now.comparison, asked.unmasked));
  body.set("now", std::move(after));
  Value requests = Value::object();
  for (const Side side : {Side::legacy, Side::cloud}) {
    Value commands = Value::array();
    for (const std::string& command : requests_of(facade, then, side)) commands.push(command);
    requests.set(std::string(name(side)), std::move(commands));
  }
  body.set("requests", std::move(requests));
  return Answer::json(200, body);
}

// What one ERP says of the pair's subject now.
Answer read_side(Facade& facade, const ApiCall& call) {
  const auto side = parse_side(call.params.at("side"));
  if (!side) return problem(404, "not-found", "Not found", "A side is `legacy` or `cloud`.");
  const Asked asked = asked_of(facade, call, "parity_side_read");
  if (asked.refused) return *asked.refused;
  const auto pair = stored_pair(facade, asked.id);
  if (!pair) return problem_for(pair.error());
  const auto check = check_again(facade, *pair, call.context());
  if (!check) return problem_for(check.error());
  Value body = Value::object();
  body.set("id", Value::integer(asked.id));
  body.set("operation", pair->question.operation);
  body.set("subject", pair->question.subject);
  body.set("side", name(*side));
  body.set("system", facade.systems().on(*side).name);
  const Value answered = side_value(check->ask(*side), asked.unmasked);
  for (const json::Member& member : answered.members()) body.set(member.key, member.value);
  return Answer::json(200, body);
}

}  // namespace

Value differences_value(const parity::Comparison& comparison, bool unmasked) {
  Value list = Value::array();
  for (const parity::Difference& difference : comparison.differences) {
    Value one = Value::object();
    one.set("path", difference.path);
    one.set("kind", parity::name(difference.kind));
    one.set("verdict", parity::name(difference.verdict));
    one.set("primary", shown(difference.path, difference.primary, unmasked));
    one.set("secondary", shown(difference.path, difference.secondary, unmasked));
    if (!difference.rule.empty()) one.set("rule", difference.rule);
    list.push(std::move(one));
  }
  return list;
}

int unused_days_of(const ApiCall& call, std::vector<FieldError>& errors) {
  const auto asked = query_of(call, "unusedDays");
  if (!asked) return unused_days_standard;
  const auto days = Decimal::parse(*asked);
  if (!days || days->scale() != 0 || *days < Decimal::of(1) || *days > Decimal::of(3650)) {
    errors.push_back({"unusedDays", "must be 1 to 3650"});
    return unused_days_standard;
  }
  return static_cast<int>(days->coefficient());
}

ApiRoutes parity_report_routes(Facade& facade) {
  ApiRoutes routes;
  const auto add = [&](std::string method, std::string pattern, std::string operation,
                       ApiHandler handler) {
    ApiRoute route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.operation = std::move(operation);
    route.handler = std::move(handler);
    routes.push_back(std::move(route));
  };
  const auto report = [&](std::string pattern, std::string operation, Format format) {
    add("GET", std::move(pattern), std::move(operation),
        [&facade, format](const ApiCall& call) { return parity_report(facade, call, format); });
  };
  report("/ops/v1/parity", "parity_summary", Format::json);
  report("/ops/v1/parity/report.html", "parity_report", Format::html);
  report("/ops/v1/parity/report.xml", "parity_junit", Format::junit);
  report("/ops/v1/parity/report.csv", "parity_cells", Format::csv);
  add("GET", "/ops/v1/parity/pairs.csv", "parity_pairs",
      [&](const ApiCall& call) { return parity_pairs(facade, call); });
  add("POST", "/ops/v1/parity/entries/{id}/replay", "replay_parity_entry",
      [&](const ApiCall& call) { return replay_pair(facade, call); });
  add("GET", "/ops/v1/parity/entries/{id}/sides/{side}", "read_parity_side",
      [&](const ApiCall& call) { return read_side(facade, call); });
  return routes;
}

}  // namespace underpin::facade::api
