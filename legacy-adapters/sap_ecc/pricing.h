#pragma once

#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/price_records.h"
#include "legacy-adapters/sap_ecc/tables.h"

#include <map>
#include <string>

namespace underpin::legacy::sap_ecc {

// Prices: a quote is a simulated order (BAPI_SALESORDER_SIMULATE), so it is SAP's own answer with
// every condition that applies; the list is the condition records of the price condition for
// customers (A305), price groups (A032) and everyone (A304), with their scales. SAP takes the first
// of these accesses that has a record, not the lowest price. With `records`, of COND_A files, both
// come from there, by the same accesses: the price condition alone, without what else a simulation
// would find. Nothing is published into SAP.
class Pricing final : public PricingService {
 public:
  Pricing(const Functions& functions, const Settings& settings, const Tables& tables,
          const PriceRecords* records)
      : functions_(functions), settings_(settings), tables_(tables), records_(records) {}

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;

 private:
  Record simulation(const QuoteRequest& request, const std::string& customer, Date day) const;
  QuotedLine quoted(const QuoteLine& line, const std::string& position, const Record& answer) const;
  std::vector<PriceEntry> entries(const std::vector<std::string>& materials,
                                  const std::optional<CustomerNumber>& customer,
                                  const CallContext& context) const;
  void add_entries(PriceScope scope, const std::vector<std::string>& materials,
                   const std::string& code, std::vector<PriceEntry>& entries,
                   const CallContext& context) const;
  std::string state(const CallContext& context) const;
  // KONDA; nothing: there is no such customer in the sales area.
  std::optional<std::string> price_group_of(const std::string& customer, Deadline deadline) const;
  std::string our_group(const std::string& code) const;
  PriceRecords::State records_in_force() const;
  Quote by_records(const QuoteRequest& request, const std::string& customer, Date day,
                   const CallContext& context) const;
  Page<PriceEntry> recorded(const PriceQuery& query, const CallContext& context) const;
  const PriceEntry& ruling(const std::vector<PriceEntry>& rows, const QuoteLine& line,
                           const CustomerNumber& customer, const std::string& group, Date day,
                           std::size_t index) const;

  const Functions& functions_;
  const Settings& settings_;
  const Tables& tables_;
  const PriceRecords* records_;
};

}  // namespace underpin::legacy::sap_ecc
