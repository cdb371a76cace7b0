#pragma once

#include "contracts/ports/return_service.h"
#include "tests/unit/facade/trap.h"

#include <string>
#include <vector>

namespace underpin::facade::test {

// The returns of a small ERP, which misbehave on demand.
class SmallReturns final : public ReturnService, public Trapped {
 public:
  explicit SmallReturns(std::string series) : series_(std::move(series)) {}

  struct Held {
    OrderReturn asked;
    ReturnReference made;
  };
  std::vector<Held> held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  void becomes(const ReturnNumber& number, ReturnStatus status) {
    const std::lock_guard lock(mutex_);
    for (Held& one : held_)
      if (one.made.number == number) one.made.status = status;
  }
  // The same once more, as after a request that committed twice.
  void double_it(const ReturnNumber& number) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < held_.size(); ++i)
      if (held_[i].made.number == number) {
        held_.push_back(held_[i]);
        return;
      }
  }
  // Of its own users.
  void own(const OrderId& order, ReturnedLine line) {
    const std::lock_guard lock(mutex_);
    Held one;
    one.asked.order = order;
    one.made.document = next();
    one.made.lines = {std::move(line)};
    held_.push_back(std::move(one));
  }

  Result<ReturnReceipt> place_return(const OrderReturn& asked, const WriteContext&) override {
    return trapped<ReturnReceipt>("place_return", [=, this]() -> Result<ReturnReceipt> {
      for (const Held& one : held_) {
        if (one.asked.order != asked.order || one.made.number != asked.number) continue;
        if (!repeats(asked, one.made)) return Error{ErrorCode::conflict, "another return"};
        return ReturnReceipt{asked.order, ReceiptState::confirmed, one.made};
      }
      Held one{asked, {}};
      one.made.number = asked.number;
      one.made.document = next();
      one.made.date = asked.date;
      for (const ReturnLine& line : asked.lines)
        one.made.lines.push_back({line.number, line.sku, line.quantity, line.reason});
      held_.push_back(one);
      return ReturnReceipt{asked.order, ReceiptState::confirmed, one.made};
    });
  }
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext&) override {
    return trapped<ReturnReceipt>("find_return", [=, this]() -> Result<ReturnReceipt> {
      std::vector<ReturnReceipt> found;
      for (const Held& one : held_)
        if (one.asked.order == order && one.made.number == number)
          found.push_back({order, ReceiptState::confirmed, one.made});
      if (found.empty()) return Error{ErrorCode::not_found, "no such return"};
      if (found.size() > 1) return Error{ErrorCode::conflict, "two documents"};
      return found.front();
    });
  }
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext&) override {
    return trapped<std::vector<ReturnReference>>("returns_of", [=, this] {
      std::vector<ReturnReference> found;
      for (const Held& one : held_)
        if (one.asked.order == whose.order) found.push_back(one.made);
      return Result<std::vector<ReturnReference>>(found);
    });
  }

 private:
  DocumentNumber next() { return DocumentNumber{series_ + std::to_string(++minted_)}; }

  const std::string series_;
  int minted_ = 0;
  std::vector<Held> held_;
};

}  // namespace underpin::facade::test
