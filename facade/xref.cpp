#include "facade/xref.h"

#include "facade/catch_up_preview.h"
#include "facade/digest.h"
#include "facade/order_content.h"

#include <algorithm>
#include <map>

namespace underpin::facade {
namespace {

using journal::DocumentRecord;
using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

constexpr std::size_t field_max = 60;
constexpr std::size_t document_max = 20;

std::string fact_of_number(const std::string& number) { return "xref/orders/number/" + number; }
std::string fact_of_document(Side side, const std::string& document) {
  return "xref/orders/" + std::string(name(side)) + "/" + document;
}

std::string write_xref(const Xref& xref) {
  Value value = Value::object();
  Value numbers = Value::array();
  for (const std::string& number : xref.numbers) numbers.push(number);
  value.set("numbers", std::move(numbers));
  value.set("legacy", xref.legacy.text());
  value.set("cloud", xref.cloud.text());
  return json::write(value);
}

std::optional<Xref> xref_in(const std::string& fact) {
  if (fact.empty()) return std::nullopt;
  const auto value = json::parse(fact);
  if (!value) return std::nullopt;
  Xref xref;
  for (const Value& number : value->get("numbers").items()) xref.numbers.push_back(number.text());
  xref.legacy = DocumentNumber{value->get("legacy").text()};
  xref.cloud = DocumentNumber{value->get("cloud").text()};
  return xref;
}

void keep(JournalTransaction& tx, const Xref& xref) {
  const std::string text = write_xref(xref);
  for (const std::string& number : xref.numbers) tx.set_fact(fact_of_number(number), text);
  for (const Side side : {Side::legacy, Side::cloud})
    if (!xref.document(side).empty())
      tx.set_fact(fact_of_document(side, xref.document(side).text()), text);
}

// Of one line, by RFC 4180; nothing when a quote is open at its end, or text follows one.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  bool closed = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += line[++i];
      } else {
        quoted = false;
        closed = true;
      }
    } else if (c == ',') {
      fields.emplace_back();
      closed = false;
    } else if (c == '"' && fields.back().empty() && !closed) {
      quoted = true;
    } else if (closed || c == '"') {
      return std::nullopt;
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

// What a number breaks; empty: nothing.
std::string broken_number(const std::string& text, std::size_t most) {
  if (text.size() > most) return "must have at most " + std::to_string(most) + " characters";
  for (const char c : text)
    if (c < 0x21 || c > 0x7e) return "must be letters, digits and signs, without blanks";
  return {};
}

class Checked {
 public:
  Checked(int line, std::vector<FieldError>& faults) : line_(line), faults_(faults) {}
  void fault(const char* field, std::string rule) {
    faults_.push_back({"line " + std::to_string(line_) + ", " + field, std::move(rule)});
    ok = false;
  }
  bool ok = true;

 private:
  const int line_;
  std::vector<FieldError>& faults_;
};

void check_order(const XrefLine& line, const std::set<std::string>& channels, Checked& checked) {
  const std::size_t slash = line.number.find('/');
  if (slash != std::string::npos) {
    const std::string channel = line.number.substr(0, slash);
    if (slash + 1 == line.number.size())
      checked.fault("number", "must name an order after the channel, like web/100042");
    if (channel.empty() || (!channels.empty() && channels.count(channel) == 0))
      checked.fault("number", "names the channel " + channel + ", which no key is configured for");
  }
  if (line.legacy.empty() && line.cloud.empty())
    checked.fault("legacy", "must be there, or cloud: a number alone names nothing");
  for (const auto& [field, value] :
       {std::pair{"legacy", line.legacy}, std::pair{"cloud", line.cloud}})
    if (const std::string broken = broken_number(value, document_max); !broken.empty())
      checked.fault(field, broken);
}

void check_customer(const XrefLine& line, Checked& checked) {
  if (line.legacy.empty()) checked.fault("legacy", "must be the customer's number");
  if (!line.cloud.empty() && line.cloud != line.legacy)
    checked.fault("cloud", "must be the legacy number, or empty: a customer has one number");
  if (const std::string broken = broken_number(line.legacy, document_max); !broken.empty())
    checked.fault("legacy", broken);
}

// The document that a line speaks of, and what stands against it.
struct Target {
  std::optional<DocumentRecord> document;
  std::optional<DocumentRecord> twin;  // The cloud's document, adopted as one of its own.
};

std::optional<DocumentRecord> document_at(const JournalReader& reader, Side side,
                                          const std::string& number) {
  if (number.empty()) return std::nullopt;
  for (const DocumentRecord& named : reader.documents_named(number)) {
    if (named.document(side).text() == number) return named;
    if (named.id.channel.empty() && named.home == side && named.id.number.text() == number)
      return named;
  }
  return std::nullopt;
}

void count_one(JournalTransaction& tx, Capability capability) {
  const std::string fact = imported_xrefs_fact(capability);
  const std::string before = tx.fact(fact);
  tx.set_fact(fact, std::to_string((before.empty() ? 0 : std::stoll(before)) + 1));
}

class Import {
 public:
  Import(JournalTransaction& tx, const std::vector<XrefLine>& lines, XrefReport& report)
      : tx_(tx), lines_(lines), report_(report) {}

  void run() {
    for (const XrefLine& line : lines_) {
      Checked checked(line.line, report_.faults);
      if (line.kind == "customer") {
        customer(line, checked);
      } else {
        order(line, checked);
      }
    }
  }

 private:
  void customer(const XrefLine& line, Checked& checked) {
    const std::string before = tx_.fact(fact_of_customer(line.number));
    if (before == line.legacy) {
      ++report_.known;
    } else if (!before.empty()) {
      checked.fault("number", "is an alias of the customer " + before + " already");
    } else {
      tx_.set_fact(fact_of_customer(line.number), line.legacy);
      count_one(tx_, Capability::customers);
      ++report_.added;
    }
  }

  void order(const XrefLine& line, Checked& checked) {
    Xref xref;
    bool known = true;
    // Everything that was imported of any of the three numbers is one order, or a conflict.
    const auto meet = [&](const char* field, const std::optional<Xref>& other) {
      if (!other) {
        known = false;
        return;
      }
      for (const Side side : {Side::legacy, Side::cloud}) {
        const std::string& ours = side == Side::legacy ? line.legacy : line.cloud;
        const DocumentNumber& theirs = other->document(side);
        if (!ours.empty() && !theirs.empty() && theirs.text() != ours)
          checked.fault(field, "is known already, of the order " + theirs.text() + " of " +
                                   std::string(name(side)));
        if (xref.document(side).empty()) (side == Side::legacy ? xref.legacy : xref.cloud) = theirs;
        known = known && (ours.empty() || theirs.text() == ours);
      }
      for (const std::string& number : other->numbers)
        if (std::find(xref.numbers.begin(), xref.numbers.end(), number) == xref.numbers.end())
          xref.numbers.push_back(number);
    };
    meet("number", xref_in(tx_.fact(fact_of_number(line.number))));
    if (!line.legacy.empty())
      meet("legacy", xref_in(tx_.fact(fact_of_document(Side::legacy, line.legacy))));
    if (!line.cloud.empty())
      meet("cloud", xref_in(tx_.fact(fact_of_document(Side::cloud, line.cloud))));
    if (!line.legacy.empty()) xref.legacy = DocumentNumber{line.legacy};
    if (!line.cloud.empty()) xref.cloud = DocumentNumber{line.cloud};
    if (std::find(xref.numbers.begin(), xref.numbers.end(), line.number) == xref.numbers.end())
      xref.numbers.push_back(line.number);
    const Target target = target_of(line, checked);
    if (!checked.ok) return;
    if (known) {
      ++report_.known;
      return;
    }
    ++report_.added;
    count_one(tx_, Capability::orders);
    keep(tx_, xref);
    if (target.twin) tx_.forget_document(target.twin->id);
    if (target.document) put_with_xref(tx_, *target.document);
  }

  Target target_of(const XrefLine& line, Checked& checked) {
    Target target;
    const auto by_identity = line.number.find('/') == std::string::npos
                                 ? std::nullopt
                                 : tx_.document(*order_id_of(line.number));
    const auto by_legacy = document_at(tx_, Side::legacy, line.legacy);
    const auto by_cloud = document_at(tx_, Side::cloud, line.cloud);
    target.document = by_identity ? by_identity : by_legacy ? by_legacy : by_cloud;
    if (!target.document) return target;
    if (by_legacy && by_legacy->id != target.document->id)
      checked.fault("legacy", "is the order " + order_subject(by_legacy->id) + " already");
    if (by_cloud && by_cloud->id != target.document->id) {
      // Its feed met it before the import said whose it is.
      const bool adopted = by_cloud->id.channel.empty() && by_cloud->home == Side::cloud &&
                           !by_cloud->mirrored && by_cloud->content.empty() && by_legacy;
      if (adopted) {
        target.twin = by_cloud;
      } else {
        checked.fault("cloud", "is the order " + order_subject(by_cloud->id) + " already");
      }
    }
    for (const Side side : {Side::legacy, Side::cloud}) {
      const std::string& ours = side == Side::legacy ? line.legacy : line.cloud;
      const std::string& theirs = target.document->document(side).text();
      if (!ours.empty() && !theirs.empty() && ours != theirs)
        checked.fault(side == Side::legacy ? "legacy" : "cloud",
                      "must be " + theirs + ", as " + order_subject(target.document->id) +
                          " is called there");
    }
    return target;
  }

  JournalTransaction& tx_;
  const std::vector<XrefLine>& lines_;
  XrefReport& report_;
};

}  // namespace

std::vector<XrefLine> read_xref(std::string_view csv, int first_line,
                                const std::set<std::string>& channels,
                                std::vector<FieldError>& faults) {
  std::vector<XrefLine> lines;
  std::map<std::string, int> seen;  // A number names one order, whatever else the line says.
  int number = first_line - 1;
  for (std::size_t from = 0; from < csv.size();) {
    const std::size_t end = std::min(csv.find('\n', from), csv.size());
    std::string_view text = csv.substr(from, end - from);
    from = end + 1;
    ++number;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.empty() || text.front() == '#') continue;
    Checked checked(number, faults);
    const auto fields = fields_of(text);
    if (!fields || fields->size() != 4) {
      checked.fault("whole", "must be kind,number,legacy,cloud");
      continue;
    }
    XrefLine line{number, (*fields)[0], (*fields)[1], (*fields)[2], (*fields)[3]};
    if (line.kind != "order" && line.kind != "customer")
      checked.fault("kind", "must be order or customer");
    if (line.number.empty()) checked.fault("number", "must be there");
    if (const std::string broken = broken_number(line.number, field_max); !broken.empty())
      checked.fault("number", broken);
    if (line.kind == "order") check_order(line, channels, checked);
    if (line.kind == "customer") check_customer(line, checked);
    const auto [before, first] = seen.emplace(line.kind + " " + line.number, number);
    if (!first && checked.ok) {
      const auto other = std::find_if(lines.begin(), lines.end(), [&](const XrefLine& one) {
        return one.line == before->second;
      });
      if (other != lines.end() && (other->legacy != line.legacy || other->cloud != line.cloud))
        checked.fault("number", "names something else in line " + std::to_string(before->second));
    }
    if (checked.ok) lines.push_back(std::move(line));
  }
  return lines;
}

std::optional<Xref> order_xref(const JournalReader& reader, const ChannelId& channel,
                               const std::string& number) {
  auto xref = xref_in(reader.fact(fact_of_number(channel.text() + "/" + number)));
  return xref ? xref : xref_in(reader.fact(fact_of_number(number)));
}

std::optional<Xref> order_xref(const JournalReader& reader, Side side,
                               const DocumentNumber& document) {
  return xref_in(reader.fact(fact_of_document(side, document.text())));
}

void put_with_xref(JournalTransaction& tx, DocumentRecord document) {
  std::optional<Xref> xref;
  for (const Side side : {Side::legacy, Side::cloud}) {
    DocumentNumber number = document.document(side);
    if (number.empty() && document.id.channel.empty() && document.home == side)
      number = DocumentNumber{document.id.number.text()};
    if (!xref && !number.empty()) xref = order_xref(tx, side, number);
  }
  if (!xref) xref = xref_in(tx.fact(fact_of_number(order_subject(document.id))));
  if (xref) {
    for (const Side side : {Side::legacy, Side::cloud})
      if (document.document(side).empty() && !xref->document(side).empty())
        document.set_document(side, xref->document(side));
  }
  tx.put_document(document);
  if (!xref) return;
  for (const std::string& number : xref->numbers)
    if (number != order_subject(document.id)) tx.add_alias(document.id, number);
}

std::string fact_of_customer(const std::string& alias) { return "xref/customers/" + alias; }

CustomerNumber canonical_customer(const JournalReader& reader, const CustomerNumber& number) {
  const std::string known = reader.fact(fact_of_customer(number.text()));
  return known.empty() ? number : CustomerNumber{known};
}

Result<XrefReport> XrefImport::run(std::string_view csv, int first_line, bool dry_run,
                                   const Act& act) {
  XrefReport report;
  const std::vector<XrefLine> lines = read_xref(csv, first_line, systems_.channels, report.faults);
  if (!report.faults.empty()) return report;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    report = {};
    Import(tx, lines, report).run();
    if (!report.faults.empty() || dry_run || report.added == 0) return false;
    AuditNote note;
    note.kind = "xref_imported";
    note.actor = act.actor;
    note.about = "cross-references";
    note.detail.set("reason", act.reason);
    note.detail.set("added", Value::integer(report.added));
    note.detail.set("known", Value::integer(report.known));
    note.detail.set("firstLine", Value::integer(first_line));
    note.detail.set("sha256", sha256_hex(std::string(csv)));
    pen.add(note);
    return true;
  });
  if (!written && written.error().code != ErrorCode::conflict) return written.error();
  return report;
}

}  // namespace underpin::facade
