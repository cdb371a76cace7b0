#include "parity/digest.h"
#include "parity/html.h"
#include "parity/masking.h"
#include "parity/report.h"

#include <algorithm>
#include <set>

namespace underpin::embedded {
std::string_view report_page(std::string_view name);
}

namespace underpin::parity {
namespace {

using html::badge;
using html::escaped;
using html::number;
using json::Value;

// Bytes of pairs in a page, and of documents among them: what is beyond is in the CSV.
constexpr std::size_t pairs_bytes_max = 2'200'000;
constexpr std::size_t documents_bytes_max = 1'200'000;

using html::verdicts;
using Counts = std::map<std::string, std::int64_t>;

std::int64_t of(const Counts& counts, const std::string& verdict) {
  const auto at = counts.find(verdict);
  return at == counts.end() ? 0 : at->second;
}

std::int64_t sum(const Counts& counts) {
  std::int64_t all = 0;
  for (const auto& [verdict, count] : counts) all += count;
  return all;
}

// CSP takes hashes in base64.
std::string base64_of_hex(const std::string& hex) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits;
  for (const char c : hex) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    for (int bit = 3; bit >= 0; --bit) bits += ((digit >> bit) & 1) != 0 ? '1' : '0';
  }
  std::string text;
  for (std::size_t at = 0; at < bits.size(); at += 6) {
    std::size_t value = 0;
    for (std::size_t bit = at; bit < at + 6; ++bit)
      value = value * 2 + (bit < bits.size() && bits[bit] == '1' ? 1 : 0);
    text += alphabet[value];
  }
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string allowed(std::string_view content) {
  return "'sha256-" + base64_of_hex(sha256_hex(content)) + "'";
}

std::string cell_count(std::int64_t count, const std::string& verdict) {
  return "<td class=\"n" + std::string(count > 0 ? " some" : "") + "\" data-v=\"" + verdict +
         "\">" + (count > 0 ? number(count) : "\xE2\x80\x93") + "</td>";
}

std::string head(const std::vector<std::pair<std::string, bool>>& columns) {
  std::string row = "<thead><tr>";
  for (const auto& [title, is_number] : columns)
    row += std::string("<th scope=\"col\"") + (is_number ? " class=\"n\"" : "") + ">" + title +
           "</th>";
  return row + "</tr></thead>";
}

class Page {
 public:
  explicit Page(const Report& report) : report_(report) {}

  std::string text() {
    const std::string_view css = embedded::report_page("report_page.css");
    const std::string_view script = embedded::report_page("report_page.js");
    const std::string title = report_.wave.empty() || report_.wave == "default"
                                  ? "Parity report"
                                  : "Parity report: wave " + report_.wave;
    out_ =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " +
        allowed(css) + "; script-src " + allowed(script) +
        "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light "
        "dark\">\n<title>" +
        escaped(title) + "</title>\n<style>" + std::string(css) + "</style></head>\n<body>\n";
    out_ += "<a class=\"skip\" href=\"#differences\">To the differences</a>\n";
    heading(title);
    out_ += "<main>\n";
    overview();
    operations();
    differences();
    rules();
    known();
    not_compared();
    from_here();
    out_ += "</main>\n<script type=\"application/json\" id=\"data\">" +
            html::for_script(json::write(data())) + "</script>\n<script>" + std::string(script) +
            "</script>\n</body></html>\n";
    return std::move(out_);
  }

 private:
  const OperationSummary& operation_of(const ReportField& field) const {
    return report_.operations[static_cast<std::size_t>(field.operation)];
  }

  std::string unit() const {
    const std::int64_t minutes = report_.interval_ms / 60'000;
    if (minutes == 0) return std::to_string(report_.interval_ms / 1'000) + " seconds";
    if (minutes % 1440 == 0)
      return minutes == 1440 ? "day" : std::to_string(minutes / 1440) + " days";
    if (minutes % 60 == 0) return minutes == 60 ? "hour" : std::to_string(minutes / 60) + " hours";
    return minutes == 1 ? "minute" : std::to_string(minutes) + " minutes";
  }

  void heading(const std::string& title) {
    const std::int64_t wrong = of(report_.by_verdict, "mismatch");
    out_ += "<header><h1>" + escaped(title) + "</h1><p class=\"meta\">";
    if (report_.comparisons > 0)
      out_ += html::time(report_.from) + " to " + html::time(report_.to) + " UTC";
    if (!report_.rules.identity.empty()) out_ += ", rules " + escaped(report_.rules.identity);
    if (!report_.made_at.empty()) out_ += ", made " + html::time(report_.made_at);
    out_ += "</p>";
    asked_for();
    std::size_t wrong_fields = 0;
    for (const ReportField& field : report_.fields)
      wrong_fields += of(field.by_verdict, "mismatch") > 0 ? 1U : 0U;
    if (report_.comparisons == 0) {
      out_ += std::string("<p class=\"headline\" id=\"headline\">") +
              (report_.began.empty() ? "Nothing has been compared yet." : "Nothing was compared.") +
              "</p>";
    } else {
      out_ += "<p class=\"headline" + std::string(wrong > 0 ? " bad" : " good") +
              "\" id=\"headline\"><b>" + number(wrong) + "</b> of " + number(report_.comparisons) +
              " comparisons differ (" + html::rate(wrong, report_.comparisons) + "), at " +
              number(static_cast<std::int64_t>(wrong_fields)) +
              (wrong_fields == 1 ? " field" : " fields") + "</p>" + html::bar(report_.by_verdict);
    }
    out_ += "<ul class=\"cards\">";
    for (const char* verdict : verdicts)
      out_ += "<li data-v=\"" + std::string(verdict) + "\"><b>" +
              number(of(report_.by_verdict, verdict)) + "</b> " + badge(verdict) + "</li>";
    out_ += "<li><b>" + number(report_.dropped) +
            "</b> <span class=\"soft\">dropped: the queue was "
            "full</span></li></ul>";
    out_ +=
        "<nav aria-label=\"Sections\"><a href=\"#overview\">Overview</a> <a "
        "href=\"#operations\">Operations</a> <a href=\"#differences\">Differences</a> <a "
        "href=\"#rules\">Rules</a> <a href=\"#known\">Known differences</a> <a "
        "href=\"#from-here\">From here</a></nav></header>\n";
  }

  void asked_for() {
    const ReportQuery& query = report_.query;
    std::string text;
    const auto add = [&](const char* what, const std::string& value) {
      if (!value.empty()) text += std::string(text.empty() ? "" : ", ") + what + " " + value;
    };
    add("capability", query.capability);
    add("operation", query.operation);
    add("field", query.path);
    add("kind", query.kind);
    add("verdict", html::label(query.verdict));
    add("cohort", query.cohort);
    add("cohorts by", query.group);
    if (!query.from.empty()) add("from", html::time(query.from));
    if (!query.to.empty()) add("before", html::time(query.to));
    if (!text.empty()) out_ += "<p class=\"meta\">Only " + escaped(text) + ".</p>";
  }

  void overview() {
    struct Sums {
      Counts by_verdict;
      std::int64_t open = 0;
      Decimal money;
      std::vector<html::Point> points;
    };
    std::map<std::string, Sums> all;
    for (const ReportCount& one : report_.compared) {
      Sums& sums = all[report_.operations[static_cast<std::size_t>(one.of)].capability];
      sums.by_verdict[one.verdict] += one.count;
      sums.points.resize(static_cast<std::size_t>(std::max(1, report_.intervals)));
      html::Point& point = sums.points[static_cast<std::size_t>(one.interval)];
      point.all += one.count;
      if (one.verdict == "mismatch") point.wrong += one.count;
    }
    for (const ReportField& field : report_.fields) {
      Sums& sums = all[operation_of(field).capability];
      sums.open += field.open;
      // Amounts of one document contain each other: a tax is part of a total.
      sums.money = std::max(sums.money, field.money);
    }
    out_ +=
        "<section id=\"overview\"><h2>By capability</h2><p class=\"soft\">The trend counts "
        "comparisons per " +
        unit() +
        " in grey; red is the share that differed, its tallest bar the highest.</p><table "
        "class=\"sortable\" id=\"capabilities\">" +
        head({{"Capability", false},
              {"Compared", true},
              {"Differ", true},
              {"Trend", false},
              {"Verdicts", false},
              {"Mismatch", true},
              {"Late", true},
              {"Known", true},
              {"Tolerated", true},
              {"Not compared", true},
              {"Open differences", true},
              {"Money apart, worst field", true}}) +
        "<tbody>";
    for (const auto& [capability, sums] : all) {
      const std::int64_t compared = sum(sums.by_verdict);
      const std::int64_t wrong = of(sums.by_verdict, "mismatch");
      out_ += "<tr data-capability=\"" + escaped(capability) + "\"><th scope=\"row\">" +
              escaped(capability) + "</th><td class=\"n\" data-v=\"all\">" + number(compared) +
              "</td><td class=\"n rate" + (wrong > 0 ? " some" : "") + "\">" +
              html::rate(wrong, compared) + "</td><td>" + html::trend(sums.points, unit()) +
              "</td><td>" + html::bar(sums.by_verdict) + "</td>";
      for (const char* verdict :
           {"mismatch", "late", "known_difference", "tolerated", "not_compared"})
        out_ += cell_count(of(sums.by_verdict, verdict), verdict);
      out_ += "<td class=\"n\">" + number(sums.open) + "</td><td class=\"n\">" +
              (sums.money.is_zero() ? "\xE2\x80\x93" : escaped(sums.money.text())) + "</td></tr>";
    }
    if (all.empty())
      out_ += "<tr><td colspan=\"12\" class=\"none\">Nothing was compared.</td></tr>";
    out_ += "</tbody></table>";
    worst();
    out_ += "</section>\n";
  }

  void worst() {
    std::string items;
    int listed = 0;
    for (std::size_t i = 0; i < report_.fields.size() && listed < 6; ++i) {
      const ReportField& field = report_.fields[i];
      const std::int64_t wrong = of(field.by_verdict, "mismatch");
      if (wrong == 0) continue;
      ++listed;
      items += "<li><a href=\"#f" + std::to_string(i) + "\"><code>" +
               escaped(field.path.empty() ? "/ (outcome)" : field.path) + "</code></a> of " +
               escaped(operation_of(field).operation) + ": " + number(wrong) +
               (wrong == 1 ? " mismatch (" : " mismatches (") + escaped(field.kind) + "), " +
               number(field.subjects) + (field.subjects == 1 ? " subject, " : " subjects, ") +
               number(field.open) + " still open, first seen " +
               html::time(field.first).substr(0, 16);
      if (field.amount && !field.money.is_zero())
        items += ", <b>" + escaped(field.money.text()) + "</b> apart";
      items += "</li>";
    }
    if (!items.empty())
      out_ +=
          "<h3>What is wrong, the most frequent first</h3><ol class=\"worst\">" + items + "</ol>";
  }

  void operations() {
    out_ += "<section id=\"operations\"><h2>By operation</h2><table class=\"sortable\">" +
            head({{"Capability", false},
                  {"Operation", false},
                  {"Compared", true},
                  {"Match", true},
                  {"Mismatch", true},
                  {"Late", true},
                  {"Known", true},
                  {"Tolerated", true},
                  {"Not compared", true},
                  {"Primary ms: 50 %", true},
                  {"95 %", true},
                  {"99 %", true},
                  {"Secondary ms: 50 %", true},
                  {"95 %", true},
                  {"99 %", true}}) +
            "<tbody>";
    for (std::size_t i = 0; i < report_.operations.size(); ++i) {
      const OperationSummary& one = report_.operations[i];
      out_ += "<tr data-o=\"" + std::to_string(i) + "\"><td>" + escaped(one.capability) +
              "</td><th scope=\"row\">" + escaped(one.operation) +
              "</th><td class=\"n\" data-v=\"all\">" + number(sum(one.by_verdict)) + "</td>";
      for (const char* verdict :
           {"match", "mismatch", "late", "known_difference", "tolerated", "not_compared"})
        out_ += cell_count(of(one.by_verdict, verdict), verdict);
      for (const Latency* latency : {&one.primary, &one.secondary})
        for (const std::int64_t micros :
             {latency->p50_micros, latency->p95_micros, latency->p99_micros})
          out_ += "<td class=\"n\">" + html::milliseconds(micros) + "</td>";
      out_ += "</tr>";
    }
    if (report_.operations.empty())
      out_ += "<tr><td colspan=\"15\" class=\"none\">Nothing was compared.</td></tr>";
    out_ += "</tbody></table></section>\n";
  }

  static std::string choice(const std::string& value, const std::string& text) {
    return "<option value=\"" + escaped(value) + "\">" + escaped(text) + "</option>";
  }

  void filters() {
    std::set<std::string> capabilities;
    std::set<std::string> kinds;
    for (const OperationSummary& one : report_.operations) capabilities.insert(one.capability);
    for (const ReportField& one : report_.fields) kinds.insert(one.kind);
    const auto select = [&](const std::string& id, const std::string& text,
                            const std::string& first, const std::string& options) {
      out_ += "<label>" + text + " <select id=\"" + id + "\">" + choice("", first) + options +
              "</select></label>";
    };
    out_ +=
        "<form id=\"filters\" hidden><label>Text <input id=\"by-text\" type=\"search\" "
        "placeholder=\"field, operation, subject, value\"></label>";
    std::string options;
    for (const std::string& one : capabilities) options += choice(one, one);
    select("by-capability", "Capability", "every", options);
    options.clear();
    for (const OperationSummary& one : report_.operations)
      options += choice(one.operation, one.operation);
    select("by-operation", "Operation", "every", options);
    options.clear();
    for (const char* one : {"mismatch", "late", "known_difference", "tolerated"})
      options += choice(one, html::label(one));
    select("by-verdict", "Verdict", "every", options);
    options.clear();
    for (const std::string& one : kinds) options += choice(one, one);
    select("by-kind", "Kind", "every", options);
    options.clear();
    for (std::size_t i = 1; i < report_.cohorts.size(); ++i)
      options += choice(std::to_string(i), report_.cohorts[i]);
    select("by-cohort", "Cohort", "every", options);
    options.clear();
    for (int i = 0; i < report_.intervals; ++i)
      options += choice(std::to_string(i),
                        html::time(interval(i)).substr(0, report_.interval_ms < 60'000 ? 19 : 16));
    select("by-from", "From", "the beginning", options);
    select("by-to", "Through", "the end", options);
    out_ +=
        "<span class=\"wave\">Wave: " + escaped(report_.wave.empty() ? "default" : report_.wave) +
        "</span><button type=\"reset\">Reset</button> <button type=\"button\" "
        "id=\"open-all\">Expand all</button> <button type=\"button\" "
        "id=\"close-all\">Collapse all</button></form><p id=\"shown\" role=\"status\" "
        "class=\"soft\"></p>";
  }

  Timestamp interval(int index) const {
    return report_.first_interval.plus_ms(index * report_.interval_ms);
  }

  int interval_of(Timestamp at) const {
    return static_cast<int>((at.micros - report_.first_interval.micros) /
                            (report_.interval_ms * 1000));
  }

  int cohort_of(const LedgerEntry& entry) const {
    const std::string cohort = report_cohort_of(entry, report_.query.group);
    const auto at = std::find(report_.cohorts.begin(), report_.cohorts.end(), cohort);
    return at == report_.cohorts.end() ? 0 : static_cast<int>(at - report_.cohorts.begin());
  }

  void differences() {
    out_ += "<section id=\"differences\"><h2>Differences by field</h2>";
    filters();
    out_ += "<table class=\"fields sortable\" id=\"fields\">" + head({{"Worst", false},
                                                                      {"Capability", false},
                                                                      {"Operation", false},
                                                                      {"Field", false},
                                                                      {"Kind", false},
                                                                      {"Mismatch", true},
                                                                      {"Late", true},
                                                                      {"Known", true},
                                                                      {"Tolerated", true},
                                                                      {"Subjects", true},
                                                                      {"Open", true},
                                                                      {"Money apart", true},
                                                                      {"Last seen", true}});
    for (std::size_t i = 0; i < report_.fields.size(); ++i) field(i);
    out_ += "</table>";
    if (report_.fields.empty())
      out_ += "<p class=\"none\" id=\"no-field\">No difference.</p>";
    else
      out_ += "<p class=\"none\" id=\"no-field\" hidden>No difference matches the filter.</p>";
    if (report_.fields_left_out > 0)
      out_ += "<p class=\"soft\">" + number(report_.differences_left_out) +
              " more differences at " + number(report_.fields_left_out) +
              " more fields are in the CSV.</p>";
    out_ += "</section>\n";
  }

  void field(std::size_t index) {
    const ReportField& field = report_.fields[index];
    const OperationSummary& operation = operation_of(field);
    std::string worst = "match";
    for (const char* verdict : {"tolerated", "known_difference", "late", "mismatch"})
      if (of(field.by_verdict, verdict) > 0) worst = verdict;
    out_ += "<tbody id=\"f" + std::to_string(index) + "\" data-f=\"" + std::to_string(index) +
            "\"><tr class=\"field\"><td>" + badge(worst) + "</td><td>" +
            escaped(operation.capability) + "</td><td>" + escaped(operation.operation) +
            "</td><th scope=\"row\"><code>" +
            escaped(field.path.empty() ? "/ (outcome)" : field.path) + "</code></th><td>" +
            escaped(field.kind) + "</td>";
    for (const char* verdict : {"mismatch", "late", "known_difference", "tolerated"})
      out_ += cell_count(of(field.by_verdict, verdict), verdict);
    out_ +=
        "<td class=\"n\">" + number(field.subjects) + "</td><td class=\"n\">" + number(field.open) +
        "</td><td class=\"n\">" +
        (field.amount && !field.money.is_zero() ? escaped(field.money.text()) : "\xE2\x80\x93") +
        "</td><td class=\"n\">" + html::time(field.last) +
        "</td></tr><tr class=\"detail\"><td colspan=\"13\"><details" +
        (index == 0 && worst == "mismatch" ? " open" : "") + "><summary>";
    std::string pairs;
    std::size_t shown = 0;
    for (const LedgerEntry& entry : field.pairs) {
      if (pairs_bytes_ + pairs.size() > pairs_bytes_max) break;
      std::string verdict = worst;
      if (!entry.comparison.differences.empty())
        verdict = name(entry.comparison.differences.front().verdict);
      // A pair that differs at several fields brings its documents once.
      const bool documents =
          documents_bytes_ < documents_bytes_max && documented_.insert(entry.id).second;
      std::string one =
          html::pair(entry, verdict, cohort_of(entry), interval_of(entry.at), report_, documents);
      if (documents) documents_bytes_ += one.size();
      pairs += one;
      ++shown;
    }
    pairs_bytes_ += pairs.size();
    if (shown == 0) {
      out_ += "No pair is shown</summary>";
    } else {
      out_ += "Pairs side by side, the newest " + std::to_string(shown) +
              "</summary><div "
              "class=\"pairs\">" +
              pairs + "</div>";
    }
    out_ += "<p class=\"soft\">All of them: <code>" + escaped(csv_command(operation, field)) +
            "</code></p></details></td></tr></tbody>\n";
  }

  std::string csv_command(const OperationSummary& operation, const ReportField& field) const {
    std::string text = "underpin parity report --format csv --capability " + operation.capability +
                       " --operation " + operation.operation + " --kind " + field.kind;
    if (!field.path.empty()) text += " --path '" + field.path + "'";
    return text + " -o pairs.csv";
  }

  void rules() {
    std::map<std::string, std::pair<std::int64_t, std::string>> here;
    for (const OperationSummary& operation : report_.operations)
      for (const auto& [rule, fields] : operation.suppressed) {
        auto& [sums, names] = here[rule];
        sums += fields;
        names += (names.empty() ? "" : ", ") + operation.operation;
      }
    for (const auto& [rule, use] : report_.uses)
      if (use.hits > 0) here[rule];
    for (const std::string& rule : report_.rules.unused) here[rule];
    out_ +=
        "<section id=\"rules\"><h2>What rules suppressed</h2><p class=\"soft\">A rule that hides "
        "much may hide a real difference: look at what it covers.</p><table "
        "class=\"sortable\">" +
        head({{"Rule", false},
              {"Operations", false},
              {"Fields suppressed", true},
              {"In all", true},
              {"Last", true},
              {"Samples", false}}) +
        "<tbody>";
    for (const auto& [rule, sums] : here) {
      const auto use = report_.uses.find(rule);
      const auto reason = report_.rules.reasons.find(rule);
      const auto& unused = report_.rules.unused;
      out_ += "<tr><th scope=\"row\">" + escaped(rule);
      if (std::find(unused.begin(), unused.end(), rule) != unused.end())
        out_ += " <span class=\"v v-late\">unused for " +
                std::to_string(report_.rules.unused_days) + " days: remove?</span>";
      if (reason != report_.rules.reasons.end() && !reason->second.empty())
        out_ += "<div class=\"soft\">" + escaped(reason->second) + "</div>";
      out_ +=
          "</th><td>" + escaped(sums.second) + "</td><td class=\"n\">" + number(sums.first) +
          "</td><td class=\"n\">" +
          (use == report_.uses.end() ? "\xE2\x80\x93" : number(use->second.hits)) +
          "</td><td class=\"n\">" +
          (use == report_.uses.end() || use->second.last.empty() ? "never"
                                                                 : html::time(use->second.last)) +
          "</td><td>";
      if (use != report_.uses.end() && !use->second.samples.empty()) samples(use->second);
      out_ += "</td></tr>";
    }
    if (here.empty())
      out_ += "<tr><td colspan=\"6\" class=\"none\">No rule suppressed anything.</td></tr>";
    out_ += "</tbody></table></section>\n";
  }

  void samples(const RuleUse& use) {
    out_ += "<details><summary>" + std::to_string(use.samples.size()) +
            "</summary><table class=\"sides\"><thead><tr><th scope=\"col\">Subject</th><th "
            "scope=\"col\">Field</th><th scope=\"col\">Primary</th><th "
            "scope=\"col\">Secondary</th></tr></thead><tbody>";
    for (const RuleUse::Sample& sample : use.samples) {
      const bool personal = is_personal(sample.what.path);
      const auto value = [&](const std::string& text) {
        return shown_value(personal ? text : masked(sample.what.path, text), "value");
      };
      auto [one, two] = mark(value(sample.what.primary), value(sample.what.secondary));
      if (personal) {
        one = hidden(std::move(one));
        two = hidden(std::move(two));
      }
      out_ += "<tr><td>" + escaped(sample.subject) + "</td><td><code>" + escaped(sample.what.path) +
              "</code></td><td><code>" + html::marked(one, sample.what.primary.empty()) +
              "</code></td><td><code>" + html::marked(two, sample.what.secondary.empty()) +
              "</code></td></tr>";
    }
    out_ += "</tbody></table></details>";
  }

  void known() {
    out_ += "<section id=\"known\"><h2>Known differences</h2>";
    if (report_.rules.identity.empty()) {
      out_ +=
          "<p class=\"soft\">The report was made without a rule file: <code>--rules</code> "
          "shows the register.</p></section>\n";
      return;
    }
    out_ += "<table class=\"sortable\">" +
            head({{"State", false},
                  {"Name", false},
                  {"Documents", true},
                  {"Money", true},
                  {"Until", true},
                  {"Owner", false},
                  {"Ticket", false}}) +
            "<tbody>";
    for (const KnownHealth& one : report_.rules.health.known) {
      const std::string state = one.expired                       ? "expired"
                                : one.in_order()                  ? "in order"
                                : one.over_hits || one.over_money ? "over budget"
                                                                  : "cannot be valued";
      out_ += "<tr><td><span class=\"v v-" +
              std::string(one.in_order() ? "known_difference" : "mismatch") + "\">" + state +
              "</span></td><th scope=\"row\">" + escaped(one.name) + "<div class=\"soft\">" +
              escaped(one.reason) + "</div></th><td class=\"n\">" + number(one.hits) +
              (one.budget_hits ? " of " + number(*one.budget_hits) : "") + "</td><td class=\"n\">" +
              escaped(one.money.text()) +
              (one.budget_money ? " of " + escaped(one.budget_money->text()) : "") +
              "</td><td class=\"n\">" + one.expires.text() + "</td><td>" + escaped(one.owner) +
              "</td><td>" + escaped(one.ticket) + "</td></tr>";
    }
    if (report_.rules.health.known.empty())
      out_ += "<tr><td colspan=\"7\" class=\"none\">None is registered.</td></tr>";
    out_ += "</tbody></table></section>\n";
  }

  void not_compared() {
    if (report_.not_compared.empty()) return;
    out_ +=
        "<section id=\"not-compared\"><h2>Not compared, by reason</h2><table "
        "class=\"sortable\">" +
        head({{"Reason", false}, {"Comparisons", true}}) + "<tbody>";
    for (const auto& [reason, count] : report_.not_compared)
      out_ += "<tr><td>" + escaped(reason.empty() ? "without a reason" : reason) +
              "</td><td class=\"n\">" + number(count) + "</td></tr>";
    out_ += "</tbody></table></section>\n";
  }

  void from_here() {
    out_ += "<section id=\"from-here\"><h2>From here</h2><ul class=\"next\">";
    const auto step = [&](const char* command, const char* what) {
      out_ += "<li><code>" + std::string(command) + "</code> " + what + "</li>";
    };
    step("underpin parity replay ENTRY", "asks both ERPs again for one pair");
    step("underpin parity proposals", "rules that would explain mismatches, and unused ones");
    step("underpin parity register", "known differences against their days and budgets");
    step("underpin parity report --format csv -o pairs.csv", "every pair");
    step("underpin parity report --format junit -o parity.xml", "for CI");
    out_ += "</ul></section>\n";
  }

  // What the page's script counts again when somebody filters.
  Value data() const {
    const auto texts = [](const std::vector<std::string>& all) {
      Value list = Value::array();
      for (const std::string& one : all) list.push(Value(one));
      return list;
    };
    const auto counts = [&](const std::vector<ReportCount>& all) {
      Value list = Value::array();
      for (const ReportCount& one : all) {
        const auto verdict = std::find(verdicts.begin(), verdicts.end(), one.verdict);
        Value row = Value::array();
        for (const std::int64_t column :
             {std::int64_t{one.of}, static_cast<std::int64_t>(verdict - verdicts.begin()),
              std::int64_t{one.cohort}, std::int64_t{one.interval}, one.count})
          row.push(Value::integer(column));
        list.push(std::move(row));
      }
      return list;
    };
    Value value = Value::object();
    value.set("wave", report_.wave);
    value.set("intervals", Value::integer(report_.intervals));
    value.set("verdicts", texts({verdicts.begin(), verdicts.end()}));
    Value list = Value::array();
    for (const OperationSummary& one : report_.operations)
      list.push(texts({one.capability, one.operation}));
    value.set("operations", std::move(list));
    list = Value::array();
    for (const ReportField& one : report_.fields) {
      Value row = texts({one.path, one.kind});
      row.push(Value::integer(one.operation));
      list.push(std::move(row));
    }
    value.set("fields", std::move(list));
    value.set("compared", counts(report_.compared));
    value.set("differing", counts(report_.differing));
    return value;
  }

  const Report& report_;
  std::string out_;
  std::size_t pairs_bytes_ = 0;
  std::size_t documents_bytes_ = 0;
  std::set<std::int64_t> documented_;
};

}  // namespace

std::string report_html(const Report& report) { return Page(report).text(); }

}  // namespace underpin::parity
