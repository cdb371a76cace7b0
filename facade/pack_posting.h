#pragma once

#include "contracts/result.h"

#include <string>

namespace underpin::facade {

class Facade;
struct GateReport;

inline constexpr const char* posting_name = "posting.json";

// What a pack shows of posting parity: turnover and tax of both homes against what channels were
// acknowledged, daily totals by class of accounts and tax code, what differs, and the scenarios.
// `report`: of the gate that the pack is made with. Threads: any.
Result<std::string> posting_file(Facade& facade, const GateReport& report);

}  // namespace underpin::facade
