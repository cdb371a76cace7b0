#include "facade/gate_facts.h"

#include "facade/cohorts.h"
#include "facade/legacy_history.h"
#include "facade/order_content.h"
#include "parity/evidence_summary.h"

#include <algorithm>
#include <optional>

namespace underpin::facade {
namespace {

using journal::JournalReader;

constexpr std::int64_t documents_max = 100'000;  // Of legacy's history.
constexpr const char* after_writes = "held_after_writes";

bool is_read(const std::string& operation) {
  return operation == "get_order" || operation == "get_stock" || operation == "quote" ||
         operation == "list_prices" || operation == "get_customer" ||
         operation == "search_customers";
}

// What both hold after a write is one question, whichever write it was. A mirror that the other ERP
// refused is wrong where that write would have been seen.
std::string operation_of_cell(const parity::SubjectEvidence& one, bool compares_writes) {
  if (one.operation.rfind("held_after_", 0) == 0) return after_writes;
  return shown_by(one.operation, compares_writes);
}

// A subject is one sample of a cell, whatever it was asked about: its newest comparison counts.
std::vector<parity::SubjectEvidence> by_cell(const parity::Evidence& evidence,
                                             bool compares_writes) {
  std::vector<parity::SubjectEvidence> found;
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (parity::SubjectEvidence one : evidence.subjects) {
    one.operation = operation_of_cell(one, compares_writes);
    if (one.operation.empty()) continue;
    const auto [at, fresh] = known.try_emplace({one.operation, one.subject}, found.size());
    if (fresh) {
      found.push_back(std::move(one));
    } else {
      parity::add(found[at->second], one);
    }
  }
  return found;
}

std::optional<cutover::Subject> cohort_facts(const JournalReader& reader, Capability capability,
                                             const parity::SubjectEvidence& one) {
  switch (capability) {
    case Capability::orders: {
      const auto id = order_id_of(one.subject);
      const auto document = id ? reader.document(*id) : std::nullopt;
      auto order = document ? read_content(document->content) : std::nullopt;
      if (!order) return std::nullopt;
      order->id = document->id;
      return cohort_of(*order, reader);
    }
    case Capability::inventory: {
      const std::size_t at = one.subject.rfind('@');
      if (at == std::string::npos) return std::nullopt;
      return cohort_of(
          StockKey{Sku{one.subject.substr(0, at)}, LocationCode{one.subject.substr(at + 1)}});
    }
    case Capability::pricing:
      if (one.operation == "list_prices") {
        cutover::Subject subject(one.subject);
        subject.skus = {one.subject};
        return subject;
      }
      return cohort_of(CustomerNumber{one.subject}, reader);
    case Capability::customers:
      // A search finds customers of any cohort.
      if (one.operation == "search_customers") return cutover::Subject(one.subject);
      return cohort_of(CustomerNumber{one.subject}, reader);
  }
  return std::nullopt;
}

// A class that a rule ignores, or that no document holds, is not shown to be equal by the others.
bool shows(const parity::SubjectEvidence& one, const std::string& field_class) {
  return field_class.empty() || one.classes.count(field_class) != 0 ||
         one.wrong.count(field_class) != 0;
}

void count(parity::GateCell& cell, const parity::SubjectEvidence& one) {
  cell.asked += one.asked;
  cell.not_compared += one.not_compared;
  if (one.verdict != parity::Verdict::not_compared && !shows(one, cell.field_class)) {
    ++cell.without;
    return;
  }
  switch (one.verdict) {
    case parity::Verdict::not_compared:
      return;
    case parity::Verdict::late:
      ++cell.late;
      return;
    case parity::Verdict::mismatch:
      if (cell.field_class.empty() || one.wrong.count(cell.field_class) != 0) ++cell.mismatches;
      break;
    case parity::Verdict::tolerated:
      ++cell.tolerated;
      break;
    case parity::Verdict::known_difference:
      ++cell.known;
      break;
    case parity::Verdict::match:
      break;
  }
  ++cell.compared;
  if (one.scenario) ++cell.replayed;
}

}  // namespace

std::string shown_by(const std::string& operation, bool compares_writes) {
  if (is_read(operation)) return operation;
  if (operation == "place_order" || operation == "amend_order")
    return compares_writes ? after_writes : "get_order";
  // As the outbox calls what it delivers, too.
  if (operation == "cancel_order" || operation == "follow_order") return "get_order";
  if (operation == "get_availability" || operation == "adjust_stock") return "get_stock";
  if (operation == "create_customer" || operation == "amend_customer" ||
      operation == "put_customer")
    return "get_customer";
  if (operation == "publish_prices") return "quote";
  return {};
}

std::vector<parity::GateCell> cells_in(const JournalReader& reader, Capability capability,
                                       const parity::Evidence& evidence,
                                       const std::set<std::string>& operations,
                                       const GateSettings& settings,
                                       const std::vector<Waiver>& waivers, bool compares_writes,
                                       Timestamp now) {
  const std::vector<parity::SubjectEvidence> subjects = by_cell(evidence, compares_writes);
  std::set<std::string> shown = operations;
  for (const parity::SubjectEvidence& one : subjects) shown.insert(one.operation);
  std::vector<std::string> cohorts{""};
  for (const cutover::CohortRule& rule : settings.cohorts) cohorts.push_back(rule.name);
  std::vector<parity::GateCell> cells;
  for (const std::string& operation : shown) {
    std::vector<std::string> classes{""};
    for (std::string& one : parity::field_classes_of(operation)) classes.push_back(std::move(one));
    for (const std::string& cohort : cohorts) {
      // A search finds customers of any cohort.
      if (operation == "search_customers" && !cohort.empty()) continue;
      for (const std::string& field_class : classes) {
        parity::GateCell cell;
        cell.operation = operation;
        cell.cohort = cohort;
        cell.field_class = field_class;
        cells.push_back(std::move(cell));
      }
    }
  }
  for (const parity::SubjectEvidence& one : subjects) {
    std::string cohort;
    if (!settings.cohorts.empty()) {
      if (const auto facts = cohort_facts(reader, capability, one))
        for (const cutover::CohortRule& rule : settings.cohorts)
          if (cohort.empty() && cutover::matches(rule, *facts)) cohort = rule.name;
    }
    for (parity::GateCell& cell : cells)
      if (cell.operation == one.operation && (cell.cohort.empty() || cell.cohort == cohort))
        count(cell, one);
  }
  for (parity::GateCell& cell : cells) {
    if (const Waiver* waiver = waiver_for(waivers, parity::name_of(cell), now)) {
      cell.waived_by = waiver->by;
      cell.waived_until = waiver->until;
    }
  }
  return cells;
}

void leave_out_the_past(const JournalReader& reader, parity::Evidence& evidence, Timestamp since) {
  std::erase_if(evidence.subjects, [&](const parity::SubjectEvidence& one) {
    if (one.verdict != parity::Verdict::mismatch || one.at >= since) return false;
    if (one.operation == "publish_prices") return true;  // No read is of the list as a whole.
    const auto id = order_id_of(one.subject);
    const auto document = id ? reader.document(*id) : std::nullopt;
    return document && document->closed;
  });
}

std::set<std::string> classes_of(const journal::DocumentRecord& document) {
  std::set<std::string> classes;
  if (!document.currency.empty()) classes.insert("currency " + document.currency);
  const auto order = read_content(document.content);
  if (!order) return classes;
  classes.insert(order->lines.size() > 1 ? "several lines" : "one line");
  if (!order->charges.empty()) classes.insert("charges");
  if (!order->payments.empty()) classes.insert("payments");
  if (order->prices_include_tax) classes.insert("prices with tax");
  std::set<std::string> locations;
  for (const OrderLine& line : order->lines) {
    locations.insert(line.location.text());
    if (!line.adjustments.empty()) classes.insert("adjusted lines");
  }
  if (locations.size() > 1) classes.insert("several locations");
  return classes;
}

std::set<std::string> unseen_locations(const JournalReader& reader,
                                       const parity::Evidence& evidence, Timestamp since) {
  std::set<std::string> unseen = history_in(reader, Capability::inventory, since);
  for (const parity::SubjectEvidence& one : evidence.subjects) {
    const std::size_t at = one.subject.rfind('@');
    if (one.verdict != parity::Verdict::not_compared && at != std::string::npos)
      unseen.erase("location " + one.subject.substr(at + 1));
  }
  return unseen;
}

std::set<std::string> unseen_classes(const JournalReader& reader, const std::string& wave,
                                     const parity::Evidence& evidence, Timestamp since) {
  // What legacy listed itself, orders older than the facade among it.
  std::set<std::string> unseen = history_in(reader, Capability::orders, since);
  journal::DocumentQuery query;
  query.updated_since = since;
  query.home = Side::legacy;
  query.limit = 500;
  std::int64_t seen = 0;
  while (true) {
    const auto page = reader.documents(query);
    if (page.empty()) break;
    // What is not looked at is not seen.
    if (seen >= documents_max) {
      return {"more than " + std::to_string(documents_max) +
              " orders of legacy's history: shorten historyDays"};
    }
    for (const journal::DocumentRecord& document : page) {
      if (document.wave != wave) continue;
      for (const std::string& one : classes_of(document)) unseen.insert(one);
    }
    seen += static_cast<std::int64_t>(page.size());
    query.after_change = page.back().change;
  }
  for (const parity::SubjectEvidence& one : evidence.subjects) {
    if (unseen.empty()) break;
    if (one.verdict == parity::Verdict::not_compared) continue;
    const auto id = order_id_of(one.subject);
    const auto document = id ? reader.document(*id) : std::nullopt;
    if (!document) continue;
    for (const std::string& shown : classes_of(*document)) unseen.erase(shown);
  }
  return unseen;
}

}  // namespace underpin::facade
