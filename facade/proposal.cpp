#include "facade/proposal.h"

#include <algorithm>
#include <tuple>

namespace underpin::facade {
namespace {

using json::Value;
using parity::DifferenceClass;

std::string named(const DifferenceClass& one) {
  return one.operation + " " + (one.path.empty() ? "(the answer)" : one.path) + " " + one.kind +
         (one.rule.empty() ? "" : " under the rule " + one.rule);
}

bool same_class(const DifferenceClass& a, const DifferenceClass& b) {
  return std::tie(a.operation, a.path, a.kind, a.rule) ==
         std::tie(b.operation, b.path, b.kind, b.rule);
}

std::int64_t int_in(const Value& value, std::string_view key) {
  const auto number = value.get(key).as_int();
  return number ? *number : 0;
}

Timestamp time_in(const Value& value, std::string_view key) {
  const auto time = Timestamp::parse(value.get(key).text());
  return time ? *time : Timestamp{};
}

std::optional<Decimal> decimal_in(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  if (member == nullptr) return std::nullopt;
  const auto decimal = member->as_any_decimal();
  return decimal ? std::optional(*decimal) : std::nullopt;
}

DifferenceClass class_in(const Value& value) {
  DifferenceClass one;
  one.operation = value.get("operation").text();
  one.path = value.get("path").text();
  one.kind = value.get("kind").text();
  one.rule = value.get("rule").text();
  return one;
}

std::int64_t raised(std::int64_t count, std::int64_t percent) {
  return count + (count * percent + 99) / 100;
}

}  // namespace

std::string acceptor_of(const Proposal& proposal) {
  if (std::find(proposal.required.begin(), proposal.required.end(), "finance") !=
      proposal.required.end())
    return "finance";
  return proposal.required.empty() ? std::string{} : proposal.required.front();
}

std::string void_reason(const Proposal& proposal, std::int64_t plan_version,
                        const std::set<std::int64_t>& dead_letters,
                        const std::vector<DifferenceClass>& classes) {
  if (proposal.plan_version != plan_version) {
    return "the plan has moved to version " + std::to_string(plan_version) +
           "; it was decided on version " + std::to_string(proposal.plan_version);
  }
  for (const std::int64_t id : dead_letters) {
    if (proposal.dead_letters.count(id) == 0)
      return "a dead letter that nobody has seen: exception " + std::to_string(id);
  }
  for (const DifferenceClass& one : classes) {
    const auto accepted =
        std::find_if(proposal.classes.begin(), proposal.classes.end(),
                     [&](const AcceptedClass& c) { return same_class(c.seen, one); });
    if (accepted == proposal.classes.end())
      return "a class of differences that nobody has seen: " + named(one);
    if (one.count > accepted->count_ceiling) {
      return named(one) + " is there " + std::to_string(one.count) + " times; accepted were " +
             std::to_string(accepted->count_ceiling);
    }
    if (accepted->money_ceiling && one.money > *accepted->money_ceiling) {
      return named(one) + " amounts to " + one.money.text() + "; accepted were " +
             accepted->money_ceiling->text();
    }
  }
  return {};
}

std::string signature_refused(const Proposal& proposal, const std::string& role,
                              const std::string& subject) {
  if (proposal.state != "open") return "the proposal is " + proposal.state + ", not open";
  if (subject == proposal.requester) return subject + " has proposed it: somebody else signs";
  if (std::find(proposal.required.begin(), proposal.required.end(), role) ==
      proposal.required.end())
    return "no signature of the role " + role + " is asked for";
  for (const Signature& signature : proposal.signatures) {
    if (signature.subject == subject)
      return subject + " has signed as " + signature.role + ": somebody else signs as " + role;
    if (signature.role == role) return signature.subject + " has signed as " + role;
  }
  return {};
}

Status set_ceilings(Proposal& proposal, const Value& ceilings, std::int64_t headroom_percent) {
  for (AcceptedClass& accepted : proposal.classes) {
    accepted.count_ceiling = raised(accepted.seen.count, headroom_percent);
    if (accepted.money_ceiling) {
      accepted.money_ceiling =
          accepted.seen.money.normalized() * Decimal{100 + headroom_percent, 2};
    }
  }
  std::size_t number = 0;
  for (const Value& ceiling : ceilings.items()) {
    const std::string at = "/ceilings/" + std::to_string(number++);
    const DifferenceClass wanted = class_in(ceiling);
    const auto accepted =
        std::find_if(proposal.classes.begin(), proposal.classes.end(),
                     [&](const AcceptedClass& c) { return same_class(c.seen, wanted); });
    if (accepted == proposal.classes.end()) {
      return Error{ErrorCode::invalid_request,
                   "no such class of differences is open",
                   {},
                   {},
                   0,
                   {{at, "names no class of this proposal: " + named(wanted)}}};
    }
    accepted->count_ceiling = int_in(ceiling, "count");
    if (const auto money = decimal_in(ceiling, "money")) accepted->money_ceiling = *money;
  }
  return Done{};
}

Value to_json(const Proposal& proposal) {
  Value value = Value::object();
  value.set("id", Value::integer(proposal.id));
  value.set("state", proposal.state);
  if (!proposal.why.empty()) value.set("why", proposal.why);
  value.set("planVersion", Value::integer(proposal.plan_version));
  value.set("change", proposal.change);
  value.set("requester", proposal.requester);
  value.set("reason", proposal.reason);
  if (!proposal.change_reference.empty()) value.set("changeReference", proposal.change_reference);
  value.set("force", Value::boolean(proposal.force));
  value.set("requestedAt", proposal.requested_at.text());
  if (!proposal.not_before.empty()) {
    value.set("notBefore", proposal.not_before.text());
    value.set("notAfter", proposal.not_after.text());
  }
  Value required = Value::array();
  for (const std::string& role : proposal.required) required.push(role);
  value.set("required", std::move(required));
  Value signatures = Value::array();
  for (const Signature& signature : proposal.signatures) {
    Value one = Value::object();
    one.set("role", signature.role);
    one.set("subject", signature.subject);
    one.set("reason", signature.reason);
    one.set("at", signature.at.text());
    signatures.push(std::move(one));
  }
  value.set("signatures", std::move(signatures));
  Value dead = Value::array();
  for (const std::int64_t id : proposal.dead_letters) dead.push(Value::integer(id));
  value.set("deadLetters", std::move(dead));
  Value classes = Value::array();
  for (const AcceptedClass& accepted : proposal.classes) {
    Value one = Value::object();
    one.set("operation", accepted.seen.operation);
    one.set("path", accepted.seen.path);
    one.set("kind", accepted.seen.kind);
    one.set("rule", accepted.seen.rule);
    one.set("count", Value::integer(accepted.seen.count));
    one.set("countCeiling", Value::integer(accepted.count_ceiling));
    if (accepted.money_ceiling) {
      one.set("money", accepted.seen.money.text());
      one.set("moneyCeiling", accepted.money_ceiling->text());
    }
    classes.push(std::move(one));
  }
  value.set("differences", std::move(classes));
  return value;
}

Result<Proposal> read_proposal(const Value& value) {
  if (!value.is_object()) return Error{ErrorCode::internal, "stored proposal: not an object"};
  Proposal proposal;
  proposal.id = int_in(value, "id");
  proposal.state = value.get("state").text();
  proposal.why = value.get("why").text();
  proposal.plan_version = int_in(value, "planVersion");
  proposal.change = value.get("change");
  proposal.requester = value.get("requester").text();
  proposal.reason = value.get("reason").text();
  proposal.change_reference = value.get("changeReference").text();
  const auto force = value.get("force").as_bool();
  proposal.force = force && *force;
  proposal.requested_at = time_in(value, "requestedAt");
  proposal.not_before = time_in(value, "notBefore");
  proposal.not_after = time_in(value, "notAfter");
  for (const Value& role : value.get("required").items()) proposal.required.push_back(role.text());
  for (const Value& one : value.get("signatures").items()) {
    proposal.signatures.push_back({one.get("role").text(), one.get("subject").text(),
                                   one.get("reason").text(), time_in(one, "at")});
  }
  for (const Value& id : value.get("deadLetters").items()) {
    const auto number = id.as_int();
    if (number) proposal.dead_letters.insert(*number);
  }
  for (const Value& one : value.get("differences").items()) {
    AcceptedClass accepted;
    accepted.seen = class_in(one);
    accepted.seen.count = int_in(one, "count");
    accepted.count_ceiling = int_in(one, "countCeiling");
    accepted.seen.money = decimal_in(one, "money").value_or(Decimal{});
    accepted.money_ceiling = decimal_in(one, "moneyCeiling");
    proposal.classes.push_back(std::move(accepted));
  }
  // What cannot be read must not pass for something that was signed.
  if (proposal.id == 0 || proposal.state.empty() || proposal.requester.empty())
    return Error{ErrorCode::internal, "stored proposal: id, state or requester is missing"};
  return proposal;
}

Proposal* ProposalBook::find(std::int64_t id) {
  for (Proposal& proposal : proposals)
    if (proposal.id == id) return &proposal;
  return nullptr;
}

std::string write_book(const ProposalBook& book) {
  std::size_t over = 0;
  for (const Proposal& proposal : book.proposals) over += proposal.over() ? 1 : 0;
  Value items = Value::array();
  for (const Proposal& proposal : book.proposals) {
    if (proposal.over() && over-- > proposals_kept) continue;  // The audit log has it.
    items.push(to_json(proposal));
  }
  Value value = Value::object();
  value.set("next", Value::integer(book.next_id));
  value.set("items", std::move(items));
  return json::write(value);
}

Result<ProposalBook> read_book(const std::string& text) {
  ProposalBook book;
  if (text.empty()) return book;
  const auto value = json::parse(text);
  if (!value) return Error{ErrorCode::internal, "stored proposals: " + value.error().message};
  book.next_id = int_in(*value, "next");
  for (const Value& item : value->get("items").items()) {
    auto proposal = read_proposal(item);
    if (!proposal) return proposal.error();
    book.proposals.push_back(std::move(proposal).value());
  }
  return book;
}

}  // namespace underpin::facade
