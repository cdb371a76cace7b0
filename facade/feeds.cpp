#include "facade/feeds.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/catch_up.h"
#include "facade/observe.h"
#include "facade/recovery.h"
#include "facade/turning.h"
#include "facade/xref.h"

#include <algorithm>
#include <array>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;

namespace {

bool moved(OrderStatus status) {
  return status == OrderStatus::partially_shipped || status == OrderStatus::shipped ||
         is_closed(status);
}

// Did the ERP's own users change what the channel had ordered?
bool edited(const Order& order, const std::optional<Order>& content) {
  if (!content) return true;
  for (const OrderLine& known : content->lines) {
    const auto line = std::find_if(order.lines.begin(), order.lines.end(),
                                   [&](const OrderLine& l) { return l.number == known.number; });
    const Decimal expected = known.quantity - known.cancelled_quantity - known.shipped_quantity;
    const Decimal actual = line == order.lines.end() ? Decimal{} : line->quantity;
    if (expected != actual) return true;
  }
  return order.lines.size() > content->lines.size();
}

// Has more left a copy than it had shipped when it was the document itself?
bool executed(const Order& copy, const std::optional<Order>& content) {
  return std::any_of(copy.lines.begin(), copy.lines.end(), [&](const OrderLine& line) {
    return line.shipped_quantity > moved_quantity(content, line.number);
  });
}

// A copy beside the one that the journal knows: its delivery was committed later than any look-up
// could wait for, and repeated.
bool second_copy(const DocumentRecord& document, Side side, const DocumentNumber& number) {
  return document.home != side && !document.document(side).empty() &&
         document.document(side) != number;
}

// Documents that the feed met while the write, or the delivery, that may have brought them was
// still open: [["web","100042","SO-1001","open"], ...].
constexpr std::size_t met_early_max = 5'000;

std::vector<OrderChange> read_changes(const std::string& text) {
  std::vector<OrderChange> changes;
  const auto value = json::parse(text);
  if (!value || !value->is_array()) return changes;
  for (const json::Value& one : value->items()) {
    const auto& parts = one.items();
    if (parts.size() != 4) continue;
    OrderChange change;
    change.ref.id = {ChannelId{parts[0].text()}, OrderNumber{parts[1].text()}};
    change.ref.document = DocumentNumber{parts[2].text()};
    (void)parse(parts[3].text(), change.status);
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string write_changes(const std::vector<OrderChange>& changes) {
  if (changes.empty()) return {};
  json::Value value = json::Value::array();
  for (const OrderChange& change : changes) {
    json::Value one = json::Value::array();
    one.push(change.ref.id.channel.text());
    one.push(change.ref.id.number.text());
    one.push(change.ref.document.text());
    one.push(std::string(name(change.status)));
    value.push(std::move(one));
  }
  return json::write(value);
}

// Everything was seen until then, for whoever judges its age: to the second is good enough.
std::string seen_fact(const std::string& system, const std::string& feed) {
  return "as_of/" + system + "/" + feed;
}

bool worth_noting(const std::string& noted, Timestamp seen) {
  const auto known = Timestamp::parse(noted);
  return !known || seen < *known || seen >= known->plus_ms(1'000);
}

void note_seen(JournalTransaction& tx, const std::string& system, const std::string& feed,
               Timestamp seen) {
  const std::string fact = seen_fact(system, feed);
  if (worth_noting(tx.fact(fact), seen)) tx.set_fact(fact, seen.text());
}

// Once per document, with its latest status.
void remember(std::vector<OrderChange>& changes, const OrderChange& change) {
  const auto known = std::find_if(changes.begin(), changes.end(), [&](const OrderChange& one) {
    return one.ref.document == change.ref.document;
  });
  if (known == changes.end()) {
    changes.push_back(change);
  } else {
    known->status = change.status;
  }
}

}  // namespace

journal::NewOutboxRow follow_row(const DocumentRecord& document) {
  journal::NewOutboxRow row;
  row.side = other(document.home);
  row.capability = Capability::orders;
  row.wave = document.wave;
  row.subject = order_subject(document.id);
  row.operation = "follow_order";
  row.payload = "{}";
  row.channel = document.id.channel;
  row.key = IdempotencyKey{"follow/" + row.subject};
  return row;
}

Feeds::Feeds(const Systems& systems, journal::Journal& journal, PlanBook& plans,
             OrderFacade& orders, CustomerFacade& customers, Now now, std::function<void()> wake,
             const FieldOwners& fields)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      orders_(orders),
      customers_(customers),
      now_(std::move(now)),
      wake_(std::move(wake)),
      fields_(fields) {}

Feeds::Look Feeds::look_at(const JournalReader& reader, Side side,
                           const OrderChange& change) const {
  const auto id = identity_in_journal(change.ref.id, systems_);
  std::optional<DocumentRecord> document;
  if (!id.empty()) {
    document = reader.document(id);
    // After a restore: a person has to decide first which document it is.
    const std::string closed = journal::closed_subject_fact(Capability::orders, order_subject(id));
    if (!document && !reader.fact(closed).empty()) return Look::leave;
    // A write in progress brings its own change. Whether it brings this document is seen when it is
    // settled.
    if (!document && reader.open_intent_of(Capability::orders, order_subject(id)))
      return reader.rules().second_look ? Look::later : Look::leave;
  } else {
    for (const DocumentRecord& named : reader.documents_named(change.ref.document.text()))
      if (named.document(side) == change.ref.document) document = named;
  }
  // Only a document's home tells its story; its inert copy changes because we change it.
  if (!document || document->home == side || moved(change.status) ||
      second_copy(*document, side, change.ref.document))
    return Look::take;
  // Which copy is the one that was delivered is known when the delivery has been ticked off.
  const bool being_delivered =
      reader.rules().second_look && document->mirrored && document->document(side).empty() &&
      !reader.rows_of(side, Capability::orders, order_subject(document->id)).empty();
  return being_delivered ? Look::later : Look::leave;
}

// An order of a channel's that the journal does not know lives where both ERPs say, not where its
// first trace is met.
Status Feeds::adopt_unknown(const OrderChange& change, const CallContext& context) {
  const OrderId id = identity_in_journal(change.ref.id, systems_);
  if (id.channel.empty()) return Done{};
  bool unknown = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    unknown = !reader.document(id) &&
              !reader.open_intent_of(Capability::orders, order_subject(id)).has_value();
  });
  if (!read || !unknown) return read;
  return orders_.adopt(id, context);
}

Status Feeds::poll_orders(Side side, const CallContext& context) {
  const std::string& system = systems_.on(side).name;
  const std::string memory = "met_early/" + system + "/orders";
  bool more = true;
  while (more) {
    std::string cursor;
    std::string remembered;
    const Status read = journal_.read([&](const JournalReader& reader) {
      cursor = reader.cursor(system, "orders");
      remembered = reader.fact(memory);
    });
    if (!read) return read;
    const auto page = observe<ChangePage<OrderChange>>(side, cutover::Operation::read, [&] {
      return call_port<ChangePage<OrderChange>>(
          systems_, side, context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) { return port.order_changes(Cursor{cursor}, context); });
    });
    if (!page.result) return page.result.error();

    std::vector<OrderChange> changes = read_changes(remembered);
    changes.insert(changes.end(), page.result->items.begin(), page.result->items.end());
    std::vector<SeenOrder> seen;
    std::vector<OrderChange> later;
    for (const OrderChange& change : changes) {
      Look look = Look::leave;
      const Status looked =
          journal_.read([&](const JournalReader& reader) { look = look_at(reader, side, change); });
      if (!looked) return looked;
      if (look == Look::later) remember(later, change);
      if (look != Look::take) continue;
      const Status adopted_there = adopt_unknown(change, context);
      if (!adopted_there) return adopted_there;
      const auto order = observe<Order>(side, cutover::Operation::read, [&] {
        return call_port<Order>(
            systems_, side, context.deadline, &ErpAdapter::orders,
            [&](OrderService& port) { return port.get_order(change.ref, context); });
      });
      if (order.result) {
        seen.push_back({change, *order.result});
      } else if (order.result.error().code != ErrorCode::not_found) {
        return order.result.error();  // The cursor stays: the page is read again.
      }
    }
    if (later.size() > met_early_max) {
      return Error{
          ErrorCode::unavailable,
          "too many changes wait for writes that are not settled: " + std::to_string(later.size())};
    }
    const Status written = journal_.write([&](JournalTransaction& tx) {
      std::vector<OrderChange> keep = later;
      for (const SeenOrder& one : seen)
        if (!take_order(tx, side, one)) remember(keep, one.change);
      const std::string text = write_changes(keep);
      if (text != remembered) tx.set_fact(memory, text);
      tx.set_cursor(system, "orders", page.result->next.text());
      if (!page.result->more) note_position(tx, system, "orders", page.result->next.text(), now_());
      if (!page.result->more) tx.set_fact("as_of/" + system + "/orders", page.result->as_of.text());
      return true;
    });
    if (!written) return written;
    if (!seen.empty()) wake_();
    more = page.result->more;
  }
  return Done{};
}

bool Feeds::take_order(JournalTransaction& tx, Side side, const SeenOrder& seen) {
  const OrderId identity = identity_in_journal(seen.change.ref.id, systems_);
  std::optional<DocumentRecord> document;
  if (!identity.empty()) document = tx.document(identity);
  if (!document) {
    for (const DocumentRecord& named : tx.documents_named(seen.change.ref.document.text()))
      if (named.document(side) == seen.change.ref.document) document = named;
  }
  if (!document) {
    const OrderId id =
        identity.empty() ? OrderId{{}, OrderNumber{seen.change.ref.document.text()}} : identity;
    if (tx.open_intent_of(Capability::orders, order_subject(id))) return false;
    // Imported as the copy of an order that legacy has: that one knows its number.
    const auto xref = order_xref(tx, side, seen.change.ref.document);
    if (side == Side::cloud && xref && !xref->legacy.empty()) return true;
    put_with_xref(tx,
                  adopted(seen.order, id, side, seen.change.ref.document, plans_.wave(), now_()));
    document = tx.document(id);
    if (document) CatchUp::bring_late(tx, systems_, *document, seen.order, now_());
    return true;
  }
  if (document->home != side && !second_copy(*document, side, seen.change.ref.document)) {
    const auto content = read_content(document->content);
    const std::string fact = "raised/mirror_executed/" + order_subject(document->id);
    if (!executed(seen.order, content)) {
      take_moved_part(tx, *document, seen);
      return true;
    }
    // The inert copy was executed: goods may leave twice. Nobody but a person can mend that.
    if (!tx.fact(fact).empty()) return true;
    tx.set_fact(fact, "1");
    journal::ExceptionRecord exception;
    exception.kind = "mirror_executed";
    exception.capability = Capability::orders;
    exception.wave = document->wave;
    exception.subject = order_subject(document->id);
    exception.side = side;
    exception.detail = "the inert copy " + seen.change.ref.document.text() + " in " +
                       systems_.on(side).name + " was shipped; its home is " +
                       systems_.on(document->home).name;
    tx.add_exception(exception, now_());
    return true;
  }
  const DocumentNumber& known = document->document(side);
  if (!known.empty() && known != seen.change.ref.document) {
    // A second document under one identity: a write that committed later than any look-up could
    // wait for. Never mended silently; never mistaken for the first.
    const std::string fact = "raised/duplicate_document/" + order_subject(document->id) + "/" +
                             seen.change.ref.document.text();
    if (seen.order.status == OrderStatus::cancelled || !tx.fact(fact).empty()) return true;
    tx.set_fact(fact, "1");
    journal::ExceptionRecord exception;
    exception.kind = "duplicate_document";
    exception.capability = Capability::orders;
    exception.wave = document->wave;
    exception.subject = order_subject(document->id);
    exception.side = side;
    exception.detail = systems_.on(side).name + " holds " + seen.change.ref.document.text() +
                       " beside " + known.text() + " for one order";
    tx.add_exception(exception, now_());
    return true;
  }
  const bool status_changed =
      document->status != seen.order.status && may_follow(document->status, seen.order.status);
  const bool follow = document->mirrored && (moved(seen.order.status) ||
                                             edited(seen.order, read_content(document->content)));
  if (status_changed || document->document(side).empty()) {
    if (status_changed) document->status = seen.order.status;
    document->closed = is_closed(document->status);
    document->set_document(side, seen.change.ref.document);
    document->updated_at = now_();
    tx.put_document(*document);
  }
  // Always a row of its own: one that is being delivered may have read the document before this.
  if (follow) tx.add_outbox_row(follow_row(*document), now_());
  CatchUp::bring_late(tx, systems_, *document, seen.order, now_());
  return true;
}

void Feeds::take_moved_part(JournalTransaction& tx, DocumentRecord document,
                            const SeenOrder& seen) {
  // What left the ERP that was its home before is invoiced there, in its own time.
  auto content = read_content(document.content);
  if (!has_moved_part(content) || content->invoices == seen.order.invoices) return;
  content->invoices = seen.order.invoices;
  for (OrderLine& line : content->lines)
    for (const OrderLine& there : seen.order.lines)
      if (there.number == line.number) line.invoiced_quantity = there.invoiced_quantity;
  document.content = write_content(*content);
  document.updated_at = now_();
  tx.put_document(document);
}

// Customers of which only one side has heard what its users did last, or that differ after one was
// left unread.
void Feeds::raise_customer(JournalTransaction& tx, Side side, const CustomerNumber& number,
                           const std::string& kind, const std::string& detail) {
  journal::ExceptionRecord exception;
  exception.kind = kind;
  exception.capability = Capability::customers;
  exception.wave = plans_.wave();
  exception.subject = number.text();
  exception.side = side;
  exception.detail = detail;
  tx.add_exception(exception, now_());
}

Result<bool> Feeds::customer_differs(const CustomerNumber& number, const CallContext& context) {
  std::array<json::Value, 2> values;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto read = observe<Customer>(side, cutover::Operation::read, [&] {
      return call_port<Customer>(
          systems_, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.get_customer(number, context); });
    });
    if (read.result) {
      values[static_cast<std::size_t>(side)] = comparable(*read.result);
    } else if (read.result.error().code != ErrorCode::not_found) {
      return read.result.error();
    }
  }
  return !(json::write(values[0]) == json::write(values[1]));
}

bool Feeds::has_customer(Side side, const CustomerNumber& number, const CallContext& context) {
  return observe<Customer>(
             side, cutover::Operation::read,
             [&] {
               return call_port<Customer>(
                   systems_, side, context.deadline, &ErpAdapter::customers,
                   [&](CustomerService& port) { return port.get_customer(number, context); });
             })
      .result.has_value();
}

Status Feeds::poll_customers(Side side, const CallContext& context) {
  const std::string& system = systems_.on(side).name;
  const std::string& wave = plans_.wave();
  std::optional<Turning> turning;
  std::optional<Side> unread;
  const Status begun = journal_.read([&](const JournalReader& reader) {
    turning = turning_in(reader, wave);
    unread = left_unread(reader, wave);
  });
  if (!begun) return begun;
  const std::int64_t by_plan = plans_.plan(Capability::customers).version;
  // Until the primary has turned, what its users change in the new one waits: its time comes.
  if (turning && turning->left.count(side) == 0) return Done{};
  bool more = true;
  while (more) {
    std::string cursor;
    const Status read = journal_.read(
        [&](const JournalReader& reader) { cursor = reader.cursor(system, "customers"); });
    if (!read) return read;
    const Timestamp asked = now_();
    const auto page = observe<ChangePage<CustomerChange>>(side, cutover::Operation::read, [&] {
      return call_port<ChangePage<CustomerChange>>(
          systems_, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.customer_changes(Cursor{cursor}, context); });
    });
    if (!page.result) return page.result.error();
    std::vector<CustomerNumber> carry;    // To the other side.
    std::vector<CustomerNumber> restore;  // To this one.
    std::vector<CustomerNumber> deleted;
    std::vector<CustomerNumber> differing;
    for (const CustomerChange& change : page.result->items) {
      if (cursor.empty()) continue;  // The first poll is the state, not a change.
      const auto place = customers_.place(change.number);
      if (!place) return place.error();
      bool mirrored = false;
      bool level = true;
      const Status looked = journal_.read([&](const JournalReader& reader) {
        // Until a person has said which ERP has its last value, neither is carried over.
        const std::string closed =
            journal::closed_subject_fact(Capability::customers, change.number.text());
        mirrored = reader.fact(closed).empty() && customer_is_mirrored(reader, wave, place->stage);
        level = !reader.pinned_side(Capability::customers, change.number.text()).has_value();
      });
      if (!looked) return looked;
      if (!mirrored) {
        // The copy of before stays behind in the other ERP; one that cannot be asked is not.
        if (change.deleted && place->side == side &&
            has_customer(other(side), change.number, context))
          deleted.push_back(change.number);
        continue;
      }
      if (place->side == side) {
        (change.deleted ? deleted : carry).push_back(change.number);
      } else if (change.deleted) {
        restore.push_back(change.number);
      } else if (unread == side && level) {
        const auto differs = customer_differs(change.number, context);
        if (!differs) return differs.error();
        if (*differs) differing.push_back(change.number);
      }
    }
    more = page.result->more;
    bool moved_on = false;
    const Status written = journal_.write([&](JournalTransaction& tx) {
      // What is carried goes by the plan. One that this process has not taken yet may mirror what
      // the older one leaves: the cursor stays, and the page is read again.
      const auto plan = plan_in(tx, wave, Capability::customers);
      moved_on = !plan || plan->version != by_plan;
      if (moved_on) return false;
      for (const CustomerNumber& number : carry)
        tx.add_outbox_row(customer_mirror(number, other(side), wave, "feed"), now_());
      for (const CustomerNumber& number : restore)
        tx.add_outbox_row(customer_mirror(number, side, wave, "feed"), now_());
      for (const CustomerNumber& number : deleted) {
        raise_customer(tx, side, number, "customer_deleted",
                       "customer " + number.text() + " was deleted in " + system + "; " +
                           systems_.on(other(side)).name +
                           " still has it: delete or block it there, or create it again");
      }
      for (const CustomerNumber& number : differing) {
        raise_customer(tx, side, number, "customer_left_behind",
                       "customer " + number.text() + " was changed in " + system +
                           " before its primary turned, was not taken over then, and differs");
      }
      tx.set_cursor(system, "customers", page.result->next.text());
      if (!more) {
        note_position(tx, system, "customers", page.result->next.text(), now_());
        note_seen(tx, system, "customers", asked);
        if (turning) last_changes_taken(tx, wave, turning->version, side);
        if (unread == side) now_read(tx, wave);
      }
      return true;
    });
    if (moved_on)
      return Error{ErrorCode::unavailable, "the plan of customers has moved on: read again by it"};
    if (!written) return written;
    if (!carry.empty() || !restore.empty()) wake_();
  }
  return Done{};
}

Status Feeds::poll_stock(Side side, const CallContext& context) {
  const std::string& system = systems_.on(side).name;
  std::string kept;
  const Status read =
      journal_.read([&](const JournalReader& reader) { kept = reader.cursor(system, "stock"); });
  if (!read) return read;
  Cursor at{kept};
  Timestamp asked;
  bool more = true;
  while (more && ms_left(context.deadline) > 0) {
    asked = now_();
    const auto page = observe<ChangePage<StockMovement>>(side, cutover::Operation::read, [&] {
      return call_port<ChangePage<StockMovement>>(
          systems_, side, context.deadline, &ErpAdapter::inventory,
          [&](InventoryService& port) { return port.stock_movements(at, context); });
    });
    if (!page.result) return page.result.error();
    at = page.result->next;
    more = page.result->more;
  }
  return journal_.write([&](JournalTransaction& tx) {
    if (at.text() != kept) tx.set_cursor(system, "stock", at.text());
    if (!more) note_position(tx, system, "stock", at.text(), now_());
    if (!more) note_seen(tx, system, "stock", asked);
    return true;
  });
}

Status Feeds::turn_in_time(std::int64_t limit_ms) {
  std::optional<Turning> turning;
  const Status read = journal_.look(
      [&](const JournalReader& reader) { turning = turning_in(reader, plans_.wave()); });
  if (!read || !turning || now_() < turning->since.plus_ms(limit_ms)) return read;
  const Status turned = journal_.write(
      [&](JournalTransaction& tx) { return turn_without(tx, plans_.wave(), limit_ms, now_()); });
  // Taken back: there was nothing to give up.
  return turned || turned.error().code == ErrorCode::conflict ? Status(Done{}) : turned;
}

Status Feeds::poll_prices(const CallContext& context) {
  const cutover::Rollout rollout = plans_.plan(Capability::pricing).rollout;
  const bool mirrored = index(rollout.highest()) >= index(cutover::Stage::dual_write) &&
                        index(rollout.lowest()) <= index(cutover::Stage::ramp_down);
  if (!mirrored || !fields_.carried(Capability::pricing, "list")) return Done{};
  const std::string& system = systems_.legacy.name;
  while (true) {
    std::string last;
    std::string noted;
    bool caught_up = false;
    const Status read = journal_.read([&](const JournalReader& reader) {
      last = reader.fact("prices/last");
      noted = reader.fact(seen_fact(system, "prices"));
      caught_up = !last.empty();
    });
    if (!read) return read;
    if (!caught_up) return Done{};  // Catching up publishes the first, full list.
    const Timestamp asked = now_();
    const auto next =
        observe<std::optional<PriceList>>(Side::legacy, cutover::Operation::read, [&] {
          return call_port<std::optional<PriceList>>(
              systems_, Side::legacy, context.deadline, &ErpAdapter::pricing,
              [&](PricingService& port) { return port.prices_after(last, context); });
        });
    if (!next.result) return next.result.error();
    if (!*next.result) {
      if (!worth_noting(noted, asked)) return Done{};
      return journal_.write([&](JournalTransaction& tx) {
        note_seen(tx, system, "prices", asked);
        return true;
      });
    }
    const PriceList& list = **next.result;
    bool moved_on = false;
    const Status written = journal_.write([&](JournalTransaction& tx) {
      // Begun anew, or another replica has queued it.
      moved_on = tx.fact("prices/last") != last;
      if (moved_on) return false;
      journal::NewOutboxRow row;
      row.side = Side::cloud;
      row.capability = Capability::pricing;
      row.wave = plans_.wave();
      row.subject = price_list_subject;
      row.operation = "publish_prices";
      row.payload = json::write(json::to_json(list));
      row.key = IdempotencyKey{"prices/" + list.batch};
      tx.add_outbox_row(row, now_());
      tx.set_fact("prices/last", list.batch);
      return true;
    });
    if (moved_on) return Done{};
    if (!written) return written;
    wake_();
  }
}

}  // namespace underpin::facade
