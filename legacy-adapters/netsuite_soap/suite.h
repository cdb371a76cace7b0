#pragma once

#include "contracts/call_context.h"
#include "contracts/page.h"
#include "legacy-adapters/netsuite_soap/failure.h"
#include "legacy-adapters/netsuite_soap/settings.h"
#include "legacy-adapters/netsuite_soap/xml.h"
#include "legacy-adapters/transport/soap/soap.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// What a status code or a fault of SuiteTalk means. `writes`: an unexpected error of NetSuite's may
// have come after it had written. A code that is not known is `rejected`.
ErrorCode meaning_of_status(std::string_view code, bool writes);
ErrorCode meaning_of_fault(std::string_view detail_element, bool writes);

struct SearchPage {
  std::vector<Node> records;
  std::string search;  // Its id.
  int index = 1;
  int pages = 1;
  int size = 0;  // Of its pages.
};

// How envelopes travel: one exchange of the project's SOAP client, or of a test's.
using Wire = std::function<Result<soap::Answer>(const soap::Request&, const CallContext&)>;
Wire soap_wire(const Settings& settings, const std::string& system);

// SuiteTalk's operations. Everything throws Failure. Thread rule: any number of threads.
class Suite {
 public:
  // `settings` outlive it.
  Suite(const Settings& settings, std::string system, Wire wire);

  const Settings& settings() const { return settings_; }
  const std::string& system() const { return system_; }

  // Nothing: NetSuite has no such record. One of the two ids.
  std::optional<Node> get(std::string_view kind, const std::string& internal_id,
                          const std::string& external_id, const CallContext& context);
  // `operation` is add, update or upsert, `record` the complete element. The internal id.
  std::string write(std::string_view operation, const std::string& record,
                    const CallContext& context);
  // `record` is the searchRecord element. Lists of records come along.
  SearchPage search(const std::string& record, int page_size, const CallContext& context);
  // `page_size` is the one of the search: with another the pages would be cut elsewhere.
  SearchPage search_more(const std::string& search, int index, int page_size,
                         const CallContext& context);
  // Every record there is, page by page; `take` answers false to end it.
  void search_all(const std::string& record, const CallContext& context,
                  const std::function<bool(const Node&)>& take);
  std::vector<Node> get_all(std::string_view kind, const CallContext& context);
  // Records of a kind that were deleted since: a reference with its name (and its external id where
  // it had one), and when.
  void deleted(std::string_view kind, Timestamp from, const CallContext& context,
               const std::function<void(const Node&, Timestamp)>& take);
  // Rows of articles by internal id.
  std::vector<Node> availability(const std::vector<std::string>& items, const CallContext& context);

 private:
  Node exchange(const std::string& operation, const std::string& content, bool writes,
                int page_size, const CallContext& context);
  std::string envelope(const std::string& operation, const std::string& content, int page_size);
  Error error_of_fault(const Node& root, bool writes) const;
  void require_success(const Node& result, bool writes) const;
  SearchPage page_of(const Node& result) const;

  const Settings& settings_;
  std::string system_;
  Wire wire_;
};

// The site's own description of the service.
Result<std::string> read_wsdl(const Settings& settings, const std::string& system,
                              const CallContext& context);

// One slice of a search, for pages smaller than NetSuite makes them. The cursor is this adapter's
// own. A search that NetSuite has forgotten is invalid_request: the list is begun again.
struct Slice {
  std::vector<Node> records;
  Cursor next;
};
Slice read_slice(Suite& suite, const std::string& search_record, const Cursor& cursor, int limit,
                 const CallContext& context);

// Elements of searches, `tag` with its prefix.
std::string search_text(std::string_view tag, std::string_view search_operator,
                        std::string_view text);
std::string search_any(std::string_view tag, const std::vector<std::string>& internal_ids);
std::string search_words(std::string_view tag, const std::vector<std::string>& words);
std::string search_since(std::string_view tag, Timestamp from);
// "platformCommon:TransactionSearchBasic" with its fields, which stand in the WSDL's order.
std::string search_record(std::string_view type, const std::string& fields);

}  // namespace underpin::legacy::netsuite_soap
