#include "parity/rules.h"

#include "contracts/error.h"
#include "parity/digest.h"
#include "parity/values.h"

#include <algorithm>
#include <array>
#include <set>

namespace underpin::parity {
namespace {

using json::Value;

constexpr std::array<std::pair<std::string_view, Rounding>, 3> policies{
    {{"half_even", Rounding::half_even}, {"half_up", Rounding::half_up}, {"down", Rounding::down}}};
const std::set<std::string_view> cohort_facts{"channels", "locations", "regions",
                                              "segments", "skus",      "keys"};

// One object of the file: every complaint about it goes to one list, with pointer and name.
class Reader {
 public:
  Reader(const Value& value, std::string at, std::vector<FieldError>& errors)
      : value_(value), at_(std::move(at)), errors_(errors), name_(value.get("name").text()) {
    if (!value.is_object()) complain("", "must be an object");
  }

  void complain(std::string_view key, const std::string& what) {
    errors_.push_back({key.empty() ? at_ : json::pointer_to(at_, key),
                       (name_.empty() ? "" : "\"" + name_ + "\": ") + what});
  }
  void known_keys(const std::set<std::string_view>& keys) {
    for (const json::Member& member : value_.members())
      if (keys.count(member.key) == 0) complain(member.key, "is not a known key");
  }
  std::string text(std::string_view key, bool required = false) {
    const Value* member = value_.find(key);
    if (member == nullptr) {
      if (required) complain(key, "is required");
      return {};
    }
    if (!member->is_string() || member->text().empty()) {
      complain(key, "must be a text that is not empty");
      return {};
    }
    return member->text();
  }
  std::string path(std::string_view key) {
    std::string text = this->text(key, true);
    if (!text.empty() && text[0] != '/') complain(key, "must be a JSON pointer: begin with /");
    return text;
  }
  bool flag(std::string_view key) {
    const Value* member = value_.find(key);
    if (member == nullptr) return false;
    const auto read = member->as_bool();
    if (!read) complain(key, "must be true or false");
    return read && *read;
  }
  std::optional<Decimal> decimal(std::string_view key) {
    const Value* member = value_.find(key);
    if (member == nullptr) return std::nullopt;
    const auto read = member->as_any_decimal();
    if (!read || read->is_negative()) {
      complain(key, "must be a decimal of at least 0");
      return std::nullopt;
    }
    return *read;
  }
  std::optional<Decimal> factor(std::string_view key) {
    const Value* member = value_.find(key);
    if (member == nullptr) return std::nullopt;
    const auto read = member->as_any_decimal();
    if (!read || read->is_zero()) {
      complain(key, "must be a decimal other than 0");
      return std::nullopt;
    }
    return *read;
  }
  // A text or a list of them.
  std::vector<std::string> texts(std::string_view key) {
    const Value* member = value_.find(key);
    if (member == nullptr) return {};
    if (member->is_string() && !member->text().empty()) return {member->text()};
    std::vector<std::string> all;
    for (const Value& item : member->items())
      if (item.is_string() && !item.text().empty()) all.push_back(item.text());
    if (all.empty() || all.size() != member->size())
      complain(key, "must be a text or a list of texts, none of them empty");
    return all;
  }
  Cohort cohort() {
    Cohort cohort;
    const Value* member = value_.find("cohort");
    if (member == nullptr) return cohort;
    Reader inner(*member, json::pointer_to(at_, "cohort"), errors_);
    inner.name_ = name_;
    inner.known_keys(cohort_facts);
    for (const json::Member& fact : member->members()) cohort[fact.key] = inner.texts(fact.key);
    if (cohort.empty()) complain("cohort", "must name somebody");
    return cohort;
  }
  std::optional<RoundingRule> rounding() {
    const Value* member = value_.find("rounding");
    if (member == nullptr) return std::nullopt;
    const auto scale = member->get("scale").as_int();
    const auto* const policy = std::find_if(policies.begin(), policies.end(), [&](const auto& one) {
      return one.first == member->get("policy").text();
    });
    if (!scale || *scale < 0 || *scale > Decimal::scale_max || policy == policies.end() ||
        member->size() != 2) {
      complain("rounding", "must be {\"scale\": 0 to 20, \"policy\": half_even, half_up or down}");
      return std::nullopt;
    }
    return RoundingRule{static_cast<int>(*scale), policy->second};
  }
  std::vector<Value> blanks() {
    const Value* member = value_.find("blanks");
    if (member == nullptr) return {};
    if (!member->is_array() || member->empty()) complain("blanks", "must be a list of values");
    std::vector<Value> all = member->items();
    all.push_back(Value::null());
    return all;
  }
  Date day(std::string_view key) {
    const std::string text = this->text(key, true);
    if (text.empty()) return {};
    const auto read = Date::parse(text);
    if (!read) complain(key, "must be a day, YYYY-MM-DD");
    return read ? *read : Date{};
  }
  const Value& value() const { return value_; }
  const std::string& at() const { return at_; }

 private:
  const Value& value_;
  const std::string at_;
  std::vector<FieldError>& errors_;
  std::string name_;
};

struct File {
  Rules rules;
  std::vector<FieldError> errors;
  std::set<std::string> names;

  void once(Reader& reader, const std::string& name) {
    if (!name.empty() && !names.insert(name).second) reader.complain("name", "is used twice");
  }

  void rule(Reader reader) {
    reader.known_keys({"name",     "capability", "operation",  "path",     "cohort",
                       "reason",   "of",         "ignore",     "volatile", "listKey",
                       "ordered",  "set",        "anyCase",    "trimmed",  "leadingZeros",
                       "padding",  "zone",       "codes",      "units",    "unitAt",
                       "perUnit",  "factor",     "blanks",     "rounding", "references",
                       "absolute", "relative",   "perDocument"});
    Rule rule;
    rule.name = reader.text("name", true);
    once(reader, rule.name);
    rule.capability = reader.text("capability");
    rule.operation = reader.text("operation");
    rule.path = reader.path("path");
    rule.cohort = reader.cohort();
    rule.reason = reader.text("reason");
    rule.of = reader.text("of");
    rule.ignore = reader.flag("ignore");
    rule.volatile_field = reader.flag("volatile");
    rule.list_key = reader.texts("listKey");
    rule.ordered = reader.flag("ordered");
    rule.set = reader.flag("set");
    rule.any_case = reader.flag("anyCase");
    rule.trimmed = reader.flag("trimmed");
    rule.leading_zeros = reader.flag("leadingZeros");
    rule.padding = reader.text("padding");
    rule.zone = reader.text("zone");
    rule.codes = reader.text("codes");
    rule.units = reader.text("units");
    rule.unit_at = reader.text("unitAt");
    rule.per_unit = reader.flag("perUnit");
    rule.factor = reader.factor("factor");
    rule.blanks = reader.blanks();
    rule.rounding = reader.rounding();
    rule.references = reader.text("references");
    rule.absolute = reader.decimal("absolute");
    rule.relative = reader.decimal("relative");
    rule.per_document = reader.decimal("perDocument");
    if (rule.factor && rule.of.empty())
      reader.complain("factor", "needs \"of\": whose numbers are multiplied");
    if (rule.padding.size() > 1) reader.complain("padding", "must be one character");
    if (!rule.zone.empty() && !is_zone(rule.zone))
      reader.complain("zone", "must be a time zone, as in Europe/Berlin");
    if (rule.set && !rule.list_key.empty()) reader.complain("set", "does not go with listKey");
    if (rule.ordered && rule.list_key.empty()) reader.complain("ordered", "needs listKey");
    if (!rule.unit_at.empty() && rule.units.empty()) reader.complain("unitAt", "needs units");
    if (rule.per_unit && rule.unit_at.empty()) reader.complain("perUnit", "needs unitAt");
    if (!rule.codes.empty() && rules.codes.count(rule.codes) == 0)
      reader.complain("codes", "must name one of codeMaps");
    if (!rule.units.empty() && rules.units.count(rule.units) == 0)
      reader.complain("units", "must name one of unitMaps");
    rule.content = sha256_hex(canonical_text(reader.value()));
    rules.rules.push_back(std::move(rule));
  }

  void known(Reader reader) {
    reader.known_keys({"name", "capability", "operation", "path", "cohort", "subject", "atMost",
                       "kinds", "answers", "owner", "reason", "ticket", "approvedBy", "expires",
                       "budget"});
    KnownDifference known;
    known.name = reader.text("name", true);
    once(reader, known.name);
    known.capability = reader.text("capability");
    known.operation = reader.text("operation");
    if (reader.value().find("answers") == nullptr) {
      known.path = reader.path("path");
    } else {
      known.answers = answers(reader, true);
      known.kinds = {Kind::outcome};
      const auto& both = known.answers;
      if (both.size() != 2) {
        reader.complain("answers", "must be two: what one side says, and what the other does");
      } else if (both[0].code.empty() && both[0].vendor_code.empty() && both[0].message.empty() &&
                 both[1].code.empty() && both[1].vendor_code.empty() && both[1].message.empty()) {
        reader.complain("answers", "must have an error: two documents are compared by path");
      }
      for (const char* key : {"path", "atMost", "kinds"})
        if (reader.value().find(key) != nullptr) reader.complain(key, "does not go with answers");
    }
    known.cohort = reader.cohort();
    known.subject = reader.text("subject");
    known.at_most = reader.decimal("atMost");
    for (const std::string& text : reader.texts("kinds")) {
      const auto kind = parse_kind(text);
      if (!kind) reader.complain("kinds", "does not know " + text);
      if (kind && known.answers.empty()) known.kinds.push_back(*kind);
    }
    known.owner = reader.text("owner", true);
    known.reason = reader.text("reason", true);
    known.ticket = reader.text("ticket", true);
    known.approved_by = reader.text("approvedBy", true);
    known.expires = reader.day("expires");
    if (const Value* budget = reader.value().find("budget")) {
      Reader inner(*budget, json::pointer_to(reader.at(), "budget"), errors);
      inner.known_keys({"hits", "money"});
      if (inner.decimal("hits")) {
        const auto whole = budget->get("hits").as_int();
        if (!whole) inner.complain("hits", "must be a whole number");
        if (whole) known.budget_hits = *whole;
      }
      known.budget_money = inner.decimal("money");
    }
    if (!known.budget_hits && !known.budget_money)
      reader.complain("budget", "must limit hits, money or both");
    rules.known.push_back(std::move(known));
  }

  std::vector<AnswerPattern> answers(Reader& reader, bool of_known) {
    std::vector<AnswerPattern> all;
    std::size_t number = 0;
    for (const Value& item : reader.value().get("answers").items()) {
      Reader answer(item, reader.at() + "/answers/" + std::to_string(number++), errors);
      std::set<std::string_view> keys{"system", "code", "vendorCode", "message", "empty"};
      if (of_known) keys.insert("answered");
      answer.known_keys(keys);
      AnswerPattern one;
      one.system = answer.text("system");
      one.code = answer.text("code");
      one.vendor_code = answer.text("vendorCode");
      one.message = answer.text("message");
      one.empty = answer.flag("empty");
      one.answered = of_known && answer.flag("answered");
      ErrorCode code{};
      if (!one.code.empty() && !underpin::parse(one.code, code))
        answer.complain("code", "must be one of the error codes");
      const bool error = !one.code.empty() || !one.vendor_code.empty() || !one.message.empty();
      if (!error && !one.empty && !one.answered)
        answer.complain("", "must say what answers it is about");
      if (error && one.answered) answer.complain("answered", "is no error");
      all.push_back(std::move(one));
    }
    return all;
  }

  void outcome(Reader reader) {
    reader.known_keys({"name", "capability", "operation", "answers", "reason"});
    OutcomeClass outcome;
    outcome.name = reader.text("name", true);
    once(reader, outcome.name);
    outcome.capability = reader.text("capability");
    outcome.operation = reader.text("operation");
    outcome.reason = reader.text("reason", true);
    outcome.answers = answers(reader, false);
    if (outcome.answers.empty()) reader.complain("answers", "must not be empty");
    outcome.content = sha256_hex(canonical_text(reader.value()));
    rules.outcomes.push_back(std::move(outcome));
  }

  // "codeMaps": {"countries": {"DE": ["DEU", "Germany"]}}
  void code_maps(const Value& maps) {
    for (const json::Member& map : maps.members()) {
      const std::string at = json::pointer_to("/codeMaps", map.key);
      Reader reader(map.value, at, errors);
      for (const json::Member& code : map.value.members()) {
        rules.codes[map.key].emplace(code.key, code.key);
        for (const std::string& alias : reader.texts(code.key))
          if (!rules.codes[map.key].emplace(alias, code.key).second)
            reader.complain(code.key, "maps " + alias + " twice");
      }
    }
  }

  // "unitMaps": {"packs": {"BOX": {"unit": "PCS", "factor": "12"}}}
  void unit_maps(const Value& maps) {
    for (const json::Member& map : maps.members()) {
      const std::string at = json::pointer_to("/unitMaps", map.key);
      for (const json::Member& code : map.value.members()) {
        Reader reader(code.value, json::pointer_to(at, code.key), errors);
        reader.known_keys({"unit", "factor"});
        UnitOf unit;
        unit.base = reader.text("unit", true);
        unit.factor = reader.factor("factor").value_or(Decimal::of(1));
        rules.units[map.key].emplace(code.key, unit);
      }
    }
  }

  void list(const Value& file, std::string_view key, void (File::*read)(Reader)) {
    const Value* items = file.find(key);
    if (items == nullptr) return;
    const std::string at = json::pointer_to("", key);
    if (!items->is_array()) errors.push_back({at, "must be a list"});
    std::size_t number = 0;
    for (const Value& item : items->items())
      (this->*read)(Reader(item, json::pointer_to(at, number++), errors));
  }
};

}  // namespace

std::string identity(const Rules& rules) {
  return rules.version.empty() ? std::string{} : rules.version + "@" + rules.hash.substr(0, 12);
}

Result<Rules> read_rules(std::string_view json_text, const std::string& file) {
  const auto parsed = json::parse_with_comments(json_text);
  if (!parsed) {
    Error error = parsed.error();
    error.message = file + ": " + error.message;
    return error;
  }
  if (!parsed->is_object())
    return Error{ErrorCode::invalid_request, file + ": a rule file is a JSON object"};
  File all;
  Reader top(*parsed, "", all.errors);
  top.known_keys(
      {"$schema", "version", "codeMaps", "unitMaps", "rules", "outcomes", "knownDifferences"});
  all.rules.version = top.text("version", true);
  all.rules.hash = sha256_hex(json_text);
  all.code_maps(parsed->get("codeMaps"));
  all.unit_maps(parsed->get("unitMaps"));
  all.list(*parsed, "rules", &File::rule);
  all.list(*parsed, "outcomes", &File::outcome);
  all.list(*parsed, "knownDifferences", &File::known);
  if (!all.errors.empty()) {
    Error error{ErrorCode::invalid_request, file + " breaks its rules"};
    for (const FieldError& field : all.errors)
      error.message += "; " + field.pointer + " " + field.detail;
    error.fields = all.errors;
    return error;
  }
  return all.rules;
}

}  // namespace underpin::parity
