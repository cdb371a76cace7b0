// A facade that is killed. Composed as the service composes it, over two adapters that speak to
// their ERPs through sockets; its journal forgets what was not synced.
//
//   crash_child prepare|work|recover FOLDER NAME=VALUE...
//
// prepare  moves customers, orders and stock to `stage`, one stage after the other, undisturbed.
// work     goes on with the channel's stories and begins new ones, until it is killed.
// recover  finishes every story that was begun, lets the background work run dry, and prints what
//          the journal says: the parent compares that with the ERPs.
#include "contracts/json/json_text.h"
#include "facade/facade.h"
#include "tests/crash/steps.h"
#include "tests/crash/vfs/fault_vfs.h"
#include "tests/crash/work.h"

#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_business_central_adapter(const AdapterSettings&);
#ifdef UNDERPIN_CRASH_WITH_NAV
Result<std::unique_ptr<ErpAdapter>> make_dynamics_nav_adapter(const AdapterSettings&);
#endif

namespace crash {
namespace {

using namespace facade;
using std::chrono::milliseconds;

struct Arguments {
  std::string mode;
  std::string folder;
  std::map<std::string, std::string> values;
  std::string text(const std::string& name, const std::string& otherwise = {}) const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : found->second;
  }
  int number(const std::string& name, int otherwise) const {
    const std::string value = text(name);
    return value.empty() ? otherwise : std::stoi(value);
  }
};

void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();  // Nothing of what would follow may happen.
}

ErpSystem system_of(const Arguments& arguments, const std::string& side, const std::string& name) {
  const std::string adapter = arguments.text(side + "_adapter");
  const std::string state = arguments.folder + "/" + name;
  std::filesystem::create_directories(state);
  const AdapterSettings settings{name, arguments.text(side + "_settings"), state};
  Result<std::unique_ptr<ErpAdapter>> made =
      Error{ErrorCode::invalid_request, "no adapter " + adapter};
  if (adapter == "business_central") made = make_business_central_adapter(settings);
#ifdef UNDERPIN_CRASH_WITH_NAV
  if (adapter == "dynamics_nav") made = make_dynamics_nav_adapter(settings);
#endif
  if (!made) throw std::runtime_error(name + ": " + made.error().message);
  // Lost answers are the rule here; the circuit breaker would only hide them.
  return {name, std::move(made).value(),
          std::make_unique<Guard>(name, GuardSettings{16, 1'000'000, 1})};
}

std::unique_ptr<Facade> compose(const Arguments& arguments, StepCounts& counts) {
  Systems systems;
  systems.legacy = system_of(arguments, "legacy", "old");
  systems.cloud = system_of(arguments, "cloud", "new");
  FacadeSettings settings;
  settings.state_folder = arguments.folder;
  settings.poll_ms = 250;
  settings.resolve_ms = 50;
  settings.relay.backoff_min_ms = 20;
  settings.relay.backoff_max_ms = 500;
  settings.relay.give_up_ms = 5'000;
  settings.orders.give_up_ms = 5'000;
  settings.writes.subject_wait_ms = 1'000;
  settings.journal.vfs = fault_vfs_name;
  settings.journal.synchronous_full = arguments.text("sync", "on") == "on";
  const std::string kill_at = arguments.text("kill_at");
  static std::atomic<int> countdown;
  countdown = arguments.number("nth", 1);
  settings.on_step = [kill_at, &counts](facade::Step step, const std::string&) {
    ++counts.passed[static_cast<std::size_t>(step)];
    if (name(step) == kill_at && --countdown == 0) die();
  };
  auto opened = Facade::open(std::move(systems), std::move(settings));
  if (!opened) throw std::runtime_error("facade: " + opened.error().message);
  std::unique_ptr<Facade> facade = std::move(opened).value();
  facade->writes().switch_resolver(arguments.text("resolver", "on") == "on");
  return facade;
}

CallContext call_within(milliseconds budget) {
  CallContext context;
  context.correlation_id = CorrelationId{"crash"};
  context.channel = ChannelId{"web"};
  context.deadline = deadline_in(budget);
  return context;
}

// The channel: repeats every write under its key until it has a final answer.
class Channel {
 public:
  Channel(Facade& facade, const Arguments& arguments, MemoryFile& memory, int patience_ms)
      : facade_(facade),
        memory_(memory),
        seed_(static_cast<std::uint64_t>(arguments.number("seed", 1))),
        patience_ms_(patience_ms) {}

  // Returns false when a step found no final answer in time.
  bool tell(int number, int from_step) {
    const std::vector<Step> steps = story(seed_, number);
    for (int i = from_step; i < static_cast<int>(steps.size()); ++i)
      if (!take(number, i, steps[static_cast<std::size_t>(i)])) return false;
    return true;
  }

 private:
  bool take(int number, int index, const Step& step) {
    const Deadline until = deadline_in(milliseconds(patience_ms_));
    memory_.asked(number, index);
    while (true) {
      const Answer answer = ask(step);
      // 202 says that the outcome is unknown, 409 and 503 that it is not known yet: ask again.
      const bool later = answer.status == 202 || answer.status == 503 ||
                         (answer.status == 409 && answer.retry_after_s > 0);
      if (answer.status == 200 || answer.status == 201) {
        memory_.answered(number, index, answer.status);
        return true;
      }
      if (!later) {
        memory_.refused(number, index, answer.status, answer.body);
        return false;
      }
      if (std::chrono::steady_clock::now() > until) return false;
      // Retry-After of this channel.
      std::unique_lock lock(mutex_);
      pause_.wait_for(lock, milliseconds(30));
    }
  }

  Answer ask(const Step& step) {
    WriteContext context;
    static_cast<CallContext&>(context) = call_within(milliseconds(3'000));
    context.idempotency_key = IdempotencyKey{step.key};
    switch (step.kind) {
      case Kind::place:
        return facade_.orders().place(step.order, context);
      case Kind::amend:
        return facade_.orders().amend(step.number.text(), step.amendment, {"*"}, context);
      case Kind::cancel:
        return facade_.orders().cancel(step.number.text(), {}, {}, context);
      case Kind::adjust:
        return facade_.inventory().adjust(step.adjustment, context);
      case Kind::create_customer:
        return facade_.customers().create(step.customer, context);
      case Kind::amend_customer:
        return facade_.customers().amend(step.customer.number, step.new_details, {"*"}, context);
    }
    throw std::logic_error("a step of no kind");
  }

  Facade& facade_;
  MemoryFile& memory_;
  const std::uint64_t seed_;
  const int patience_ms_;
  std::mutex mutex_;
  std::condition_variable pause_;
};

struct Unfinished {
  int story = 0;
  int step = 0;
};

std::vector<Unfinished> unfinished(const Memory& memory, std::uint64_t seed) {
  std::vector<Unfinished> found;
  for (int i = 0; i < static_cast<int>(memory.stories.size()); ++i) {
    const Memory::Story& told = memory.stories[static_cast<std::size_t>(i)];
    if (told.answered < static_cast<int>(story(seed, i).size()))
      found.push_back({i, told.answered});
  }
  return found;
}

// Goes through `todo` and then, if asked to, begins new stories for ever.
bool run_channel(Channel& channel, const std::vector<Unfinished>& todo, int first_new,
                 bool begin_new, int threads) {
  std::atomic<std::size_t> next{0};
  std::atomic<int> next_new{first_new};
  std::atomic<bool> all{true};
  const auto work = [&] {
    for (std::size_t i = next++; i < todo.size(); i = next++)
      if (!channel.tell(todo[i].story, todo[i].step)) all = false;
    while (begin_new) (void)channel.tell(next_new++, 0);
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  return all;
}

struct Waiting {
  std::int64_t intents = 0;
  std::int64_t rows = 0;
  std::int64_t total() const { return intents + rows; }
};

Waiting waiting(Facade& facade) {
  Waiting result;
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    result.intents = static_cast<std::int64_t>(reader.open_intents(1'000).size());
    result.rows = reader.pending_rows(Side::legacy) + reader.pending_rows(Side::cloud);
  });
  if (!read) throw std::runtime_error(read.error().message);
  return result;
}

// What the background threads do, by hand and until there is nothing left to do: only so is it
// known that nothing is left. False: `patience_ms` was not enough.
bool run_dry(Facade& facade, int patience_ms) {
  const Deadline until = deadline_in(milliseconds(patience_ms));
  bool fed = false;
  while (true) {
    (void)facade.writes().resolve_outcomes(call_within(milliseconds(5'000)));
    for (const Side side : {Side::legacy, Side::cloud}) (void)facade.relay().deliver_due(side);
    if (waiting(facade).total() == 0) {
      if (fed) return true;
      fed = true;
      for (const Side side : {Side::legacy, Side::cloud}) {
        const Status orders = facade.feeds().poll_orders(side, call_within(milliseconds(20'000)));
        const Status people =
            facade.feeds().poll_customers(side, call_within(milliseconds(20'000)));
        fed = fed && orders && people;
      }
      continue;
    }
    fed = false;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(10));  // Between two looks, not for luck.
  }
}

void prepare(Facade& facade, const std::string& target) {
  const auto stage = cutover::parse_stage(target);
  if (!stage) throw std::runtime_error("no stage " + target);
  const Deadline until = deadline_in(milliseconds(90'000));
  while (true) {
    bool arrived = true;
    std::string why;
    if (!run_dry(facade, 60'000)) throw std::runtime_error("the facade does not run dry");
    (void)facade.catch_up().advance(call_within(milliseconds(60'000))).has_value();
    for (const Capability capability :
         {Capability::customers, Capability::orders, Capability::inventory}) {
      const auto status = facade.cutover().status(capability);
      if (!status) throw std::runtime_error(status.error().message);
      const cutover::Stage now = status->plan.rollout.to;
      if (now == *stage) continue;
      arrived = false;
      const auto next = static_cast<cutover::Stage>(static_cast<int>(now) + 1);
      const auto moved = facade.cutover().change(capability, {next, cutover::whole_share},
                                                 status->plan.version, {"test", "crash test"});
      if (!moved) why = moved.error().message;
    }
    if (arrived) return;
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("no " + target + ": " + why);
  }
}

// What the journal says at the end, for the parent.
json::Value report(Facade& facade, const Memory& memory, std::uint64_t seed, bool dry) {
  json::Value result = json::Value::object();
  json::Value answers = json::Value::array();
  json::Value exceptions = json::Value::array();
  json::Value open = json::Value::array();
  const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
    for (int i = 0; i < static_cast<int>(memory.stories.size()); ++i) {
      const Memory::Story& told = memory.stories[static_cast<std::size_t>(i)];
      const std::vector<Step> steps = story(seed, i);
      for (std::size_t s = 0; s < static_cast<std::size_t>(told.answered); ++s) {
        const auto stored = reader.answer_for(ChannelId{"web"}, IdempotencyKey{steps[s].key});
        if (!stored || stored->status != told.statuses[s]) answers.push(steps[s].key);
      }
    }
    for (const auto& one : reader.exceptions("open", 1'000))
      exceptions.push(one.kind + " " + one.subject + ": " + one.detail);
    for (const auto& intent : reader.open_intents(1'000))
      open.push(intent.operation + " " + intent.subject);
  });
  if (!read) throw std::runtime_error(read.error().message);
  const Waiting left = waiting(facade);
  result.set("dry", json::Value::boolean(dry));
  result.set("missingAnswers", std::move(answers));
  result.set("exceptions", std::move(exceptions));
  result.set("openIntents", std::move(open));
  result.set("rows", json::Value::integer(left.rows));
  return result;
}

int run(const Arguments& arguments) {
  if (!register_fault_vfs()) throw std::runtime_error("no fault VFS");
  StepCounts& counts = map_step_counts(arguments.folder + "/steps");
  const std::string memory_file = arguments.folder + "/channel.log";
  const auto seed = static_cast<std::uint64_t>(arguments.number("seed", 1));
  const Memory memory = read_memory(memory_file);
  MemoryFile writing(memory_file);
  if (const int nth = arguments.number("kill_in_sync", 0); nth > 0) kill_at_sync(nth);
  const std::unique_ptr<Facade> facade = compose(arguments, counts);
  const int patience_ms = arguments.number("patience_ms", 15'000);

  if (arguments.mode == "prepare") {
    prepare(*facade, arguments.text("stage"));
    return 0;
  }
  Channel channel(*facade, arguments, writing, patience_ms);
  const std::vector<Unfinished> todo = unfinished(memory, seed);
  facade->start();
  const bool work = arguments.mode == "work";
  run_channel(channel, todo, static_cast<int>(memory.stories.size()), work, 4);
  facade->stop();
  const bool dry = run_dry(*facade, patience_ms);
  std::cout << json::write(report(*facade, read_memory(memory_file), seed, dry)) << std::endl;
  return 0;
}

}  // namespace
}  // namespace crash
}  // namespace underpin

int main(int count, char** words) {
  underpin::crash::Arguments arguments;
  try {
    if (count < 3) throw std::runtime_error("usage: crash_child MODE FOLDER NAME=VALUE...");
    arguments.mode = words[1];
    arguments.folder = words[2];
    for (int i = 3; i < count; ++i) {
      const std::string word = words[i];
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) throw std::runtime_error("no value: " + word);
      arguments.values[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return underpin::crash::run(arguments);
  } catch (const std::exception& thrown) {
    std::cerr << "crash_child: " << thrown.what() << std::endl;
    return 1;
  }
}
