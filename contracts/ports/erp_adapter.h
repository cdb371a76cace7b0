#pragma once

#include "contracts/ports/customer_service.h"
#include "contracts/ports/inventory_service.h"
#include "contracts/ports/order_service.h"
#include "contracts/ports/pricing_service.h"
#include "contracts/ports/rehearsal_service.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace underpin {

class PostingService;
class ReturnService;

// How a repeated create is recognised by the vendor.
enum class IdempotencyMode { none, lookup, natural_key, key_header };
enum class DeltaMode { none, timestamp, rowversion, webhook };
enum class ReturnsMode { none, credit_memo, return_order };

// What a vendor can do. Routing, dual writing and parity ask it instead of pretending that all ERPs
// are equal.
struct CapabilityDescriptor {
  IdempotencyMode idempotency = IdempotencyMode::none;
  bool optimistic_locking = false;
  bool stock_by_location = false;
  bool real_time_price = false;
  ReturnsMode returns = ReturnsMode::none;
  DeltaMode delta = DeltaMode::none;
  int page_max = 100;
  int batch_max = 1;
  // How a mirrored document is kept from execution: "unreleased", "delivery_block"; empty: it
  // cannot be, and no document mirrors are written. Whatever the means, get_order and find_receipt
  // show such a document as `open`, never as released: a recovery tells homes from copies by it.
  std::string inert_by;
  // The highest grade at which writes can be rehearsed here.
  RehearsalGrade rehearsal = RehearsalGrade::none;
  // An empty look-up proves absence only this long after the sender gave up.
  std::int64_t settle_ms = 0;
};

// One thing `underpin doctor` checked.
struct Finding {
  bool ok = false;
  std::string what;    // "WSDL SalesOrder.Create", "table CRONUS$Item".
  std::string detail;  // What is missing, and where.
};

// Periodic work an adapter needs (polling a folder, renewing a subscription); the facade runs it on
// its own threads, never two runs of one task at once.
struct AdapterTask {
  std::string name;
  std::chrono::milliseconds every{1000};
  std::function<Status(const CallContext&)> run;
};

// Something a person must know now, e.g. "price list is late". Kept until the condition ends.
struct Alarm {
  std::string name;
  std::string detail;
  auto operator<=>(const Alarm&) const = default;
};

// One ERP, through the capabilities it offers. nullptr: not offered.
class ErpAdapter {
 public:
  virtual ~ErpAdapter() = default;
  virtual const CapabilityDescriptor& descriptor() const = 0;
  virtual Status ping(const CallContext& context) = 0;
  virtual std::vector<Finding> examine(const CallContext& context) = 0;  // For the doctor.
  virtual OrderService* orders() { return nullptr; }
  virtual InventoryService* inventory() { return nullptr; }
  virtual PricingService* pricing() { return nullptr; }
  virtual CustomerService* customers() { return nullptr; }
  virtual RehearsalService* rehearsals() { return nullptr; }
  virtual PostingService* postings() { return nullptr; }
  virtual ReturnService* returns() { return nullptr; }
  virtual std::vector<AdapterTask> tasks() { return {}; }
  virtual std::vector<Alarm> alarms() { return {}; }
};

// What a configured system gives its adapter.
struct AdapterSettings {
  std::string system;         // The configured system's name, "nav"; goes into Error::system.
  std::string settings_json;  // The adapter's own section, checked against its own schema.
  std::string state_folder;   // Private, durable, exists.
};

using AdapterFactory =
    std::function<Result<std::unique_ptr<ErpAdapter>>(const AdapterSettings& settings)>;
using AdapterRegistry = std::map<std::string, AdapterFactory>;

}  // namespace underpin
