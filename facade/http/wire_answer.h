#pragma once

#include "facade/http/message.h"

#include <ctime>
#include <string>

namespace underpin::facade::http {

// Status line and fields of an answer as they are sent, up to and with the blank line. `http_1_0`:
// keeping the connection must be said. Names or values that would break the head apart make it a
// bad answer: see sendable().
std::string wire_head(const Response& response, bool keep_alive, bool http_1_0, std::time_t now);

// Is every field name a token, no value with a control character, the status 200 to 599?
bool sendable(const Response& response);

// 204 and 304 have no body, whatever the handler says.
bool has_body(int status);

}  // namespace underpin::facade::http
