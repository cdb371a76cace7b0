#include "facade/cli/ops_call.h"
#include "facade/cli/parity_commands.h"
#include "facade/clock.h"
#include "parity/report.h"
#include "parity/sealing.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

int wrong(const std::string& what) {
  std::fprintf(stderr, "underpin: %s\n", what.c_str());
  return 2;
}

// "90m", "24h", "7d".
std::optional<std::int64_t> span_ms(const std::string& text) {
  if (text.size() < 2 || text.size() > 6) return std::nullopt;
  const std::string number = text.substr(0, text.size() - 1);
  if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const std::int64_t minutes = text.back() == 'm'   ? 1
                               : text.back() == 'h' ? 60
                               : text.back() == 'd' ? 1440
                                                    : 0;
  if (minutes == 0) return std::nullopt;
  return std::stoll(number) * minutes * 60'000;
}

// Fills in what --from, --to and --last say; what is wrong, otherwise.
std::string read_period(const ReportOptions& options, parity::ReportQuery& query) {
  for (const auto& [text, into] :
       {std::pair{&options.from, &query.from}, std::pair{&options.to, &query.to}}) {
    if (text->empty()) continue;
    const auto time = Timestamp::parse(*text);
    if (!time) return *text + " is no time with its offset: 2026-11-24T10:00:00Z";
    *into = *time;
  }
  if (options.last.empty()) return {};
  const auto span = span_ms(options.last);
  if (!span) return "--last takes minutes, hours or days: 90m, 24h, 7d";
  if (!query.from.empty()) return "--last and --from exclude each other";
  query.from = system_now().plus_ms(-*span);
  return {};
}

std::string query_text(const parity::ReportQuery& query) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      text += (text.empty() ? "?" : "&") + std::string(name) + "=" + percent_encoded(value);
  };
  add("capability", query.capability);
  add("operation", query.operation);
  add("verdict", query.verdict);
  add("kind", query.kind);
  add("path", query.path);
  add("cohort", query.cohort);
  add("group", query.group);
  if (!query.from.empty()) add("from", query.from.text());
  if (!query.to.empty()) add("to", query.to.text());
  return text;
}

std::string with(const std::string& query, const std::string& member) {
  return query + (query.empty() ? "?" : "&") + member;
}

// Where the report goes: written piece by piece, whatever its size.
class Output {
 public:
  explicit Output(const std::string& file) : name_(file) {
    if (!file.empty()) file_.open(file, std::ios::binary);
  }
  void write(const std::string& text) {
    if (name_.empty()) {
      std::fwrite(text.data(), 1, text.size(), stdout);
    } else {
      file_ << text;
    }
  }
  int end() {
    if (name_.empty()) return 0;
    file_.close();
    if (!file_) {
      std::fprintf(stderr, "underpin: %s cannot be written\n", name_.c_str());
      return 1;
    }
    std::printf("wrote %s\n", name_.c_str());
    return 0;
  }

 private:
  const std::string name_;
  std::ofstream file_;
};

// The entry that the last record of a page is about; 0: the page has none.
std::int64_t last_entry(const std::string& page) {
  std::int64_t last = 0;
  bool quoted = false;
  bool at_start = true;
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (at_start && page[i] >= '0' && page[i] <= '9')
      last = std::strtoll(page.c_str() + i, nullptr, 10);
    if (page[i] == '"') quoted = !quoted;
    at_start = !quoted && page[i] == '\n';
  }
  return last;
}

int failed(const Error& error) {
  std::fprintf(stderr, "underpin: %s\n", error.message.c_str());
  return 1;
}

int pairs_of_ledger(const parity::Ledger& ledger, const parity::ReportQuery& query,
                    const std::string& wave, Output& output) {
  output.write(parity::pairs_csv_head());
  std::int64_t after = 0;
  while (true) {
    const auto page = ledger.pairs(query, after, 2'000);
    if (!page) return failed(page.error());
    if (page->empty()) return output.end();
    after = page->back().id;
    output.write(parity::pairs_csv(*page, wave));
  }
}

int pairs_of_facade(const OpsOptions& ops, const parity::ReportQuery& query,
                    const ReportOptions& options, Output& output) {
  std::string text = query_text(query);
  if (options.unmask) text = with(text, "unmask=true&reason=" + percent_encoded(options.reason));
  std::int64_t after = 0;
  while (true) {
    const auto reply =
        call(ops, "GET", "/ops/v1/parity/pairs.csv" + with(text, "after=" + std::to_string(after)));
    if (!reply) return 1;
    const std::int64_t last = last_entry(reply->body);
    // Each page begins with the head.
    output.write(after == 0 ? reply->body : reply->body.substr(parity::pairs_csv_head().size()));
    if (last == 0) return output.end();
    after = last;
  }
}

int report_of_ledger(const OpsOptions& ops, const ReportOptions& options,
                     const parity::ReportQuery& query) {
  std::string key;
  if (!options.key_file.empty()) {
    const auto read = parity::read_seal_key(options.key_file);
    if (!read) return wrong(read.error().message);
    key = *read;
  }
  const auto opened = parity::open_ledger_read_only(options.ledger, key);
  if (!opened) return failed(opened.error());
  const parity::Ledger& ledger = *opened.value();
  Output output(options.output);
  if (options.format == "csv" && options.by == "pair")
    return pairs_of_ledger(ledger, query, ops.wave, output);
  auto found = ledger.report(query);
  if (!found) return failed(found.error());
  parity::Report report = std::move(found).value();
  report.wave = ops.wave;
  report.made_at = system_now();
  if (!options.rules_file.empty()) {
    std::ifstream file(options.rules_file, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return wrong(options.rules_file + " cannot be read");
    const auto rules = parity::read_rules(text.str(), options.rules_file);
    if (!rules) return wrong(rules.error().message);
    const auto known = ledger.known_uses();
    if (!known) return failed(known.error());
    report.rules = parity::rules_shown(*rules, report, *known, options.unused_days);
  }
  output.write(options.format == "html"    ? parity::report_html(report)
               : options.format == "junit" ? parity::report_junit(report)
               : options.format == "csv"   ? parity::report_csv(report)
                                           : parity::report_json(report));
  return output.end();
}

std::string shown(const Value& value) { return value.text().empty() ? "(nothing)" : value.text(); }

void print_differences(const Value& judged) {
  std::printf("  %-34s %-28s %s\n", "field", judged.get("primarySystem").text().c_str(),
              judged.get("secondarySystem").text().c_str());
  for (const Value& one : judged.get("differences").items()) {
    const std::string& path = one.get("path").text();
    std::printf("  %-34s %-28s %s   %s %s%s%s\n", path.empty() ? "/ (outcome)" : path.c_str(),
                shown(one.get("primary")).c_str(), shown(one.get("secondary")).c_str(),
                one.get("verdict").text().c_str(), one.get("kind").text().c_str(),
                one.find("rule") == nullptr ? "" : ": ", one.get("rule").text().c_str());
  }
}

}  // namespace

int parity_report(const OpsOptions& ops, const ReportOptions& options) {
  parity::ReportQuery query;
  query.capability = options.capability;
  query.operation = options.operation;
  query.verdict = options.verdict;
  query.kind = options.kind;
  query.path = options.path;
  query.cohort = options.cohort;
  if (!query.cohort.empty() && !parity::is_report_cohort(query.cohort))
    return wrong("--cohort takes channels=NAME, locations=CODE, regions=CODE or segments=NAME");
  query.group = options.group;
  const std::string fault = read_period(options, query);
  if (!fault.empty()) return wrong(fault);
  const bool pairs = options.format == "csv" && options.by == "pair";
  if (options.unmask && (!pairs || !options.ledger.empty()))
    return wrong("--unmask is of --format csv by pair, asked of a facade: its audit log keeps why");
  if (!options.ledger.empty()) return report_of_ledger(ops, options, query);
  Output output(options.output);
  if (pairs) return pairs_of_facade(ops, query, options, output);
  const std::string path = options.format == "html"    ? "/ops/v1/parity/report.html"
                           : options.format == "junit" ? "/ops/v1/parity/report.xml"
                           : options.format == "csv"   ? "/ops/v1/parity/report.csv"
                                                       : "/ops/v1/parity";
  const auto reply =
      call(ops, "GET",
           path + with(query_text(query), "unusedDays=" + std::to_string(options.unused_days)));
  if (!reply) return 1;
  output.write(reply->body);
  return output.end();
}

int parity_replay(const OpsOptions& ops, std::int64_t id, bool unmask, const std::string& reason) {
  std::string path = "/ops/v1/parity/entries/" + std::to_string(id) + "/replay";
  if (unmask) path += "?unmask=true";
  if (!reason.empty()) path += (unmask ? "&reason=" : "?reason=") + percent_encoded(reason);
  const auto reply = call(ops, "POST", path);
  if (!reply) return 1;
  const Value& body = reply->value;
  std::printf("entry %s: %s %s\n", body.get("id").text().c_str(),
              body.get("operation").text().c_str(), body.get("subject").text().c_str());
  for (const char* when : {"then", "now"}) {
    const Value& judged = body.get(when);
    std::printf("%-5s %s  %s, rules %s%s%s\n", when, judged.get("at").text().c_str(),
                judged.get("verdict").text().c_str(), judged.get("rules").text().c_str(),
                judged.find("reason") == nullptr ? "" : ", ", judged.get("reason").text().c_str());
    if (!judged.get("differences").empty()) print_differences(judged);
  }
  const auto on_its_way = body.get("now").get("onItsWay").as_bool();
  if (on_its_way && *on_its_way) std::printf("a delivery to one of them is on its way\n");
  return body.get("now").get("verdict").text() == "mismatch" ? 3 : 0;
}

}  // namespace underpin::facade::cli
