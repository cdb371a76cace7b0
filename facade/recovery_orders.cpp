// The half of Recovery that looks at orders.
#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/catch_up.h"
#include "facade/cohorts.h"
#include "facade/observe.h"
#include "facade/recovery.h"

#include <algorithm>
#include <array>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;

namespace {

std::string lines_of(const Order& order) {
  return json::write(comparable(order, DocumentNumber{}, false).get("lines"));
}

// Vendors change the case of some fields, and keep no ids of a channel's.
bool same_text(const std::string& a, const std::string& b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

bool same_place(const std::optional<Address>& a, const std::optional<Address>& b) {
  if (!a || !b) return !a && !b;
  return same_text(a->name, b->name) && same_text(a->line1, b->line1) &&
         same_text(a->line2, b->line2) && same_text(a->city, b->city) &&
         same_text(a->post_code, b->post_code) && same_text(a->country, b->country);
}

bool same_header(const Order& a, const Order& b) {
  return same_place(a.ship_to, b.ship_to) && a.requested_date == b.requested_date &&
         same_text(a.customer_reference, b.customer_reference);
}

// Quantities that left, in a content, are those that left another home (content_with_moved_part).
OrderLine as_ordered(OrderLine line) {
  line.shipped_quantity = line.invoiced_quantity = line.cancelled_quantity = Decimal{};
  return line;
}

// An order as a channel may have placed it, by what its home holds: what the ERP cannot keep is
// lost with the journal.
std::string content_of(Order at_home, const OrderId& id) {
  if (at_home.lines.empty()) return {};
  at_home.id = id;
  for (OrderLine& line : at_home.lines) line = as_ordered(line);
  at_home.shipments.clear();
  at_home.invoices.clear();
  at_home.updated_at.reset();
  at_home.revision = {};
  at_home.holds.clear();
  at_home.status = OrderStatus::open;
  return write_content(at_home);
}

// The other ERP was its home, and a part had left when it was moved: what is here is the rest. Its
// old document follows it as a copy, so that no more is outstanding here than there. A copy of
// which something left by mistake lacks that.
bool is_rest_of(const Order& here, const Order& other) {
  if (!has_shipped(other)) return false;
  return std::all_of(here.lines.begin(), here.lines.end(), [&](const OrderLine& line) {
    const auto old = std::find_if(other.lines.begin(), other.lines.end(),
                                  [&](const OrderLine& l) { return l.number == line.number; });
    return old == other.lines.end() || !(line.outstanding() > old->outstanding());
  });
}

// What the channel knew, brought to what its home holds now: changes since the backup are lost.
std::string content_after(Order known, const Order& at_home) {
  if (at_home.status == OrderStatus::cancelled) {
    apply(known, OrderCancellation{});
    return write_content(known);
  }
  for (OrderLine& line : known.lines) {
    const auto now = std::find_if(at_home.lines.begin(), at_home.lines.end(),
                                  [&](const OrderLine& l) { return l.number == line.number; });
    // Of a document that was moved to this home, a part may have left in the other.
    const Decimal moved = line.shipped_quantity;
    if (now == at_home.lines.end()) {
      line.cancelled_quantity = line.quantity - moved;  // ERPs delete what is cancelled as a whole.
      continue;
    }
    if (now->quantity + line.cancelled_quantity + moved != line.quantity) {
      line.quantity = now->quantity + line.cancelled_quantity + moved;
      line.adjustments = now->adjustments;
      line.net_amount = now->net_amount;
    }
    if (now->unit_price != line.unit_price) {
      line.unit_price = now->unit_price;
      line.net_amount = now->net_amount;
    }
  }
  for (const OrderLine& line : at_home.lines) {
    const bool there = std::any_of(known.lines.begin(), known.lines.end(),
                                   [&](const OrderLine& l) { return l.number == line.number; });
    if (!there) known.lines.push_back(as_ordered(line));
  }
  if (at_home.ship_to && !same_place(at_home.ship_to, known.ship_to))
    known.ship_to = at_home.ship_to;
  if (at_home.requested_date) known.requested_date = at_home.requested_date;
  if (!at_home.customer_reference.empty() &&
      !same_text(at_home.customer_reference, known.customer_reference))
    known.customer_reference = at_home.customer_reference;
  return write_content(known);
}

journal::NewOutboxRow order_row(const DocumentRecord& document, std::int64_t epoch, Side side,
                                std::string operation, std::string payload, Role role) {
  journal::NewOutboxRow row;
  row.side = side;
  row.capability = Capability::orders;
  row.wave = document.wave;
  row.subject = order_subject(document.id);
  row.operation = std::move(operation);
  row.payload = std::move(payload);
  row.channel = document.id.channel;
  row.key =
      IdempotencyKey{"recovery/" + std::to_string(epoch) + "/" + row.operation + "/" + row.subject};
  row.correlation_id = "recovery";
  row.role = role;
  return row;
}

void settle_totals(JournalTransaction& tx, const journal::Subject& subject, Timestamp now) {
  for (const journal::ExceptionRecord& one : open_exceptions(tx, "totals_differ", subject))
    tx.settle_exception(one.id, "underpin", "the order was changed or released since", now);
}

// Changes since the backup may have been made that nobody remembers; see OrderFacade::not_as_read.
void note_recovered(JournalTransaction& tx, const journal::Subject& subject, Timestamp taken_at) {
  tx.set_fact(journal::recovered_order_fact(subject),
              "the journal was restored from a backup of " + taken_at.text() + ".");
}

bool waits_for_home(const JournalReader& reader, const journal::Subject& subject) {
  if (reader.fact(journal::closed_subject_fact(Capability::orders, subject)).empty()) return false;
  return !open_exceptions(reader, "home_unknown", subject).empty();
}

std::string waits_for(const journal::Subject& subject, std::int64_t exception) {
  return "Order " + subject + " waits for exception " + std::to_string(exception) +
         " to be decided.";
}

}  // namespace

Status Recovery::orders_page(RecoveryState& state, Side side, const CallContext& context,
                             bool& last) {
  if (!systems_.offers(side, Capability::orders)) return Done{};
  const auto begin = begin_at(state, side, "orders", false);
  if (!begin) return begin.error();
  const Cursor from{state.cursor.empty() ? *begin : state.cursor};
  const auto page = observe<ChangePage<OrderChange>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<OrderChange>>(
        systems_, side, context.deadline, &ErpAdapter::orders,
        [&](OrderService& port) { return port.order_changes(from, context); });
  });
  if (!page.result) return page.result.error();
  std::vector<OrderId> ids;
  std::vector<std::optional<Side>> births;
  std::vector<std::string> names;
  for (const OrderChange& change : page.result->items) {
    const OrderId id = identity_in_journal(change.ref.id, systems_);
    if (id.empty()) continue;  // The ERP's own order: its feed tells, when writes are open.
    // Two documents of one order, one of them deleted, are one order.
    if (std::find(names.begin(), names.end(), order_subject(id)) != names.end()) continue;
    ids.push_back(id);
    names.push_back(order_subject(id));
    births.emplace_back();
    if (id.channel.empty())
      births.back() =
          change.ref.id.channel.text() == systems_.legacy.name ? Side::legacy : Side::cloud;
  }
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) {
        return examine_order(own, ids[at], births[at], {}, looking);
      },
      [&](RecoveryState& own, std::size_t at, const Error& error) {
        return leave_subject(own, Capability::orders, names[at], births[at], error);
      },
      context, all);
  last = false;
  if (!examined || !all) return examined;
  state.cursor = page.result->next.text();
  last = !page.result->more;
  return Done{};
}

Result<Recovery::Sight> Recovery::sight(Side side, const OrderId& id, std::optional<Side> born,
                                        const CallContext& context) const {
  Sight seen;
  if (!systems_.offers(side, Capability::orders)) return seen;
  OrderRef ref;
  if (born && *born == side) {
    ref.document = DocumentNumber{id.number.text()};
  } else {
    ref.id = born ? OrderId{ChannelId{systems_.on(*born).name}, id.number} : id;
    const auto receipt = observe<OrderReceipt>(side, cutover::Operation::read, [&] {
      return call_port<OrderReceipt>(
          systems_, side, context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) { return port.find_receipt(ref.id, context); });
    });
    if (!receipt.result) {
      if (receipt.result.error().code == ErrorCode::not_found) return seen;
      return receipt.result.error();
    }
    ref.document = receipt.result->document;
    seen.released = receipt.result->released;
  }
  const auto order = observe<Order>(side, cutover::Operation::read, [&] {
    return call_port<Order>(systems_, side, context.deadline, &ErpAdapter::orders,
                            [&](OrderService& port) { return port.get_order(ref, context); });
  });
  if (!order.result) {
    if (order.result.error().code == ErrorCode::not_found) return seen;
    return order.result.error();
  }
  seen.order = *order.result;
  seen.document = ref.document;
  return seen;
}

// Everything that is known of one order: in the journal, and in both ERPs.
struct Recovery::OrderLook {
  OrderId id;
  journal::Subject subject;
  std::optional<DocumentRecord> known;
  bool home_guessed = false;  // In `known`: a person is asked for it.
  std::array<Sight, 2> seen;  // By side.
  HomeEvidence evidence;
  HomeVerdict verdict;
  cutover::Plan plan;
  cutover::Subject cohort{""};
  std::vector<OutboxRow> rows;
  bool move_given_up = false;  // By this recovery; its home may have taken its release back.
  const Sight& on(Side side) const { return seen[static_cast<std::size_t>(side)]; }
};

// What is to be written of it.
struct Recovery::OrderWork {
  DocumentRecord document;
  bool changed = false;  // Since the backup, by what its home holds.
  std::vector<journal::NewOutboxRow> fresh;
  std::vector<OutboxRow> done;  // Need not be sent any more.
  bool hold_is_past = false;
  std::optional<journal::ExceptionRecord> exception;
};

Status Recovery::examine_order(RecoveryState& state, const OrderId& id, std::optional<Side> born,
                               const Decision& decision, const CallContext& context) {
  OrderLook look;
  look.id = id;
  look.subject = order_subject(id);
  const auto held = writes_.locks().acquire("orders/" + look.subject, context.deadline);
  if (!held) return Error{ErrorCode::unavailable, "order " + look.subject + " is busy"};
  bool open_intent = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    look.known = reader.document(id);
    open_intent = reader.open_intent_of(Capability::orders, look.subject).has_value();
    look.home_guessed = waits_for_home(reader, look.subject);
    look.move_given_up = !reader.fact(journal::move_given_up_fact(look.subject)).empty();
    for (const Side side : {Side::legacy, Side::cloud})
      for (OutboxRow& row : reader.rows_of(side, Capability::orders, look.subject))
        look.rows.push_back(std::move(row));
  });
  if (!read) return read;
  if (open_intent) return Done{};  // Several documents under one identity: an exception says so.
  if (id.channel.empty() && look.known) born = born_in(*look.known);
  for (const Side side : {Side::legacy, Side::cloud}) {
    auto seen = sight(side, id, born, context);
    if (!seen && seen.error().code == ErrorCode::conflict)
      return several_documents(state, look.subject, side, seen.error());
    if (!seen) return seen.error();
    look.seen[static_cast<std::size_t>(side)] = std::move(seen).value();
  }
  if (!look.seen[0].order && !look.seen[1].order) return Done{};
  look.evidence.mended = decision.mended;
  look.evidence.decided = decision.home;
  const Status judged = judge(look, born);
  if (!judged) return judged;
  const Side home =
      look.verdict.home.value_or(look.evidence.known_home.value_or(look.evidence.birth_side));
  if (!look.on(home).order) return Done{};  // The journal knows it, its ERP does not any more.
  OrderWork work;
  work.document = document_of(state, look, home, work.changed);
  drop_past_hold(look, work);
  if (look.verdict.home) {
    bring_copy(state, look, work);
    bring_release(state, look, work);
  } else {
    leave_to_a_person(look, work);
  }
  return write_order(state, look, std::move(work));
}

// Closed for this subject until a person has settled it in the ERP.
Status Recovery::several_documents(RecoveryState& state, const journal::Subject& subject, Side side,
                                   const Error& said) {
  if (state.dry_run) {
    ++state.counts["exceptions"];
    return Done{};
  }
  return write(state, [&](JournalTransaction& tx) {
    note_recovered(tx, subject, state.taken_at);
    const std::string closed = journal::closed_subject_fact(Capability::orders, subject);
    settle_not_looked_up(tx, Capability::orders, subject, now_());
    for (const journal::ExceptionRecord& known :
         open_exceptions(tx, "duplicate_document", subject)) {
      if (known.side != side) continue;
      tx.set_fact(closed, waits_for(subject, known.id));
      return true;
    }
    journal::ExceptionRecord exception;
    exception.kind = "duplicate_document";
    exception.capability = Capability::orders;
    exception.wave = plans_.wave();
    exception.subject = subject;
    exception.side = side;
    exception.detail = said.message;
    tx.set_fact(closed, waits_for(subject, tx.add_exception(exception, now_())));
    ++state.counts["exceptions"];
    return true;
  });
}

Status Recovery::judge(OrderLook& look, std::optional<Side> born) const {
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!look.on(side).order) continue;
    (side == Side::legacy ? look.evidence.legacy : look.evidence.cloud) =
        seen_as(systems_.on(side).adapter->descriptor(), *look.on(side).order,
                look.on(side).released.value_or(true));
    (side == Side::legacy ? look.evidence.shipped_in_legacy : look.evidence.shipped_in_cloud) =
        has_shipped(*look.on(side).order);
  }
  const auto& legacy = look.on(Side::legacy).order;
  const auto& cloud = look.on(Side::cloud).order;
  look.evidence.same_content =
      legacy && cloud && lines_of(*legacy) == lines_of(*cloud) && same_header(*legacy, *cloud);
  if (look.known && !look.home_guessed) {
    look.evidence.known_home = look.known->home;
  } else if (born) {
    look.evidence.known_home = *born;  // Older than the facade, and not met before.
  }
  Order sample = legacy ? *legacy : *cloud;
  sample.id = look.id;
  Status planned = Error{ErrorCode::internal, "no cutover plan for orders"};
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), Capability::orders);
    if (!plan) return;
    look.plan = *plan;
    look.cohort = cohort_of(sample, reader);
    planned = Done{};
  });
  if (!read) return read;
  if (!planned) return planned;
  look.evidence.birth_side = cutover::birth_side(look.plan, look.cohort);
  look.verdict = judge_home(look.evidence);
  return Done{};
}

DocumentRecord Recovery::document_of(RecoveryState& state, const OrderLook& look, Side home,
                                     bool& changed) const {
  const Order& at_home = *look.on(home).order;
  const auto& elsewhere = look.on(other(home)).order;
  DocumentRecord document =
      look.known ? *look.known
                 : adopted(at_home, look.id, home, look.on(home).document, plans_.wave(), now_());
  const bool home_changed = look.known && document.home != home;
  const bool anew = !look.known || (document.content.empty() && !look.id.channel.empty());
  const bool rest = anew && elsewhere && look.evidence.on(other(home)) != DocumentSeen::live &&
                    is_rest_of(at_home, *elsewhere);
  if (!look.known) {
    document.plan_version = look.plan.version;
    document.bucket = cutover::bucket_per_100k(look.plan.salt, look.subject);
    if (rest) document.grand_total = elsewhere->totals.grand_total;
    ++state.counts["orders_rebuilt"];
  } else if (home_changed) {
    ++state.counts["homes_changed"];
  }
  if (anew && !look.id.channel.empty())
    document.content = content_of(rest ? *elsewhere : at_home, look.id);
  // What had left the home before, and that may be nothing: it has come back to its first home.
  if (rest || (home_changed && !anew))
    document.content = content_with_moved_part(document, elsewhere.value_or(Order{}));
  const auto before = read_content(document.content);
  const std::string after = before ? content_after(*before, at_home) : std::string{};
  changed = before ? after != write_content(*before) : !look.id.channel.empty();
  if (look.known && before && changed) {
    document.content = after;
    if (!has_moved_part(before)) document.grand_total = at_home.totals.grand_total;
    ++state.counts["orders_changed"];
  }
  document.home = home;
  document.status = at_home.status;
  document.closed = is_closed(at_home.status);
  for (const Side side : {Side::legacy, Side::cloud})
    if (!look.on(side).document.empty()) document.set_document(side, look.on(side).document);
  document.updated_at = now_();
  return document;
}

// The copy follows its home, or is made where it is missing. What waited for it in the backup is
// in one of these.
void Recovery::bring_copy(RecoveryState& state, const OrderLook& look, OrderWork& work) const {
  DocumentRecord& document = work.document;
  const Side away = other(document.home);
  const Order& at_home = *look.on(document.home).order;
  const auto& copy = look.on(away).order;
  const auto row = [&](const char* operation, std::string payload) {
    return order_row(document, state.epoch, away, operation, std::move(payload), Role::mirror);
  };
  for (const OutboxRow& waiting : look.rows)
    if (waiting.side == away || waiting.role == Role::mirror) work.done.push_back(waiting);
  if (copy) {
    document.mirrored = true;
    if (look.evidence.on(away) != DocumentSeen::inert) return;
    if (!document.closed && !same_header(at_home, *copy)) {
      OrderAmendment header;
      header.ship_to = at_home.ship_to;
      header.requested_date = at_home.requested_date;
      if (!at_home.customer_reference.empty())
        header.customer_reference = at_home.customer_reference;
      if (header != OrderAmendment{})
        work.fresh.push_back(row("amend_order", json::write(json::to_json(header))));
    }
    if (document.closed || lines_of(at_home) != lines_of(*copy))
      work.fresh.push_back(row("follow_order", "{}"));
    return;
  }
  const bool mirrors =
      cutover::rule(cutover::stage_for(look.plan, look.cohort)).mirror_writes || document.mirrored;
  const bool possible = !systems_.on(away).adapter->descriptor().inert_by.empty();
  const Order outstanding = outstanding_part(at_home);
  if (document.closed || !possible || !mirrors || outstanding.lines.empty()) {
    if (!look.known) document.mirrored = false;
    return;
  }
  document.mirrored = true;
  Order inert = outstanding;
  inert.id = look.id;
  auto placing = row("place_order", write_content(inert));
  placing.depends_on_capability = Capability::customers;
  placing.depends_on_subject = document.customer.text();
  work.fresh.push_back(std::move(placing));
  work.fresh.push_back(row("follow_order", "{}"));
  ++state.counts["mirrors_missing"];
}

// Totals were compared with what the channel had stated before the backup. Of an order that was
// changed or released since, that says nothing any more.
void Recovery::drop_past_hold(const OrderLook& look, OrderWork& work) const {
  const bool released = look.evidence.on(work.document.home) == DocumentSeen::live;
  if (!released && !work.changed) return;
  work.hold_is_past = std::erase(work.document.holds, "totals_differ") > 0;
}

// An order of a channel that lies unreleased in its home: it was held, is being changed by someone
// there, or its release was still to be sent. Only of the last the backup may be sure.
void Recovery::bring_release(RecoveryState& state, const OrderLook& look, OrderWork& work) const {
  DocumentRecord& document = work.document;
  const Side home = document.home;
  // Of an order that is older than the facade, its users know why; not of one that the facade had
  // taken back or was to release, to move it.
  const bool ours = !look.id.channel.empty() || look.move_given_up ||
                    std::any_of(look.rows.begin(), look.rows.end(), [&](const OutboxRow& row) {
                      return row.side == home && row.role == Role::primary;
                    });
  const DocumentSeen there = look.evidence.on(home);
  const bool taken_back = look.move_given_up && !look.on(home).released &&
                          look.on(home).order->status == OrderStatus::partially_shipped;
  const bool unreleased =
      (there == DocumentSeen::inert || taken_back) && ours && document.holds.empty();
  bool waits = false;
  for (const OutboxRow& row : look.rows) {
    if (row.side != home || row.role != Role::primary) continue;
    // Made before, in this recovery, for one whose release nobody can read.
    if (is_fresh(state, row) && there == DocumentSeen::live && !look.on(home).released) continue;
    if (unreleased && look.known && !work.changed) {
      waits = true;
    } else {
      work.done.push_back(row);
    }
  }
  if (!unreleased || waits) return;
  if (settings_.release_unreleased) {
    work.fresh.push_back(
        order_row(document, state.epoch, home, "release_order", "{}", Role::primary));
    return;
  }
  const Order& at_home = *look.on(home).order;
  document.holds.emplace_back("recovered");
  work.exception.emplace();
  work.exception->kind = "unreleased_after_restore";
  work.exception->detail = "order " + look.subject + " is not released in " +
                           systems_.on(home).name + " (document " + look.on(home).document.text() +
                           ", " + at_home.totals.grand_total.text() + " " + at_home.currency +
                           "): it was held, or its release was still to be sent. Replay "
                           "releases it.";
}

// Nothing is sent, and no channel changes it, until then.
void Recovery::leave_to_a_person(const OrderLook& look, OrderWork& work) const {
  work.done = look.rows;
  work.document.mirrored = false;
  work.exception.emplace();
  work.exception->kind = look.verdict.doubt;
  const auto held_by = [&](Side side) {
    return systems_.on(side).name + " " + look.on(side).document.text() + " " +
           (look.on(side).order ? lines_of(*look.on(side).order) : std::string{});
  };
  const Side home = work.document.home;
  if (look.verdict.doubt == "live_in_both") {
    work.exception->detail = "both ERPs hold order " + look.subject +
                             " so that it is executed there: " + held_by(Side::legacy) + ", " +
                             held_by(Side::cloud) + ". End one of them there; replay looks again.";
  } else {
    work.exception->detail =
        "nobody can tell in which ERP order " + look.subject +
        " lives; neither document is released, and they differ. Replay takes " + held_by(home) +
        " for its home, discard " + held_by(other(home)) + "; the other becomes its copy.";
  }
}

Status Recovery::write_order(RecoveryState& state, const OrderLook& look, OrderWork work) {
  DocumentRecord& document = work.document;
  // Made before, in this recovery, and made anew.
  const std::int64_t own =
      std::count_if(work.done.begin(), work.done.end(),
                    [&](const OutboxRow& row) { return is_fresh(state, row); });
  const auto count = [&](const char* name, std::int64_t more) {
    if (more != 0) state.counts[name] += more;
  };
  count("deliveries_done", static_cast<std::int64_t>(work.done.size()) - own);
  count("deliveries_made", static_cast<std::int64_t>(work.fresh.size()) - own);
  count("exceptions", work.exception ? 1 : 0);
  if (state.dry_run) return Done{};
  const std::string closed = journal::closed_subject_fact(Capability::orders, look.subject);
  const Status written = write(state, [&](JournalTransaction& tx) {
    // A decision that another has made meanwhile.
    if (state.state != "running" && tx.fact(closed).empty()) return false;
    const auto current = tx.document(look.id);
    if (current.has_value() != look.known.has_value() ||
        (current && current->change != look.known->change))
      return false;  // By a person's decision on another replica: looked at again.
    (void)take_rows(tx, work.done, now_());
    settle_not_looked_up(tx, Capability::orders, look.subject, now_());
    if (work.hold_is_past) settle_totals(tx, look.subject, now_());
    tx.put_document(document);
    if (look.move_given_up && look.verdict.home)
      tx.set_fact(journal::move_given_up_fact(look.subject), "");
    if (!document.closed) note_recovered(tx, look.subject, state.taken_at);
    for (const journal::NewOutboxRow& row : work.fresh) {
      if (row.operation == "place_order")
        CatchUp::bring_first(tx, document.customer, row.side, row.wave, now_());
      tx.add_outbox_row(row, now_());
    }
    if (look.verdict.home && !tx.fact(closed).empty()) tx.set_fact(closed, "");
    if (work.exception && tx.fact(closed).empty()) {
      work.exception->capability = Capability::orders;
      work.exception->wave = document.wave;
      work.exception->subject = look.subject;
      work.exception->side = document.home;
      const std::int64_t number = tx.add_exception(*work.exception, now_());
      if (!look.verdict.home) tx.set_fact(closed, waits_for(look.subject, number));
    }
    return true;
  });
  if (!written) return written;
  const Side away = other(document.home);
  const auto content = read_content(document.content);
  const bool on_its_way = std::any_of(work.fresh.begin(), work.fresh.end(),
                                      [&](const auto& row) { return row.side == away; });
  if (content && on_its_way && !document.closed) {
    demand_.add(away, look.subject, *content);
  } else {
    demand_.remove(away, look.subject);
  }
  return Done{};
}

Status Recovery::reconsider(const journal::Subject& subject, std::optional<Side> home,
                            const CallContext& context) {
  const auto id = order_id_of(subject);
  if (!id) return Error{ErrorCode::internal, subject + " is no order"};
  const Status settled = settle_write(Capability::orders, subject, context);
  if (!settled) return settled;
  RecoveryState unkept;
  const auto known = state();
  if (!known) return known.error();
  unkept.epoch = known->epoch;
  unkept.taken_at = known->taken_at;
  const Status examined = examine_order(unkept, *id, std::nullopt, {true, home}, context);
  if (!examined) return examined;
  std::string closed;
  const Status read = journal_.read([&](const JournalReader& reader) {
    closed = reader.fact(journal::closed_subject_fact(Capability::orders, subject));
  });
  if (!read) return read;
  if (!closed.empty())
    return Error{ErrorCode::rejected, "nothing has changed in the ERPs: " + closed};
  return Done{};
}

}  // namespace underpin::facade
