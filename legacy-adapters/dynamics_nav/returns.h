#pragma once

#include "contracts/ports/return_service.h"
#include "legacy-adapters/dynamics_nav/documents.h"

#include <map>
#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// Returns as NAV sales return orders, which receive the goods and are credited by NAV's own users:
// the page SalesReturnOrder while they are open, PostedSalesCreditMemos afterwards.
//
// External_Document_No has the return's own reference, Your_Reference that of its order. As with
// orders a header and its lines are two requests: a header without lines under our reference was
// begun and is nobody's return yet. The description of a line ends in the number of the order's
// line (" [#7]"), in every document that NAV makes of it.
class Returns final : public ReturnService {
 public:
  Returns(const Services& services, const Settings& settings)
      : services_(services), settings_(settings) {}

  Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                     const WriteContext& context) override;
  Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                    const CallContext& context) override;
  Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                  const CallContext& context) override;

 private:
  // One return, by the number of its return order: open, credited, or some of both.
  struct Held {
    ReturnReference made;
    bool open = false;
  };
  using Found = std::map<std::string, Held>;

  std::string reason_code(const std::string& reason, std::size_t index) const;
  std::string reason_of(const std::string& code) const;
  Record header_of(const OrderReturn& asked, const std::string& reference) const;
  std::vector<Record> lines_of(const OrderReturn& asked) const;
  ReturnReference read(const Record& document, const std::vector<Record>& lines,
                       ReturnStatus status) const;
  void add(Found& found, const std::string& field, const std::string& criteria,
           const CallContext& context) const;
  // The one return under a reference; nothing when there is none. Several are a conflict.
  std::optional<ReturnReference> under(const std::string& reference,
                                       const CallContext& context) const;
  ReturnReceipt receipt(const OrderReturn& asked, ReturnReference made) const;
  Record begin(const OrderReturn& asked, const std::string& reference,
               const WriteContext& context) const;
  void discard(const Record& begun, const CallContext& context) const;

  const Services& services_;
  const Settings& settings_;
};

}  // namespace underpin::legacy::dynamics_nav
