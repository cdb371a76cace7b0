#pragma once

#include "contracts/ids.h"
#include "contracts/money.h"
#include "contracts/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::sap_ecc {

// Function modules over SOAP: <url><path>?sap-client=<client>.
struct SoapSettings {
  std::string url;  // "https://ecc.example:8443"
  std::string path = "/sap/bc/soap/rfc";
  std::string client = "100";
  std::string user;
  std::string password;  // Resolved.
  // What in the query makes the server keep a session after a call, and end it.
  std::string open_session = "sap-sessioncmd=open";
  std::string close_session = "sap-sessioncmd=close";
  int timeout_ms = 30'000;
  int connect_timeout_ms = 5'000;
  int pool_size = 8;
  std::int64_t response_limit_bytes = 64 * 1024 * 1024;
  std::string ca_file;
  bool verify_tls = true;
};

struct OdbcSettings {
  std::string connection_string;  // Resolved.
  std::string schema;             // "SAPSR3"; empty: none before the names of tables.
  int pool_max = 8;
  int login_timeout_ms = 5'000;
  int query_timeout_ms = 30'000;
};

// A canonical code and SAP's internal one of the same thing.
using CodePair = std::pair<std::string, std::string>;

struct Place {
  std::string location;
  std::string plant;    // WERKS
  std::string storage;  // LGORT
};

struct MovementType {
  std::string type;  // BWART
  std::string code;  // GM_CODE of BAPI_GOODSMVT_CREATE.
};

struct CustomerSettings {
  std::string folder;  // Where SAP's file port takes DEBMAS IDocs; empty: customers are only read.
  std::string sender_port = "UNDERPIN";
  std::string sender_partner = "UNDERPIN";
  std::string receiver_port = "SAPECC";
  std::string receiver_partner = "ECCCLNT100";
  std::string idoc_type = "DEBMAS06";
  std::string extension;               // CIMTYP, when the mail address comes with one.
  std::string email_segment;           // "Z2KNA1E"; SMTP_ADDR stands first in it. Empty: none.
  std::string account_group = "0001";  // KTOKD
  std::string country = "DE";          // LAND1 of a customer without an address.
  std::string language = "D";          // SPRAS
  std::string order_block = "01";      // AUFSD of a customer that is blocked for all.
  std::string delivery_block = "01";   // LIFSD
  std::string billing_block = "01";    // FAKSD
  int poll_ms = 100;                   // How often SAP's tables are asked whether it was posted.
};

// COND_A files of price condition records; without a folder prices come from SAP itself.
struct PriceFileSettings {
  std::string folder;
  std::vector<CodePair> units;  // "PCS" -> "PCE": IDocs have ISO codes.
  bool needs_done = false;      // <name>.done says that a file is complete.
  int stable_ms = 2'000;        // As long as this it has not grown.
  int poll_ms = 1'000;
};

// New orders as ORDERS05 IDoc files, answered by ORDRSP.
struct OrderFileSettings {
  bool on = false;  // Off with folders: no new ones, but those that were sent are still awaited.
  std::string outbound;         // Where SAP's file port takes them; empty: nothing goes by IDoc.
  std::string inbound;          // Where it drops ORDRSP files.
  std::vector<CodePair> units;  // "PCS" -> "PCE": IDocs have ISO codes.
  std::string sender_port = "UNDERPIN";
  std::string sender_type = "LS";  // SNDPRT
  std::string sender_partner = "UNDERPIN";
  std::string receiver_port = "SAPECC";
  std::string receiver_partner = "ECCCLNT100";
  std::string idoc_type = "ORDERS05";
  std::string reference_qualifier;  // E1EDK02 of the customer's own reference; empty: refused.
  bool needs_done = false;          // <name>.done says that an answer is complete.
  int stable_ms = 2'000;
  int poll_ms = 1'000;
  int answer_expected_minutes = 60;
};

// The adapter's section of the configuration; settings.schema.json says the same for people.
struct Settings {
  SoapSettings soap;
  OdbcSettings odbc;
  std::string organization = "1000";  // VKORG
  std::string channel = "10";         // VTWEG
  std::string division = "00";        // SPART
  std::string order_type = "TA";      // AUART, the internal one.
  std::string return_type = "RE";
  std::string block = "Z1";            // LIFSK of what is not released.
  std::string line_rejection = "Z0";   // ABGRU of a line that was brought to nothing.
  std::string order_rejection = "Z1";  // ABGRU of a cancelled order's lines.
  std::string price_condition = "PR00";
  std::string discount_condition = "RB00";
  std::string surcharge_condition;  // Empty: surcharges are refused.
  std::vector<Place> places;
  std::vector<CodePair> units;           // "PCS" -> "ST".
  std::vector<CodePair> price_groups;    // "VIP" -> KONDA.
  std::vector<CodePair> charges;         // A kind of charge -> the material that stands for it.
  std::vector<CodePair> return_reasons;  // Empty: no returns are taken.
  std::string check_rule;                // PRREG; empty: SAP is not asked what is available.
  MovementType plus{"501", "05"};
  MovementType minus{"551", "03"};
  CustomerSettings customers;
  PriceFileSettings price_file;
  OrderFileSettings order_files;
  std::string zone = "Europe/Berlin";  // Of the server's dates and times.
  Currency local_currency = "EUR";
  int page_size = 100;
  // How far the feeds look back behind what they have seen: a unit of work is stamped before it is
  // committed.
  int feed_overlap_s = 60;
  // A material document is told when it is this old: by then those before it are committed.
  int movements_lag_s = 10;
  std::int64_t settle_ms = 15'000;
};

// invalid_request, with pointers into the settings, for anything unknown or ill-typed.
Result<Settings> read_settings(std::string_view json);

}  // namespace underpin::legacy::sap_ecc
