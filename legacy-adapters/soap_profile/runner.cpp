#include "legacy-adapters/soap_profile/runner.h"

#include "contracts/json/object_reader.h"
#include "transport/secret.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::soap_profile {
namespace {

using json::Need;
using json::ObjectReader;
using json::Value;

constexpr std::size_t request_bytes_max = 8u * 1024 * 1024;

std::string envelope_of(const Service& service, const std::string& body) {
  const char* space = service.version == soap::Version::v1_1
                          ? "http://schemas.xmlsoap.org/soap/envelope/"
                          : "http://www.w3.org/2003/05/soap-envelope";
  return std::string("<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope xmlns:soap=\"") +
         space + "\"" + declared(service.namespaces) + ">" +
         (service.header.empty() ? "" : "<soap:Header>" + service.header + "</soap:Header>") +
         "<soap:Body>" + body + "</soap:Body></soap:Envelope>";
}

// The fields of a record as names; what it lacks is absent, whatever `base` calls so.
Value named_by(const Call& call, const Value& record, Value base) {
  for (const std::string& name : call.names) {
    const Value* found = record.find(name);
    if (found != nullptr)
      base.set(name, *found);
    else
      base.erase(name);
  }
  return base;
}

// A field of the record that the call names, under no condition, and that is absent: asked with a
// blank, some services answer with everybody's.
std::string missing_for(const Call& call, const Call& first, const Value& record) {
  for (const Template::Use& use : call.body.uses()) {
    const auto is_condition = [&](const Template::Use& other) {
      return other.as == Template::Use::As::condition && other.name == use.name;
    };
    const auto& uses = call.body.uses();
    if (use.as == Template::Use::As::value && record.find(use.name) == nullptr &&
        std::find(first.names.begin(), first.names.end(), use.name) != first.names.end() &&
        std::none_of(uses.begin(), uses.end(), is_condition))
      return use.name;
  }
  return {};
}

soap::Settings soap_settings(const Service& service, const Settings& settings) {
  soap::Settings soap = settings.soap;
  soap.version = service.version;
  return soap;
}

Service service_of(const profile::Profile& profile) {
  std::vector<profile::Fault> none;  // The profile has been checked.
  return read_service(profile.head(), none);
}

// A 4xx without an envelope: these few are said before anything looks at the body. A service that
// nobody knows may say the others, 400 or 409 for instance, after it has written.
bool may_have_arrived(const Error& error) {
  if (error.code != ErrorCode::internal || error.vendor_code.rfind("HTTP ", 0) != 0) return false;
  static const std::set<std::string> before{"404", "405", "411", "413", "414", "415", "431"};
  return before.count(error.vendor_code.substr(5)) == 0;
}

void tell_sent(profile::Exchange* told, const Call& call, const std::string& url,
               const std::string& body, const Service& service) {
  if (told == nullptr) return;
  Value one = Value::object();
  one.set("call", call.name);
  one.set("url", url);
  one.set("action", call.action);
  one.set("xml", for_people(envelope_of(service, body)));
  told->sent.push(std::move(one));
}

void tell_received(profile::Exchange* told, const Call& call, const Result<soap::Answer>& answer,
                   const Result<std::vector<Value>>& rows) {
  if (told == nullptr) return;
  Value one = Value::object();
  one.set("call", call.name);
  if (answer) one.set("xml", for_people(answer->envelope));
  if (rows)
    one.set("rows", Value::array(*rows));
  else
    one.set("error", rows.error().message);
  told->received.push(std::move(one));
}

// By their text as the value of an attribute.
Finding missing_in(const std::string& wsdl, std::string what, const std::set<std::string>& wanted,
                   const std::string& attribute) {
  std::string missing;
  for (const std::string& one : wanted)
    if (wsdl.find(attribute + "\"" + one + "\"") == std::string::npos &&
        wsdl.find(attribute + "'" + one + "'") == std::string::npos)
      missing += (missing.empty() ? "" : ", ") + one;
  return {missing.empty(), std::move(what), std::move(missing)};
}

void read_secret(ObjectReader& reader, std::string_view key, std::string& secret, Need need) {
  std::string named;
  reader.read(key, named, need);
  if (named.empty()) return;
  auto resolved = transport::resolve_secret(named);
  if (resolved)
    secret = std::move(resolved).value();
  else
    reader.refuse(key, resolved.error().message);
}

bool is_http(const std::string& url) {
  return url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
}

void read_endpoints(ObjectReader& reader, Settings& it) {
  const Value* given = reader.member("endpoints", Need::optional);
  if (given == nullptr) return;
  for (const json::Member& one : given->members()) {
    if (!is_http(one.value.text()))
      reader.refuse("endpoints", one.key + " must begin with http:// or https://");
    it.endpoints[one.key] = one.value.text();
  }
}

void read_security(ObjectReader& reader, soap::Security& security) {
  static constexpr std::pair<soap::Token, std::string_view> words[] = {
      {soap::Token::none, "none"}, {soap::Token::text, "text"}, {soap::Token::digest, "digest"}};
  std::string token = "none";
  reader.read("token", token, Need::optional);
  const auto word = std::find_if(std::begin(words), std::end(words),
                                 [&](const auto& one) { return one.second == token; });
  if (word == std::end(words))
    reader.refuse("token", "must be none, text or digest");
  else
    security.token = word->first;
  const Need need = security.token == soap::Token::none ? Need::optional : Need::required;
  reader.read("user", security.user, need);
  read_secret(reader, "password", security.password, need);
  int seconds = 0;
  reader.read("timestamp_s", seconds, Need::optional);
  if (seconds < 0 || seconds > 3'600) reader.refuse("timestamp_s", "must be 0 to 3600");
  security.timestamp = std::chrono::seconds(seconds);
  reader.read("must_understand", security.must_understand, Need::optional);
}

void read_number(ObjectReader& reader, std::string_view key, int& value, int least) {
  reader.read(key, value, Need::optional);
  if (value < least) reader.refuse(key, "must be at least " + std::to_string(least));
}

}  // namespace

Result<Settings> read_settings(std::string_view text, const std::string& system) {
  const auto document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "settings of a SOAP profile", [&](ObjectReader& reader, Settings& it) {
        it.soap.system = system;
        reader.read("profile", it.profile);
        reader.read("url", it.url);
        if (!it.url.empty() && !is_http(it.url))
          reader.refuse("url", "must begin with http:// or https://");
        read_endpoints(reader, it);
        it.wsdl = it.url + (it.url.find('?') == std::string::npos ? "?wsdl" : "&wsdl");
        reader.read("wsdl", it.wsdl, Need::optional);
        if (reader.has("wsdl") && !is_http(it.wsdl))
          reader.refuse("wsdl", "must begin with http:// or https://");
        reader.read("user", it.soap.user, Need::optional);
        read_secret(reader, "password", it.soap.password, Need::optional);
        reader.read_object(
            "security", [&](ObjectReader& one) { read_security(one, it.soap.security); },
            Need::optional);
        int timeout = 30'000;
        read_number(reader, "timeout_ms", timeout, 1);
        it.soap.timeout = std::chrono::milliseconds(timeout);
        read_number(reader, "connect_timeout_ms", it.soap.http.connect_timeout_ms, 1);
        int bytes = 16 * 1024 * 1024;
        read_number(reader, "answer_bytes_max", bytes, 1'000);
        it.soap.limits.bytes = static_cast<std::size_t>(bytes);
        reader.read("ca_file", it.soap.http.ca_file, Need::optional);
        reader.read("verify_tls", it.soap.http.verify, Need::optional);
        reader.read("client_certificate_file", it.soap.http.client_certificate_file,
                    Need::optional);
        reader.read("client_key_file", it.soap.http.client_key_file, Need::optional);
      });
}

Runner::Runner(std::shared_ptr<const profile::Profile> profile, Settings settings)
    : profile_(std::move(profile)),
      settings_(std::move(settings)),
      service_(service_of(*profile_)),
      client_(soap_settings(service_, settings_)) {
  std::vector<profile::Fault> none;
  for (const auto& [name, operation] : profile_->operations())
    calls_.emplace(name, read_calls(operation, service_, none));
}

std::vector<std::string> Runner::missing_endpoints() const {
  std::set<std::string> missing;
  for (const auto& [name, calls] : calls_)
    for (const Call& one : calls)
      if (!one.endpoint.empty() && settings_.endpoints.count(one.endpoint) == 0)
        missing.insert(one.endpoint);
  return {missing.begin(), missing.end()};
}

Result<Runner::Rows> Runner::run(const profile::Operation& operation, const Value& parameters,
                                 const CallContext& context, profile::Exchange* told) {
  const auto found = calls_.find(operation.shape->name);
  if (found == calls_.end())
    return Error{ErrorCode::internal, "the profile has no such operation", settings_.soap.system};
  const Asked asked{context, told};
  auto rows = operation.shape->writes ? write(found->second, parameters, asked)
                                      : read(found->second, parameters, asked);
  if (rows) return rows;
  Error error = rows.error();
  error.system = settings_.soap.system;
  error.message = operation.file + ": " + error.message;
  return error;
}

Result<Runner::Rows> Runner::read(const std::vector<Call>& calls, const Value& parameters,
                                  const Asked& asked) {
  auto records = call(calls.front(), parameters, false, asked);
  if (!records) return records;
  Rows rows = std::move(records).value();
  for (std::size_t i = 1; i < calls.size(); ++i) {
    for (Value& record : rows) {
      if (const auto name = missing_for(calls[i], calls.front(), record); !name.empty())
        return Error{ErrorCode::internal, "call " + calls[i].name + ": the record has no " + name};
      auto more = call(calls[i], named_by(calls.front(), record, parameters), false, asked);
      if (!more) return more;
      record.set(calls[i].into, Value::array(std::move(more).value()));
    }
  }
  return rows;
}

// Before the last call nothing has been written, whatever goes wrong.
Result<Runner::Rows> Runner::write(const std::vector<Call>& calls, const Value& parameters,
                                   const Asked& asked) {
  Value values = parameters;
  for (std::size_t i = 0; i + 1 < calls.size(); ++i) {
    const auto rows = call(calls[i], values, false, asked);
    if (!rows) return rows;
    // Names that nothing gives would be written as blanks, and a condition has one answer.
    if ((calls[i].is_named && rows->empty()) || (calls[i].is_asked && rows->size() > 1))
      return Error{rows->empty() ? ErrorCode::not_found : ErrorCode::conflict,
                   "call " + calls[i].name + " gave " + std::to_string(rows->size()) +
                       " records; later ones name the fields of one"};
    if (rows->size() == 1) values = named_by(calls[i], rows->front(), std::move(values));
  }
  return call(calls.back(), values, true, asked);
}

Result<Runner::Rows> Runner::call(const Call& call, const Value& values, bool writes,
                                  const Asked& asked) {
  auto body = call.body.render(values);
  if (!body) return body.error();
  soap::Request request;
  request.url = call.endpoint.empty() ? settings_.url : settings_.endpoints.at(call.endpoint);
  request.action = call.action;
  request.envelope = envelope_of(service_, *body);
  request.read_only = !writes;
  if (request.envelope.size() > request_bytes_max)
    return Error{ErrorCode::invalid_request, "the request would have more than 8 MiB"};
  tell_sent(asked.told, call, request.url, *body, service_);
  const auto answer = client_.exchange(request, asked.context);
  Result<Rows> rows = answer ? answered(call, *answer, writes) : Result<Rows>(answer.error());
  tell_received(asked.told, call, answer, rows);
  if (rows) return rows;
  Error error = rows.error();
  if (!answer && writes && may_have_arrived(error)) error.code = ErrorCode::outcome_unknown;
  // What a gateway says is not the ERP's word: no rule of the profile may judge it.
  if (!answer) error.vendor_code.clear();
  error.message = "call " + call.name + ": " + error.message;
  return error;
}

Result<Runner::Rows> Runner::answered(const Call& call, const soap::Answer& answer,
                                      bool writes) const {
  std::optional<Error> refused;
  if (answer.body.fault) {
    refused = read_fault(service_.fault, *answer.body.fault, answer.envelope);
  } else {
    auto read = read_answer(call.answer, answer.envelope);
    if (!read) {
      Error error = read.error();
      // It may have been carried out, whatever it was that came back.
      if (writes) error.code = ErrorCode::outcome_unknown;
      return error;
    }
    if (!read->refused) return std::move(read->records);
    refused = read->refused;
  }
  const Error error = refusal(std::move(*refused), writes);
  // A look-up that finds nothing is an answer.
  if (!writes && error.code == ErrorCode::not_found) return Rows{};
  return error;
}

Error Runner::refusal(Error error, bool writes) const {
  const ErrorCode meaning = error.code;
  error.code = ErrorCode::internal;
  if (profile_->errors().rule_for(error) != nullptr) return profile_->errors().judged(error);
  if (meaning != ErrorCode::outcome_unknown) {
    error.code = meaning;
    return error;
  }
  // Who knows whether the ERP refused before or after it wrote?
  if (writes) error.code = ErrorCode::outcome_unknown;
  error.message += " (no rule of errors.json names " + error.vendor_code + ")";
  return error;
}

Status Runner::ping(const CallContext& context) {
  const auto wsdl = client_.get(settings_.wsdl, context);
  if (!wsdl) return wsdl.error();
  return Done{};
}

std::vector<Finding> Runner::examine(const CallContext& context) {
  std::vector<Finding> findings{
      {true, "profile " + profile_->name() + ": " + std::to_string(calls_.size()) + " operations",
       ""}};
  const auto wsdl = client_.get(settings_.wsdl, context);
  findings.push_back({wsdl.has_value(), "WSDL", wsdl ? "" : wsdl.error().message});
  if (!wsdl) return findings;
  std::set<std::string> actions;
  std::set<std::string> names = names_of(service_.fault);
  for (const auto& [name, calls] : calls_) {
    for (const Call& one : calls) {
      if (!one.endpoint.empty()) continue;  // Described elsewhere.
      if (!one.action.empty()) actions.insert(one.action);
      names.insert(one.body.elements().begin(), one.body.elements().end());
      names.merge(names_of(one.answer));
    }
  }
  const bool elsewhere = wsdl->find("schemaLocation=") != std::string::npos;
  findings.push_back(missing_in(*wsdl, "the profile's actions are in the WSDL", actions, ""));
  findings.push_back(
      elsewhere ? Finding{true, "the WSDL's schemas are elsewhere: not compared", ""}
                : missing_in(*wsdl, "the profile's names are in the WSDL", names, "name="));
  return findings;
}

}  // namespace underpin::legacy::soap_profile
