#include "tests/crash/steps.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

namespace underpin::crash {

StepCounts& map_step_counts(const std::string& file) {
  const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0 || ::ftruncate(opened, sizeof(StepCounts)) != 0)
    throw std::runtime_error("cannot make " + file);
  void* const memory =
      ::mmap(nullptr, sizeof(StepCounts), PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
  ::close(opened);
  if (memory == MAP_FAILED) throw std::runtime_error("cannot map " + file);
  return *static_cast<StepCounts*>(memory);
}

}  // namespace underpin::crash
