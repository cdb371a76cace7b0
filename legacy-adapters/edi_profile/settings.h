#pragma once

#include "contracts/result.h"
#include "legacy-adapters/transport/edi/code_page.h"
#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/x12.h"
#include "legacy-adapters/transport/told/runner.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace underpin::legacy::edi_profile {

// Of a partner that speaks EDIFACT.
struct Edifact {
  edi::EdifactSeparators separators;
  std::string syntax = "UNOC";
  std::string version = "3";
};

struct Settings : told::ExchangeSettings {
  edi::X12Interchange envelope;  // Who we are, who the partner is; separators, version.
  std::string group_sender;      // GS02, GS03.
  std::string group_receiver;
  std::string group_version = "004010";  // GS08
  bool line_per_segment = true;
  std::optional<edi::CodePage> code_page;  // Nothing: UTF-8.
  std::optional<Edifact> edifact;          // Nothing: X12.
  edi::X12Policy policy;
};

// invalid_request, with pointers into the settings.
Result<Settings> read_settings(std::string_view json);

}  // namespace underpin::legacy::edi_profile
