#include "parity/outcomes.h"

#include "parity/values.h"

#include <algorithm>

namespace underpin::parity {
namespace {

using json::Value;

bool is_answer(const OutcomeClass::Answer& answer, const Side& side, const std::string& system) {
  if (!answer.system.empty() && answer.system != system) return false;
  if (answer.answered) return side.document.has_value();
  if (answer.empty)
    return side.document &&
           (side.document->is_null() || (!is_scalar(*side.document) && side.document->empty()));
  if (!side.error) return false;
  return (answer.code.empty() || answer.code == underpin::name(side.error->code)) &&
         (answer.vendor_code.empty() || fits(answer.vendor_code, side.error->vendor_code)) &&
         (answer.message.empty() || fits(answer.message, side.error->message));
}

const OutcomeClass* class_of(const Side& side, const std::string& system,
                             const std::vector<const OutcomeClass*>& classes) {
  for (const OutcomeClass* one : classes)
    if (std::any_of(one->answers.begin(), one->answers.end(),
                    [&](const auto& answer) { return is_answer(answer, side, system); }))
      return one;
  return nullptr;
}

// Of these the code alone does not say why: two refusals for different reasons differ.
bool has_reasons(ErrorCode code) {
  return code == ErrorCode::rejected || code == ErrorCode::invalid_request ||
         code == ErrorCode::conflict;
}

}  // namespace

bool says_nothing(const Error& error) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::throttled:
    case ErrorCode::unauthorized:
    case ErrorCode::unsupported:
    case ErrorCode::outcome_unknown:
      return true;
    default:
      return false;
  }
}

bool same_outcome(const Side& primary, const Side& secondary, const Question& question,
                  const std::vector<const OutcomeClass*>& classes, std::string& rule) {
  const OutcomeClass* one = class_of(primary, question.primary_system, classes);
  const OutcomeClass* two = class_of(secondary, question.secondary_system, classes);
  if (one != nullptr || two != nullptr) {
    if (one != two) return false;
    rule = one->name;
    return true;
  }
  if (!primary.error || !secondary.error || primary.error->code != secondary.error->code)
    return false;
  return !has_reasons(primary.error->code) ||
         primary.error->vendor_code == secondary.error->vendor_code;
}

bool is_for(const KnownDifference& known, const Question& question) {
  return (known.capability.empty() || known.capability == question.capability) &&
         (known.operation.empty() || known.operation == question.operation) &&
         (known.subject.empty() || known.subject == question.subject) &&
         question.today <= known.expires && within(known.cohort, question.cohort);
}

bool covers_outcome(const KnownDifference& known, const Side& primary, const Side& secondary,
                    const Question& question) {
  if (known.answers.size() != 2 || (primary.document && secondary.document)) return false;
  const auto are = [&](const AnswerPattern& one, const AnswerPattern& two) {
    return is_answer(one, primary, question.primary_system) &&
           is_answer(two, secondary, question.secondary_system);
  };
  return are(known.answers[0], known.answers[1]) || are(known.answers[1], known.answers[0]);
}

const KnownDifference* known_outcome(const Rules& rules, const Side& primary, const Side& secondary,
                                     const Question& question) {
  for (const KnownDifference& known : rules.known)
    if (is_for(known, question) && covers_outcome(known, primary, secondary, question))
      return &known;
  return nullptr;
}

Value described(const Side& side) {
  if (!side.error) return Value("answered");
  std::string text = std::string(underpin::name(side.error->code)) + ": " + side.error->message;
  if (!side.error->vendor_code.empty()) text += " (" + side.error->vendor_code + ")";
  return Value(std::move(text));
}

}  // namespace underpin::parity
