#include "parity/html.h"
#include "parity/masking.h"
#include "parity/report.h"

#include <algorithm>

namespace underpin::parity {
namespace {

// XML 1.0 knows no way to write most control characters.
std::string xml(const std::string& text) {
  std::string safe;
  for (const char c : html::escaped(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      safe += "&#10;";
    } else if (byte < 0x20) {
      safe += "\xEF\xBF\xBD";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::int64_t count_of(const std::map<std::string, std::int64_t>& counts, const char* verdict) {
  const auto at = counts.find(verdict);
  return at == counts.end() ? 0 : at->second;
}

struct TestCase {
  std::string name;
  std::string failure;  // Its message; at most one of the three is there.
  std::string skipped;
  std::string error;
  std::string detail;
};

// All kinds of difference at one path.
struct PathCase {
  std::map<std::string, std::int64_t> by_verdict;
  std::map<std::string, std::int64_t> by_rule;
  std::int64_t open = 0;
  const LedgerEntry* sample = nullptr;
};

std::string sample_text(const LedgerEntry& entry) {
  std::string text = "entry " + std::to_string(entry.id) + ", " + entry.question.subject + ", " +
                     entry.at.text() + "\n";
  for (const Difference& one : entry.comparison.differences)
    text += std::string(name(one.kind)) + " at " + (one.path.empty() ? "/" : one.path) + "\n  " +
            entry.primary_system + ": " + masked(one.path, one.primary) + "\n  " +
            entry.secondary_system + ": " + masked(one.path, one.secondary) + "\n";
  return text + "underpin parity replay " + std::to_string(entry.id) + "\n";
}

TestCase case_of(const std::string& path, const PathCase& found, const Report& report) {
  TestCase test;
  test.name = path.empty() ? "outcome" : path;
  const std::int64_t mismatches = count_of(found.by_verdict, "mismatch");
  if (mismatches > 0) {
    test.failure = std::to_string(mismatches) +
                   (mismatches == 1 ? " mismatch, " : " mismatches, ") +
                   std::to_string(found.open) + " open";
    if (found.sample != nullptr) test.detail = sample_text(*found.sample);
    return test;
  }
  for (const auto& [rule, count] : found.by_rule) {
    const auto& all = report.rules.health.known;
    const auto known = std::find_if(
        all.begin(), all.end(), [&, r = rule](const KnownHealth& one) { return one.name == r; });
    if (known == all.end()) continue;
    const std::string text = "known difference \"" + rule + "\", until " + known->expires.text() +
                             ", " + known->owner + ", " + known->ticket;
    if (known->over_budget()) {
      test.failure =
          (known->over_hits || known->over_money ? "over its budget: " : "cannot be valued: ") +
          text;
      return test;
    }
    test.skipped += (test.skipped.empty() ? "" : "; ") + text;
  }
  const std::int64_t covered = count_of(found.by_verdict, "known_difference");
  if (test.skipped.empty() && covered > 0)
    test.skipped = std::to_string(covered) + " known differences";
  return test;
}

std::string written(const std::string& suite, const std::vector<TestCase>& cases) {
  const auto number = [&](auto member) {
    return std::to_string(std::count_if(
        cases.begin(), cases.end(), [&](const TestCase& one) { return !(one.*member).empty(); }));
  };
  std::string text = "  <testsuite name=\"" + xml(suite) + "\" tests=\"" +
                     std::to_string(cases.size()) + "\" failures=\"" + number(&TestCase::failure) +
                     "\" errors=\"" + number(&TestCase::error) + "\" skipped=\"" +
                     number(&TestCase::skipped) + "\" time=\"0\">\n";
  for (const TestCase& one : cases) {
    text +=
        "    <testcase classname=\"" + xml(suite) + "\" name=\"" + xml(one.name) + "\" time=\"0\"";
    if (!one.failure.empty()) {
      text += "><failure type=\"mismatch\" message=\"" + xml(one.failure) + "\">" +
              xml(one.detail) + "</failure></testcase>\n";
    } else if (!one.error.empty()) {
      text += "><error type=\"not_compared\" message=\"" + xml(one.error) + "\"/></testcase>\n";
    } else if (!one.skipped.empty()) {
      text += "><skipped message=\"" + xml(one.skipped) + "\"/></testcase>\n";
    } else {
      text += "/>\n";
    }
  }
  return text + "  </testsuite>\n";
}

}  // namespace

std::string report_junit(const Report& report) {
  std::map<std::string, std::vector<TestCase>> suites;
  std::vector<std::map<std::string, PathCase>> paths(report.operations.size());
  for (const ReportField& field : report.fields) {
    PathCase& found = paths[static_cast<std::size_t>(field.operation)][field.path];
    for (const auto& [verdict, count] : field.by_verdict) found.by_verdict[verdict] += count;
    for (const auto& [rule, count] : field.by_rule) found.by_rule[rule] += count;
    found.open += field.open;
    if (found.sample == nullptr && count_of(field.by_verdict, "mismatch") > 0 &&
        !field.pairs.empty())
      found.sample = &field.pairs.front();
  }
  for (std::size_t i = 0; i < report.operations.size(); ++i) {
    const OperationSummary& operation = report.operations[i];
    auto& cases = suites[(report.wave.empty() ? "" : report.wave + ".") + operation.capability +
                         "." + operation.operation];
    TestCase compared;
    compared.name = "compared";
    std::int64_t all = 0;
    for (const auto& [verdict, count] : operation.by_verdict) all += count;
    if (all == count_of(operation.by_verdict, "not_compared"))
      compared.error = "none of " + std::to_string(all) + " could be compared";
    cases.push_back(std::move(compared));
    for (const auto& [path, found] : paths[i]) cases.push_back(case_of(path, found, report));
  }
  if (suites.empty()) {
    TestCase nothing;
    nothing.name = "compared";
    nothing.error = "nothing was compared";
    suites["parity"].push_back(std::move(nothing));
  }
  if (report.fields_left_out > 0) {
    TestCase more;
    more.name = "more fields";
    more.error = std::to_string(report.differences_left_out) + " differences at " +
                 std::to_string(report.fields_left_out) + " more fields have no case of their own";
    suites["parity"].push_back(std::move(more));
  }
  std::string text;
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  for (const auto& [suite, cases] : suites) {
    text += written(suite, cases);
    tests += cases.size();
    for (const TestCase& one : cases) {
      failures += one.failure.empty() ? 0U : 1U;
      errors += one.error.empty() ? 0U : 1U;
      skipped += one.skipped.empty() ? 0U : 1U;
    }
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"parity\" tests=\"" +
         std::to_string(tests) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"" +
         std::to_string(errors) + "\" skipped=\"" + std::to_string(skipped) + "\" time=\"0\">\n" +
         text + "</testsuites>\n";
}

}  // namespace underpin::parity
