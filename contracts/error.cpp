#include "contracts/error.h"

#include <array>
#include <utility>

namespace underpin {
namespace {

constexpr std::array<std::pair<ErrorCode, std::string_view>, 10> names{{
    {ErrorCode::invalid_request, "invalid_request"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::conflict, "conflict"},
    {ErrorCode::rejected, "rejected"},
    {ErrorCode::unsupported, "unsupported"},
    {ErrorCode::unauthorized, "unauthorized"},
    {ErrorCode::throttled, "throttled"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::outcome_unknown, "outcome_unknown"},
    {ErrorCode::internal, "internal"},
}};

}  // namespace

std::string_view name(ErrorCode code) { return names[static_cast<std::size_t>(code)].second; }

bool parse(std::string_view text, ErrorCode& code) {
  for (const auto& [value, label] : names) {
    if (label == text) {
      code = value;
      return true;
    }
  }
  return false;
}

Disposition disposition(ErrorCode code) {
  switch (code) {
    case ErrorCode::throttled:
    case ErrorCode::unavailable:
    case ErrorCode::unauthorized:
      return Disposition::retry;
    case ErrorCode::outcome_unknown:
      return Disposition::resolve_outcome;
    case ErrorCode::internal:
      return Disposition::dead_letter;
    case ErrorCode::invalid_request:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::rejected:
    case ErrorCode::unsupported:
      return Disposition::answer_caller;
  }
  return Disposition::dead_letter;
}

}  // namespace underpin
