#include "facade/pack.h"

#include "facade/audit.h"
#include "facade/digest.h"

#include <algorithm>
#include <set>

namespace underpin::facade {
namespace {

using json::Value;

constexpr std::size_t entries_max = 1'000;

Value entry_of(const journal::AuditRecord& record) {
  const auto value = json::parse(record.entry);
  return value ? *value : Value{};
}

std::string kind_of(const journal::AuditRecord& record) {
  return entry_of(record).get("kind").text();
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string shown(const Value& value) {
  if (value == Value::boolean(true)) return "yes";
  if (value == Value::boolean(false)) return "no";
  if (value.is_object() || value.is_array()) return json::write(value);
  return value.text();
}

// What the audit log says of its entries, said of a pack's: these have no actor and no time.
std::string of_pack(std::string fault) {
  for (const auto& [old, fresh] : {std::pair{" , , )", ")"}, std::pair{"the log ", "the pack "}})
    if (const std::size_t at = fault.find(old); at != std::string::npos)
      fault.replace(at, std::string_view(old).size(), fresh);
  return fault;
}

struct Column {
  const char* head;
  const char* member;
};

std::string table(const std::vector<Value>& rows, const std::vector<Column>& columns,
                  const std::string& none) {
  if (rows.empty()) return "<p>" + none + "</p>\n";
  std::string text = "<table><thead><tr>";
  for (const Column& column : columns) text += std::string("<th>") + column.head + "</th>";
  text += "</tr></thead><tbody>\n";
  for (const Value& row : rows) {
    text += row.get("met") == Value::boolean(false) ? "<tr class=\"no\">" : "<tr>";
    for (const Column& column : columns)
      text += "<td>" + escaped(shown(row.get(column.member))) + "</td>";
    text += "</tr>\n";
  }
  return text + "</tbody></table>\n";
}

Value file_value(const PackFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (found == files.end()) return {};
  const auto value = json::parse(found->second, {64 * 1024 * 1024, 64, 5'000'000});
  return value ? *value : Value{};
}

// Posting parity, of packs that have it.
std::string posting_section(const Value& posting) {
  if (!posting.is_object()) return {};
  std::string text = "<h2>Posting parity</h2>\n<p>State: " + escaped(posting.get("state").text()) +
                     ", as of " + escaped(posting.get("at").text()) + "</p>\n";
  for (const Value& criterion : posting.get("criteria").items())
    text += "<p>" + escaped(criterion.text()) + "</p>\n";
  const Value& newest = posting.get("reconciliation");
  if (newest.is_object()) {
    text += table({newest},
                  {{"Reconciliation", "id"},
                   {"Posted from", "from"},
                   {"to", "to"},
                   {"Begun", "startedAt"},
                   {"Ended", "endedAt"},
                   {"Orders equal", "equal"},
                   {"Equal when read again", "converged"},
                   {"Different", "different"},
                   {"No difference", "counts"}},
                  "");
  } else {
    text += "<p>What both have posted was not evaluated.</p>\n";
  }
  if (posting.find("totalsAt") != nullptr)
    text += "<p>Its totals are on the host " + escaped(posting.get("totalsAt").text()) +
            " and not in this pack.</p>\n";
  const std::vector<Column> amounts{{"Group", "group"},           {"Legacy", "legacy"},
                                    {"Cloud", "cloud"},           {"Both", "sum"},
                                    {"Acknowledged", "expected"}, {"Apart", "difference"}};
  text += "<h3>Turnover and tax of both homes</h3>\n" +
          table(posting.get("turnover").items(), amounts, "None.");
  text += "<h3>Totals by posting date, class of accounts and tax code</h3>\n" +
          table(posting.get("totals").items(),
                {{"Group", "group"},
                 {"Legacy", "legacy"},
                 {"entries", "legacyRows"},
                 {"of no channel", "legacyForeign"},
                 {"Cloud", "cloud"},
                 {"entries", "cloudRows"},
                 {"of no channel", "cloudForeign"}},
                "None.");
  text +=
      "<h3>Posted otherwise than acknowledged</h3>\n" + table(posting.get("differences").items(),
                                                              {{"Kind", "kind"},
                                                               {"Order", "order"},
                                                               {"Date", "date"},
                                                               {"Home", "home"},
                                                               {"Acknowledged net", "expectedNet"},
                                                               {"tax", "expectedTax"},
                                                               {"Legacy net", "legacyNet"},
                                                               {"tax", "legacyTax"},
                                                               {"Cloud net", "cloudNet"},
                                                               {"tax", "cloudTax"}},
                                                              "None.");
  const Value& scenarios = posting.get("scenarios");
  text += "<h3>Scenarios</h3>\n";
  if (!scenarios.is_object()) return text + "<p>Not evaluated.</p>\n";
  text += "<p>Run " + escaped(scenarios.get("run").text()) + ", compared at " +
          escaped(scenarios.get("at").text()) + "</p>\n";
  return text + table(scenarios.get("items").items(),
                      {{"Scenario", "scenario"},
                       {"Order", "subject"},
                       {"Verdict", "verdict"},
                       {"Reason", "reason"},
                       {"Differences", "differences"}},
                      "None.");
}

constexpr const char* style =
    "<style>body{font:14px/1.45 sans-serif;margin:2em auto;max-width:1100px;color:#111}"
    "h1{font-size:1.6em}h2{font-size:1.2em;margin-top:1.6em;border-bottom:1px solid #999}"
    "table{border-collapse:collapse;width:100%;font-size:12px}"
    "th,td{border:1px solid #bbb;padding:3px 6px;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{background:#eee}.no td{background:#fdd}"
    ".verdict{font-size:1.3em;font-weight:bold}code{font-size:11px;overflow-wrap:anywhere}"
    "@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}"
    "</style>";

}  // namespace

std::string Pack::head() const { return entries.empty() ? std::string{} : entries.back().hash; }

std::string Pack::seal() const {
  std::string hash;
  for (const journal::AuditRecord& record : entries) {
    if (kind_of(record) == "sign_off") break;
    hash = record.hash;
  }
  return hash;
}

Value Pack::about() const { return entries.empty() ? Value{} : entry_of(entries.front()); }

std::vector<Value> Pack::sign_offs() const {
  std::vector<Value> found;
  for (const journal::AuditRecord& record : entries)
    if (kind_of(record) == "sign_off") found.push_back(entry_of(record));
  return found;
}

journal::AuditRecord next_entry(const std::vector<journal::AuditRecord>& entries,
                                const std::string& kind, Value what) {
  journal::AuditRecord record;
  record.seq = static_cast<std::int64_t>(entries.size()) + 1;
  record.previous = entries.empty() ? std::string(64, '0') : entries.back().hash;
  what.set("seq", Value::integer(record.seq));
  what.set("kind", kind);
  record.entry = canonical_json(what);
  record.hash = audit_hash(record.previous, record.entry);
  return record;
}

Pack sealed_pack(Value about, const PackFiles& files) {
  Pack pack;
  pack.entries.push_back(next_entry({}, "pack", std::move(about)));
  for (const auto& [name, content] : files) {
    Value file = Value::object();
    file.set("name", name);
    file.set("sha256", sha256_hex(content));
    file.set("bytes", Value::integer(static_cast<std::int64_t>(content.size())));
    pack.entries.push_back(next_entry(pack.entries, "file", std::move(file)));
  }
  return pack;
}

std::string write_pack(const Pack& pack) {
  Value entries = Value::array();
  for (const journal::AuditRecord& record : pack.entries) {
    Value one = Value::object();
    one.set("seq", Value::integer(record.seq));
    one.set("previous", record.previous);
    one.set("hash", record.hash);
    one.set("entry", entry_of(record));
    entries.push(std::move(one));
  }
  Value value = Value::object();
  value.set("format", "underpin pack 1");
  value.set("entries", std::move(entries));
  value.set("head", pack.head());
  return json::write_pretty(value) + "\n";
}

Result<Pack> read_pack(std::string_view text) {
  const auto refused = [](const std::string& why) {
    return Error{ErrorCode::invalid_request, "pack.json " + why};
  };
  const auto value = json::parse(text);
  if (!value) return refused("is not JSON: " + value.error().message);
  if (value->get("format").text() != "underpin pack 1" || !value->get("entries").is_array())
    return refused("is not a pack of this release");
  if (value->get("entries").size() > entries_max) return refused("has too many entries");
  Pack pack;
  for (const Value& one : value->get("entries").items()) {
    const auto seq = one.get("seq").as_int();
    if (!seq || *seq < 1 || !one.get("entry").is_object())
      return refused("has an entry without number or content");
    pack.entries.push_back({*seq, one.get("previous").text(), one.get("hash").text(),
                            canonical_json(one.get("entry"))});
  }
  if (pack.entries.empty()) return refused("has no entries");
  return pack;
}

std::string pack_page(const Pack& pack, const PackFiles& files) {
  const Value about = pack.about();
  const Value gate = file_value(files, "gate.json");
  const bool passed = gate.get("passed") == Value::boolean(true);
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Go/no-go: " +
      escaped(about.get("capability").text()) + "</title>" + style +
      "</head><body>\n<h1>Go/no-go: " + escaped(about.get("capability").text()) + " to " +
      escaped(about.get("to").text()) + ", wave " + escaped(about.get("wave").text()) +
      "</h1>\n<p class=\"verdict\">The gate " + (passed ? "passes" : "refuses") +
      "</p>\n<table><tbody>\n";
  for (const json::Member& member : about.members())
    if (member.key != "seq" && member.key != "kind")
      text += "<tr><th>" + escaped(member.key) + "</th><td>" + escaped(shown(member.value)) +
              "</td></tr>\n";
  text += "</tbody></table>\n<h2>Criteria</h2>\n" + table(gate.get("criteria").items(),
                                                          {{"Criterion", "name"},
                                                           {"Met", "met"},
                                                           {"Figure", "figure"},
                                                           {"Limit", "limit"},
                                                           {"Detail", "detail"},
                                                           {"Waived by", "waivedBy"}},
                                                          "None.");
  text += "<h2>Evidence by operation, cohort and class of fields</h2>\n" +
          table(gate.get("cells").items(),
                {{"Cell", "cell"},
                 {"Subjects", "compared"},
                 {"Mismatches", "mismatches"},
                 {"Late", "late"},
                 {"Tolerated", "tolerated"},
                 {"Known", "known"},
                 {"Replayed", "replayed"},
                 {"Without", "without"},
                 {"Not compared", "notCompared"}},
                "None.");
  const Value differences = file_value(files, "differences.json");
  text += "<h2>Open differences</h2>\n";
  if (differences.find("incomplete") != nullptr)
    text += "<p>Of one replica only: " + escaped(differences.get("incomplete").text()) + "</p>\n";
  text += table(differences.get("items").items(),
                {{"Operation", "operation"},
                 {"Field", "path"},
                 {"Kind", "kind"},
                 {"By rule", "rule"},
                 {"Count", "count"},
                 {"Money", "money"}},
                "None.");
  const Value samples = file_value(files, "samples.json");
  text += std::string("<h2>Samples, personal data ") +
          (samples.get("unmasked") == Value::boolean(true) ? "shown" : "masked") + "</h2>\n" +
          table(samples.get("items").items(),
                {{"At", "at"},
                 {"Operation", "operation"},
                 {"Subject", "subject"},
                 {"Field", "path"},
                 {"One", "primary"},
                 {"Other", "secondary"}},
                "No mismatch.");
  text += "<h2>Waivers</h2>\n" + table(file_value(files, "waivers.json").get("items").items(),
                                       {{"Cell", "cell"},
                                        {"For the step to", "to"},
                                        {"By", "by"},
                                        {"Until", "until"},
                                        {"Entered by", "actor"},
                                        {"Reason", "reason"}},
                                       "None in force.");
  text += "<h2>Known differences</h2>\n" +
          table(file_value(files, "register.json").get("items").items(),
                {{"Name", "name"},
                 {"Owner", "owner"},
                 {"Ticket", "ticket"},
                 {"Until", "expires"},
                 {"Documents", "documents"},
                 {"Money", "money"},
                 {"In order", "inOrder"}},
                "None registered.");
  const Value reconciliation = file_value(files, "reconciliation.json").get("newest");
  text += "<h2>Newest reconciliation</h2>\n";
  text += reconciliation.is_object() ? table({reconciliation},
                                             {{"Number", "id"},
                                              {"Begun", "startedAt"},
                                              {"Ended", "endedAt"},
                                              {"Keys equal", "equal"},
                                              {"Differences", "differences"}},
                                             "")
                                     : "<p>None.</p>\n";
  text += posting_section(file_value(files, "posting.json"));
  text += "<h2>What comparisons were made with, newest first</h2>\n" +
          table(file_value(files, "rules.json").get("changes").items(),
                {{"Since", "since"}, {"Hash", "hash"}, {"Changed", "changed"}},
                "No change since the last pack.");
  text += "<h2>Sign-offs</h2>\n" + table(pack.sign_offs(),
                                         {{"Name", "name"},
                                          {"Role", "role"},
                                          {"Key of", "subject"},
                                          {"At", "at"},
                                          {"Comment", "comment"}},
                                         "Nobody has signed yet.");
  text += "<p>What is signed: <code>" + pack.seal() + "</code><br>Last entry: <code>" +
          pack.head() + "</code></p>\n</body></html>\n";
  return text;
}

std::vector<std::string> pack_faults(const PackFiles& files) {
  const auto found = files.find(pack_name);
  if (found == files.end()) return {"pack.json is missing"};
  const auto pack = read_pack(found->second);
  if (!pack) return {pack.error().message};
  const auto parsed = json::parse(found->second);
  std::vector<std::string> faults =
      audit_faults(pack->entries, {parsed ? parsed->get("head").text() : std::string{}});
  for (std::string& fault : faults) fault = of_pack(std::move(fault));
  if (parsed && faults.empty() && parsed->get("head").text() != pack->head())
    faults.push_back("an entry was added behind the last one");
  std::set<std::string> listed;
  bool signed_already = false;
  for (const journal::AuditRecord& record : pack->entries) {
    const std::string at = "entry " + std::to_string(record.seq);
    const Value entry = entry_of(record);
    const std::string& kind = entry.get("kind").text();
    if ((kind == "pack") != (&record == &pack->entries.front()))
      faults.push_back(at + " is not where a pack begins");
    signed_already = signed_already || kind == "sign_off";
    if (kind != "file") continue;
    if (signed_already) faults.push_back(at + " was added: a file behind a sign-off");
    const std::string& name = entry.get("name").text();
    listed.insert(name);
    const auto file = files.find(name);
    if (file == files.end()) {
      faults.push_back(name + " is missing");
    } else if (sha256_hex(file->second) != entry.get("sha256").text()) {
      faults.push_back(name + " was changed");
    }
  }
  for (const auto& [name, content] : files)
    if (name != pack_name && name != pack_page_name && listed.count(name) == 0)
      faults.push_back(name + " was added");
  // Nothing is in the file but its entries, in their form.
  if (faults.empty() && write_pack(*pack) != found->second)
    faults.push_back("pack.json was changed: it holds more than its entries");
  const auto page = files.find(pack_page_name);
  if (page == files.end()) {
    faults.push_back("pack.html is missing");
  } else if (faults.empty() && page->second != pack_page(*pack, files)) {
    faults.push_back("pack.html was changed: it does not show what the pack holds");
  }
  return faults;
}

}  // namespace underpin::facade
