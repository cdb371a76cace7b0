#include "facade/order_writes.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/catch_up.h"
#include "facade/cohorts.h"
#include "facade/feeds.h"

namespace underpin::facade {
namespace {

using journal::DocumentRecord;
using journal::Intent;
using journal::JournalTransaction;

WriteContext rebuilt(const Intent& intent, const CallContext& context) {
  WriteContext result;
  static_cast<CallContext&>(result) = context;
  result.channel = intent.channel;
  result.idempotency_key = intent.key;
  return result;
}

Error unreadable(const Intent& intent) {
  return {ErrorCode::internal,
          "the stored request of intent " + std::to_string(intent.id) + " cannot be read"};
}

json::Value request_of(const Intent& intent) {
  auto value = json::parse(intent.request);
  return value ? *value : json::Value{};
}

journal::NewOutboxRow outbox_row(const Intent& intent, Side side, std::string operation,
                                 std::string payload, Role role) {
  journal::NewOutboxRow row;
  row.side = side;
  row.capability = Capability::orders;
  row.wave = intent.wave;
  row.subject = intent.subject;
  row.operation = std::move(operation);
  row.payload = std::move(payload);
  row.channel = intent.channel;
  row.key = intent.key;
  row.correlation_id = intent.correlation_id;
  row.role = role;
  return row;
}

json::Value answer_body(const OrderReceipt& receipt, const DocumentRecord& document) {
  OrderReceipt shown = receipt;
  shown.id = document.id;
  shown.status = document.status;
  shown.revision = {};
  json::Value body = json::to_json(shown);
  body.set("holds", json::Value::array());
  for (const std::string& hold : document.holds) body.find("holds")->push(hold);
  return body;
}

// Holds the document when the ERP's total is further from the channel's than the tolerance: an
// exception stays open until someone releases or corrects it.
void check_totals(JournalTransaction& tx, const Intent& intent, const OrderTotals& stated,
                  const OrderReceipt& receipt, const OrderSettings& settings,
                  DocumentRecord& document, Timestamp now) {
  if (!receipt.erp_totals) return;
  const Decimal difference = (receipt.erp_totals->grand_total - stated.grand_total).magnitude();
  std::erase(document.holds, "totals_differ");
  if (!(difference > settings.document_tolerance)) return;
  document.holds.emplace_back("totals_differ");
  journal::ExceptionRecord exception;
  exception.kind = "totals_differ";
  exception.capability = Capability::orders;
  exception.wave = intent.wave;
  exception.subject = intent.subject;
  exception.side = document.home;
  exception.detail = "order " + intent.subject + ": the channel states " +
                     stated.grand_total.text() + " " + document.currency + ", the ERP computed " +
                     receipt.erp_totals->grand_total.text() + " in document " +
                     receipt.document.text() + "; the document is held unreleased";
  exception.payload = intent.request;
  exception.correlation_id = intent.correlation_id;
  tx.add_exception(exception, now);
}

class OrderWrite : public WriteOperation {
 public:
  OrderWrite(const Systems& systems, journal::Journal& journal, UndeliveredDemand& demand,
             OrderSettings settings)
      : systems_(systems), journal_(journal), demand_(demand), settings_(settings) {}

  std::string location(const Intent& intent) const override {
    const auto id = order_id_of(intent.subject);
    return "/v1/orders/" + (id ? id->number.text() : intent.subject);
  }

 protected:
  template <class T, class Call>
  Result<T> on_orders(const Intent& intent, Deadline deadline, Call&& call) const {
    return call_port<T>(systems_, intent.side, deadline, &ErpAdapter::orders,
                        std::forward<Call>(call));
  }

  OrderRef ref_of(const Intent& intent) const {
    OrderRef ref;
    const auto id = order_id_of(intent.subject);
    if (!id) return ref;
    std::optional<DocumentRecord> document;
    const Status read = journal_.look(
        [&](const journal::JournalReader& reader) { document = reader.document(*id); });
    if (!id->channel.empty()) ref.id = *id;
    if (read && document) ref.document = document->document(intent.side);
    return ref;
  }

  bool mirrors_possible(Side home) const {
    return !systems_.on(other(home)).adapter->descriptor().inert_by.empty();
  }

  // Everything a change of a document commits besides what is special to it.
  Answer commit_change(JournalTransaction& tx, const Intent& intent, const OrderReceipt& receipt,
                       DocumentRecord document, const std::string& mirror_operation,
                       const std::string& mirror_payload, Timestamp now) const {
    document.status = receipt.status;
    document.updated_at = now;
    if (!receipt.document.empty()) document.set_document(document.home, receipt.document);
    document.closed = is_closed(document.status);
    tx.put_document(document);
    if (!receipt.released && document.holds.empty() && !document.closed) {
      tx.add_outbox_row(outbox_row(intent, document.home, "release_order", "{}", Role::primary),
                        now);
    }
    if (document.mirrored) {
      tx.add_outbox_row(
          outbox_row(intent, other(document.home), mirror_operation, mirror_payload, Role::mirror),
          now);
      const auto content = read_content(document.content);
      if (content && !document.closed) demand_.add(other(document.home), intent.subject, *content);
    }
    const auto stored = tx.document(document.id);
    return Answer::json(200, answer_body(receipt, stored ? *stored : document));
  }

  const Systems& systems_;
  journal::Journal& journal_;
  UndeliveredDemand& demand_;
  const OrderSettings settings_;
};

class PlaceOrder final : public OrderWrite {
 public:
  using OrderWrite::OrderWrite;

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto order = json::from_json<Order>(request_of(intent));
    if (!order) return unreadable(intent);
    const auto receipt = on_orders<OrderReceipt>(intent, context.deadline, [&](OrderService& port) {
      return port.place_order(*order, rebuilt(intent, context));
    });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto id = order_id_of(intent.subject);
    if (!id) return unreadable(intent);
    const auto receipt = on_orders<OrderReceipt>(intent, context.deadline, [&](OrderService& port) {
      return port.find_receipt(*id, context);
    });
    if (!receipt) return receipt.error();
    // A header without its lines is not the order yet: sending again completes it.
    if (receipt->status == OrderStatus::open && !receipt->erp_totals)
      return Error{ErrorCode::not_found, "only a part of the document is there"};
    return Receipt{*receipt};
  }

  // What the channel sent first is not remembered, and the order may have been changed since: it is
  // taken for a repeat when the customer, the currency and the articles of its lines agree.
  Result<Known> known(const journal::NewIntent& draft, const CallContext& context) override {
    Intent asked;
    static_cast<journal::NewIntent&>(asked) = draft;
    const auto order = json::from_json<Order>(request_of(asked));
    const auto id = order_id_of(draft.subject);
    if (!order || !id) return unreadable(asked);
    std::optional<DocumentRecord> document;
    const Status read = journal_.look(
        [&](const journal::JournalReader& reader) { document = reader.document(*id); });
    if (!read) return read.error();
    if (!document) return Error{ErrorCode::unavailable, "the order is being recorded"};
    asked.side = document->home;
    OrderRef ref{*id, document->document(document->home)};
    const auto there = on_orders<Order>(
        asked, context.deadline, [&](OrderService& port) { return port.get_order(ref, context); });
    if (!there && there.error().code != ErrorCode::not_found) return there.error();
    if (there && !repeats(*order, *there))
      return Error{ErrorCode::conflict, "the number is used with other content"};
    OrderReceipt receipt;
    receipt.document = document->document(document->home);
    receipt.state =
        document->status == OrderStatus::pending ? ReceiptState::pending : ReceiptState::confirmed;
    if (there) receipt.erp_totals = there->totals;
    receipt.released = document->status != OrderStatus::open;
    Known known;
    known.home = document->home;
    known.answer = Answer::json(receipt.state == ReceiptState::pending ? 202 : 201,
                                answer_body(receipt, *document));
    known.answer.location = location(asked);
    return known;
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan& plan, Timestamp now) override {
    const auto& receipt = std::get<OrderReceipt>(any);
    const auto order = json::from_json<Order>(request_of(intent));
    const auto id = order_id_of(intent.subject);
    if (!order || !id) return problem_for(unreadable(intent));

    DocumentRecord document;
    document.id = *id;
    document.wave = intent.wave;
    document.home = intent.side;
    document.plan_version = intent.plan_version;
    document.bucket = cutover::bucket_per_100k(plan.salt, intent.subject);
    document.customer = order->customer;
    document.status =
        receipt.state == ReceiptState::pending ? OrderStatus::pending : receipt.status;
    document.set_document(intent.side, receipt.document);
    document.order_date = order->order_date;
    document.currency = order->currency;
    document.grand_total = order->totals.grand_total;
    document.content = write_content(*order);
    document.created_at = now;
    document.updated_at = now;
    document.closed = is_closed(document.status);
    check_totals(tx, intent, order->totals, receipt, settings_, document, now);

    // Whether a write is mirrored is decided when it is closed, by the plan that is in force now.
    const cutover::Stage stage = cutover::stage_for(plan, cohort_of(plan, intent, tx));
    // What its home's users cancelled before the outcome was known needs no copy.
    document.mirrored =
        cutover::rule(stage).mirror_writes && mirrors_possible(intent.side) && !document.closed;
    tx.put_document(document);
    if (!receipt.released && document.holds.empty() && !document.closed) {
      tx.add_outbox_row(outbox_row(intent, document.home, "release_order", "{}", Role::primary),
                        now);
    }
    if (document.mirrored) {
      CatchUp::bring_first(tx, order->customer, other(intent.side), intent.wave, now);
      auto row =
          outbox_row(intent, other(document.home), "place_order", document.content, Role::mirror);
      row.depends_on_capability = Capability::customers;
      row.depends_on_subject = order->customer.text();
      tx.add_outbox_row(row, now);
      // It lay in its home while its outcome was unknown: users may have changed it, and the feed
      // has left that to this write.
      if (intent.state == journal::IntentState::unknown || intent.orphaned || intent.attempts > 1)
        tx.add_outbox_row(follow_row(document), now);
      demand_.add(other(document.home), intent.subject, *order);
    }
    const bool pending = receipt.state == ReceiptState::pending;
    Answer answer = Answer::json(pending ? 202 : 201, answer_body(receipt, document));
    answer.location = location(intent);
    return answer;
  }

 private:
  static bool repeats(const Order& asked, const Order& there) {
    if (asked.customer != there.customer || asked.currency != there.currency) return false;
    for (const OrderLine& line : asked.lines)
      for (const OrderLine& known : there.lines)
        if (known.number == line.number && known.sku != line.sku) return false;
    return true;
  }
};

class AmendOrder final : public OrderWrite {
 public:
  using OrderWrite::OrderWrite;

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto amendment = json::from_json<OrderAmendment>(request_of(intent).get("erp"));
    if (!amendment) return unreadable(intent);
    const auto receipt = on_orders<OrderReceipt>(intent, context.deadline, [&](OrderService& port) {
      return port.amend_order(ref_of(intent), *amendment, rebuilt(intent, context));
    });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  // Absolute changes are recognised by their effect.
  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto amendment = json::from_json<OrderAmendment>(request_of(intent).get("erp"));
    if (!amendment) return unreadable(intent);
    const auto order = on_orders<Order>(intent, context.deadline, [&](OrderService& port) {
      return port.get_order(ref_of(intent), context);
    });
    if (!order) return order.error();
    if (!in_effect(*order, *amendment))
      return Error{ErrorCode::not_found, "the change is not in effect"};
    OrderReceipt receipt;
    receipt.id = order->id;
    receipt.status = order->status;
    receipt.erp_totals = order->totals;
    receipt.released = order->status != OrderStatus::open;
    return Receipt{receipt};
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan&, Timestamp now) override {
    const auto& receipt = std::get<OrderReceipt>(any);
    const auto id = order_id_of(intent.subject);
    auto document = id ? tx.document(*id) : std::nullopt;
    if (!document) return problem_for(unreadable(intent));
    const json::Value request = request_of(intent);
    auto content = read_content(document->content);
    if (content && request.find("amendment") != nullptr) {
      const auto amendment = json::from_json<OrderAmendment>(request.get("amendment"));
      if (amendment) {
        apply(*content, *amendment);
        if (amendment->totals) {
          document->grand_total = amendment->totals->grand_total;
          // Of an order whose home holds only a part, the ERP cannot compute the whole.
          if (!has_moved_part(content))
            check_totals(tx, intent, *amendment->totals, receipt, settings_, *document, now);
        }
      }
    }
    if (content && request.find("cancellation") != nullptr) {
      const auto cancellation = json::from_json<OrderCancellation>(request.get("cancellation"));
      if (cancellation) apply(*content, *cancellation);
    }
    if (content) document->content = write_content(*content);
    return commit_change(tx, intent, receipt, *document, "amend_order",
                         json::write(request.get("erp")), now);
  }

 private:
  static Decimal adjusted(const OrderLine& line) {
    Decimal sum;
    for (const Adjustment& one : line.adjustments) sum += one.amount;
    return sum;
  }

  static bool in_effect(const Order& order, const OrderAmendment& amendment) {
    for (const LineAmendment& change : amendment.lines) {
      const OrderLine* line = nullptr;
      for (const OrderLine& candidate : order.lines)
        if (candidate.number == change.number) line = &candidate;
      // A line that is added with a quantity of its own may have been there: absolute, too.
      if (line == nullptr) {
        if (!change.added && change.quantity && change.quantity->is_zero()) continue;
        return false;
      }
      if (change.quantity && line->quantity != *change.quantity) return false;
      if (change.unit_price && line->unit_price != *change.unit_price) return false;
      if (change.requested_date && line->requested_date != change.requested_date) return false;
      if (change.adjustment_total && adjusted(*line) != *change.adjustment_total) return false;
    }
    // What cannot be seen to be in effect is sent again, which changes nothing that is: what an ERP
    // answers by night must not be told as done before.
    if (amendment.customer_reference && order.customer_reference != *amendment.customer_reference)
      return false;
    if (amendment.ship_to) {
      if (!order.ship_to) return false;
      const Address& want = *amendment.ship_to;
      const Address& is = *order.ship_to;
      if (want.name != is.name || want.line1 != is.line1 || want.line2 != is.line2 ||
          want.city != is.city || want.post_code != is.post_code || want.country != is.country)
        return false;
    }
    return !amendment.requested_date || order.requested_date == amendment.requested_date;
  }
};

class CancelOrder final : public OrderWrite {
 public:
  using OrderWrite::OrderWrite;

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto cancellation = json::from_json<OrderCancellation>(request_of(intent));
    if (!cancellation) return unreadable(intent);
    const auto receipt = on_orders<OrderReceipt>(intent, context.deadline, [&](OrderService& port) {
      return port.cancel_order(ref_of(intent), *cancellation, rebuilt(intent, context));
    });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto order = on_orders<Order>(intent, context.deadline, [&](OrderService& port) {
      return port.get_order(ref_of(intent), context);
    });
    if (!order) return order.error();
    if (order->status != OrderStatus::cancelled)
      return Error{ErrorCode::not_found, "the order is not cancelled"};
    OrderReceipt receipt;
    receipt.id = order->id;
    receipt.status = OrderStatus::cancelled;
    receipt.released = true;
    return Receipt{receipt};
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan&, Timestamp now) override {
    OrderReceipt receipt = std::get<OrderReceipt>(any);
    receipt.status = OrderStatus::cancelled;
    const auto id = order_id_of(intent.subject);
    auto document = id ? tx.document(*id) : std::nullopt;
    if (!document) return problem_for(unreadable(intent));
    auto content = read_content(document->content);
    if (content) {
      apply(*content, OrderCancellation{});
      document->content = write_content(*content);
    }
    document->holds.clear();
    return commit_change(tx, intent, receipt, *document, "cancel_order", intent.request, now);
  }
};

}  // namespace

void add_order_writes(WriteLife& writes, const Systems& systems, journal::Journal& journal,
                      UndeliveredDemand& demand, OrderSettings settings) {
  writes.add("place_order", std::make_unique<PlaceOrder>(systems, journal, demand, settings));
  writes.add("amend_order", std::make_unique<AmendOrder>(systems, journal, demand, settings));
  writes.add("cancel_lines", std::make_unique<AmendOrder>(systems, journal, demand, settings));
  writes.add("cancel_order", std::make_unique<CancelOrder>(systems, journal, demand, settings));
}

}  // namespace underpin::facade
