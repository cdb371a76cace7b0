#include "parity/csv.h"
#include "parity/masking.h"
#include "parity/report.h"

namespace underpin::parity {
namespace {

std::string shown(const Difference& difference, const std::string& value, bool unmasked) {
  return shown_value(unmasked ? value : masked(difference.path, value),
                     std::string(name(difference.kind)));
}

}  // namespace

std::string report_csv(const Report& report) {
  std::string text = csv_line({"wave", "capability", "operation", "path", "kind", "verdict",
                               "differences", "subjects_of_field", "open_mismatches_of_field",
                               "money_of_field", "first", "last"});
  for (const ReportField& field : report.fields) {
    const OperationSummary& operation =
        report.operations[static_cast<std::size_t>(field.operation)];
    for (const auto& [verdict, count] : field.by_verdict)
      text += csv_line({report.wave, operation.capability, operation.operation, field.path,
                        field.kind, verdict, std::to_string(count), std::to_string(field.subjects),
                        std::to_string(field.open), field.amount ? field.money.text() : "",
                        field.first.text(), field.last.text()});
  }
  return text;
}

std::string pairs_csv_head() {
  return csv_line({"entry", "at", "wave", "capability", "operation", "subject", "path", "kind",
                   "verdict", "primary_system", "primary", "secondary_system", "secondary", "rule",
                   "correlation"});
}

std::string pairs_csv(const std::vector<LedgerEntry>& pairs, const std::string& wave,
                      bool unmasked) {
  std::string text;
  for (const LedgerEntry& entry : pairs)
    for (const Difference& one : entry.comparison.differences)
      text +=
          csv_line({std::to_string(entry.id), entry.at.text(), wave, entry.question.capability,
                    entry.question.operation, entry.question.subject, one.path,
                    std::string(name(one.kind)), std::string(name(one.verdict)),
                    entry.primary_system, shown(one, one.primary, unmasked), entry.secondary_system,
                    shown(one, one.secondary, unmasked), one.rule, entry.correlation_id});
  return text;
}

}  // namespace underpin::parity
