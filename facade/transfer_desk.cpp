#include "facade/transfer_desk.h"

#include "facade/order_content.h"
#include "facade/transfer.h"

#include <algorithm>

namespace underpin::facade {
namespace {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;
using journal::TransferItem;
using journal::TransferRecord;
using json::Value;

constexpr std::size_t subjects_max = 10'000;
constexpr std::size_t unknown_shown = 20;
constexpr int batch = 500;
constexpr int tries_max = 60;  // Of an item that cannot begin: its subject is busy, say.
constexpr std::int64_t wait_ms = 1'000;

Value selection_of(const TransferWish& wish) {
  Value value = Value::object();
  value.set("to", name(wish.to));
  if (wish.all) value.set("all", Value::boolean(true));
  if (wish.channel) value.set("channel", wish.channel->text());
  if (!wish.subjects.empty()) {
    Value subjects = Value::array();
    for (const journal::Subject& subject : wish.subjects) subjects.push(subject);
    value.set("subjects", std::move(subjects));
  }
  return value;
}

Error not_allowed(const std::vector<std::string>& reasons) {
  Error refused{ErrorCode::rejected, "the transfer is not allowed"};
  for (const std::string& why : reasons) {
    refused.message += refused.fields.empty() ? ": " : "; ";
    refused.message += why;
    refused.fields.push_back({"/to", why});
  }
  return refused;
}

// Every document that the wish names and that may still move, page by page; `unknown` gets what is
// no document. False of `take` ends it.
Status each_document(const journal::Journal& journal, const std::string& wave,
                     const TransferWish& wish, std::vector<journal::Subject>& unknown,
                     const std::function<bool(const std::vector<DocumentRecord>&)>& take) {
  const auto moves = [&](const DocumentRecord& document) {
    return document.home != wish.to && !document.closed && document.wave == wave;
  };
  if (!wish.subjects.empty()) {
    for (std::size_t from = 0; from < wish.subjects.size(); from += batch) {
      std::vector<DocumentRecord> documents;
      const Status read = journal.read([&](const JournalReader& reader) {
        for (std::size_t i = from; i < std::min(wish.subjects.size(), from + batch); ++i) {
          const auto id = order_id_of(wish.subjects[i]);
          const auto document = id ? reader.document(*id) : std::nullopt;
          if (!document) {
            unknown.push_back(wish.subjects[i]);
          } else if (moves(*document)) {
            documents.push_back(*document);
          }
        }
      });
      if (!read) return read;
      if (!take(documents)) return Done{};
    }
    return Done{};
  }
  journal::DocumentQuery query;
  query.closed = false;
  query.home = other(wish.to);
  query.limit = batch;
  while (true) {
    std::vector<DocumentRecord> documents;
    const Status read =
        journal.read([&](const JournalReader& reader) { documents = reader.documents(query); });
    if (!read) return read;
    const bool last = documents.size() < static_cast<std::size_t>(batch);
    if (!documents.empty()) query.after_change = documents.back().change;
    std::erase_if(documents, [&](const DocumentRecord& document) {
      return !moves(document) || (wish.channel && document.id.channel != *wish.channel);
    });
    if (!take(documents) || last) return Done{};
  }
}

}  // namespace

Result<TransferWish> read_transfer(const Value& body) {
  const auto refused = [](const char* at, const std::string& rule) {
    return Error{
        ErrorCode::invalid_request, "the transfer cannot be read", {}, {}, 0, {{at, rule}}};
  };
  TransferWish wish;
  const auto to = parse_side(body.get("to").text());
  if (!to) return refused("/to", "must be legacy or cloud");
  wish.to = *to;
  const auto all = body.get("all").as_bool();
  wish.all = all && *all;
  if (const Value* channel = body.find("channel")) wish.channel = ChannelId{channel->text()};
  for (const Value& subject : body.get("subjects").items()) {
    if (!order_id_of(subject.text()))
      return refused("/subjects",
                     "must name orders like web/100042; " + subject.text() + " is none");
    wish.subjects.push_back(subject.text());
  }
  if (wish.subjects.size() > subjects_max)
    return refused("/subjects", "must be at most " + std::to_string(subjects_max));
  if ((wish.all ? 1 : 0) + (wish.channel ? 1 : 0) + (wish.subjects.empty() ? 0 : 1) != 1)
    return refused("", "must give exactly one of all, channel and subjects");
  return wish;
}

TransferDesk::TransferDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                           AuditTrail& audit, WriteLife& writes, CutoverSettings settings,
                           std::int64_t give_up_ms, Now now)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      audit_(audit),
      writes_(writes),
      settings_(std::move(settings)),
      give_up_ms_(give_up_ms),
      now_(std::move(now)) {}

std::string TransferDesk::paused(const JournalReader& reader, const TransferRecord& record) const {
  const auto plan = plan_in(reader, record.wave, record.capability);
  if (!plan) return plan.error().message;
  // A home must be written to: otherwise its customers, its stock and its users are not ready.
  const bool written = record.to == Side::cloud
                           ? index(plan->rollout.highest()) >= index(cutover::Stage::dual_write)
                           : index(plan->rollout.lowest()) <= index(cutover::Stage::ramp_down);
  if (!written)
    return "orders are at " + std::string(cutover::name(plan->rollout.to)) + ": " +
           systems_.on(record.to).name + " is not written to";
  const auto frozen = freezes_at(settings_, record.capability, now_());
  return frozen.empty() ? std::string{} : frozen.front();
}

std::vector<std::string> TransferDesk::refusals(const JournalReader& reader, Capability capability,
                                                const TransferWish& wish) const {
  std::vector<std::string> reasons;
  if (capability != Capability::orders) {
    reasons.push_back(std::string(name(capability)) +
                      " has no documents: its subjects move by themselves, with the plan");
    return reasons;
  }
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!systems_.offers(side, capability))
      reasons.push_back(systems_.on(side).name + " offers no orders");
    if (systems_.on(side).adapter->descriptor().inert_by.empty())
      reasons.push_back(systems_.on(side).name + " cannot keep a document from execution");
  }
  TransferRecord record;
  record.wave = plans_.wave();
  record.capability = capability;
  record.to = wish.to;
  if (const std::string why = paused(reader, record); !why.empty()) reasons.push_back(why);
  for (const TransferRecord& one : reader.transfers(50)) {
    if (one.wave == plans_.wave() && (one.state == "listing" || one.state == "running"))
      reasons.push_back("transfer " + std::to_string(one.id) + " is still running");
  }
  return reasons;
}

Result<TransferPreview> TransferDesk::preview(Capability capability,
                                              const TransferWish& wish) const {
  TransferPreview preview;
  const Status read = journal_.read(
      [&](const JournalReader& reader) { preview.reasons = refusals(reader, capability, wish); });
  if (!read) return read.error();
  if (capability != Capability::orders) return preview;
  std::map<std::pair<std::string, std::string>, TransferGroup> groups;
  std::vector<journal::Subject> unknown;
  const Status counted = each_document(
      journal_, plans_.wave(), wish, unknown, [&](const std::vector<DocumentRecord>& documents) {
        for (const DocumentRecord& document : documents) {
          const DocumentClasses classes = classes_of(document);
          std::string stays = kept_by_policy(classes, settings_.transfer);
          if (stays.empty()) stays = kept_as_it_is(document, Order{});
          TransferGroup& group = groups[{stays, class_text(classes)}];
          group.classes = class_text(classes);
          group.stays = stays;
          ++group.count;
          group.worth[document.currency] += document.grand_total;
        }
        return true;
      });
  if (!counted) return counted.error();
  for (auto& [key, group] : groups) preview.groups.push_back(std::move(group));
  if (unknown.size() > unknown_shown) unknown.resize(unknown_shown);
  preview.unknown = std::move(unknown);
  return preview;
}

std::optional<Error> TransferDesk::start_in(JournalTransaction& tx, AuditTrail::Pen& pen,
                                            Capability capability, const TransferWish& wish,
                                            const Act& act, std::int64_t& id) const {
  (void)tx.lock_audit();
  AuditNote note;
  note.actor = act.actor;
  note.about = name(capability);
  note.detail.set("wave", plans_.wave());
  note.detail.set("reason", act.reason);
  if (!act.change_reference.empty()) note.detail.set("changeReference", act.change_reference);
  note.detail.set("selection", selection_of(wish));
  const std::vector<std::string> reasons = refusals(tx, capability, wish);
  if (!reasons.empty()) {
    const Error refused = not_allowed(reasons);
    note.kind = "transfer_refused";
    note.detail.set("why", refused.message);
    pen.add(note);
    return refused;
  }
  TransferRecord record;
  record.wave = plans_.wave();
  record.capability = capability;
  record.to = wish.to;
  record.state = "listing";
  record.selection = json::write(selection_of(wish));
  record.actor = act.actor;
  record.reason = act.reason;
  record.change_reference = act.change_reference;
  record.started_at = now_();
  id = tx.add_transfer(record);
  note.kind = "transfer_started";
  note.detail.set("transfer", Value::integer(id));
  pen.add(note);
  return std::nullopt;
}

Result<TransferStatus> TransferDesk::start(Capability capability, const TransferWish& wish,
                                           const Act& act) {
  if (settings_.require_change_reference && act.change_reference.empty())
    return Error{ErrorCode::invalid_request,
                 "a change reference is required",
                 {},
                 {},
                 0,
                 {{"/changeReference", "is required at this site"}}};
  std::optional<Error> refused;
  std::int64_t id = 0;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    refused.reset();
    if (settings_.approvals[static_cast<std::size_t>(capability)]) {
      refused = not_allowed({std::string(name(capability)) +
                             " move by two people: propose it (underpin cutover transfer " +
                             std::string(name(capability)) + " … --propose)"});
      return false;
    }
    refused = start_in(tx, pen, capability, wish, act, id);
    return !refused || !pen.written().empty();
  });
  if (refused) return *refused;
  if (!written) return written.error();
  return status(id);
}

Result<TransferStatus> TransferDesk::stop(std::int64_t id, const Act& act) {
  std::optional<Error> refused;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    auto record = tx.transfer(id);
    if (!record) {
      refused = Error{ErrorCode::not_found, "there is no transfer " + std::to_string(id)};
      return false;
    }
    if (record->state != "listing" && record->state != "running") {
      refused = not_allowed({"the transfer is " + record->state});
      return false;
    }
    record->state = "stopped";
    record->ended_at = now_();
    tx.put_transfer(*record);
    AuditNote note;
    note.kind = "transfer_stopped";
    note.actor = act.actor;
    note.about = name(record->capability);
    note.detail.set("transfer", Value::integer(id));
    note.detail.set("reason", act.reason);
    pen.add(note);
    return true;
  });
  if (refused) return *refused;
  if (!written) return written.error();
  return status(id);
}

Result<TransferStatus> TransferDesk::status(std::int64_t id) const {
  TransferStatus status;
  bool found = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto record = reader.transfer(id);
    if (!record) return;
    found = true;
    status.record = *record;
    status.counts = reader.transfer_counts(id);
    if (record->state == "listing" || record->state == "running")
      status.pauses = paused(reader, *record);
  });
  if (!read) return read.error();
  if (!found) return Error{ErrorCode::not_found, "there is no transfer " + std::to_string(id)};
  return status;
}

Result<std::vector<TransferStatus>> TransferDesk::list() const {
  std::vector<TransferRecord> records;
  const Status read =
      journal_.read([&](const JournalReader& reader) { records = reader.transfers(50); });
  if (!read) return read.error();
  std::vector<TransferStatus> all;
  for (const TransferRecord& record : records) {
    auto one = status(record.id);
    if (!one) return one.error();
    all.push_back(std::move(one).value());
  }
  return all;
}

Result<std::vector<TransferItem>> TransferDesk::items(std::int64_t id, const std::string& state,
                                                      const journal::Subject& after,
                                                      int limit) const {
  std::vector<TransferItem> found;
  const Status read = journal_.read(
      [&](const JournalReader& reader) { found = reader.transfer_items(id, state, after, limit); });
  if (!read) return read.error();
  return found;
}

bool TransferDesk::run() {
  std::optional<TransferRecord> record;
  std::string pause;
  Status read = journal_.look([&](const JournalReader& reader) {
    for (const TransferRecord& one : reader.transfers(50))
      if (one.state == "listing" || one.state == "running") record = one;
  });
  if (!read || !record) return false;
  read = journal_.read([&](const JournalReader& reader) { pause = paused(reader, *record); });
  if (!read) return false;
  if (record->state == "listing") return list_documents(*record);
  if (!pause.empty()) return false;
  const Timestamp now = now_();
  if (now < next_at_) return false;
  std::vector<TransferItem> due;
  std::map<std::string, std::int64_t> counts;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    due = reader.due_transfer_items(record->id, now, 1);
    counts = reader.transfer_counts(record->id);
  });
  if (!looked) return false;
  std::int64_t unfinished = 0;
  for (const auto& [state, count] : counts)
    if (state != "moved" && state != "stayed") unfinished += count;
  if (unfinished == 0) finish(*record);
  if (due.empty()) return false;
  const std::int64_t pace_ms = 60'000 / std::max(settings_.transfer.per_minute, 1);
  next_at_ = now.plus_ms(pace_ms);
  return move_one(*record, due.front());
}

// Begun again after a crash: items that are there already are not touched before the last is.
bool TransferDesk::list_documents(const TransferRecord& record) {
  const auto selection = json::parse(record.selection, {64 * 1024 * 1024, 8, 1'000'000});
  const auto wish = selection ? read_transfer(*selection) : Result<TransferWish>(selection.error());
  if (!wish) return false;
  std::vector<journal::Subject> unknown;
  bool kept = true;
  const Status listed = each_document(
      journal_, record.wave, *wish, unknown, [&](const std::vector<DocumentRecord>& documents) {
        if (documents.empty()) return true;
        const Status written = journal_.write([&](JournalTransaction& tx) {
          for (const DocumentRecord& document : documents) {
            TransferItem item;
            item.transfer = record.id;
            item.subject = order_subject(document.id);
            item.classes = class_text(classes_of(document));
            item.next_at = now_();
            item.currency = document.currency;
            item.value = document.grand_total;
            tx.put_transfer_item(item);
          }
          return true;
        });
        kept = kept && written.has_value();
        return kept;
      });
  if (!listed || !kept) return false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    auto current = tx.transfer(record.id);
    if (!current || current->state != "listing") return false;
    for (const journal::Subject& subject : unknown) {
      TransferItem item;
      item.transfer = record.id;
      item.subject = subject;
      item.state = "stayed";
      item.detail = "no order is known by this number";
      tx.put_transfer_item(item);
    }
    current->state = "running";
    tx.put_transfer(*current);
    return true;
  });
  return written.has_value();
}

bool TransferDesk::move_one(const TransferRecord& record, const TransferItem& item) {
  std::optional<DocumentRecord> document;
  const auto id = order_id_of(item.subject);
  const Status read = journal_.read([&](const JournalReader& reader) {
    if (id) document = reader.document(*id);
  });
  if (!read) return false;
  std::string detail;
  bool over = true;
  if (!document) {
    detail = "no order is known by this number";
  } else if (document->closed) {
    detail = "it is closed";
  } else if (document->home == record.to) {
    detail = "it is at home there already";
  } else {
    WriteContext context;
    context.correlation_id = CorrelationId{"transfer-" + std::to_string(record.id)};
    context.idempotency_key = transfer_key(item);
    context.deadline = deadline_in(std::chrono::milliseconds(give_up_ms_));
    const Answer answer = writes_.run(transfer_intent(item, record.to), context, document->home);
    if (answer.status < 300) return true;  // Its item says what became of it, or the resolver will.
    const auto problem = json::parse(answer.body);
    detail = problem ? problem->get("detail").text() : std::string{};
    over = item.attempts + 1 >= tries_max;
  }
  const Status noted = journal_.write([&](JournalTransaction& tx) {
    auto current = tx.transfer_item(item.transfer, item.subject);
    if (!current || current->state != "waiting") return false;
    ++current->attempts;
    current->detail = detail;
    current->next_at = now_().plus_ms(wait_ms * std::min(current->attempts, 30));
    if (over) current->state = "stayed";
    tx.put_transfer_item(*current);
    return true;
  });
  return noted.has_value();
}

void TransferDesk::finish(const TransferRecord& record) {
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    auto current = tx.transfer(record.id);
    if (!current || current->state != "running") return false;
    current->state = "done";
    current->ended_at = now_();
    tx.put_transfer(*current);
    AuditNote note;
    note.kind = "transfer_done";
    note.actor = "underpin";
    note.about = name(record.capability);
    note.detail.set("transfer", Value::integer(record.id));
    for (const auto& [state, count] : tx.transfer_counts(record.id))
      note.detail.set(state, Value::integer(count));
    pen.add(note);
    return true;
  });
  (void)written;  // Tried again in the next round.
}

}  // namespace underpin::facade
