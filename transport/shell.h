#pragma once

#include "transport/http_client.h"

#include <string>
#include <string_view>

// Requests as a person repeats them in a POSIX shell. Pure; any thread.
namespace underpin::transport {

// In single quotes, whatever it holds.
std::string shell_quoted(std::string_view text);

// "nav" -> "NAV": what the variables with a system's credentials begin with.
std::string variable_prefix(std::string_view system);

// The request as a curl command. Of its headers only those that say what is asked and in which form
// (SOAPAction, Content-Type, Accept, Prefer and the like): nothing that identifies who asks, and no
// user in the URL. `authorization` is put in as it is: -u "$NAV_USER:$NAV_PASSWORD".
std::string curl_command(const HttpRequest& request, std::string_view authorization);

}  // namespace underpin::transport
