// The half of CutoverDesk that makes plans move by two people, and at a time.
#include "facade/cutover_desk.h"

#include <limits>

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

constexpr std::int64_t schedule_patience_ms = 15 * 60'000;

std::set<std::int64_t> dead_letters_of(const JournalReader& reader, const std::string& wave,
                                       Capability capability) {
  std::set<std::int64_t> ids;
  for (const auto& exception : reader.exceptions("open", std::numeric_limits<int>::max())) {
    if (exception.kind == "dead_letter" && exception.capability == capability &&
        exception.wave == wave)
      ids.insert(exception.id);
  }
  return ids;
}

AuditNote note_of(const std::string& kind, const std::string& actor, Capability capability,
                  const Proposal& proposal) {
  AuditNote note;
  note.kind = kind;
  note.actor = actor;
  note.about = name(capability);
  note.detail.set("proposal", to_json(proposal));
  return note;
}

void add_role(std::vector<std::string>& roles, const std::string& role) {
  for (const std::string& known : roles)
    if (known == role) return;
  roles.push_back(role);
}

bool same_but_for_numbers(std::string a, std::string b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::erase_if(a, digit);
  std::erase_if(b, digit);
  return a == b;
}

Error refused_because(const std::string& why) {
  return {ErrorCode::rejected, why, {}, {}, 0, {{"/proposal", why}}};
}

}  // namespace

std::string CutoverDesk::book_name(Capability capability) const {
  return "cutover/proposals/" + plans_.wave() + "/" + std::string(name(capability));
}

Result<std::vector<parity::DifferenceClass>> CutoverDesk::open_classes(
    Capability capability) const {
  const Timestamp since = now_().plus_ms(-settings_.differences_hours * 3'600'000);
  if (read_differences_) return read_differences_(capability, since);
  ledger_.flush();
  return ledger_.open_differences(std::string(name(capability)), since);
}

Result<Proposal> CutoverDesk::propose(Capability capability, const Wish& wish,
                                      std::int64_t expected, const Act& act) {
  if (auto missing = unreferenced(act)) return *missing;
  if (wish.change.find("transfer") == nullptr) {
    const auto request = read_change(wish.change, capability);
    if (!request) return request.error();
  }
  const auto classes = open_classes(capability);
  if (!classes) return classes.error();
  Proposal proposal;
  proposal.plan_version = expected;
  proposal.change = wish.change;
  proposal.requester = act.actor;
  proposal.reason = act.reason;
  proposal.change_reference = act.change_reference;
  proposal.force = wish.force;
  proposal.requested_at = now_();
  proposal.not_before = wish.not_before;
  if (!wish.not_before.empty()) {
    proposal.not_after =
        wish.not_after.empty() ? wish.not_before.plus_ms(schedule_patience_ms) : wish.not_after;
    if (proposal.not_after < proposal.not_before || proposal.not_after < proposal.requested_at)
      return refused_because("notAfter lies before notBefore, or in the past");
  }
  const auto& rule = settings_.approvals[static_cast<std::size_t>(capability)];
  if (rule) proposal.required = rule->roles;
  if (wish.force) add_role(proposal.required, "approver");
  for (const parity::DifferenceClass& one : *classes) {
    AcceptedClass accepted;
    accepted.seen = one;
    accepted.count_ceiling = one.count;
    if (one.amount) accepted.money_ceiling = one.money;
    proposal.classes.push_back(std::move(accepted));
  }
  if (proposal.required.empty()) proposal.state = "approved";
  Error refused{ErrorCode::internal, "the proposal was not kept"};
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (!plan) {
      refused = plan.error();
      return false;
    }
    if (plan->version != expected) {
      refused = {ErrorCode::conflict, "the plan is at version " + std::to_string(plan->version) +
                                          ", not " + std::to_string(expected)};
      return false;
    }
    auto known = read_book(tx.fact(book_name(capability)));
    if (!known) {
      refused = known.error();
      return false;
    }
    ProposalBook book = std::move(known).value();
    proposal.id = book.next_id++;
    proposal.dead_letters = dead_letters_of(tx, plans_.wave(), capability);
    book.proposals.push_back(proposal);
    tx.set_fact(book_name(capability), write_book(book));
    pen.add(note_of("proposal_made", act.actor, capability, proposal));
    return true;
  });
  if (!written) return written.error().code == ErrorCode::conflict ? refused : written.error();
  return proposal;
}

Result<std::vector<Proposal>> CutoverDesk::proposals(Capability capability) const {
  Result<ProposalBook> book = ProposalBook{};
  const Status read = journal_.read(
      [&](const JournalReader& reader) { book = read_book(reader.fact(book_name(capability))); });
  if (!read) return read.error();
  if (!book) return book.error();
  return book->proposals;
}

Result<Proposal> CutoverDesk::with_proposal(Capability capability, std::int64_t id,
                                            const Change& change) {
  std::optional<Error> refused;
  Proposal after;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    auto known = read_book(tx.fact(book_name(capability)));
    if (!known) {
      refused = known.error();
      return false;
    }
    ProposalBook book = std::move(known).value();
    Proposal* proposal = book.find(id);
    if (proposal == nullptr) {
      refused = Error{ErrorCode::not_found, "there is no proposal " + std::to_string(id) + " for " +
                                                std::string(name(capability))};
      return false;
    }
    const std::string why_before = proposal->why;
    refused = change(tx, pen, *proposal);
    after = *proposal;
    // A schedule that is refused again for the same reason says so once.
    if (refused && !after.over() && !after.not_before.empty() &&
        same_but_for_numbers(why_before, after.why))
      return false;
    tx.set_fact(book_name(capability), write_book(book));
    // A refusal that changed nothing leaves nothing; one that voided the proposal is kept.
    return !refused || !pen.written().empty();
  });
  if (refused) return *refused;
  if (!written) return written.error();
  return after;
}

Result<Proposal> CutoverDesk::approve(Capability capability, std::int64_t id,
                                      const Approval& approval) {
  const auto classes = open_classes(capability);
  if (!classes) return classes.error();
  return with_proposal(
      capability, id,
      [&](JournalTransaction& tx, AuditTrail::Pen& pen,
          Proposal& proposal) -> std::optional<Error> {
        const std::string refused = signature_refused(proposal, approval.role, approval.subject);
        if (!refused.empty()) return refused_because(refused);
        const bool gives_ceilings = !approval.ceilings.empty() || approval.headroom_percent != 0;
        const std::string acceptor = acceptor_of(proposal);
        if (gives_ceilings && approval.role != acceptor)
          return refused_because("ceilings are given by the one who accepts differences: " +
                                 acceptor);
        if (gives_ceilings) {
          const Status set = set_ceilings(proposal, approval.ceilings, approval.headroom_percent);
          if (!set) return set.error();
        }
        const auto plan = plan_in(tx, plans_.wave(), capability);
        if (!plan) return plan.error();
        const std::string moved = void_reason(
            proposal, plan->version, dead_letters_of(tx, plans_.wave(), capability), *classes);
        if (!moved.empty()) {
          proposal.state = "void";
          proposal.why = moved;
          pen.add(note_of("proposal_void", approval.subject, capability, proposal));
          return refused_because("the proposal is void: " + moved);
        }
        proposal.signatures.push_back({approval.role, approval.subject, approval.reason, now_()});
        if (proposal.signatures.size() == proposal.required.size()) proposal.state = "approved";
        pen.add(note_of("proposal_signed", approval.subject, capability, proposal));
        return std::nullopt;
      });
}

Result<Proposal> CutoverDesk::reject(Capability capability, std::int64_t id, const Act& act) {
  return with_proposal(
      capability, id,
      [&](JournalTransaction&, AuditTrail::Pen& pen, Proposal& proposal) -> std::optional<Error> {
        if (proposal.over()) return refused_because("the proposal is " + proposal.state);
        proposal.state = "rejected";
        proposal.why = act.reason;
        pen.add(note_of("proposal_rejected", act.actor, capability, proposal));
        return std::nullopt;
      });
}

Result<CutoverStatus> CutoverDesk::publish(Capability capability, std::int64_t id, const Act& act) {
  const auto guards = read_guards_(plans_.plan(capability));
  // Judged for the stage that it names, before the transaction: the price basket asks ERPs.
  const auto known = proposals(capability);
  if (!known) return known.error();
  std::optional<cutover::GateReading> gate;
  for (const Proposal& one : *known) {
    if (one.id != id || one.over() || now_() < one.not_before) continue;
    const auto wanted = read_change(one.change, capability);
    if (wanted) gate = gate_for(capability, wanted->stage);
  }
  const auto classes = open_classes(capability);  // Just before the transaction that publishes.
  if (!classes) return classes.error();
  const auto done = with_proposal(
      capability, id,
      [&](JournalTransaction& tx, AuditTrail::Pen& pen,
          Proposal& proposal) -> std::optional<Error> {
        if (proposal.state == "open") {
          std::string missing;
          for (const std::string& role : proposal.required) {
            bool signed_by = false;
            for (const Signature& one : proposal.signatures) signed_by |= one.role == role;
            if (!signed_by) missing += (missing.empty() ? "" : ", ") + role;
          }
          return refused_because("signatures are missing: " + missing);
        }
        if (proposal.state != "approved")
          return refused_because("the proposal is " + proposal.state);
        if (now_() < proposal.not_before)
          return refused_because("it is scheduled for " + proposal.not_before.text());
        const auto plan = plan_in(tx, plans_.wave(), capability);
        if (!plan) return plan.error();
        const std::string moved = void_reason(
            proposal, plan->version, dead_letters_of(tx, plans_.wave(), capability), *classes);
        if (!moved.empty()) {
          proposal.state = "void";
          proposal.why = moved;
          pen.add(note_of("proposal_void", act.actor, capability, proposal));
          return refused_because("the proposal is void: " + moved);
        }
        if (const Value* transfer = proposal.change.find("transfer")) {
          auto refused = start_transfer_(tx, pen, capability, *transfer,
                                         {act.actor, proposal.reason, proposal.change_reference});
          proposal.why = refused ? refused->message : std::string{};
          if (!refused) proposal.state = "published";
          return refused;
        }
        const auto request = read_change(proposal.change, capability);
        if (!request) return request.error();
        Step step;
        step.judge = [&](const cutover::Plan& current, const cutover::Facts& facts) {
          return cutover::check_change(current, *request, facts);
        };
        step.expected = proposal.plan_version;
        step.act = {act.actor, proposal.reason, proposal.change_reference};
        step.force = proposal.force;
        step.guards = guards;
        step.gate = gate;
        step.detail.set("proposal", to_json(proposal));
        auto refused = publish_in(tx, pen, capability, step);
        if (refused) {
          proposal.why = refused->message;
          return refused;
        }
        proposal.state = "published";
        return std::nullopt;
      });
  if (!done) return done.error();
  const Status refreshed = take();
  if (!refreshed) return refreshed.error();
  return status(capability);
}

bool CutoverDesk::run_schedule() {
  bool published = false;
  for (const Capability capability : all_capabilities) {
    const auto all = proposals(capability);
    if (!all) continue;
    const Timestamp now = now_();
    for (const Proposal& proposal : *all) {
      if (proposal.over() || proposal.not_before.empty() || now < proposal.not_before) continue;
      if (now < proposal.not_after) {
        if (proposal.state != "approved") continue;
        published |= publish(capability, proposal.id, {"underpin", "scheduled"}).has_value();
        continue;
      }
      (void)with_proposal(
          capability, proposal.id,
          [&](JournalTransaction&, AuditTrail::Pen& pen, Proposal& late) -> std::optional<Error> {
            if (late.over()) return refused_because("over");
            late.state = "expired";
            if (late.why.empty()) late.why = "signatures were missing";
            pen.add(note_of("proposal_expired", "underpin", capability, late));
            return std::nullopt;
          })
          .has_value();
    }
  }
  return published;
}

}  // namespace underpin::facade
