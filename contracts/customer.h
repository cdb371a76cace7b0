#pragma once

#include "contracts/ids.h"
#include "contracts/money.h"
#include "contracts/order.h"
#include "contracts/time.h"

#include <optional>
#include <string>

namespace underpin {

enum class CustomerBlock { none, ship, invoice, all };

struct Customer {
  CustomerNumber number;  // [A-Z0-9-]{1,20}; the same in both ERPs.
  std::string name;
  std::string kind;  // "person" or "company".
  std::optional<Address> address;
  std::string email;
  std::string phone;
  Currency currency;
  std::string price_group;
  CustomerBlock blocked = CustomerBlock::none;  // Read-only for channels.
  std::optional<Timestamp> updated_at;
  Revision revision;  // Of the system that answered.
  bool operator==(const Customer&) const = default;
};

// Absolute: a member that is set states the new value.
struct CustomerAmendment {
  std::optional<std::string> name;
  std::optional<Address> address;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> price_group;
  bool operator==(const CustomerAmendment&) const = default;
};

struct CustomerReceipt {
  CustomerNumber number;
  DocumentNumber document;  // The ERP's own id (a GUID in Business Central).
  Revision revision;
  bool operator==(const CustomerReceipt&) const = default;
};

struct CustomerQuery {
  std::optional<std::string> email;  // Exact, case-insensitive.
  std::optional<std::string> name;   // Contains, case-insensitive.
  Cursor cursor;
  int limit = 100;
};

struct CustomerChange {
  CustomerNumber number;
  bool deleted = false;
  Timestamp changed_at;
};

}  // namespace underpin
