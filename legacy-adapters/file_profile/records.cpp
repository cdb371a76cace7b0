#include "legacy-adapters/file_profile/records.h"

#include "legacy-adapters/transport/edi/amounts.h"

#include <algorithm>
#include <stdexcept>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;

constexpr std::size_t line_bytes_max = 64'000;
constexpr std::int64_t records_max = 10'000'000;
constexpr std::size_t lines_max = 50'000;  // Of a document.
constexpr std::size_t faults_max = 100;    // Kept of a document.

Error wrong(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : 9;
    if (more == 9 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

// ---- days

Result<std::string> day_from(std::string_view text, const std::string& form) {
  if (text.size() != form.size()) return wrong("must be a day as " + form);
  std::string parts[3];
  for (std::size_t i = 0; i < form.size(); ++i) {
    const std::size_t part = std::string_view("YMD").find(form[i]);
    if (part == std::string_view::npos) {
      if (text[i] != form[i]) return wrong("must be a day as " + form);
    } else {
      parts[part] += text[i];
    }
  }
  const auto day = Date::parse(parts[0] + "-" + parts[1] + "-" + parts[2]);
  if (!day) return wrong("must be a day as " + form);
  return day->text();
}

// ---- one value

// Numbers of which sums and differences fit.
Result<std::string> number_text(const Result<Decimal>& number) {
  if (!number) return number.error();
  if (number->scale() > 9 || number->normalized().magnitude() >= Decimal::of(1'000'000'000'000'000))
    return wrong("must be a number below 1000000000000000 with at most 9 places");
  return number->text();
}

// What a cell says, as the mapping reads it; empty: nothing.
Result<std::string> value_of(const Field& field, std::string_view text, char decimal_mark) {
  if (field.cell == Cell::text || field.cell == Cell::fixed) return std::string(text);
  text = trimmed(text);
  if (text.empty()) return std::string();
  if (field.cell == Cell::day) return day_from(text, field.day_form);
  if (field.cell == Cell::number) {
    return number_text(edi::implied_number(text, field.place.places));
  }
  std::string plain(text);
  if (plain.find(decimal_mark == ',' ? '.' : ',') != std::string::npos)
    return wrong(std::string("must be a number with ") + decimal_mark + " as its decimal mark");
  std::replace(plain.begin(), plain.end(), ',', '.');
  if (plain.size() > 1 && (plain.back() == '-' || plain.back() == '+')) {
    return number_text(edi::trailing_sign_number(plain));
  }
  const auto number = Decimal::parse(plain);
  if (!number) return wrong("must be a number");
  return number_text(number);
}

void set_member(Value& record, const std::string& name, std::string value) {
  record.set(name, Value(std::move(value)));
}

}  // namespace

std::uint64_t Document::line_of(std::string_view pointer) const {
  for (const auto& [at, where] : lines)
    if (pointer.substr(0, at.size()) == at &&
        (pointer.size() == at.size() || pointer[at.size()] == '/'))
      return where;
  return line;
}

// ---- rows

struct DocumentReader::Row {
  enum class Kind { header, row, end } kind = Kind::end;
  const Record* record = nullptr;  // nullptr: no record begins like this.
  std::uint64_t line = 0;
  std::vector<std::pair<std::string, std::string>> values;  // By the fields' names.
  std::vector<Bad> faults;

  void bad(const std::string& field, std::string rule) {
    faults.push_back({line, record == nullptr ? "" : record->name, field, std::move(rule)});
  }
  void take(const Field& field, const Result<std::string>& value, std::string_view as_written) {
    if (field.is) {
      if (trimmed(as_written) != *field.is)
        bad(field.column, "must be " + *field.is + ", not " + std::string(trimmed(as_written)));
      return;
    }
    if (field.name.empty()) return;
    if (!value) return bad(field.name, value.error().message);
    if (!value->empty()) values.emplace_back(field.name, *value);
  }
};

class DocumentReader::Rows {
 public:
  virtual ~Rows() = default;
  virtual Row next() = 0;
};

class DocumentReader::FixedRows final : public Rows {
 public:
  FixedRows(edi::ReadBytes read, const Layout& layout)
      : layout_(layout), reader_(std::move(read), layout.fixed) {}

  Row next() override {
    for (;;) {
      const auto kind = reader_.next();
      if (!kind) throw std::runtime_error(kind.error().message);
      Row row;
      row.line = reader_.place().line;
      if (*kind == edi::FixedKind::end) {
        if (layout_.header && !header_seen_) throw BadFile{"the file has no header"};
        return row;
      }
      if (trailer_seen_)
        throw BadFile{"line " + std::to_string(row.line) + ": stands behind the trailer"};
      if (*kind == edi::FixedKind::batch_end) {
        if (reader_.batch_faults().rejects)
          throw BadFile{"line " + std::to_string(row.line) + ": " +
                        reader_.batch_faults().list.front().rule};
        trailer_seen_ = layout_.trailer.has_value();
        continue;
      }
      if (*kind == edi::FixedKind::batch) {
        // One that cannot be read spoils the batch, which its end says.
        if (!layout_.header || reader_.batch_faults().rejects) continue;
        header_seen_ = true;
        row.kind = Row::Kind::header;
        row.record = &*layout_.header;
        read(row);
        return row;
      }
      row.kind = Row::Kind::row;
      const std::string name = reader_.place().segment;
      for (const Record& record : layout_.records)
        if (record.name == name) row.record = &record;
      for (const edi::Fault& fault : reader_.faults().list) {
        const bool of_field = row.record != nullptr && fault.place.element > 0;
        row.bad(
            of_field
                ? row.record->fields[static_cast<std::size_t>(fault.place.element) - 1].place.name
                : "",
            fault.rule);
      }
      if (*kind == edi::FixedKind::record) read(row);
      return row;
    }
  }

 private:
  void read(Row& row) const {
    const edi::FixedRecord& record = reader_.record();
    for (std::size_t i = 0; i < row.record->fields.size(); ++i) {
      const Field& field = row.record->fields[i];
      const bool packed = field.place.kind == edi::FieldKind::packed;
      const std::string text = packed ? std::string("0") : record.text(i);
      if (!layout_.code_page && !is_utf8(text)) {
        row.bad(field.name, "must be UTF-8");
        continue;
      }
      row.take(field, typed(field, record, i, text), text);
    }
  }
  Result<std::string> typed(const Field& field, const edi::FixedRecord& record, std::size_t i,
                            const std::string& text) const {
    if (field.cell != Cell::fixed) return value_of(field, text, layout_.decimal_mark);
    if (trimmed(text).empty()) return std::string();
    // Zoned digits have no blanks at their end that could have been left out.
    if (field.place.kind == edi::FieldKind::overpunched &&
        edi::column_count(record.raw(i), layout_.fixed.characters) < field.place.width)
      return wrong("is cut: the record ends within it");
    const auto value = record.value(i);
    if (!value) return value.error();
    if (const auto* number = std::get_if<Decimal>(&*value)) return number_text(*number);
    if (const auto* day = std::get_if<Date>(&*value))
      return *day == Date{} ? std::string() : day->text();
    return std::get<std::string>(*value);
  }

  const Layout& layout_;
  edi::FixedReader reader_;
  bool header_seen_ = false;
  bool trailer_seen_ = false;
};

class DocumentReader::DelimitedRows final : public Rows {
 public:
  DelimitedRows(edi::ReadBytes read, const Layout& layout)
      : layout_(layout), source_(std::move(read), 0, line_bytes_max) {}

  Row next() override {
    for (;;) {
      const auto kind = source_.next();
      if (!kind) throw std::runtime_error(kind.error().message);
      Row row;
      row.line = source_.line();
      if (*kind == edi::RecordSource::Kind::end) {
        if (layout_.header && !header_seen_) throw BadFile{"the file has no header"};
        if (layout_.trailer && !trailer_seen_) throw BadFile{"the file ends before its trailer"};
        if (layout_.column_row && !columns_)
          throw BadFile{"the row of the columns' names is missing"};
        return row;
      }
      if (*kind == edi::RecordSource::Kind::record && source_.bytes().empty()) continue;
      if (trailer_seen_)
        throw BadFile{"line " + std::to_string(row.line) + ": stands behind the trailer"};
      const std::string rule = *kind == edi::RecordSource::Kind::too_long
                                   ? "the line is longer than 64000 bytes"
                                   : cut(source_.bytes());
      if (layout_.column_row && !columns_) {
        if (!rule.empty()) throw BadFile{"line " + std::to_string(row.line) + ": " + rule};
        name_columns();
        continue;
      }
      row.kind = Row::Kind::row;
      if (rule.empty() && is(layout_.header)) {
        row.kind = Row::Kind::header;
        row.record = &*layout_.header;
        read(row);
        if (header_seen_) throw BadFile{"line " + std::to_string(row.line) + ": another header"};
        header_seen_ = true;
        return row;
      }
      if (layout_.header && !header_seen_)
        throw BadFile{"line " + std::to_string(row.line) +
                      ": the file does not begin with its header"};
      if (rule.empty() && is(layout_.trailer)) {
        row.record = &*layout_.trailer;
        read(row);
        hold_against(row);
        continue;
      }
      if (++rows_ > records_max) throw BadFile{"has more than 10000000 records"};
      if (rule.empty())
        for (const Record& record : layout_.records)
          if (record.tag.empty() || (!cells_.empty() && cells_[0] == record.tag)) {
            row.record = &record;
            break;
          }
      if (row.record == nullptr) {
        row.bad("", rule.empty() ? "no record begins like this" : rule);
        unread_ = true;
      } else {
        read(row);
        add_up(row);
      }
      return row;
    }
  }

 private:
  bool is(const std::optional<Record>& record) const {
    return record && !cells_.empty() && cells_[0] == record->tag;
  }

  // What is wrong with the line; empty: nothing.
  std::string cut(std::string_view bytes) {
    std::string line = layout_.code_page ? layout_.code_page->to_utf8(bytes) : std::string(bytes);
    cells_.clear();
    if (!layout_.code_page && !is_utf8(line)) return "must be UTF-8";
    std::size_t at = 0;
    for (;;) {
      std::string cell;
      if (layout_.quote != '\0' && at < line.size() && line[at] == layout_.quote) {
        for (++at;; ++at) {
          if (at >= line.size()) return "a quote is not closed";
          if (line[at] == layout_.quote) {
            if (at + 1 >= line.size() || line[at + 1] != layout_.quote) break;
            ++at;
          }
          cell += line[at];
        }
        ++at;
        if (at < line.size() && line[at] != layout_.separator)
          return "something stands between a closing quote and the separator";
      } else {
        const std::size_t end = std::min(line.find(layout_.separator, at), line.size());
        cell = trimmed(std::string_view(line).substr(at, end - at));
        at = end;
      }
      cells_.push_back(std::move(cell));
      if (cells_.size() > Layout::fields_max + 1) return "has more than 500 values";
      if (at >= line.size()) return {};
      ++at;  // The separator; behind it there is one more value, perhaps an empty one.
    }
  }

  void name_columns() {
    columns_.emplace();
    for (const Field& field : layout_.records.front().fields) {
      const auto found = std::find(cells_.begin(), cells_.end(), field.column);
      if (found == cells_.end()) throw BadFile{"has no column " + field.column};
      if (std::count(found, cells_.end(), field.column) > 1)
        throw BadFile{"has the column " + field.column + " twice"};
      columns_->push_back(static_cast<std::size_t>(found - cells_.begin()));
    }
    width_ = cells_.size();
  }

  void read(Row& row) {
    const std::size_t first = row.record->tag.empty() ? 0 : 1;
    const std::size_t expected = columns_ ? width_ : first + row.record->fields.size();
    if (cells_.size() != expected)
      return row.bad(
          "", "has " + std::to_string(cells_.size()) + " values, not " + std::to_string(expected));
    for (std::size_t i = 0; i < row.record->fields.size(); ++i) {
      const std::string& text = cells_[columns_ ? (*columns_)[i] : first + i];
      const Field& field = row.record->fields[i];
      row.take(field, value_of(field, text, layout_.decimal_mark), text);
    }
  }

  void add_up(const Row& row) {
    if (!row.faults.empty()) unread_ = true;
    if (!layout_.trailer) return;
    for (const Field& field : layout_.trailer->fields)
      if (field.sum_record == row.record->name)
        for (const auto& [name, value] : row.values)
          if (name == field.sum_field || name == row.record->list + "/" + field.sum_field)
            if (const auto number = Decimal::parse(value)) edi::add_to(sums_[&field], *number);
  }

  void hold_against(const Row& row) {
    trailer_seen_ = true;
    const std::string at = "line " + std::to_string(row.line) + ": ";
    if (!row.faults.empty()) throw BadFile{at + row.faults.front().rule};
    const std::size_t first = 1;
    for (std::size_t i = 0; i < layout_.trailer->fields.size(); ++i) {
      const Field& field = layout_.trailer->fields[i];
      if (!field.counts && field.sum_field.empty()) continue;
      const auto text = value_of(field, cells_[first + i], layout_.decimal_mark);
      const auto said = text ? Decimal::parse(*text) : Result<Decimal>(text.error());
      if (!said) throw BadFile{at + "the trailer must have a number there"};
      if (field.counts) {
        const std::int64_t counted = rows_ + (layout_.count_with_envelope ? 2 : 0);
        if (*said != Decimal::of(counted))
          throw BadFile{at + "says " + said->text() + " records, the file has " +
                        std::to_string(counted)};
      } else if (unread_ || *said != sums_[&field]) {
        throw BadFile{at + "says " + said->text() + ", the sum of " + field.sum_field + " is " +
                      (unread_ ? "not known: a record could not be read" : sums_[&field].text())};
      }
    }
  }

  const Layout& layout_;
  edi::RecordSource source_;
  std::vector<std::string> cells_;
  std::optional<std::vector<std::size_t>> columns_;  // Of each field.
  std::size_t width_ = 0;
  bool header_seen_ = false;
  bool trailer_seen_ = false;
  bool unread_ = false;
  std::int64_t rows_ = 0;
  std::map<const Field*, Decimal> sums_;
};

// ---- documents

DocumentReader::DocumentReader(edi::ReadBytes read, const Layout& layout) : layout_(layout) {
  if (layout.delimited)
    rows_ = std::make_unique<DelimitedRows>(std::move(read), layout);
  else
    rows_ = std::make_unique<FixedRows>(std::move(read), layout);
}

DocumentReader::~DocumentReader() = default;

std::optional<Document> DocumentReader::next() {
  while (!ended_) {
    const Row row = rows_->next();
    if (row.kind == Row::Kind::end) {
      ended_ = true;
      break;
    }
    if (row.kind == Row::Kind::header) {
      if (!row.faults.empty())
        throw BadFile{"line " + std::to_string(row.line) + ": " + row.faults.front().field + " " +
                      row.faults.front().rule};
      header_ = Value::object();
      for (const auto& [name, value] : row.values) set_member(header_, name, value);
      auto before = std::exchange(open_, std::nullopt);
      if (before) return before;
      continue;
    }
    if (auto complete = take(row)) return complete;
  }
  return std::exchange(open_, std::nullopt);
}

void DocumentReader::put(const Row& row, Document& document) {
  for (const Bad& bad : row.faults)
    if (document.faults.size() < faults_max) document.faults.push_back(bad);
  if (!row.faults.empty()) return;
  if (document.lines.size() >= lines_max) {
    document.record = Value::object();
    if (document.faults.size() < faults_max)
      document.faults.push_back(
          {row.line, row.record->name, "",
           "the document has more than " + std::to_string(lines_max) + " records"});
    return;
  }
  std::map<std::string, Value> items;
  if (!row.record->list.empty()) items.emplace(row.record->list, Value::object());
  for (const auto& [name, value] : row.values) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) {
      set_member(document.record, name, value);
      continue;
    }
    auto& item = items.emplace(name.substr(0, slash), Value::object()).first->second;
    set_member(item, name.substr(slash + 1), value);
  }
  for (auto& [list, item] : items) {
    if (document.record.find(list) == nullptr) document.record.set(list, Value::array());
    Value& all = *document.record.find(list);
    document.lines.emplace(json::pointer_to("/" + list, all.size()), row.line);
    all.push(std::move(item));
  }
}

Document DocumentReader::opened(const Row& row) const {
  Document document;
  document.line = row.line;
  for (const json::Member& member : header_.members())
    if (member.key[0] != '$') document.record.set(member.key, member.value);
  put(row, document);
  return document;
}

// The document that is complete now, if one is.
std::optional<Document> DocumentReader::take(const Row& row) {
  if (layout_.rows_alone()) return opened(row);
  if (!layout_.records.front().key.empty()) return take_keyed(row);
  if (row.record == nullptr || !row.record->list.empty()) {
    if (!open_) {
      // Behind a record that could not be read: what begins the document is not known.
      Document lost = opened(row);
      if (lost.faults.empty())
        lost.faults.push_back(
            {row.line, row.record->name, "", "stands before the record that begins a document"});
      lost.record = Value::object();
      return lost;
    }
    put(row, *open_);
    return std::nullopt;
  }
  return std::exchange(open_, opened(row));
}

// Rows with the same key are one document. What cannot be read of one spoils all of it.
std::optional<Document> DocumentReader::take_keyed(const Row& row) {
  const Record& record = layout_.records.front();
  std::vector<std::string> key;
  bool readable = row.record != nullptr;
  for (const std::string& name : record.key) {
    const auto named = [&](const auto& one) { return one.first == name; };
    const auto value = std::find_if(row.values.begin(), row.values.end(), named);
    key.push_back(value == row.values.end() ? "" : value->second);
    for (const Bad& bad : row.faults)
      readable = readable && !bad.field.empty() && bad.field != name;
  }
  if (!readable) {
    // It may belong to what stands before it as well as to what follows: neither counts.
    lost_ = row.line;
    if (open_)
      put(row, *open_);
    else
      open_ = opened(row);
    return std::nullopt;
  }
  if (open_ && key == key_) {
    lost_ = 0;
    Row joined = row;
    for (const auto& [name, value] : row.values)
      if (const Value* before =
              name.find('/') == std::string::npos ? open_->record.find(name) : nullptr;
          before != nullptr && before->text() != value)
        joined.bad(name, "is " + value + ", and " + before->text() +
                             " in another row of the same document");
    put(joined, *open_);
    return std::nullopt;
  }
  Document document = opened(row);
  if (lost_ != 0)
    document.faults.push_back(
        {row.line, record.name, "",
         "may lack the record of line " + std::to_string(lost_) + ", which cannot be read"});
  lost_ = 0;
  key_ = std::move(key);
  return std::exchange(open_, std::move(document));
}

}  // namespace underpin::legacy::file_profile
