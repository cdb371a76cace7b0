// Reads one file in one format and says what was in it; tests/bench/edi measures it from outside.
#include "legacy-adapters/transport/edi/x12.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace {

using namespace underpin;
using namespace underpin::legacy::edi;

struct Counted {
  std::int64_t documents = 0;  // Accepted without a fault.
  std::int64_t segments = 0;
  std::int64_t values = 0;
};

Counted read_x12(int file) {
  Counted counted;
  X12Reader reader(reading(file));
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == X12Kind::end) return counted;
    if (*kind == X12Kind::segment) {
      ++counted.segments;
      counted.values += reader.segment().size();
    } else if (*kind == X12Kind::set_end) {
      counted.documents += reader.set().faults.empty();
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string format = arguments[1];
  const int file = ::open(arguments[2], O_RDONLY | O_CLOEXEC);
  if (file < 0) return 2;
  Counted counted;
  if (format == "x12") {
    counted = read_x12(file);
  } else {
    return 2;
  }
  std::printf("%lld %lld %lld\n", static_cast<long long>(counted.documents),
              static_cast<long long>(counted.segments), static_cast<long long>(counted.values));
  return 0;
}
