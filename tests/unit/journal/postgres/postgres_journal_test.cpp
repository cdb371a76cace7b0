#include "facade/journal/postgres.h"
#include "tests/support/postgres.h"
#include "tests/unit/journal/journal_fixture.h"
#include "tests/unit/journal/postgres/cutting_proxy.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace underpin::facade::journal {
namespace {

using test_support::own_schema;

std::unique_ptr<Journal> opened(const PostgresSettings& settings) {
  auto journal = open_postgres_journal(settings);
  EXPECT_TRUE(journal.has_value()) << journal.error().message;
  return journal ? std::move(journal).value() : nullptr;
}

void execute(const std::string& sql) {
  PgSettings settings;
  settings.connection = test_support::postgres_connection();
  settings.schema = "public";
  PgConnection(settings).execute(sql);
}

std::string fact(const Journal& journal, const std::string& name) {
  std::string value;
  const Status read = journal.read([&](const JournalReader& r) { value = r.fact(name); });
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return value;
}

Status set_fact(Journal& journal, const std::string& name, const std::string& value) {
  return journal.write([&](JournalTransaction& tx) {
    tx.set_fact(name, value);
    return true;
  });
}

// The processes of several replicas, as several journals on one schema.
struct Replicas {
  explicit Replicas(std::size_t count) : settings(own_schema()) {
    for (std::size_t i = 0; i < count; ++i) journals.push_back(opened(settings));
  }
  PostgresSettings settings;
  std::vector<std::unique_ptr<Journal>> journals;
};

template <class Work>
void from_all(std::size_t count, Work&& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(PostgresText, KeepsEveryByteThatAChannelOrAnErpMaySend) {
  const std::string odd("a\0b\x1a\xff\xc3(\xed\xa0\x80 \xe2\x82\xac \xf4\x90\x80\x80", 20);
  EXPECT_EQ(from_pg_text(to_pg_text(odd)), odd);
  EXPECT_EQ(to_pg_text("Grüße 12 €"), "Grüße 12 €");
  const auto journal = opened(own_schema());
  ASSERT_TRUE(set_fact(*journal, "odd", odd).has_value());
  EXPECT_EQ(fact(*journal, "odd"), odd);
}

TEST(PostgresJournal, RefusesASchemaNewerThanItself) {
  const PostgresSettings settings = own_schema();
  opened(settings).reset();
  execute("UPDATE \"" + settings.schema + "\".underpin_journal SET version = 99");
  const auto refused = open_postgres_journal(settings);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("schema version 99"), std::string::npos)
      << refused.error().message;
}

TEST(PostgresJournal, RefusesASchemaThatIsAnotherPrograms) {
  const PostgresSettings settings = own_schema();
  execute("CREATE SCHEMA \"" + settings.schema + "\"; CREATE TABLE \"" + settings.schema +
          "\".intent (other TEXT)");
  const auto refused = open_postgres_journal(settings);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("another program's"), std::string::npos)
      << refused.error().message;
}

TEST(PostgresJournal, AServerThatIsNotThereIsUnavailable) {
  const OwnFolder nowhere;
  PostgresSettings settings;
  settings.connection = "host=" + nowhere.file("") + " user=underpin dbname=postgres";
  settings.reconnect_ms = 50;
  const auto refused = open_postgres_journal(settings);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST(PostgresJournal, SeveralReplicasMayMakeTheSchemaAtOnce) {
  const PostgresSettings settings = own_schema();
  std::atomic<int> ready{0};
  from_all(6, [&](std::size_t) {
    if (open_postgres_journal(settings)) ++ready;
  });
  EXPECT_EQ(ready, 6);
}

TEST(PostgresJournal, OneSubjectIsOpenOnceHoweverManyReplicasTry) {
  Replicas replicas(3);
  std::atomic<int> won{0};
  std::atomic<int> busy{0};
  from_all(12, [&](std::size_t i) {
    OpenOutcome outcome;
    const Status written = replicas.journals[i % 3]->write([&](JournalTransaction& tx) {
      outcome = tx.open_intent(customer_intent("C1", "k" + std::to_string(i)), at(0));
      return true;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
    if (is<Opened>(outcome)) ++won;
    if (is<SubjectBusy>(outcome)) ++busy;
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(busy, 11);
}

TEST(PostgresJournal, OneKeyAndOneNameAreTakenOnceHoweverManyReplicasTry) {
  Replicas replicas(3);
  std::atomic<int> won{0};
  std::atomic<int> in_flight{0};
  std::atomic<int> taken{0};
  from_all(12, [&](std::size_t i) {
    // Half of them repeat one key, the others use the name under keys of their own.
    const bool same_key = i % 2 == 0;
    OpenOutcome outcome;
    const Status written = replicas.journals[i % 3]->write([&](JournalTransaction& tx) {
      outcome = tx.open_intent(order_intent("1", same_key ? "k" : "k" + std::to_string(i)), at(0));
      return true;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
    if (is<Opened>(outcome)) ++won;
    if (is<InFlight>(outcome)) ++in_flight;
    if (is<NameTaken>(outcome)) ++taken;
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(in_flight + taken, 11);
  EXPECT_GE(taken, 5);
}

TEST(PostgresJournal, NobodyOpensWithAPlanThatAnotherReplicaHasReplaced) {
  Replicas replicas(2);
  PlanRecord plan;
  plan.capability = Capability::customers;
  plan.plan = "{}";
  constexpr int versions = 20;
  std::atomic<std::int64_t> in_force{0};
  std::atomic<int> late{0};
  std::thread publisher([&] {
    for (int v = 0; v < versions; ++v) {
      const Status published = replicas.journals[0]->write(
          [&](JournalTransaction& tx) { return tx.publish_plan(plan, v); });
      EXPECT_TRUE(published.has_value()) << published.error().message;
      in_force = v + 1;
    }
  });
  int number = 0;
  while (in_force < versions) {
    const std::int64_t known = in_force;
    if (known == 0) continue;
    ++number;
    NewIntent intent = customer_intent("C" + std::to_string(number), std::to_string(number));
    intent.plan_version = known - 1 > 0 ? known - 1 : 99;  // Replaced already.
    const Status written = replicas.journals[1]->write([&](JournalTransaction& tx) {
      if (is<Opened>(tx.open_intent(intent, at(0)))) ++late;
      return true;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
  }
  publisher.join();
  EXPECT_EQ(late, 0);
  EXPECT_GT(number, 0);
}

TEST(PostgresJournal, WhoPagesByChangeMissesNothingThatIsCommittedLater) {
  Replicas replicas(3);
  constexpr int each = 40;
  std::atomic<int> writing{3};
  std::set<std::string> seen;
  std::thread reader([&] {
    DocumentQuery query;
    bool last = false;
    while (true) {
      std::vector<DocumentRecord> page;
      const Status read =
          replicas.journals[0]->read([&](const JournalReader& r) { page = r.documents(query); });
      EXPECT_TRUE(read.has_value());
      for (const DocumentRecord& document : page) {
        EXPECT_GT(document.change, query.after_change);
        query.after_change = document.change;
        seen.insert(document.id.number.text());
      }
      if (page.empty() && last) return;
      last = writing == 0;
    }
  });
  from_all(3, [&](std::size_t replica) {
    for (int i = 0; i < each; ++i) {
      const std::string number = std::to_string(replica * 1'000 + static_cast<std::size_t>(i));
      const Status written = replicas.journals[replica]->write([&](JournalTransaction& tx) {
        tx.put_document(order_document(number));
        return true;
      });
      EXPECT_TRUE(written.has_value()) << written.error().message;
    }
    --writing;
  });
  reader.join();
  EXPECT_EQ(seen.size(), 3U * each);
}

// A second statement would see another moment, and not be fenced.
TEST(PostgresJournal, ALookIsOneStatement) {
  const auto journal = opened(own_schema());
  std::string value = "?";
  const Status once =
      journal->look([&](const JournalReader& reader) { value = reader.fact("none"); });
  EXPECT_TRUE(once) << once.error().message;
  EXPECT_EQ(value, "");
  const Status twice = journal->look([](const JournalReader& reader) {
    (void)reader.fact("none");
    (void)reader.fact("none");
  });
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::internal);
  EXPECT_TRUE(journal->look([](const JournalReader&) {}));
}

TEST(PostgresJournal, MembersOfAGroupFailAlone) {
  const auto journal = opened(own_schema());
  std::atomic<int> failed{0};
  from_all(12, [&](std::size_t i) {
    const Status status = journal->write([&](JournalTransaction& tx) {
      tx.set_fact("member" + std::to_string(i), "written");
      if (i % 4 == 1) return false;
      if (i % 4 == 2) throw std::runtime_error("no luck");
      return true;
    });
    if (!status) ++failed;
  });
  EXPECT_EQ(failed, 6);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(fact(*journal, "member" + std::to_string(i)).empty(), i % 4 == 1 || i % 4 == 2) << i;
  }
}

TEST(PostgresJournal, AConnectionThatEndsInsideAGroupKeepsNothingAndIsMadeAgain) {
  const PostgresSettings settings = own_schema();
  const auto journal = opened(settings);
  const Status cut = journal->write([&](JournalTransaction& tx) {
    tx.set_fact("half", "done");
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND "
        "objid = hashtext('" +
        settings.schema + "')::oid");
    tx.set_fact("other half", "done");
    return true;
  });
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::unavailable) << cut.error().message;
  EXPECT_EQ(fact(*journal, "half"), "");
  EXPECT_TRUE(set_fact(*journal, "next", "1").has_value());
  EXPECT_EQ(fact(*journal, "next"), "1");
}

TEST(PostgresJournal, APublishedPlanWakesTheOtherReplicas) {
  const PostgresSettings settings = own_schema();
  const auto publisher = opened(settings);
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  const auto listening = opened(settings);
  listening->on_plan_published([&] {
    const std::lock_guard lock(mutex);
    ++wakes;
    woken.notify_all();
  });
  const auto wakes_reach = [&](int count) {
    std::unique_lock lock(mutex);
    return woken.wait_for(lock, std::chrono::seconds(30), [&] { return wakes >= count; });
  };
  ASSERT_TRUE(wakes_reach(1)) << "once when it begins to listen";
  PlanRecord plan;
  plan.plan = "{}";
  ASSERT_TRUE(publisher->write([&](JournalTransaction& tx) { return tx.publish_plan(plan, 0); })
                  .has_value());
  EXPECT_TRUE(wakes_reach(2));
}

// As two waves of one process have it: the second one's schema is the first one's with its name.
TEST(PostgresJournal, TwoWavesInOneDatabaseShareNothing) {
  const PostgresSettings first = own_schema();
  PostgresSettings second = first;
  second.schema += "_fr";
  const auto exists = postgres_journal_exists(second);
  ASSERT_TRUE(exists.has_value()) << exists.error().message;
  EXPECT_FALSE(*exists);
  const auto de = opened(first);
  const auto fr = opened(second);
  EXPECT_TRUE(postgres_journal_exists(second).value());

  // The same subject, key, name and plan version, at once: neither sees the other.
  for (const auto& journal : {de.get(), fr.get()}) {
    OpenOutcome outcome;
    ASSERT_TRUE(journal
                    ->write([&](JournalTransaction& tx) {
                      outcome = tx.open_intent(order_intent("1", "k"), at(0));
                      return true;
                    })
                    .has_value());
    EXPECT_TRUE(is<Opened>(outcome));
    std::size_t replicas = 0;
    EXPECT_TRUE(
        journal->read([&](const JournalReader& reader) { replicas = reader.replicas().size(); })
            .has_value());
    EXPECT_EQ(replicas, 1U) << "a replica is one of its wave";
  }
  ASSERT_TRUE(set_fact(*de, "wave", "de").has_value());
  EXPECT_EQ(fact(*fr, "wave"), "");

  // A group of one that stands still holds its own line, and no other.
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  std::thread slow([&] {
    EXPECT_TRUE(de->write([&](JournalTransaction& tx) {
                    std::unique_lock lock(mutex);
                    inside = true;
                    changed.notify_all();
                    changed.wait_for(lock, std::chrono::seconds(2), [&] { return go_on; });
                    tx.set_fact("slow", "1");
                    return true;
                  }).has_value());
  });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return inside; }));
  }
  EXPECT_TRUE(set_fact(*fr, "quick", "1").has_value());
  EXPECT_EQ(fact(*de, "slow"), "") << "the slow one was still inside";
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  slow.join();
}

// How often a journal was told of a plan; waits for it.
class Wakes {
 public:
  void count() {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_.notify_all();
  }
  bool reach(int wakes) {
    std::unique_lock lock(mutex_);
    return woken_.wait_for(lock, std::chrono::seconds(30), [&] { return wakes_ >= wakes; });
  }
  int now() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  int wakes_ = 0;
};

TEST(PostgresJournal, APlanOfOneWaveWakesNoReplicaOfAnother) {
  const PostgresSettings first = own_schema();
  PostgresSettings second = first;
  second.schema += "_fr";
  Wakes de;
  Wakes fr;
  const auto publisher_de = opened(first);
  const auto publisher_fr = opened(second);
  const auto listening_de = opened(first);
  const auto listening_fr = opened(second);
  listening_de->on_plan_published([&] { de.count(); });
  listening_fr->on_plan_published([&] { fr.count(); });
  ASSERT_TRUE(de.reach(1) && fr.reach(1)) << "once when it begins to listen";
  const auto publish = [](Journal& journal, std::int64_t expected) {
    PlanRecord plan;
    plan.plan = "{}";
    return journal.write([&](JournalTransaction& tx) { return tx.publish_plan(plan, expected); })
        .has_value();
  };
  for (int version = 0; version < 3; ++version) {
    const int before = de.now();
    ASSERT_TRUE(publish(*publisher_de, version));
    ASSERT_TRUE(de.reach(before + 1));
  }
  // Announcements arrive in the order of their commits: its own would come after the others'.
  ASSERT_TRUE(publish(*publisher_fr, 0));
  ASSERT_TRUE(fr.reach(2));
  EXPECT_EQ(fr.now(), 2);
}

class LostCommit : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_ = own_schema();
    const std::string direct = settings_.connection;
    const std::size_t from = direct.find('=') + 1;
    const std::string server = direct.substr(from, direct.find(' ') - from);
    proxy_ = std::make_unique<CuttingProxy>(folder_.file(""), server);
    settings_.connection = "host=" + folder_.file("") + direct.substr(direct.find(' '));
    journal_ = opened(settings_);
    ASSERT_TRUE(journal_);
  }
  void TearDown() override { journal_.reset(); }  // Before the proxy it goes through.

  OwnFolder folder_;
  PostgresSettings settings_;
  std::unique_ptr<CuttingProxy> proxy_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(LostCommit, IsFoundToHaveBeenKept) {
  ASSERT_TRUE(set_fact(*journal_, "before", "1").has_value());
  proxy_->cut_next(CuttingProxy::Cut::after_commit);
  const Status written = set_fact(*journal_, "it", "kept");
  EXPECT_EQ(proxy_->cuts(), 1);
  EXPECT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(fact(*journal_, "it"), "kept");
}

TEST_F(LostCommit, IsFoundNotToHaveBeenKept) {
  ASSERT_TRUE(set_fact(*journal_, "before", "1").has_value());
  proxy_->cut_next(CuttingProxy::Cut::before_commit);
  const Status written = set_fact(*journal_, "it", "not kept");
  EXPECT_EQ(proxy_->cuts(), 1);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::unavailable) << written.error().message;
  EXPECT_EQ(fact(*journal_, "it"), "");
  EXPECT_TRUE(set_fact(*journal_, "after", "1").has_value());
}

TEST(PostgresJournal, AReplicaThatStandsStillInsideAGroupHoldsNobodyUp) {
  PostgresSettings stalled = own_schema();
  stalled.stall_ms = 200;
  const auto hung = opened(stalled);
  const auto other = opened(stalled);
  std::mutex mutex;
  std::condition_variable done;
  bool other_wrote = false;
  std::atomic<bool> inside{false};
  std::thread writer([&] {
    while (!inside) std::this_thread::yield();
    const Status written = set_fact(*other, "other", "1");
    EXPECT_TRUE(written.has_value()) << written.error().message;
    const std::lock_guard lock(mutex);
    other_wrote = true;
    done.notify_all();
  });
  bool in_time = false;
  const Status late = hung->write([&](JournalTransaction& tx) {
    tx.set_fact("late", "1");
    inside = true;
    std::unique_lock lock(mutex);
    in_time = done.wait_for(lock, std::chrono::seconds(30), [&] { return other_wrote; });
    return true;
  });
  writer.join();
  EXPECT_TRUE(in_time);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::unavailable) << late.error().message;
  EXPECT_EQ(fact(*other, "late"), "");
  EXPECT_TRUE(set_fact(*hung, "again", "1").has_value());
}

TEST(PostgresJournal, SurvivesARestartOfItsServer) {
  const OwnFolder folder;
  const std::string cluster = folder.file("cluster");
  ASSERT_EQ(test_support::postgres_tool("start", cluster), 0);
  {
    PostgresSettings settings;
    settings.connection = test_support::postgres_connection(cluster);
    settings.reconnect_ms = 20'000;
    const auto journal = opened(settings);
    ASSERT_TRUE(set_fact(*journal, "before", "1").has_value());
    EXPECT_EQ(fact(*journal, "before"), "1");
    ASSERT_EQ(test_support::postgres_tool("restart", cluster), 0);
    EXPECT_EQ(fact(*journal, "before"), "1");
    EXPECT_TRUE(set_fact(*journal, "after", "1").has_value());
    EXPECT_EQ(fact(*journal, "after"), "1");
  }
  EXPECT_EQ(test_support::postgres_tool("stop", cluster), 0);
}

}  // namespace
}  // namespace underpin::facade::journal
