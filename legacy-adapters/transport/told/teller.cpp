#include "legacy-adapters/transport/told/teller.h"

#include "contracts/json/codec.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::told {

using json::Value;

namespace {

std::int64_t seq_of(std::string_view digits) {
  std::int64_t number = 0;
  if (digits.empty() || digits.size() > 18) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

const std::vector<std::string_view>& order_answer_members() {
  static const std::vector<std::string_view> members{"/reference",
                                                     "/document",
                                                     "/change",
                                                     "/verdict",
                                                     "/code",
                                                     "/reason",
                                                     "/released",
                                                     "/cancelled",
                                                     "/customer",
                                                     "/customerReference",
                                                     "/orderDate",
                                                     "/requestedDate",
                                                     "/currency",
                                                     "/totals/itemsNet",
                                                     "/totals/charges",
                                                     "/totals/tax",
                                                     "/totals/grandTotal",
                                                     "/lines/*/number",
                                                     "/lines/*/sku",
                                                     "/lines/*/description",
                                                     "/lines/*/uom",
                                                     "/lines/*/location",
                                                     "/lines/*/requestedDate",
                                                     "/lines/*/quantity",
                                                     "/lines/*/unitPrice",
                                                     "/lines/*/discount",
                                                     "/lines/*/netAmount",
                                                     "/lines/*/tax",
                                                     "/lines/*/verdict",
                                                     "/lines/*/schedules/*/verdict",
                                                     "/lines/*/schedules/*/quantity",
                                                     "/lines/*/schedules/*/requestedDate"};
  return members;
}

std::vector<std::string_view> told_by(std::string_view shape) {
  if (shape == "order_answer")
    return {"get_order", "find_receipt", "list_open_orders", "order_changes"};
  if (shape == "stock") return {"get_stock", "list_stock"};
  if (shape == "prices") return {"list_prices", "price_list_state", "quote"};
  if (shape == "movements") return {"find_adjustment", "stock_movements"};
  if (shape == "customer") return {"get_customer", "search_customers", "customer_changes"};
  return {};
}

bool gives_number_back(const profile::Document& document) {
  return std::find(document.members.begin(), document.members.end(), "/change") !=
         document.members.end();
}

void Teller::take(const profile::Document& document, const Value& said) {
  const std::string_view shape = document.shape->name;
  if (shape == "order_answer") return take_answer(said);
  if (shape == "shipment") return take_shipment(said);
  if (shape == "invoice") return take_invoice(said);
  if (shape == "stock") return take_stock(said);
  if (shape == "movements") return take_movements(said);
  if (shape == "adjustment_answer") return take_answer_of("M" + said.get("movement").text(), said);
  if (shape == "customer") return take_customer(said);
  if (shape == "customer_answer") return take_answer_of("C" + said.get("number").text(), said);
}

void Teller::answer_refused(Request& request, const std::string& code, const std::string& reason) {
  if (request.state == RequestState::refused) return;
  if (request.state == RequestState::accepted)
    return refuse_document(
        "", reason + ", of " + request.subject.substr(1) + ", which the ERP has accepted");
  if (request.operation == "place_order")
    for (const StoredOrder& order : orders_of(request))
      if (order.is("pending") && !order.body.get("shipments").empty())
        return refuse_document(
            "", reason + ", of " + order.reference + ", of which something has shipped");
  request.state = RequestState::refused;
  request.code = code;
  request.reason = reason;
  settle_request(database_, request);
  if (request.subject[0] == 'M' || request.subject[0] == 'C') return;
  for (StoredOrder& order : orders_of(request)) {
    if (order.is("pending")) order.body.set("status", "rejected");
    save_order(database_, order);
    mark_changed(database_, order.id, now_);
  }
}

std::vector<StoredOrder> Teller::orders_of(const Request& request) {
  const std::string name = request.subject.substr(1);
  if (request.subject[0] == 'R') return orders_of_reference(database_, name);
  std::vector<StoredOrder> found;
  if (auto one = order_of_document(database_, name)) found.push_back(std::move(*one));
  return found;
}

// The order that the request is about becomes what it asked for, and then what `answer` says.
void Teller::answer_accepted(Request& request, const Value& answer, const std::string& document) {
  const bool of_order = request.subject[0] != 'M' && request.subject[0] != 'C';
  if (of_order && !accept_order(request, answer, document)) return;
  request.state = RequestState::accepted;
  settle_request(database_, request);
}

bool Teller::accept_order(const Request& request, const Value& answer,
                          const std::string& document) {
  const Value said = json::parse(request.content).value();
  const std::string& number = document.empty() ? said.get("document").text() : document;
  const bool placing = request.operation == "place_order";
  for (StoredOrder& order : orders_of(request)) {
    if (placing ? !order.is("pending") : !number.empty() && order.document != number) continue;
    if (placing) {
      order.body.erase("status");
      order.document = document.empty() ? order.reference : document;
    }
    accept_operation(request.operation, said, order.body);
    if (const Checked wrong = check_new_lines(answer, order.body)) {
      refuse_document(wrong->pointer, wrong->rule);
      return false;
    }
    tell_order(answer, order.body);
    order.told = told_;
    save_order(database_, order);
    mark_changed(database_, order.id, now_);
    return true;
  }
  // Nothing would become what was asked for: the write stays open.
  refuse_document("/document", "accepts " + request.operation + " of " + request.subject.substr(1) +
                                   ", which " + number + " is not");
  return false;
}

void Teller::take_answer(const Value& answer) {
  if (const Checked wrong = check_answer(answer))
    return refuse_document(wrong->pointer, wrong->rule);
  const std::string& reference = answer.get("reference").text();
  const std::string& number = answer.get("document").text();
  std::vector<StoredOrder> orders = orders_of_reference(database_, reference);
  auto request = answered_by(answer, orders);
  const bool refused = answer.get("verdict").text() == "rejected";
  if (request && !request->open() && !(request->state == RequestState::refused && !refused)) {
    // Said again, or of a write that was answered before: what it says of the order is news
    // only when nothing newer was said.
    if (refused && request->state == RequestState::accepted)
      return refuse_document("/verdict", "refuses " + request->operation + " of " + reference +
                                             ", which was accepted before");
    if (refused) return;
    request.reset();
  }
  if (refused) {
    if (!request)
      return refuse_document("/verdict", "refuses what was not asked for: " + reference);
    std::string reason = answer.get("reason").text();
    if (reason.empty()) reason = "the ERP refused it without a reason";
    return answer_refused(*request, answer.get("code").text(), reason);
  }
  if (request && request->state == RequestState::refused) {
    refuse_document("/verdict", "accepts " + reference + ", which was refused before");
    revive(*request);
  }
  if (request && accepted_before(*request, number)) return;
  if (request) return answer_accepted(*request, answer, number);
  tell(answer, reference, number, orders);
}

// An acceptance that comes behind something newer about the order: it answers, and overwrites
// nothing. A cancellation is for good whatever the newer one said.
bool Teller::accepted_before(Request& request, const std::string& document) {
  if (request.operation == "place_order") return false;
  for (StoredOrder& order : orders_of(request)) {
    if (!document.empty() && order.document != document) continue;
    if (order.told == 0 || !came_before(told_, order.told)) return false;
    request.state = RequestState::accepted;
    settle_request(database_, request);
    if (request.operation != "cancel_order") return true;
    accept_operation(request.operation, Value::object(), order.body);
    save_order(database_, order);
    mark_changed(database_, order.id, now_);
    return true;
  }
  return false;
}

void Teller::revive(const Request& request) {
  for (StoredOrder& order : orders_of(request)) {
    if (order.is("rejected")) order.body.set("status", "pending");
    save_order(database_, order);
  }
}

// The write that it answers. A partner that gives numbers back gives none when it tells of its
// own people; without numbers it answers the write that is open.
std::optional<Request> Teller::answered_by(const Value& answer,
                                           const std::vector<StoredOrder>& orders) {
  const std::string& reference = answer.get("reference").text();
  if (const std::string& change = answer.get("change").text(); !change.empty()) {
    auto request = request_of(database_, seq_of(change));
    const auto is_about = [&](const StoredOrder& order) {
      return request->subject == "D" + order.document;
    };
    if (request && (request->subject == "R" + reference ||
                    request->subject == "D" + answer.get("document").text() ||
                    std::any_of(orders.begin(), orders.end(), is_about)))
      return request;
    return std::nullopt;
  }
  const std::string& number = answer.get("document").text();
  auto open = open_request(database_, "R" + reference);
  if (!open && !number.empty()) open = open_request(database_, "D" + number);
  if (open && (open->operation == "place_order" || !numbered_)) {
    // Of an order that came under another number there is nothing open.
    const bool is_its = std::any_of(orders.begin(), orders.end(), [&](const StoredOrder& order) {
      return number.empty() || order.document.empty() || order.document == number;
    });
    if (is_its) return open;
  }
  // A refusal of a 997 that a document contradicts.
  if (auto last = last_request(database_, "R" + reference);
      last && last->operation == "place_order" && last->state == RequestState::refused)
    return last;
  return std::nullopt;
}

// What the ERP tells of an order without being asked.
void Teller::tell(const Value& answer, const std::string& reference, const std::string& number,
                  std::vector<StoredOrder>& orders) {
  if (number.empty() && orders.size() != 1)
    return refuse_document("/document", "must say which order of " + reference + " is meant");
  StoredOrder* held = nullptr;
  for (StoredOrder& one : orders)
    if (number.empty() || one.document == number) held = &one;
  StoredOrder added;
  if (held == nullptr) {
    // A second document under our reference has what the first was sent with.
    if (!orders.empty()) added.body = orders.front().body;
    for (const char* member : {"status", "shipments", "invoices", "posted", "cancelled"})
      added.body.erase(member);
    if (orders.empty() && (answer.get("customer").text().empty() || answer.get("lines").empty()))
      return refuse_document("", "order " + number + " is not known, and is not told as a whole");
    added.reference = reference;
    added.document = number;
    added.body.set("released", Value::boolean(false));
    held = &added;
  } else if (held->told != 0 && came_before(told_, held->told)) {
    return;  // Something newer was said.
  }
  if (const Checked wrong = check_new_lines(answer, held->body))
    return refuse_document(wrong->pointer, wrong->rule);
  tell_order(answer, held->body);
  held->told = told_;
  save_order(database_, *held);
  mark_changed(database_, held->id, now_);
}

// Of a document about orders: the one that it names.
std::optional<StoredOrder> Teller::named(const Value& said, std::string_view number_member,
                                         const std::string& at) {
  const std::string& reference = said.get("reference").text();
  const std::string& number = said.get(number_member).text();
  std::vector<StoredOrder> found;
  for (StoredOrder& one : orders_of_reference(database_, reference))
    if (number.empty() || one.document.empty() || one.document == number)
      found.push_back(std::move(one));
  if (found.size() == 1 && !found[0].is("rejected")) return std::move(found[0]);
  refuse_document(at + "/reference", found.empty() ? "order " + reference + " is not known"
                                     : found.size() == 1
                                         ? "order " + reference + " was refused by the ERP"
                                         : "there are several orders under " + reference);
  return std::nullopt;
}

void Teller::take_shipment(const Value& shipment) {
  const Value& orders = shipment.get("orders");
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const std::string at = json::pointer_to("/orders", i);
    auto order = named(orders.items()[i], "document", at);
    if (!order) continue;
    const Told told = tell_shipment(shipment.get("document").text(), shipment.get("date").text(),
                                    orders.items()[i], order->body);
    finish(*order, told, at);
  }
}

void Teller::take_invoice(const Value& invoice) {
  if (auto order = named(invoice, "order", ""))
    finish(*order, tell_invoice(invoice, order->body), "");
}

void Teller::finish(StoredOrder& order, const Told& told, const std::string& at) {
  if (told.wrong) return refuse_document(at + told.wrong->pointer, told.wrong->rule);
  if (told.again) return;
  save_order(database_, order);
  mark_changed(database_, order.id, now_);
}

void Teller::take_stock(const Value& stock) {
  const Value& levels = stock.get("levels");
  const Value& complete = stock.get("complete");
  const std::size_t refused_before = refused_;
  std::set<std::string> locations;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Value level = levels.items()[i];
    const std::string at = json::pointer_to("/levels", i);
    std::string wrong;
    for (const char* member : {"sku", "location"})
      if (level.get(member).text().empty()) wrong = member;
    if (level.find("onHand") == nullptr) wrong = "onHand";
    for (const char* member : {"onHand", "reserved", "available"})
      if (level.find(member) != nullptr && !Decimal::parse(level.get(member).text()))
        wrong = member;
    if (!wrong.empty()) {
      refuse_document(at + "/" + wrong, "must be there, and a number where it is one");
      continue;
    }
    if (level.find("reserved") == nullptr && level.find("available") != nullptr)
      level.set("reserved", (*Decimal::parse(level.get("onHand").text()) -
                             *Decimal::parse(level.get("available").text()))
                                .text());
    level.set("asOf", now_.text());
    save_level(database_, level, told_);
    locations.insert(level.get("location").text());
  }
  // Complete for the locations that it names. What could not be read is not gone.
  if (complete.is_boolean() && *complete.as_bool() && refused_ == refused_before)
    for (const std::string& location : locations)
      forget_levels_told_before(database_, location, told_);
}

void Teller::take_movements(const Value& movements) {
  const Value& all = movements.get("movements");
  for (std::size_t i = 0; i < all.size(); ++i) {
    Value one = all.items()[i];
    const std::string at = json::pointer_to("/movements", i);
    const auto day = Date::parse(one.get("date").text());
    one.erase("date");
    if (day) one.set("changedAt", Timestamp::start_of(*day).text());
    if (one.get("document").text().empty()) {
      refuse_document(at + "/document", "must name the entry");
      continue;
    }
    if (!save_movement(database_, one)) {
      refuse_document(
          at, "entry " + one.get("document").text() + " was told before, with other content");
      continue;
    }
    const std::string& movement = one.get("movement").text();
    if (auto request = open_request(database_, "M" + movement)) {
      answer_accepted(*request, Value::object(), "");
    } else if (request = last_request(database_, "M" + movement);
               request && request->state == RequestState::refused) {
      refuse_document(at + "/movement", "posts " + movement + ", which was refused before");
      answer_accepted(*request, Value::object(), "");
    }
  }
}

// A refusal of what has no document of its own. What an accepted one led to, other documents say.
void Teller::take_answer_of(const std::string& subject, const Value& answer) {
  const std::string& verdict = answer.get("verdict").text();
  if (verdict != "accepted" && verdict != "rejected")
    return refuse_document("/verdict", "must be accepted or rejected");
  auto request = last_request(database_, subject);
  if (!request) return refuse_document("", "answers what was not asked for: " + subject.substr(1));
  if (verdict == "rejected") {
    std::string reason = answer.get("reason").text();
    if (reason.empty()) reason = "the ERP refused it without a reason";
    return answer_refused(*request, answer.get("code").text(), reason);
  }
  if (!request->open()) return;
  request->state = RequestState::received;
  settle_request(database_, *request);
}

namespace {

// Whether `held` is as `asked` wants it: what was not asked for may be as it will.
bool holds(const Value& asked, const Value& held) {
  for (const json::Member& member : asked.members()) {
    if (member.key == "role" || member.key == "revision") continue;
    const Value& there = held.get(member.key);
    if (member.value.is_object() ? !holds(member.value, there)
                                 : member.value.text() != there.text())
      return false;
  }
  return true;
}

}  // namespace

// A customer as it is now. It answers the write that asked for it to be so, and no other: one that
// was told before the write had come is no answer.
void Teller::take_customer(Value customer) {
  const std::string number = customer.get("number").text();
  const Value& deleted = customer.get("deleted");
  const bool is_deleted = deleted.is_boolean() && *deleted.as_bool();
  customer.erase("deleted");
  const auto read = json::from_json<Customer>(customer);
  if (!read) return refuse_document("", read.error().message);
  if (!save_customer(database_, customer, is_deleted, told_, now_)) return;
  auto request = open_request(database_, "C" + number);
  if (!request || is_deleted || !holds(json::parse(request->content).value(), customer)) return;
  request->state = RequestState::accepted;
  settle_request(database_, *request);
}

}  // namespace underpin::legacy::told
