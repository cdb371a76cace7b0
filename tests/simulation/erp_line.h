#pragma once

#include "tests/simulation/erp.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace underpin::simulation {

inline std::string subject_of(const OrderId& id) {
  return id.channel.text() + "/" + id.number.text();
}

// The line to a simulated ERP, with latency and faults.
class ErpLine {
 protected:
  explicit ErpLine(Erp& erp) : erp_(erp), world_(erp.world) {}

  Micros latency() {
    Dice& dice = world_.dice();
    const Micros most = erp_.settings.latency;
    return dice.between(most / 10 + 1, dice.chance(50) ? most * 10 : most);
  }

  // One request and its answer. What the ERP does with it is an event of its own: it happens
  // whether or not the caller is still there.
  template <class T, class Effect>
  Result<T> exchange(const CallContext& context, bool write, Effect effect) {
    Scheduler& scheduler = world_.scheduler();
    scheduler.check_alive();
    const Micros deadline =
        std::chrono::duration_cast<std::chrono::microseconds>(context.deadline.time_since_epoch())
            .count();
    if (scheduler.time() >= deadline)
      return Error{ErrorCode::unavailable, "the deadline has passed; nothing was sent"};
    const Fault fault = world_.draw_fault(erp_.settings.side, write);
    const Error unknown = write ? Error{ErrorCode::outcome_unknown, "no answer"}
                                : Error{ErrorCode::unavailable, "no answer"};
    auto answer = std::make_shared<std::optional<Result<T>>>();
    const auto apply_at = [&](Micros when) {
      scheduler.at(when, [answer, effect] { *answer = Result<T>(effect()); });
    };
    const Micros there = scheduler.time() + latency();
    const Micros back = there + latency();
    switch (fault) {
      case Fault::unavailable:
        scheduler.sleep_until(std::min(there, deadline));
        return Error{ErrorCode::unavailable, "connection refused"};
      case Fault::throttled: {
        scheduler.sleep_until(std::min(back, deadline));
        Error error{ErrorCode::throttled, "too many requests"};
        error.retry_after_s = 1;
        return error;
      }
      case Fault::refused:
        scheduler.sleep_until(std::min(back, deadline));
        return Error{ErrorCode::rejected, "the period is closed"};
      case Fault::stale:
        scheduler.sleep_until(std::min(back, deadline));
        return Error{ErrorCode::conflict, "changed by another user"};
      case Fault::lost_request:
        scheduler.sleep_until(std::min(back, deadline));
        return unknown;
      case Fault::throws_before:
        scheduler.sleep_until(std::min(there, deadline));
        throw std::runtime_error("before anything was sent, but who can say");
      case Fault::late_commit:
      case Fault::very_late_commit: {
        // settle_ms counts from the sender's end, and it may end the moment it has sent.
        const Micros gives_up = std::min(back, deadline);
        const Micros settled = scheduler.time() + erp_.settings.settle_ms * 1'000;
        apply_at(fault == Fault::late_commit
                     ? world_.dice().between(there, std::max(there, settled - 1))
                     : gives_up + world_.dice().between(1, 4) * erp_.settings.settle_ms * 1'000);
        scheduler.sleep_until(gives_up);
        return unknown;
      }
      case Fault::stall:
        // Stopped after the look at the deadline; when it goes on, it sends.
        scheduler.sleep(world_.dice().between(1, 4) * erp_.settings.settle_ms * 1'000);
        apply_at(scheduler.time() + 1);
        scheduler.sleep(latency() + 2);
        return scheduler.time() > deadline ? Result<T>(unknown) : std::move(**answer);
      case Fault::hang:
        apply_at(there);
        scheduler.sleep_until(std::max(std::min(deadline, there + 2'000'000), there));
        return unknown;
      case Fault::none:
      case Fault::lost_answer:
      case Fault::throws_after:
        break;
    }
    apply_at(there);
    if (back > deadline) {
      scheduler.sleep_until(deadline);
      return unknown;
    }
    scheduler.sleep_until(back);
    if (fault == Fault::throws_after) throw std::runtime_error("after it was sent");
    if (fault == Fault::lost_answer) return unknown;
    return std::move(**answer);
  }

  Erp& erp_;
  Surroundings& world_;
};

std::unique_ptr<ReturnService> make_returns_port(Erp& erp);

}  // namespace underpin::simulation
