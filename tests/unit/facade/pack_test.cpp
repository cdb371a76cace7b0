#include "facade/pack.h"

#include "facade/audit.h"
#include "facade/digest.h"
#include "facade/pack_desk.h"
#include "facade/pack_posting.h"
#include "facade/reconciliation.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::Stage;
using json::Value;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A folder as it lies on a disk.
PackFiles folder() {
  PackFiles files{
      {"gate.json", R"({"passed": true, "criteria": [{"name": "coverage", "met": true}]})"},
      {"samples.json", R"({"items": []})"},
      {"waivers.json", R"({"items": []})"}};
  Value about = Value::object();
  about.set("capability", "orders");
  about.set("to", "cloud_primary");
  Pack pack = sealed_pack(about, files);
  for (const char* role : {"qa", "finance"}) {
    Value sign_off = Value::object();
    sign_off.set("name", std::string("Somebody of ") + role);
    sign_off.set("role", role);
    pack.entries.push_back(next_entry(pack.entries, "sign_off", sign_off));
  }
  const std::string page = pack_page(pack, files);
  files[pack_name] = write_pack(pack);
  files[pack_page_name] = page;
  return files;
}

Value entries_of(const PackFiles& files) {
  return json::parse(files.at(pack_name))->get("entries");
}

PackFiles with_entries(PackFiles files, std::vector<Value> entries) {
  Value pack = *json::parse(files.at(pack_name));
  pack.set("entries", Value::array(std::move(entries)));
  files[pack_name] = json::write_pretty(pack) + "\n";
  return files;
}

TEST(PackFolder, IsWholeAsItWasMade) {
  EXPECT_THAT(pack_faults(folder()), IsEmpty());
  const Pack pack = *read_pack(folder().at(pack_name));
  EXPECT_EQ(pack.sign_offs().size(), 2u);
  EXPECT_EQ(pack.seal(), pack.entries[3].hash) << "what is signed does not move with sign-offs";
  EXPECT_EQ(pack.head(), pack.entries.back().hash);
}

TEST(PackFolder, NamesAFileThatWasChangedTakenAwayOrAdded) {
  PackFiles files = folder();
  files["gate.json"] += " ";
  EXPECT_THAT(pack_faults(files), ElementsAre("gate.json was changed"));
  files = folder();
  files.erase("waivers.json");
  EXPECT_THAT(pack_faults(files), ElementsAre("waivers.json is missing"));
  files = folder();
  files["opinion.txt"] = "looks fine";
  EXPECT_THAT(pack_faults(files), ElementsAre("opinion.txt was added"));
  files = folder();
  std::swap(files["samples.json"], files["gate.json"]);
  EXPECT_THAT(pack_faults(files), ElementsAre("gate.json was changed", "samples.json was changed"));
  files = folder();
  files.erase(pack_name);
  EXPECT_THAT(pack_faults(files), ElementsAre("pack.json is missing"));
  files = folder();
  files.erase(pack_page_name);
  EXPECT_THAT(pack_faults(files), ElementsAre("pack.html is missing"));
}

TEST(PackFolder, ThePageShowsWhatThePackHoldsAndNothingElse) {
  PackFiles files = folder();
  std::string& page = files[pack_page_name];
  page.replace(page.find("Somebody of qa"), 14, "Somebody  else");
  EXPECT_THAT(pack_faults(files), ElementsAre(HasSubstr("pack.html was changed")));
}

TEST(PackFolder, NamesAnEntryThatWasChanged) {
  for (std::size_t i = 0; i < entries_of(folder()).size(); ++i) {
    std::vector<Value> entries = entries_of(folder()).items();
    Value entry = entries[i].get("entry");
    entry.set("comment", "something else");
    entries[i].set("entry", entry);
    EXPECT_THAT(pack_faults(with_entries(folder(), entries)),
                Contains("entry " + std::to_string(i + 1) + " (" + entry.get("kind").text() +
                         ") was changed: its hash does not fit"));
  }
}

TEST(PackFolder, NamesAnEntryThatIsMissing) {
  const std::size_t count = entries_of(folder()).size();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Value> entries = entries_of(folder()).items();
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
    const auto faults = pack_faults(with_entries(folder(), entries));
    EXPECT_THAT(faults, Contains(HasSubstr(i + 1 == count
                                               ? "is not there any more"
                                               : "entry " + std::to_string(i + 1) + " is missing")))
        << i;
  }
}

TEST(PackFolder, NamesEntriesThatWereMoved) {
  std::vector<Value> entries = entries_of(folder()).items();
  std::swap(entries[4], entries[5]);
  EXPECT_THAT(pack_faults(with_entries(folder(), entries)),
              Contains("entry 5 (sign_off) is there twice or out of order"));
  // Moved and numbered anew.
  entries = entries_of(folder()).items();
  std::swap(entries[4], entries[5]);
  entries[4].set("seq", Value::integer(5));
  entries[5].set("seq", Value::integer(6));
  EXPECT_THAT(pack_faults(with_entries(folder(), entries)),
              Contains("entry 5 (sign_off) is reordered: it was written as entry 6"));
}

TEST(PackFolder, NamesAnEntryThatWasAdded) {
  PackFiles files = folder();
  Pack pack = *read_pack(files.at(pack_name));
  Value third = Value::object();
  third.set("name", "A stranger");
  third.set("role", "approver");
  const journal::AuditRecord more = next_entry(pack.entries, "sign_off", third);
  std::vector<Value> entries = entries_of(files).items();
  Value one = entries.back();
  one.set("seq", Value::integer(more.seq));
  one.set("previous", more.previous);
  one.set("hash", more.hash);
  one.set("entry", *json::parse(more.entry));
  entries.push_back(one);
  EXPECT_THAT(pack_faults(with_entries(files, entries)),
              ElementsAre("an entry was added behind the last one"));
  // In the middle.
  entries = entries_of(files).items();
  entries.insert(entries.begin() + 2, entries[1]);
  EXPECT_THAT(pack_faults(with_entries(files, entries)), testing::Not(IsEmpty()));
  // A file that is said to be evidence after it was signed.
  pack = *read_pack(files.at(pack_name));
  Value late = Value::object();
  late.set("name", "late.json");
  late.set("sha256", "x");
  pack.entries.push_back(next_entry(pack.entries, "file", late));
  files[pack_name] = write_pack(pack);
  EXPECT_THAT(pack_faults(files), Contains(HasSubstr("a file behind a sign-off")));
}

TEST(PackFolder, NothingHidesBesideTheEntries) {
  PackFiles files = folder();
  Value pack = *json::parse(files.at(pack_name));
  pack.set("note", "approved by phone");
  files[pack_name] = json::write_pretty(pack) + "\n";
  EXPECT_THAT(pack_faults(files), ElementsAre(HasSubstr("more than its entries")));
}

TEST(PackFolder, ThePageIsOneFileAndEscapesWhatItShows) {
  PackFiles files;
  files["gate.json"] =
      R"({"passed": false, "criteria": [{"name": "<script>alert(1)</script>", "met": false}]})";
  const std::string page = pack_page(sealed_pack(Value::object(), files), files);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("The gate refuses"));
  EXPECT_THAT(page, HasSubstr("@media print"));
}

TEST(PackFolder, WhatIsNoPackIsSaidToBeNone) {
  for (const char* text : {"", "{}", "[]", R"({"format": "underpin pack 1", "entries": []})",
                           R"({"format": "underpin pack 1", "entries": [{"seq": 0}]})",
                           R"({"format": "underpin pack 2", "entries": [1]})"})
    EXPECT_FALSE(read_pack(text)) << text;
}

// ---- made and signed by a facade

struct Packs : FacadeFixture {
  void SetUp() override {
    move_all(Stage::dual_write);
    move_all(Stage::shadow_read);
  }
  MadePack made(Capability capability = Capability::orders) {
    auto pack = make_pack(*facade, capability, Stage::cloud_primary, context(), "ada");
    EXPECT_TRUE(pack) << pack.error().message;
    return pack ? std::move(pack).value() : MadePack{};
  }
  Result<journal::AuditRecord> sign(MadePack& pack, const std::string& role,
                                    const std::string& subject,
                                    Capability capability = Capability::orders) {
    auto entry =
        sign_pack(*facade, capability,
                  {pack.pack.seal(), pack.pack.head(), "Somebody", role, "looked", subject});
    if (entry) pack.pack.entries.push_back(*entry);
    return entry;
  }
  static std::vector<std::string> faults_of(const MadePack& pack) {
    PackFiles files = pack.files;
    files[pack_page_name] = pack_page(pack.pack, pack.files);
    files[pack_name] = write_pack(pack.pack);
    return pack_faults(files);
  }
};

TEST_F(Packs, ThePackAndEverySignOffAreInTheAuditLog) {
  MadePack pack = made();
  EXPECT_THAT(faults_of(pack), IsEmpty());
  EXPECT_EQ(last_audit().get("kind").text(), "pack_made");
  EXPECT_EQ(last_audit().get("detail").get("seal").text(), pack.pack.seal());
  EXPECT_EQ(pack.pack.about().get("planVersion").text(),
            std::to_string(version(Capability::orders)));
  ASSERT_TRUE(sign(pack, "qa", "quinn"));
  ASSERT_TRUE(sign(pack, "finance", "fay"));
  EXPECT_EQ(last_audit().get("kind").text(), "pack_signed");
  EXPECT_EQ(last_audit().get("actor").text(), "fay");
  EXPECT_EQ(last_audit().get("detail").get("hash").text(), pack.pack.head());
  EXPECT_THAT(faults_of(pack), IsEmpty());
  EXPECT_EQ(pack.pack.sign_offs().at(1).get("for").text(), "posting");
}

TEST_F(Packs, ASignOffIsOfOneRoleByOnePersonOnTheNewestPack) {
  MadePack old = made();
  MadePack pack = made();
  EXPECT_EQ(pack.pack.about().get("previousPack").text(), old.pack.seal());
  EXPECT_FALSE(sign(old, "qa", "quinn")) << "a newer one is there";
  ASSERT_TRUE(sign(pack, "qa", "quinn"));
  EXPECT_FALSE(sign(pack, "qa", "otto")) << "twice one role";
  EXPECT_FALSE(sign(pack, "finance", "quinn")) << "twice one person";
  EXPECT_FALSE(sign(pack, "operator", "otto"));
  MadePack behind = pack;
  behind.pack.entries.pop_back();
  EXPECT_FALSE(sign(behind, "finance", "fay")) << "the folder lacks a sign-off";
  EXPECT_TRUE(sign(pack, "finance", "fay"));
}

TEST_F(Packs, RequesterApproverAcceptorAndQaSignerAreDifferentPeople) {
  cutover_settings.approvals[static_cast<std::size_t>(Capability::orders)] =
      ApprovalRule{{"approver", "qa", "finance"}};
  open();
  Value change = Value::object();
  change.set("stage", "cloud_primary");
  const auto proposal =
      facade->cutover().propose(Capability::orders, {change, false, {}, {}},
                                version(Capability::orders), {"ada", "parity is fine"});
  ASSERT_TRUE(proposal);
  for (const auto& [role, subject] : {std::pair{"approver", "bob"}, std::pair{"finance", "fay"}})
    ASSERT_TRUE(facade->cutover().approve(Capability::orders, proposal->id,
                                          {role, subject, "ok", Value::array(), 0}));
  MadePack pack = made();
  for (const char* other : {"ada", "bob", "fay"})
    EXPECT_THAT(sign(pack, "qa", other).error().message, HasSubstr("different people")) << other;
  EXPECT_TRUE(sign(pack, "qa", "quinn"));
  EXPECT_TRUE(sign(pack, "finance", "fay")) << "the acceptor, in the same part";
}

TEST_F(Packs, QaSignsFromShadowReadOnAndFinanceForPosting) {
  MadePack customers = made(Capability::customers);
  EXPECT_FALSE(sign(customers, "finance", "fay", Capability::customers));
  const auto back = facade->cutover().roll_back(Capability::pricing, version(Capability::pricing),
                                                {"ada", "back"}, Stage::dual_write);
  ASSERT_TRUE(back) << back.error().message;
  MadePack pricing = made(Capability::pricing);
  EXPECT_THAT(sign(pricing, "qa", "quinn", Capability::pricing).error().message,
              HasSubstr("QA signs from shadow_read on"));
}

TEST_F(Packs, FinanceSignsForPostingThatWasEvaluated) {
  gate_settings.posting.required = true;
  gate_settings.posting.scenarios = false;
  open();
  MadePack unseen = made();
  EXPECT_EQ(unseen.pack.about().get("posting").text(), "not_evaluated");
  EXPECT_THAT(sign(unseen, "finance", "fay").error().message, HasSubstr("has not evaluated"));
  const auto keep_totals = [&](std::int64_t different) {
    Reconciliation done;
    done.posting = true;
    done.state = "done";
    done.started_at = done.ended_at = Timestamp{clock};
    done.equal = 1;
    if (different > 0) done.differences["value"] = different;
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      done.id = last_id_in(tx) + 1;
      keep(tx, done);
      return true;
    }));
  };
  keep_totals(1);
  MadePack wrong = made();
  EXPECT_THAT(sign(wrong, "finance", "fay").error().message, HasSubstr("posted otherwise"));
  EXPECT_TRUE(sign(wrong, "qa", "quinn")) << "QA signs for the step";
  keep_totals(0);
  MadePack pack = made();
  ASSERT_TRUE(sign(pack, "finance", "fay"));
  const Value signed_for = pack.pack.sign_offs().at(0);
  EXPECT_EQ(signed_for.get("posting").text(), "met");
  EXPECT_EQ(signed_for.get("postingSha256").text(), sha256_hex(pack.files.at(posting_name)));
}

TEST_F(Packs, PostingParityIsInTheFolderOnThePageAndSealed) {
  MadePack pack = made();
  const std::string page = pack_page(pack.pack, pack.files);
  EXPECT_THAT(page, HasSubstr("<h2>Posting parity</h2>"));
  EXPECT_THAT(page, HasSubstr("What both have posted was not evaluated."));
  PackFiles files = pack.files;
  files[pack_page_name] = page;
  files[pack_name] = write_pack(pack.pack);
  EXPECT_THAT(pack_faults(files), IsEmpty());
  files[posting_name] += " ";
  EXPECT_THAT(pack_faults(files), Contains("posting.json was changed"));
  files.erase(posting_name);
  EXPECT_THAT(pack_faults(files), Contains("posting.json is missing"));
  EXPECT_EQ(made(Capability::customers).files.count(posting_name), 0u);
}

TEST_F(Packs, PersonalDataIsShownToWhomItMayBeAndTheAuditLogHasWhose) {
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"customers", "get_customer", "C1", entry.at.date_utc()};
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.differences.push_back({"/name", parity::Kind::value, parity::Verdict::mismatch,
                                          "\"Anna Schmidt\"", "\"Anne Schmidt\"", ""});
  ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  const auto shown = make_pack(*facade, Capability::customers, Stage::cloud_primary, context(),
                               "quinn", {true, "qa", "FIN-311"});
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_THAT(shown->files.at("samples.json"), HasSubstr("Anna Schmidt"));
  EXPECT_EQ(shown->pack.about().get("personalData").text(), "shown");
  EXPECT_THAT(pack_page(shown->pack, shown->files), HasSubstr("personal data shown"));
  EXPECT_THAT(faults_of(*shown), IsEmpty());
  EXPECT_EQ(last_audit().get("kind").text(), "parity_unmasked");
  EXPECT_EQ(last_audit().get("actor").text(), "quinn");
  EXPECT_EQ(last_audit().get("detail").get("reason").text(), "FIN-311");
  EXPECT_EQ(last_audit().get("detail").get("subjects").items().at(0).text(), "C1");
  failing_writes = 1;
  EXPECT_FALSE(make_pack(*facade, Capability::customers, Stage::cloud_primary, context(), "quinn",
                         {true, "qa", "FIN-311"}))
      << "what cannot be written down is not shown";
}

TEST_F(Packs, SamplesAreMaskedAndRuleChangesSinceTheLastPackAreNamed) {
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"customers", "get_customer", "C1", entry.at.date_utc()};
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.differences.push_back({"/name", parity::Kind::value, parity::Verdict::mismatch,
                                          "\"Anna Schmidt\"", "\"Anne Schmidt\"", ""});
  ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  const MadePack first = made(Capability::customers);
  EXPECT_EQ(first.files.at("samples.json").find("Schmidt"), std::string::npos);
  EXPECT_THAT(first.files.at("samples.json"), HasSubstr("xxxx xxxxxxx"));
  pass_ms(1'000);
  gate_settings.made_with["adapter nav"] = "other code";
  open();
  pass_ms(1'000);
  const MadePack second = made(Capability::customers);
  const Value rules = *json::parse(second.files.at("rules.json"));
  ASSERT_EQ(rules.get("changes").size(), 1u);
  EXPECT_EQ(rules.get("changes").items()[0].get("changed").items().at(0).text(), "adapter nav");
}

}  // namespace
}  // namespace underpin::facade::test
