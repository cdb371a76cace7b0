#include "facade/transfer_order.h"

#include "contracts/order_status.h"
#include "facade/digest.h"
#include "facade/order_copy.h"
#include "facade/returns.h"
#include "facade/transfer.h"

#include <algorithm>

namespace underpin::facade {
namespace {

using journal::DocumentRecord;
using journal::Intent;
using journal::JournalReader;
using journal::JournalTransaction;
using journal::TransferItem;

struct Wish {
  std::int64_t transfer = 0;
  Side to = Side::cloud;
};

std::optional<Wish> wish_of(const Intent& intent) {
  const auto request = json::parse(intent.request);
  if (!request) return std::nullopt;
  const auto transfer = request->get("transfer").as_int();
  const auto to = parse_side(request->get("to").text());
  if (!transfer || !to) return std::nullopt;
  return Wish{*transfer, *to};
}

bool waits(const JournalReader& reader, const journal::Subject& subject) {
  return !reader.rows_of(Side::legacy, Capability::orders, subject).empty() ||
         !reader.rows_of(Side::cloud, Capability::orders, subject).empty();
}

bool anything_outstanding(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(), [](const OrderLine& line) {
    return !line.outstanding().is_zero() && !line.outstanding().is_negative();
  });
}

// Nothing the ERP could be in doubt about: it said no.
bool refused(const Error& error) {
  const Disposition what = disposition(error.code);
  return what == Disposition::answer_caller || what == Disposition::dead_letter;
}

class TransferOrder final : public WriteOperation {
 public:
  explicit TransferOrder(TransferParts parts) : p_(std::move(parts)) {
    if (!p_.on_step) p_.on_step = [](Step, const std::string&) {};
  }

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto wish = wish_of(intent);
    const auto id = order_id_of(intent.subject);
    if (!wish || !id) return unreadable(intent);
    Run run{intent, *wish, context, {}, {}, false};
    run.context.channel = intent.channel;
    run.context.idempotency_key = intent.key;
    bool waiting = false;
    bool dead = false;
    const Status read = p_.journal.read([&](const JournalReader& reader) {
      if (auto document = reader.document(*id)) run.document = *document;
      if (auto item = reader.transfer_item(wish->transfer, intent.subject)) run.item = *item;
      for (const Side side : {Side::legacy, Side::cloud})
        for (const auto& row : reader.rows_of(side, Capability::orders, intent.subject))
          (row.state == journal::OutboxState::dead ? dead : waiting) = true;
    });
    if (!read) return later(run, read.error());
    if (run.document.id.empty() || run.item.transfer == 0) return unreadable(intent);
    run.taken_back = run.item.state != "waiting";
    if (run.document.home == wish->to) return Receipt{TransferReceipt{true, false, {}}};
    if (!p_.whole_copies)
      return stay(run, "copies of orders are not whole at this site: see feeds.orders");
    if (dead) return stay(run, "a delivery of it is a dead letter without a decision");
    if (waiting) return later(run, {ErrorCode::unavailable, "deliveries of it are on their way"});

    const auto blocked = block(run);
    if (!blocked) return later(run, blocked.error());
    if (blocked->stays) return stay(run, *blocked->stays);
    const auto level = bring_level(run, blocked->order);
    if (!level) return later(run, level.error());
    if (level->stays) return stay(run, *level->stays);
    p_.on_step(Step::levelled, intent.subject);
    const auto last = last_look(run, blocked->order);
    if (!last) return later(run, last.error());
    if (last->stays) return stay(run, *last->stays);
    const Status swapped = swap_homes(run, last->order);
    if (!swapped) return later(run, swapped.error());
    p_.on_step(Step::moved, intent.subject);
    return Receipt{TransferReceipt{true, false, {}}};
  }

  // Only the swap is final, and the journal knows it: everything before is done again.
  Result<Receipt> find(const Intent& intent, const CallContext&) override {
    const auto wish = wish_of(intent);
    const auto id = order_id_of(intent.subject);
    if (!wish || !id) return unreadable(intent);
    std::optional<DocumentRecord> document;
    const Status read =
        p_.journal.read([&](const JournalReader& reader) { document = reader.document(*id); });
    if (!read) return read.error();
    if (document && document->home == wish->to) return Receipt{TransferReceipt{true, false, {}}};
    return Error{ErrorCode::not_found, "the homes have not been swapped"};
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan&, Timestamp now) override {
    const auto& receipt = std::get<TransferReceipt>(any);
    const auto wish = wish_of(intent);
    const auto id = order_id_of(intent.subject);
    if (wish) {
      if (auto item = tx.transfer_item(wish->transfer, intent.subject)) {
        item->state = receipt.moved ? "moved" : "stayed";
        item->detail = receipt.detail;
        tx.put_transfer_item(*item);
      }
    }
    const auto document = id ? tx.document(*id) : std::nullopt;
    if (!receipt.moved && receipt.release_again && document && document->holds.empty() &&
        !document->closed)
      tx.add_outbox_row(release_row(intent, document->home), now);
    json::Value body = json::Value::object();
    body.set("moved", json::Value::boolean(receipt.moved));
    if (!receipt.detail.empty()) body.set("detail", receipt.detail);
    return Answer::json(200, body);
  }

  // Where the order is, recovery finds out by itself; another transfer may move it.
  void given_up(JournalTransaction& tx, const Intent& intent) override {
    const auto wish = wish_of(intent);
    auto item = wish ? tx.transfer_item(wish->transfer, intent.subject) : std::nullopt;
    if (!item) return;
    item->state = "stayed";
    item->detail = "the journal was restored from a backup while it was being moved";
    tx.put_transfer_item(*item);
    tx.set_fact(journal::move_given_up_fact(intent.subject), "1");
  }

  std::string location(const Intent& intent) const override {
    const auto wish = wish_of(intent);
    return "/ops/v1/cutover/orders/transfers/" + std::to_string(wish ? wish->transfer : 0);
  }

 private:
  struct Run {
    const Intent& intent;
    Wish wish;
    WriteContext context;
    DocumentRecord document;
    TransferItem item;
    bool taken_back;  // Its home may have taken the release back, in this attempt or an earlier.
  };
  // The document as it was seen, or why it stays.
  struct Seen {
    Order order;
    std::optional<std::string> stays;
  };

  static Error unreadable(const Intent& intent) {
    return {ErrorCode::internal,
            "the stored request of intent " + std::to_string(intent.id) + " cannot be read"};
  }

  static journal::NewOutboxRow release_row(const Intent& intent, Side home) {
    journal::NewOutboxRow row;
    row.side = home;
    row.capability = Capability::orders;
    row.wave = intent.wave;
    row.subject = intent.subject;
    row.operation = "release_order";
    row.payload = "{}";
    row.channel = intent.channel;
    row.key = intent.key;
    row.correlation_id = intent.correlation_id;
    row.role = Role::primary;
    return row;
  }

  // Before anything was sent the intent is let go and the item waits; after that it stays open, and
  // the resolver carries on. A document that cannot be moved for long goes back to work.
  Result<Receipt> later(Run& run, const Error& error) {
    if (!run.taken_back && run.intent.attempts == 1)
      return Error{ErrorCode::unavailable, error.message, error.system};
    if (run.intent.attempts >= p_.settings.attempts_max)
      return stay(run, "given up after " + std::to_string(run.intent.attempts) +
                           " attempts: " + error.message);
    const Status noted = note(run, run.item.state, error.message);
    (void)noted;  // For people only.
    return Error{ErrorCode::outcome_unknown, error.message, error.system};
  }

  Result<Receipt> stay(Run& run, const std::string& why) {
    // A copy that was made for the transfer has to follow its document from now on.
    if (run.item.state == "blocked" && !run.document.mirrored) {
      const auto made = call_port<OrderReceipt>(
          p_.systems, run.wish.to, run.context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) {
            return port.find_receipt(identity_at_erp(run.document, p_.systems), run.context);
          });
      if (!made && made.error().code != ErrorCode::not_found) {
        // Whether it was made cannot be said now: asked again, however often.
        return Error{ErrorCode::outcome_unknown, made.error().message, made.error().system};
      }
      if (made && made->status != OrderStatus::cancelled) {
        const Status kept = keep_copy(run, made->document);
        if (!kept) return Error{ErrorCode::outcome_unknown, kept.error().message};
      }
    }
    return Receipt{TransferReceipt{false, run.taken_back, why}};
  }

  // One item and, in the same transaction, what `change` does; nothing when another sender has
  // taken the intent over meanwhile.
  Status note(Run& run, const std::string& state, const std::string& detail,
              const std::function<bool(JournalTransaction&)>& change = {}) {
    TransferItem item = run.item;
    item.state = state;
    item.detail = detail;
    const Status written = p_.journal.write([&](JournalTransaction& tx) {
      const auto intent = tx.intent(run.intent.id);
      if (!intent || intent->attempts != run.intent.attempts) return false;
      if (change && !change(tx)) return false;
      tx.put_transfer_item(item);
      return true;
    });
    if (written) run.item = item;
    return written;
  }

  Result<Order> read(Run& run, Side side) {
    return p_.orders.read_from(side, run.document, run.context);
  }

  Result<Seen> block(Run& run) {
    const Side from = run.document.home;
    const auto before = read(run, from);
    if (!before && before.error().code == ErrorCode::not_found)
      return Seen{{}, "its home does not have it any more"};
    if (!before) return before.error();
    if (is_closed(before->status) || !anything_outstanding(*before))
      return Seen{{}, "nothing of it is outstanding"};
    const auto content = read_content(run.document.content);
    const auto returns = returns_at(p_.systems, from, run.document, before->invoices, run.context);
    if (!returns) return returns.error();
    const DocumentClasses classes = classes_of(*before, content, *returns);
    run.item.classes = class_text(classes);
    std::string why = kept_by_policy(classes, p_.settings);
    if (why.empty()) why = kept_as_it_is(run.document, *before);
    if (!why.empty()) return Seen{{}, why};
    if (run.taken_back) {
      if (shipped_text(*before) != run.item.memo)
        return Seen{{}, "a part of it left meanwhile: " + shipped_text(*before)};
    } else {
      if (before->status == OrderStatus::open)
        return Seen{{}, "it is not released in its home; what keeps it there is decided first"};
      run.item.memo = shipped_text(*before);
      const Status noted = note(run, "blocking", {});
      if (!noted) return noted.error();
      run.taken_back = true;
    }
    const auto receipt = call_port<OrderReceipt>(
        p_.systems, from, run.context.deadline, &ErpAdapter::orders, [&](OrderService& port) {
          return port.block_order(ref_at(p_.systems, from, run.document), run.context);
        });
    if (!receipt && refused(receipt.error()))
      return Seen{{}, "its home does not take it back: " + receipt.error().message};
    if (!receipt) return receipt.error();
    p_.on_step(Step::blocked, run.intent.subject);
    // What the warehouse did while the release was taken back is only to be seen now.
    const auto after = read(run, from);
    if (!after) return after.error();
    if (const auto left = what_left(*before, *after)) return Seen{{}, *left};
    if (after->status == OrderStatus::released)
      return Error{ErrorCode::unavailable, "its home has released it again"};
    const Status noted = note(run, "blocked", {});
    if (!noted) return noted.error();
    return Seen{*after, std::nullopt};
  }

  static std::optional<std::string> what_left(const Order& before, const Order& after) {
    if (is_closed(after.status)) return "it was closed meanwhile";
    if (shipped_text(before) != shipped_text(after))
      return "a part of it left meanwhile: " + shipped_text(after);
    return std::nullopt;
  }

  // The copy in the new home: made where there is none, and brought to what is outstanding.
  Result<Seen> bring_level(Run& run, const Order& at_home) {
    const Side to = run.wish.to;
    WriteContext mirroring = run.context;
    mirroring.role = Role::mirror;
    DocumentNumber number = run.document.document(to);
    std::optional<OrderTotals> totals;
    if (!run.document.mirrored || number.empty()) {
      bool customer_waits = false;
      const Status looked = p_.journal.read([&](const JournalReader& reader) {
        customer_waits =
            !reader.rows_of(to, Capability::customers, run.document.customer.text()).empty();
      });
      if (!looked) return looked.error();
      if (customer_waits)
        return Error{ErrorCode::unavailable, "its customer is on its way to the new home"};
      Order outstanding = outstanding_part(at_home);
      outstanding.id = identity_at_erp(run.document, p_.systems);
      const auto receipt = call_port<OrderReceipt>(
          p_.systems, to, run.context.deadline, &ErpAdapter::orders,
          [&](OrderService& port) { return port.place_order(outstanding, mirroring); });
      if (!receipt && refused(receipt.error()))
        return Seen{{}, "the new home refuses it: " + receipt.error().message};
      if (!receipt) return receipt.error();
      if (receipt->released) return Seen{{}, "its copy in the new home is released already"};
      number = receipt->document;
      totals = receipt->erp_totals;
      const Status kept = keep_copy(run, number);
      if (!kept) return kept.error();
    }
    for (int look = 0; look < 2; ++look) {
      const auto copy = read(run, to);
      if (!copy && copy.error().code == ErrorCode::not_found)
        return Seen{{}, "its copy in the new home is gone"};
      if (!copy) return copy.error();
      if (is_closed(copy->status)) return Seen{{}, "its copy in the new home is closed"};
      if (copy->status == OrderStatus::released)
        return Seen{{}, "its copy in the new home is released already"};
      const auto content = read_content(run.document.content);
      for (const OrderLine& line : copy->lines)
        if (line.shipped_quantity > moved_quantity(content, line.number))
          return Seen{{}, "its copy in the new home was shipped"};
      const std::string differs = not_level(at_home, *copy);
      if (differs.empty()) {
        if (!has_moved(at_home) && !has_moved_part(content)) {
          const Decimal total = totals ? totals->grand_total : copy->totals.grand_total;
          if ((total - run.document.grand_total).magnitude() > p_.document_tolerance)
            return Seen{{},
                        "the new home computes a total of " + total.text() + ", the channel " +
                            run.document.grand_total.text()};
        }
        const Status noted = note(run, "levelled", {});
        if (!noted) return noted.error();
        return Seen{*copy, std::nullopt};
      }
      if (look == 1) return Seen{{}, "its copy in the new home is not level: " + differs};
      const auto followed = follow_copy(p_.systems, to, run.document, at_home, mirroring);
      if (!followed && refused(followed.error()))
        return Seen{{}, "its copy in the new home does not follow: " + followed.error().message};
      if (!followed) return followed.error();
    }
    return Error{ErrorCode::internal, "unreachable"};
  }

  Status keep_copy(Run& run, const DocumentNumber& number) {
    const Status kept = note(run, run.item.state, {}, [&](JournalTransaction& tx) {
      auto document = tx.document(run.document.id);
      if (!document) return false;
      document->mirrored = true;
      document->set_document(run.wish.to, number);
      tx.put_document(*document);
      run.document = *document;
      return true;
    });
    return kept;
  }

  // People of the old home may have released it again by hand.
  Result<Seen> last_look(Run& run, const Order& blocked) {
    const auto again = read(run, run.document.home);
    if (!again) return again.error();
    if (const auto left = what_left(blocked, *again)) return Seen{{}, *left};
    if (again->status == OrderStatus::released)
      return Error{ErrorCode::unavailable, "its home has released it again"};
    if (!not_level(blocked, *again).empty())
      return Error{ErrorCode::unavailable, "its home has changed it meanwhile"};
    return Seen{*again, std::nullopt};
  }

  Status swap_homes(Run& run, const Order& at_home) {
    const Side from = run.document.home;
    const Status swapped = note(run, "moved", {}, [&](JournalTransaction& tx) {
      auto document = tx.document(run.document.id);
      // A delivery on its way would meet the document in its new home.
      if (!document || document->home != from || waits(tx, run.intent.subject)) return false;
      document->content = content_with_moved_part(*document, at_home);
      document->home = run.wish.to;
      document->mirrored = true;
      document->updated_at = p_.now();
      tx.put_document(*document);
      tx.add_outbox_row(release_row(run.intent, run.wish.to), p_.now());
      return true;
    });
    if (!swapped && swapped.error().code == ErrorCode::conflict)
      return Error{ErrorCode::unavailable, "deliveries of it are on their way"};
    return swapped;
  }

  TransferParts p_;
};

}  // namespace

void add_transfer_write(WriteLife& writes, TransferParts parts) {
  writes.add("transfer_order", std::make_unique<TransferOrder>(std::move(parts)));
}

IdempotencyKey transfer_key(const TransferItem& item) {
  return IdempotencyKey{"transfer/" + std::to_string(item.transfer) + "/" + item.subject};
}

journal::NewIntent transfer_intent(const TransferItem& item, Side to) {
  journal::NewIntent draft;
  draft.capability = Capability::orders;
  draft.subject = item.subject;
  draft.operation = "transfer_order";
  json::Value request = json::Value::object();
  request.set("transfer", json::Value::integer(item.transfer));
  request.set("to", name(to));
  draft.request = json::write(request);
  draft.request_hash = sha256_hex("transfer_order\n" + item.subject + "\n" + draft.request);
  return draft;
}

}  // namespace underpin::facade
