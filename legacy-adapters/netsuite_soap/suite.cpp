#include "legacy-adapters/netsuite_soap/suite.h"

#include "legacy-adapters/netsuite_soap/token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr int page_min = 5;
constexpr int page_max = 1'000;

struct Meaning {
  std::string_view said;
  ErrorCode code;
};

// statusDetail codes (SuiteTalk, "Error Status Codes"). What stands nowhere is `rejected`.
constexpr std::array statuses{
    Meaning{"RCRD_DSNT_EXIST", ErrorCode::not_found},
    Meaning{"DUP_RCRD", ErrorCode::conflict},
    Meaning{"DUP_ENTITY", ErrorCode::conflict},
    Meaning{"UNIQUE_CUST_ID_REQD", ErrorCode::conflict},
    Meaning{"RCRD_HAS_BEEN_CHANGED", ErrorCode::conflict},
    Meaning{"SSS_REQUEST_LIMIT_EXCEEDED", ErrorCode::throttled},
    Meaning{"WS_CONCUR_SESSION_DISALLWD", ErrorCode::throttled},
    Meaning{"WS_REQUEST_BLOCKED", ErrorCode::throttled},
    Meaning{"SESSION_TIMED_OUT", ErrorCode::unavailable},
    Meaning{"INSUFFICIENT_PERMISSION", ErrorCode::unauthorized},
    Meaning{"INVALID_LOGIN_ATTEMPT", ErrorCode::unauthorized},
    Meaning{"INVALID_LOGIN_CREDENTIALS", ErrorCode::unauthorized},
    Meaning{"INVALID_JOB_ID", ErrorCode::invalid_request},  // Of a search that is forgotten, too.
    Meaning{"INVALID_SEARCH_ID", ErrorCode::invalid_request},
    Meaning{"INVALID_PAGE_INDEX", ErrorCode::invalid_request},
    Meaning{"INVALID_RCRD_TYPE", ErrorCode::internal},
    Meaning{"INVALID_SEARCH_OPERATOR", ErrorCode::internal},
    Meaning{"INVALID_SEARCH_FIELD", ErrorCode::internal},
    Meaning{"INVALID_SEARCH_PREFERENCE", ErrorCode::internal},
};

// Elements of a fault's detail, of platformFaults.
constexpr std::array faults{
    Meaning{"exceededConcurrentRequestLimitFault", ErrorCode::throttled},
    Meaning{"exceededRequestLimitFault", ErrorCode::throttled},
    Meaning{"exceededRequestSizeFault", ErrorCode::rejected},
    Meaning{"exceededRecordCountFault", ErrorCode::rejected},
    Meaning{"invalidCredentialsFault", ErrorCode::unauthorized},
    Meaning{"invalidAccountFault", ErrorCode::unauthorized},
    // The next request signs for a session of its own.
    Meaning{"invalidSessionFault", ErrorCode::unavailable},
    Meaning{"insufficientPermissionFault", ErrorCode::unauthorized},
    Meaning{"invalidVersionFault", ErrorCode::internal},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> name_spaces{{
    {"platformMsgs", "messages_*.platform"},
    {"platformCore", "core_*.platform"},
    {"platformCommon", "common_*.platform"},
    {"tranSales", "sales_*.transactions"},
    {"tranCust", "customers_*.transactions"},
    {"tranInvt", "inventory_*.transactions"},
    {"listRel", "relationships_*.lists"},
    {"listAcct", "accounting_*.lists"},
    {"platformFaults", "faults_*.platform"},
}};

soap::Settings soap_settings(const Settings& settings, const std::string& system) {
  soap::Settings soap;
  soap.system = system;
  soap.timeout = std::chrono::milliseconds(settings.timeout_ms);
  soap.http.ca_file = settings.ca_file;
  soap.http.verify = settings.verify_tls;
  soap.http.connect_timeout_ms = settings.connect_timeout_ms;
  soap.http.pool_size = static_cast<std::size_t>(settings.pool_size);
  return soap;
}

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int whole(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    throw Failure{{ErrorCode::internal, "NetSuite's page is no number: " + text.substr(0, 20)}};
  return value;
}

}  // namespace

ErrorCode meaning_of_status(std::string_view code, bool writes) {
  for (const Meaning& one : statuses)
    if (one.said == code) return one.code;
  if (code == "UNEXPECTED_ERROR")
    return writes ? ErrorCode::outcome_unknown : ErrorCode::unavailable;
  return ErrorCode::rejected;
}

ErrorCode meaning_of_fault(std::string_view detail_element, bool writes) {
  for (const Meaning& one : faults)
    if (one.said == detail_element) return one.code;
  return writes ? ErrorCode::outcome_unknown : ErrorCode::unavailable;
}

Wire soap_wire(const Settings& settings, const std::string& system) {
  auto client = std::make_shared<soap::Client>(soap_settings(settings, system));
  return [client](const soap::Request& request, const CallContext& context) {
    return client->exchange(request, context);
  };
}

Suite::Suite(const Settings& settings, std::string system, Wire wire)
    : settings_(settings), system_(std::move(system)), wire_(std::move(wire)) {}

std::string Suite::envelope(const std::string& operation, const std::string& content,
                            int page_size) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
      "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
  for (const auto& [prefix, pattern] : name_spaces) {
    std::string uri(pattern);
    uri.replace(uri.find('*'), 1, settings_.version);
    text += " xmlns:" + std::string(prefix) + "=\"urn:" + uri + ".webservices.netsuite.com\"";
  }
  Xml headers;
  headers.raw(token_passport(settings_, new_nonce(), now_s()));
  headers.open("platformMsgs:preferences").flag("platformMsgs:ignoreReadOnlyFields", false).close();
  if (page_size > 0) {
    headers.open("platformMsgs:searchPreferences")
        .flag("platformMsgs:bodyFieldsOnly", false)
        .leaf("platformMsgs:pageSize", std::to_string(page_size))
        .close();
  }
  return text + "><soapenv:Header>" + headers.text() + "</soapenv:Header><soapenv:Body>" +
         "<platformMsgs:" + operation + ">" + content + "</platformMsgs:" + operation +
         "></soapenv:Body></soapenv:Envelope>";
}

Node Suite::exchange(const std::string& operation, const std::string& content, bool writes,
                     int page_size, const CallContext& context) {
  soap::Request request;
  request.url = settings_.url + "/services/NetSuitePort_" + settings_.version;
  request.action = operation;
  request.envelope = envelope(operation, content, page_size);
  request.read_only = !writes;
  const soap::Answer answer = must(wire_(request, context));
  Result<Node> root = read_xml(answer.envelope);
  const ErrorCode unread = writes ? ErrorCode::outcome_unknown : ErrorCode::unavailable;
  if (!root) throw Failure{{unread, root.error().message, system_}};
  if (answer.body.fault) throw Failure{error_of_fault(*root, writes)};
  const Node* response = root->get("Body").child(operation + "Response");
  if (response == nullptr || response->children.size() != 1)
    throw Failure{
        {unread, "NetSuite answered " + operation + " with " + answer.body.name, system_}};
  return response->children.front();
}

Error Suite::error_of_fault(const Node& root, bool writes) const {
  const Node& fault = root.get("Body").get("Fault");
  const Node& detail = fault.get("detail");
  // Servers put elements of their own beside the one that says it.
  const Node* said = nullptr;
  for (const Node& one : detail.children)
    if (one.name.size() > 5 && one.name.compare(one.name.size() - 5, 5, "Fault") == 0) said = &one;
  Error error{meaning_of_fault(said == nullptr ? "" : said->name, writes),
              fault.text_of("faultstring"), system_};
  // A message that the service could not read did nothing. Of any other fault of the machinery
  // around it nobody knows when it came.
  const bool unread = error.message.find("org.xml.sax.SAX") != std::string::npos ||
                      error.message.find("org.xml.sax.XML") != std::string::npos;
  if (said == nullptr && unread) error.code = ErrorCode::internal;
  if (said != nullptr) {
    error.vendor_code = said->text_of("code").empty() ? said->name : said->text_of("code");
    if (!said->text_of("message").empty()) error.message = said->text_of("message");
  }
  return error;
}

void Suite::require_success(const Node& result, bool writes) const {
  const Node& status = result.get("status");
  if (status.attribute("isSuccess") == "true") return;
  // Warnings may stand beside the error.
  const Node* detail = status.child("statusDetail");
  for (const Node& one : status.children)
    if (one.name == "statusDetail" && one.attribute("type") == "ERROR") {
      detail = &one;
      break;
    }
  if (detail == nullptr)
    throw Failure{{writes ? ErrorCode::outcome_unknown : ErrorCode::unavailable,
                   "NetSuite says neither success nor why not", system_}};
  const std::string& code = detail->text_of("code");
  throw Failure{{meaning_of_status(code, writes), detail->text_of("message"), system_, code}};
}

std::optional<Node> Suite::get(std::string_view kind, const std::string& internal_id,
                               const std::string& external_id, const CallContext& context) {
  Xml content;
  content
      .open("platformMsgs:baseRef", {{"xsi:type", "platformCore:RecordRef"},
                                     {internal_id.empty() ? "externalId" : "internalId",
                                      internal_id.empty() ? external_id : internal_id},
                                     {"type", kind}})
      .close();
  const Node result = exchange("get", content.text(), false, 0, context);
  try {
    require_success(result, false);
  } catch (const Failure& failure) {
    if (failure.error.code == ErrorCode::not_found) return std::nullopt;
    throw;
  }
  const Node* record = result.child("record");
  if (record == nullptr)
    throw Failure{{ErrorCode::unavailable, "NetSuite answered without a record", system_}};
  return *record;
}

std::string Suite::write(std::string_view operation, const std::string& record,
                         const CallContext& context) {
  const Node result = exchange(std::string(operation), record, true, 0, context);
  require_success(result, true);
  return result.id_of("baseRef");
}

SearchPage Suite::page_of(const Node& result) const {
  require_success(result, false);
  SearchPage page;
  page.search = result.text_of("searchId");
  page.index = whole(result.text_of("pageIndex"));
  page.pages = whole(result.text_of("totalPages"));
  page.records = result.get("recordList").children;
  return page;
}

SearchPage Suite::search(const std::string& record, int page_size, const CallContext& context) {
  const int size = std::clamp(page_size, page_min, page_max);
  SearchPage page = page_of(exchange("search", record, false, size, context));
  page.size = size;
  return page;
}

SearchPage Suite::search_more(const std::string& search, int index, int page_size,
                              const CallContext& context) {
  Xml content;
  content.leaf("platformMsgs:searchId", search)
      .leaf("platformMsgs:pageIndex", std::to_string(index));
  const int size = std::clamp(page_size, page_min, page_max);
  SearchPage page = page_of(exchange("searchMoreWithId", content.text(), false, size, context));
  if (page.index != index)
    throw Failure{{ErrorCode::unavailable, "NetSuite answered with another page", system_}};
  page.size = size;
  return page;
}

void Suite::search_all(const std::string& record, const CallContext& context,
                       const std::function<bool(const Node&)>& take) {
  SearchPage page = search(record, settings_.page_size, context);
  while (true) {
    for (const Node& one : page.records)
      if (!take(one)) return;
    if (page.index >= page.pages) return;
    page = search_more(page.search, page.index + 1, page.size, context);
  }
}

std::vector<Node> Suite::get_all(std::string_view kind, const CallContext& context) {
  Xml content;
  content.open("platformMsgs:record", {{"recordType", kind}}).close();
  const Node result = exchange("getAll", content.text(), false, 0, context);
  require_success(result, false);
  return result.get("recordList").children;
}

void Suite::deleted(std::string_view kind, Timestamp from, const CallContext& context,
                    const std::function<void(const Node&, Timestamp)>& take) {
  for (int index = 1;; ++index) {
    Xml content;
    content.leaf("platformMsgs:pageIndex", std::to_string(index))
        .open("platformMsgs:getDeletedFilter")
        .raw(search_text("platformCore:deletedDate", "onOrAfter", from.text()))
        .raw(search_words("platformCore:type", {std::string(kind)}))
        .close();
    const Node result = exchange("getDeleted", content.text(), false, 0, context);
    require_success(result, false);
    for (const Node& one : result.get("deletedRecordList").children)
      take(one.get("record"), one.time_of("deletedDate"));
    const std::string& pages = result.text_of("totalPages");
    if (pages.empty() || index >= whole(pages)) return;
  }
}

std::vector<Node> Suite::availability(const std::vector<std::string>& items,
                                      const CallContext& context) {
  Xml content;
  content.open("platformMsgs:itemAvailabilityFilter").open("platformCore:item");
  for (const std::string& item : items) content.ref("platformCore:recordRef", item);
  content.close().close();
  const Node result = exchange("getItemAvailability", content.text(), false, 0, context);
  require_success(result, false);
  return result.get("itemAvailabilityList").children;
}

Result<std::string> read_wsdl(const Settings& settings, const std::string& system,
                              const CallContext& context) {
  soap::Client client(soap_settings(settings, system));
  return client.get(settings.url + "/wsdl/v" + settings.version + "_0/netsuite.wsdl", context);
}

Slice read_slice(Suite& suite, const std::string& search_record, const Cursor& cursor, int limit,
                 const CallContext& context) {
  SearchPage page;
  std::size_t offset = 0;
  if (cursor.empty()) {
    page = suite.search(search_record, limit, context);
  } else {
    // search:page size:page:offset
    std::string search = cursor.text();
    std::array<int, 3> numbers{};
    try {
      for (std::size_t i = numbers.size(); i > 0; --i) {
        const std::size_t colon = search.rfind(':');
        if (colon == std::string::npos || colon == 0) throw Failure{};
        numbers[i - 1] = whole(search.substr(colon + 1));
        search.erase(colon);
      }
    } catch (const Failure&) {
      throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
    }
    offset = static_cast<std::size_t>(numbers[2]);
    page = suite.search_more(search, numbers[1], numbers[0], context);
  }
  Slice slice;
  const std::size_t wanted = static_cast<std::size_t>(std::max(limit, 1));
  for (; offset < page.records.size() && slice.records.size() < wanted; ++offset)
    slice.records.push_back(std::move(page.records[offset]));
  const std::string search = page.search + ":" + std::to_string(page.size) + ":";
  if (offset < page.records.size())
    slice.next = Cursor(search + std::to_string(page.index) + ":" + std::to_string(offset));
  else if (page.index < page.pages)
    slice.next = Cursor(search + std::to_string(page.index + 1) + ":0");
  return slice;
}

std::string search_text(std::string_view tag, std::string_view search_operator,
                        std::string_view text) {
  Xml xml;
  xml.open(tag, {{"operator", search_operator}}).leaf("platformCore:searchValue", text).close();
  return xml.text();
}

std::string search_any(std::string_view tag, const std::vector<std::string>& internal_ids) {
  Xml xml;
  xml.open(tag, {{"operator", "anyOf"}});
  for (const std::string& id : internal_ids) xml.ref("platformCore:searchValue", id);
  return xml.close().text();
}

std::string search_words(std::string_view tag, const std::vector<std::string>& words) {
  Xml xml;
  xml.open(tag, {{"operator", "anyOf"}});
  for (const std::string& word : words) xml.leaf("platformCore:searchValue", word);
  return xml.close().text();
}

std::string search_since(std::string_view tag, Timestamp from) {
  return search_text(tag, "onOrAfter", from.text());
}

std::string search_record(std::string_view type, const std::string& fields) {
  Xml xml;
  xml.open("platformMsgs:searchRecord", {{"xsi:type", type}}).raw(fields).close();
  return xml.text();
}

}  // namespace underpin::legacy::netsuite_soap
