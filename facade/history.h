#pragma once

#include "contracts/result.h"
#include "facade/orders.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

// Orders that were closed in legacy, after everything has moved to the cloud: read from legacy as
// before, from a file that was exported while legacy was still there, or not any more.
namespace underpin::facade {

// One SQLite file with the channel's view of closed orders. Written by one process at a time, read
// by any number. Threads: any.
class HistoryFile {
 public:
  virtual ~HistoryFile() = default;
  // Overwrites what is there under the subject.
  virtual Status put(const journal::Subject& subject, const std::string& order_json) = 0;
  virtual Result<std::optional<std::string>> find(const journal::Subject& subject) const = 0;
  virtual Result<std::int64_t> count() const = 0;
};
// Made when missing and `writable`; another program's file is refused.
Result<std::unique_ptr<HistoryFile>> open_history_file(const std::string& file, bool writable);

struct HistoryPage {
  std::int64_t exported = 0;
  std::int64_t gone = 0;   // Legacy does not have them any more.
  std::int64_t after = 0;  // Where the next page begins.
  bool more = false;
  std::int64_t in_file = 0;
};

// Reads closed orders of legacy through the channels' view and keeps them in the file, `limit` at a
// time from position `after` of the index. Repeatable; what has been exported is exported again.
class HistoryExport {
 public:
  HistoryExport(journal::Journal& journal, OrderFacade& orders, std::string file)
      : journal_(journal), orders_(orders), file_(std::move(file)) {}
  Result<HistoryPage> page(std::int64_t after, int limit, const CallContext& context);

 private:
  journal::Journal& journal_;
  OrderFacade& orders_;
  const std::string file_;
  std::mutex mutex_;
};

}  // namespace underpin::facade
