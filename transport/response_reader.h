#pragma once

#include "transport/connection.h"
#include "transport/http_client.h"

#include <cstddef>
#include <functional>
#include <string>

namespace underpin::transport {

// Reads one HTTP/1.1 response, strictly: what is ambiguous about where the body ends is malformed,
// and a body that was cut short is never taken for a whole one.
struct ReadOutcome {
  Transfer transfer = Transfer::done;  // `broken` also for a malformed or oversized response.
  std::string reason = {};             // In words, unless done.
  bool any_byte = false;               // A byte of the response has arrived.
  bool reusable = false;               // The connection may carry another request.
};

// Appends at least one byte, at most `most`, as Connection::read does.
using ReadMore = std::function<Transfer(std::string& into, std::size_t most)>;

ReadOutcome read_response(const ReadMore& more, bool head_only, const ClientSettings& settings,
                          HttpResponse& response);
ReadOutcome read_response(Connection& connection, bool head_only, const ClientSettings& settings,
                          Deadline deadline, HttpResponse& response);

}  // namespace underpin::transport
