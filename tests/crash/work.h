#pragma once

#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/order.h"

#include <cstdint>
#include <string>
#include <vector>

// What the channel does, derived from a seed alone: the parent that judges and the child that is
// killed both know it without telling each other.
namespace underpin::crash {

enum class Kind { place, amend, cancel, adjust, create_customer, amend_customer };

// One write of a channel, under a key of its own.
struct Step {
  Kind kind = Kind::place;
  std::string key;
  Order order;                    // place
  OrderNumber number;             // amend, cancel
  OrderAmendment amendment;       // amend
  StockAdjustment adjustment;     // adjust
  Customer customer;              // create_customer, amend_customer (number)
  CustomerAmendment new_details;  // amend_customer
};

// A story: steps that follow each other, each only after the one before was answered. Stories are
// independent of each other.
std::vector<Step> story(std::uint64_t seed, int number);

// The channel's memory, one line per event, on disk before the next thing happens. It outlives the
// child: it is not the facade's.
struct Memory {
  struct Story {
    int answered = 0;           // Steps with a final answer.
    bool asked = false;         // The next step has been sent at least once.
    std::vector<int> statuses;  // Of the answered steps.
  };
  std::vector<Story> stories;         // By number; a story that was never begun has no answers.
  std::vector<std::string> refusals;  // "story 7 step 1 (k-7-1): 500 ..."
};
Memory read_memory(const std::string& file);

class MemoryFile {
 public:
  explicit MemoryFile(const std::string& file);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void asked(int story, int step);
  void answered(int story, int step, int status);
  void refused(int story, int step, int status, const std::string& body);

 private:
  void line(const std::string& text);
  int file_ = -1;
};

}  // namespace underpin::crash
