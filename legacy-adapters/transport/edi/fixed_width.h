#pragma once

#include "contracts/decimal.h"
#include "contracts/time.h"
#include "legacy-adapters/transport/edi/code_page.h"
#include "legacy-adapters/transport/edi/fault.h"
#include "legacy-adapters/transport/edi/record_source.h"

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Files of fixed-width records, as batch interfaces have them: a table says where each field lies
// and how it is written; batches begin with a header and end with a trailer that has counts and
// hash totals. Everything but the readers and writers is a value.
namespace underpin::legacy::edi {

enum class FieldKind {
  text,          // Padded with blanks at its end.
  right_text,    // Padded with blanks at its beginning.
  number,        // Digits with implied places; a sign in front or behind.
  signed_text,   // A written point, the sign behind: SAP's "12.50-".
  overpunched,   // Zoned decimal: the last digit carries the sign.
  packed,        // Packed decimal, two digits a byte; only where records have a fixed length.
  century_date,  // CYYMMDD
  plain_date     // CCYYMMDD
};

struct Field {
  std::string name;
  std::size_t offset = 0;  // In columns, from 0.
  std::size_t width = 0;
  FieldKind kind = FieldKind::text;
  int places = 0;  // Behind the point, where it is implied.
};

struct RecordLayout {
  std::string name;  // "order line", for messages and look-ups.
  std::string tag;   // What stands at tag_offset in records of this kind; empty: any.
  std::size_t tag_offset = 0;
  std::vector<Field> fields;
  std::optional<std::size_t> find(std::string_view field) const;
};

// A trailer's field that is the sum of a field of the records; of a sum with more digits than the
// trailer's field has, the last ones.
struct HashTotal {
  std::string trailer_field;
  std::string layout;
  std::string field;
};

struct FixedFormat {
  std::size_t fixed_bytes = 0;        // Of every record; 0: lines.
  std::size_t record_bytes = 4'000;   // At most, of a line.
  bool characters = false;            // Columns are characters of UTF-8; otherwise bytes.
  std::optional<CodePage> code_page;  // None: the bytes are UTF-8.
  bool ebcdic = false;                // The code page is one: signs lie in zone nibbles.
  std::vector<RecordLayout> records;  // The first whose tag matches is a record's layout.
  std::optional<RecordLayout> header;
  std::optional<RecordLayout> trailer;
  std::string count_field;           // Of the trailer; empty: there is none.
  bool count_with_envelope = false;  // Header and trailer are counted too.
  std::vector<HashTotal> hash_totals;
  std::int64_t records_max = 10'000'000;  // Of a batch.
  std::size_t faults = 100;               // Kept of each batch and record.
};

// What is wrong with the table itself: a field outside of a fixed length, two of one name,
// overlaps, a total that names nothing … invalid_request names the field.
Status check(const FixedFormat& format);

using FieldValue = std::variant<std::string, Decimal, Date>;
using FieldValues = std::map<std::string, FieldValue, std::less<>>;

// A record in the reader's buffer, until its next().
class FixedRecord {
 public:
  const RecordLayout& layout() const { return *layout_; }
  // The bytes of a field, as they are; shorter where the record ends before it.
  std::string_view raw(std::size_t field) const;
  // UTF-8 without padding.
  std::string text(std::size_t field) const;
  // invalid_request with the rule. A blank number is 0, a blank or zero day is empty.
  Result<Decimal> number(std::size_t field) const;
  Result<Date> date(std::size_t field) const;
  // By its kind. The Error of a field names it.
  Result<FieldValue> value(std::size_t field) const;
  Result<FieldValues> values() const;

 private:
  friend class FixedReader;
  const FixedFormat* format_ = nullptr;
  const RecordLayout* layout_ = nullptr;
  std::string_view bytes_;
};

enum class FixedKind {
  batch,      // Its header is record(); of a format without header the first record begins a batch.
  record,     // Every field of it can be read.
  rejected,   // A record with faults(): told, counted, and not given out as a record.
  batch_end,  // The trailer is record() where there is one; batch_faults() is final.
  end
};

// Pulls a file apart in constant memory. A record with a bad field is rejected alone; a batch whose
// count or hash total is wrong, or whose trailer is missing, is rejected as a whole: what its
// records said counts when its batch_end says so. One thread. next() is an Error when the bytes
// cannot be read (unavailable), or when the format is wrong (invalid_request).
class FixedReader {
 public:
  FixedReader(ReadBytes read, FixedFormat format);
  FixedReader(const FixedReader&) = delete;
  FixedReader& operator=(const FixedReader&) = delete;

  Result<FixedKind> next();

  const FixedRecord& record() const { return record_; }
  const Faults& faults() const { return faults_; }
  const Faults& batch_faults() const { return batch_faults_; }
  std::int64_t records() const { return records_; }  // Of the batch, rejected ones included.
  Place place(std::optional<std::size_t> field = {}) const;

 private:
  struct Total {
    const RecordLayout* layout = nullptr;
    std::size_t field = 0;
    std::size_t trailer_field = 0;
    Decimal sum;
    bool broken = false;  // A record that belongs to it could not be read.
  };
  bool matches(const RecordLayout& layout) const;
  FixedKind record_of(const RecordLayout& layout);
  FixedKind reject(std::string rule);
  void begin_batch();
  FixedKind end_batch();
  void hold_against_trailer();
  void batch_fault(std::string rule, std::optional<std::size_t> field = {});
  void add_up();

  FixedFormat format_;
  Status good_;
  RecordSource source_;
  FixedRecord record_;
  bool open_ = false;
  bool held_ = false;  // The record that was read belongs to what comes next.
  RecordSource::Kind kind_ = RecordSource::Kind::end;
  std::int64_t records_ = 0;
  Faults faults_;
  Faults batch_faults_;
  std::vector<Total> totals_;
};

// Writes batches; tags, counts and hash totals are its own doing. A value that does not fit, or
// whose character set lacks it, is refused (invalid_request, names record and field), never cut.
// Fields without a value are blank, or zero. One thread.
class FixedWriter {
 public:
  FixedWriter(std::ostream& output, FixedFormat format, std::string_view line_end = "\n");
  FixedWriter(const FixedWriter&) = delete;
  FixedWriter& operator=(const FixedWriter&) = delete;

  Status begin(const FieldValues& header);
  Status record(std::string_view layout, const FieldValues& values);
  Status end(const FieldValues& trailer);

 private:
  Status put(const RecordLayout& layout, const FieldValues& values);
  Result<std::string> bytes_of(const Field& field, const FieldValue* value) const;

  std::ostream& output_;
  FixedFormat format_;
  Status good_;
  std::string line_end_;
  bool open_ = false;
  std::int64_t records_ = 0;
  std::vector<Decimal> sums_;
};

// How many digits a number's field has, where the number is negative or not.
std::size_t digits_of(const Field& field, bool negative);
// Adds to a hash total; of one that no Decimal holds the last 34 digits stay.
void add_to(Decimal& total, const Decimal& number);
// The sum as a trailer's field has it: its last digits.
Decimal last_digits(const Decimal& sum, const Field& field);

}  // namespace underpin::legacy::edi
