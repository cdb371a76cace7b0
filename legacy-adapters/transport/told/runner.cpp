#include "legacy-adapters/transport/told/runner.h"

#include "legacy-adapters/transport/prices/price_ruling.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/told/order_body.h"
#include "legacy-adapters/transport/told/price_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace underpin::legacy::told {
namespace {

using json::Value;
using profile::Failure;
using profile::must;

namespace fs = std::filesystem;

// Beside the files: the highest control number that was ever sent from here.
constexpr const char* mark_name = ".underpin.sent";
constexpr std::chrono::milliseconds look_again{2};
// Left of the caller's time when the wait for an answer ends.
constexpr std::chrono::milliseconds spare{50};

[[noreturn]] void fail(ErrorCode code, std::string message) {
  throw Failure{{code, std::move(message)}};
}

std::string made_folder(const std::string& state_folder, const char* name) {
  const fs::path folder = fs::path(state_folder) / name;
  fs::create_directories(folder);
  return folder.string();
}

std::string file_in(const std::string& state_folder, const std::string& database) {
  fs::create_directories(state_folder);
  return (fs::path(state_folder) / database).string();
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

int limit_of(const Value& request) {
  const auto limit = request.get("limit").as_int();
  return limit ? static_cast<int>(*limit) : 100;
}

std::int64_t position_of(const Value& request) {
  const std::string& cursor = request.get("cursor").text();
  if (cursor.empty()) return 0;
  const auto number = Decimal::parse(cursor);
  if (!number || number->scale() != 0 || number->is_negative())
    fail(ErrorCode::invalid_request, "the cursor is none of this system");
  return static_cast<std::int64_t>(number->coefficient());
}

// As get_order answers it.
Value record_of(const StoredOrder& order) {
  Value record = order.body;
  record.set("document", order.document);
  record.set("reference", order.reference);
  // What an invoice is of is kept to tell a repeat from another one's half.
  if (Value* invoices = record.find("invoices"))
    for (std::size_t i = 0; i < invoices->size(); ++i) invoices->item(i)->erase("lines");
  return record;
}

std::string status_of(const StoredOrder& order) {
  const auto is_set = [&](const char* member) {
    const Value& value = order.body.get(member);
    return value.is_boolean() && *value.as_bool();
  };
  if (const std::string& said = order.body.get("status").text(); !said.empty()) return said;
  if (is_set("posted")) return "invoiced";
  if (is_set("cancelled")) return "cancelled";
  bool some = false;
  bool all = true;
  for (const Value& line : order.body.get("lines").items()) {
    const auto amount = [&](const char* member) {
      const auto number = Decimal::parse(line.get(member).text());
      return number ? *number : Decimal{};
    };
    const Decimal shipped = amount("shippedQuantity");
    some = some || !shipped.is_zero();
    all = all && shipped >= amount("quantity") - amount("cancelledQuantity");
  }
  if (some) return all ? "shipped" : "partially_shipped";
  return is_set("released") ? "released" : "open";
}

std::string subject_of(std::string_view operation, const Value& request) {
  if (operation == "adjust_stock") return "M" + request.get("movement").text();
  if (operation == "create_customer" || operation == "change_customer")
    return "C" + request.get("number").text();
  const std::string& reference = request.get("reference").text();
  return reference.empty() ? "D" + request.get("document").text() : "R" + reference;
}

Failure refusal_of(const Request& request) {
  Error error{ErrorCode::rejected, request.reason.empty() ? "the ERP refused it" : request.reason};
  error.vendor_code = request.code;
  return {std::move(error)};
}

}  // namespace

void read_exchange(json::ObjectReader& reader, ExchangeSettings& settings) {
  using json::Need;
  using json::ObjectReader;
  reader.read("profile", settings.profile);
  reader.read_object("outbound", [&](ObjectReader& one) {
    one.read("folder", settings.outbound_folder);
    one.read("done_suffix", settings.outbound_done_suffix, Need::optional);
  });
  reader.read_object("inbound", [&](ObjectReader& one) {
    one.read("folder", settings.inbound_folder);
    one.read("needs_done", settings.inbound_needs_done, Need::optional);
    one.read("stable_ms", settings.inbound_stable_ms, Need::optional);
  });
  std::string bad = "process";
  reader.read("bad_records", bad, Need::optional);
  settings.hold_bad_files = bad == "hold";
  if (bad != "hold" && bad != "process") reader.refuse("bad_records", "must be process or hold");
  reader.read("zone", settings.zone, Need::optional);
  if (!prices::is_zone(settings.zone)) reader.refuse("zone", "must be an IANA zone: Europe/Berlin");
  reader.read("answer_wait_ms", settings.answer_wait_ms, Need::optional);
  reader.read("answer_expected_minutes", settings.answer_expected_minutes, Need::optional);
  reader.read("poll_every_ms", settings.poll_every_ms, Need::optional);
  reader.read("first_control", settings.first_control, Need::optional);
  reader.read("state_folder", settings.state_folder, Need::optional);
}

Runner::Runner(std::shared_ptr<const profile::Profile> profile, ExchangeSettings settings,
               const std::string& system, const std::string& state_folder,
               const std::string& database, const std::string& prices,
               std::function<Timestamp()> now, std::unique_ptr<Wire> wire,
               const MakeInbound& make_inbound)
    : profile_(std::move(profile)),
      settings_(std::move(settings)),
      database_(database),
      inbound_state_(made_folder(state_folder, "inbound")),
      now_(std::move(now)),
      wire_(std::move(wire)),
      state_(file_in(state_folder, database)),
      own_prices_(prices.empty() ? nullptr
                                 : std::make_unique<State>(file_in(state_folder, prices))),
      prices_(own_prices_ ? *own_prices_ : state_),
      inbound_(make_inbound(state_, prices_, inbound_state_)),
      outbox_({system, settings_.outbound_folder, made_folder(state_folder, "outbound"),
               1'000'000'000, settings_.outbound_done_suffix}) {}

Result<Runner::Records> Runner::run(const profile::Operation& operation, const Value& request,
                                    const CallContext& context, profile::Exchange* told) {
  const bool writes = operation.shape->writes;
  return profile::guarded(std::string(), writes ? ErrorCode::outcome_unknown : ErrorCode::internal,
                          [&] {
                            if (writes) return write(operation, request, context, told);
                            // Who tries a profile has no task that takes files in.
                            if (told != nullptr && reachable())
                              inbound_->try_poll(context.deadline);
                            Records records = read(operation.shape->name, request);
                            if (told != nullptr) {
                              Value one = Value::object();
                              one.set("statement", "what the ERP has told");
                              one.set("rows", Value::array(records));
                              told->received.push(std::move(one));
                              for (const Alarm& alarm : inbound_->alarms()) {
                                Value aside = Value::object();
                                aside.set("statement", alarm.name + ": " + alarm.detail);
                                told->received.push(std::move(aside));
                              }
                            }
                            return records;
                          });
}

// ---- reading

Runner::Records Runner::orders_named(const Value& request) {
  return state_.read([&](StateDatabase& database) {
    Records records;
    if (const std::string& document = request.get("document").text(); !document.empty()) {
      if (auto one = order_of_document(database, document)) records.push_back(record_of(*one));
      return records;
    }
    const auto all = orders_of_reference(database, request.get("reference").text());
    for (const StoredOrder& one : all)
      if (all.size() == 1 || !one.is("rejected")) records.push_back(record_of(one));
    return records;
  });
}

Runner::Records Runner::read(std::string_view name, const Value& request) {
  if (name == "get_order") {
    Records records = orders_named(request);
    if (records.empty()) check_absent();
    return records;
  }
  if (name == "find_receipt") {
    Records records = orders_named(request);
    std::erase_if(records, [](const Value& one) { return one.get("status").text() == "rejected"; });
    if (records.empty()) check_absent();
    return records;
  }
  if (name == "find_adjustment") {
    Records records = state_.read([&](StateDatabase& database) {
      Records named = movements_named(database, request.get("movement").text());
      // However long it takes: what was sent and is not answered may be posted yet.
      if (named.empty() && open_request(database, subject_of("adjust_stock", request)))
        fail(ErrorCode::outcome_unknown, "the ERP has not answered yet");
      return named;
    });
    if (records.empty()) check_absent();
    return records;
  }
  const bool of_prices = name == "list_prices" || name == "price_list_state" || name == "quote";
  return (of_prices ? prices_ : state_).read([&](StateDatabase& database) {
    Records records;
    if (name == "list_open_orders") {
      for (const StoredOrder& order : open_orders(
               database, position_of(request), request.get("customer").text(), limit_of(request))) {
        records.push_back(record_of(order));
        records.back().set("cursor", std::to_string(order.id));
      }
    } else if (name == "order_changes") {
      for (const Change& change :
           changes_after(database, position_of(request), limit_of(request))) {
        Value one = Value::object();
        one.set("cursor", std::to_string(change.position));
        one.set("document", change.order.document);
        one.set("reference", change.order.reference);
        one.set("customer", change.order.body.get("customer").text());
        one.set("status", status_of(change.order));
        one.set("changedAt", change.at.text());
        records.push_back(std::move(one));
      }
    } else if (name == "get_stock") {
      for (const Value& item : request.get("items").items())
        for (Value& level :
             levels_of(database, item.get("sku").text(), request.get("location").text()))
          records.push_back(std::move(level));
    } else if (name == "list_stock") {
      records = levels_after(database, request.get("cursor").text(), limit_of(request));
    } else if (name == "get_customer") {
      records = customers_named(database, request.get("number").text());
    } else if (name == "search_customers") {
      const std::string email = lower(request.get("email").text());
      const std::string part = lower(request.get("name").text());
      const auto wanted = [&](const Value& one) {
        return (email.empty() || lower(one.get("email").text()) == email) &&
               lower(one.get("name").text()).find(part) != std::string::npos;
      };
      records = customers_after(database, request.get("cursor").text(), wanted, limit_of(request));
    } else if (name == "customer_changes") {
      records = customer_changes_after(database, position_of(request), limit_of(request));
    } else if (name == "list_prices") {
      records = prices_after(database, position_of(request), request.get("sku").text(),
                             request.get("customer").text(), limit_of(request));
    } else if (name == "price_list_state") {
      if (auto state = price_state(database)) records.push_back(std::move(*state));
    } else if (name == "quote") {
      if (auto answer = quoted(database, request)) records.push_back(std::move(*answer));
    } else if (name == "stock_movements") {
      records = movements_after(database, position_of(request), limit_of(request));
    }
    return records;
  });
}

// ---- writing

// A write that is on its way, or was refused and nobody was told: it is not sent again.
std::optional<Runner::Kept> Runner::kept_before(StateDatabase& database, const Request& wanted) {
  const auto last = last_request(database, wanted.subject);
  if (!last) return std::nullopt;
  const bool same = last->operation == wanted.operation && last->content == wanted.content;
  if (last->open()) {
    if (same) return Kept{last->seq, 0, {}, {}};
    fail(ErrorCode::unavailable, "the ERP has not answered " + last->operation + " of " +
                                     wanted.subject.substr(1) + " yet");
  }
  if (same && last->state == RequestState::refused && !last->told)
    return Kept{last->seq, 0, {}, {}};
  // An adjustment adds: what was accepted is not sent again because its entry has not been told.
  if (last->state == RequestState::accepted && wanted.subject[0] == 'M') {
    if (same) return Kept{last->seq, 0, {}, {}};
    fail(ErrorCode::conflict,
         "movement " + wanted.subject.substr(1) + " was accepted before, with other content");
  }
  return std::nullopt;
}

Runner::Kept Runner::keep(StateDatabase& database, const profile::Operation& operation,
                          const Value& request) {
  const std::string name(operation.shape->name);
  const Wire::Out out = wire_->out(name);
  Value complete = request;
  // Of an order that was not sent by us we know the number; the ERP wants its own reference, too.
  const bool changes_order =
      operation.shape->capability == Capability::orders && name != "place_order";
  if (changes_order && request.get("reference").text().empty())
    if (const auto order = order_of_document(database, request.get("document").text());
        order && !order->reference.empty())
      complete.set("reference", order->reference);
  Value record = must(operation.request->to_vendor(complete));
  // What the ERP will know of it: what the mapping says, and nothing else.
  const Value said = must(operation.request->from_vendor(record));
  Request wanted;
  wanted.operation = name;
  wanted.subject = subject_of(name, request);
  wanted.content = json::write(said);
  wanted.set = out.set;
  wanted.acknowledged_only = out.acknowledged_only;
  wanted.made = now_();
  if (auto before = kept_before(database, wanted)) return *before;
  check_doubt(database);
  if (name == "change_order") check_kept(database, request);
  StoredOrder order;
  if (name == "place_order") {
    const std::string& reference = request.get("reference").text();
    for (StoredOrder& one : orders_of_reference(database, reference)) {
      if (!one.is("rejected")) fail(ErrorCode::conflict, "order " + reference + " is there");
      order = std::move(one);
    }
    order.reference = reference;
    order.body = body_of_placement(said);
    order.body.set("status", "pending");
    save_order(database, order);
  }
  Kept kept;
  kept.control = next_control(database, settings_.first_control);
  wanted.control = kept.control;
  kept.seq = keep_request(database, wanted);
  record.set(change_member, std::to_string(kept.seq));
  record.set(today_member, now_().date_utc().text());
  kept.name = wire_->name_of(name, kept.control);
  kept.text = wire_->content_of(name, record, kept.control, now_());
  keep_file(database, {kept.control, kept.name, kept.text});
  return kept;
}

// A change has no way to say that something is no more: the ERP would keep it.
void Runner::check_kept(StateDatabase& database, const Value& request) const {
  if (!request.get("customerReference").text().empty()) return;
  const auto keeps = [](const StoredOrder& one) {
    return !one.body.get("customerReference").text().empty();
  };
  const auto named = order_of_document(database, request.get("document").text());
  const auto all = orders_of_reference(database, request.get("reference").text());
  if (named ? !keeps(*named) : std::none_of(all.begin(), all.end(), keeps)) return;
  Error error{ErrorCode::rejected, "the customer's reference cannot be taken away by a document"};
  error.fields.push_back({"/customerReference", "must not be empty"});
  throw Failure{std::move(error)};
}

Runner::Records Runner::write(const profile::Operation& operation, const Value& request,
                              const CallContext& context, profile::Exchange* told) {
  must(reachable());
  if (std::chrono::steady_clock::now() >= context.deadline)
    fail(ErrorCode::unavailable, "there is no time left to send it");
  Kept kept;
  try {
    kept = state_.write([&](StateDatabase& database) {
      // It may have waited for a file that is being taken in.
      if (std::chrono::steady_clock::now() >= context.deadline)
        fail(ErrorCode::unavailable, "there is no time left to send it");
      return keep(database, operation, request);
    });
  } catch (const state::StateFailure& failure) {
    fail(ErrorCode::unavailable, failure.what());
  }
  if (told != nullptr && kept.control != 0) {
    Value one = Value::object();
    one.set("file", kept.name);
    Value lines = Value::array();
    std::istringstream text(kept.text);
    for (std::string line; std::getline(text, line);) lines.push(line);
    one.set(wire_->form(), std::move(lines));
    told->sent.push(std::move(one));
  }
  if (kept.control != 0)
    if (const Status sent = send(); !sent && withdraw(kept)) throw Failure{sent.error()};
  Request request_now = await(kept.seq, context);
  if (told != nullptr && !request_now.open()) {
    Value one = Value::object();
    one.set("statement", request_now.set + (request_now.state == RequestState::accepted
                                                ? " accepted"
                                                : " refused: " + request_now.reason));
    told->received.push(std::move(one));
  }
  if (request_now.state == RequestState::refused) {
    state_.write([&](StateDatabase& database) {
      // A later word of the ERP's may have come meanwhile.
      if (auto heard = request_of(database, kept.seq)) request_now = std::move(*heard);
      if (request_now.state != RequestState::refused) return false;
      request_now.told = true;
      settle_request(database, request_now);
      return true;
    });
    if (request_now.state == RequestState::refused) throw refusal_of(request_now);
  }
  // A new order is pending from now on, and read as it was sent.
  if (request_now.open() && request_now.operation != "place_order")
    fail(ErrorCode::outcome_unknown, "the ERP has not answered yet");
  return {};
}

Request Runner::await(std::int64_t seq, const CallContext& context) {
  const auto until = std::min(
      std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.answer_wait_ms),
      context.deadline - spare);
  for (;;) {
    inbound_->try_poll(std::min(context.deadline, until + spare));
    auto request = state_.read([&](StateDatabase& database) { return request_of(database, seq); });
    if (!request) fail(ErrorCode::unavailable, "the write was withdrawn");
    if (!request->open() || std::chrono::steady_clock::now() >= until) return *request;
    std::this_thread::sleep_for(look_again);
  }
}

Status Runner::send() {
  const std::lock_guard lock(sending_);
  while (const auto file =
             state_.read([](StateDatabase& database) { return next_unsent(database); })) {
    if (const Status marked = mark(file->control); !marked) return marked;
    // The same name and content again is done at once: a crash before the next line sends nothing
    // twice.
    if (const Status sent = outbox_.send(file->name, file->content); !sent)
      return Error{ErrorCode::unavailable, sent.error().message};
    state_.write([&](StateDatabase& database) {
      file_sent(database, file->control);
      return true;
    });
  }
  return Done{};
}

// Of what was never given to the folder nothing stays; false: it was, or may have been.
bool Runner::withdraw(const Kept& kept) {
  const std::lock_guard lock(sending_);
  const auto entered = outbox_.unacknowledged();
  if (!entered || std::find(entered->begin(), entered->end(), kept.name) != entered->end())
    return false;
  return state_.write([&](StateDatabase& database) {
    const auto request = request_of(database, kept.seq);
    if (!request || request->state != RequestState::kept) return false;
    forget_request(database, kept.seq);
    forget_file(database, kept.control);
    if (request->operation != "place_order") return true;
    // One that was refused before stays refused.
    const bool refused_before = last_request(database, request->subject).has_value();
    for (StoredOrder& order : orders_of_reference(database, request->subject.substr(1))) {
      if (!order.is("pending")) continue;
      if (!refused_before) {
        forget_order(database, order.id);
        continue;
      }
      order.body.set("status", "rejected");
      save_order(database, order);
    }
    return true;
  });
}

// ---- what it needs

Status Runner::reachable() {
  std::error_code error;
  for (const std::string& folder : {settings_.outbound_folder, settings_.inbound_folder})
    if (!fs::is_directory(folder, error))
      return Error{ErrorCode::unavailable, "folder " + folder + " is not there"};
  try {
    return hold();
  } catch (const std::exception& failure) {
    return Error{ErrorCode::unavailable, failure.what()};
  }
}

Status Runner::hold() {
  const std::lock_guard lock(holding_);
  if (held_) return Done{};
  auto got = file_drop::try_lock(fs::path(settings_.outbound_folder) / ".underpin.lock");
  if (!got) return Error{ErrorCode::unavailable, got.error().message};
  std::optional<file_drop::Descriptor> got_it = std::move(got).value();
  if (!got_it)
    return Error{ErrorCode::unavailable,
                 "another process works with the exchange in " + settings_.outbound_folder};
  const fs::path mark = fs::path(settings_.outbound_folder) / mark_name;
  if (std::error_code error; fs::exists(mark, error)) {
    std::ifstream input(mark);
    char end = 0;
    if (!(input >> marked_ >> end) || end != '.' || marked_ < 0)
      return Error{ErrorCode::unavailable,
                   mark.string() + " does not say which number was sent last"};
  }
  state_.write([&](StateDatabase& database) {
    const std::int64_t last = last_control(database);
    if (last == 0 ? marked_ == 0 : !came_before(last, marked_)) return false;
    raise_control(database, marked_);
    set_lost_since(database, now_());
    return true;
  });
  put_back();
  held_ = std::move(got_it);
  return Done{};
}

// A state that is older than files of the archive does not know what they said.
void Runner::put_back() const {
  const fs::path folder = settings_.inbound_folder;
  file_drop::Register taken(fs::path(inbound_state_) / "file_drop.register");
  if (!taken.load()) return;
  std::vector<fs::path> unknown;
  std::error_code error;
  for (fs::directory_iterator at(folder / "archive", error), end; !error && at != end;
       at.increment(error)) {
    const std::string claim = at->path().filename().string();
    const std::size_t mark = claim.rfind('~');
    if (mark != std::string::npos && taken.by_name(claim.substr(0, mark)) == nullptr)
      unknown.push_back(at->path());
  }
  for (const fs::path& file : unknown) {
    const std::string claim = file.filename().string();
    const std::string name = claim.substr(0, claim.rfind('~'));
    if (!file_drop::rename_new(file, folder / name)) continue;
    if (settings_.inbound_needs_done) std::ofstream(folder / (name + ".done"));
  }
}

// Before a file is sent: its number, durably, where another state folder finds it.
Status Runner::mark(std::int64_t control) {
  const std::lock_guard lock(holding_);
  if (marked_ != 0 && !came_before(marked_, control)) return Done{};
  const fs::path mark = fs::path(settings_.outbound_folder) / mark_name;
  const std::string part = mark.string() + ".part";
  const std::string text = std::to_string(control) + " .\n";
  {
    const file_drop::Descriptor file(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file ||
        ::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.number()) != 0)
      return Error{ErrorCode::unavailable, part + " cannot be written"};
  }
  std::error_code error;
  fs::rename(part, mark, error);
  if (error) return Error{ErrorCode::unavailable, mark.string() + ": " + error.message()};
  if (const Status synced = file_drop::sync_folder(mark.parent_path()); !synced) return synced;
  marked_ = control;
  return Done{};
}

// Interchanges that this state does not know were sent: what is not found may have been, and its
// answer may come yet.
void Runner::check_doubt(StateDatabase& database) const {
  const auto until = doubt_until(database);
  if (until)
    fail(ErrorCode::unavailable, database_ + " is older than what was sent to the ERP; until " +
                                     until->text() + " the answers to what it lacks are awaited");
}

// What is not found is absent only when everything that was sent is known.
void Runner::check_absent() {
  must(reachable());
  state_.read([&](StateDatabase& database) {
    check_doubt(database);
    return true;
  });
}

std::optional<Timestamp> Runner::doubt_until(StateDatabase& database) const {
  const auto since = lost_since(database);
  if (!since) return std::nullopt;
  const Timestamp until = since->plus_ms(settings_.answer_expected_minutes * 60'000LL);
  return until <= now_() ? std::nullopt : std::optional(until);
}

Status Runner::ping(const CallContext&) { return reachable(); }

std::vector<Finding> Runner::examine(const CallContext&) {
  std::vector<Finding> findings;
  const Status there = reachable();
  findings.push_back({there.has_value(), "exchange folders", there ? "" : there.error().message});
  for (Finding& finding : file_drop::examine_folder(settings_.inbound_folder))
    findings.push_back(std::move(finding));
  if (profile_->operation("get_stock") != nullptr) {
    const bool levels =
        state_.read([](StateDatabase& database) { return !levels_after(database, "", 1).empty(); });
    findings.push_back({levels, "stock", levels ? "" : "the ERP has told none yet"});
  }
  return findings;
}

std::vector<AdapterTask> Runner::tasks() {
  const std::chrono::milliseconds every(settings_.poll_every_ms);
  return {{"send", every,
           [this](const CallContext&) {
             if (const Status there = reachable(); !there) return there;
             return send();
           }},
          {"receive", every, [this](const CallContext& context) {
             if (const Status there = reachable(); !there) return there;
             const Status taken = inbound_->poll(context.deadline);
             const Status sent = send();  // Acknowledgements of what was taken in.
             return taken ? sent : taken;
           }}};
}

std::vector<Alarm> Runner::alarms() {
  std::vector<Alarm> alarms = inbound_->alarms();
  state_.read([&](StateDatabase& database) {
    const auto refused = untold_refusals(database);
    if (!refused.empty())
      alarms.push_back({"write refused", std::to_string(refused.size()) + ", the last is " +
                                             refused.back().operation + " of " +
                                             refused.back().subject.substr(1) + ": " +
                                             refused.back().reason});
    if (const auto until = doubt_until(database))
      alarms.push_back({"writes lost", database_ +
                                           " is older than what was sent to the ERP; new "
                                           "writes wait until " +
                                           until->text()});
    const auto oldest = longest_open(database);
    const std::int64_t expected_ms = settings_.answer_expected_minutes * 60'000LL;
    if (oldest && oldest->made.plus_ms(expected_ms) <= now_())
      alarms.push_back({"no answer", oldest->operation + " of " + oldest->subject.substr(1) +
                                         " of " + oldest->made.text() + " is not answered"});
    return true;
  });
  return alarms;
}

}  // namespace underpin::legacy::told
