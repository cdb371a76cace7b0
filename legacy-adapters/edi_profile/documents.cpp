#include "legacy-adapters/edi_profile/documents.h"

#include "legacy-adapters/transport/told/runner.h"
#include "legacy-adapters/transport/told/teller.h"

#include <algorithm>
#include <map>

namespace underpin::legacy::edi_profile {
namespace {

using json::Value;
using profile::DocumentShape;
using profile::Fault;

bool is_set(const std::string& text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void only(const Value& value, const std::vector<std::string_view>& known, const std::string& file,
          std::vector<Fault>& faults) {
  for (const json::Member& member : value.members())
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      faults.push_back({file, json::pointer_to("/edi", member.key), "is not known here"});
}

bool is_message(const std::string& text) {
  return text.size() == 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string set_of(const Value& own, const std::string& file, std::vector<Fault>& faults) {
  if (const Value* message = own.find("message")) {
    if (own.find("set") != nullptr)
      faults.push_back({file, "/edi", "must have either set or message"});
    if (!is_message(message->text()) || message->text() == "CONTRL")
      faults.push_back({file, "/edi/message", "must be a message that is no CONTRL: \"ORDERS\""});
    return message->text();
  }
  const std::string& set = own.get("set").text();
  if (!is_set(set)) faults.push_back({file, "/edi/set", "must be a set's number: \"850\""});
  if (set == "997" || set == "999")
    faults.push_back({file, "/edi/set", "must not be an acknowledgement: these are understood"});
  return set;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "lines/sku" is given where "lines" or "lines/sku" is.
bool covers(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) {
    return one == name || (one.size() > name.size() && one.rfind(name + "/", 0) == 0);
  });
}

}  // namespace

SetOut read_out(const profile::Operation& operation, std::vector<Fault>& faults) {
  const Value& own = operation.own;
  const std::string& file = operation.file;
  only(own,
       {"set", "group", "implementation", "message", "release", "association", "answered_by",
        "segments", "note"},
       file, faults);
  SetOut out;
  out.edifact = own.find("message") != nullptr;
  if (const Value* release = own.find("release")) out.release = release->text();
  out.association = own.get("association").text();
  out.set = set_of(own, file, faults);
  out.group = own.get("group").text();
  if (!out.edifact && out.group.size() != 2)
    faults.push_back({file, "/edi/group", "must be a functional identifier: \"PO\""});
  out.implementation = own.get("implementation").text();
  const std::string& by = own.get("answered_by").text();
  out.acknowledged_only = by == "acknowledgement";
  if (!by.empty() && by != "document" && !out.acknowledged_only)
    faults.push_back({file, "/edi/answered_by", "must be document or acknowledgement"});
  out.layout = Layout::read(own.get("segments"), "/edi/segments", file, faults);
  const std::vector<std::string> said = out.layout.names();
  for (const std::string& name : said)
    if (name[0] != '$' && !contains(operation.request_names, name))
      faults.push_back({file, "/edi/segments", name + " is made by no field of the request"});
    else if (name[0] == '$' && name != told::change_member && name != told::today_member)
      faults.push_back({file, "/edi/segments", name + " is none of $change and $today"});
  for (const std::string& name : operation.request_names)
    if (!contains(said, name))
      faults.push_back({file, "/edi/segments",
                        "must say " + name + ", which the request makes: it would be lost"});
  return out;
}

SetIn read_in(const profile::Document& document, std::vector<Fault>& faults) {
  const Value& own = document.own;
  only(own, {"set", "message", "segments", "note"}, document.file, faults);
  SetIn in;
  in.edifact = own.find("message") != nullptr;
  in.set = set_of(own, document.file, faults);
  in.layout = Layout::read(own.get("segments"), "/edi/segments", document.file, faults);
  in.layout.reads_decimal_comma(in.edifact);
  const std::vector<std::string> given = in.layout.names();
  for (const std::string& name : document.answer_names)
    if (!covers(given, name))
      faults.push_back({document.file, "/answer", name + " is given by no segment"});
  for (const std::string& name : given)
    if (!contains(document.answer_names, name))
      faults.push_back(
          {document.file, "/edi/segments", name + " is read by no field of the answer"});
  return in;
}

std::vector<Fault> of_other_syntax(const profile::Profile& profile, bool edifact) {
  std::vector<Fault> faults;
  std::map<std::string, std::string> files;  // By what they read.
  for (const profile::Document& document : profile.documents()) {
    const Value* message = document.own.find("message");
    const std::string set = (message != nullptr ? *message : document.own.get("set")).text();
    if (const auto [there, is_first] = files.emplace(set, document.file); !is_first)
      faults.push_back({document.file, "/edi", "reads " + set + " as " + there->second + " does"});
  }
  const auto check = [&](const std::string& file, const Value& own) {
    if (!own.is_null() && (own.find("message") != nullptr) != edifact)
      faults.push_back({file, "/edi",
                        edifact ? "must be a message of EDIFACT, as the others are"
                                : "must be a set of X12, as the others are"});
  };
  for (const auto& [name, operation] : profile.operations()) check(operation.file, operation.own);
  for (const profile::Document& document : profile.documents()) check(document.file, document.own);
  return faults;
}

bool is_edifact(const profile::Profile& profile) {
  for (const auto& [name, operation] : profile.operations())
    if (!operation.own.is_null()) return operation.own.find("message") != nullptr;
  return !profile.documents().empty() && profile.documents().front().own.find("message") != nullptr;
}

const std::vector<DocumentShape>& EdiKind::document_shapes() const {
  static const std::vector<DocumentShape> shapes{
      // `verdict` is accepted, changed or rejected; of a line and of its schedules it may be
      // absent.
      {"order_answer", told::order_answer_members(), {"/reference", "/verdict"}},
      {"shipment",
       {"/document", "/date", "/orders/*/reference", "/orders/*/document", "/orders/*/lines/*/line",
        "/orders/*/lines/*/sku", "/orders/*/lines/*/quantity", "/orders/*/lines/*/uom"},
       {"/document", "/date", "/orders/*/reference", "/orders/*/lines/*/line",
        "/orders/*/lines/*/quantity"}},
      {"invoice",
       {"/document", "/date", "/amount", "/currency", "/reference", "/order", "/lines/*/line",
        "/lines/*/sku", "/lines/*/quantity", "/lines/*/uom"},
       {"/document", "/date", "/amount", "/reference", "/lines/*/line", "/lines/*/quantity"}},
      {"stock",
       {"/date", "/complete", "/levels/*/sku", "/levels/*/location", "/levels/*/uom",
        "/levels/*/onHand", "/levels/*/reserved", "/levels/*/available"},
       {"/levels/*/sku", "/levels/*/location", "/levels/*/onHand"}},
      // What stands higher holds for all below that says nothing else.
      {"prices",
       {"/batch", "/currency", "/uom", "/from", "/to", "/taxIncluded", "/items/*/sku",
        "/items/*/currency", "/items/*/uom", "/items/*/from", "/items/*/to",
        "/items/*/prices/*/scope", "/items/*/prices/*/scopeCode", "/items/*/prices/*/from",
        "/items/*/prices/*/to", "/items/*/prices/*/minimumQuantity", "/items/*/prices/*/uom",
        "/items/*/prices/*/currency", "/items/*/prices/*/unitPrice"},
       {"/batch", "/items/*/sku", "/items/*/prices/*/unitPrice"}},
      {"movements",
       {"/movements/*/date", "/movements/*/document", "/movements/*/movement", "/movements/*/sku",
        "/movements/*/location", "/movements/*/quantity", "/movements/*/uom"},
       {"/movements/*/document", "/movements/*/movement", "/movements/*/sku",
        "/movements/*/location", "/movements/*/quantity"}},
  };
  return shapes;
}

std::vector<std::string_view> EdiKind::told_by(const DocumentShape& shape) const {
  return told::told_by(shape.name);
}

}  // namespace underpin::legacy::edi_profile
