#pragma once

#include "contracts/result.h"
#include "legacy-adapters/transport/edi/code_page.h"
#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/x12.h"

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

struct Settings {
  std::string profile;  // The folder.
  std::string outbound_folder;
  std::string outbound_done_suffix;
  std::string inbound_folder;
  bool inbound_needs_done = false;
  int inbound_stable_ms = 2'000;
  edi::X12Interchange envelope;  // Who we are, who the partner is; separators, version.
  std::string group_sender;      // GS02, GS03.
  std::string group_receiver;
  std::string group_version = "004010";  // GS08
  bool line_per_segment = true;
  std::string zone = "UTC";                // In whose calendar the days of prices are meant.
  std::optional<edi::CodePage> code_page;  // Nothing: UTF-8.
  std::optional<Edifact> edifact;          // Nothing: X12.
  edi::X12Policy policy;
  bool hold_bad_files = false;
  int answer_wait_ms = 0;
  int answer_expected_minutes = 24 * 60;
  int poll_every_ms = 1'000;
  std::int64_t first_control = 1;
  std::string state_folder;  // Where nobody else names one: `underpin profile try`.
};

// invalid_request, with pointers into the settings.
Result<Settings> read_settings(std::string_view json);

}  // namespace underpin::legacy::edi_profile
