#pragma once

#include "legacy-adapters/transport/odbc/odbc.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

// Writing through ODBC, for databases whose owner has said what may be written: interface tables,
// or tables and procedures that a profile names. An adapter of a known ERP writes through the ERP.
namespace underpin::legacy::odbc {

struct Executed {
  std::vector<Row> rows;       // Of a statement that gives rows.
  std::int64_t affected = -1;  // Of one that gives none; negative when the driver does not say, or
                               // says several numbers, as of a procedure.
};

// One transaction on one connection; lives while Writer::transact runs.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // Values are bound, never pasted. Nothing is in force before the transaction is committed, so an
  // error here means that nothing was written; the transaction goes on only to its end.
  virtual Result<Executed> execute(std::string_view sql, const Parameters& parameters) = 0;
};

// A database that is written, one connection for each transaction under way. Methods may be called
// from many threads at once; they return an Error rather than throw, and give up by `deadline`.
class Writer {
 public:
  explicit Writer(Settings settings);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `body` in a transaction: committed when it succeeds, rolled back when it does not. Never
  // tried again here. Errors: those of `body` and of Database, with nothing written; and
  // outcome_unknown when the commit was sent and not answered for certain.
  Status transact(Deadline deadline, const std::function<Status(Transaction&)>& body);

  Statistics statistics() const;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace underpin::legacy::odbc
