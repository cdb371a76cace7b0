#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// SAP's transparent tables, read over ODBC. Every key begins with the client; an initial text is
// one blank, never NULL; amounts have two decimals whatever the currency has (TCURX says how many).
namespace underpin::legacy::sap_ecc {

// Database: read only. Methods throw Failure. Thread rule: any.
class Tables {
 public:
  Tables(const Settings& settings, std::shared_ptr<odbc::Database> database)
      : prefix_(settings.odbc.schema.empty() ? std::string() : settings.odbc.schema + "."),
        client_(settings.soap.client),
        database_(std::move(database)) {}

  // With the schema: "SAPSR3.VBAK".
  std::string name(std::string_view table) const { return prefix_ + std::string(table); }
  const std::string& client() const { return client_; }

  void each(const std::string& sql, const odbc::Parameters& parameters, Deadline deadline,
            const odbc::RowReader& reader) const;
  std::vector<odbc::Row> rows(const std::string& sql, const odbc::Parameters& parameters,
                              Deadline deadline) const;
  // How many decimals the currency has.
  int decimals_of(const std::string& currency, Deadline deadline) const;
  std::vector<Finding> examine(Deadline deadline) const;
  Status ping(Deadline deadline) const { return database_->ping(deadline); }

 private:
  std::string prefix_;
  std::string client_;
  std::shared_ptr<odbc::Database> database_;
};

// A column without the blanks that fill it.
inline std::string column(const odbc::Row& row, std::size_t index) {
  return std::string(odbc::unpadded(odbc::text(row, index)));
}

// "?,?,?".
std::string marks(std::size_t count);
// Values of one statement.
inline constexpr std::size_t chunk_max = 200;

}  // namespace underpin::legacy::sap_ecc
