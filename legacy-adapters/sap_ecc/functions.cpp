#include "legacy-adapters/sap_ecc/functions.h"

#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/transport/soap/xml_tree.h"

#include <climits>
#include <map>
#include <utility>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::string_view name_space = "urn:sap-com:document:sap:rfc:functions";
constexpr std::string_view envelope_space = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::size_t values_max = 2'000'000;

// What the adapter calls, with the parameters without which it cannot do.
const std::map<std::string, std::vector<std::string>>& used() {
  static const std::map<std::string, std::vector<std::string>> functions{
      {"BAPI_SALESORDER_CREATEFROMDAT2",
       {"ORDER_HEADER_IN", "ORDER_HEADER_INX", "ORDER_ITEMS_IN", "ORDER_ITEMS_INX",
        "ORDER_SCHEDULES_IN", "ORDER_SCHEDULES_INX", "ORDER_CONDITIONS_IN", "ORDER_CONDITIONS_INX",
        "ORDER_PARTNERS", "TESTRUN", "SALESDOCUMENT", "RETURN"}},
      {"BAPI_SALESORDER_CHANGE",
       {"SALESDOCUMENT", "ORDER_HEADER_IN", "ORDER_HEADER_INX", "ORDER_ITEM_IN", "ORDER_ITEM_INX",
        "SCHEDULE_LINES", "SCHEDULE_LINESX", "CONDITIONS_IN", "CONDITIONS_INX", "LOGIC_SWITCH",
        "RETURN"}},
      {"BAPI_CUSTOMERRETURN_CREATE",
       {"RETURN_HEADER_IN", "RETURN_HEADER_INX", "RETURN_ITEMS_IN", "RETURN_ITEMS_INX",
        "RETURN_SCHEDULES_IN", "RETURN_SCHEDULES_INX", "RETURN_CONDITIONS_IN",
        "RETURN_CONDITIONS_INX", "RETURN_PARTNERS", "SALESDOCUMENT", "RETURN"}},
      {"BAPISDORDER_GETDETAILEDLIST", {"I_BAPI_VIEW", "SALES_DOCUMENTS", "ORDER_HEADERS_OUT"}},
      {"BAPI_SALESORDER_SIMULATE", {"ORDER_HEADER_IN", "ORDER_ITEMS_IN", "ORDER_PARTNERS"}},
      {std::string(availability_check),
       {"PLANT", "MATERIAL", "UNIT", "CHECK_RULE", "STGE_LOC", "WMDVSX", "DIALOGFLAG", "AV_QTY_PLT",
        "RETURN"}},
      {"BAPI_GOODSMVT_CREATE", {"GOODSMVT_HEADER", "GOODSMVT_CODE", "GOODSMVT_ITEM"}},
      {"BAPI_TRANSACTION_COMMIT", {"WAIT"}},
      {"BAPI_TRANSACTION_ROLLBACK", {}}};
  return functions;
}

void append_text(std::string& xml, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r')
      throw Failure{
          {ErrorCode::rejected, "a text has a control character, which XML cannot carry"}};
    if (c == '&') {
      xml += "&amp;";
    } else if (c == '<') {
      xml += "&lt;";
    } else if (c == '>') {
      xml += "&gt;";
    } else if (c == '\r') {
      xml += "&#13;";
    } else {
      xml += c;
    }
  }
}

void append_element(std::string& xml, const std::string& name, const Record& value);

void append_content(std::string& xml, const Record& value) {
  if (value.is_array()) {
    for (const Record& row : value.items()) append_element(xml, "item", row);
  } else if (value.is_object()) {
    for (const json::Member& member : value.members())
      append_element(xml, member.key, member.value);
  } else {
    append_text(xml, value.text());
  }
}

void append_element(std::string& xml, const std::string& name, const Record& value) {
  xml += "<" + name + ">";
  append_content(xml, value);
  xml += "</" + name + ">";
}

std::string name_of(const xmlNode* node) { return reinterpret_cast<const char*>(node->name); }
bool is_in(const xmlNode* node, std::string_view space) {
  return node->ns != nullptr && reinterpret_cast<const char*>(node->ns->href) == space;
}

// Reads parameters: three levels at most, table, row and field.
class Reading {
 public:
  Record parameters(const xmlNode* function) {
    Record record = Record::object();
    for (const xmlNode* child = elements(function->children); child != nullptr;
         child = elements(child->next))
      record.set(name_of(child), value(child, 0));
    return record;
  }

 private:
  static const xmlNode* elements(const xmlNode* node) {
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
  }
  static std::string text(const xmlNode* node) {
    std::string text;
    for (const xmlNode* child = node->children; child != nullptr; child = child->next)
      if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
          child->content != nullptr)
        text += reinterpret_cast<const char*>(child->content);
    // A CHAR field comes with the blanks that fill it.
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  Record value(const xmlNode* node, int depth) {
    if (++values_ > values_max) throw std::runtime_error("has too many values");
    if (depth > 3) throw std::runtime_error("is nested too deeply");
    const xmlNode* first = elements(node->children);
    if (first == nullptr) return Record(text(node));
    if (name_of(first) == "item") {
      Record rows = Record::array();
      for (const xmlNode* row = first; row != nullptr; row = elements(row->next))
        rows.push(value(row, depth + 1));
      return rows;
    }
    Record structure = Record::object();
    for (const xmlNode* field = first; field != nullptr; field = elements(field->next))
      structure.set(name_of(field), value(field, depth + 1));
    return structure;
  }

  std::size_t values_ = 0;
};

const xmlNode* child_named(const xmlNode* parent, std::string_view name) {
  for (const xmlNode* child = parent->children; child != nullptr; child = child->next)
    if (child->type == XML_ELEMENT_NODE && (name.empty() || name_of(child) == name)) return child;
  return nullptr;
}

}  // namespace

std::string write_call(std::string_view function, const Record& request) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"";
  xml += std::string(envelope_space) + "\"><SOAP-ENV:Body><rfc:" + std::string(function) +
         " xmlns:rfc=\"" + std::string(name_space) + "\">";
  append_content(xml, request);
  return xml + "</rfc:" + std::string(function) + "></SOAP-ENV:Body></SOAP-ENV:Envelope>";
}

Result<Record> read_answer(std::string_view function, std::string_view envelope) {
  const auto bad = [&](const std::string& reason) {
    return Error{ErrorCode::internal, "the answer of " + std::string(function) + " " + reason};
  };
  if (envelope.empty() || envelope.size() > INT_MAX) return bad("is empty or too large");
  const soap::Tree document = soap::read_tree(envelope, XML_PARSE_NOCDATA);
  if (document == nullptr) return bad("is no well-formed XML");
  if (document->intSubset != nullptr) return bad("has a document type");
  const xmlNode* root = xmlDocGetRootElement(document.get());
  if (root == nullptr || name_of(root) != "Envelope" || !is_in(root, envelope_space))
    return bad("is no SOAP envelope");
  const xmlNode* body = child_named(root, "Body");
  const xmlNode* answer = body == nullptr ? nullptr : child_named(body, {});
  if (answer == nullptr || name_of(answer) != std::string(function) + ".Response" ||
      !is_in(answer, name_space))
    return bad("is another function's");
  try {
    return Reading().parameters(answer);
  } catch (const std::exception& failure) {
    return bad(failure.what());
  }
}

// ----------------------------------------------------------------------------------------- calling
Functions::Functions(const SoapSettings& settings, std::string system, MessageTable messages)
    : settings_(settings), system_(std::move(system)), messages_(std::move(messages)), client_([&] {
        soap::Settings soap;
        soap.system = system_;
        soap.user = settings.user;
        soap.password = settings.password;
        soap.timeout = std::chrono::milliseconds(settings.timeout_ms);
        soap.limits.bytes = static_cast<std::size_t>(settings.response_limit_bytes);
        soap.http.ca_file = settings.ca_file;
        soap.http.verify = settings.verify_tls;
        soap.http.connect_timeout_ms = settings.connect_timeout_ms;
        soap.http.pool_size = static_cast<std::size_t>(settings.pool_size);
        return soap;
      }()) {}

Result<Record> Functions::call(std::string_view function, const Record& request, bool read_only,
                               soap::Session* session, Keep keep,
                               const CallContext& context) const {
  const std::string name(function);
  soap::Request envelope;
  envelope.url = settings_.url + settings_.path + "?sap-client=" + settings_.client;
  if (keep == Keep::session) envelope.url += "&" + settings_.open_session;
  if (keep == Keep::end) envelope.url += "&" + settings_.close_session;
  envelope.action = std::string(name_space);
  envelope.read_only = read_only;
  try {
    envelope.envelope = write_call(function, request);
  } catch (const Failure& failure) {
    return failure.error;
  }
  Result<soap::Answer> answer = session == nullptr ? client_.exchange(envelope, context)
                                                   : client_.exchange(envelope, *session, context);
  if (!answer) {
    Error error = answer.error();
    error.message = name + ": " + error.message;
    return error;
  }
  if (answer->body.fault) {  // No such function, a short dump, a lost session: no business answer.
    const auto& [code, text] = std::pair(answer->body.fault->code, answer->body.fault->text);
    const bool unknown = text.find("not found") != std::string::npos;
    return Error{unknown ? ErrorCode::unsupported : ErrorCode::unavailable, name + ": " + text,
                 system_, code.empty() ? "fault" : code};
  }
  Result<Record> record = read_answer(function, answer->envelope);
  if (!record) {
    Error error = record.error();
    error.code = read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
    error.system = system_;
    return error;
  }
  if (std::optional<Error> error = messages_.error_in(*record)) {
    error->system = system_;
    return *error;
  }
  return record;
}

Result<Record> Functions::read(std::string_view function, const Record& request,
                               const CallContext& context) const {
  return call(function, request, true, nullptr, Keep::nothing, context);
}

Status Functions::ping(const CallContext& context) const {
  const Result<Record> answer = read("RFC_PING", Record::object(), context);
  if (!answer) return answer.error();
  return Done{};
}

std::vector<Finding> Functions::examine(bool availability, const CallContext& context) const {
  std::vector<Finding> findings;
  for (const auto& [function, parameters] : used()) {
    if (function == availability_check && !availability) continue;
    Record request = Record::object();
    request.set("FUNCNAME", function);
    const Result<Record> answer = read("RFC_GET_FUNCTION_INTERFACE", request, context);
    if (!answer) {
      findings.push_back({false, "function " + function, answer.error().message});
      continue;
    }
    std::string missing;
    for (const std::string& parameter : parameters) {
      bool there = false;
      for (const Record& row : answer->get("PARAMS").items())
        there = there || text_of(row, "PARAMETER") == parameter;
      if (!there) missing += (missing.empty() ? "" : ", ") + parameter;
    }
    findings.push_back({missing.empty(), "function " + function,
                        missing.empty() ? "" : "missing parameters: " + missing});
  }
  return findings;
}

// ------------------------------------------------------------------------------------ a unit of
// work
WorkUnit::~WorkUnit() { roll_back(); }

Record WorkUnit::call(std::string_view function, const Record& request) {
  begun_ = true;
  Result<Record> answer =
      functions_.call(function, request, false, &session_, Functions::Keep::session, context_);
  if (answer) return std::move(answer).value();
  Error error = answer.error();
  if (error.code == ErrorCode::outcome_unknown) {
    error.code = ErrorCode::unavailable;
    error.message += "; nothing of it was committed";
  }
  throw Failure{error};
}

void WorkUnit::commit() {
  Record request = Record::object();
  request.set("WAIT", "X");  // Without it the update comes later, and a look-up may be too early.
  const Result<Record> answer = functions_.call("BAPI_TRANSACTION_COMMIT", request, false,
                                                &session_, Functions::Keep::end, context_);
  if (answer) {
    begun_ = false;
    return;
  }
  Error error = answer.error();
  // A fault is no message, and HTTP 400 is none: the update may have begun.
  if (error.code == ErrorCode::unsupported || error.code == ErrorCode::internal ||
      (error.code == ErrorCode::unavailable && !error.vendor_code.empty()))
    error.code = ErrorCode::outcome_unknown;
  throw Failure{error};
}

void WorkUnit::roll_back() {
  if (!begun_) return;
  begun_ = false;
  if (session_.cookies().empty() || std::chrono::steady_clock::now() >= context_.deadline) return;
  try {
    // Requests of a session are worked on one after the other: after this none of it comes late.
    (void)functions_
        .call("BAPI_TRANSACTION_ROLLBACK", Record::object(), true, &session_, Functions::Keep::end,
              context_)
        .has_value();
  } catch (const std::exception&) {  // The session ends by itself.
  }
}

}  // namespace underpin::legacy::sap_ecc
