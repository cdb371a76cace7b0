#include "legacy-adapters/transport/profile/engine.h"

#include "legacy-adapters/transport/profile/failure.h"

#include <algorithm>

namespace underpin::legacy::profile {
namespace {

using json::Value;

// A zero, a false and an empty text say nothing.
bool says_something(const Value& value) {
  if (value.is_null()) return false;
  if (value.is_array() || value.is_object()) return !value.empty();
  if (value.is_boolean()) return *value.as_bool();
  if (value.text().empty()) return false;
  const auto number = Decimal::parse(value.text());
  return !number || !number->is_zero();
}

// Where `document` has the member that `rest` names from there on; nothing: nowhere.
std::optional<std::string> found_at(const Value& document, std::string_view rest,
                                    const std::string& at) {
  if (rest.empty()) return says_something(document) ? std::optional(at) : std::nullopt;
  const std::size_t end = std::min(rest.find('/', 1), rest.size());
  const std::string key(rest.substr(1, end - 1));
  if (key == "*") {
    for (std::size_t i = 0; i < document.size(); ++i)
      if (auto found = found_at(document.items()[i], rest.substr(end), json::pointer_to(at, i)))
        return found;
    return std::nullopt;
  }
  const Value* next = document.find(key);
  if (next == nullptr) return std::nullopt;
  return found_at(*next, rest.substr(end), json::pointer_to(at, key));
}

}  // namespace

Engine::Engine(std::shared_ptr<const Profile> profile, std::shared_ptr<Runner> runner,
               std::string system, Recorder record)
    : profile_(std::move(profile)),
      runner_(std::move(runner)),
      system_(std::move(system)),
      record_(std::move(record)) {}

void Engine::must_have_place(const Operation& operation, const Value& request) {
  for (const auto& [member, why] : operation.refused) {
    const auto at = found_at(request, member, "");
    if (!at) continue;
    Error error{ErrorCode::unsupported, why};
    error.fields.push_back({*at, why});
    throw Failure{std::move(error)};
  }
}

const Operation& Engine::must_offer(std::string_view name) const {
  if (const Operation* operation = profile_->operation(name)) return *operation;
  throw Failure{{ErrorCode::unsupported, std::string(name) + ": " + profile_->why_not(name)}};
}

std::vector<Value> Engine::asked(const Operation& operation, Step& step,
                                 const CallContext& context) const {
  must_have_place(operation, step.request);
  Value parameters = Value::object();
  if (operation.canonical)
    parameters = step.request;
  else if (operation.request)
    parameters = must(operation.request->to_vendor(step.request));
  auto records = runner_->run(operation, parameters, context, record_ ? &step.exchange : nullptr);
  if (!records)
    throw Failure{runner_->judges() ? records.error() : profile_->errors().judged(records.error())};
  if (operation.canonical) return std::move(records).value();
  std::vector<Value> answers;
  if (!operation.answer) return answers;
  for (const Value& record : *records) {
    auto answer = operation.answer->from_vendor(record);
    if (!answer) {
      Error error = answer.error();
      // It is written, and what was answered cannot be read.
      if (operation.shape->writes) error.code = ErrorCode::outcome_unknown;
      throw Failure{std::move(error)};
    }
    answers.push_back(std::move(answer).value());
  }
  return answers;
}

std::vector<Value> Engine::ask(std::string_view name, const Value& request,
                               const CallContext& context) const {
  const Operation& operation = must_offer(name);
  Step step;
  step.operation = name;
  step.request = request;
  try {
    std::vector<Value> answers = asked(operation, step, context);
    if (record_) {
      step.answers = Value::array(answers);
      record_(step);
    }
    return answers;
  } catch (const Failure& failure) {
    step.error = failure.error;
    if (record_) record_(step);
    throw;
  }
}

Engine::Part Engine::page(std::string_view name, Value request, const Cursor& cursor, int limit,
                          const CallContext& context) const {
  const Operation* operation = profile_->operation(name);
  const int size = std::clamp(limit, 1, profile_->descriptor().page_max);
  std::string from = cursor.text();
  if (from.empty() && operation != nullptr) from = operation->first;
  request.set("cursor", from);
  request.set("limit", Value::integer(size));
  Part part;
  part.next = cursor.empty() ? Cursor(from) : cursor;
  part.records = ask(name, request, context);
  part.full = part.records.size() >= static_cast<std::size_t>(size);
  for (Value& record : part.records) {
    part.next = Cursor(record.get("cursor").text());
    // It would be taken for the end of a list, or for the beginning of a feed.
    if (part.next.empty())
      throw Failure{{ErrorCode::internal, std::string(name) + ": a record has no cursor"}};
    record.erase("cursor");
  }
  if (part.full && part.next.text() == from)
    throw Failure{{ErrorCode::internal, std::string(name) + ": the cursor did not move on"}};
  return part;
}

}  // namespace underpin::legacy::profile
