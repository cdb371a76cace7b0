#include "tests/simulation/scheduler.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
#define UNDERPIN_FIBERS_OF_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDERPIN_FIBERS_OF_ASAN 1
#endif
#endif
#ifdef UNDERPIN_FIBERS_OF_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace underpin::simulation {
namespace {

constexpr std::size_t stack_bytes = 1 << 20;  // Of address space; only what is touched is memory.

// What the C++ runtime keeps per thread about exceptions in flight: every fiber has its own.
struct Exceptions {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

void swap_exceptions(Exceptions& mine) {
  auto* const here = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(*here, mine);
}

}  // namespace

std::uint64_t Dice::next() {
  // SplitMix64.
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::int64_t Dice::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
}

struct Scheduler::Fiber {
  explicit Fiber(Scheduler& scheduler) : owner(scheduler) {
    stack = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) throw std::runtime_error("no memory for a fiber");
  }
  ~Fiber() { ::munmap(stack, stack_bytes); }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  Scheduler& owner;
  void* stack = nullptr;
  ucontext_t here{};
  ucontext_t back{};
  std::string label;
  std::function<void()> body;
  bool done = false;
  Exceptions exceptions;

  void into() {
#ifdef UNDERPIN_FIBERS_OF_ASAN
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack, stack_bytes);
    swap_exceptions(exceptions);
    ::swapcontext(&back, &here);
    swap_exceptions(exceptions);
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
    swap_exceptions(exceptions);
    ::swapcontext(&back, &here);
    swap_exceptions(exceptions);
#endif
  }
  void out() {
#ifdef UNDERPIN_FIBERS_OF_ASAN
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(done ? nullptr : &fake, caller_bottom, caller_size);
    ::swapcontext(&here, &back);
    __sanitizer_finish_switch_fiber(fake, &caller_bottom, &caller_size);
#else
    ::swapcontext(&here, &back);
#endif
  }
#ifdef UNDERPIN_FIBERS_OF_ASAN
  const void* caller_bottom = nullptr;
  std::size_t caller_size = 0;
#endif
};

Scheduler::Scheduler() = default;
Scheduler::~Scheduler() { kill(); }

void Scheduler::at(Micros when, std::function<void()> event) {
  events_.push({std::max(when, now_), ++sequence_, std::move(event), nullptr});
}

void Scheduler::enter(unsigned low, unsigned high) {
  auto* const fiber =
      reinterpret_cast<Fiber*>((static_cast<std::uintptr_t>(high) << 32) | std::uintptr_t{low});
#ifdef UNDERPIN_FIBERS_OF_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &fiber->caller_bottom, &fiber->caller_size);
#endif
  try {
    fiber->owner.check_alive();
    fiber->body();
  } catch (const Killed&) {
    // The process has died.
  }
  fiber->body = nullptr;
  fiber->done = true;
  fiber->out();
}

void Scheduler::spawn(std::string label, std::function<void()> body) {
  std::unique_ptr<Fiber> fiber;
  if (spare_.empty()) {
    fiber = std::make_unique<Fiber>(*this);
  } else {
    fiber = std::move(spare_.back());
    spare_.pop_back();
  }
  fiber->label = std::move(label);
  fiber->body = std::move(body);
  fiber->done = false;
  fiber->exceptions = {};
  ::getcontext(&fiber->here);
  fiber->here.uc_stack.ss_sp = fiber->stack;
  fiber->here.uc_stack.ss_size = stack_bytes;
  fiber->here.uc_link = nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(fiber.get());
  ::makecontext(&fiber->here, reinterpret_cast<void (*)()>(&Scheduler::enter), 2,
                static_cast<unsigned>(address & 0xffffffffU), static_cast<unsigned>(address >> 32));
  events_.push({now_, ++sequence_, nullptr, fiber.get()});
  live_.push_back(std::move(fiber));
}

const std::string& Scheduler::label() const {
  static const std::string outside = "outside";
  return running_ == nullptr ? outside : running_->label;
}

void Scheduler::relabel(const std::string& label) {
  if (running_ != nullptr) running_->label = label;
}

void Scheduler::check_alive() const {
  if (dying_) throw Killed{};
}

void Scheduler::sleep_until(Micros when) {
  check_alive();
  if (running_ == nullptr) throw std::logic_error("only a fiber sleeps");
  events_.push({std::max(when, now_), ++sequence_, nullptr, running_});
  running_->out();
  check_alive();
}

bool Scheduler::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable&,
                           Deadline until, const std::function<bool()>& ready) {
  const Micros end =
      std::chrono::duration_cast<std::chrono::microseconds>(until.time_since_epoch()).count();
  while (!ready()) {
    if (now_ >= end) return false;
    lock.unlock();
    sleep_until(std::min(end, now_ + 1'500));
    lock.lock();
  }
  return true;
}

void Scheduler::resume(Fiber* fiber) {
  running_ = fiber;
  fiber->into();
  running_ = nullptr;
  if (!fiber->done) return;
  const auto found =
      std::find_if(live_.begin(), live_.end(), [&](const auto& one) { return one.get() == fiber; });
  spare_.push_back(std::move(*found));
  live_.erase(found);
}

void Scheduler::kill() {
  dying_ = true;
  if (running_ == nullptr) end_all();
}

void Scheduler::end_all() {
  // Each runs to its end: whatever it would touch throws.
  while (!live_.empty()) resume(live_.front().get());
  std::priority_queue<Event> kept;
  while (!events_.empty()) {
    if (events_.top().fiber == nullptr) kept.push(events_.top());
    events_.pop();
  }
  events_ = std::move(kept);
  dying_ = false;
}

bool Scheduler::step() {
  if (events_.empty()) return false;
  Event event = events_.top();
  events_.pop();
  now_ = std::max(now_, event.when);
  if (event.fiber != nullptr) {
    resume(event.fiber);
  } else {
    event.run();
  }
  if (dying_) end_all();
  return true;
}

}  // namespace underpin::simulation
