// Any bytes as a file of fixed-width records, lines or EBCDIC: whatever begins also ends, every
// field of a record that is given out can be read, and what the writer takes of it is read again
// the same.
#include "legacy-adapters/transport/edi/fixed_width.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

using namespace underpin;
using namespace underpin::legacy::edi;

void require(bool promise) {
  if (!promise) std::abort();
}

FixedFormat lines() {
  FixedFormat format;
  format.record_bytes = 200;
  format.records_max = 20;
  format.faults = 5;
  format.header = {"header", "H", 0, {{"BATCH", 1, 8}}};
  format.records = {{"line",
                     "D",
                     0,
                     {{"SKU", 1, 10},
                      {"QTY", 11, 7, FieldKind::overpunched, 2},
                      {"PRICE", 18, 9, FieldKind::number, 2},
                      {"DUE", 27, 7, FieldKind::century_date},
                      {"NET", 34, 12, FieldKind::signed_text},
                      {"SEQ", 46, 4, FieldKind::right_text},
                      {"MADE", 50, 8, FieldKind::plain_date}}}};
  format.trailer = {"trailer",
                    "T",
                    0,
                    {{"COUNT", 1, 6, FieldKind::number}, {"HASH", 7, 5, FieldKind::number, 2}}};
  format.count_field = "COUNT";
  format.hash_totals = {{"HASH", "line", "QTY"}};
  return format;
}

FixedFormat ebcdic() {
  FixedFormat format = lines();
  format.fixed_bytes = 62;
  format.code_page = CodePage::of("IBM273").value();
  format.ebcdic = true;
  format.records[0].fields.push_back({"WEIGHT", 58, 4, FieldKind::packed, 3});
  return format;
}

void check_written(const FixedFormat& format, const FixedRecord& record) {
  const FieldValues values = record.values().value();
  std::ostringstream output;
  FixedWriter writer(output, format);
  require(writer.begin({}).has_value());
  if (!writer.record(record.layout().name, values) || !writer.end({})) return;
  std::istringstream input(output.str());
  FixedReader reader(reading(input), format);
  require(*reader.next() == FixedKind::batch && *reader.next() == FixedKind::record);
  require(reader.record().values().value() == values);
  require(*reader.next() == FixedKind::batch_end && reader.batch_faults().empty());
}

void check(const std::string& file, const FixedFormat& format) {
  std::istringstream input(file);
  FixedReader reader(reading(input), format);
  bool open = false;
  for (std::size_t events = 0;; ++events) {
    require(events <= 2 * file.size() + 2);
    const auto kind = reader.next();
    require(kind.has_value());
    switch (*kind) {
      case FixedKind::batch:
        require(!open);
        open = true;
        break;
      case FixedKind::record:
        require(open && reader.records() <= format.records_max);
        check_written(format, reader.record());
        break;
      case FixedKind::rejected:
        require(reader.faults().rejects);
        for (const Fault& fault : reader.faults().list) {
          require(!text(fault).empty() && fault.place.offset <= file.size() + 200);
        }
        break;
      case FixedKind::batch_end:
        require(open && reader.batch_faults().list.size() <= format.faults);
        open = false;
        break;
      case FixedKind::end:
        require(!open);
        return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FixedFormat as_lines = lines();
  static const FixedFormat as_ebcdic = ebcdic();
  const std::string file(reinterpret_cast<const char*>(data), size);
  check(file, as_lines);
  check(file, as_ebcdic);
  return 0;
}
