#pragma once

#include "contracts/call_context.h"
#include "contracts/error.h"
#include "legacy-adapters/jd_edwards/failure.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"
#include "legacy-adapters/transport/odbc/transaction.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JDE's interface tables (Z-tables): the only ones that are written. A record waits there until a
// batch job (UBE) carries it out and sets EDSP to "Y"; what the job refuses keeps its "N" and has a
// message in the work centre.
namespace underpin::legacy::jd_edwards {

// The tables of one kind of record, the one that is looked at first.
struct RecordKind {
  struct Part {
    std::string_view table;
    std::string_view prefix;  // Of its columns.
  };
  std::vector<Part> parts;
  std::vector<std::string_view> key;  // Column names without prefix.
  bool has_batch = false;             // Record::batch tells records of one key apart.
};
const RecordKind& order_record();     // F47011, F47012, F4706 by EKCO, EDOC, EDCT.
const RecordKind& stock_record();     // F4111Z1 by EDUS, EDBT, EDTN.
const RecordKind& customer_record();  // F0101Z2, F03012Z1 by the same.

struct Record {
  const RecordKind* kind = nullptr;
  std::vector<odbc::Parameter> key;  // Padded.
  // EDBT of the first table, where the key can be another record's after a purge.
  std::string batch = {};
  std::string text() const;  // "00001|17|UP", as the work centre's view has it.
};

// One row to insert; columns with their prefix.
struct InterfaceRow {
  std::string_view table;
  std::vector<std::pair<std::string, odbc::Parameter>> columns;
};

// 15 characters that no record of ours has had: a moment, counted on where it is taken.
std::string batch_of(std::int64_t micros, int attempt);

struct Message {
  std::int64_t line = 0;  // LNID; 0: of the record.
  std::string code;       // "0267".
  std::string text;
};

enum class RecordState { waiting, done, refused, absent };
struct Look {
  RecordState state = RecordState::absent;
  std::vector<Message> messages;
};

// Thread rule: any. What throws, throws Failure.
class Interface {
 public:
  Interface(const Settings& settings, std::string system, std::shared_ptr<odbc::Database> database,
            std::shared_ptr<odbc::Writer> writer);

  // Puts the rows there in one transaction. A key that is taken is `conflict`; a locked database is
  // tried again until the deadline; nothing is written unless it succeeds or the outcome is
  // unknown.
  Status put(const RecordKind& kind, const std::vector<InterfaceRow>& rows,
             const CallContext& context) const;
  Result<Look> look(const Record& record, const CallContext& context) const;

  // Waits for the batch job. `in_effect`, which reads what JDE itself shows, decides where the job
  // ended before it marked the record, whatever it said: that is marked here, so that no later run
  // repeats it. A record that was refused is taken away. Throws outcome_unknown while it still
  // waits and where it is gone without effect, and what the job said as `rejected`.
  void await(const Record& record, const std::function<bool()>& in_effect,
             const CallContext& context) const;
  void mark(const Record& record, const CallContext& context) const;
  // Takes a record away that was refused: the next run would take it again. Never one that waits, a
  // job may be at it. False: it was carried out meanwhile.
  bool withdraw(const Record& record, const CallContext& context) const;

 private:
  Result<std::int64_t> newest_message(const CallContext& context) const;
  Status transact(const CallContext& context,
                  const std::function<Status(odbc::Transaction&)>& body) const;
  Result<bool> of_each_part(const Record& record,
                            const std::function<std::string(const RecordKind::Part&)>& statement,
                            const std::string& only, const CallContext& context) const;

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
  const std::shared_ptr<odbc::Writer> writer_;
};

Failure rejected(const Record& record, const std::vector<Message>& messages);

}  // namespace underpin::legacy::jd_edwards
