#pragma once

#include "contracts/order.h"
#include "legacy-adapters/iseries_batch/layouts.h"
#include "legacy-adapters/iseries_batch/settings.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// A record, or a group of them, that was put aside.
struct Refusal {
  std::uint64_t line = 0;  // Of records of a fixed length, the record; from 1.
  std::string record;      // "order line"; empty: it could not be told.
  std::string field;       // "QTY"; empty: the whole.
  std::string reason;
};
std::string text(const Refusal& refusal);  // "line 12: order line, QTY: the rule".

// What the batch job says of a write.
struct Answer {
  enum class Result { accepted, refused, later };
  std::int64_t seq = 0;
  std::string kind;       // "ORD", "CUO", "ADJ", "RET".
  std::string reference;  // As it was sent.
  Result result = Result::refused;
  std::string document;
  std::string reason;
  std::string text;
  int line = 0;          // Of the order.
  std::uint64_t at = 0;  // Its line in the file.
};

// An order as it is on the iSeries.
struct OrderSeen {
  Order order;            // Its status is set; identity is empty when the reference is not ours.
  std::string reference;  // As it stands there.
  std::string document;
  bool held = false;
};

struct ReturnSeen {
  ReturnReference made;
  std::string order_document;
  std::string reference;
  std::string invoice;
};

// Receives what is read, in order, before the trailer has confirmed it: a consumer works in a
// transaction.
struct StatusConsumer {
  std::function<Status(const FileHeader&)> header;  // An Error ends the reading.
  std::function<void(const Answer&)> answer;
  // Why it is put aside; nothing: it is not.
  std::function<std::optional<std::string>(const OrderSeen&)> order;
  std::function<void(const ReturnSeen&)> made_return;
  std::function<void(Refusal)> refused;
};

// What of the settings a reader needs.
struct Reading {
  const Wire& wire;
  const std::string& zone;
  const CodeTable& units;
  const CodeTable& return_reasons;
};

// Reads one status file in constant memory but for one order. An order is given out when all of its
// records could be read, its lines are as many as its header says, and its codes are known;
// otherwise it is refused as a whole. invalid_request: the file is at fault as a whole (header,
// trailer, count, hash total). Throws nothing of its own; what the consumer throws passes through.
Status read_status_file(edi::ReadBytes read, const Reading& reading,
                        const StatusConsumer& consumer);

// Y, N, or blank, which is N: another letter is not taken for one of them.
bool is_flag(const std::string& text);
// For the other readers: why a batch is at fault as a whole, all of it.
std::string reasons(const edi::Faults& faults);
// What the reader put aside.
void report(const edi::FixedReader& reader, const std::function<void(Refusal)>& refused);

}  // namespace underpin::legacy::iseries_batch
