#pragma once

#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::told {

using state::StateDatabase;

// kept: its interchange is written down here. sent: it lies in the folder, or has lain there.
// received: its acknowledgement has come.
enum class RequestState { kept, sent, received, accepted, refused };

// One write, from when it was kept to when the ERP has answered it.
struct Request {
  std::int64_t seq = 0;   // Its number, which a partner may give back.
  std::string operation;  // "place_order"
  std::string subject;  // "R" and the order's reference, "D" and its document, "M" and a movement.
  std::string content;  // What was said of the canonical request, as JSON.
  std::string set;      // "850"
  std::int64_t control = 0;  // Of its interchange and its group; its set is 0001.
  RequestState state = RequestState::kept;
  bool acknowledged_only = false;
  std::string code;  // Of a refusal.
  std::string reason;
  bool told = false;  // Of a refusal: a caller has heard of it.
  Timestamp made;
  bool open() const { return state != RequestState::accepted && state != RequestState::refused; }
};

struct OutFile {
  std::int64_t control = 0;  // The highest number in it.
  std::string name;
  std::string content;
};

// An order as far as the ERP has told of it, in the form of an answer of get_order.
struct StoredOrder {
  std::int64_t id = 0;
  std::string reference;
  std::string document;  // Empty: not answered yet, or refused.
  json::Value body = json::Value::object();
  std::int64_t told = 0;  // Control number of the interchange that last said how it is.
  bool is(std::string_view status) const { return body.get("status").text() == status; }
};

// What an adapter must know between runs, in one file of its state folder. Any method from any
// thread; failures throw StateFailure.
class State {
 public:
  explicit State(const std::string& file);

  // What a query answers, on a connection that does not wait for files being taken in.
  template <class F>
  auto read(F&& body) {
    const std::lock_guard lock(reading_mutex_);
    return body(reading_);
  }
  // All or nothing: nothing when `body` throws.
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
  StateDatabase writing_;
  StateDatabase reading_;
};

// ---- interchanges

// The highest that was given; 0: none.
std::int64_t last_control(StateDatabase& database);
void raise_control(StateDatabase& database, std::int64_t to);
// Interchanges up to `control` were sent that this state, an older one, does not know of: since
// when it has known so. Nothing: there are none.
std::optional<Timestamp> lost_since(StateDatabase& database);
void set_lost_since(StateDatabase& database, Timestamp since);
// A number for each call, rising: of what came in without one.
std::int64_t next_arrival(StateDatabase& database);
// What arrives without a number comes behind this one.
void saw_number(StateDatabase& database, std::int64_t control);
// The next control number, never below `first`.
std::int64_t next_control(StateDatabase& database, std::int64_t first);
void keep_file(StateDatabase& database, const OutFile& file);
std::optional<OutFile> next_unsent(StateDatabase& database);
void file_sent(StateDatabase& database, std::int64_t control);
void forget_file(StateDatabase& database, std::int64_t control);

// What was taken in under a sender's control number: the digest of its content, or nothing.
std::optional<std::string> interchange_taken(StateDatabase& database, const std::string& sender,
                                             const std::string& control);
void take_interchange(StateDatabase& database, const std::string& sender,
                      const std::string& control, const std::string& digest);

// ---- writes

std::int64_t keep_request(StateDatabase& database, const Request& request);
void set_control(StateDatabase& database, std::int64_t seq, std::int64_t control);
std::optional<Request> request_of(StateDatabase& database, std::int64_t seq);
std::optional<Request> request_of_control(StateDatabase& database, std::int64_t control);
std::optional<Request> open_request(StateDatabase& database, const std::string& subject);
std::optional<Request> last_request(StateDatabase& database, const std::string& subject);
void settle_request(StateDatabase& database, const Request& request);  // Its state and refusal.
void forget_request(StateDatabase& database, std::int64_t seq);
std::vector<Request> untold_refusals(StateDatabase& database);
std::optional<Request> longest_open(StateDatabase& database);

// ---- orders

std::vector<StoredOrder> orders_of_reference(StateDatabase& database, const std::string& reference);
std::optional<StoredOrder> order_of_document(StateDatabase& database, const std::string& document);
std::vector<StoredOrder> open_orders(StateDatabase& database, std::int64_t after,
                                     const std::string& customer, int limit);
void save_order(StateDatabase& database, StoredOrder& order);
void forget_order(StateDatabase& database, std::int64_t id);
// Puts it at the end of the feed.
void mark_changed(StateDatabase& database, std::int64_t order, Timestamp at);
struct Change {
  std::int64_t position = 0;
  Timestamp at;
  StoredOrder order;
};
std::vector<Change> changes_after(StateDatabase& database, std::int64_t position, int limit);

// ---- stock

// In the form of answers of get_stock; an older interchange does not overwrite a newer one.
void save_level(StateDatabase& database, const json::Value& level, std::int64_t told);
// What names all there is at a location: what is not in it is gone, and an older one does not bring
// it back.
void forget_levels_told_before(StateDatabase& database, const std::string& location,
                               std::int64_t told);
std::vector<json::Value> levels_of(StateDatabase& database, const std::string& sku,
                                   const std::string& location);
std::vector<json::Value> levels_after(StateDatabase& database, const std::string& cursor,
                                      int limit);
// In the form of answers of stock_movements. False: it was told before, with other content.
bool save_movement(StateDatabase& database, const json::Value& movement);
std::vector<json::Value> movements_named(StateDatabase& database, const std::string& movement);
std::vector<json::Value> movements_after(StateDatabase& database, std::int64_t position, int limit);

// ---- customers

// In the form of an answer of get_customer; an older file does not overwrite a newer one. One that
// is as it was is no change. False: a newer one was told.
bool save_customer(StateDatabase& database, json::Value customer, bool deleted, std::int64_t told,
                   Timestamp at);
std::vector<json::Value> customers_named(StateDatabase& database, const std::string& number);
std::vector<json::Value> customers_after(StateDatabase& database, const std::string& number,
                                         const std::function<bool(const json::Value&)>& wanted,
                                         int limit);
// In the form of answers of customer_changes: of each customer its last change.
std::vector<json::Value> customer_changes_after(StateDatabase& database, std::int64_t position,
                                                int limit);

// Whether control number `a` came before `b`: they begin again at 1 behind 999999999.
bool came_before(std::int64_t a, std::int64_t b);

}  // namespace underpin::legacy::told
