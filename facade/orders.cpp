#include "facade/orders.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/cohorts.h"
#include "facade/digest.h"
#include "facade/document_home.h"
#include "facade/history.h"
#include "facade/order_ref.h"
#include "facade/returns.h"
#include "facade/xref.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;

namespace {

journal::NewIntent intent_of(const DocumentRecord& document, std::string operation,
                             std::string request, std::string hash_of) {
  journal::NewIntent intent;
  intent.capability = Capability::orders;
  intent.subject = order_subject(document.id);
  intent.operation = std::move(operation);
  intent.request = std::move(request);
  intent.request_hash = sha256_hex(hash_of);
  return intent;
}

bool is_absent(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::unsupported ||
         error.code == ErrorCode::invalid_request;
}

// What is not known may only not be known again yet.
Answer not_known(const journal::Journal& journal, const std::string& number) {
  std::string closed;
  const Status read = journal.read(
      [&](const JournalReader& reader) { closed = reader.fact(journal::closed_fact); });
  if (!read) return problem_for(read.error());
  if (!closed.empty()) return closed_answer(closed);
  return problem(404, "not-found", "Not found", "No order is known by the number " + number + ".");
}

Answer closed_long_ago(const DocumentRecord& document) {
  return problem(
      409, "closed", "The order is closed",
      "The order is " + std::string(name(document.status)) + " and cannot be changed any more.");
}

}  // namespace

Side born_in(const DocumentRecord& document) {
  if (!document.id.channel.empty()) return document.home;
  const std::string& number = document.id.number.text();
  if (document.document(document.home).text() == number) return document.home;
  return document.document(other(document.home)).text() == number ? other(document.home)
                                                                  : document.home;
}

OrderId identity_at_erp(const DocumentRecord& document, const Systems& systems) {
  if (!document.id.channel.empty()) return document.id;
  return {ChannelId{systems.on(born_in(document)).name}, document.id.number};
}

OrderId identity_in_journal(const OrderId& at_erp, const Systems& systems) {
  const std::string& channel = at_erp.channel.text();
  if (channel == systems.legacy.name || channel == systems.cloud.name)
    return {ChannelId{}, at_erp.number};
  if (!systems.channels.empty() && systems.channels.count(channel) == 0) return {};
  return at_erp;
}

DocumentRecord adopted(const Order& order, const OrderId& id, Side home,
                       const DocumentNumber& document, const std::string& wave, Timestamp now) {
  DocumentRecord record;
  record.id = id;
  record.wave = wave;
  record.home = home;
  record.customer = order.customer;
  record.status = order.status;
  record.set_document(home, document);
  record.closed = is_closed(order.status);
  record.order_date = order.order_date;
  record.currency = order.currency;
  record.grand_total = order.totals.grand_total;
  record.created_at = now;
  record.updated_at = order.updated_at ? *order.updated_at : now;
  return record;
}

OrderFacade::OrderFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                         WriteLife& writes, Comparisons& comparisons, Now now,
                         OrderSettings settings)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      writes_(writes),
      comparisons_(comparisons),
      now_(std::move(now)),
      settings_(settings) {}

Answer OrderFacade::place(const Order& order, const WriteContext& context) {
  Order placed = order;
  placed.id.channel = context.channel;
  journal::NewIntent intent;
  intent.capability = Capability::orders;
  intent.subject = order_subject(placed.id);
  intent.operation = "place_order";
  intent.name = intent.subject;
  intent.birth = true;
  intent.request = write_content(placed);
  intent.request_hash = sha256_hex("place_order\n" + intent.request);
  return writes_.run(std::move(intent), context);
}

Answer OrderFacade::amend(const std::string& number, const OrderAmendment& amendment,
                          const std::vector<std::string>& if_match, const WriteContext& context) {
  const std::string asked = json::write(json::to_json(amendment));
  const auto document = resolve(number, context);
  if (!document)
    return document.error().code == ErrorCode::not_found ? not_known(journal_, number)
                                                         : problem_for(document.error());
  const auto prepare = [&](journal::NewIntent& draft) -> std::optional<Answer> {
    if (from_history(*document)) return closed_long_ago(*document);
    const auto current = current_view(document->id, context);
    if (!current) return problem_for(current.error());
    if (const auto stale = not_as_read(*current, if_match, *document)) return stale;
    if (is_closed(current->status)) {
      return problem(409, "closed", "The order is closed",
                     "The order is " + std::string(name(current->status)) +
                         " and cannot be changed any more.");
    }
    const auto at_home = less_moved(content_of(document->id), for_erp(*current, amendment));
    if (!at_home) return problem_for(at_home.error());
    json::Value request = json::Value::object();
    request.set("amendment", json::to_json(amendment));
    request.set("erp", json::to_json(*at_home));
    draft.request = json::write(request);
    return std::nullopt;
  };
  return writes_.run(
      intent_of(*document, "amend_order", {}, "amend_order\n" + number + "\n" + asked), context,
      document->home, prepare);
}

// A channel states quantities of the order that it knows, ordered and cancelled ones. After a
// restore the ordered quantity may be what was left of it, so that the same words mean another
// change, also in a request that is repeated: only what was read since says what is meant.
std::optional<Answer> OrderFacade::not_as_read(const Order& current,
                                               const std::vector<std::string>& if_match,
                                               const DocumentRecord& document) const {
  const auto named = [&](const std::string& tag) {
    return std::find(if_match.begin(), if_match.end(), tag) != if_match.end();
  };
  if (named(entity_tag(current))) return std::nullopt;
  if (!if_match.empty() && !named("*"))
    return problem(412, "precondition-failed", "Precondition failed",
                   "If-Match does not name the current version; read the order again.");
  std::string recovered;
  const Status looked = journal_.look([&](const JournalReader& reader) {
    recovered = reader.fact(journal::recovered_order_fact(order_subject(document.id)));
  });
  if (!looked) return problem_for(looked.error());
  if (recovered.empty()) return std::nullopt;
  return problem(428, "precondition-required", "Precondition required",
                 "What was cancelled of this order before may be lost: " + recovered +
                     " Read the order, and send its entity tag.",
                 {{"If-Match", "must be the entity tag of a read since"}});
}

Answer OrderFacade::cancel(const std::string& number, const OrderCancellation& cancellation,
                           const std::vector<std::string>& if_match, const WriteContext& context) {
  const std::string asked = json::write(json::to_json(cancellation));
  const auto document = resolve(number, context);
  if (!document)
    return document.error().code == ErrorCode::not_found ? not_known(journal_, number)
                                                         : problem_for(document.error());
  const std::string hash_of = "cancel\n" + number + "\n" + asked;
  if (cancellation.lines.empty()) {
    return writes_.run(
        intent_of(*document, "cancel_order", asked, hash_of), context, document->home,
        [&](journal::NewIntent&) -> std::optional<Answer> {
          if (from_history(*document)) return closed_long_ago(*document);
          if (!if_match.empty()) {
            const auto current = current_view(document->id, context);
            if (!current) return problem_for(current.error());
            if (const auto stale = not_as_read(*current, if_match, *document)) return stale;
          }
          // Its home cannot know: that was another ERP's.
          if (!has_moved_part(content_of(document->id))) return std::nullopt;
          return problem_for(Error{ErrorCode::rejected, "a part of the order has shipped"});
        });
  }
  const auto prepare = [&](journal::NewIntent& draft) -> std::optional<Answer> {
    if (from_history(*document)) return closed_long_ago(*document);
    const auto current = current_view(document->id, context);
    if (!current) return problem_for(current.error());
    if (const auto stale = not_as_read(*current, if_match, *document)) return stale;
    const auto amendment = as_amendment(*current, cancellation);
    if (!amendment) return problem_for(amendment.error());
    const auto at_home = less_moved(content_of(document->id), *amendment);
    if (!at_home) return problem_for(at_home.error());
    json::Value request = json::Value::object();
    request.set("cancellation", json::to_json(cancellation));
    request.set("erp", json::to_json(*at_home));
    draft.request = json::write(request);
    return std::nullopt;
  };
  return writes_.run(intent_of(*document, "cancel_lines", {}, hash_of), context, document->home,
                     prepare);
}

std::optional<Order> OrderFacade::content_of(const OrderId& id) const {
  std::optional<DocumentRecord> document;
  const Status read =
      journal_.look([&](const JournalReader& reader) { document = reader.document(id); });
  if (!read || !document) return std::nullopt;
  return read_content(document->content);
}

Result<Order> OrderFacade::current_view(const OrderId& id, const CallContext& context) {
  std::optional<DocumentRecord> document;
  const Status read =
      journal_.look([&](const JournalReader& reader) { document = reader.document(id); });
  if (!read) return read.error();
  if (!document) return Error{ErrorCode::not_found, "the order is not known any more"};
  if (const auto kept = from_history(*document)) {
    if (!*kept) return kept->error();
    return (*kept)->value;
  }
  const auto seen = observe<Order>(document->home, cutover::Operation::read,
                                   [&] { return read_from(document->home, *document, context); });
  if (!seen.result) return seen.result.error();
  return merged(*seen.result, read_content(document->content), *document);
}

Result<DocumentRecord> OrderFacade::resolve(const std::string& number, const CallContext& context) {
  const OrderId id{context.channel, OrderNumber{number}};
  std::optional<DocumentRecord> found;
  std::vector<DocumentRecord> named;
  bool being_born = false;
  std::optional<Xref> imported;
  const Status looked =
      journal_.look([&](const JournalReader& reader) { found = reader.document(id); });
  if (!looked) return looked.error();
  if (found) return *found;
  const Status read = journal_.read([&](const JournalReader& reader) {
    found = reader.document(id);
    // A channel's own alias before one that every channel knows.
    if (!found) named = reader.documents_named(context.channel.text() + "/" + number);
    if (!found && named.empty()) named = reader.documents_named(number);
    if (!found && named.empty()) imported = order_xref(reader, context.channel, number);
    being_born = reader.open_intent_of(Capability::orders, order_subject(id)).has_value();
  });
  if (!read) return read.error();
  if (found) return *found;
  // An ERP's number or an alias; never another channel's document.
  for (const DocumentRecord& document : named) {
    if (document.id.channel.empty() || document.id.channel == context.channel) return document;
  }
  const Error unknown{ErrorCode::not_found, "no order is known by the number " + number};
  if (being_born) return unknown;

  // Unknown numbers are asked of both ERPs before they are 404; what was imported says which
  // document.
  if (!imported) {
    const auto ours = look_for(id, context);
    if (!ours) return ours.error();
    if (*ours) return remembered(**ours);
  }
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (side == Side::legacy && legacy_is_history()) continue;
    const OrderRef ref{{}, imported ? imported->document(side) : DocumentNumber{number}};
    if (ref.document.empty()) continue;
    const auto order = observe<Order>(side, cutover::Operation::read, [&] {
      return call_port<Order>(systems_, side, context.deadline, &ErpAdapter::orders,
                              [&](OrderService& port) { return port.get_order(ref, context); });
    });
    if (!order.result) {
      if (is_absent(order.result.error())) continue;
      return order.result.error();
    }
    // Asked by document number, the ERP may say whose it is.
    const OrderId said = identity_in_journal(order.result->id, systems_);
    if (said.empty())
      return remembered(adopted(*order.result, {{}, OrderNumber{ref.document.text()}}, side,
                                ref.document, plans_.wave(), now_()));
    if (!said.channel.empty() && said.channel != context.channel) return unknown;
    if (said.channel.empty())
      return remembered(adopted(*order.result, said, side, ref.document, plans_.wave(), now_()));
    const auto whose = look_for(said, context);
    if (!whose) return whose.error();
    if (*whose) return remembered(**whose);
  }
  return unknown;
}

// An order of a channel's that the journal does not know, as both ERPs hold it: its home, not the
// copy that may be found first.
Result<std::optional<DocumentRecord>> OrderFacade::look_for(const OrderId& id,
                                                            const CallContext& context) {
  std::array<std::optional<Order>, 2> there;
  HomeEvidence evidence;
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (side == Side::legacy && legacy_is_history()) continue;
    const auto order = observe<Order>(side, cutover::Operation::read, [&] {
      return call_port<Order>(systems_, side, context.deadline, &ErpAdapter::orders,
                              [&](OrderService& port) {
                                return port.get_order({id, {}}, context);
                              });
    });
    if (!order.result) {
      if (is_absent(order.result.error())) continue;
      return order.result.error();
    }
    there[static_cast<std::size_t>(side)] = *order.result;
    bool released = true;
    if (order.result->status == OrderStatus::partially_shipped) {
      const auto receipt = call_port<OrderReceipt>(
          systems_, side, context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) { return port.find_receipt(id, context); });
      if (!receipt && !is_absent(receipt.error())) return receipt.error();
      released = !receipt || receipt->released;
    }
    const DocumentSeen seen =
        seen_as(systems_.on(side).adapter->descriptor(), *order.result, released);
    (side == Side::legacy ? evidence.shipped_in_legacy : evidence.shipped_in_cloud) =
        has_shipped(*order.result);
    (side == Side::legacy ? evidence.legacy : evidence.cloud) = seen;
    if (seen == DocumentSeen::live) break;  // Only its home releases it.
  }
  if (evidence.legacy == DocumentSeen::absent && evidence.cloud == DocumentSeen::absent)
    return std::optional<DocumentRecord>{};
  const cutover::Plan plan = plans_.plan(Capability::orders);
  Order sample = there[0] ? *there[0] : *there[1];
  sample.id = id;
  const Status read = journal_.read([&](const JournalReader& reader) {
    evidence.birth_side = cutover::birth_side(plan, cohort_of(sample, reader));
  });
  if (!read) return read.error();
  evidence.same_content = true;  // In doubt it is read where the plan has such orders born.
  const Side home = judge_home(evidence).home.value_or(evidence.birth_side);
  const auto& found = there[static_cast<std::size_t>(home)];
  const Side held = found ? home : other(home);
  return std::optional(adopted(*there[static_cast<std::size_t>(held)], id, held, DocumentNumber{},
                               plans_.wave(), now_()));
}

Status OrderFacade::adopt(const OrderId& id, const CallContext& context) {
  const auto found = look_for(id, context);
  if (!found) return found.error().code == ErrorCode::conflict ? Status(Done{}) : found.error();
  if (!*found) return Done{};
  const auto kept = remembered(**found);
  if (!kept) return kept.error();
  return Done{};
}

Result<DocumentRecord> OrderFacade::remembered(const DocumentRecord& record) {
  std::optional<DocumentRecord> stored;
  bool closed = false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    // A guess at most, while a recovery has yet to find out.
    closed = !tx.fact(journal::closed_fact).empty();
    if (!closed && !tx.document(record.id)) put_with_xref(tx, record);
    return !closed;
  });
  if (!written && !closed) return written.error();
  const Status again =
      journal_.look([&](const JournalReader& reader) { stored = reader.document(record.id); });
  if (!again) return again.error();
  return stored.value_or(record);
}

OrderRef ref_at(Side side, const DocumentRecord& document, const Systems& systems) {
  OrderRef ref;
  if (!document.id.channel.empty() || side != document.home)
    ref.id = identity_at_erp(document, systems);
  ref.document = document.document(side);
  if (ref.document.empty() && document.id.channel.empty() && side == document.home)
    ref.document = DocumentNumber{document.id.number.text()};
  return ref;
}

Result<Order> OrderFacade::read_from(Side side, const DocumentRecord& document,
                                     const CallContext& context) {
  const OrderRef ref = ref_at(side, document, systems_);
  return call_port<Order>(systems_, side, context.deadline, &ErpAdapter::orders,
                          [&](OrderService& port) { return port.get_order(ref, context); });
}

Result<Tagged<Order>> OrderFacade::get(const std::string& number, const CallContext& context) {
  const auto document = resolve(number, context);
  if (!document) return document.error();
  return get(*document, context);
}

Result<Tagged<Order>> OrderFacade::get(const DocumentRecord& known, const CallContext& context) {
  if (const auto kept = from_history(known)) return *kept;
  const DocumentRecord* document = &known;
  auto answered = observe<Order>(document->home, cutover::Operation::read,
                                 [&] { return read_from(document->home, *document, context); });
  if (!answered.result) {
    shadow(*document, answered, context);
    return answered.result.error();
  }
  const Order order = merged(*answered.result, read_content(document->content), *document);
  if (order.status != document->status) {
    // What a channel has seen must be remembered before it sees it.
    std::optional<DocumentRecord> moved;
    const Status written = journal_.write([&](JournalTransaction& tx) {
      auto current = tx.document(document->id);
      if (!current) return false;
      if (current->home != document->home) moved = current;  // What was read is a copy by now.
      if (moved) return false;
      current->status = order.status;
      current->closed = is_closed(order.status);
      current->updated_at = now_();
      tx.put_document(*current);
      return true;
    });
    if (moved && ms_left(context.deadline) > 0) return get(*moved, context);
    if (!written) return written.error();
  }
  shadow(*document, answered, context);
  auto whole = with_returns(order, *answered.result, *document, systems_, context);
  if (!whole) return whole.error();
  return Tagged<Order>{std::move(whole).value(), entity_tag(order)};
}

bool OrderFacade::legacy_is_history() const {
  return settings_.history_reads != HistoryReads::legacy &&
         plans_.plan(Capability::orders).rollout.lowest() == cutover::Stage::cloud_only;
}

std::optional<Result<Tagged<Order>>> OrderFacade::from_history(
    const DocumentRecord& document) const {
  if (document.home != Side::legacy || !document.closed || !legacy_is_history())
    return std::nullopt;
  const std::string& number = document.id.number.text();
  Error gone{ErrorCode::not_found, "order " + number + " was closed in " + systems_.legacy.name +
                                       ", which is not read any more"};
  gone.vendor_code = "history-closed";  // What the problem is called; no ERP has said it.
  if (settings_.history_reads == HistoryReads::none) return Result<Tagged<Order>>(gone);
  const auto file = open_history_file(settings_.history_file, false);
  if (!file) return Result<Tagged<Order>>(Error{ErrorCode::unavailable, file.error().message});
  const auto found = (*file)->find(order_subject(document.id));
  if (!found) return Result<Tagged<Order>>(found.error());
  gone.message =
      "order " + number + " was closed in " + systems_.legacy.name + " and has not been exported";
  gone.vendor_code = "history-not-exported";
  if (!*found) return Result<Tagged<Order>>(gone);
  auto order = read_content(**found);
  if (!order)
    return Result<Tagged<Order>>(
        Error{ErrorCode::internal, "the exported order " + number + " cannot be read"});
  order->id = document.id;
  return Result<Tagged<Order>>(Tagged<Order>{*order, entity_tag(*order)});
}

Result<Order> OrderFacade::view_of(const DocumentRecord& document, const CallContext& context) {
  const auto seen = observe<Order>(document.home, cutover::Operation::read,
                                   [&] { return read_from(document.home, document, context); });
  if (!seen.result) return seen.result.error();
  return merged(*seen.result, read_content(document.content), document);
}

void OrderFacade::shadow(const DocumentRecord& document, const Observation<Order>& answered,
                         const CallContext& context) {
  const cutover::Plan plan = plans_.plan(Capability::orders);
  const std::string subject = order_subject(document.id);
  if (!document.mirrored || !comparisons_.compares(subject)) return;
  cutover::Subject cohort(subject);
  if (!plan.rollout.rules.empty() || comparisons_.uses_cohorts()) {
    auto order = read_content(document.content);
    const Status read = journal_.read([&](const JournalReader& reader) {
      if (!order) return;
      order->id = document.id;
      cohort = cohort_of(*order, reader);
    });
    if (!read) return;
  }
  if (!cutover::rule(cutover::stage_for(plan, cohort)).shadow_reads) return;
  if (document.closed || (answered.result && is_closed(answered.result->status))) return;
  const bool moved_already = answered.result && has_moved(*answered.result);
  ShadowCheck check = check_of(
      document, moved_already,
      [](const Order&, const std::optional<OrderReceipt>&, json::Value&) {}, context);
  check.operation = "get_order";
  check.cohort = facts_of(cohort);
  const bool split = has_moved_part(read_content(document.content));
  const DocumentNumber home_document = document.document(document.home);
  check.answered = parity_side(answered.result, answered.micros, [&](const Order& order) {
    return comparable(order, home_document, !split && !moved_already);
  });
  comparisons_.begin(std::move(check));
}

void OrderFacade::compare_held(const DocumentRecord& document, const std::string& write,
                               const CallContext& context) {
  if (!comparisons_.compares_writes() || !document.mirrored || document.closed) return;
  ShadowCheck check = check_of(document, false, add_postings_of_lines, context);
  check.operation = "held_after_" + write;
  if (comparisons_.uses_cohorts()) {
    auto order = read_content(document.content);
    if (order) order->id = document.id;
    const Status read = journal_.read([&](const JournalReader& reader) {
      if (order) check.cohort = facts_of(cohort_of(*order, reader));
    });
    if (!read) return;
  }
  comparisons_.begin(std::move(check));
}

std::optional<ShadowCheck> OrderFacade::check_again(const std::string& subject,
                                                    const std::string& operation,
                                                    const CallContext& context) {
  const auto id = order_id_of(subject);
  if (!id) return std::nullopt;
  std::optional<DocumentRecord> document;
  cutover::Subject cohort(subject);
  const Status read = journal_.read([&](const JournalReader& reader) {
    document = reader.document(*id);
    if (!document || !comparisons_.uses_cohorts()) return;
    auto order = read_content(document->content);
    if (!order) return;
    order->id = *id;
    cohort = cohort_of(*order, reader);
  });
  if (!read || !document) return std::nullopt;
  const bool held = operation != "get_order";
  ShadowCheck check = check_of(
      *document, false,
      held ? add_postings_of_lines
           : [](const Order&, const std::optional<OrderReceipt>&, json::Value&) {},
      context);
  check.operation = operation;
  if (!held) check.cohort = facts_of(cohort);
  return check;
}

ShadowCheck OrderFacade::check_of(const DocumentRecord& document, bool moved_already, MoreOf more,
                                  const CallContext& context) {
  const std::string subject = order_subject(document.id);
  ShadowCheck check;
  check.capability = Capability::orders;
  check.subject = subject;
  check.correlation_id = context.correlation_id.text();
  check.primary = document.home;
  // Once something has moved at home, totals are only the home's.
  const bool split = has_moved_part(read_content(document.content));
  auto moved = std::make_shared<std::atomic<bool>>(split || moved_already);
  const CallContext origin = context;
  check.ask = [this, id = document.id, home = document.home, moved, split, more,
               origin](Side side) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::milliseconds(settings_.give_up_ms));
    std::optional<DocumentRecord> known;
    const Status read =
        journal_.look([&](const JournalReader& reader) { known = reader.document(id); });
    DocumentNumber number;
    std::optional<OrderReceipt> answered;
    const auto seen = observe<Order>(side, cutover::Operation::read, [&]() -> Result<Order> {
      if (!read || !known) return Error{ErrorCode::internal, "the journal cannot be read"};
      const auto order = read_from(side, *known, asking);
      if (!order) return order.error();
      // What the ERP itself calls the document; two of them are a difference of their own.
      const auto receipt = call_port<OrderReceipt>(
          systems_, side, asking.deadline, &ErpAdapter::orders, [&](OrderService& port) {
            return port.find_receipt(identity_at_erp(*known, systems_), asking);
          });
      if (receipt) {
        number = receipt->document;
        answered = *receipt;
      } else if (receipt.error().code == ErrorCode::conflict) {
        return receipt.error();
      } else {
        number = known->document(side);
      }
      return *order;
    });
    if (seen.result && side == home) *moved = split || has_moved(*seen.result);
    if (known && !known->legacy_document.empty() && !known->cloud_document.empty())
      comparisons_.add_reference("order_document", known->legacy_document.text(),
                                 known->cloud_document.text());
    return parity_side(seen.result, seen.micros, [&, id](const Order& order) {
      json::Value value = comparable(order, number, !*moved);
      // Nobody but a channel was answered: a document older than the facade has no such totals.
      if (!*moved) more(order, id.channel.empty() ? std::nullopt : answered, value);
      return value;
    });
  };
  check.on_its_way = [this, subject] {
    bool pending = false;
    const Status read = journal_.read([&](const JournalReader& reader) {
      for (const Side side : {Side::legacy, Side::cloud})
        for (const journal::OutboxRow& row : reader.rows_of(side, Capability::orders, subject))
          pending = pending || row.state == journal::OutboxState::pending;
      pending = pending || reader.open_intent_of(Capability::orders, subject).has_value();
    });
    return !read || pending;
  };
  return check;
}

Result<OrderList> OrderFacade::list(const OrderQuery& query, const CallContext& context) {
  journal::DocumentQuery wanted;
  wanted.channel = context.channel;
  wanted.customer = query.customer;
  wanted.updated_since = query.updated_since;
  wanted.limit = query.limit + 1;
  if (!query.cursor.empty()) {
    std::int64_t after = 0;
    for (const char c : query.cursor.text()) {
      if (c < '0' || c > '9' || after > 900'000'000'000'000'000) {
        return Error{ErrorCode::invalid_request,
                     "cursor is not one that a list gave",
                     {},
                     {},
                     0,
                     {{"/cursor", "must be the `next` of an earlier page"}}};
      }
      after = after * 10 + (c - '0');
    }
    wanted.after_change = after;
  }
  OrderList list;
  std::string legacy_as_of;
  std::string cloud_as_of;
  const Status read = journal_.read([&](const JournalReader& reader) {
    list.items = reader.documents(wanted);
    legacy_as_of = reader.fact("as_of/" + systems_.legacy.name + "/orders");
    cloud_as_of = reader.fact("as_of/" + systems_.cloud.name + "/orders");
  });
  if (!read) return read.error();
  if (list.items.size() > static_cast<std::size_t>(query.limit)) {
    list.items.pop_back();
    list.next = Cursor{std::to_string(list.items.back().change)};
  }
  for (const std::string& text : {legacy_as_of, cloud_as_of}) {
    const auto seen = Timestamp::parse(text);
    if (!seen) continue;
    if (list.as_of.empty() || *seen < list.as_of) list.as_of = *seen;
  }
  return list;
}

}  // namespace underpin::facade
