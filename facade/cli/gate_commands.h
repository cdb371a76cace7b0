#pragma once

#include "facade/cli/commands.h"

#include <string>

namespace underpin::facade::cli {

struct GateOptions {
  std::string capability;
  std::string to;  // Empty: the next step that needs a gate.
  bool as_json = false;
};
// The verdict and every criterion with its figure and limit. 3: it does not pass.
int gate_show(const OpsOptions& ops, const GateOptions& options);

struct WaiveOptions {
  std::string cell;
  std::string reason;
  std::string by;
  std::string until;  // RFC 3339.
  std::string to;     // Empty: the next step that needs a gate.
};
int gate_waive(const OpsOptions& ops, const std::string& capability, const WaiveOptions& options);
int gate_waivers(const OpsOptions& ops, const std::string& capability);
int gate_revoke(const OpsOptions& ops, const std::string& capability, const std::string& id,
                const std::string& reason);

}  // namespace underpin::facade::cli
