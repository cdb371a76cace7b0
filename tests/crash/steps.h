#pragma once

#include "facade/write_life.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

// How often each step was passed, in a file that parent and child map: a count survives its
// process.
namespace underpin::crash {

struct StepCounts {
  std::array<std::atomic<std::int64_t>, facade::step_count> passed;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// Made with zeros when it is not there. Throws std::runtime_error.
StepCounts& map_step_counts(const std::string& file);

}  // namespace underpin::crash
