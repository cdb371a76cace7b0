#include "legacy-adapters/dynamics_nav/services.h"

#include "legacy-adapters/dynamics_nav/wsdl_check.h"

#include <algorithm>

namespace underpin::legacy::dynamics_nav {
namespace {

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    }
  }
  return result;
}

// Letters of any script stay; what a filter reads as an operator or a quote becomes "?".
std::string without_operators(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool second_dot = c == '.' && i > 0 && text[i - 1] == '.';
    if (second_dot || (c == '.' && i + 1 == text.size())) {
      result += '?';
    } else {
      result += std::string_view("|&<>=*?'\"()@").find(c) == std::string_view::npos ? c : '?';
    }
  }
  return result;
}

}  // namespace

std::string literal(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

std::string containing(std::string_view text) { return "@*" + without_operators(text) + "*"; }
std::string equal_but_case(std::string_view text) { return "@" + without_operators(text); }

const std::vector<Record>& part(const Record& record, std::string_view list, std::string_view row) {
  return record.get(list).get(row).items();
}

const std::string& text_of(const Record& record, std::string_view element) {
  return record.get(element).text();
}

Services::Services(const SoapSettings& settings, std::string system, std::shared_ptr<Wire> wire,
                   FaultTable faults)
    : base_(settings.url + "/" + percent_encoded(settings.instance) + "/WS/" +
            percent_encoded(settings.company)),
      system_(std::move(system)),
      wire_(std::move(wire)),
      faults_(std::move(faults)) {}

std::string Services::url_of(const Binding& binding) const {
  return base_ + "/" + std::string(binding.kind) + "/" + std::string(binding.service);
}

Result<Record> Services::call(const Binding& binding, std::string_view name, const Record& request,
                              const CallContext& context) const {
  const auto operation = std::find_if(binding.operations.begin(), binding.operations.end(),
                                      [&](const Operation& one) { return one.name == name; });
  const std::string named = std::string(binding.service) + "." + std::string(name);
  if (operation == binding.operations.end())
    return Error{ErrorCode::internal, named + " is not bound", system_};
  Exchange exchange{url_of(binding),
                    std::string(binding.name_space) + ":" + std::string(name),
                    {},
                    operation->read_only};
  try {
    exchange.envelope = operation->encode(request);
  } catch (const std::exception& failure) {
    return Error{ErrorCode::internal, named + ": " + failure.what(), system_};
  }
  Result<Reply> reply = wire_->exchange(exchange, context);
  if (!reply) {
    Error error = reply.error();
    error.system = system_;
    error.message = named + ": " + error.message;
    return error;
  }
  if (reply->fault) return faults_.error_of(*reply->fault, system_);
  try {
    return operation->decode(reply->envelope);
  } catch (const std::exception& failure) {
    // The request was carried out; only what came of it cannot be read.
    return Error{operation->read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown,
                 named + ": " + failure.what(), system_};
  }
}

Result<std::optional<Record>> Services::read(const Binding& page, const std::string& number,
                                             const CallContext& context) const {
  Record request = Record::object();
  request.set("No", number);
  Result<Record> answer = call(page, "Read", request, context);
  if (!answer) return answer.error();
  const Record* found = answer->find(page.service);
  if (found == nullptr) return std::optional<Record>();
  return std::optional<Record>(*found);
}

Result<std::vector<Record>> Services::list(const Binding& page, const std::vector<Filter>& filters,
                                           const std::string& bookmark, int size,
                                           const CallContext& context) const {
  Record rows = Record::array();
  for (const Filter& filter : filters) {
    Record one = Record::object();
    one.set("Field", filter.field);
    one.set("Criteria", filter.criteria);
    rows.push(std::move(one));
  }
  if (filters.empty()) {  // One is required; an empty criteria filters nothing.
    Record one = Record::object();
    one.set("Field", "No");
    one.set("Criteria", "");
    rows.push(std::move(one));
  }
  Record request = Record::object();
  request.set("filter", std::move(rows));
  if (!bookmark.empty()) request.set("bookmarkKey", bookmark);
  request.set("setSize", std::to_string(size));
  Result<Record> answer = call(page, "ReadMultiple", request, context);
  if (!answer) return answer.error();
  return answer->get("ReadMultiple_Result").get(page.service).items();
}

Result<Record> Services::create(const Binding& page, const Record& record,
                                const CallContext& context) const {
  Record request = Record::object();
  request.set(page.service, record);
  Result<Record> answer = call(page, "Create", request, context);
  if (!answer) return answer.error();
  return answer->get(page.service);
}

Result<Record> Services::update(const Binding& page, const Record& record,
                                const CallContext& context) const {
  Record request = Record::object();
  request.set(page.service, record);
  Result<Record> answer = call(page, "Update", request, context);
  if (!answer) return answer.error();
  return answer->get(page.service);
}

Status Services::remove(const Binding& page, const std::string& key,
                        const CallContext& context) const {
  Record request = Record::object();
  request.set("Key", key);
  const Result<Record> answer = call(page, "Delete", request, context);
  if (!answer) return answer.error();
  if (text_of(*answer, "Delete_Result") != "true")
    return Error{ErrorCode::rejected, "NAV did not delete the record", system_};
  return Done{};
}

Status Services::ping(const CallContext& context) const {
  const Result<std::string> listed = wire_->get(base_ + "/Services", context);
  if (!listed) return listed.error();
  return Done{};
}

std::vector<Finding> Services::examine(const CallContext& context,
                                       const std::vector<const Binding*>& bindings) const {
  std::vector<Finding> findings;
  for (const Binding* binding : bindings) {
    const std::string name = "WSDL " + std::string(binding->service);
    const Result<std::string> wsdl = wire_->get(url_of(*binding) + "?wsdl", context);
    if (!wsdl) {
      findings.push_back({false, name,
                          url_of(*binding) + ": " + wsdl.error().message +
                              "; publish it in NAV under Web Services"});
      continue;
    }
    for (Finding& finding : check_wsdl(*wsdl, *binding)) findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace underpin::legacy::dynamics_nav
