// Any bytes as one of three things: an operation's file of a SOAP profile (begins with "{"), a
// request's template (begins with "<"), an answer's envelope (anything else, behind its first
// line). A template renders whatever values it is given to the same elements; an answer is read or
// refused.
#include "legacy-adapters/soap_profile/calls.h"
#include "legacy-adapters/transport/profile/profile.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy;
using namespace underpin::legacy::soap_profile;

const Namespaces spaces{{"m", "urn:m"}, {"xsi", "http://www.w3.org/2001/XMLSchema-instance"}};

void require(bool promise) {
  if (!promise) std::abort();
}

// Every name with this value, also in lists of two, which hold themselves once more.
json::Value values_of(const Template& body, const char* text, int depth) {
  json::Value values = json::Value::object();
  for (const Template::Use& use : body.uses()) {
    if (use.as != Template::Use::As::list) {
      values.set(use.name, text);
    } else if (depth > 0) {
      const json::Value item = values_of(body, text, depth - 1);
      values.set(use.name, json::Value::array({item, item}));
    }
  }
  return values;
}

void try_template(std::string_view text) {
  std::string rule;
  const Template body = Template::parse(text, spaces, rule);
  if (!rule.empty()) return;
  if (body.uses().size() > 20) return;
  const auto plain = body.render(values_of(body, "x", 2));
  const auto hostile = body.render(values_of(body, "</a>&\"'<b u:each='c'>{d}]]>\r\n", 2));
  require(plain && hostile);
  require(std::count(plain->begin(), plain->end(), '<') ==
          std::count(hostile->begin(), hostile->end(), '<'));
  soap::Limits limits;
  limits.depth = 3 * Template::depth_max;
  const auto read =
      soap::read_body("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"" +
                          declared(spaces) + "><s:Body>" + *hostile + "</s:Body></s:Envelope>",
                      limits);
  require(read.has_value());
  if (!body.uses().empty()) {
    const auto control = body.render(values_of(body, "\x01", 1));
    require(!control || control->find('\x01') == std::string::npos);
  }
}

AnswerShape shape() {
  AnswerShape it;
  it.element = {"urn:m", "R"};
  it.outcome = Outcome{*parse_path("m:C", spaces), {"0"}, parse_path("m:W", spaces)};
  it.records = *parse_path("m:L/m:I", spaces);
  for (const char* path : {"@No", "m:N/m:T", "m:Q", "x"}) {
    it.fields.push_back({"f" + std::to_string(it.fields.size()), *parse_path(path, spaces)});
    if (it.fields.size() == 3) it.fields.back().floating = 3;
  }
  Field lines{"lines", *parse_path("m:P", spaces)};
  lines.each = true;
  lines.fields = it.fields;
  it.fields.push_back(lines);
  return it;
}

void try_answer(std::string_view text) {
  const std::string envelope(text.substr(std::min(text.find('\n'), text.size() - 1) + 1));
  const auto body = soap::read_body(envelope, {});
  for (const bool told : {true, false}) {
    AnswerShape by = shape();
    if (!told) by.outcome.reset();
    const auto answer = read_answer(by, envelope);
    require(answer || answer.error().code == ErrorCode::internal);
    if (answer && answer->refused) require(!answer->refused->vendor_code.empty());
  }
  (void)for_people(envelope);
  if (!body || !body->fault) return;
  const FaultShape own{parse_path("m:E/m:C", spaces), parse_path("m:E/m:W", spaces)};
  const Error error = read_fault(own, *body->fault, envelope);
  require(!error.vendor_code.empty() && !error.message.empty() && error.message.size() < 1'000);
}

void try_operation(std::string_view text) {
  profile::Files files;
  files["profile.json"] =
      R"({"kind": "soap", "name": "fuzz", "soap": {"namespaces": {"m": "urn:marlow:retail"}},
          "not_offered": {"orders": "no", "inventory": "no", "pricing": "no", "customers": "no"}})";
  files["tables.json"] =
      R"({"customer_kind": [["person", "1"]], "customer_block": [["none", "0"]]})";
  files["operations/get_customer.json"] = text;
  const SoapKind kind;
  const auto loaded = profile::Profile::read(files, kind);
  require((loaded.profile == nullptr) == !loaded.faults.empty());
  for (const profile::Fault& fault : loaded.faults) {
    require(!fault.rule.empty() && !fault.file.empty());
    require(fault.pointer.empty() || fault.pointer[0] == '/');
  }
  require(profile::Profile::read(files, kind).faults == loaded.faults);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  if (text[0] == '{')
    try_operation(text);
  else if (text[0] == '<')
    try_template(text);
  else
    try_answer(text);
  return 0;
}
