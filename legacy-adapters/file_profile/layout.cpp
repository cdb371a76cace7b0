#include "legacy-adapters/file_profile/layout.h"

#include <algorithm>
#include <map>
#include <set>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;
using profile::Fault;

const std::map<std::string, edi::FieldKind, std::less<>>& fixed_kinds() {
  static const std::map<std::string, edi::FieldKind, std::less<>> kinds{
      {"text", edi::FieldKind::text},
      {"right_text", edi::FieldKind::right_text},
      {"number", edi::FieldKind::number},
      {"trailing_sign", edi::FieldKind::signed_text},
      {"overpunched", edi::FieldKind::overpunched},
      {"packed", edi::FieldKind::packed},
      {"CYYMMDD", edi::FieldKind::century_date},
      {"CCYYMMDD", edi::FieldKind::plain_date}};
  return kinds;
}

bool is_day_form(const std::string& text) {
  const auto once = [&](std::string_view part) {
    const std::size_t at = text.find(part);
    return at != std::string::npos && text.find(part, at + 1) == std::string::npos;
  };
  return once("YYYY") && once("MM") && once("DD") && text.size() <= 10 &&
         text.find_first_not_of("YMD-/. ") == std::string::npos;
}

class Reader {
 public:
  Reader(const Value& own, const std::string& file, std::vector<Fault>& faults)
      : own_(own), file_(file), faults_(faults) {}

  Layout read() {
    only(own_, "/file",
         {"name", "suffix", "form", "encoding", "separator", "quote", "decimal_mark", "column_row",
          "line_end", "record_bytes", "ebcdic", "tag_at", "complete", "count_includes", "header",
          "records", "trailer", "note"});
    read_form();
    tag_at_ = whole(own_, "/file", "tag_at", 1, 1, 32'000);
    if (own_.find("header") != nullptr)
      layout_.header = record_of(own_.get("header"), "/file/header", false);
    if (own_.find("trailer") != nullptr)
      layout_.trailer = record_of(own_.get("trailer"), "/file/trailer", true);
    const Value& records = own_.get("records");
    if (!records.is_array() || records.empty() || records.size() > 50)
      fault("/file/records", "must be a list of 1 to 50 records");
    for (std::size_t i = 0; i < records.size() && i < 50; ++i)
      layout_.records.push_back(
          record_of(records.items()[i], json::pointer_to("/file/records", i), false));
    check_records();
    check_sums();
    const std::string& includes = own_.get("count_includes").text();
    layout_.count_with_envelope = includes == "envelope";
    if (!includes.empty() && includes != "records" && includes != "envelope")
      fault("/file/count_includes", "must be records or envelope");
    if (layout_.delimited)
      check_delimited();
    else
      make_fixed();
    return std::move(layout_);
  }

 private:
  void fault(const std::string& at, const std::string& rule) {
    faults_.push_back({file_, at, rule});
  }
  void only(const Value& value, const std::string& at, const std::vector<std::string_view>& known) {
    if (!value.is_object()) fault(at, "must be an object");
    for (const json::Member& member : value.members())
      if (std::find(known.begin(), known.end(), member.key) == known.end())
        fault(json::pointer_to(at, member.key), "is not known here");
  }
  std::size_t whole(const Value& object, const std::string& at, const char* key,
                    std::size_t otherwise, std::int64_t least, std::int64_t most) {
    const Value* value = object.find(key);
    if (value == nullptr) return otherwise;
    const auto number = value->as_int();
    if (!value->is_number() || !number || *number < least || *number > most) {
      fault(at + "/" + key,
            "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
      return otherwise;
    }
    return static_cast<std::size_t>(*number);
  }
  bool flag(const Value& object, const std::string& at, const char* key) {
    const Value* value = object.find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) fault(at + "/" + key, "must be true or false");
    return value->is_boolean() && *value->as_bool();
  }
  std::string text(const Value& object, const std::string& at, const char* key) {
    const Value* value = object.find(key);
    if (value != nullptr && !value->is_string()) fault(at + "/" + key, "must be a text");
    return object.get(key).text();
  }
  char character(const char* key, char otherwise) {
    const Value* value = own_.find(key);
    if (value == nullptr) return otherwise;
    const std::string& said = value->text();
    if (said == "none" && std::string_view(key) == "quote") return '\0';
    if (said == "tab") return '\t';
    if (said.size() != 1 || static_cast<unsigned char>(said[0]) >= 0x80 || said[0] == '\n' ||
        said[0] == '\r')
      fault(std::string("/file/") + key, "must be one ASCII character");
    return said.empty() ? otherwise : said[0];
  }

  void read_form() {
    layout_.name = text(own_, "/file", "name");
    const auto is_name = [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    };
    if (layout_.name.empty() || layout_.name.size() > 40 ||
        !std::all_of(layout_.name.begin(), layout_.name.end(), is_name))
      fault("/file/name", "must be what the files' names begin with: letters, digits, _ and -");
    layout_.suffix = text(own_, "/file", "suffix");
    if (layout_.suffix.size() > 20 || layout_.suffix.find('/') != std::string::npos)
      fault("/file/suffix", "must be how the files' names end: \".txt\"");
    const std::string form = text(own_, "/file", "form");
    layout_.delimited = form == "delimited";
    if (form != "fixed" && form != "delimited") fault("/file/form", "must be fixed or delimited");
    for (const char* key : {"separator", "quote", "column_row"})
      if (!layout_.delimited && own_.find(key) != nullptr)
        fault(std::string("/file/") + key, "is for delimited files");
    for (const char* key : {"record_bytes", "ebcdic", "tag_at"})
      if (layout_.delimited && own_.find(key) != nullptr)
        fault(std::string("/file/") + key, "is for fixed records");
    layout_.separator = character("separator", ';');
    layout_.quote = character("quote", '"');
    layout_.decimal_mark = character("decimal_mark", '.');
    if (layout_.decimal_mark != '.' && layout_.decimal_mark != ',')
      fault("/file/decimal_mark", "must be . or ,");
    if (layout_.delimited && layout_.separator == layout_.quote)
      fault("/file/quote", "must not be the separator");
    layout_.column_row = flag(own_, "/file", "column_row");
    layout_.complete = flag(own_, "/file", "complete");
    const std::string end = text(own_, "/file", "line_end");
    if (end == "CRLF") layout_.line_end = "\r\n";
    if (!end.empty() && end != "LF" && end != "CRLF") fault("/file/line_end", "must be LF or CRLF");
    const std::string encoding = text(own_, "/file", "encoding");
    if (encoding.empty() || encoding == "UTF-8") return;
    if (auto page = edi::CodePage::of(encoding))
      layout_.code_page = std::move(page).value();
    else
      fault("/file/encoding", page.error().message);
  }

  Record record_of(const Value& value, const std::string& at, bool trailer) {
    Record record;
    only(value, at, {"name", "tag", "list", "key", "fields", "note"});
    record.tag = text(value, at, "tag");
    record.name = text(value, at, "name");
    if (record.name.empty()) record.name = record.tag.empty() ? "record" : record.tag;
    record.list = text(value, at, "list");
    for (const Value& one : value.get("key").items()) record.key.push_back(one.text());
    const Value& fields = value.get("fields");
    if (!fields.is_array() || fields.size() > Layout::fields_max)
      fault(at + "/fields", "must be a list of fields");
    for (std::size_t i = 0; i < fields.size() && i < Layout::fields_max; ++i)
      record.fields.push_back(
          field_of(fields.items()[i], json::pointer_to(at + "/fields", i), record, trailer));
    std::set<std::string> names;
    for (const Field& field : record.fields)
      if (!field.name.empty() && !names.insert(field.name).second)
        fault(at + "/fields", field.name + " is there twice");
    for (const std::string& key : record.key)
      if (record.find(key) == nullptr) fault(at + "/key", key + " is none of its fields");
    return record;
  }

  Field field_of(const Value& value, const std::string& at, const Record& record, bool trailer) {
    Field field;
    only(value, at,
         {"field", "column", "at", "width", "as", "places", "is", "count", "sum", "note"});
    field.name = text(value, at, "field");
    field.column = text(value, at, "column");
    if (value.find("is") != nullptr) field.is = text(value, at, "is");
    field.counts = flag(value, at, "count");
    const std::string sum = text(value, at, "sum");
    if ((field.counts || !sum.empty()) && !trailer)
      fault(at, "counts and sums stand in the trailer");
    if (!sum.empty()) {
      const std::size_t slash = sum.find('/');
      if (slash == std::string::npos) {
        fault(at + "/sum", "must name a record and its field: \"L/quantity\"");
      } else {
        field.sum_record = sum.substr(0, slash);
        field.sum_field = sum.substr(slash + 1);
      }
    }
    const int says = int{!field.name.empty()} + int{field.is.has_value()} + int{field.counts} +
                     int{!sum.empty()};
    if (says != 1) fault(at, "must have one of field, is, count and sum");
    if (!field.name.empty() && !record.list.empty() && field.name[0] != '$')
      field.name = record.list + "/" + field.name;
    if (field.column.empty())
      field.column = text(value, at, "field").empty() ? "column" : text(value, at, "field");
    read_cell(value, at, field);
    return field;
  }

  void read_cell(const Value& value, const std::string& at, Field& field) {
    std::string as = text(value, at, "as");
    if (as.empty()) as = field.counts || !field.sum_field.empty() ? "number" : "text";
    field.place.name = field.name.empty() ? at : field.name;
    field.place.places = static_cast<int>(whole(value, at, "places", 0, 0, 9));
    if (as == "decimal") {
      field.cell = Cell::decimal;
    } else if (is_day_form(as)) {
      field.cell = Cell::day;
      field.day_form = as;
    } else if (const auto kind = fixed_kinds().find(as); kind == fixed_kinds().end()) {
      fault(at + "/as",
            "must be text, right_text, number, decimal, trailing_sign, overpunched, packed, "
            "CYYMMDD, CCYYMMDD or a form of days such as DD.MM.YYYY");
    } else if (!layout_.delimited) {
      field.cell = Cell::fixed;
      field.place.kind = kind->second;
    } else if (as == "number") {
      field.cell = Cell::number;
    } else if (as == "CCYYMMDD") {
      field.cell = Cell::day;
      field.day_form = "YYYYMMDD";
    } else if (as != "text") {
      fault(at + "/as", "is for fixed records");
    }
    for (const char* key : {"at", "width"}) {
      if (layout_.delimited && value.find(key) != nullptr)
        fault(at + "/" + key, "is for fixed records");
      if (!layout_.delimited && value.find(key) == nullptr)
        fault(at, std::string("must have ") + key);
    }
    if (layout_.delimited) return;
    field.place.offset = whole(value, at, "at", 1, 1, 32'000) - 1;
    field.place.width = whole(value, at, "width", 1, 1, 32'000);
    if (field.cell == Cell::decimal) field.place.kind = edi::FieldKind::right_text;
  }

  void check_records() {
    if (layout_.header.has_value() != layout_.trailer.has_value() && !layout_.delimited)
      fault("/file", "must have header and trailer, or none of both");
    std::set<std::string> tags;
    std::set<std::string> names;
    bool begins = false;
    for (std::size_t i = 0; i < layout_.records.size(); ++i) {
      const Record& record = layout_.records[i];
      const std::string at = json::pointer_to("/file/records", i);
      if (layout_.records.size() > 1 && record.tag.empty())
        fault(at, "must have a tag, which tells it from the others");
      if (!tags.insert(record.tag).second) fault(at + "/tag", "is another record's");
      if (!names.insert(record.name).second) fault(at + "/name", "is another record's");
      if (record.list.empty() && record.key.empty()) begins = true;
      if (!record.key.empty() && layout_.records.size() > 1)
        fault(at + "/key", "is for files with one kind of record");
      for (const Field& field : record.fields) {
        const bool nested = field.name.find('/') != std::string::npos;
        if (nested && record.list.empty() && record.key.empty())
          fault(at, field.name + " must be in a record of that list, or have a key beside it");
        if (std::count(field.name.begin(), field.name.end(), '/') > 1)
          fault(at, field.name + " must be at most in one list");
      }
    }
    const bool lists = std::any_of(layout_.records.begin(), layout_.records.end(),
                                   [](const Record& one) { return !one.list.empty(); });
    const bool alone = !begins && lists;
    if (begins && lists && !layout_.records.front().list.empty())
      fault("/file/records/0", "must be the record that begins a document");
    if (alone && layout_.records.size() > 1)
      fault("/file/records", "must have a record without list, which begins a document");
    for (const auto* record : {&layout_.header, &layout_.trailer})
      if (*record &&
          ((*record)->tag.empty() || !(*record)->list.empty() || !(*record)->key.empty()))
        fault(record == &layout_.header ? "/file/header" : "/file/trailer",
              "must have a tag, and neither list nor key");
    if ((layout_.header || layout_.trailer) && layout_.delimited &&
        std::any_of(layout_.records.begin(), layout_.records.end(),
                    [](const Record& one) { return one.tag.empty(); }))
      fault("/file/records/0", "must have a tag where there is a header or a trailer");
    check_tags();
    if (layout_.column_row && (layout_.header || layout_.trailer || layout_.records.size() != 1))
      fault("/file/column_row", "is for files with one kind of record and nothing else");
  }

  // A record is what its tag says: no other one's may be taken for it.
  void check_tags() {
    std::vector<const Record*> all;
    for (const Record& record : layout_.records) all.push_back(&record);
    for (const auto* envelope : {&layout_.header, &layout_.trailer})
      if (*envelope) all.push_back(&**envelope);
    for (const Record* one : all)
      for (const Record* other : all) {
        if (one == other || one->tag.empty() || other->tag.empty()) continue;
        const bool same = one->tag == other->tag;
        if (same ? one < other : !layout_.delimited && other->tag.rfind(one->tag, 0) == 0)
          fault("/file",
                "the tag " + other->tag + " begins as that of another record, " + one->tag);
      }
  }

  void check_sums() {
    if (!layout_.trailer) return;
    for (const Field& field : layout_.trailer->fields) {
      if (field.sum_field.empty()) continue;
      const auto summed =
          std::find_if(layout_.records.begin(), layout_.records.end(),
                       [&](const Record& one) { return one.name == field.sum_record; });
      const Field* of = summed == layout_.records.end() ? nullptr
                        : summed->list.empty()          ? summed->find(field.sum_field)
                                               : summed->find(summed->list + "/" + field.sum_field);
      if (of == nullptr || of->cell == Cell::text || of->cell == Cell::day)
        fault("/file/trailer", field.sum_record + "/" + field.sum_field +
                                   " must be a number of a record of that name");
    }
  }

  void check_delimited() {
    if (layout_.decimal_mark == layout_.separator && layout_.quote == '\0')
      fault("/file/decimal_mark", "must not be the separator where nothing is quoted");
    if (!layout_.column_row || layout_.records.empty()) return;
    std::set<std::string> columns;
    for (const Field& field : layout_.records.front().fields)
      if (!columns.insert(field.column).second)
        fault("/file/records/0", "has the column " + field.column + " twice");
  }

  void make_fixed() {
    edi::FixedFormat& fixed = layout_.fixed;
    fixed.fixed_bytes = whole(own_, "/file", "record_bytes", 0, 1, 32'000);
    fixed.code_page = layout_.code_page;
    fixed.ebcdic = flag(own_, "/file", "ebcdic");
    fixed.characters = !layout_.code_page && fixed.fixed_bytes == 0;
    fixed.record_bytes = 32'000;
    fixed.count_with_envelope = layout_.count_with_envelope;
    const auto table_of = [&](const Record& record) {
      edi::RecordLayout table;
      table.name = record.name;
      table.tag = record.tag;
      table.tag_offset = tag_at_ - 1;
      for (const Field& field : record.fields) table.fields.push_back(field.place);
      return table;
    };
    for (const Record& record : layout_.records) fixed.records.push_back(table_of(record));
    if (layout_.header) fixed.header = table_of(*layout_.header);
    if (layout_.trailer) {
      fixed.trailer = table_of(*layout_.trailer);
      for (const Field& field : layout_.trailer->fields) {
        if (field.counts) fixed.count_field = field.place.name;
        if (field.sum_field.empty()) continue;
        const auto summed =
            std::find_if(layout_.records.begin(), layout_.records.end(),
                         [&](const Record& one) { return one.name == field.sum_record; });
        if (summed == layout_.records.end()) return;  // Has been said.
        fixed.hash_totals.push_back(
            {field.place.name, field.sum_record,
             summed->list.empty() ? field.sum_field : summed->list + "/" + field.sum_field});
      }
    }
    if (const Status good = edi::check(fixed); !good) fault("/file", good.error().message);
  }

  const Value& own_;
  const std::string& file_;
  std::vector<Fault>& faults_;
  std::size_t tag_at_ = 1;
  Layout layout_;
};

}  // namespace

const Field* Record::find(std::string_view field) const {
  for (const Field& one : fields)
    if (one.name == field) return &one;
  return nullptr;
}

Layout Layout::read(const Value& own, const std::string& file, std::vector<Fault>& faults) {
  return Reader(own, file, faults).read();
}

std::vector<std::string> Layout::names() const {
  std::set<std::string> all;
  const auto add = [&](const Record& record) {
    for (const Field& field : record.fields)
      if (!field.name.empty()) all.insert(field.name);
  };
  for (const Record& record : records) add(record);
  if (header) add(*header);
  if (trailer) add(*trailer);
  return {all.begin(), all.end()};
}

bool Layout::has(std::string_view member) const {
  const std::vector<std::string> all = names();
  return std::find(all.begin(), all.end(), member) != all.end();
}

bool Layout::rows_alone() const { return records.size() == 1 && !records.front().list.empty(); }

}  // namespace underpin::legacy::file_profile
