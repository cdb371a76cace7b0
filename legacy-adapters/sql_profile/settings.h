#pragma once

#include "legacy-adapters/transport/odbc/odbc.h"

#include <string>
#include <string_view>

namespace underpin::legacy::sql_profile {

struct Settings {
  std::string profile;  // The folder.
  odbc::Settings odbc;
};

// invalid_request, with pointers into the settings.
Result<Settings> read_settings(std::string_view json, const std::string& system);

}  // namespace underpin::legacy::sql_profile
