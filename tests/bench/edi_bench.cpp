// Reads one file in one format and says what was in it; tests/bench/edi measures it from outside.
#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/fixed_width.h"
#include "legacy-adapters/transport/edi/idoc.h"
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

Counted read_edifact(int file) {
  Counted counted;
  EdifactReader reader(reading(file));
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == EdifactKind::end) return counted;
    if (*kind == EdifactKind::segment) {
      ++counted.segments;
      counted.values += reader.segment().size();
    } else if (*kind == EdifactKind::message_end) {
      counted.documents += reader.message().faults.empty();
    }
  }
}

Counted read_idoc(int file) {
  Counted counted;
  IdocReader reader(reading(file));
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == IdocKind::end) return counted;
    if (*kind == IdocKind::segment) {
      ++counted.segments;
      counted.values += !reader.segment().field(0, 6).empty();
    } else if (*kind == IdocKind::idoc_end) {
      counted.documents += reader.faults().empty();
    }
  }
}

// The fields that tests/bench/edi writes. Every one is read once, to see whether it can be.
Counted read_fixed(int file) {
  FixedFormat format;
  format.header = {"header", "H", 0, {{"BATCH", 1, 8}}};
  format.records = {{"price",
                     "P",
                     0,
                     {{"SKU", 1, 12},
                      {"LOCATION", 13, 6},
                      {"QTY", 19, 9, FieldKind::overpunched, 3},
                      {"PRICE", 28, 11, FieldKind::number, 2},
                      {"FROM", 39, 7, FieldKind::century_date}}}};
  format.trailer = {"trailer",
                    "T",
                    0,
                    {{"COUNT", 1, 9, FieldKind::number}, {"HASH", 10, 15, FieldKind::number, 2}}};
  format.count_field = "COUNT";
  format.hash_totals = {{"HASH", "price", "PRICE"}};
  format.records_max = 1'000'000'000;
  Counted counted;
  FixedReader reader(reading(file), format);
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == FixedKind::end) return counted;
    if (*kind == FixedKind::record) {
      ++counted.segments;
      counted.values += static_cast<std::int64_t>(reader.record().layout().fields.size());
    } else if (*kind == FixedKind::batch_end) {
      counted.documents += reader.batch_faults().empty();
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
  } else if (format == "edifact") {
    counted = read_edifact(file);
  } else if (format == "idoc") {
    counted = read_idoc(file);
  } else if (format == "fixed") {
    counted = read_fixed(file);
  } else {
    return 2;
  }
  std::printf("%lld %lld %lld\n", static_cast<long long>(counted.documents),
              static_cast<long long>(counted.segments), static_cast<long long>(counted.values));
  return 0;
}
