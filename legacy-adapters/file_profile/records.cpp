#include "legacy-adapters/file_profile/records.h"

#include "legacy-adapters/transport/edi/amounts.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;

constexpr std::size_t line_bytes_max = 64'000;
constexpr std::int64_t records_max = 10'000'000;

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

std::string day_as(const Date& day, const std::string& form) {
  const std::string iso = day.text();
  std::size_t at[3] = {0, 5, 8};
  std::string text;
  for (const char c : form) {
    const std::size_t part = std::string_view("YMD").find(c);
    text += part == std::string_view::npos ? c : iso[at[part]++];
  }
  return text;
}

// ---- one value

// What a cell says, as the mapping reads it; empty: nothing.
Result<std::string> value_of(const Field& field, std::string_view text, char decimal_mark) {
  if (field.cell == Cell::text || field.cell == Cell::fixed) return std::string(text);
  text = trimmed(text);
  if (text.empty()) return std::string();
  if (field.cell == Cell::day) return day_from(text, field.day_form);
  if (field.cell == Cell::number) {
    const auto number = edi::implied_number(text, field.place.places);
    if (!number) return number.error();
    return number->text();
  }
  std::string plain(text);
  if (plain.find(decimal_mark == ',' ? '.' : ',') != std::string::npos)
    return wrong(std::string("must be a number with ") + decimal_mark + " as its decimal mark");
  std::replace(plain.begin(), plain.end(), ',', '.');
  if (plain.size() > 1 && (plain.back() == '-' || plain.back() == '+')) {
    const auto number = edi::trailing_sign_number(plain);
    if (!number) return number.error();
    return number->text();
  }
  const auto number = Decimal::parse(plain);
  if (!number) return wrong("must be a number");
  return number->text();
}

Result<std::string> text_for(const Field& field, const std::string& value, char decimal_mark) {
  if (value.empty() || field.cell == Cell::text) return value;
  if (field.cell == Cell::day) {
    const auto day = Date::parse(value);
    if (!day) return wrong("must be a day");
    return day_as(*day, field.day_form);
  }
  const auto number = Decimal::parse(value);
  if (!number) return wrong("must be a number");
  if (field.cell == Cell::number) {
    auto digits = edi::implied_text(number->normalized(), field.place.places, Decimal::digits_max);
    if (!digits) return digits;
    const std::size_t sign = digits->find_first_not_of('-');
    const std::size_t first = std::min(digits->find_first_not_of("-0"), digits->size() - 1);
    return digits->substr(0, sign) + digits->substr(first);
  }
  std::string text = number->text();
  std::replace(text.begin(), text.end(), '.', decimal_mark);
  return text;
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
      if (*kind == edi::FixedKind::batch_end) {
        if (reader_.batch_faults().rejects)
          throw BadFile{"line " + std::to_string(row.line) + ": " +
                        reader_.batch_faults().list.front().rule};
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
    const auto value = record.value(i);
    if (!value) return value.error();
    if (const auto* number = std::get_if<Decimal>(&*value)) return number->text();
    if (const auto* day = std::get_if<Date>(&*value))
      return *day == Date{} ? std::string() : day->text();
    return std::get<std::string>(*value);
  }

  const Layout& layout_;
  edi::FixedReader reader_;
  bool header_seen_ = false;
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
  document.faults.insert(document.faults.end(), row.faults.begin(), row.faults.end());
  if (!row.faults.empty()) return;
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

// The document that is complete now, if one is.
std::optional<Document> DocumentReader::take(const Row& row) {
  const auto opened = [&] {
    Document document;
    document.line = row.line;
    for (const json::Member& member : header_.members())
      if (member.key[0] != '$') document.record.set(member.key, member.value);
    put(row, document);
    return document;
  };
  if (layout_.rows_alone()) return opened();
  if (row.record == nullptr || !row.record->list.empty()) {
    if (!open_) {
      // Behind a record that could not be read: what begins the document is not known.
      Document lost = opened();
      if (lost.faults.empty())
        lost.faults.push_back(
            {row.line, row.record->name, "", "stands before the record that begins a document"});
      lost.record = Value::object();
      return lost;
    }
    put(row, *open_);
    return std::nullopt;
  }
  if (open_ && open_->faults.empty() && row.faults.empty() && !row.record->key.empty()) {
    const auto key_of = [&](const std::string& name) -> std::string {
      for (const auto& [held, value] : row.values)
        if (held == name) return value;
      return {};
    };
    const auto& key = row.record->key;
    if (std::all_of(key.begin(), key.end(), [&](const std::string& name) {
          return open_->record.get(name).text() == key_of(name);
        })) {
      put(row, *open_);
      return std::nullopt;
    }
  }
  return std::exchange(open_, opened());
}

// ---- writing

namespace {

// Of a list's item, or of the document itself.
std::string said_of(const Field& field, const Value& document, const Value* item) {
  if (field.is) return *field.is;
  const std::size_t slash = field.name.find('/');
  if (slash == std::string::npos) return document.get(field.name).text();
  return item == nullptr ? std::string() : item->get(field.name.substr(slash + 1)).text();
}

Error misfit(const Record& record, const Field& field, const std::string& rule) {
  Error error{ErrorCode::rejected, "record " + record.name + ", field " +
                                       (field.name.empty() ? field.column : field.name) + ": " +
                                       rule};
  return error;
}

class Writer {
 public:
  Writer(const Layout& layout, const Value& document)
      : layout_(layout), document_(document), fixed_(text_, layout.fixed, layout.line_end) {}

  Result<std::string> write() {
    if (const Status begun = begin(); !begun) return begun.error();
    for (const Record& record : layout_.records) {
      std::string list = record.list;
      for (const Field& field : record.fields)
        if (const std::size_t slash = field.name.find('/'); slash != std::string::npos)
          list = field.name.substr(0, slash);
      if (list.empty()) {
        if (const Status put = row(record, nullptr); !put) return put.error();
        continue;
      }
      for (const Value& item : document_.get(list).items())
        if (const Status put = row(record, &item); !put) return put.error();
    }
    if (const Status ended = end(); !ended) return ended.error();
    return text_.str();
  }

 private:
  Status begin() {
    if (!layout_.delimited) {
      edi::FieldValues values;
      if (layout_.header)
        if (const Status good = fill(*layout_.header, nullptr, values); !good) return good;
      if (const Status begun = fixed_.begin(values); !begun)
        return Error{ErrorCode::rejected, begun.error().message};
      return Done{};
    }
    if (layout_.column_row) {
      std::vector<std::string> names;
      for (const Field& field : layout_.records.front().fields) names.push_back(field.column);
      return line(layout_.records.front(), names);
    }
    return layout_.header ? delimited(*layout_.header, nullptr) : Done{};
  }

  Status row(const Record& record, const Value* item) {
    ++rows_;
    if (layout_.delimited) return delimited(record, item);
    edi::FieldValues values;
    if (const Status good = fill(record, item, values); !good) return good;
    if (const Status put = fixed_.record(record.name, values); !put)
      return Error{ErrorCode::rejected, put.error().message};
    return Done{};
  }

  Status end() {
    if (layout_.delimited) return layout_.trailer ? delimited(*layout_.trailer, nullptr) : Done{};
    edi::FieldValues values;
    if (layout_.trailer)
      if (const Status good = fill(*layout_.trailer, nullptr, values); !good) return good;
    if (const Status ended = fixed_.end(values); !ended)
      return Error{ErrorCode::rejected, ended.error().message};
    return Done{};
  }

  // A record ends where a line ends: no value may have one.
  static Status check(const Record& record, const Field& field, const std::string& text) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20)
        return misfit(record, field, "must have no line breaks and no control characters");
    return Done{};
  }

  Status fill(const Record& record, const Value* item, edi::FieldValues& values) const {
    for (const Field& field : record.fields) {
      if (field.counts || !field.sum_field.empty()) continue;
      const std::string said = said_of(field, document_, item);
      if (said.empty()) continue;
      if (const Status good = check(record, field, said); !good) return good;
      const edi::FieldKind kind = field.place.kind;
      if (field.cell != Cell::fixed) {
        const auto text = text_for(field, said, layout_.decimal_mark);
        if (!text) return misfit(record, field, text.error().message);
        values.emplace(field.place.name, *text);
      } else if (kind == edi::FieldKind::text || kind == edi::FieldKind::right_text) {
        values.emplace(field.place.name, said);
      } else if (kind == edi::FieldKind::century_date || kind == edi::FieldKind::plain_date) {
        const auto day = Date::parse(said);
        if (!day) return misfit(record, field, "must be a day");
        values.emplace(field.place.name, *day);
      } else {
        const auto number = Decimal::parse(said);
        if (!number) return misfit(record, field, "must be a number");
        values.emplace(field.place.name, number->normalized());
      }
    }
    return Done{};
  }

  Status delimited(const Record& record, const Value* item) {
    std::vector<std::string> cells;
    if (!record.tag.empty()) cells.push_back(record.tag);
    for (const Field& field : record.fields) {
      std::string said = said_of(field, document_, item);
      if (field.counts)
        said = std::to_string(rows_ + (layout_.count_with_envelope ? 2 : 0));
      else if (!field.sum_field.empty())
        said = sums_[field.sum_record + "/" + field.sum_field].text();
      if (const Status good = check(record, field, said); !good) return good;
      const auto text = text_for(field, said, layout_.decimal_mark);
      if (!text) return misfit(record, field, text.error().message);
      const bool is_number = field.cell == Cell::number || field.cell == Cell::decimal;
      if (const auto number = Decimal::parse(said); is_number && number) {
        const std::size_t slash = field.name.find('/');
        edi::add_to(sums_[record.name + "/" +
                          (slash == std::string::npos ? field.name : field.name.substr(slash + 1))],
                    *number);
      }
      cells.push_back(*text);
    }
    return line(record, cells);
  }

  Status line(const Record& record, const std::vector<std::string>& cells) {
    std::string text;
    for (const std::string& cell : cells) {
      if (&cell != &cells.front()) text += layout_.separator;
      const bool plain = cell.find(layout_.separator) == std::string::npos &&
                         cell.find(layout_.quote) == std::string::npos &&
                         trimmed(cell).size() == cell.size();
      if (plain) {
        text += cell;
        continue;
      }
      if (layout_.quote == '\0')
        return Error{ErrorCode::rejected, "record " + record.name +
                                              ": a value has the separator or blanks at its ends, "
                                              "and nothing is quoted"};
      text += layout_.quote;
      for (const char c : cell) {
        if (c == layout_.quote) text += c;
        text += c;
      }
      text += layout_.quote;
    }
    if (layout_.code_page) {
      auto bytes = layout_.code_page->from_utf8(text);
      if (!bytes) return Error{ErrorCode::rejected, bytes.error().message};
      text = std::move(bytes).value();
    }
    text_ << text << layout_.line_end;
    return Done{};
  }

  const Layout& layout_;
  const Value& document_;
  std::ostringstream text_;
  edi::FixedWriter fixed_;
  std::int64_t rows_ = 0;
  std::map<std::string, Decimal> sums_;
};

}  // namespace

Result<std::string> write_file(const Layout& layout, const Value& record) {
  return Writer(layout, record).write();
}

}  // namespace underpin::legacy::file_profile
