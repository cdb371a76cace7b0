#include "tests/unit/facade/facade_fixture.h"

#include "contracts/ports/described_reads.h"
#include "contracts/ports/described_searches.h"
#include "contracts/ports/put_aside.h"

#include <unistd.h>

namespace underpin::facade::test {
namespace {

// A store that takes no writes for a while.
class FailingJournal final : public journal::Journal {
 public:
  FailingJournal(FacadeFixture& test, std::unique_ptr<journal::Journal> inner)
      : test_(test), inner_(std::move(inner)) {}
  Status write(const std::function<bool(journal::JournalTransaction&)>& work) override {
    if (test_.failing_writes > 0) {
      --test_.failing_writes;
      return Error{ErrorCode::unavailable, "the disk is full", "journal"};
    }
    return inner_->write(work);
  }
  Status read(const std::function<void(const journal::JournalReader&)>& work) const override {
    return inner_->read(work);
  }

 private:
  FacadeFixture& test_;
  const std::unique_ptr<journal::Journal> inner_;
};

// The adapter that the facade owns hands every call on to the ERP that outlives it.
class Borrowed final : public ErpAdapter,
                       public DescribedReads,
                       public DescribedSearches,
                       public PutAsideFiles {
 public:
  explicit Borrowed(std::shared_ptr<SmallErp> erp) : erp_(std::move(erp)) {}
  const CapabilityDescriptor& descriptor() const override { return erp_->descriptor(); }
  Status ping(const CallContext& context) override { return erp_->ping(context); }
  std::vector<Finding> examine(const CallContext& context) override {
    return erp_->examine(context);
  }
  OrderService* orders() override { return erp_.get(); }
  InventoryService* inventory() override { return erp_.get(); }
  PricingService* pricing() override { return erp_.get(); }
  CustomerService* customers() override { return erp_.get(); }
  RehearsalService* rehearsals() override { return erp_.get(); }
  PostingService* postings() override { return erp_->postings(); }
  std::vector<std::string> describe_order(const OrderRef& ref) override {
    return {"ask for order " + ref.document.text()};
  }
  std::vector<std::string> describe_stock(const StockQuery& query) override {
    return {"ask for stock of " + query.skus.at(0).text()};
  }
  std::vector<std::string> describe_customer(const CustomerNumber& number) override {
    return {"ask for customer " + number.text()};
  }
  std::vector<std::string> describe_search(const CustomerQuery& query) override {
    return {"search for " + query.email.value_or("everybody")};
  }
  std::vector<std::string> describe_prices(const PriceQuery&) override {
    return {"# Nothing is sent"};
  }
  std::vector<std::string> describe_quote(const QuoteRequest&) override {
    return {"# Nothing is sent"};
  }
  ReturnService* returns() override { return erp_->returns(); }
  std::vector<std::string> put_aside() override {
    std::vector<std::string> names;
    for (const auto& [name, told] : erp_->aside) names.push_back(name);
    return names;
  }
  Result<PutAside> put_aside(const std::string& name) override {
    const auto found = erp_->aside.find(name);
    if (found == erp_->aside.end()) return Error{ErrorCode::not_found, "taken away"};
    return found->second;
  }

 private:
  std::shared_ptr<SmallErp> erp_;
};

}  // namespace

FacadeFixture::FacadeFixture() {
  folder = std::filesystem::temp_directory_path() /
           ("underpin-facade-" + std::to_string(::getpid()) + "-" +
            testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  open();
}

FacadeFixture::~FacadeFixture() {
  facade.reset();
  std::filesystem::remove_all(folder);
}

void FacadeFixture::open() {
  facade.reset();
  if (!legacy_state) {
    legacy_state = std::make_shared<SmallErp>("SO-");
    cloud_state = std::make_shared<SmallErp>("S-ORD");
  }
  Systems systems;
  systems.legacy = make("nav", legacy_state);
  systems.cloud = make("bc", cloud_state);
  FacadeSettings settings;
  settings.state_folder = folder.string();
  settings.now = [this] { return Timestamp{clock.load()}; };
  settings.wave = wave;
  settings.relay.backoff_min_ms = 0;
  settings.writes.subject_wait_ms = 50;
  settings.on_step = on_step;
  settings.cutover = cutover_settings;
  settings.rehearsal = rehearsal_settings;
  settings.gate = gate_settings;
  settings.orders = order_settings;
  settings.fields = field_owners;
  settings.recovery = recovery_settings;
  settings.reconcile = reconcile_settings;
  settings.comparisons = comparison_settings;
  settings.parity_rules = parity_rules;
  settings.parity_key = parity_key;
  settings.around_journal = [this](std::unique_ptr<journal::Journal> journal) {
    if (around_journal) journal = around_journal(std::move(journal));
    return std::make_unique<FailingJournal>(*this, std::move(journal));
  };
  settings.on_audit = [this](const journal::AuditRecord& record) {
    heads_told.push_back(record.hash);
  };
  auto opened = Facade::open(std::move(systems), std::move(settings));
  ASSERT_TRUE(opened) << opened.error().message;
  facade = std::move(opened).value();
}

ErpSystem FacadeFixture::make(const std::string& name, std::shared_ptr<SmallErp> erp) const {
  return {name, std::make_unique<Borrowed>(std::move(erp)),
          std::make_unique<Guard>(name, guard_settings)};
}

SmallErp& FacadeFixture::legacy() { return *legacy_state; }

SmallErp& FacadeFixture::cloud() { return *cloud_state; }

SmallErp& FacadeFixture::on(Side side) { return side == Side::legacy ? legacy() : cloud(); }

void FacadeFixture::pass_ms(std::int64_t ms) { clock += ms * 1000; }

CallContext FacadeFixture::context(const std::string& channel) {
  CallContext context;
  context.channel = ChannelId{channel};
  context.correlation_id = CorrelationId{"test"};
  context.deadline = deadline_in(std::chrono::seconds(20));
  return context;
}

WriteContext FacadeFixture::write(const std::string& key, const std::string& channel) {
  WriteContext result;
  static_cast<CallContext&>(result) = context(channel);
  result.idempotency_key = IdempotencyKey{key};
  return result;
}

Order FacadeFixture::order(const std::string& number, const std::string& quantity) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{number}};
  order.customer = CustomerNumber{"C1"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = *Decimal::parse(quantity);
  line.unit_price = *Decimal::parse("10.00");
  line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
  order.lines.push_back(line);
  order.totals.items_net = line.net_amount;
  order.totals.grand_total = line.net_amount;
  return order;
}

Customer FacadeFixture::customer(const std::string& number) {
  Customer customer;
  customer.number = CustomerNumber{number};
  customer.name = "Customer " + number;
  customer.kind = "person";
  customer.email = number + "@example.com";
  customer.currency = "EUR";
  return customer;
}

void FacadeFixture::move(Capability capability, cutover::Stage stage, std::uint32_t share) {
  for (int round = 0; round < 8; ++round) {
    settle();
    const auto status = facade->cutover().status(capability);
    ASSERT_TRUE(status);
    last_move =
        facade->cutover().change(capability, {stage, share}, status->plan.version, {"ada", "test"});
    if (last_move) return settle();
  }
  FAIL() << last_move.error().message;
}

void FacadeFixture::move_all(cutover::Stage stage) {
  for (const Capability capability :
       {Capability::customers, Capability::orders, Capability::pricing, Capability::inventory})
    move(capability, stage);
}

void FacadeFixture::settle() {
  for (int round = 0; round < 20; ++round) {
    int done = facade->writes().resolve_outcomes(context());
    for (const Side side : {Side::legacy, Side::cloud}) {
      EXPECT_TRUE(facade->feeds().poll_orders(side, context()) || on(side).is_down());
      EXPECT_TRUE(facade->feeds().poll_customers(side, context()) || on(side).is_down());
      done += facade->relay().deliver_due(side);
    }
    (void)facade->feeds().poll_prices(context()).has_value();
    (void)facade->catch_up().advance(context()).has_value();
    if (done == 0 && round > 2) return;
  }
}

std::vector<journal::ExceptionRecord> FacadeFixture::exceptions() {
  std::vector<journal::ExceptionRecord> found;
  EXPECT_TRUE(facade->journal().read(
      [&](const journal::JournalReader& reader) { found = reader.exceptions("open", 100); }));
  return found;
}

std::vector<journal::AuditRecord> FacadeFixture::audit_log() {
  std::vector<journal::AuditRecord> records;
  EXPECT_TRUE(facade->journal().read(
      [&](const journal::JournalReader& reader) { records = reader.audit(0, 10'000); }));
  return records;
}

std::vector<std::string> FacadeFixture::audit_kinds() {
  std::vector<std::string> kinds;
  for (const journal::AuditRecord& record : audit_log())
    kinds.push_back(json::parse(record.entry)->get("kind").text());
  return kinds;
}

json::Value FacadeFixture::last_audit() { return *json::parse(audit_log().back().entry); }

std::int64_t FacadeFixture::version(Capability capability) {
  return facade->cutover().status(capability)->plan.version;
}

std::int64_t FacadeFixture::dead_letter(Capability capability, const std::string& subject,
                                        Side side) {
  std::int64_t exception = 0;
  EXPECT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
    journal::NewOutboxRow row;
    row.side = side;
    row.capability = capability;
    row.subject = subject;
    row.operation = "put_customer";
    row.payload = "{}";
    row.channel = ChannelId{"web"};
    row.key = IdempotencyKey{"k-" + subject};
    exception =
        tx.dead_letter(tx.add_outbox_row(row, Timestamp{clock}), "refused", Timestamp{clock});
    return true;
  }));
  return exception;
}

journal::DocumentRecord FacadeFixture::document(const std::string& number) {
  std::optional<journal::DocumentRecord> found;
  EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
    found = reader.document({ChannelId{"web"}, OrderNumber{number}});
  }));
  EXPECT_TRUE(found) << number;
  return found.value_or(journal::DocumentRecord{});
}

}  // namespace underpin::facade::test
