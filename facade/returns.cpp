#include "facade/returns.h"

#include "contracts/json/return_codec.h"
#include "contracts/order_rules.h"
#include "contracts/ports/return_service.h"
#include "facade/digest.h"
#include "facade/document_home.h"
#include "facade/observe.h"

#include <algorithm>

namespace underpin::facade {
namespace {

using journal::DocumentRecord;
using journal::Intent;
using journal::JournalReader;
using journal::JournalTransaction;

const OrderLine* line_of(const Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& line) { return line.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

Decimal sum(const std::vector<Adjustment>& adjustments) {
  Decimal total;
  for (const Adjustment& adjustment : adjustments) total += adjustment.amount;
  return total;
}

std::string location_of(const journal::Subject& subject, const ReturnNumber& number) {
  const auto id = order_id_of(subject);
  return "/v1/orders/" + (id ? id->number.text() : subject) + "/returns/" + number.text();
}

Answer made_answer(int status, ReturnReceipt receipt, const OrderId& id) {
  receipt.order = id;
  Answer answer = Answer::json(status, json::to_json(receipt));
  if (status != 200) answer.location = location_of(order_subject(id), receipt.made.number);
  return answer;
}

Answer number_taken() {
  return problem(409, "already-exists", "The number is already used",
                 "The order has a return of this number with different content.",
                 {{"/number", "is already used with different content"}});
}

Error unreadable(const Intent& intent) {
  return {ErrorCode::internal,
          "the stored request of intent " + std::to_string(intent.id) + " cannot be read"};
}

Result<OrderReturn> asked_in(const Intent& intent) {
  const auto value = json::parse(intent.request);
  auto asked = value ? json::from_json<OrderReturn>(*value) : Result<OrderReturn>(value.error());
  if (!asked) return unreadable(intent);
  return asked;
}

std::string name_of(const journal::Subject& subject, const ReturnNumber& number) {
  return "return/" + subject + "/" + number.text();
}

class ReturnOrder final : public WriteOperation {
 public:
  explicit ReturnOrder(const Systems& systems) : systems_(systems) {}

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto asked = asked_in(intent);
    if (!asked) return asked.error();
    WriteContext sending = context;
    sending.channel = intent.channel;
    sending.idempotency_key = intent.key;
    return on_returns(intent, context.deadline,
                      [&](ReturnService& port) { return port.place_return(*asked, sending); });
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto asked = asked_in(intent);
    if (!asked) return asked.error();
    return on_returns(intent, context.deadline, [&](ReturnService& port) {
      return port.find_return(asked->order, asked->number, context);
    });
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan&, Timestamp now) override {
    const auto id = order_id_of(intent.subject);
    auto document = id ? tx.document(*id) : std::nullopt;
    if (!document) return problem_for(unreadable(intent));
    // A list that is asked for what has changed names the order.
    document->updated_at = now;
    tx.put_document(*document);
    const auto& receipt = std::get<ReturnReceipt>(any);
    return made_answer(receipt.state == ReceiptState::pending ? 202 : 201, receipt, *id);
  }

  // Once more, when whatever was on its way has surely arrived.
  void closed_after_doubt(JournalTransaction& tx, const Intent& intent, bool refused,
                          Timestamp now) override {
    constexpr std::int64_t times_settle_ms = 10;
    const auto asked = asked_in(intent);
    if (!asked || !tx.rules().verified_postings) return;
    json::Value payload = json::Value::object();
    payload.set("return", asked->number.text());
    payload.set("channel", asked->order.channel.text());
    payload.set("order", asked->order.number.text());
    payload.set("subject", intent.subject);
    payload.set("refused", json::Value::boolean(refused));
    journal::NewOutboxRow row;
    row.side = intent.side;
    row.capability = Capability::orders;
    row.wave = intent.wave;
    // A subject of its own: the order's deliveries do not wait for it.
    row.subject = "posting " + name_of(intent.subject, asked->number);
    row.operation = "verify_posting";
    row.payload = json::write(payload);
    row.key = IdempotencyKey{"verify/" + name_of(intent.subject, asked->number)};
    row.role = Role::primary;
    row.correlation_id = intent.correlation_id;
    row.not_before =
        now.plus_ms(times_settle_ms * systems_.on(intent.side).adapter->descriptor().settle_ms);
    tx.add_outbox_row(row, now);
  }

  std::string location(const Intent& intent) const override {
    const auto asked = asked_in(intent);
    return location_of(intent.subject, asked ? asked->number : ReturnNumber{});
  }

 private:
  template <class Call>
  Result<Receipt> on_returns(const Intent& intent, Deadline deadline, Call&& call) const {
    const auto receipt =
        call_port<ReturnReceipt>(systems_, intent.side, deadline, &ErpAdapter::returns, call);
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  const Systems& systems_;
};

// Goods that are back although nobody knows where they were sold: the channel's word is kept, and a
// person decides. Nothing is sent, so that nothing can be in doubt.
class UnlinkedReturn final : public WriteOperation {
 public:
  Result<Receipt> send(const Intent&, const WriteContext&) override {
    return Receipt{ReturnReceipt{}};
  }
  Result<Receipt> find(const Intent&, const CallContext&) override {
    return Receipt{ReturnReceipt{}};
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt&, const cutover::Plan&,
                Timestamp now) override {
    const auto value = json::parse(intent.request);
    if (!value) return problem_for(unreadable(intent));
    const std::string why = value->get("why").text();
    journal::ExceptionRecord exception;
    exception.kind = "unlinked_return";
    exception.capability = intent.capability;
    exception.wave = intent.wave;
    exception.subject = intent.subject;
    exception.detail = "return " + value->get("asked").get("number").text() + " of order " +
                       intent.subject + " belongs to no order: " + why +
                       "; no ERP has a document of it";
    exception.payload = intent.request;
    exception.correlation_id = intent.correlation_id;
    tx.add_exception(exception, now);
    json::Value body = json::Value::object();
    body.set("number", value->get("order").text());
    body.set("return", value->get("asked").get("number").text());
    body.set("state", "unlinked");
    body.set("detail", "The return is kept, and a person decides on it: " + why + ".");
    return Answer::json(202, body);
  }

  std::string location(const Intent&) const override { return {}; }
};

journal::NewIntent draft_of(const journal::Subject& subject, const OrderReturn& asked) {
  journal::NewIntent draft;
  draft.capability = Capability::orders;
  draft.subject = subject;
  draft.operation = "return_order";
  draft.name = name_of(subject, asked.number);
  draft.request_hash =
      sha256_hex("return_order\n" + subject + "\n" + json::write(json::to_json(asked)));
  return draft;
}

}  // namespace

Status look_again_for_return(const Systems& systems, Side side, const json::Value& payload,
                             const CallContext& context) {
  const OrderId order{ChannelId{payload.get("channel").text()},
                      OrderNumber{payload.get("order").text()}};
  const auto found = call_port<ReturnReceipt>(
      systems, side, context.deadline, &ErpAdapter::returns, [&](ReturnService& port) {
        return port.find_return(order, ReturnNumber{payload.get("return").text()}, context);
      });
  if (!found) return found.error();
  return Done{};
}

Result<std::vector<ReturnReference>> returns_at(const Systems& systems, Side side,
                                                const DocumentRecord& document,
                                                const std::vector<InvoiceReference>& invoices,
                                                const CallContext& context) {
  if (systems.on(side).adapter->returns() == nullptr) return std::vector<ReturnReference>{};
  ReturnsOf whose{identity_at_erp(document, systems), {}};
  for (const InvoiceReference& invoice : invoices) whose.invoices.push_back(invoice.document);
  return observe<std::vector<ReturnReference>>(
             side, cutover::Operation::read,
             [&] {
               return call_port<std::vector<ReturnReference>>(
                   systems, side, context.deadline, &ErpAdapter::returns,
                   [&](ReturnService& port) { return port.returns_of(whose, context); });
             })
      .result;
}

Result<Order> with_returns(Order view, const Order& at_home, const DocumentRecord& document,
                           const Systems& systems, const CallContext& context) {
  if (!has_shipped(view)) return view;
  auto in_home = returns_at(systems, document.home, document, at_home.invoices, context);
  if (!in_home) return in_home.error();
  std::vector<ReturnReference> returns = std::move(in_home).value();
  const auto content = read_content(document.content);
  if (has_moved_part(content)) {
    const auto earlier =
        returns_at(systems, other(document.home), document, content->invoices, context);
    if (!earlier) return earlier.error();
    returns.insert(returns.begin(), earlier->begin(), earlier->end());
  }
  count_returned(view, returns);
  view.returns = std::move(returns);
  return view;
}

OrderReturns::OrderReturns(const Systems& systems, journal::Journal& journal, WriteLife& writes,
                           OrderFacade& orders)
    : systems_(systems), journal_(journal), writes_(writes), orders_(orders) {}

Answer OrderReturns::place(const std::string& number, const OrderReturn& asked,
                           const WriteContext& context) {
  const auto document = orders_.resolve(number, context);
  if (!document && document.error().code != ErrorCode::not_found)
    return problem_for(document.error());
  if (!document) {
    if (!is_order_number(number))
      return problem(404, "not-found", "Not found", "No order can have this number.");
    return keep_unlinked(number, "no order is known by the number " + number, asked, context);
  }
  if (orders_.from_history(*document))
    return keep_unlinked(
        number, systems_.on(document->home).name + ", where it was closed, is not read any more",
        asked, context);
  const OrderId id = document->id;
  return writes_.run(draft_of(order_subject(id), asked), context, document->home,
                     [&](journal::NewIntent& draft) { return judge(id, asked, draft, context); });
}

// With the order's subject locked: what is judged stays true until the return is made.
std::optional<Answer> OrderReturns::judge(const OrderId& id, const OrderReturn& asked,
                                          journal::NewIntent& draft, const CallContext& context) {
  std::optional<DocumentRecord> document;
  const Status read =
      journal_.look([&](const JournalReader& reader) { document = reader.document(id); });
  if (!read) return problem_for(read.error());
  if (!document) return problem_for(Error{ErrorCode::not_found, "the order is not known any more"});
  const Side home = document->home;
  if (systems_.on(home).adapter->returns() == nullptr)
    return problem_for(Error{ErrorCode::unsupported,
                             "returns are not offered by the home of the order",
                             systems_.on(home).name});
  const auto at_home = observe<Order>(home, cutover::Operation::read,
                                      [&] { return orders_.read_from(home, *document, context); });
  if (!at_home.result) return problem_for(at_home.result.error());
  auto seen_now = with_returns(merged(*at_home.result, read_content(document->content), *document),
                               *at_home.result, *document, systems_, context);
  if (!seen_now) return problem_for(seen_now.error());
  Order view = std::move(seen_now).value();

  const auto there =
      std::find_if(view.returns.begin(), view.returns.end(),
                   [&](const ReturnReference& one) { return one.number == asked.number; });
  if (there != view.returns.end() && !repeats(asked, *there)) return number_taken();
  const auto content = read_content(document->content);
  if (there != view.returns.end() && has_moved_part(content)) {
    // One that was made in an earlier home stays there, and is not made again in this one.
    const auto earlier = returns_at(systems_, other(home), *document, content->invoices, context);
    if (!earlier) return problem_for(earlier.error());
    for (const ReturnReference& one : *earlier)
      if (one.number == asked.number)
        return made_answer(201, {id, ReceiptState::confirmed, one}, id);
  }
  const std::vector<ReturnReference> returns = view.returns;
  count_returned(view, returns, asked.number);
  if (there == view.returns.end()) {
    Error refused{ErrorCode::rejected, "the order cannot be returned as asked"};
    refused.fields = broken_rules(asked, view);
    if (!refused.fields.empty()) return problem_for(refused);
  }

  OrderReturn whole = asked;
  whole.order = identity_at_erp(*document, systems_);
  whole.customer = view.customer;
  whole.currency = view.currency;
  whole.prices_include_tax = view.prices_include_tax;
  for (const InvoiceReference& invoice : at_home.result->invoices)
    whole.invoices.push_back(invoice.document);
  for (ReturnLine& line : whole.lines) {
    const OrderLine* seen = line_of(view, line.number);
    if (seen == nullptr) return number_taken();  // Its return is there, its line is not any more.
    // Prices of its home; of a line that left an earlier one, those that the channel knows.
    const OrderLine* held = line_of(*at_home.result, line.number);
    const OrderLine& priced = held == nullptr ? *seen : *held;
    const Decimal kept = priced.quantity - priced.cancelled_quantity;
    const auto share = [&](Decimal quantity) {
      return shrunk(-sum(priced.adjustments), quantity, kept);
    };
    line.sku = seen->sku;
    line.description = seen->description;
    line.uom = seen->uom;
    if (line.location.empty()) line.location = seen->location;
    line.unit_price = priced.unit_price;
    // The difference of two shares, so that the discounts of several returns add up.
    const Decimal before = seen->returned_quantity;
    line.discount = share(before + line.quantity) - share(before);
  }
  draft.request = json::write(json::to_json(whole));
  return std::nullopt;
}

Answer OrderReturns::keep_unlinked(const std::string& number, const std::string& why,
                                   const OrderReturn& asked, const WriteContext& context) {
  journal::NewIntent draft = draft_of(order_subject({context.channel, OrderNumber{number}}), asked);
  draft.operation = "unlinked_return";
  json::Value request = json::Value::object();
  request.set("order", number);
  request.set("why", why);
  request.set("asked", json::to_json(asked));
  draft.request = json::write(request);
  return writes_.run(std::move(draft), context, Side::legacy);
}

Answer OrderReturns::find(const std::string& number, const ReturnNumber& wanted,
                          const CallContext& context) {
  const auto document = orders_.resolve(number, context);
  if (!document) return problem_for(document.error());
  std::vector<Side> sides{document->home};
  if (has_moved_part(read_content(document->content))) sides.push_back(other(document->home));
  Error error{ErrorCode::not_found, "the order has no return of this number"};
  for (const Side side : sides) {
    const auto found = observe<ReturnReceipt>(side, cutover::Operation::read, [&] {
      return call_port<ReturnReceipt>(
          systems_, side, context.deadline, &ErpAdapter::returns, [&](ReturnService& port) {
            return port.find_return(identity_at_erp(*document, systems_), wanted, context);
          });
    });
    if (found.result) return made_answer(200, *found.result, document->id);
    if (found.result.error().code != ErrorCode::not_found) return problem_for(found.result.error());
  }
  return problem_for(error);
}

void add_return_writes(WriteLife& writes, const Systems& systems) {
  writes.add("return_order", std::make_unique<ReturnOrder>(systems));
  writes.add("unlinked_return", std::make_unique<UnlinkedReturn>());
}

}  // namespace underpin::facade
