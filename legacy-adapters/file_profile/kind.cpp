#include "legacy-adapters/file_profile/kind.h"

#include "legacy-adapters/transport/told/runner.h"
#include "legacy-adapters/transport/told/teller.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::file_profile {
namespace {

using profile::DocumentShape;
using profile::Fault;

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

Layout read_out(const profile::Operation& operation, std::vector<Fault>& faults) {
  const std::string& file = operation.file;
  Layout layout = Layout::read(operation.own, file, faults);
  const std::vector<std::string> said = layout.names();
  for (const std::string& name : said)
    if (name[0] != '$' && !contains(operation.request_names, name))
      faults.push_back({file, "/file/records", name + " is made by no field of the request"});
    else if (name[0] == '$' && name != told::change_member && name != told::today_member &&
             name != run_member)
      faults.push_back({file, "/file/records", name + " is none of $change, $today and $run"});
  for (const std::string& name : operation.request_names)
    if (!contains(said, name))
      faults.push_back({file, "/file/records",
                        "must say " + name + ", which the request makes: it would be lost"});
  for (const Record& record : layout.records) {
    std::set<std::string> lists;
    for (const Field& field : record.fields)
      if (const std::size_t slash = field.name.find('/'); slash != std::string::npos)
        lists.insert(field.name.substr(0, slash));
    if (lists.size() > 1)
      faults.push_back({file, "/file/records",
                        "a row that is written must have fields of one list: " + *lists.begin() +
                            " and " + *lists.rbegin() + " are two"});
  }
  if (layout.rows_alone())
    faults.push_back({file, "/file/records/0/list", "is for files that the ERP writes"});
  return layout;
}

Layout read_in(const profile::Document& document, std::vector<Fault>& faults) {
  const std::string& file = document.file;
  Layout layout = Layout::read(document.own, file, faults);
  const std::vector<std::string> given = layout.names();
  for (const std::string& name : document.answer_names)
    if (!covers(given, name))
      faults.push_back({file, "/answer", name + " is given by no field of a record"});
  for (const std::string& name : given) {
    if (name == run_member) {
      if (!layout.header || layout.header->find(run_member) == nullptr)
        faults.push_back({file, "/file", "$run must be in the header"});
    } else if (!contains(document.answer_names, name)) {
      faults.push_back({file, "/file/records", name + " is read by no field of the answer"});
    }
  }
  if (layout.trailer)
    for (const Field& field : layout.trailer->fields)
      if (!field.name.empty())
        faults.push_back({file, "/file/trailer",
                          field.name + " is read too late: documents are made before the trailer"});
  if (layout.complete && document.shape->name != "stock")
    faults.push_back({file, "/file/complete", "is for stock"});
  return layout;
}

const std::vector<DocumentShape>& FileKind::document_shapes() const {
  static const std::vector<DocumentShape> shapes{
      // Of the order as a whole `verdict` is accepted, changed or rejected.
      {"order_answer", told::order_answer_members(), {"/reference", "/verdict"}},
      {"shipment",
       {"/document", "/date", "/reference", "/order", "/lines/*/line", "/lines/*/sku",
        "/lines/*/quantity", "/lines/*/uom"},
       {"/document", "/date", "/reference", "/lines/*/line", "/lines/*/quantity"}},
      {"invoice",
       {"/document", "/date", "/amount", "/currency", "/reference", "/order", "/lines/*/line",
        "/lines/*/sku", "/lines/*/quantity", "/lines/*/uom"},
       {"/document", "/date", "/amount", "/reference", "/lines/*/line", "/lines/*/quantity"}},
      {"stock",
       {"/date", "/complete", "/levels/*/sku", "/levels/*/location", "/levels/*/uom",
        "/levels/*/onHand", "/levels/*/reserved", "/levels/*/available"},
       {"/levels/*/sku", "/levels/*/location", "/levels/*/onHand"}},
      {"movements",
       {"/movements/*/date", "/movements/*/document", "/movements/*/movement", "/movements/*/sku",
        "/movements/*/location", "/movements/*/quantity", "/movements/*/uom"},
       {"/movements/*/document", "/movements/*/movement", "/movements/*/sku",
        "/movements/*/location", "/movements/*/quantity"}},
      {"prices",
       {"/batch", "/prices/*/sku", "/prices/*/scope", "/prices/*/scopeCode", "/prices/*/from",
        "/prices/*/to", "/prices/*/minimumQuantity", "/prices/*/uom", "/prices/*/currency",
        "/prices/*/unitPrice"},
       {"/prices/*/sku", "/prices/*/from", "/prices/*/uom", "/prices/*/currency",
        "/prices/*/unitPrice"}},
      {"customer",
       {"/number", "/name", "/kind", "/address/name", "/address/line1", "/address/line2",
        "/address/city", "/address/postCode", "/address/region", "/address/country", "/email",
        "/phone", "/currency", "/priceGroup", "/blocked", "/deleted"},
       {"/number", "/name"}},
      {"customer_answer", {"/number", "/verdict", "/code", "/reason"}, {"/number", "/verdict"}},
      {"adjustment_answer",
       {"/movement", "/verdict", "/code", "/reason"},
       {"/movement", "/verdict"}},
  };
  return shapes;
}

std::vector<std::string_view> FileKind::told_by(const DocumentShape& shape) const {
  return told::told_by(shape.name);
}

profile::Profile::Loaded load(const std::string& folder) {
  return checked(profile::Profile::load(folder, FileKind{}));
}

profile::Profile::Loaded checked(profile::Profile::Loaded loaded) {
  if (!loaded.profile) return loaded;
  std::vector<Fault> none;
  std::vector<std::pair<const profile::Document*, Layout>> all;
  for (const profile::Document& document : loaded.profile->documents())
    all.emplace_back(&document, read_in(document, none));
  for (const auto& [document, layout] : all)
    for (const auto& [other, held] : all) {
      if (document < other && layout.name == held.name)
        loaded.faults.push_back({other->file, "/file/name", "is that of " + document->file});
      const bool both_rule = document->shape == other->shape;
      if (document < other && both_rule && layout.has(run_member) != held.has(run_member))
        loaded.faults.push_back({other->file, "/file/header",
                                 "must have $run where " + document->file +
                                     " has it, and not otherwise: which is newer is not known"});
    }
  if (!loaded.faults.empty()) loaded.profile = nullptr;
  return loaded;
}

}  // namespace underpin::legacy::file_profile
