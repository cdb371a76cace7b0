#pragma once

#include "contracts/ports/rehearsal_service.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/inventory.h"

namespace underpin::legacy::sap_ecc {

// Writes by SAP's own test runs: judged, and never committed. A customer's IDoc has no test run.
class Rehearsals final : public RehearsalService {
 public:
  Rehearsals(const Functions& functions, const Settings& settings, const Inventory& inventory)
      : functions_(functions), settings_(settings), inventory_(inventory) {}

  Result<Rehearsed> place_order(const Order& order, RehearsalGrade grade,
                                const CallContext& context) override;
  Result<Rehearsed> create_customer(const Customer& customer, RehearsalGrade grade,
                                    const CallContext& context) override;
  Result<Rehearsed> adjust_stock(const StockAdjustment& adjustment, RehearsalGrade grade,
                                 const CallContext& context) override;

 private:
  Rehearsed run(std::string_view function, Record request, RehearsalGrade grade,
                const CallContext& context) const;

  const Functions& functions_;
  const Settings& settings_;
  const Inventory& inventory_;
};

}  // namespace underpin::legacy::sap_ecc
