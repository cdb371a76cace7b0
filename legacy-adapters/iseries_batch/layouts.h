#pragma once

#include "legacy-adapters/transport/edi/fixed_width.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

// The record layouts of the batch interface; README.md has them as tables. Every file is one batch:
// a header HDR (file, run number, day, time), records, and a trailer TRL (count, two hash totals).
namespace underpin::legacy::iseries_batch {

inline constexpr std::size_t record_length = 400;  // Bytes, where records have a fixed length.

// How bytes are written on this site.
struct Wire {
  std::optional<edi::CodePage> code_page;  // None: UTF-8.
  bool ebcdic = false;                     // Records of record_length bytes and no line ends.
  bool packed = false;  // Amounts and quantities are packed decimals; only with `ebcdic`.
};

// "ISO-8859-1", "WINDOWS-1252", "UTF-8", or an EBCDIC page: "IBM037", "IBM273", "IBM500".
Result<Wire> wire_of(const std::string& code_page, bool packed);

enum class FileKind {
  orders,       // Out, ORD: new orders, changes, cancellations, holds, releases.
  customers,    // Out, CUO.
  adjustments,  // Out, ADJ.
  returns,      // Out, RET.
  status,       // In, STS: answers, and orders and returns as they are now.
  stock,        // In, STK: every level, once a night.
  delta,        // In, DLT: movements since, and the levels that they led to.
  customer,     // In, CUS: customers as they are now.
  prices        // In, PRC: every price, once a night.
};
inline constexpr FileKind file_kinds[] = {
    FileKind::orders,  FileKind::customers, FileKind::adjustments,
    FileKind::returns, FileKind::status,    FileKind::stock,
    FileKind::delta,   FileKind::customer,  FileKind::prices};

// "STS": how the names of such files begin, and what their headers say.
std::string_view prefix(FileKind kind);

edi::FixedFormat format_of(FileKind kind, const Wire& wire);

// Fields of one record, by name. A field that the layout lacks is a fault of the program.
class Fields {
 public:
  explicit Fields(edi::FieldValues values) : values_(std::move(values)) {}
  const std::string& text(std::string_view name) const;
  Decimal number(std::string_view name) const;
  std::int64_t whole(std::string_view name) const;  // Of fields without places.
  Date date(std::string_view name) const;
  std::optional<Date> day(std::string_view name) const;  // Nothing when blank.

 private:
  edi::FieldValues values_;
};

// What a header says.
struct FileHeader {
  std::int64_t run = 0;
  Timestamp made;
};
// invalid_request when the file is another kind's, has no run number, or no day.
Result<FileHeader> header_of(const edi::FixedRecord& record, FileKind kind,
                             const std::string& zone);
// The point in time of a day and HHMMSS on the clocks of `zone`; empty for a blank day.
Timestamp instant_of(const std::string& zone, Date day, std::int64_t hhmmss);

}  // namespace underpin::legacy::iseries_batch
