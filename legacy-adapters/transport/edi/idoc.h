#pragma once

#include "contracts/decimal.h"
#include "legacy-adapters/transport/edi/fault.h"
#include "legacy-adapters/transport/edi/record_source.h"

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// SAP IDoc flat files (record types of version 3): for each IDoc a control record EDI_DC40 (or _U)
// and its data records, one a line. Columns are those of the structures EDI_DC40 and EDI_DD40. The
// format has no trailer: a file that ends early between two lines looks complete, so that
// completeness must come from the transport (a .done file) or from the message (E2EDS01).
namespace underpin::legacy::edi {

struct IdocField {
  std::string_view name;
  std::size_t offset;
  std::size_t width;
};

inline constexpr std::size_t idoc_control_width = 524;
inline constexpr std::size_t idoc_data_at = 63;       // SDATA in a data record,
inline constexpr std::size_t idoc_data_most = 1'000;  // and its width.
inline constexpr std::array<IdocField, 36> idoc_control_fields{{
    {"TABNAM", 0, 10},   {"MANDT", 10, 3},    {"DOCNUM", 13, 16},  {"DOCREL", 29, 4},
    {"STATUS", 33, 2},   {"DIRECT", 35, 1},   {"OUTMOD", 36, 1},   {"EXPRSS", 37, 1},
    {"TEST", 38, 1},     {"IDOCTYP", 39, 30}, {"CIMTYP", 69, 30},  {"MESTYP", 99, 30},
    {"MESCOD", 129, 3},  {"MESFCT", 132, 3},  {"STD", 135, 1},     {"STDVRS", 136, 6},
    {"STDMES", 142, 6},  {"SNDPOR", 148, 10}, {"SNDPRT", 158, 2},  {"SNDPFC", 160, 2},
    {"SNDPRN", 162, 10}, {"SNDSAD", 172, 21}, {"SNDLAD", 193, 70}, {"RCVPOR", 263, 10},
    {"RCVPRT", 273, 2},  {"RCVPFC", 275, 2},  {"RCVPRN", 277, 10}, {"RCVSAD", 287, 21},
    {"RCVLAD", 308, 70}, {"CREDAT", 378, 8},  {"CRETIM", 386, 6},  {"REFINT", 392, 14},
    {"REFGRP", 406, 14}, {"REFMES", 420, 14}, {"ARCKEY", 434, 70}, {"SERIAL", 504, 20},
}};

// The control record, field by field, without padding.
class IdocControl {
 public:
  // "" of a name that is no field.
  std::string_view operator[](std::string_view name) const;
  // False: there is no such field.
  bool set(std::string_view name, std::string_view value);
  bool operator==(const IdocControl&) const = default;

 private:
  std::array<std::string, idoc_control_fields.size()> values_;
};

// What columns count. SAP's Unicode systems write UTF-8 and count characters.
enum class IdocColumns { characters, bytes };

// A data record in the reader's buffer, until its next().
class IdocSegment {
 public:
  std::string_view name() const { return name_; }  // SEGNAM: "E2EDK01005"
  std::int64_t number() const { return number_; }  // SEGNUM; 0: not numbered.
  std::int64_t parent() const { return parent_; }  // PSGNUM
  int level() const { return level_; }             // HLEVEL; 0: blank.
  std::string_view data() const { return data_; }  // SDATA, as it is.
  // Columns of SDATA from `offset`, without blanks behind: "" where the line was trimmed before it.
  std::string_view field(std::size_t offset, std::size_t width) const;
  // As field(), a number with its sign behind. invalid_request also where it is blank.
  Result<Decimal> number_in(std::size_t offset, std::size_t width) const;

 private:
  friend class IdocReader;
  std::string_view name_;
  std::int64_t number_ = 0;
  std::int64_t parent_ = 0;
  int level_ = 0;
  std::string_view data_;
  bool characters_ = true;
};

struct IdocLimits {
  std::int64_t segments = 999'999;  // Of an IDoc; SEGNUM has six digits.
  int levels = 99;                  // HLEVEL
  std::size_t faults = 100;         // Kept of each IDoc.
};

struct IdocPolicy {
  enum class Gap { reject, accept_with_error };
  // SEGNUM does not count 1, 2, 3 …, or PSGNUM names no segment before: lines were lost or moved,
  // or the writer was not SAP.
  Gap segment_numbers = Gap::reject;
};

enum class IdocKind {
  idoc,  // control() is its control record.
  segment,
  idoc_end,    // faults() is final now.
  unreadable,  // A line outside of an IDoc: unreadable() says where, and why.
  end
};

// Pulls a file apart in constant memory. What an IDoc's segments said counts when its idoc_end says
// that it is not rejected; the next IDoc is read whatever happened to this one. One thread. next()
// is an Error only when the bytes cannot be read (unavailable).
class IdocReader {
 public:
  explicit IdocReader(ReadBytes read, IdocColumns columns = IdocColumns::characters,
                      IdocLimits limits = {}, IdocPolicy policy = {});

  Result<IdocKind> next();

  const IdocControl& control() const { return control_; }
  const IdocSegment& segment() const { return segment_; }
  const Faults& faults() const { return faults_; }
  std::int64_t segments() const { return segments_; }  // Data records so far.
  const Fault& unreadable() const { return unreadable_; }

  Place place() const;
  // A fault of the present segment that its reader found; `offset` is of SDATA.
  void add_fault(std::size_t offset, std::size_t width, std::string rule, bool rejects = true);

 private:
  bool is_control() const;
  void open();
  bool data_record();
  IdocKind close();
  IdocKind unreadable_line(std::string rule);
  void fault(Level level, std::string rule, bool rejects = true);
  std::string_view column(std::size_t offset, std::size_t width) const;

  IdocColumns columns_;
  IdocLimits limits_;
  IdocPolicy policy_;
  RecordSource source_;
  RecordSource::Kind kind_ = RecordSource::Kind::end;
  bool open_ = false;
  bool held_ = false;
  bool gap_told_ = false;
  IdocControl control_;
  IdocSegment segment_;
  std::int64_t segments_ = 0;
  std::int64_t last_number_ = 0;
  Faults faults_;
  Fault unreadable_;
};

struct IdocLayout {
  bool trimmed = false;  // Lines without the blanks at their end.
  IdocColumns columns = IdocColumns::characters;
};

// Writes IDocs, one after the other; segment numbers, parents and levels are its own doing. What
// does not fit is refused (invalid_request), never cut. One thread.
class IdocWriter {
 public:
  explicit IdocWriter(std::ostream& output, IdocLayout layout = {});

  // TABNAM is set; DOCNUM must be digits, and is filled with zeros.
  Status begin(const IdocControl& control);
  // `level` 1 is the top; a deeper segment belongs to the last one of the level above.
  Status segment(std::string_view name, int level, std::string_view data);
  Status end();

 private:
  Status put(std::string line, std::size_t width);

  std::ostream& output_;
  IdocLayout layout_;
  bool open_ = false;
  std::string client_, number_;
  std::int64_t segments_ = 0;
  std::vector<std::int64_t> parents_;  // The last segment of each level.
};

// SDATA, put together by columns. Texts that do not fit, or that overlap, are refused.
class IdocData {
 public:
  explicit IdocData(IdocColumns columns = IdocColumns::characters) : columns_(columns) {}
  Status put(std::size_t offset, std::size_t width, std::string_view text);
  std::string text() const;

 private:
  IdocColumns columns_;
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::string>> parts_;
};

}  // namespace underpin::legacy::edi
