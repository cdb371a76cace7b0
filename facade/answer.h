#pragma once

#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "facade/journal/journal.h"

#include <string>
#include <string_view>

namespace underpin::facade {

// What a channel is told, in the terms of HTTP: the form in which answers are stored and repeated.
struct Answer {
  int status = 200;
  std::string body;  // JSON text.
  std::string location;
  std::string etag;
  int retry_after_s = 0;
  bool problem = false;  // application/problem+json.
  bool html = false;     // text/html; otherwise application/json.
  bool csv = false;      // text/csv.
  bool xml = false;      // application/xml.

  static Answer json(int status, const json::Value& value);
  journal::StoredAnswer stored() const { return {status, body, location, etag}; }
};
Answer from_stored(const journal::StoredAnswer& stored);

// RFC 9457. `slug` names the problem type: urn:underpin:problem:<slug>.
Answer problem(int status, std::string_view slug, std::string_view title, std::string_view detail,
               const std::vector<FieldError>& fields = {}, int retry_after_s = 0);

// One table from error code to status: 422, 404, 409, 422, 422, 503, 503, 503, 202, 500.
Answer problem_for(const Error& error);

}  // namespace underpin::facade
