#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace underpin {

// What went wrong, in the terms the facade must decide by - never a vendor's own code.
enum class ErrorCode {
  invalid_request,  // The channel must change the request.
  not_found,
  conflict,      // Same key, different content; or a stale version.
  rejected,      // The ERP understood and refused: credit hold, closed period, unknown SKU.
  unsupported,   // This adapter does not offer the operation.
  unauthorized,  // Our credentials at the ERP, not the channel's.
  throttled,
  unavailable,      // Known not to have reached the ERP: safe to send again.
  outcome_unknown,  // May have been applied: look it up by its key before sending again.
  internal,         // Our own fault, before anything was sent.
};

std::string_view name(ErrorCode code);
bool parse(std::string_view text, ErrorCode& code);

// One field of the request and the rule it broke.
struct FieldError {
  std::string pointer;  // JSON pointer into the request body, e.g. "/lines/0/quantity".
  std::string detail;   // The rule, one sentence: "must be greater than 0".
  bool operator==(const FieldError&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;                  // For people; one sentence.
  std::string system = {};              // Which ERP said so; empty when the facade did.
  std::string vendor_code = {};         // Verbatim, for the exception queue.
  int retry_after_s = 0;                // When the system named a time; 0: it did not.
  std::vector<FieldError> fields = {};  // For invalid_request and rejected, where known.
};

// What the facade does next with a failed write.
enum class Disposition { answer_caller, retry, resolve_outcome, dead_letter };
Disposition disposition(ErrorCode code);

}  // namespace underpin
