#include "facade/config.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace underpin::facade {
namespace {

using testing::HasSubstr;
using testing::Not;

// A configuration with two waves, as text that a test changes.
struct ConfigFile : testing::Test {
  ConfigFile() {
    folder = std::filesystem::temp_directory_path() /
             ("underpin-config-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~ConfigFile() override { std::filesystem::remove_all(folder); }

  std::string systems = R"("nav-de": {"adapter": "small", "settings": {"url": "http://nav/de"}},
    "bc-de": {"adapter": "small", "settings": {"url": "http://bc/de"}},
    "nav-fr": {"adapter": "small", "settings": {"url": "http://nav/fr"}},
    "bc-fr": {"adapter": "small", "settings": {"url": "http://bc/fr"}})";
  std::string waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr"})";
  std::string keys =
      R"({"subject": "web", "role": "channel", "channel": "web-de", "wave": "de", "hash": "h"},
    {"subject": "web", "role": "channel", "channel": "web-fr", "wave": "fr", "hash": "h"},
    {"subject": "ada", "role": "architect", "waves": ["de"], "hash": "h"},
    {"subject": "ben", "role": "operator", "hash": "h"})";
  std::string more;

  Result<Config> read() {
    write("config.json", "{\"stateFolder\": \"state\", \"keys\": [" + keys + "], \"systems\": {" +
                             systems + "}, \"waves\": {" + waves + "}" +
                             (more.empty() ? "" : ", " + more) + "}");
    return read_config((folder / "config.json").string(),
                       [](std::string_view) { return std::string_view(R"({"type":"object"})"); });
  }
  Config good() {
    auto config = read();
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return config ? std::move(config).value() : Config{};
  }
  std::string refusal() {
    const auto config = read();
    EXPECT_FALSE(config);
    return config ? "" : config.error().message;
  }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  std::string state(const std::string& below = "") const {
    return (folder / ("state" + below)).string();
  }

  std::filesystem::path folder;
};

TEST_F(ConfigFile, TheGateIsEnforcedUnlessSomebodySaysOtherwise) {
  EXPECT_TRUE(good().waves[0].facade.gate.enforced);
  EXPECT_EQ(good().waves[0].facade.gate.limits[0].sample_min, 300);
  EXPECT_EQ(good().waves[0].facade.gate.limits[0].reconciliation_age_max_ms, 86'400'000);
  more = R"("gate": {"enforced": false, "sampleMin": 50, "evidenceHours": 12,
    "pricing": {"sampleMin": 70, "mismatchRateMax": 0.01, "moneyAtRiskMax": "12.50"},
    "cohorts": [{"name": "east", "match": {"locations": ["EAST"]}}],
    "basket": [{"sku": "1", "quantity": "2", "uom": "PCS", "customer": "C1", "currency": "EUR",
                "zone": "Europe/Berlin"}]})";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr", "gate": {"pricing": {"sampleMin": 80}}})";
  const Config config = good();
  const GateSettings& de = config.waves[0].facade.gate;
  EXPECT_FALSE(de.enforced);
  EXPECT_EQ(de.limits[static_cast<std::size_t>(Capability::orders)].sample_min, 50);
  const parity::GateLimits& pricing = de.limits[static_cast<std::size_t>(Capability::pricing)];
  EXPECT_EQ(pricing.sample_min, 70);
  EXPECT_EQ(pricing.evidence_age_max_ms, 12 * 3'600'000);
  EXPECT_DOUBLE_EQ(pricing.mismatch_rate_max, 0.01);
  EXPECT_EQ(pricing.money_at_risk_max.text(), "12.50");
  ASSERT_EQ(de.cohorts.size(), 1u);
  EXPECT_EQ(de.cohorts[0].locations, std::vector<std::string>{"EAST"});
  ASSERT_EQ(de.basket.size(), 1u);
  const GateSettings& fr = config.waves[1].facade.gate;
  EXPECT_EQ(fr.limits[static_cast<std::size_t>(Capability::pricing)].sample_min, 80);
  EXPECT_DOUBLE_EQ(fr.limits[static_cast<std::size_t>(Capability::pricing)].mismatch_rate_max,
                   0.01);
}

TEST_F(ConfigFile, PostingParityIsAskedForUnlessSomebodySaysOtherwise) {
  const PostingGate standard = good().waves[0].facade.gate.posting;
  EXPECT_TRUE(standard.required && standard.scenarios);
  EXPECT_EQ(standard.from, cutover::Stage::cloud_primary);
  EXPECT_EQ(standard.totals_age_max_ms, 86'400'000);
  EXPECT_FALSE(good().waves[0].facade.comparisons.cohorts);
  more = R"("gate": {"posting": {"required": false, "from": "ramp_down", "totalsHours": 48,
    "scenarios": false, "scenariosHours": 2}}, "parity": {"cohorts": true})";
  const PostingGate posting = good().waves[0].facade.gate.posting;
  EXPECT_FALSE(posting.required || posting.scenarios);
  EXPECT_EQ(posting.from, cutover::Stage::ramp_down);
  EXPECT_EQ(posting.totals_age_max_ms, 48 * 3'600'000);
  EXPECT_EQ(posting.scenarios_age_max_ms, 2 * 3'600'000);
  EXPECT_TRUE(good().waves[0].facade.comparisons.cohorts);
}

TEST_F(ConfigFile, AGateThatCannotBeMeantIsRefused) {
  more = R"("gate": {"level": 1, "orders": {"mismatchRateMax": 1.5}, "droppedMax": -1,
    "cohorts": [{"name": "east", "match": {"moon": ["x"]}}],
    "basket": [{"sku": "1", "quantity": "0", "uom": "PCS", "customer": "C1", "currency": "EUR",
                "zone": "Mars/Olympus"}]})";
  const std::string why = refusal();
  for (const char* at :
       {"/gate/level", "/gate/orders/mismatchRateMax", "/gate/droppedMax",
        "/gate/cohorts/0/match/moon", "/gate/basket/0/quantity", "/gate/basket/0/zone"})
    EXPECT_THAT(why, HasSubstr(at));
}

TEST_F(ConfigFile, EachWaveHasSystemsAFolderAndAJournalOfItsOwn) {
  const Config config = good();
  ASSERT_EQ(config.waves.size(), 2u);
  const WaveConfig& de = config.waves[0];
  const WaveConfig& fr = config.waves[1];
  EXPECT_EQ(de.name, "de");
  EXPECT_EQ(de.legacy_system, "nav-de");
  EXPECT_EQ(de.cloud_system, "bc-de");
  EXPECT_EQ(de.facade.wave, "de");
  EXPECT_EQ(de.facade.state_folder, state("/waves/de"));
  EXPECT_EQ(fr.name, "fr");
  EXPECT_EQ(fr.facade.state_folder, state("/waves/fr"));
}

TEST_F(ConfigFile, TheWaveNamedDefaultLiesWhereItAlwaysDid) {
  waves = R"("default": {"legacy": "nav-de", "cloud": "bc-de"})";
  keys = R"({"subject": "web", "role": "channel", "channel": "web", "hash": "h"})";
  more = R"("store": {"kind": "postgres", "connection": "dbname=x"})";
  const Config alone = good();
  EXPECT_EQ(alone.waves.at(0).facade.state_folder, state());
  EXPECT_EQ(alone.waves.at(0).facade.postgres->schema, "underpin");
  EXPECT_EQ(alone.keys.at(0).wave, "default") << "the only wave needs no naming";
  // Also when others come after it.
  waves += R"(, "fr": {"legacy": "nav-fr", "cloud": "bc-fr"})";
  keys =
      R"({"subject": "web", "role": "channel", "channel": "web", "wave": "default", "hash": "h"})";
  const Config two = good();
  EXPECT_EQ(two.waves.at(0).facade.state_folder, state());
  EXPECT_EQ(two.waves.at(0).facade.postgres->schema, "underpin");
  EXPECT_EQ(two.waves.at(1).facade.state_folder, state("/waves/fr"));
  EXPECT_EQ(two.waves.at(1).facade.postgres->schema, "underpin_fr");
}

TEST_F(ConfigFile, AWaveWhoseSchemaPostgresWouldCutIsRefused) {
  more = R"("store": {"kind": "postgres", "connection": "dbname=x",
            "schema": "a_schema_whose_name_is_nearly_as_long_as_a_name_may_ever_be"})";
  good();
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
             "fr-and-all-overseas": {"legacy": "nav-fr", "cloud": "bc-fr"})";
  keys = R"({"subject": "ben", "role": "operator", "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/fr-and-all-overseas: its schema would be"));
}

TEST_F(ConfigFile, ASystemOfTwoWavesIsRefusedAndBothAreNamed) {
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
             "fr": {"legacy": "nav-fr", "cloud": "bc-de"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/fr/cloud: the wave fr names the system bc-de, which is "
                                   "the wave de's: a system belongs to one wave"));
  // In another role it is the same system.
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
             "fr": {"legacy": "bc-de", "cloud": "bc-fr"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/fr/legacy: the wave fr names the system bc-de"));
}

TEST_F(ConfigFile, OneCompanyUnderTwoNamesIsRefused) {
  systems = R"("nav-de": {"adapter": "small", "settings": {"url": "http://nav/de"}},
    "bc-de": {"adapter": "small", "settings": {"url": "http://bc/de"}},
    "nav-fr": {"adapter": "small", "settings": {"url": "http://nav/fr"}},
    "bc-fr": {"adapter": "small", "settings": {"url": "http://bc/de"}})";
  EXPECT_THAT(refusal(),
              HasSubstr("the system bc-fr of the wave fr has the settings of the system bc-de of "
                        "the wave de"));
}

TEST_F(ConfigFile, AWaveNeedsTwoSystemsThatAreThere) {
  waves = R"("de": {"legacy": "nav-de", "cloud": "nav-de"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/de: legacy and cloud must be different systems"));
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/de/cloud: names the system bc, which is not there"));
  waves = "";
  EXPECT_THAT(refusal(), HasSubstr("/waves: must name a wave"));
}

TEST_F(ConfigFile, NamesOfWavesAreThoseOfFoldersAndSchemas) {
  keys = R"({"subject": "ben", "role": "operator", "hash": "h"})";
  for (const char* name :
       {"DE", "1st", "-de", "de/..", "d e", "a-name-that-has-one-letter-2-many", "*"}) {
    waves = "\"" + std::string(name) + R"(": {"legacy": "nav-de", "cloud": "bc-de"})";
    EXPECT_THAT(refusal(), HasSubstr("a wave's name must be [a-z][a-z0-9_-]{0,30}")) << name;
  }
  for (const char* name : {"d", "de-2_north", "a-name-that-has-31-letters-long"}) {
    waves = "\"" + std::string(name) + R"(": {"legacy": "nav-de", "cloud": "bc-de"})";
    EXPECT_TRUE(read()) << name;
  }
}

TEST_F(ConfigFile, AChannelsKeyNamesItsWaveWhenThereAreSeveral) {
  keys = R"({"subject": "web", "role": "channel", "channel": "web", "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/0/wave: is missing: with several waves, the key of the "
                                   "channel web names its own; there is de, fr"));
  keys = R"({"subject": "web", "role": "channel", "channel": "web", "wave": "it", "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/0/wave: names the wave it; there is de, fr"));
}

TEST_F(ConfigFile, ANamespaceBelongsToOneWave) {
  keys = R"({"subject": "a", "role": "channel", "channel": "web", "wave": "de", "hash": "h"},
            {"subject": "b", "role": "channel", "channel": "web", "wave": "de", "hash": "i"})";
  EXPECT_TRUE(read()) << "two keys of one channel";
  keys = R"({"subject": "a", "role": "channel", "channel": "web", "wave": "de", "hash": "h"},
            {"subject": "b", "role": "channel", "channel": "web", "wave": "fr", "hash": "i"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/1/wave: the channel web belongs to the wave de already, "
                                   "not to fr"));
}

TEST_F(ConfigFile, KeysOfStaffAreLimitedByWavesAndChannelsByTheirWave) {
  EXPECT_EQ(good().keys.at(2).waves, (std::vector<std::string>{"de"}));
  keys = R"({"subject": "ada", "role": "architect", "waves": ["de", "it"], "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/0/waves: names the wave it; there is de, fr"));
  keys = R"({"subject": "ada", "role": "architect", "wave": "de", "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/0/wave: is for the role channel"));
  keys = R"({"subject": "a", "role": "channel", "channel": "web", "wave": "de", "waves": ["de"],
             "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/keys/0/waves: is for the other roles"));
}

TEST_F(ConfigFile, AWaveOverridesWhatItNamesAndKeepsTheRest) {
  more = R"("orders": {"documentTolerance": "0.05"},
    "inventory": {"safetyStock": {"web-de": "2", "web-fr": "3"}, "countAgeMaxMs": 60000},
    "cutover": {"maxBacklogAgeMs": 1000, "approvals": {"orders": ["approver"], "customers": ["qa"]},
                "minDwellMs": {"dual_write": 5}},
    "guards": {"lookMs": 200, "orders": {"deadLettersMax": 1, "backlogAgeMaxMs": 7}})";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr",
           "orders": {"documentTolerance": "0.10"},
           "inventory": {"safetyStock": {"web-fr": "9"}},
           "cutover": {"maxBacklogAgeMs": 2000, "approvals": {"orders": ["qa", "finance"]}},
           "guards": {"orders": {"deadLettersMax": 4}}})";
  const Config config = good();
  const FacadeSettings& de = config.waves.at(0).facade;
  EXPECT_EQ(de.orders.document_tolerance.text(), "0.05");
  EXPECT_EQ(de.inventory.safety_stock.at("web-fr").text(), "3");
  EXPECT_EQ(de.cutover.max_backlog_age_ms, 1000);
  EXPECT_EQ(de.guards.capabilities[0].dead_letters_max, 1);
  const FacadeSettings& fr = config.waves.at(1).facade;
  EXPECT_EQ(fr.orders.document_tolerance.text(), "0.10");
  EXPECT_EQ(fr.inventory.safety_stock.at("web-fr").text(), "9");
  EXPECT_EQ(fr.inventory.safety_stock.at("web-de").text(), "2");
  EXPECT_EQ(fr.inventory.count_age_max_ms, 60'000);
  EXPECT_EQ(fr.cutover.max_backlog_age_ms, 2000);
  const auto signers = [&](Capability capability) {
    return fr.cutover.approvals[static_cast<std::size_t>(capability)]->roles;
  };
  EXPECT_EQ(signers(Capability::orders), (std::vector<std::string>{"qa", "finance"}));
  EXPECT_EQ(signers(Capability::customers), (std::vector<std::string>{"qa"}));
  EXPECT_EQ(fr.cutover.min_dwell_ms[static_cast<std::size_t>(cutover::Stage::dual_write)], 5);
  EXPECT_EQ(fr.guards.capabilities[0].dead_letters_max, 4);
  EXPECT_EQ(fr.guards.capabilities[0].backlog_age_max_ms, 7);
  EXPECT_EQ(fr.guards.look_ms, 200);
}

TEST_F(ConfigFile, AFreezeOfAllWavesHoldsInAWaveThatHasItsOwn) {
  more = R"("cutover": {"freezes": [{"from": "2026-11-20T00:00:00Z", "to": "2026-12-01T00:00:00Z",
            "reason": "Black Friday"}]})";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr", "cutover": {"freezes": [
      {"from": "2027-01-06T00:00:00Z", "to": "2027-02-03T00:00:00Z", "reason": "Soldes"}]}})";
  const Config config = good();
  EXPECT_EQ(config.waves.at(0).facade.cutover.freezes.size(), 1u);
  const auto& freezes = config.waves.at(1).facade.cutover.freezes;
  ASSERT_EQ(freezes.size(), 2u);
  EXPECT_EQ(freezes[0].reason, "Soldes");
  EXPECT_EQ(freezes[1].reason, "Black Friday");
}

TEST_F(ConfigFile, AWaveHasParityRulesOfItsOwn) {
  const std::string rule = R"({"name": "a", "path": "/a", "ignore": true, "reason": "r"})";
  write("all.json", R"({"version": "1", "rules": [)" + rule + "]}");
  write("fr.json",
        R"({"version": "1", "rules": [)" + rule + R"(, {"name": "b", "path": "/b", "ignore": true,
        "reason": "r"}]})");
  more = R"("parity": {"rulesFile": "all.json"})";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr", "parity": {"rulesFile": "fr.json"}})";
  const auto config = read();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->waves[0].facade.parity_rules.rules.size(), 1u);
  EXPECT_EQ(config->waves[1].facade.parity_rules.rules.size(), 2u);
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de", "parity": {"rulesFile": "none.json"}})";
  keys = R"({"subject": "ben", "role": "operator", "hash": "h"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/de/parity/rulesFile"));
}

TEST_F(ConfigFile, AWaveHasAShareOfComparisonsOfItsOwn) {
  more = R"("parity": {"sharePer100k": 5000})";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de"},
    "fr": {"legacy": "nav-fr", "cloud": "bc-fr", "parity": {"sharePer100k": 250}})";
  const auto config = read();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->waves[0].facade.parity_share_per_100k, 5'000u);
  EXPECT_EQ(config->waves[1].facade.parity_share_per_100k, 250u);
  more = R"("parity": {"sharePer100k": 100001})";
  EXPECT_THAT(refusal(), HasSubstr("/parity/sharePer100k"));
}

TEST_F(ConfigFile, AnErrorInAWaveIsNamedWhereItStands) {
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de",
                    "orders": {"documentTolerance": "-1"}},
             "fr": {"legacy": "nav-fr", "cloud": "bc-fr", "relay": {"parallel": 1}})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/fr")) << "what a wave cannot have of its own";
  waves = R"("de": {"legacy": "nav-de", "cloud": "bc-de",
                    "orders": {"documentTolerance": "-1"}},
             "fr": {"legacy": "nav-fr", "cloud": "bc-fr"})";
  EXPECT_THAT(refusal(), HasSubstr("/waves/de/orders/documentTolerance: must be a decimal"));
  EXPECT_THAT(refusal(), Not(HasSubstr("/waves/fr")));
}

TEST_F(ConfigFile, TheStateOfAWaveThatIsNotNamedAnyMoreRefusesTheStart) {
  EXPECT_TRUE(check_state_folder(good())) << "a fresh site";
  write("state/waves/de/journal.db", "x");
  EXPECT_TRUE(check_state_folder(good()));
  write("state/waves/it/journal.db", "x");
  const Status forgotten = check_state_folder(good());
  ASSERT_FALSE(forgotten);
  EXPECT_THAT(forgotten.error().message, HasSubstr("holds the state of the wave it"));
  std::filesystem::remove_all(folder / "state/waves/it");
  // Who renames `default` would begin with an empty journal.
  write("state/parity.db", "x");
  const Status renamed = check_state_folder(good());
  ASSERT_FALSE(renamed);
  EXPECT_THAT(renamed.error().message, HasSubstr("holds the state of the wave default"));
}

TEST_F(ConfigFile, SaysWhichOpenDocumentsMayMove) {
  more = R"("cutover": {"transfer": {"perMinute": 30,
                                     "orders": {"open": "move", "openReturn": "finish_where_born"}}})";
  const Config config = good();
  const TransferSettings& transfer = config.waves.front().facade.cutover.transfer;
  EXPECT_EQ(transfer.open, TransferPolicy::move);
  EXPECT_EQ(transfer.part_shipped, TransferPolicy::finish_where_born);
  EXPECT_EQ(transfer.prepaid, TransferPolicy::finish_where_born);
  EXPECT_EQ(transfer.open_return, TransferPolicy::finish_where_born);
  EXPECT_EQ(transfer.per_minute, 30);
  more = R"("cutover": {"transfer": {"orders": {"openReturn": "move"}}})";
  EXPECT_EQ(good().waves.front().facade.cutover.transfer.open_return, TransferPolicy::move);
}

TEST_F(ConfigFile, SaysHowFastASideIsBroughtUpToDate) {
  more = R"("cutover": {"catchUp": {"perMinute": {"customers": 120}, "backlogMax": 50}})";
  const Config config = good();
  const CatchUpSettings& settings = config.waves.front().facade.cutover.catch_up;
  EXPECT_EQ(settings.per_minute[static_cast<std::size_t>(Capability::customers)], 120);
  EXPECT_EQ(settings.per_minute[static_cast<std::size_t>(Capability::orders)], 6'000);
  EXPECT_EQ(settings.backlog_max, 50);
  more = R"("cutover": {"catchUp": {"perMinute": {"customers": 0}}})";
  EXPECT_THAT(refusal(), HasSubstr("/cutover/catchUp/perMinute/customers"));
}

TEST_F(ConfigFile, AGuardOnWhatIsNeverMeasuredIsRefused) {
  const std::string pricing = R"("guards": {"pricing": {"feedAgeMaxMs": 60000}})";
  more = pricing;
  EXPECT_EQ(good().waves.at(0).facade.guards.capabilities[2].feed_age_max_ms, 60'000);
  more = pricing + R"(, "feeds": {"pricing": {"list": {"writtenBy": "user",
    "learnedBy": "own_interface"}}})";
  EXPECT_THAT(refusal(), HasSubstr("/guards/pricing/feedAgeMaxMs: can never be judged"));
  const std::string rates = R"("guards": {"orders": {"mismatchRate": {"limit": 0.1}},
    "customers": {"latencyRatio": {"limit": 0.5}}})";
  more = rates;
  (void)good();
  more = rates + R"(, "parity": {"sharePer100k": 0})";
  const std::string why = refusal();
  EXPECT_THAT(why, HasSubstr("/guards/orders/mismatchRate: can never be judged"));
  EXPECT_THAT(why, HasSubstr("/guards/customers/latencyRatio: can never be judged"));
  more = R"("parity": {"sharePer100k": 0}, "guards": {"orders": {"errorRate": {"limit": 0.1}}})";
  (void)good();
}

TEST_F(ConfigFile, SaysWhoWritesAFieldAndRefusesOneThatIsNone) {
  more =
      R"("feeds": {"customers": {"blocked": {"writtenBy": "finance", "learnedBy": "not_kept"}}})";
  const Config config = good();
  const FieldOwners& fields = config.waves.front().facade.fields;
  EXPECT_FALSE(fields.carried(Capability::customers, "blocked"));
  EXPECT_TRUE(fields.carried(Capability::customers, "email"));
  more = R"("feeds": {"customers": {"shoe": {"writtenBy": "user", "learnedBy": "feed"}}})";
  EXPECT_THAT(refusal(), HasSubstr("/feeds/customers/shoe: is no field; there are name, kind"));
}

TEST_F(ConfigFile, NamesTheHistoryFileThatAnExportIsReadFrom) {
  more = R"("orders": {"historyReads": "export"})";
  EXPECT_THAT(refusal(), HasSubstr("/orders/historyFile: is needed for historyReads export"));
  more = R"("orders": {"historyReads": "export", "historyFile": "history.db"})";
  const Config config = good();
  const OrderSettings& orders = config.waves.front().facade.orders;
  EXPECT_EQ(orders.history_reads, HistoryReads::export_file);
  EXPECT_EQ(orders.history_file, (folder / "history.db").string());
}

TEST_F(ConfigFile, AStoreThatCannotBeNamesTheFieldAndTheRule) {
  const auto refused = [&](const std::string& store) {
    more = "\"store\": " + store;
    return refusal();
  };
  EXPECT_THAT(refused(R"({"kind": "postgres"})"),
              HasSubstr("/store/connection: is needed for the kind postgres"));
  EXPECT_THAT(refused(R"({"kind": "sqlite", "connection": "host=db"})"),
              HasSubstr("/store: connection and schema belong to the kind postgres"));
  EXPECT_THAT(refused(R"({"kind": "oracle"})"), HasSubstr("/store/kind"));
  EXPECT_THAT(refused(R"({"connection": "host=db"})"), HasSubstr("/store"));
  EXPECT_THAT(refused(R"({"kind": "sqlite", "colour": "blue"})"), HasSubstr("colour"));
  EXPECT_THAT(refused(R"({"kind": "postgres", "connection": "host=db", "planLeaseMs": "soon"})"),
              HasSubstr("/store/planLeaseMs"));
  EXPECT_THAT(refused(R"({"kind": "postgres", "connection": "host=db", "readers": 0})"),
              HasSubstr("/store/readers"));
  EXPECT_THAT(refused(R"({"kind": "postgres", "connection": ""})"), HasSubstr("/store/connection"));
}

TEST_F(ConfigFile, RehearsesWhatIsAskedFor) {
  more = R"("rehearsal": {"orders": 1, "queueLimit": 7})";
  const Config config = good();
  const RehearsalSettings& rehearsal = config.waves.front().facade.rehearsal;
  EXPECT_EQ(rehearsal.grades[static_cast<std::size_t>(Capability::orders)],
            RehearsalGrade::rendered);
  EXPECT_EQ(rehearsal.grades[static_cast<std::size_t>(Capability::customers)],
            RehearsalGrade::none);
  EXPECT_EQ(rehearsal.queue_limit, 7u);
}

TEST_F(ConfigFile, SnapshotsAreTakenAtATimeOfDayInAZone) {
  EXPECT_TRUE(good().facade.reconcile.snapshots.plans.empty());
  more = R"("reconcile": {"snapshots": {"kept": 3, "keptDays": 2, "toleranceMinutes": 90,
    "pricing": {"onNewList": true, "at": "02:30", "zone": "Europe/Berlin"}}})";
  const SnapshotSettings settings = good().facade.reconcile.snapshots;
  EXPECT_EQ(settings.kept, 3);
  EXPECT_EQ(settings.age_max_ms, 2 * 86'400'000);
  EXPECT_EQ(settings.tolerance_ms, 90 * 60'000);
  const SnapshotPlan& plan = settings.plans.at(Capability::pricing);
  EXPECT_TRUE(plan.on_new_list);
  EXPECT_EQ(plan.at_minutes, 150);
  EXPECT_EQ(plan.zone, "Europe/Berlin");
  for (const char* at : {"24:00", "02:60", "2:300", "ab:cd", "02-30", "0:::1"}) {
    more = R"("reconcile": {"snapshots": {"pricing": {"at": ")" + std::string(at) + R"("}}})";
    EXPECT_THAT(refusal(), HasSubstr("/reconcile/snapshots/pricing/at")) << at;
  }
  more = R"("reconcile": {"snapshots": {"pricing": {"at": "02:00", "zone": "Mars/North"}}})";
  EXPECT_THAT(refusal(), HasSubstr("/reconcile/snapshots/pricing/zone"));
  more = R"("reconcile": {"snapshots": {"inventory": {"at": "02:00"}}})";
  EXPECT_THAT(refusal(), HasSubstr("inventory"));
}

TEST_F(ConfigFile, PostingsHaveTheirCatalogueTestCompaniesAndUsers) {
  EXPECT_FALSE(good().facade.reconcile.test_company);
  more = R"("postingScenarios": {"file": "scenarios.json", "testCompany": true},
    "reconcile": {"postedBy": {"nav-de": ["EVA"]}})";
  const Config config = good();
  for (const WaveConfig& wave : config.waves) {
    EXPECT_TRUE(wave.facade.reconcile.test_company);
    EXPECT_EQ(wave.facade.reconcile.scenarios_file, (folder / "scenarios.json").string());
    EXPECT_EQ(wave.facade.reconcile.posted_by.at("nav-de"), std::set<std::string>{"EVA"});
  }
  more = R"("reconcile": {"postedBy": {"nav": ["EVA"]}})";
  EXPECT_THAT(refusal(), HasSubstr("/reconcile/postedBy/nav"));
  more = R"("reconcile": {"stockPostedBy": {"nav-de": ["WMS"]}})";
  EXPECT_EQ(good().waves.front().facade.reconcile.stock_posted_by.at("nav-de"),
            std::set<std::string>{"WMS"});
  more = R"("reconcile": {"stockPostedBy": {"nav": ["WMS"]}})";
  EXPECT_THAT(refusal(), HasSubstr("/reconcile/stockPostedBy/nav"));
}

}  // namespace
}  // namespace underpin::facade
