#include "facade/evidence_share.h"

#include "contracts/json/json_text.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

constexpr const char* asked_fact = "gate/evidence/asked";  // When a verdict last asked.
// Ledger -> {"replica": who has it, "toldAt": micros, "binding": what it is compared with}.
constexpr const char* ledgers_fact = "gate/evidence/ledgers";
constexpr std::int64_t poll_ms = 50;
// A large ledger takes long to read: telling takes at most so much of the time.
constexpr std::int64_t busy_share = 20;
constexpr std::int64_t forgotten_ms = std::int64_t{30} * 86'400'000;

std::string fact_of(const std::string& ledger, Capability capability) {
  return "gate/evidence/" + ledger + "/" + std::string(name(capability));
}

Value ledgers_in(const JournalReader& reader) {
  const auto kept = json::parse(reader.fact(ledgers_fact));
  return kept && kept->is_object() ? *kept : Value::object();
}

Timestamp told_of(const Value& ledger) {
  const auto told = ledger.get("toldAt").as_int();
  return {told ? *told : 0};
}

std::int64_t micros_in(const std::string& text) {
  const auto number = Decimal::parse(text);
  return number && number->scale() == 0 && text.size() < 18 ? std::stoll(text) : 0;
}

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

EvidenceShare::EvidenceShare(journal::Journal& journal, parity::Ledger& ledger,
                             const parity::EvidenceBook& book, EvidenceShareSettings settings,
                             Now now)
    : journal_(journal),
      ledger_(ledger),
      book_(book),
      settings_(settings),
      now_(std::move(now)),
      shared_(journal.shared()) {}

Status EvidenceShare::begin(const parity::Binding& binding) {
  binding_ = binding;
  if (!shared_) return Done{};
  auto id = book_.ledger_id();
  if (!id) return id.error();
  ledger_id_ = std::move(id).value();
  return Done{};
}

Status EvidenceShare::tell(bool at_once) {
  if (!shared_ || ledger_id_.empty()) return Done{};
  const std::lock_guard lock(mutex_);
  std::int64_t asked = 0;
  Timestamp clock;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    asked = micros_in(reader.fact(asked_fact));
    clock = reader.clock();
  });
  if (!looked) return looked;
  const std::int64_t wait = std::max(settings_.again_ms, took_ms_ * busy_share);
  const bool due = at_once || asked > told_at_.micros || told_at_.plus_ms(wait) <= clock;
  if (!due) return Done{};
  const std::int64_t begun = steady_ms();
  const Status told = publish();
  took_ms_ = steady_ms() - begun;
  return told;
}

Status EvidenceShare::publish() {
  Timestamp told_at;
  const Status looked =
      journal_.read([&](const JournalReader& reader) { told_at = reader.clock(); });
  if (!looked) return looked;
  ledger_.flush();  // What is recorded by now is in it.
  const Timestamp now = now_();
  const auto known = ledger_.known_uses();
  if (!known) return known.error();
  std::array<std::string, 4> texts;
  for (const Capability capability : all_capabilities) {
    const auto at = static_cast<std::size_t>(capability);
    const std::string of(name(capability));
    const Timestamp since = std::max(binding_.since, now.plus_ms(-settings_.evidence_ms[at]));
    auto evidence = book_.read(of, since, binding_.since);
    if (!evidence) return evidence.error();
    const auto asked = book_.asked(of, now.plus_ms(-settings_.history_days * 86'400'000));
    if (!asked) return asked.error();
    auto open = ledger_.open_differences(of, now.plus_ms(-settings_.differences_ms));
    if (!open) return open.error();
    parity::EvidenceSummary summary;
    summary.ledger = ledger_id_;
    summary.told_at = told_at;
    summary.binding = binding_.hash;
    summary.evidence = std::move(evidence).value();
    summary.asked = *asked;
    summary.known = *known;
    summary.open = std::move(open).value();
    texts[at] = write_summary(summary);
  }
  const Status written = journal_.write([&](JournalTransaction& tx) {
    for (const Capability capability : all_capabilities)
      tx.set_fact(fact_of(ledger_id_, capability), texts[static_cast<std::size_t>(capability)]);
    Value own = Value::object();
    own.set("replica", Value::integer(tx.self()));
    own.set("toldAt", Value::integer(told_at.micros));
    own.set("binding", binding_.hash);
    Value kept = Value::object();
    const Value ledgers = ledgers_in(tx);
    for (const json::Member& one : ledgers.members()) {
      // Void for long: nobody will ask for it.
      const bool over = one.value.get("binding").text() != binding_.hash &&
                        told_of(one.value).plus_ms(forgotten_ms) < told_at;
      if (!over) kept.set(one.key, one.value);
      for (const Capability capability : all_capabilities)
        if (over) tx.set_fact(fact_of(one.key, capability), "");
    }
    kept.set(ledger_id_, std::move(own));
    tx.set_fact(ledgers_fact, json::write(kept));
    return true;
  });
  if (written) told_at_ = told_at;
  return written;
}

// Which of the live ones have not told since `fresh`, or compare with something else.
Status EvidenceShare::look(Timestamp fresh, Others& others) const {
  others = {};
  return journal_.read([&](const JournalReader& reader) {
    const Timestamp now = reader.clock();
    const Value ledgers = ledgers_in(reader);
    for (const journal::ReplicaRecord& replica : reader.replicas()) {
      if (replica.id == reader.self() || replica.alive_until <= now) continue;
      ++others.live;
      std::string why = replica.name + " has not told what it has compared";
      bool silent = true;
      for (const json::Member& ledger : ledgers.members()) {
        const auto of = ledger.value.get("replica").as_int();
        if (!of || *of != replica.id || told_of(ledger.value) < fresh) continue;
        silent = false;
        why = ledger.value.get("binding").text() == binding_.hash
                  ? std::string{}
                  : replica.name + " compares with other adapters, mapping, code tables or rules";
      }
      others.silent += silent ? 1 : 0;
      if (!why.empty()) others.missing.push_back(std::move(why));
    }
  });
}

// Of every other ledger what was compared with what is in force; the rest is void, as in a ledger
// of one's own.
Status EvidenceShare::read(Capability capability, Others& others) const {
  std::map<std::string, std::string> texts;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    const Value ledgers = ledgers_in(reader);
    for (const json::Member& ledger : ledgers.members())
      if (ledger.key != ledger_id_ && ledger.value.get("binding").text() == binding_.hash)
        texts[ledger.key] = reader.fact(fact_of(ledger.key, capability));
  });
  if (!looked) return looked;
  for (const auto& [ledger, text] : texts) {
    auto told = parity::read_summary(text);
    if (told) {
      others.told.push_back(std::move(told).value());
    } else {
      others.missing.push_back("what the ledger " + ledger +
                               " told cannot be read: " + told.error().message);
    }
  }
  return Done{};
}

Result<EvidenceShare::Others> EvidenceShare::others(Capability capability, Deadline deadline) {
  Others others;
  if (!shared_ || ledger_id_.empty()) return others;
  Timestamp fresh;
  Status done = journal_.read(
      [&](const JournalReader& reader) { fresh = reader.clock().plus_ms(-settings_.fresh_ms); });
  if (done) done = look(fresh, others);
  if (!done) return done.error();
  if (others.silent > 0) {
    done = journal_.write([&](JournalTransaction& tx) {
      tx.set_fact(asked_fact, std::to_string(tx.clock().micros));
      return true;
    });
    if (!done) return done.error();
  }
  const std::int64_t give_up = steady_ms() + settings_.wait_ms;
  while (others.silent > 0 && steady_ms() < give_up && ms_left(deadline) > 2 * poll_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(poll_ms));
    done = look(fresh, others);
    if (!done) return done.error();
  }
  done = read(capability, others);
  if (!done) return done.error();
  return others;
}

}  // namespace underpin::facade
