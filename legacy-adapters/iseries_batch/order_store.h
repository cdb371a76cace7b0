#pragma once

#include "legacy-adapters/iseries_batch/state.h"
#include "legacy-adapters/iseries_batch/status_file.h"

#include <optional>
#include <string>
#include <vector>

// What status files said, as state.db keeps it. The functions work in the caller's transaction or
// read.
namespace underpin::legacy::iseries_batch {

// An order of an older run than the one that told of it last changes nothing. Why it cannot be
// kept; nothing: it can.
std::optional<std::string> take_order(state::StateDatabase& database, const OrderSeen& seen,
                                      std::int64_t run, Timestamp now);
void take_return(state::StateDatabase& database, const ReturnSeen& seen, std::int64_t run);
struct AnswerTaken {
  std::optional<std::string> wrong;  // The answer belongs to no write of ours.
  std::optional<Request> refused;    // The write that it refused, told for the first time.
  bool lost = false;                 // Of a write that was sent by a newer state.
};
AnswerTaken take_answer(state::StateDatabase& database, const Answer& answer, std::int64_t run,
                        Timestamp made, Timestamp now);

// Whether the last write that was to make the order is not refused.
bool placed_again(state::StateDatabase& database, const std::string& reference);

std::vector<OrderSeen> orders_of(state::StateDatabase& database, const std::string& reference);
std::optional<OrderSeen> order_of(state::StateDatabase& database, const std::string& document);
// Open ones after a document's number, in order.
std::vector<OrderSeen> open_orders(state::StateDatabase& database, const std::string& after,
                                   const std::string& customer, int limit);
std::vector<ReturnSeen> returns_of(state::StateDatabase& database, const std::string& reference);
std::vector<ReturnSeen> returns_of_order(state::StateDatabase& database,
                                         const std::string& document,
                                         const std::vector<DocumentNumber>& invoices);

// The key under which a refused order stands in the feed.
inline constexpr std::string_view refused_key = "refused:";

}  // namespace underpin::legacy::iseries_batch
