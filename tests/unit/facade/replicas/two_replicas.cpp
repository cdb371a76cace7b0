#include "tests/unit/facade/replicas/two_replicas.h"

namespace underpin::facade::test {

TwoReplicas::TwoReplicas() {
  folder =
      std::filesystem::temp_directory_path() / ("underpin-replicas-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  journal = test_support::own_schema();
  for (SmallErp* erp : {legacy.get(), cloud.get()}) {
    erp->tune().settle_ms = 50;
    Customer customer;
    customer.number = CustomerNumber{"C1"};
    customer.name = "Ada";
    customer.kind = "person";
    customer.currency = "EUR";
    erp->add_customer(customer);
  }
}

TwoReplicas::~TwoReplicas() { std::filesystem::remove_all(folder); }

std::unique_ptr<Facade> TwoReplicas::replica(const std::string& name, OnStep on_step) {
  Systems systems;
  systems.legacy = {"nav", std::make_unique<Lent>(legacy),
                    std::make_unique<Guard>("nav", GuardSettings{16, 1'000'000, 1})};
  systems.cloud = {"bc", std::make_unique<Lent>(cloud),
                   std::make_unique<Guard>("bc", GuardSettings{16, 1'000'000, 1})};
  FacadeSettings settings;
  settings.state_folder = (folder / name).string();
  std::filesystem::create_directories(settings.state_folder);
  settings.postgres = journal;
  settings.plan_lease_ms = 600'000;
  settings.orders.give_up_ms = 300;
  settings.writes.subject_wait_ms = 50;
  settings.cutover.transfer.open = TransferPolicy::move;
  settings.cutover.transfer.per_minute = 1'000'000;
  settings.gate = gate;
  settings.cutover.approvals = approvals;
  if (on_step) {
    settings.around_journal = [this](std::unique_ptr<journal::Journal> inner) {
      return std::make_unique<Watched>(std::move(inner), before_write);
    };
  }
  settings.on_step = std::move(on_step);
  auto opened = Facade::open(std::move(systems), std::move(settings));
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? std::move(opened).value() : nullptr;
}

CallContext TwoReplicas::context() {
  CallContext context;
  context.channel = ChannelId{"web"};
  context.deadline = deadline_in(std::chrono::seconds(20));
  return context;
}

WriteContext TwoReplicas::write(const std::string& key) {
  WriteContext result;
  static_cast<CallContext&>(result) = context();
  result.idempotency_key = IdempotencyKey{key};
  return result;
}

Order TwoReplicas::order() {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"1"}};
  order.customer = CustomerNumber{"C1"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = Decimal::of(2);
  line.unit_price = Decimal::of(10);
  line.net_amount = Decimal::of(20);
  order.lines.push_back(line);
  order.totals.items_net = order.totals.grand_total = line.net_amount;
  return order;
}

void TwoReplicas::settle(Facade& facade) {
  for (int round = 0; round < 6; ++round) {
    (void)facade.writes().resolve_outcomes(context());
    for (const Side side : {Side::legacy, Side::cloud}) {
      EXPECT_TRUE(facade.feeds().poll_orders(side, context()));
      EXPECT_TRUE(facade.feeds().poll_customers(side, context()));
      (void)facade.relay().deliver_due(side);
    }
    (void)facade.catch_up().advance(context()).has_value();
  }
}

void TwoReplicas::to_dual_write(Facade& facade, Capability capability) {
  settle(facade);
  cutover::ChangeRequest request;
  request.stage = cutover::Stage::dual_write;
  const auto moved = facade.cutover().change(capability, request, 1, {"ada", "test"});
  ASSERT_TRUE(moved) << moved.error().message;
  settle(facade);
}

journal::DocumentRecord TwoReplicas::document(Facade& facade) const {
  std::optional<journal::DocumentRecord> found;
  EXPECT_TRUE(facade.journal().read(
      [&](const journal::JournalReader& reader) { found = reader.document(order().id); }));
  return found.value_or(journal::DocumentRecord{});
}

bool TwoReplicas::released(Side side) const {
  const SmallErp& erp = side == Side::legacy ? *legacy : *cloud;
  return erp.orders_with(order().id).at(0).released;
}

}  // namespace underpin::facade::test
