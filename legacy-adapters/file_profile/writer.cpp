#include "legacy-adapters/file_profile/records.h"

#include "legacy-adapters/transport/edi/amounts.h"

#include <algorithm>
#include <sstream>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;

Error wrong(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

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
    if (rows_ == 0) return Error{ErrorCode::rejected, "there is nothing that a record would say"};
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
        const std::size_t list = record.list.empty() ? 0 : record.list.size() + 1;
        edi::add_to(sums_[record.name + "/" + field.name.substr(list)], *number);
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
                         (cell.empty() || (cell.front() != ' ' && cell.back() != ' '));
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
