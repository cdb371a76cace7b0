#pragma once

#include "contracts/inventory.h"
#include "contracts/time.h"
#include "legacy-adapters/iseries_batch/layouts.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace underpin::legacy::iseries_batch {

enum class RequestState { kept, sent, accepted, refused };

// One write, from when it was kept to when the batch job has answered it.
struct Request {
  std::int64_t seq = 0;  // Its number in the files, both ways.
  FileKind file = FileKind::orders;
  std::string subject;  // Order reference, customer number, movement, return reference.
  std::string action;   // "A", "C", "X" ... as the record has it.
  std::string records;  // As JSON; see records.h.
  std::string content;  // The canonical document, as JSON.
  RequestState state = RequestState::kept;
  std::string document;  // From the answer.
  std::string reason;    // From the answer: code and text of a refusal.
  std::string text;
  int line = 0;  // The order line that a refusal names; 0: none.
  Timestamp made;
  std::string key;       // The caller's; empty: it has none.
  bool in_file = false;  // It is in a file, which may lie in the folder before that is known here.
  bool told = false;     // Of a refusal: a caller has heard of it.
  // What it takes from stock.
  std::vector<std::pair<StockKey, Decimal>> demand;
};

struct Demand {
  Decimal quantity;
  std::optional<Timestamp> answered;  // When the iSeries said so, by its clock, that it counts it.
};

struct OutFile {
  std::int64_t run = 0;
  FileKind kind = FileKind::orders;
  std::string name;
  Timestamp made;
};

// Numbers that were given out: of writes, and of files.
struct Numbers {
  std::int64_t seq = 0;
  std::int64_t run = 0;
};

// Writes of which this state knows nothing but their numbers.
struct LostWrites {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// A position in the feed: what changed last has the highest.
struct Change {
  std::int64_t position = 0;
  std::string key;
  Timestamp at;
};

// What the adapter must know between runs, in state.db of its state folder: its writes, and what
// the batch job's files said. Any method from any thread; failures throw StateFailure.
class State {
 public:
  explicit State(const std::string& file);

  // ---- writes
  struct Kept {
    std::int64_t seq = 0;
    bool added = false;  // False: the same write is kept or sent already, and not answered.
  };
  Kept keep(const Request& request);
  std::optional<Request> request(std::int64_t seq);
  // The last of a subject, whatever became of it.
  std::optional<Request> last(FileKind file, const std::string& subject);
  std::optional<Request> last_of_action(FileKind file, const std::string& subject,
                                        const std::string& action);
  // The last one that is the same write: subject, action, content and key. Without a key nothing
  // tells a repeat from a new write but that nothing came in between.
  std::optional<Request> same(const Request& wanted);
  void refusal_told(std::int64_t seq);
  // The last write of a customer that was accepted, while no customer file has told of the customer
  // since it was sent.
  std::optional<Request> accepted_and_untold(const std::string& customer);
  // Whether a write of an order was accepted by a status file that no record of the order came with
  // or after: what is known of the order may be older than that write.
  bool order_untold(const std::string& subject);
  // Kept or sent, and not answered; in their order.
  std::vector<Request> unanswered(FileKind file, const std::string& subject);
  std::vector<Request> unanswered(FileKind file);
  // Of what was never given to a file nothing stays; false: it was.
  bool withdraw(std::int64_t seq);
  // The oldest file that is not known to have been sent; without one, a new file of the kind's kept
  // writes. Nothing: nothing is kept.
  std::optional<OutFile> next_file(FileKind kind, Timestamp now);
  std::vector<Request> requests_in(const OutFile& file);
  void file_sent(const OutFile& file);
  void file_not_sent(const OutFile& file);  // Its writes are kept again, for another file.
  // What writes take from an article's stock, by location; an empty article: from all.
  std::map<StockKey, std::vector<Demand>> demand_on(const Sku& sku);
  void forget_demand(Timestamp answered_before);
  // Forgets answered writes that were made before. Of each only what came of it is known then.
  void forget_answered(Timestamp before);
  // The oldest unanswered write that was sent; nothing when there is none.
  std::optional<Request> longest_unanswered();

  // ---- what was lost
  Numbers numbers();  // The highest that were given out.
  // Numbers up to `sent` were given out by another state: none of them is given out here.
  void lose_until(const Numbers& sent, Timestamp now);
  // The oldest lost writes that are not all answered and were found missing after `silent_since`.
  std::optional<LostWrites> lost(Timestamp silent_since);

  // Whether somebody waits for the answer now; nothing of it is kept between runs.
  void wait_begins(std::int64_t seq);
  void wait_ends(std::int64_t seq);
  bool is_waited_for(std::int64_t seq);

  // ---- reading
  // What a query answers, on a connection that does not wait for files being taken in.
  template <class F>
  auto read(F&& body) {
    const std::lock_guard lock(reading_mutex_);
    return body(reading_);
  }
  // All or nothing.
  template <class F>
  auto write(F&& body) {
    const std::lock_guard lock(writing_mutex_);
    state::StateTransaction transaction(writing_);
    auto result = body(writing_);
    transaction.commit();
    return result;
  }

 private:
  std::mutex writing_mutex_;
  std::mutex reading_mutex_;
  std::mutex waiting_mutex_;
  std::multiset<std::int64_t> waiting_;
  state::StateDatabase writing_;
  state::StateDatabase reading_;
};

// Of a feed ("orders", "customers"): puts a key at its end.
void mark_changed(state::StateDatabase& database, std::string_view feed, const std::string& key,
                  Timestamp at);
std::vector<Change> changes_after(state::StateDatabase& database, std::string_view feed,
                                  std::int64_t position, int limit);

// Whether a run of a kind of file was taken in before. `refused`: under another content.
enum class RunKnown { no, same, refused };
RunKnown run_known(state::StateDatabase& database, FileKind kind, std::int64_t run,
                   const std::string& checksum);
void run_taken(state::StateDatabase& database, FileKind kind, std::int64_t run,
               const std::string& checksum);

// Statements of an UPSERT that an older run must not win are the stores' own.
std::optional<Request> request_in(state::StateDatabase& database, std::int64_t seq);
// Notes the answer of a lost write; false: the number is none of a lost write.
bool answer_lost(state::StateDatabase& database, std::int64_t seq);
// `made`: when the status file was; without it what the write takes is forgotten at once.
void answer_request(state::StateDatabase& database, const Request& answered, Timestamp made = {});

}  // namespace underpin::legacy::iseries_batch
