#include "legacy-adapters/iseries_batch/exchange.h"

#include "legacy-adapters/iseries_batch/failure.h"

#include <algorithm>
#include <thread>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr FileKind outbound[] = {FileKind::customers, FileKind::orders, FileKind::adjustments,
                                 FileKind::returns};
constexpr std::chrono::milliseconds look_again{2};
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t answers_kept_days = 90;
constexpr std::int64_t demand_kept_days = 7;  // A stock file comes every night.
// Left of the caller's time when the wait for an answer ends.
constexpr std::chrono::milliseconds spare{50};

class Waiting {
 public:
  Waiting(State& state, std::int64_t seq) : state_(state), seq_(seq) { state_.wait_begins(seq_); }
  ~Waiting() { state_.wait_ends(seq_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  State& state_;
  const std::int64_t seq_;
};

bool is_answered(const Request& request) {
  return request.state == RequestState::accepted || request.state == RequestState::refused;
}

Request last_seen(State& state, std::int64_t seq) {
  auto request = state.request(seq);
  if (!request) fail(ErrorCode::internal, "a write that was kept is not there any more");
  return std::move(*request);
}

}  // namespace

Exchange::Exchange(const Settings& settings, const std::string& system,
                   const std::string& state_folder, ExchangeGuard& guard, State& state,
                   Receiver& receiver, std::function<Timestamp()> now)
    : settings_(settings),
      guard_(guard),
      state_(state),
      receiver_(receiver),
      now_(std::move(now)),
      outbox_({system, settings.outbound_folder, state_folder, 1'000'000'000, settings.done_suffix,
               register_kept}) {}

Status Exchange::reachable() const {
  std::error_code error;
  for (const std::string& folder : {settings_.outbound_folder, settings_.inbound.folder})
    if (!std::filesystem::is_directory(folder, error))
      return Error{ErrorCode::unavailable, "folder " + folder + " is not there"};
  return Done{};
}

Request Exchange::submit(Request draft, const std::vector<Record>& records,
                         const CallContext& context) {
  check_fit(draft.file, settings_.wire, records);
  must(reachable());
  must_know_all();
  if (std::chrono::steady_clock::now() >= context.deadline)
    fail(ErrorCode::unavailable, "there is no time left to send it");
  draft.records = records_as_json(records);
  draft.made = now_();
  const State::Kept kept = state_.keep(draft);
  draft.seq = kept.seq;
  if (settings_.collect_every_ms > 0) return last_seen(state_, draft.seq);
  if (const Status sent = send(draft.file); !sent && kept.added && state_.withdraw(draft.seq))
    throw Failure{sent.error()};
  if (const auto answer = answered(draft.seq, context, kept.added)) return *answer;
  return last_seen(state_, draft.seq);
}

void Exchange::must_hold() { must(guard_.hold()); }

void Exchange::must_know_all() { must(guard_.knows_all()); }

Request Exchange::await(const Request& request, const CallContext& context) {
  if (const auto answer = answered(request.seq, context, false)) return *answer;
  return last_seen(state_, request.seq);
}

// Nothing: the time is up. Then the request is read once more, because only what is taken in from
// now on is put aside as something that nobody waits for.
std::optional<Request> Exchange::answered(std::int64_t seq, const CallContext& context,
                                          bool withdraw) {
  const Waiting waiting(state_, seq);
  const auto until = std::min(
      std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.answer_wait_ms),
      context.deadline - spare);
  for (;;) {
    // One that waits must not be the one that polls too long: what is left is the next one's.
    // Not at all where nobody is to wait: what lies there may be a whole night's stock.
    if (settings_.answer_wait_ms > 0) receiver_.try_poll(std::min(context.deadline, until + spare));
    Request request = last_seen(state_, seq);
    if (is_answered(request)) return request;
    const bool put_off = request.state == RequestState::kept && settings_.collect_every_ms == 0;
    if (put_off && withdraw && state_.withdraw(seq))
      fail(ErrorCode::unavailable, "the batch job takes nothing at the moment");
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(look_again);
  }
}

Status Exchange::send_kept() {
  if (const Status held = guard_.hold(); !held) return held;
  if (const Status there = reachable(); !there) return there;
  for (const FileKind kind : outbound)
    if (const Status sent = send(kind); !sent) return sent;
  const Timestamp now = now_();
  if (forgotten_.plus_ms(day_ms) < now) {
    state_.forget_answered(now.plus_ms(-answers_kept_days * day_ms));
    state_.forget_demand(now.plus_ms(-demand_kept_days * day_ms));
    forgotten_ = now;
  }
  return Done{};
}

Status Exchange::send(FileKind kind) {
  const std::lock_guard lock(sending_);
  while (const auto file = state_.next_file(kind, now_())) {
    const std::vector<Request> requests = state_.requests_in(*file);
    const std::string text = file_text(*file, requests, settings_.wire, settings_.zone);
    const Numbers numbers{requests.empty() ? 0 : requests.back().seq, file->run};
    const Status marked = guard_.mark(numbers);
    if (const Status sent = marked ? outbox_.send(file->name, text) : marked; !sent) {
      // A file of that name was sent when state.db was an older one: the next number is tried.
      const bool other = sent.error().code == ErrorCode::conflict;
      if (other || !may_be_sent(*file)) state_.file_not_sent(*file);
      if (other) continue;
      return Error{ErrorCode::unavailable, sent.error().message};
    }
    state_.file_sent(*file);
  }
  return Done{};
}

// What the outbox has entered it sends, if not now. Its writes must not go into another file.
bool Exchange::may_be_sent(const OutFile& file) {
  const auto entered = outbox_.unacknowledged();
  return !entered || std::find(entered->begin(), entered->end(), file.name) != entered->end();
}

std::vector<Alarm> Exchange::alarms(Timestamp now) {
  const auto oldest = state_.longest_unanswered();
  const std::int64_t expected_ms = settings_.answer_expected_minutes * 60'000LL;
  if (!oldest || oldest->made.plus_ms(expected_ms) > now) return {};
  return {{"no answer", std::string(prefix(oldest->file)) + " " + oldest->subject + " of " +
                            oldest->made.text() + " is not answered"}};
}

Error refusal_of(const Request& request, const std::vector<int>& lines) {
  Error error{ErrorCode::rejected, request.text.empty() ? "the iSeries refused it" : request.text};
  error.vendor_code = request.reason;
  const auto line = std::find(lines.begin(), lines.end(), request.line);
  if (request.line > 0 && line != lines.end())
    error.fields.push_back({"/lines/" + std::to_string(line - lines.begin()), error.message});
  return error;
}

}  // namespace underpin::legacy::iseries_batch
