// Whoever acts on a world: channels and the users of the ERPs. operators.cpp: those who flip, empty
// and operate.
#include "contracts/order_status.h"
#include "facade/order_content.h"
#include "facade/returns.h"
#include "tests/simulation/world.h"

#include <algorithm>

namespace underpin::simulation {

using facade::journal::ExceptionRecord;
using facade::journal::JournalReader;

namespace {

const std::vector<StockKey>& stock_keys() {
  static const std::vector<StockKey> all{{Sku{"S1"}, LocationCode{"EAST"}},
                                         {Sku{"S2"}, LocationCode{"EAST"}},
                                         {Sku{"S1"}, LocationCode{"WEST"}}};
  return all;
}

OrderLine line(int number, const StockKey& key, Decimal quantity) {
  OrderLine line;
  line.number = number;
  line.sku = key.sku;
  line.location = key.location;
  line.uom = "PCS";
  line.quantity = quantity;
  line.unit_price = Decimal{1000, 2};
  line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
  return line;
}

bool says(const facade::Answer& answer, std::string_view slug) {
  return answer.body.find("urn:underpin:problem:" + std::string(slug)) != std::string::npos;
}

// Nothing has been decided: the same request is sent again.
bool to_repeat(const facade::Answer& answer) {
  if (answer.status >= 500 || answer.status == 429) return true;
  if (answer.status == 202) return true;
  return answer.status == 409 &&
         (says(answer, "subject-busy") || says(answer, "idempotency-in-flight"));
}

}  // namespace

void World::populate() {
  for (const StockKey& key : stock_keys()) {
    const Decimal quantity = Decimal::of(dice_.between(10, 90));
    physical_[key] = legacy_->stock[key] = cloud_->stock[key] = quantity;
  }
  for (int i = 1; i <= 4; ++i) {
    Customer customer;
    customer.number = CustomerNumber{"C" + std::to_string(i)};
    customer.name = "Customer " + std::to_string(i);
    customer.kind = "person";
    customer.email = "first@example.com";
    customer.currency = "EUR";
    legacy_->customers[customer.number] = customer;
    legacy_->customer_log.push_back(customer.number);
  }
  const auto old = dice_.between(0, 3);
  for (std::int64_t i = 0; i < old; ++i) {
    Order order;
    order.customer = CustomerNumber{"C1"};
    order.order_date = Date{2026, 11, 20};
    order.currency = "EUR";
    order.lines.push_back(line(1, dice_.one_of(stock_keys()), Decimal::of(dice_.between(1, 6))));
    order.totals.items_net = order.totals.grand_total = order.lines.front().net_amount;
    const Decimal quantity = order.lines.front().quantity;
    old_orders_.emplace_back(legacy_->own_order(order), quantity);
  }
  PriceList list;
  list.batch = "B1";
  for (const char* sku : {"S1", "S2"}) {
    PriceEntry entry;
    entry.sku = Sku{sku};
    entry.from = Date{2026, 1, 1};
    entry.zone = "Europe/Berlin";
    entry.uom = "PCS";
    entry.currency = "EUR";
    entry.unit_price = Decimal{1000, 2};
    list.entries.push_back(entry);
  }
  legacy_->accept_prices(list);
}

// ---- channels

void World::channel_acts() {
  std::vector<std::size_t> placed;
  std::vector<CustomerNumber> customers{CustomerNumber{"C1"}, CustomerNumber{"C2"},
                                        CustomerNumber{"C3"}, CustomerNumber{"C4"}};
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if (writes_[i].operation == "place_order" && writes_[i].state != WriteState::refused)
      placed.push_back(i);
    if (writes_[i].operation == "create_customer" && writes_[i].state == WriteState::acknowledged)
      customers.push_back(writes_[i].customer.number);
  }
  // Mostly what is new: there the moves are.
  const auto some_order = [&]() -> const ChannelWrite& {
    const auto many = static_cast<std::int64_t>(placed.size());
    const std::int64_t from = dice_.chance(700) ? std::max<std::int64_t>(0, many - 4) : 0;
    return writes_[placed[static_cast<std::size_t>(dice_.between(from, many - 1))]];
  };
  ChannelWrite write;
  write.channel = dice_.one_of(channels_);
  auto kind = dice_.between(0, 99);
  if ((options_.mutant == Mutant::no_affinity || from_end_to_end()) && dice_.chance(700))
    kind = dice_.chance(500) ? 55 : 95;
  if (options_.mutant == Mutant::births_stay && dice_.chance(500)) kind = 10;
  if (options_.mutant == Mutant::postings_not_verified && dice_.chance(500)) kind = 70;
  // No feed shows a second return: there the last look is all there is.
  if (beyond_settle_ && options_.mutant == Mutant::none && dice_.chance(250)) kind = 82;
  const std::string unique = std::to_string(++next_number_);
  if (kind < 26 || (placed.empty() && kind < 50)) {
    write.operation = "place_order";
    write.order.id = {write.channel, OrderNumber{unique}};
    write.subject = facade::order_subject(write.order.id);
    write.order.customer = dice_.one_of(customers);
    write.order.order_date = Date{2026, 11, 24};
    write.order.currency = "EUR";
    const Decimal quantity{dice_.between(1, 7) * 1000 + dice_.between(1, 999), 3};
    write.order.lines.push_back(line(1, dice_.one_of(stock_keys()), quantity));
    if (dice_.chance(300))
      write.order.lines.push_back(line(2, dice_.one_of(stock_keys()), Decimal::of(2)));
    for (const OrderLine& one : write.order.lines) write.order.totals.items_net += one.net_amount;
    write.order.totals.grand_total = write.order.totals.items_net;
    write.value = quantity.text();
  } else if (kind < 40) {
    const ChannelWrite& placing = some_order();
    write.operation = "amend_order";
    write.channel = placing.channel;
    write.order.id = placing.order.id;
    write.subject = placing.subject;
    LineAmendment change;
    change.number = 1;
    change.quantity = Decimal{dice_.between(1, 7) * 1000 + dice_.between(1, 999), 3};
    write.value = change.quantity->text();
    write.amendment.lines.push_back(change);
  } else if (kind < 45) {
    const ChannelWrite& placing = some_order();
    write.operation = "cancel_order";
    write.channel = placing.channel;
    write.order.id = placing.order.id;
    write.subject = placing.subject;
  } else if (kind < 48) {
    const ChannelWrite& placing = some_order();
    write.operation = "cancel_lines";
    write.channel = placing.channel;
    write.order.id = placing.order.id;
    write.subject = placing.subject;
    write.cancellation.lines.push_back({1, Decimal::of(1)});
  } else if (kind < 53) {
    write.operation = "create_customer";
    write.subject = "N" + unique;
    write.customer.number = CustomerNumber{write.subject};
    write.customer.name = "New " + unique;
    write.customer.kind = "person";
    write.customer.email = "n" + unique + "@example.com";
    write.customer.currency = "EUR";
    write.value = write.customer.email;
  } else if (kind < 63) {
    write.operation = "amend_customer";
    write.subject = dice_.one_of(customers).text();
    write.customer_amendment.email = "e" + unique + "@example.com";
    write.value = *write.customer_amendment.email;
  } else if (kind < 75) {
    write.operation = "adjust_stock";
    write.adjustment.movement = MovementId{"M" + unique};
    write.adjustment.key = dice_.one_of(stock_keys());
    write.subject = facade::stock_subject(write.adjustment.key);
    write.adjustment.quantity =
        Decimal::of(dice_.between(0, 1) == 0 ? dice_.between(1, 9) : -dice_.between(1, 3));
    write.adjustment.uom = "PCS";
    write.adjustment.reason = "found";
  } else if (kind < 79) {
    return read_order();
  } else if (kind < 84) {
    std::vector<std::size_t> left;
    for (const std::size_t index : placed)
      if (anything_left(writes_[index].order.id)) left.push_back(index);
    if (left.empty()) return read_order();
    const ChannelWrite& placing = writes_[dice_.one_of(left)];
    write.operation = "return_order";
    write.channel = placing.channel;
    write.order.id = placing.order.id;
    write.subject = placing.subject;
    write.back.number = ReturnNumber{"R" + unique};
    write.back.date = Date{2026, 11, 25};
    ReturnLine line;
    line.number = 1;
    line.quantity = Decimal{dice_.between(0, 2) * 1000 + dice_.between(1, 999), 3};
    line.reason = "DAMAGED";
    write.back.lines.push_back(line);
  } else if (kind < 94) {
    return read_stock();
  } else if (kind < 98) {
    return read_customer();
  } else if (!placed.empty()) {
    // A channel that has lost its key sends the same order under another one.
    write = some_order();
    if (write.state != WriteState::acknowledged) return;
    write.attempts = 0;
    write.ended = -1;
    write.state = WriteState::waiting;
    write.operation = "place_order again";
  } else {
    return;
  }
  begin(std::move(write));
}

bool World::anything_left(const OrderId& id) const {
  for (const Erp* erp : {legacy_.get(), cloud_.get()})
    for (const std::size_t index : erp->with_reference(id))
      for (const OrderLine& line : erp->documents[index].order.lines)
        if (line.number == 1 && !line.shipped_quantity.is_zero()) return true;
  return false;
}

void World::begin(ChannelWrite write) {
  write.key = "k" + std::to_string(++next_key_);
  write.begun = time();
  tell("channel " + write.channel.text() + " begins " + write.operation + " " + write.subject +
       " " + write.key + " " + write.value);
  writes_.push_back(std::move(write));
  touch();
  attempt(writes_.size() - 1);
}

void World::retry() {
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    const ChannelWrite& write = writes_[i];
    if (write.state == WriteState::waiting && !write.on_its_way && write.next_try <= time())
      attempt(i);
  }
  scheduler_.at(time() + 70'000, [this] { retry(); });
}

void World::attempt(std::size_t index) {
  if (!facade_ || crashed_) return;
  ChannelWrite& write = writes_[index];
  write.on_its_way = true;
  ++write.in_flight;
  if (write.state == WriteState::refused) write.asked_again = true;
  if (++write.attempts == 2) count("repeated");
  in_process("write", [this, index] {
    const ChannelWrite now = writes_[index];
    ChannelWrite sent = now;
    const facade::Answer answer = send(sent);
    scheduler_.check_alive();
    take_answer(index, answer);
  });
}

facade::Answer World::send(ChannelWrite& write) {
  WriteContext context;
  static_cast<CallContext&>(context) = call_within(2'000, write.channel);
  context.idempotency_key = IdempotencyKey{write.key};
  const std::string& number = write.order.id.number.text();
  if (write.operation == "place_order" || write.operation == "place_order again")
    return facade_->orders().place(write.order, context);
  if (write.operation == "amend_order")
    return facade_->orders().amend(number, write.amendment, {"*"}, context);
  if (write.operation == "cancel_order" || write.operation == "cancel_lines")
    return facade_->orders().cancel(number, write.cancellation, {}, context);
  if (write.operation == "return_order")
    return facade_->returns().place(number, write.back, context);
  if (write.operation == "create_customer")
    return facade_->customers().create(write.customer, context);
  if (write.operation == "amend_customer") {
    return facade_->customers().amend(CustomerNumber{write.subject}, write.customer_amendment,
                                      {"*"}, context);
  }
  return facade_->inventory().adjust(write.adjustment, context);
}

void World::take_answer(std::size_t index, const facade::Answer& answer) {
  ChannelWrite& write = writes_[index];
  write.on_its_way = false;
  --write.in_flight;
  tell("answer to " + write.key + ": " + std::to_string(answer.status) + " " +
       answer.body.substr(0, 160));
  // A refusal before anything was begun (404, 412) is not stored: the repeat is a write of its own.
  if (write.state == WriteState::refused && answer.status < 300 && !to_repeat(answer)) {
    write.state = WriteState::waiting;
    count("accepted after a refusal");
  }
  if (write.state != WriteState::waiting) {
    if (write.state == WriteState::acknowledged && !to_repeat(answer) &&
        (answer.status != write.answer.status || answer.body != write.answer.body))
      violation("another answer to " + write.key + " than before: " + answer.body);
    return;
  }
  if (to_repeat(answer)) {
    write.next_try = time() + dice_.between(30'000, 700'000);
    if (acting_ && dice_.chance(60)) {
      write.state = WriteState::abandoned;
      count("abandoned");
    }
    touch();
    return;
  }
  write.ended = time();
  write.answer = answer;
  write.state = answer.status < 300 ? WriteState::acknowledged : WriteState::refused;
  write.asked_again = write.state == WriteState::refused && write.in_flight > 0;
  if (write.operation == "place_order again") {
    count("repeated under another key");
  } else {
    count(write.state == WriteState::acknowledged ? "acknowledged " + write.operation : "refused");
  }
  touch();
  // Sometimes an answer is lost on its last way, and the channel asks once more.
  if (dice_.chance(60)) attempt(index);
}

void World::read_order() {
  std::vector<std::size_t> placed;
  for (std::size_t i = 0; i < writes_.size(); ++i)
    if (writes_[i].operation == "place_order") placed.push_back(i);
  if (placed.empty()) return;
  const std::size_t index = dice_.one_of(placed);
  const bool list = dice_.chance(120);
  in_process("read", [this, index, list] {
    const std::string subject = writes_[index].subject;
    const OrderId id = writes_[index].order.id;
    const bool acknowledged = writes_[index].state == WriteState::acknowledged;
    const Micros from = time();
    if (list) {
      OrderQuery query;
      query.limit = 500;
      const auto listed = facade_->orders().list(query, call_within(2'000, id.channel));
      scheduler_.check_alive();
      if (!listed) return;
      count("read list");
      const bool there = std::any_of(listed->items.begin(), listed->items.end(),
                                     [&](const auto& document) { return document.id == id; });
      if (acknowledged && !there) violation("acknowledged " + subject + " is not in the list");
      return;
    }
    const auto order = facade_->orders().get(id.number.text(), call_within(2'000, id.channel));
    scheduler_.check_alive();
    if (!order) {
      if (acknowledged && order.error().code == ErrorCode::not_found)
        violation("acknowledged " + subject + " is not found");
      return;
    }
    count("read order");
    tell("read " + subject + ": " + std::string(name(order->value.status)));
    statuses_[subject].push_back({from, time(), order->value.status});
    for (const OrderLine& one : order->value.lines)
      if (one.number == 1)
        registers_["order/" + subject].reads.push_back(
            {one.quantity.normalized().text(), from, time()});
  });
}

void World::read_customer() {
  const CustomerNumber number{"C" + std::to_string(dice_.between(1, 4))};
  in_process("read", [this, number] {
    const Micros from = time();
    const auto customer = facade_->customers().get(number, call_within(2'000, channels_.front()));
    scheduler_.check_alive();
    if (!customer) {
      if (customer.error().code == ErrorCode::not_found)
        violation("customer " + number.text() + " is not found");
      return;
    }
    count("read customer");
    registers_["customer/" + number.text()].reads.push_back({customer->value.email, from, time()});
  });
}

void World::read_stock() {
  const StockKey key = dice_.one_of(stock_keys());
  const ChannelId channel = dice_.one_of(channels_);
  in_process("read", [this, key, channel] {
    ActiveRead active{key, most_available(key)};
    struct Listed {
      std::vector<ActiveRead*>& all;
      ActiveRead* one;
      ~Listed() { std::erase(all, one); }
    } listed{active_reads_, &active};
    active_reads_.push_back(&active);
    if (options_.mutant == Mutant::demand_not_overlaid) {
      for (const ChannelWrite& write : writes_)
        for (const Side side : {Side::legacy, Side::cloud})
          facade_->demand().remove(side, write.subject);
    }
    const auto levels =
        facade_->inventory().get(StockQuery{{key.sku}, key.location}, call_within(2'000, channel));
    scheduler_.check_alive();
    if (!levels || levels->size() != 1) return;
    touch();
    count("read stock");
    Decimal most = active.most;
    if (channel == ChannelId{"pos"}) most -= Decimal::of(2);
    if (most.is_negative()) most = Decimal{};
    const Decimal shown = levels->front().available;
    tell("read " + facade::stock_subject(key) + ": " + shown.text() + " of " + most.text());
    if (stock_strict_ && !beyond_settle_ && shown > most) {
      tell_demand(key);
      violation("available of " + facade::stock_subject(key) + " is " + shown.text() +
                ", more than " + most.text());
    }
  });
}

void World::touch() {
  for (ActiveRead* read : active_reads_)
    read->most = std::max(read->most, most_available(read->key));
}

// What may still be the quantity of line 1: written, not refused, and not certainly overwritten.
std::vector<const ChannelWrite*> World::quantity_writes(const std::string& subject) const {
  std::vector<const ChannelWrite*> all;
  for (const ChannelWrite& write : writes_) {
    if (write.subject == subject && write.may_have_applied() &&
        (write.operation == "place_order" || write.operation == "amend_order"))
      all.push_back(&write);
  }
  std::vector<const ChannelWrite*> living;
  for (const ChannelWrite* one : all) {
    const bool overwritten =
        one->state == WriteState::acknowledged &&
        std::any_of(all.begin(), all.end(), [&](const ChannelWrite* later) {
          return later->state == WriteState::acknowledged && later->begun > one->ended;
        });
    if (!overwritten) living.push_back(one);
  }
  return living;
}

Decimal World::demand_at_least(const OrderId& id, const StockKey& key) {
  const std::string subject = facade::order_subject(id);
  const Order* placed = nullptr;
  for (const ChannelWrite& write : writes_) {
    if (write.subject != subject) continue;
    if (write.operation == "place_order" && write.state == WriteState::acknowledged)
      placed = &write.order;
    if (write.operation.rfind("cancel", 0) == 0 && write.may_have_applied()) return Decimal{};
  }
  if (placed == nullptr) return Decimal{};
  Decimal sum;
  for (const OrderLine& ordered : placed->lines) {
    if (ordered.sku != key.sku || ordered.location != key.location) continue;
    Decimal least = ordered.quantity;
    if (ordered.number == 1) {
      for (const ChannelWrite* write : quantity_writes(subject)) {
        const auto value = Decimal::parse(write->value);
        if (value) least = std::min(least, *value);
      }
    }
    bool at_home = false;
    for (const Erp* erp : {legacy_.get(), cloud_.get()}) {
      for (const std::size_t index : erp->with_reference(id)) {
        const Erp::Document& document = erp->documents[index];
        if (document.inert) continue;
        at_home = true;
        Decimal there;
        Decimal left_already;  // What is raised after that is nobody's before it is acknowledged.
        for (const OrderLine& one : document.order.lines) {
          if (one.number != ordered.number) continue;
          left_already = one.shipped_quantity;
          if (document.open()) there = one.outstanding();
        }
        least = std::min(least - left_already, there);
      }
    }
    if (at_home && !least.is_negative()) sum += least;
  }
  return sum;
}

Decimal World::most_available(const StockKey& key) {
  Decimal most = physical_[key];
  for (const ChannelWrite& write : writes_) {
    if (write.operation != "adjust_stock" || write.adjustment.key != key) continue;
    bool counts = write.state == WriteState::acknowledged;
    if (!counts && !write.adjustment.quantity.is_negative()) {
      for (const Erp* erp : {legacy_.get(), cloud_.get()})
        for (const StockMovement& movement : erp->movements)
          counts = counts || movement.movement == write.adjustment.movement;
    }
    if (counts) most += write.adjustment.quantity;
  }
  for (const ChannelWrite& write : writes_)
    if (write.operation == "place_order") most -= demand_at_least(write.order.id, key);
  for (const auto& [number, ordered] : old_orders_) {
    const Erp::Document* document = legacy_->find(OrderRef{{}, number});
    Decimal most_ordered = ordered;
    if (document != nullptr && document->inert) {
      // It has moved: its new home says what is outstanding, of what had not left the old one.
      for (const OrderLine& one : document->order.lines)
        most_ordered = most_ordered - one.shipped_quantity;
      document = cloud_->find(OrderRef{{ChannelId{"nav"}, OrderNumber{number.text()}}, {}});
      if (document != nullptr && document->inert) continue;
    }
    if (document == nullptr || !document->open()) continue;
    // What a user adds the other ERP learns by the feed.
    for (const OrderLine& one : document->order.lines)
      if (one.sku == key.sku && one.location == key.location)
        most -= std::max(Decimal{}, std::min(one.quantity, most_ordered) - one.shipped_quantity);
  }
  return most;
}

// What each ERP knows of the demand for an article, against what is at least due.
void World::tell_demand(const StockKey& key) {
  if (!options_.tell) return;
  for (const Erp* erp : {legacy_.get(), cloud_.get()}) {
    for (const Erp::Document& document : erp->documents) {
      for (const OrderLine& one : document.order.lines) {
        if (one.sku != key.sku || one.location != key.location || !document.open()) continue;
        tell(erp->settings.name + " " + document.number.text() + " " +
             facade::order_subject(document.order.id) + (document.inert ? " inert" : "") +
             " line " + std::to_string(one.number) + ": " + one.outstanding().text() + " of " +
             one.quantity.text() + ", at least " + demand_at_least(document.order.id, key).text());
      }
    }
  }
  tell("physical " + physical_[key].text() + ", nav " + legacy_->stock[key].text() + ", bc " +
       cloud_->stock[key].text());
}

// ---- the ERPs' own users

void World::user_acts() {
  Erp& erp = dice_.between(0, 1) == 0 ? *legacy_ : *cloud_;
  const auto some_document = [&]() -> std::optional<std::size_t> {
    if (erp.documents.empty()) return std::nullopt;
    return static_cast<std::size_t>(
        dice_.between(0, static_cast<std::int64_t>(erp.documents.size()) - 1));
  };
  const auto kind = dice_.between(0, 99);
  const auto document = some_document();
  if (kind < 50) {
    if (document && erp.ship(*document, dice_.chance(600))) count("user ships");
  } else if (kind < 70) {
    for (std::size_t i = 0; i < erp.documents.size(); ++i)
      if (dice_.chance(400) && erp.post(i)) count("user posts");
  } else if (kind < 74) {
    if (document && erp.cancel(*document)) {
      edited_.insert(facade::order_subject(erp.documents[*document].order.id));
      count("user cancels");
    }
  } else if (kind < 82) {
    if (!document) return;
    const Decimal quantity{dice_.between(1, 7) * 1000 + dice_.between(1, 999), 3};
    if (erp.edit(*document, quantity)) {
      count("user edits");
      const OrderId& id = erp.documents[*document].order.id;
      // The channel sees the whole line, whatever of it had left another home.
      const Decimal whole = quantity + moved_part(id, erp.settings.side, 1);
      registers_["order/" + facade::order_subject(id)].others.push_back(
          {whole.normalized().text(), time(), time(), false});
    }
  } else if (kind < 88) {
    change_customer(CustomerNumber{"C" + std::to_string(dice_.between(1, 4))});
  } else if (kind < 92) {
    Order order;
    order.customer = CustomerNumber{"C1"};
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    order.lines.push_back(line(1, dice_.one_of(stock_keys()), Decimal::of(1)));
    order.totals.items_net = order.totals.grand_total = order.lines.front().net_amount;
    if (erp.customers.count(order.customer) == 0) return;
    (void)erp.own_order(order);
    count("user orders");
  } else {
    PriceList list = legacy_->price_lists.back();
    list.batch = "B" + std::to_string(++next_number_);
    list.full = false;
    list.entries.resize(1);
    list.entries.front().unit_price = Decimal{dice_.between(500, 2'000), 2};
    legacy_->accept_prices(list);
    count("user accepts prices");
  }
}

// A user changes a customer in the ERP that the plan names. While the customer is still with the
// other one, or pinned there, the same customer is worked on in both at once: that is not merged.
void World::change_customer(const CustomerNumber& number) {
  if (!facade_) return;
  const cutover::Plan plan = facade_->cutover().plan(Capability::customers);
  const Side side = cutover::rule(cutover::stage_for(plan, number.text())).primary;
  const auto owner = facade_->customers().side_of(number);
  if (!owner || on(side).customers.count(number) == 0) return;
  const std::string phone = "+49 " + std::to_string(++next_number_);
  on(side).change_customer(number, phone);
  registers_["phone/" + number.text()].others.push_back(
      {phone, time(), *owner == side ? time() : -1, false});
  count("user changes customer");
}

}  // namespace underpin::simulation
