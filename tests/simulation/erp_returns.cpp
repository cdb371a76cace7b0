// Returns of a simulated ERP: documents of their own that name an order.
#include "tests/simulation/erp_line.h"

#include <algorithm>

namespace underpin::simulation {
namespace {

class ReturnsPort final : public ErpLine, public ReturnService {
 public:
  explicit ReturnsPort(Erp& erp) : ErpLine(erp) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override {
    if (erp_.settings.rules.looks_up) {
      auto known = find_return(asked.order, asked.number, context);
      if (known && !repeats(asked, known->made))
        return Error{ErrorCode::conflict, "another return under this number"};
      if (known || known.error().code != ErrorCode::not_found) return known;
    }
    const bool vendor_recognises = erp_.settings.mode != IdempotencyMode::lookup;
    return exchange<ReturnReceipt>(
        context, true,
        [&erp = erp_, asked, vendor_recognises, key = context.idempotency_key.text(),
         role = context.role]() -> Result<ReturnReceipt> {
          if (vendor_recognises)
            for (const Erp::Return& known : erp.returns)
              if (known.order == asked.order && known.made.number == asked.number)
                return ReturnReceipt{asked.order, ReceiptState::confirmed, known.made};
          Erp::Return made;
          made.order = asked.order;
          made.made.number = asked.number;
          made.made.document = erp.mint();
          made.made.date = asked.date;
          for (const ReturnLine& line : asked.lines)
            made.made.lines.push_back({line.number, line.sku, line.quantity, line.reason});
          erp.returns.push_back(made);
          erp.note(subject_of(asked.order), key, "return_order", role);
          return ReturnReceipt{asked.order, ReceiptState::confirmed, made.made};
        });
  }

  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override {
    return exchange<ReturnReceipt>(
        context, false, [&erp = erp_, order, number]() -> Result<ReturnReceipt> {
          std::vector<ReturnReference> found;
          for (const Erp::Return& one : erp.returns)
            if (one.order == order && one.made.number == number) found.push_back(one.made);
          if (found.empty()) return Error{ErrorCode::not_found, "no such return"};
          if (found.size() > 1 && erp.settings.rules.says_duplicates)
            return Error{ErrorCode::conflict, "two documents for return " + number.text()};
          return ReturnReceipt{order, ReceiptState::confirmed, found.front()};
        });
  }

  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override {
    return exchange<std::vector<ReturnReference>>(context, false, [&erp = erp_, whose] {
      std::vector<ReturnReference> found;
      for (const Erp::Return& one : erp.returns)
        if (one.order == whose.order) found.push_back(one.made);
      return Result<std::vector<ReturnReference>>(found);
    });
  }
};

}  // namespace

std::unique_ptr<ReturnService> make_returns_port(Erp& erp) {
  return std::make_unique<ReturnsPort>(erp);
}

}  // namespace underpin::simulation
