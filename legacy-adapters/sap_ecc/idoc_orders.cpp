#include "legacy-adapters/sap_ecc/idoc_orders.h"

#include "contracts/json/codec.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/forms.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace underpin::legacy::sap_ecc {
namespace {

namespace fs = std::filesystem;

// What is known of an order that was sent.
constexpr std::int64_t open = 0;
constexpr std::int64_t answered = 1;
constexpr std::int64_t rejected = 2;
constexpr std::int64_t shown = 3;  // SAP shows it: from then on SAP alone is asked.

constexpr std::int64_t number_max = 9'999'999'999'999'999;  // DOCNUM
constexpr std::int64_t answer_bytes_max = 64'000'000;
constexpr std::chrono::seconds look_every{30};
constexpr std::int64_t looks_max = 200;
constexpr std::size_t notes_max = 1'000;

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

[[noreturn]] void unavailable(std::string message) {
  throw Failure{{ErrorCode::unavailable, std::move(message)}};
}

std::string folder_in(const std::string& state_folder) {
  std::string folder = state_folder + "/idoc_orders";
  fs::create_directories(folder);
  return folder;
}

file_drop::Settings drop_of(const std::string& system, const OrderFileSettings& files,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = files.inbound;
  drop.state_folder = state_folder + "/ordrsp";
  drop.needs_done = files.needs_done;
  drop.stable_ms = files.stable_ms;
  drop.size_max = answer_bytes_max;
  return drop;
}

Order order_of(const std::string& content) {
  const auto value = json::parse(content);
  return must(value ? json::from_json<Order>(*value) : Result<Order>(value.error()));
}

std::int64_t whole_of(const std::string& text) {
  const Result<Decimal> read = Decimal::parse(text);
  return read && read->scale() == 0 && !read->is_negative() && *read <= Decimal::of(number_max)
             ? static_cast<std::int64_t>(read->coefficient())
             : -1;
}

}  // namespace

struct IdocOrders::Sent {
  std::string reference;
  IdocStamp stamp;
  std::string name;
  std::string file;
  std::string content;
  bool sent = false;
  std::int64_t state = open;
  std::string document;
  std::string answer;  // The stamp of the last ORDRSP.
};

IdocOrders::IdocOrders(std::string system, const Settings& settings, Orders05Layout layout,
                       const std::string& state_folder)
    : system_(std::move(system)),
      settings_(settings),
      layout_(std::move(layout)),
      outbound_(settings.order_files.outbound),
      store_(folder_in(state_folder) + "/orders.db"),
      outbox_({system_, settings.order_files.outbound, state_folder + "/idoc_orders", 1'000'000'000,
               "", 0}),
      inbox_(drop_of(system_, settings.order_files, state_folder)) {
  store_.run(
      "CREATE TABLE IF NOT EXISTS sent (reference TEXT PRIMARY KEY, number INTEGER NOT NULL "
      "UNIQUE, "
      "day TEXT NOT NULL, time TEXT NOT NULL, name TEXT NOT NULL, made TEXT NOT NULL, file TEXT "
      "NOT "
      "NULL, content TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL "
      "DEFAULT "
      "0, document TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '')");
  store_.run("CREATE INDEX IF NOT EXISTS sent_open ON sent (made) WHERE state = 0");
  store_.run("CREATE INDEX IF NOT EXISTS sent_unsent ON sent (number) WHERE sent = 0");
  store_.run("CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
}

template <class F>
auto IdocOrders::locked(F&& body) -> decltype(body()) {
  try {
    const std::lock_guard lock(mutex_);
    return body();
  } catch (const state::StateFailure& failure) {
    unavailable(std::string("the orders that were sent cannot be read: ") + failure.what());
  }
}

std::optional<IdocOrders::Sent> IdocOrders::find(const std::string& reference) {
  state::StateStatement row = store_.prepare(
      "SELECT reference, number, day, time, name, file, content, sent, state, document, answer "
      "FROM "
      "sent WHERE reference = ?");
  row.bind(1, reference);
  if (!row.step()) return std::nullopt;
  Sent sent;
  sent.reference = row.text(0);
  sent.stamp = {row.whole(1), row.text(2), row.text(3)};
  sent.name = row.text(4);
  sent.file = row.text(5);
  sent.content = row.text(6);
  sent.sent = row.whole(7) != 0;
  sent.state = row.whole(8);
  sent.document = row.text(9);
  sent.answer = row.text(10);
  return sent;
}

// ------------------------------------------------------------------------------ what is known
void IdocOrders::hold() {
  if (lock_) return;
  auto lock = must(file_drop::try_lock(outbound_ / ".underpin.lock"));
  if (!lock) unavailable("another process sends into " + outbound_.string());
  lock_ = std::move(lock);
}

std::int64_t IdocOrders::marked() const {
  const fs::path file = outbound_ / ".underpin.sent";
  std::error_code code;
  if (!fs::exists(file, code) && !code) return 0;
  std::ifstream input(file);
  std::string number;
  char end = 0;
  const bool read = static_cast<bool>(input >> number >> end);
  const std::int64_t marked = read && end == '.' ? whole_of(number) : -1;
  if (marked < 0) unavailable(file.string() + " does not say which number was sent last");
  return marked;
}

void IdocOrders::mark(std::int64_t number) const {
  if (marked() >= number) return;
  const fs::path file = outbound_ / ".underpin.sent";
  const std::string part = file.string() + ".part";
  const std::string text = std::to_string(number) + " .\n";
  {
    const file_drop::Descriptor written(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!written ||
        ::write(written.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(written.number()) != 0)
      unavailable(part + " cannot be written");
  }
  std::error_code code;
  fs::rename(part, file, code);
  if (code) unavailable(file.string() + " cannot be written: " + code.message());
  must(file_drop::sync_folder(outbound_));
}

std::string IdocOrders::fact(const char* name) {
  state::StateStatement row = store_.prepare("SELECT value FROM fact WHERE name = ?");
  row.bind(1, name);
  return row.step() ? row.text(0) : std::string();
}

void IdocOrders::set_fact(const char* name, const std::string& value) {
  store_.prepare("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)")
      .bind(1, name)
      .bind(2, value)
      .once();
}

std::int64_t IdocOrders::highest() {
  state::StateStatement row = store_.prepare("SELECT COALESCE(MAX(number), 0) FROM sent");
  row.step();
  return std::max({row.whole(0), whole_of(fact("known")), std::int64_t{0}});
}

// What a newer state has sent is not in this one. It shows in SAP, or nobody waits for it any
// longer, when the time for its answer has passed.
void IdocOrders::must_know() {
  hold();
  const std::int64_t sent = marked();
  if (sent <= highest()) return;
  const std::string until = std::to_string(sent);
  if (fact("lost_until") != until) {
    state::StateTransaction transaction(store_);
    set_fact("lost_until", until);
    set_fact("lost_since", now().text());
    transaction.commit();
  }
  const Timestamp since = must(Timestamp::parse(fact("lost_since")));
  if (since.plus_ms(settings_.order_files.answer_expected_minutes * 60'000LL) > now())
    unavailable("order IDocs up to " + until + " were sent by a newer state than this one (" +
                std::to_string(highest()) + "), and what is in them is not known yet");
  set_fact("known", until);
}

OrderReceipt IdocOrders::pending(const OrderId& id, const std::string& document) {
  OrderReceipt receipt;
  receipt.id = id;
  receipt.document = DocumentNumber{document};
  receipt.state = ReceiptState::pending;
  receipt.status = OrderStatus::pending;
  return receipt;
}

void IdocOrders::fail_rejected(const Sent& sent) {
  throw Failure{{ErrorCode::rejected, "SAP has answered the order's IDoc " +
                                          std::to_string(sent.stamp.number) +
                                          " with a rejection of the whole order"}};
}

bool IdocOrders::is_shown(const OrderId& id) {
  const auto read = guarded(system_, ErrorCode::unavailable, [&] {
    return locked([&] {
      const auto sent = find(reference_of(id));
      return sent && sent->state == shown;
    });
  });
  return read && *read;
}

bool IdocOrders::may_be_lost(const OrderId& id) {
  return locked([&] { return !find(reference_of(id)) && !fact("lost_until").empty(); });
}

std::optional<OrderReceipt> IdocOrders::awaited(const OrderId& id, bool was_shown) {
  return locked([&]() -> std::optional<OrderReceipt> {
    const auto sent = find(reference_of(id));
    if (sent && sent->state != rejected && !(sent->state == shown && was_shown))
      return pending(id, sent->document);
    if (!sent) must_know();
    return std::nullopt;
  });
}

std::optional<Order> IdocOrders::placed(const OrderId& id, bool was_shown) {
  return locked([&]() -> std::optional<Order> {
    const auto sent = find(reference_of(id));
    if (!sent) must_know();
    if (!sent || (sent->state == shown && was_shown)) return std::nullopt;
    Order order = order_of(sent->content);
    order.status = sent->state == rejected ? OrderStatus::rejected : OrderStatus::pending;
    return order;
  });
}

void IdocOrders::must_not_be_awaited(const OrderId& id, bool was_shown) {
  locked([&] {
    const auto sent = find(reference_of(id));
    if (!sent) return must_know();
    if (sent->state == rejected) fail_rejected(*sent);
    if (sent->state == shown && was_shown) return;
    // SAP is well, and nothing was sent.
    Error error{ErrorCode::throttled, "SAP has not posted the order's IDoc " +
                                          std::to_string(sent->stamp.number) + " yet"};
    error.retry_after_s = static_cast<int>(look_every.count());
    throw Failure{error};
  });
}

void IdocOrders::seen(const OrderId& id, const std::string& document) {
  locked([&] { show(reference_of(id), document); });
}

// --------------------------------------------------------------------------------------- sending
OrderReceipt IdocOrders::place(const Order& order, bool was_shown, const CallContext& context) {
  const std::string reference = reference_of(order.id);
  const std::string content = json::write(json::to_json(order));
  return locked([&] {
    auto sent = find(reference);
    if (sent) {
      if (sent->content != content && layout_.file(order, settings_, sent->stamp) != sent->file)
        throw Failure{{ErrorCode::conflict, "reference " + reference +
                                                " was sent with other content, in IDoc " +
                                                std::to_string(sent->stamp.number)}};
      if (sent->state == rejected) fail_rejected(*sent);
      if (sent->state == shown && was_shown)
        throw Failure{{ErrorCode::rejected, "the order was document " + sent->document +
                                                " and is not in SAP any more; no second IDoc is "
                                                "sent under its reference"}};
    } else {
      std::error_code code;
      if (!fs::is_directory(outbound_, code))
        unavailable("folder " + outbound_.string() + " is not there");
      must_know();
      if (std::chrono::steady_clock::now() >= context.deadline)
        unavailable("there is no time left to send it");
      const Timestamp made = now();
      const LocalTime local = local_time(settings_.zone, made);
      const IdocStamp stamp{std::max(highest(), marked()) + 1, local.day, local.time};
      if (stamp.number > number_max) unavailable("there is no number left for an IDoc");
      const std::string file = layout_.file(order, settings_, stamp);
      own_.insert(stamp.number);
      try {
        store_
            .prepare(
                "INSERT INTO sent (reference, number, day, time, name, made, file, content) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(1, reference)
            .bind(2, stamp.number)
            .bind(3, stamp.day)
            .bind(4, stamp.time)
            .bind(5, "ORDERS_" + filled(std::to_string(stamp.number), 16) + ".idoc")
            .bind(6, made.text())
            .bind(7, file)
            .bind(8, content)
            .once();
        sent = find(reference);
      } catch (const state::StateFailure& failure) {  // It may be kept, and is sent then.
        throw Failure{
            {ErrorCode::outcome_unknown,
             std::string("whether the order's IDoc is kept is not known: ") + failure.what()}};
      }
    }
    // From here on it is on its way, if not now.
    if (!sent->sent && own_.contains(sent->stamp.number))
      if (const Status gone = send(*sent); !gone) not_sent_ = gone.error().message;
    return pending(order.id, sent->document);
  });
}

Status IdocOrders::send(const Sent& sent) {
  try {
    hold();
    mark(sent.stamp.number);
  } catch (const Failure& failure) {
    return failure.error;
  }
  if (const Status gone = outbox_.send(sent.name, sent.file); !gone) return gone;
  try {
    store_.prepare("UPDATE sent SET sent = 1 WHERE reference = ?").bind(1, sent.reference).once();
  } catch (const state::StateFailure& failure) {  // It is gone all the same, and not sent twice.
    return Error{ErrorCode::unavailable,
                 sent.name + " was sent, and that cannot be kept: " + failure.what()};
  }
  return Done{};
}

// Marked, and not in the register of what was sent: this state is older than the mark, or the
// process ended between the two.
bool IdocOrders::may_have_been_sent(const Sent& sent) {
  if (own_.contains(sent.stamp.number) || marked() < sent.stamp.number) return false;
  const auto entered = must(outbox_.unacknowledged());
  return std::find(entered.begin(), entered.end(), sent.name) == entered.end();
}

void IdocOrders::show(const std::string& reference, const std::string& document) {
  store_
      .prepare(
          "UPDATE sent SET state = ?, document = ?, sent = 1 WHERE reference = ? AND state <> ?")
      .bind(1, shown)
      .bind(2, document)
      .bind(3, reference)
      .bind(4, shown)
      .once();
}

Status IdocOrders::send_unsent(const Look& look) {
  return locked([&]() -> Status {
    std::vector<std::pair<std::string, bool>> unsent;
    state::StateStatement rows =
        store_.prepare("SELECT reference, made < ? FROM sent WHERE sent = 0 ORDER BY number");
    rows.bind(1, overdue_before());
    while (rows.step()) unsent.emplace_back(rows.text(0), rows.whole(1) != 0);
    rows.reset();
    not_sent_.clear();
    Status all = Done{};
    for (const auto& [reference, overdue] : unsent) {
      const Sent sent = *find(reference);
      if (may_have_been_sent(sent)) {
        // SAP would post it twice.
        const Posted posted = look(reference);
        if (!posted.document.empty()) show(reference, posted.document);
        if (posted.document.empty() && posted.taken)
          store_.prepare("UPDATE sent SET sent = 1 WHERE reference = ?").bind(1, reference).once();
        if (!posted.document.empty() || posted.taken) continue;
        if (!overdue) {
          not_sent_ = sent.name + " may have been sent, and is only sent when SAP still does not " +
                      "know it after the time for an answer";
          continue;
        }
      }
      if (const Status gone = send(sent); !gone) {
        not_sent_ = gone.error().message;
        all = gone.error();
      }
    }
    return all;
  });
}

// --------------------------------------------------------------------------------------- answers
Status IdocOrders::take(const OrderAnswer& answer, std::vector<std::string>& notes) {
  const auto sent = find(answer.reference);
  // SAP answers whatever was ordered, by whomever.
  if (!sent || answer.stamp < sent->answer) return Done{};
  if (!sent->document.empty() && !answer.document.empty() && sent->document != answer.document)
    return Error{ErrorCode::invalid_request, "E1EDK02 002 is " + answer.document + ", and order " +
                                                 answer.reference + " is " + sent->document +
                                                 " already"};
  const std::string about = "ORDRSP of order " + answer.reference +
                            (answer.document.empty() ? "" : ", document " + answer.document) + ": ";
  try {
    const std::vector<OrderedItem> ordered = ordered_items(order_of(sent->content), settings_);
    for (const std::string& one : differences(answer, ordered))
      if (notes.size() < notes_max) notes.push_back(about + one);
  } catch (const Failure& failure) {  // The settings are others now.
    notes.push_back(about + "cannot be compared: " + failure.error.message);
  } catch (const std::exception& failure) {  // Numbers that nobody can reckon with.
    notes.push_back(about + "cannot be compared: " + failure.what());
  }
  if (sent->state == rejected && !answer.rejected)
    notes.push_back(about + "was rejected as a whole before, and is not any more");
  const std::int64_t state = sent->state == shown ? shown : answer.rejected ? rejected : answered;
  store_
      .prepare("UPDATE sent SET state = ?, document = ?, answer = ?, sent = 1 WHERE reference = ?")
      .bind(1, state)
      .bind(2, answer.document.empty() ? sent->document : answer.document)
      .bind(3, answer.stamp)
      .bind(4, answer.reference)
      .once();
  return Done{};
}

file_drop::Verdict IdocOrders::take_in(const file_drop::ClaimedFile& file) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.path.string() + " cannot be opened");
  try {
    return locked([&] {
      std::vector<std::string> notes;
      state::StateTransaction transaction(store_);
      const Status read =
          layout_.read(input, settings_.soap.client,
                       [&](const OrderAnswer& answer) { return take(answer, notes); });
      if (!read && read.error().code == ErrorCode::invalid_request)
        return file_drop::Verdict::refused(read.error().message);
      if (!read) return file_drop::Verdict::later(read.error().message);
      if (!notes.empty()) {
        const fs::path to = inbox_.quarantine_folder() /
                            (file.name + "." + file.checksum.substr(0, 8) + ".refused");
        std::ofstream output(to);
        for (const std::string& note : notes) output << note << '\n';
        output.flush();
        if (!output) return file_drop::Verdict::later(to.string() + " cannot be written");
      }
      transaction.commit();
      return file_drop::Verdict::applied({});
    });
  } catch (const Failure& failure) {
    return file_drop::Verdict::later(failure.error.message);
  }
}

std::string IdocOrders::overdue_before() const {
  return now().plus_ms(-settings_.order_files.answer_expected_minutes * 60'000LL).text();
}

// What is not answered may have been posted all the same.
void IdocOrders::look_for_overdue(const Look& look, Deadline deadline) {
  const auto moment = std::chrono::steady_clock::now();
  if (looked_.time_since_epoch().count() != 0 && moment - looked_ < look_every) return;
  looked_ = moment;
  std::vector<std::string> references;
  locked([&] {
    state::StateStatement rows = store_.prepare(
        "SELECT reference FROM sent WHERE state = 0 AND made < ? ORDER BY made LIMIT ?");
    rows.bind(1, overdue_before()).bind(2, looks_max);
    while (rows.step()) references.push_back(rows.text(0));
  });
  for (const std::string& reference : references) {
    if (std::chrono::steady_clock::now() >= deadline) return;
    const std::string document = look(reference).document;
    if (!document.empty()) locked([&] { show(reference, document); });
  }
}

Status IdocOrders::poll(const CallContext& context, const Look& look) {
  const auto done = guarded(system_, ErrorCode::unavailable, [&]() -> Status {
    locked([&] { hold(); });
    const Status sent = send_unsent(look);
    std::string put_off;
    const auto report = inbox_.poll(
        [&](const file_drop::ClaimedFile& file) {
          file_drop::Verdict verdict = take_in(file);
          if (verdict.kind == file_drop::Verdict::Kind::later) put_off = verdict.reason;
          return verdict;
        },
        context.deadline);
    if (!report) return report.error();
    if (!put_off.empty()) return Error{ErrorCode::unavailable, put_off, system_};
    look_for_overdue(look, context.deadline);
    return sent;
  });
  if (!done) return done.error();
  return *done;
}

std::vector<Alarm> IdocOrders::alarms() {
  std::vector<Alarm> alarms;
  const auto told = guarded(system_, ErrorCode::unavailable, [&] {
    locked([&] {
      state::StateStatement count =
          store_.prepare("SELECT COUNT(*) FROM sent WHERE state = 0 AND made < ?");
      count.bind(1, overdue_before()).step();
      state::StateStatement oldest = store_.prepare(
          "SELECT reference, number, made FROM sent WHERE state = 0 AND made < ? ORDER BY made "
          "LIMIT "
          "1");
      oldest.bind(1, overdue_before());
      if (oldest.step())
        alarms.push_back({"order not answered", std::to_string(count.whole(0)) +
                                                    " neither answered nor in SAP, the " +
                                                    "oldest is " + oldest.text(0) + ", IDoc " +
                                                    oldest.text(1) + " of " + oldest.text(2)});
      if (!not_sent_.empty()) alarms.push_back({"order file not sent", not_sent_});
      try {
        must_know();
      } catch (const Failure& failure) {
        alarms.push_back({"orders in doubt", failure.error.message});
      }
    });
    return Done{};
  });
  if (!told) alarms.push_back({"orders in doubt", told.error().message});
  std::vector<std::string> files;
  std::vector<std::string> answers;
  std::error_code failed;
  for (fs::directory_iterator at(inbox_.quarantine_folder(), failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".reason")) files.push_back(name);
    if (name.ends_with(".refused")) answers.push_back(name);
  }
  const auto tell = [&](const char* name, std::vector<std::string>& names, bool skip) {
    if (names.empty()) return;
    std::sort(names.begin(), names.end());
    std::ifstream input(inbox_.quarantine_folder() / names.front());
    std::string line;
    if (skip) std::getline(input, line);  // Its name as dropped.
    std::getline(input, line);
    alarms.push_back({name, std::to_string(names.size()) + " in quarantine, the first is " +
                                names.front() + ": " + line});
  };
  tell("order answer refused", files, true);
  tell("order answered otherwise", answers, false);
  return alarms;
}

std::vector<Finding> IdocOrders::examine() const {
  std::vector<Finding> findings = file_drop::examine_folder(settings_.order_files.inbound);
  const bool writable = ::access(outbound_.c_str(), W_OK | X_OK) == 0;
  findings.push_back({writable, "folder " + outbound_.string(),
                      writable ? "" : "is not there, or may not be written in"});
  return findings;
}

}  // namespace underpin::legacy::sap_ecc
