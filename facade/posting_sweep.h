#pragma once

#include "facade/orders.h"
#include "facade/posting_judge.h"
#include "facade/reconciliation.h"
#include "facade/row_file.h"
#include "facade/sweep_rows.h"
#include "facade/systems.h"

#include <filesystem>
#include <string>
#include <vector>

namespace underpin::facade {

struct PostingSettings {
  int page = 200;                                   // Entries asked for at once.
  std::size_t memory_max = std::size_t{192} << 20;  // Bytes, for sorting.
  std::int64_t pause_ms = 2'000;                    // Before what differs is read again.
  Decimal tolerance{5, 2};                          // Of a document.
  // By the systems' names, who may post sales there; a system that is not named: anybody.
  std::map<std::string, std::set<std::string>> posted_by = {};
};

// What both ERPs have posted between two posting dates, against what channels were acknowledged.
// An order is posted only in its home, so turnover adds up over both: for each order that its home
// shows as invoiced, the entries of both ERPs must be what its content is worth. What differs is
// read once more before it counts. Entries of orders that the facade does not know are listed as
// foreign, and are no difference. Rows lie in files of the reconciliation's folder; the state is in
// `now_at`, which the caller keeps after each round. Threads: one at a time for each
// reconciliation.
class PostingSweep {
 public:
  PostingSweep(const Systems& systems, const journal::Journal& journal, OrderFacade& orders,
               PostingSettings settings, Now now)
      : systems_(systems),
        journal_(journal),
        orders_(orders),
        settings_(settings),
        now_(std::move(now)) {}

  // unsupported: an ERP tells nothing of its books.
  Status possible() const;

  // Entries of one side; each row's key is whose it is.
  Result<SweepPage> page(Side side, Reconciliation& now_at, const Cursor& cursor,
                         const CallContext& context) const;
  // A round of "comparing": the next orders as their homes show them, and, after the last, all
  // against each other; the state is "verifying" then. `reads`: of orders.
  Status compare(Reconciliation& now_at, const std::filesystem::path& folder,
                 std::int64_t& reads) const;
  // A round of "verifying". True: it was the last.
  Result<bool> verify(Reconciliation& now_at, const std::filesystem::path& folder,
                      std::int64_t& reads) const;
  // differences.csv, differences.json and the control totals.
  Status write_files(const Reconciliation& now_at, const std::filesystem::path& folder) const;

  static Result<json::Value> groups(const std::filesystem::path& folder);
  // A difference as it was kept.
  static std::optional<json::Value> shown(const Record& record);

 private:
  struct Read {  // An order, as it was read.
    ExpectedPosting expected;
    bool readable = true;
  };
  std::string owner_of(Side side, const PostedEntry& entry,
                       const journal::JournalReader& reader) const;
  Result<std::vector<PostedLine>> entries_of(const std::set<std::string>& documents,
                                             const std::string& owner) const;
  Result<Read> read(const journal::DocumentRecord& document, const Reconciliation& now_at) const;
  DeclaredUsers declared() const;
  std::optional<ExpectedPosting> own_expected(const std::string& owner) const;
  Status read_homes(Reconciliation& now_at, const std::filesystem::path& folder, bool& last,
                    std::int64_t& reads) const;
  Status merge(Reconciliation& now_at, const std::filesystem::path& folder) const;
  Status look_again(Reconciliation& now_at, const std::string& owner,
                    const std::set<std::string>& documents, RowFile& confirmed,
                    RowFile& expected) const;

  const Systems& systems_;
  const journal::Journal& journal_;
  OrderFacade& orders_;
  const PostingSettings settings_;
  const Now now_;
};

}  // namespace underpin::facade
