#pragma once

#include "contracts/customer.h"
#include "contracts/money.h"
#include "contracts/result.h"
#include "legacy-adapters/jd_edwards/values.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::jd_edwards {

// A line of an order that is no article: freight, a fee.
struct ChargeItem {
  std::string kind;       // "shipping".
  std::string item;       // LITM of the non-stock item.
  std::string line_type;  // LNTY, "F".
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  std::string connection_string;  // Resolved.
  std::string owner;              // Before each table's name, "PRODDTA"; empty: none.
  int pool_max = 8;
  int login_timeout_ms = 5'000;
  int query_timeout_ms = 30'000;

  std::string company = "00001";  // CO and KCOO.
  std::string document_type = "SO";
  std::string branch;                    // MCU of the order's header.
  std::string edi_document_type = "UP";  // EDCT: a key space of its own in F47011.
  std::string user = "UNDERPIN";         // USER and EDUS.
  std::string hold = "UP";               // The hold code that keeps an order from being picked.
  std::string zone = "Europe/Berlin";    // Of JDE's dates and times.
  Currency local_currency = "EUR";
  Decimals decimals;
  std::vector<std::pair<std::string, std::string>> uoms;  // "PCS", "EA".
  std::string person_type = "CP";                         // AT1.
  std::string company_type = "C";
  std::vector<std::pair<CustomerBlock, std::string>> blocks;  // HDAR.
  std::vector<ChargeItem> charges;
  std::string return_type = "CO";      // DCTO of returns.
  std::string return_line_type = "C";  // LNTY of their lines, which reverses the sign.
  std::vector<std::pair<std::string, std::string>> return_reasons;  // "DAMAGED", "DAM": RCD.
  bool pricing = true;                 // False: prices are not read from here.
  std::string adjustment_type = "IA";  // DCT of stock adjustments.
  std::string reason_code;             // RCD of stock adjustments; empty: none.
  // The site's view of the work centre's messages of its batch jobs.
  std::string work_centre_view = "F01131V";

  int ube_wait_ms = 20'000;  // A write waits so long for its batch job; the deadline if sooner.
  int poll_ms = 250;
  int feed_overlap_s = 30;  // How long a transaction of JDE may stay open behind its time stamp.
  int page_size = 100;
  std::int64_t settle_ms = 60'000;
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

// "PRODDTA.F4201", or "F4201".
inline std::string table(const Settings& settings, std::string_view name) {
  return settings.owner.empty() ? std::string(name) : settings.owner + "." + std::string(name);
}

}  // namespace underpin::legacy::jd_edwards
