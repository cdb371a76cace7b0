#pragma once

#include "contracts/result.h"

#include <functional>
#include <string>
#include <vector>

namespace underpin {

// What is wrong with a profile, and exactly where.
struct ProfileFault {
  std::string file;     // In the profile's folder; empty: the folder itself.
  std::string pointer;  // JSON pointer into the file; empty: the file as a whole.
  std::string rule;     // "must be …"
  bool operator==(const ProfileFault&) const = default;
};

// One operation of a port, to be tried against the live system.
struct ProfileTrial {
  std::string folder;
  std::string settings_json;  // The adapter's, without "profile".
  std::string operation;      // As the ports name it: "get_order".
  std::string request_json;
  bool may_write = false;  // Otherwise what writes is refused.
  int timeout_ms = 30'000;
};

// Beside an adapter that is made by configuration alone: what people need to write a profile for
// it. Each kind of profile has one. Thread rule: any.
struct ProfileTools {
  std::string kind;     // As profile.json names it: "sql".
  std::string adapter;  // As the configuration names it: "sql_profile".
  // Everything that is wrong; empty: the profile is valid. Nobody is asked.
  std::function<std::vector<ProfileFault>(const std::string& folder)> check;
  // {operation, request, steps, answer | error} as JSON; each step is {operation, request,
  // vendorRequest, vendorAnswer, answers | error}. An error here: it could not even be tried.
  std::function<Result<std::string>(const ProfileTrial&)> attempt;
  // All that the files of the profile in these settings say: evidence is bound to it. Empty when
  // they cannot be read.
  std::function<std::string(const std::string& settings_json)> content;
};

}  // namespace underpin
