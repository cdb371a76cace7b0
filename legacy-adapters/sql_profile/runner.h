#pragma once

#include "legacy-adapters/sql_profile/statements.h"
#include "legacy-adapters/transport/odbc/odbc.h"
#include "legacy-adapters/transport/odbc/transaction.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace underpin::legacy::sql_profile {

// Runs the statements of a profile's operations: reads through a pool of connections that do not
// write, a write as one transaction through another. Any thread.
class Runner final : public profile::Runner {
 public:
  Runner(std::shared_ptr<const profile::Profile> profile, odbc::Settings settings);

  Result<std::vector<json::Value>> run(const profile::Operation& operation,
                                       const json::Value& parameters, const CallContext& context,
                                       profile::Exchange* told) override;
  Status ping(const CallContext& context) override;
  std::vector<Finding> examine(const CallContext& context) override;

 private:
  struct Asked {
    const profile::Operation& operation;
    const Statements& statements;
    Deadline deadline;
    profile::Exchange* told;
  };
  using Rows = std::vector<json::Value>;

  Result<Rows> read(const Asked& asked, const json::Value& parameters);
  Result<Rows> query(const Asked& asked, const Statement& statement, const json::Value& values);
  Status attach(const Asked& asked, const Statement& statement, const json::Value& parameters,
                Rows& records);
  Result<Rows> write(const Asked& asked, const json::Value& parameters);
  Status execute(const Asked& asked, const Statement& statement, odbc::Transaction& transaction,
                 const json::Value& values, Rows& rows);
  Status await(const Asked& asked, const Poll& poll, const json::Value& values,
               const Status& written);

  const std::shared_ptr<const profile::Profile> profile_;
  const std::string system_;
  std::map<std::string, Statements, std::less<>> statements_;  // By operation.
  odbc::Database database_;
  odbc::Writer writer_;
};

}  // namespace underpin::legacy::sql_profile
