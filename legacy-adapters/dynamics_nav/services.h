#pragma once

#include "contracts/call_context.h"
#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/result.h"
#include "legacy-adapters/dynamics_nav/faults.h"
#include "legacy-adapters/dynamics_nav/settings.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// NAV's web services as records: a page's record is an object of its elements' texts ("No",
// "SalesLines": {"Sales_Order_Line": [...]}), as the WSDL names them. Types come from the WSDL; see
// legacy-adapters/transport/soap/gsoap_envelope.h.
namespace underpin::legacy::dynamics_nav {

using Record = json::Value;

// One operation of a service: a request's record to an envelope, an answer's envelope to a record.
struct Operation {
  std::string_view name;
  bool read_only = false;
  std::function<std::string(const Record& request)> encode;
  std::function<Record(std::string_view envelope)> decode;
};

struct Binding {
  std::string_view service;  // "SalesOrder"; also the element of a page's record.
  std::string_view kind;     // "Page" or "Codeunit".
  std::string_view name_space;
  std::vector<Operation> operations;  // Those that the adapter uses.
  // Types and their elements that the adapter knows, for the doctor.
  std::map<std::string, std::vector<std::string>> types;
};

const Binding& sales_order_binding();
const Binding& customer_binding();
const Binding& shipments_binding();
const Binding& invoices_binding();
const Binding& archive_binding();
const Binding& release_binding();
const Binding& journal_binding();
const std::vector<const Binding*>& all_bindings();
// Of a site that takes returns, besides those.
const Binding& return_order_binding();
const Binding& credit_memos_binding();
const std::vector<const Binding*>& return_bindings();

// What carries an envelope to an address and brings the answer.
struct Exchange {
  std::string url;
  std::string action;
  std::string envelope;
  bool read_only = false;
};
struct Reply {
  std::string envelope;
  std::optional<Fault> fault;
};
class Wire {
 public:
  virtual ~Wire() = default;
  virtual Result<Reply> exchange(const Exchange& exchange, const CallContext& context) = 0;
  virtual Result<std::string> get(const std::string& url, const CallContext& context) = 0;
};

struct Filter {
  std::string field;
  std::string criteria;
};

// A value of a filter taken literally.
std::string literal(std::string_view text);
// Criteria for "contains, ignoring case" and "equals, ignoring case". What a filter would take for
// an operator is matched by ?, any one character; the caller checks again where exactly matters.
std::string containing(std::string_view text);
std::string equal_but_case(std::string_view text);

// Thread rule: all methods may be called from many threads at once. Errors as in contracts/error.h;
// a fault is classified by mapping/faults.json, never outcome_unknown.
class Services {
 public:
  Services(const SoapSettings& settings, std::string system, std::shared_ptr<Wire> wire,
           FaultTable faults);

  Result<Record> call(const Binding& binding, std::string_view operation, const Record& request,
                      const CallContext& context) const;

  // Nothing when there is no such record.
  Result<std::optional<Record>> read(const Binding& page, const std::string& number,
                                     const CallContext& context) const;
  // In the order of the primary key; size 0: all. `bookmark` is the Key of the last record seen.
  Result<std::vector<Record>> list(const Binding& page, const std::vector<Filter>& filters,
                                   const std::string& bookmark, int size,
                                   const CallContext& context) const;
  Result<Record> create(const Binding& page, const Record& record,
                        const CallContext& context) const;
  Result<Record> update(const Binding& page, const Record& record,
                        const CallContext& context) const;
  Status remove(const Binding& page, const std::string& key, const CallContext& context) const;

  Status ping(const CallContext& context) const;
  // Each operation and element of each service, against the WSDL that the site publishes.
  std::vector<Finding> examine(const CallContext& context,
                               const std::vector<const Binding*>& bindings = all_bindings()) const;

  const std::string& system() const { return system_; }

 private:
  std::string url_of(const Binding& binding) const;

  std::string base_;
  std::string system_;
  std::shared_ptr<Wire> wire_;
  FaultTable faults_;
};

// The records of a part ("SalesLines" of "Sales_Order_Line"), empty when there are none.
const std::vector<Record>& part(const Record& record, std::string_view list, std::string_view row);

// The text of an element, "" when it is absent.
const std::string& text_of(const Record& record, std::string_view element);

}  // namespace underpin::legacy::dynamics_nav
