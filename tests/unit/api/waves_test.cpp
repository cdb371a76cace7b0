// Several waves behind one service: whose call goes where, and that nothing of one is felt in
// another.
#include "contracts/json/json_text.h"
#include "facade/api/channel_api.h"
#include "facade/api/ops_api.h"
#include "facade/api/service.h"
#include "tests/unit/facade/small_erp.h"
#include "tests/unit/http/raw_client.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>

namespace underpin::facade::api {
namespace {

using facade::test::SmallErp;
using http::test::Answered;
using http::test::RawClient;
using json::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Reads of a customer wait here while it is closed.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    if (!closed_) return;
    ++waiting_;
    changed_.notify_all();
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30), [&] { return !closed_; }));
  }
  bool wait_for_waiting(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0;
};

// What an adapter complains of now.
using Alarms = std::shared_ptr<std::vector<Alarm>>;

class Borrowed final : public ErpAdapter, public CustomerService {
 public:
  Borrowed(std::shared_ptr<SmallErp> erp, std::shared_ptr<Gate> gate, Alarms alarms)
      : erp_(std::move(erp)), gate_(std::move(gate)), alarms_(std::move(alarms)) {}
  const CapabilityDescriptor& descriptor() const override { return erp_->descriptor(); }
  Status ping(const CallContext& context) override { return erp_->ping(context); }
  std::vector<Finding> examine(const CallContext& context) override {
    return erp_->examine(context);
  }
  OrderService* orders() override { return erp_.get(); }
  InventoryService* inventory() override { return erp_.get(); }
  PricingService* pricing() override { return erp_.get(); }
  CustomerService* customers() override { return this; }
  std::vector<Alarm> alarms() override { return *alarms_; }

  Result<CustomerReceipt> create_customer(const Customer& customer,
                                          const WriteContext& context) override {
    return erp_->create_customer(customer, context);
  }
  Result<Customer> get_customer(const CustomerNumber& number, const CallContext& context) override {
    gate_->pass();
    return erp_->get_customer(number, context);
  }
  Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                         const CustomerAmendment& amendment,
                                         const Revision& expected,
                                         const WriteContext& context) override {
    return erp_->amend_customer(number, amendment, expected, context);
  }
  Result<CustomerReceipt> put_customer(const Customer& customer,
                                       const WriteContext& context) override {
    return erp_->put_customer(customer, context);
  }
  Result<Page<Customer>> search_customers(const CustomerQuery& query,
                                          const CallContext& context) override {
    return erp_->search_customers(query, context);
  }
  Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                      const CallContext& context) override {
    return erp_->customer_changes(cursor, context);
  }

 private:
  std::shared_ptr<SmallErp> erp_;
  std::shared_ptr<Gate> gate_;
  Alarms alarms_;
};

// A journal that can be made unreachable.
class Unreachable final : public journal::Journal {
 public:
  Unreachable(std::unique_ptr<Journal> inner, std::shared_ptr<std::atomic<bool>> away)
      : inner_(std::move(inner)), away_(std::move(away)) {}
  Status write(const std::function<bool(journal::JournalTransaction&)>& work) override {
    if (*away_) return gone();
    return inner_->write(work);
  }
  Status read(const std::function<void(const journal::JournalReader&)>& work) const override {
    if (*away_) return gone();
    return inner_->read(work);
  }

 private:
  static Error gone() { return {ErrorCode::unavailable, "the disk is gone", "journal"}; }
  std::unique_ptr<Journal> inner_;
  std::shared_ptr<std::atomic<bool>> away_;
};

std::string example(const std::string& name) {
  std::ifstream file(std::string(UNDERPIN_SOURCE_DIR "/docs/examples/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// One wave with its ERPs, so that tests can look at all of it.
struct OneWave {
  std::shared_ptr<SmallErp> legacy = std::make_shared<SmallErp>("SO-");
  std::shared_ptr<SmallErp> cloud = std::make_shared<SmallErp>("S-ORD");
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  Alarms alarms = std::make_shared<std::vector<Alarm>>();
  std::shared_ptr<std::atomic<bool>> away = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<Facade> facade;

  std::vector<std::string> audit_kinds() const {
    std::vector<std::string> kinds;
    EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
      for (const auto& record : reader.audit(0, 1000))
        kinds.push_back(json::parse(record.entry)->get("kind").text());
    }));
    return kinds;
  }
  std::map<std::string, std::int64_t> versions() const {
    std::map<std::string, std::int64_t> versions;
    for (const Capability capability : all_capabilities)
      versions[std::string(name(capability))] = facade->cutover().status(capability)->plan.version;
    return versions;
  }
};

struct Waves : testing::Test {
  Waves() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-waves-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
  }
  ~Waves() override {
    if (service) service->stop(deadline_in(std::chrono::seconds(20)));
    service.reset();
    waves.clear();
    std::filesystem::remove_all(folder);
  }

  void serve(const std::vector<std::string>& names, int workers = 8) {
    Facades facades;
    for (const std::string& name : names) {
      OneWave& wave = waves[name];
      Customer customer;
      customer.number = CustomerNumber{"C10000"};
      customer.name = "Customer of " + name;
      customer.kind = "person";
      customer.currency = "EUR";
      wave.legacy->add_customer(customer);
      Systems systems;
      systems.legacy = system("nav-" + name, wave.legacy, wave.gate, wave.alarms);
      systems.cloud = system("bc-" + name, wave.cloud, std::make_shared<Gate>(),
                             std::make_shared<std::vector<Alarm>>());
      systems.channels = {"web-" + name};
      FacadeSettings settings;
      settings.wave = name;
      settings.state_folder = (folder / name).string();
      measure(settings, metrics);
      settings.around_journal = [away = wave.away](std::unique_ptr<journal::Journal> inner) {
        return std::make_unique<Unreachable>(std::move(inner), away);
      };
      std::filesystem::create_directories(folder / name);
      auto opened = Facade::open(std::move(systems), std::move(settings));
      ASSERT_TRUE(opened) << opened.error().message;
      wave.facade = std::move(opened).value();
      facades.push_back(wave.facade.get());
    }
    ServiceSettings settings;
    settings.channel_listener.workers = workers;
    for (const std::string& name : names)
      settings.keys.push_back({"web of " + name,
                               "channel",
                               "web-" + name,
                               http::hash_api_key("channel-key-" + name),
                               name,
                               {}});
    const auto staff = [&](const std::string& who, const std::string& role,
                           std::vector<std::string> limited) {
      settings.keys.push_back(
          {who, role, "", http::hash_api_key(who + "-key"), "", std::move(limited)});
    };
    staff("architect", "architect", {});
    staff("operator", "operator", {});
    staff("qa", "qa", {});
    staff("architect-of-" + names.front(), "architect", {names.front()});
    auto made = Service::make(facades, *log, metrics, std::move(settings));
    ASSERT_TRUE(made) << made.error().message;
    service = std::move(made).value();
    ASSERT_TRUE(service->start());
  }
  static ErpSystem system(const std::string& name, std::shared_ptr<SmallErp> erp,
                          std::shared_ptr<Gate> gate,
                          Alarms alarms = std::make_shared<std::vector<Alarm>>()) {
    return {name, std::make_unique<Borrowed>(std::move(erp), std::move(gate), std::move(alarms)),
            std::make_unique<Guard>(name, GuardSettings{})};
  }

  static Answered send(int port, const std::string& key, const std::string& method,
                       const std::string& target, const std::string& body = "",
                       const std::string& fields = "") {
    RawClient client(port);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: door\r\nX-API-Key: " + key + "\r\n" +
                fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read();
  }
  Answered channel(const std::string& wave, const std::string& method, const std::string& target,
                   const std::string& body = "", const std::string& fields = "") const {
    return send(service->channel_port(), "channel-key-" + wave, method, target, body, fields);
  }
  Answered place(const std::string& wave, const std::string& target = "/v1/orders") const {
    return channel(wave, "POST", target, example("order.json"), "Idempotency-Key: k1\r\n");
  }
  Answered ops(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& key = "architect-key") const {
    return send(service->ops_port(), key, method, target, body, "If-Match: \"1\"\r\n");
  }
  static Value read(const Answered& answer) {
    const auto value = json::parse(answer.body);
    return value ? *value : Value{};
  }
  static std::vector<std::string> texts(const Value& list) {
    std::vector<std::string> found;
    for (const Value& item : list.items()) found.push_back(item.text());
    return found;
  }
  static std::set<std::string> waves_in(const Value& items) {
    std::set<std::string> found;
    for (const Value& item : items.items()) found.insert(item.get("wave").text());
    return found;
  }
  static std::string to_dual_write() {
    return R"({"stage": "dual_write", "sharePer100k": 100000, "reason": "mirror"})";
  }

  std::filesystem::path folder;
  std::map<std::string, OneWave> waves;
  std::unique_ptr<telemetry::Log> log =
      std::move(telemetry::Log::open({telemetry::Level::error, "/dev/null"})).value();
  telemetry::Metrics metrics;
  std::unique_ptr<Service> service;
};

TEST_F(Waves, OneOrderNumberInTwoChannelsOfTwoWavesIsTwoOrders) {
  serve({"de", "fr"});
  const Answered in_de = place("de");
  ASSERT_EQ(in_de.status, 201) << in_de.body;
  const Answered in_fr = place("fr");
  ASSERT_EQ(in_fr.status, 201) << in_fr.body << ": the same number and the same key, elsewhere";
  for (const char* wave : {"de", "fr"}) {
    const OrderId id{ChannelId{std::string("web-") + wave}, OrderNumber{"100042"}};
    EXPECT_EQ(waves[wave].legacy->orders_with(id).size(), 1u) << wave;
    EXPECT_EQ(waves[wave].legacy->order_count(), 1u) << wave;
    EXPECT_EQ(waves[wave].cloud->order_count(), 0u) << wave;
    EXPECT_EQ(channel(wave, "GET", "/v1/orders/100042").status, 200) << wave;
  }
}

// What channels ask for is what must have been compared before the cloud answers it.
TEST_F(Waves, TheGateKnowsWhatChannelsOfItsWaveAskedFor) {
  serve({"de", "fr"});
  ASSERT_EQ(channel("de", "GET", "/v1/customers/C10000").status, 200);
  const auto coverage = [&](const std::string& wave) {
    const Value gate = read(ops("GET", "/ops/v1/gate/customers?wave=" + wave));
    for (const Value& criterion : gate.get("criteria").items())
      if (criterion.get("name").text() == "coverage") return criterion.get("figure").text();
    return std::string("no such criterion");
  };
  EXPECT_EQ(coverage("de"), "unseen: operation get_customer");
  EXPECT_EQ(coverage("fr"), "unseen: none");
}

TEST_F(Waves, ACallerCannotChooseAnotherWaveThanItsKeys) {
  serve({"de", "fr"});
  ASSERT_EQ(place("de", "/v1/orders?wave=fr").status, 201);
  const Answered again =
      channel("de", "GET", "/v1/customers/C10000?wave=fr", "", "X-Wave: fr\r\nWave: fr\r\n");
  EXPECT_THAT(again.body, HasSubstr("Customer of de"));
  EXPECT_EQ(waves["de"].legacy->order_count(), 1u);
  EXPECT_EQ(waves["fr"].legacy->order_count(), 0u);
  EXPECT_EQ(waves["fr"].legacy->calls("get_customer"), 0);
}

TEST_F(Waves, AFlipInOneChangesNoPlanAndNoAuditLogOfTheOther) {
  serve({"de", "fr"});
  const auto before = waves["fr"].versions();
  const auto audit_before = waves["fr"].audit_kinds();
  const Answered moved = ops("PUT", "/ops/v1/cutover/customers?wave=de", to_dual_write());
  ASSERT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(read(moved).get("wave").text(), "de");
  EXPECT_EQ(waves["de"].versions()["customers"], 2);
  EXPECT_THAT(waves["de"].audit_kinds(), ElementsAre("plan_published"));
  EXPECT_EQ(waves["fr"].versions(), before);
  EXPECT_EQ(waves["fr"].audit_kinds(), audit_before);
  // By the version that DE had, FR can still be moved: they do not count together.
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=de", to_dual_write()).status, 412);
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=fr", to_dual_write()).status, 200);
}

TEST_F(Waves, AWriteOrASingleObjectWithoutAWaveIsRefusedAndTheWavesAreNamed) {
  serve({"de", "fr"});
  const std::string reason = R"({"reason": "r"})";
  for (const auto& [method, target, body] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"PUT", "/ops/v1/cutover/customers", to_dual_write()},
           {"POST", "/ops/v1/cutover/customers/rollback", reason},
           {"POST", "/ops/v1/cutover/customers/acknowledge", reason},
           {"POST", "/ops/v1/cutover/customers/proposals", reason},
           {"POST", "/ops/v1/cutover/customers/proposals/1/approve", reason},
           {"POST", "/ops/v1/kill/orders", reason},
           {"POST", "/ops/v1/unkill/orders", reason},
           {"POST", "/ops/v1/exceptions/1/replay", reason},
           {"GET", "/ops/v1/cutover/customers", ""},
           {"GET", "/ops/v1/cutover/customers/history", ""},
           {"GET", "/ops/v1/cutover/customers/explain?subject=C1", ""},
           {"GET", "/ops/v1/cutover/customers/preview?stage=dual_write", ""},
           {"GET", "/ops/v1/exceptions/1", ""},
           {"GET", "/ops/v1/audit", ""},
           {"GET", "/ops/v1/parity", ""},
           {"GET", "/ops/v1/parity/report.html", ""},
           {"GET", "/ops/v1/parity/pairs.csv", ""},
           {"POST", "/ops/v1/parity/entries/1/replay", ""},
           {"GET", "/ops/v1/trace/100042", ""}}) {
    const Answered answer = ops(method, target, body);
    EXPECT_EQ(answer.status, 422) << method << " " << target << ": " << answer.body;
    const Value problem = read(answer);
    ASSERT_FALSE(problem.get("errors").empty()) << target << ": " << answer.body;
    const Value& error = problem.get("errors").items().front();
    EXPECT_EQ(error.get("pointer").text(), "wave") << target;
    EXPECT_THAT(error.get("detail").text(), HasSubstr("is missing")) << target;
    EXPECT_THAT(error.get("detail").text(), HasSubstr("de, fr")) << target;
  }
  for (const char* wave : {"de", "fr"}) {
    EXPECT_EQ(waves[wave].versions()["customers"], 1);
    EXPECT_THAT(waves[wave].audit_kinds(), ElementsAre());
  }
}

TEST_F(Waves, AWaveThatIsNotServedOrNamedTwiceIsRefused) {
  serve({"de", "fr"});
  const Answered unknown = ops("GET", "/ops/v1/cutover/orders?wave=it");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_THAT(unknown.body, HasSubstr("names no wave; there is de, fr"));
  EXPECT_EQ(ops("GET", "/ops/v1/cutover/orders?wave=de&wave=fr").status, 422);
  EXPECT_EQ(ops("GET", "/ops/v1/cutover/orders?wave=*").status, 422);
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=*", to_dual_write()).status, 422);
  EXPECT_EQ(ops("GET", "/ops/v1/cutover/orders?wave=fr").status, 200);
}

TEST_F(Waves, ListsWithoutAWaveAreOfAllWaves) {
  serve({"de", "fr"});
  const Value plans = read(ops("GET", "/ops/v1/cutover"));
  EXPECT_THAT(texts(plans.get("waves")), ElementsAre("de", "fr"));
  EXPECT_EQ(plans.get("items").size(), 8u);
  EXPECT_EQ(waves_in(plans.get("items")), (std::set<std::string>{"de", "fr"}));
  EXPECT_EQ(waves_in(read(ops("GET", "/ops/v1/cutover?wave=fr")).get("items")),
            (std::set<std::string>{"fr"}));
  const Value known = read(ops("GET", "/ops/v1/waves"));
  EXPECT_EQ(known.at_pointer("/items/1/legacy")->text(), "nav-fr");
  EXPECT_EQ(known.at_pointer("/items/1/channels/0")->text(), "web-fr");
  EXPECT_NE(read(ops("GET", "/ops/v1/kill")).at_pointer("/byWave/fr/targets/all"), nullptr);
}

TEST_F(Waves, ExceptionsOfAllWavesAreListedWithTheirWave) {
  serve({"de", "fr"});
  EXPECT_TRUE(waves["fr"].facade->journal().write([](journal::JournalTransaction& tx) {
    journal::ExceptionRecord exception;
    exception.kind = "totals_differ";
    exception.capability = Capability::orders;
    exception.wave = "fr";
    exception.subject = "web-fr/1";
    tx.add_exception(exception, Timestamp{1});
    return true;
  }));
  const Value all = read(ops("GET", "/ops/v1/exceptions"));
  ASSERT_EQ(all.get("items").size(), 1u);
  EXPECT_EQ(all.at_pointer("/items/0/wave")->text(), "fr");
  EXPECT_TRUE(read(ops("GET", "/ops/v1/exceptions?wave=de")).get("items").empty());
  // The number alone names nothing: each wave counts for itself.
  EXPECT_EQ(ops("GET", "/ops/v1/exceptions/1?wave=de").status, 404);
  EXPECT_EQ(ops("GET", "/ops/v1/exceptions/1?wave=fr").status, 200);
}

TEST_F(Waves, ExceptionsAreListedByCapabilityAndPageByPage) {
  serve({"de"});
  EXPECT_TRUE(waves["de"].facade->journal().write([](journal::JournalTransaction& tx) {
    for (const Capability capability :
         {Capability::orders, Capability::customers, Capability::orders, Capability::orders}) {
      journal::ExceptionRecord exception;
      exception.kind = "dead_letter";
      exception.capability = capability;
      exception.wave = "de";
      tx.add_exception(exception, Timestamp{1});
    }
    return true;
  }));
  const std::string list = "/ops/v1/exceptions?capability=orders&limit=2";
  const Value first = read(ops("GET", list));
  ASSERT_EQ(first.get("items").size(), 2u);
  EXPECT_EQ(first.get("next").text(), "3");
  const Value rest = read(ops("GET", list + "&cursor=3"));
  ASSERT_EQ(rest.get("items").size(), 1u);
  EXPECT_EQ(rest.at_pointer("/items/0/id")->as_int().value(), 4);
  EXPECT_EQ(rest.find("next"), nullptr);
  EXPECT_EQ(ops("GET", "/ops/v1/exceptions?capability=returns").status, 422);
  EXPECT_EQ(ops("GET", "/ops/v1/exceptions?cursor=-1").status, 422);
}

TEST_F(Waves, UnknownOutcomesAreListedAndDisposedOfByWave) {
  serve({"de", "fr"});
  EXPECT_TRUE(waves["fr"].facade->journal().write([](journal::JournalTransaction& tx) {
    for (const Capability capability : {Capability::orders, Capability::customers}) {
      journal::NewIntent intent;
      intent.capability = capability;
      intent.wave = "fr";
      intent.operation = "place_order";
      intent.key = IdempotencyKey{std::string(name(capability))};
      const auto opened = tx.open_intent(intent, Timestamp{1});
      tx.mark_unknown(std::get<journal::Opened>(opened).id, Timestamp{1}, "nav-fr: cut off");
    }
    return true;
  }));
  const std::string list = "/ops/v1/outcomes";
  const Value all = read(ops("GET", list));
  ASSERT_EQ(all.get("items").size(), 2u);
  EXPECT_EQ(json::write(*all.at_pointer("/items/0")),
            R"({"id":1,"wave":"fr","capability":"orders","operation":"place_order","subject":"",)"
            R"("side":"legacy","since":")" +
                Timestamp{1}.text() + R"(","attempts":1,"lastError":"nav-fr: cut off"})");
  EXPECT_TRUE(read(ops("GET", list + "?wave=de")).get("items").empty());
  EXPECT_EQ(read(ops("GET", list + "?wave=fr&limit=1")).get("next").text(), "1");
  const Value rest = read(ops("GET", list + "?wave=fr&capability=customers&cursor=1"));
  EXPECT_EQ(rest.at_pointer("/items/0/id")->as_int().value(), 2);
  EXPECT_EQ(ops("GET", list + "?wave=fr&capability=returns").status, 422);

  const std::string reason = R"({"reason": "nav-fr has it"})";
  EXPECT_EQ(ops("POST", list + "/1/disposition", reason).status, 422) << "the wave is missing";
  EXPECT_EQ(ops("POST", list + "/1/disposition?wave=fr", "{}").status, 422) << "and the reason";
  EXPECT_EQ(ops("POST", list + "/1/disposition?wave=de", reason).status, 404);
  EXPECT_EQ(ops("POST", list + "/1/disposition?wave=fr", reason, "qa-key").status, 403);
  const Answered done = ops("POST", list + "/1/disposition?wave=fr", reason, "operator-key");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(read(done).get("open").as_bool().value(), true);
  EXPECT_EQ(read(ops("GET", list)).at_pointer("/items/0/disposition/by")->text(), "operator");
  EXPECT_THAT(waves["fr"].audit_kinds(), ElementsAre("outcome_disposed"));
}

TEST_F(Waves, AKeyThatIsLimitedSeesAndMovesNoOtherWave) {
  serve({"de", "fr"});
  const std::string key = "architect-of-de-key";
  for (const char* target : {"/ops/v1/cutover/orders?wave=fr", "/ops/v1/cutover?wave=fr",
                             "/ops/v1/audit?wave=fr", "/ops/v1/cutover/orders?wave=it"})
    EXPECT_EQ(ops("GET", target, "", key).status, 403) << target;
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=fr", to_dual_write(), key).status, 403);
  EXPECT_EQ(ops("POST", "/ops/v1/kill/all?wave=fr", R"({"reason": "r"})", key).status, 403);
  EXPECT_EQ(waves["fr"].versions()["customers"], 1);
  EXPECT_EQ(waves_in(read(ops("GET", "/ops/v1/cutover", "", key)).get("items")),
            (std::set<std::string>{"de"}));
  EXPECT_EQ(waves_in(read(ops("GET", "/ops/v1/waves", "", key)).get("items")),
            (std::set<std::string>{"de"}));
  const Answered missing = ops("GET", "/ops/v1/cutover/orders", "", key);
  EXPECT_EQ(missing.status, 422);
  EXPECT_THAT(missing.body, Not(HasSubstr("fr")));
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=de", to_dual_write(), key).status, 200);
  // Every wave means: every wave of the key.
  EXPECT_EQ(ops("POST", "/ops/v1/kill/all?wave=*", R"({"reason": "r"})", key).status, 200);
  EXPECT_EQ(channel("de", "GET", "/v1/customers/C10000").status, 503);
  EXPECT_EQ(channel("fr", "GET", "/v1/customers/C10000").status, 200);
}

TEST_F(Waves, KillingOneDoesNotTouchTheOtherAndTheStarMeansAll) {
  serve({"de", "fr"});
  const std::string reason = R"({"reason": "double shipments"})";
  ASSERT_EQ(ops("POST", "/ops/v1/kill/customers?wave=de", reason, "operator-key").status, 200);
  EXPECT_EQ(channel("de", "GET", "/v1/customers/C10000").status, 503);
  EXPECT_EQ(channel("fr", "GET", "/v1/customers/C10000").status, 200);
  EXPECT_TRUE(std::filesystem::exists(folder / "de" / "kill-switch.json"));
  EXPECT_FALSE(std::filesystem::exists(folder / "fr" / "kill-switch.json"));
  const Answered all = ops("POST", "/ops/v1/kill/all?wave=*", reason, "operator-key");
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_THAT(texts(read(all).get("waves")), ElementsAre("de", "fr"));
  EXPECT_EQ(channel("fr", "GET", "/v1/customers/C10000").status, 503);
  ASSERT_EQ(ops("POST", "/ops/v1/unkill/all?wave=*", reason, "operator-key").status, 200);
  EXPECT_EQ(channel("de", "GET", "/v1/customers/C10000").status, 503) << "a switch of its own";
  EXPECT_EQ(channel("fr", "GET", "/v1/customers/C10000").status, 200);
}

TEST_F(Waves, AWaveWhoseJournalIsGoneLeavesTheOthersServing) {
  serve({"de", "fr"});
  *waves["de"].away = true;
  EXPECT_EQ(place("de").status, 503);
  EXPECT_EQ(place("fr").status, 201);
  const Answered plans = ops("GET", "/ops/v1/cutover");
  ASSERT_EQ(plans.status, 200) << plans.body;
  EXPECT_EQ(waves_in(read(plans).get("items")), (std::set<std::string>{"fr"}));
  EXPECT_EQ(read(plans).at_pointer("/unavailable/0/wave")->text(), "de");
  // The switch needs no journal, and takes every wave with it.
  EXPECT_EQ(ops("POST", "/ops/v1/kill/all?wave=*", R"({"reason": "r"})").status, 200);
  EXPECT_THAT(place("de").body, HasSubstr("switched-off"));

  const Answered ready = ops("GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(read(ready).at_pointer("/waves/0/wave")->text(), "de");
  EXPECT_FALSE(read(ready).at_pointer("/waves/0/ready")->as_bool().value());
  EXPECT_TRUE(read(ready).at_pointer("/waves/1/ready")->as_bool().value());
  EXPECT_EQ(ops("GET", "/readyz?wave=fr").status, 200);
  EXPECT_EQ(ops("GET", "/readyz?wave=de").status, 503);
  EXPECT_EQ(ops("GET", "/readyz?wave=it").status, 404);
}

TEST_F(Waves, AWaveWhoseErpHangsLeavesWorkersForTheOthers) {
  serve({"de", "fr"}, 4);
  waves["de"].gate->close();
  // With 4 workers, each of two waves may have 3.
  std::vector<std::future<int>> hanging;
  for (int i = 0; i < 3; ++i)
    hanging.push_back(std::async(
        std::launch::async, [&] { return channel("de", "GET", "/v1/customers/C10000").status; }));
  ASSERT_TRUE(waves["de"].gate->wait_for_waiting(3));
  const Answered refused = channel("de", "GET", "/v1/customers/C10000");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("Too many calls of the wave de"));
  EXPECT_FALSE(refused.headers.get("Retry-After").empty());
  EXPECT_EQ(channel("fr", "GET", "/v1/customers/C10000").status, 200);
  waves["de"].gate->open();
  for (auto& one : hanging) EXPECT_EQ(one.get(), 200);
  EXPECT_EQ(channel("de", "GET", "/v1/customers/C10000").status, 200) << "it has them back";
  EXPECT_THAT(ops("GET", "/metrics").body, HasSubstr("underpin_wave_full_total{wave=\"de\"} 1"));
}

TEST_F(Waves, MetricsAreOfAWave) {
  serve({"de", "fr"});
  ASSERT_EQ(place("de").status, 201);
  ASSERT_EQ(ops("PUT", "/ops/v1/cutover/customers?wave=fr", to_dual_write()).status, 200);
  const std::string text = ops("GET", "/metrics").body;
  EXPECT_THAT(text, HasSubstr("operation=\"place_order\",wave=\"de\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("operation=\"place_order\",wave=\"fr\"")));
  EXPECT_THAT(text, HasSubstr("underpin_plan_version{capability=\"customers\",wave=\"de\"} 1"));
  EXPECT_THAT(text, HasSubstr("underpin_plan_version{capability=\"customers\",wave=\"fr\"} 2"));
  EXPECT_THAT(text, HasSubstr("underpin_outbox_pending{system=\"nav-de\",wave=\"de\"} 1"));
  EXPECT_THAT(text, HasSubstr("underpin_outbox_pending{system=\"nav-fr\",wave=\"fr\"} 0"));
}

TEST_F(Waves, MetricsTellOfEveryCallIntoAnErp) {
  serve({"de", "fr"});
  ASSERT_EQ(place("de").status, 201);
  ASSERT_EQ(channel("de", "GET", "/v1/customers/C99999").status, 404);
  const std::string text = ops("GET", "/metrics").body;
  EXPECT_THAT(text, HasSubstr("underpin_erp_seconds_count{capability=\"orders\",outcome=\"ok\","
                              "system=\"nav-de\",wave=\"de\"}"));
  EXPECT_THAT(text, HasSubstr("underpin_erp_seconds_count{capability=\"customers\",outcome=\"" +
                              std::string(name(ErrorCode::not_found)) + "\",system=\"nav-de\""));
  EXPECT_THAT(text, Not(HasSubstr("system=\"nav-fr\",wave=\"fr\",le")));
}

TEST_F(Waves, AnAlarmFallsWhenItsCauseHasEnded) {
  serve({"de"});
  waves["de"].alarms->push_back({"price_file_late", "since six o'clock"});
  const std::string series =
      "underpin_adapter_alarms{alarm=\"price_file_late\",system=\"nav-de\",wave=\"de\"}";
  EXPECT_THAT(ops("GET", "/metrics").body, HasSubstr(series + " 1"));
  waves["de"].alarms->clear();
  EXPECT_THAT(ops("GET", "/metrics").body, HasSubstr(series + " 0"));
}

TEST_F(Waves, AParityReportNamesItsWave) {
  serve({"de", "fr"});
  EXPECT_EQ(read(ops("GET", "/ops/v1/parity?wave=fr")).get("wave").text(), "fr");
  EXPECT_THAT(ops("GET", "/ops/v1/parity/report.html?wave=fr").body, HasSubstr("\"wave\":\"fr\""));
}

TEST_F(Waves, WithOneWaveNothingNeedsNaming) {
  serve({"default"});
  const Value plans = read(ops("GET", "/ops/v1/cutover"));
  EXPECT_EQ(plans.get("items").size(), 4u);
  EXPECT_EQ(plans.find("waves"), nullptr);
  EXPECT_EQ(ops("PUT", "/ops/v1/cutover/customers", to_dual_write()).status, 200);
  EXPECT_EQ(ops("GET", "/ops/v1/cutover/orders?wave=default").status, 200);
  EXPECT_EQ(ops("GET", "/ops/v1/cutover/orders?wave=de").status, 422);
  EXPECT_NE(read(ops("GET", "/ops/v1/kill")).find("targets"), nullptr);
  EXPECT_NE(read(ops("POST", "/ops/v1/kill/all?wave=*", R"({"reason": "r"})")).find("targets"),
            nullptr);
}

// Every route of staff is under the rule, and described.
TEST_F(Waves, TheRoutesAreThoseOfTheDescription) {
  serve({"de"});
  std::set<std::string> served;
  for (const WaveRoute& route : over_waves({waves["de"].facade.get()}, ops_routes))
    served.insert(route.route.method + " " + route.route.pattern);
  for (const WaveRoute& route : over_waves({waves["de"].facade.get()}, channel_routes))
    served.insert(route.route.method + " " + route.route.pattern);
  std::set<std::string> described;
  std::ifstream file(UNDERPIN_SOURCE_DIR "/contracts/schemas/openapi.yaml");
  std::string path;
  for (std::string line; std::getline(file, line) && line != "components:";) {
    if (line.rfind("  /", 0) == 0 || line.rfind("  '/", 0) == 0) {
      path.clear();
      for (const char c : line)
        if (c != ' ' && c != '\'' && c != ':') path += c;
    }
    for (const char* method : {"get", "put", "post", "patch", "delete"}) {
      if (line != std::string("    ") + method + ":" || path.find("/v1/") == std::string::npos)
        continue;
      std::string upper = method;
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      described.insert(upper + " " + path);
    }
  }
  EXPECT_EQ(served, described);
}

TEST_F(Waves, AKeyOfAWaveThatIsNotServedRefusesTheStart) {
  serve({"de", "fr"});
  ServiceSettings settings;
  settings.keys.push_back({"web", "channel", "web", http::hash_api_key("some-key"), "it", {}});
  auto made = Service::make({waves["de"].facade.get(), waves["fr"].facade.get()}, *log, metrics,
                            std::move(settings));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("/keys/0 is for the wave \"it\""));
}

// The journal knows whose it is: under another name, acknowledged writes would be forgotten.
TEST_F(Waves, AJournalOfAnotherWaveIsRefused) {
  serve({"de", "fr"});
  service.reset();
  waves["de"].facade.reset();
  FacadeSettings settings;
  settings.wave = "at";
  settings.state_folder = (folder / "de").string();
  Systems systems;
  systems.legacy = system("nav-at", waves["de"].legacy, waves["de"].gate);
  systems.cloud = system("bc-at", waves["de"].cloud, waves["de"].gate);
  const auto opened = Facade::open(std::move(systems), std::move(settings));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("is the wave de's, not the wave at's"));
}

TEST_F(Waves, AJournalFromBeforeThereWereSeveralIsTheFirstWaves) {
  serve({"default"});
  service.reset();
  EXPECT_TRUE(waves["default"].facade->journal().write([](journal::JournalTransaction& tx) {
    tx.set_fact("wave", "");
    return true;
  }));
  waves["default"].facade.reset();
  FacadeSettings settings;
  settings.wave = "de";
  settings.state_folder = (folder / "default").string();
  Systems systems;
  systems.legacy = system("nav-de", waves["default"].legacy, waves["default"].gate);
  systems.cloud = system("bc-de", waves["default"].cloud, waves["default"].gate);
  const auto opened = Facade::open(std::move(systems), std::move(settings));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("is the wave default's, not the wave de's"));
}

}  // namespace
}  // namespace underpin::facade::api
