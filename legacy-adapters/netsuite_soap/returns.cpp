#include "legacy-adapters/netsuite_soap/returns.h"

#include "contracts/external_reference.h"

#include <algorithm>
#include <array>
#include <set>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr std::size_t return_reference_max = 45;

// Of ReturnAuthorization.orderStatus; a closed one goes by what was received and credited.
constexpr std::array<std::pair<std::string_view, ReturnStatus>, 7> statuses{{
    {"_pendingApproval", ReturnStatus::open},
    {"_pendingReceipt", ReturnStatus::open},
    {"_partiallyReceived", ReturnStatus::received},
    {"_pendingRefundPartReceived", ReturnStatus::received},
    {"_pendingRefund", ReturnStatus::received},
    {"_refunded", ReturnStatus::credited},
    {"_cancelled", ReturnStatus::cancelled},
}};

std::string at(std::size_t index, const char* member) {
  return "/lines/" + std::to_string(index) + "/" + member;
}

bool any_of_rows(const Node& record, std::string_view member) {
  const std::vector<Node>& rows = record.get("itemList").children;
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Node& row) { return !row.decimal_of(member).is_zero(); });
}

ReturnStatus status_of(const Node& record) {
  const std::string& status = record.text_of("orderStatus");
  for (const auto& [word, meaning] : statuses)
    if (word == status) return meaning;
  if (any_of_rows(record, "quantityBilled")) return ReturnStatus::credited;
  return any_of_rows(record, "quantityReceived") ? ReturnStatus::received : ReturnStatus::cancelled;
}

void custom_field(Xml& xml, const char* type, const std::string& script_id,
                  const std::string& value) {
  xml.open("platformCore:customField", {{"xsi:type", type}, {"scriptId", script_id}})
      .leaf("platformCore:value", value)
      .close();
}

}  // namespace

ReturnReference Returns::read(const Node& record) const {
  const Settings& settings = suite_.settings();
  ReturnReference made;
  if (const auto id = decode_return_reference(record.attribute("externalId")))
    made.number = id->number;
  made.document = DocumentNumber(record.text_of("tranId"));
  made.date = record.day_of("tranDate").value_or(Date{});
  made.status = status_of(record);
  for (const Node& row : record.get("itemList").children) {
    if (row.name != "item" || row.id_of("item") == settings.discount_item) continue;
    ReturnedLine line;
    const std::string& number = netsuite_soap::custom_field(row, settings.fields.line);
    const Result<Decimal> channel = Decimal::parse(number);
    // Of another's return the field says nothing of an order's lines.
    if (!made.number.empty() && channel && channel->scale() == 0 && number.size() <= 4)
      line.line = static_cast<int>(channel->coefficient());
    line.sku = Sku(row.name_of("item"));
    line.quantity = row.decimal_of("quantity");
    const std::string& reason = netsuite_soap::custom_field(row, settings.fields.reason);
    const std::string* ours = from_vendor(settings.return_reasons, reason);
    line.reason = ours == nullptr ? reason : *ours;
    made.lines.push_back(std::move(line));
  }
  return made;
}

std::optional<ReturnReference> Returns::under(const std::string& reference,
                                              const CallContext& context) {
  const std::optional<Node> record = suite_.get("returnAuthorization", {}, reference, context);
  if (!record) return std::nullopt;
  return read(*record);
}

std::vector<std::string> Returns::invoices_of(const std::string& order,
                                              const CallContext& context) {
  std::vector<std::string> ids;
  suite_.search_all(search_record("platformCommon:TransactionSearchBasic",
                                  search_any("platformCommon:createdFrom", {order}) +
                                      search_words("platformCommon:type", {"_invoice"})),
                    context, [&](const Node& record) {
                      ids.push_back(record.attribute("internalId"));
                      return true;
                    });
  return ids;
}

std::optional<std::string> Returns::invoice(const DocumentNumber& number,
                                            const CallContext& context) {
  std::optional<std::string> id;
  suite_.search_all(search_record("platformCommon:TransactionSearchBasic",
                                  search_text("platformCommon:tranId", "is", number.text()) +
                                      search_words("platformCommon:type", {"_invoice"})),
                    context, [&](const Node& record) {
                      if (record.text_of("tranId") != number.text()) return true;
                      id = record.attribute("internalId");
                      return false;
                    });
  return id;
}

void Returns::write_row(Xml& rows, const ReturnLine& line, std::size_t index, const Document* order,
                        const CallContext& context) {
  const Settings& settings = suite_.settings();
  const std::string* reason = to_vendor(settings.return_reasons, line.reason);
  if (reason == nullptr)
    throw rejected("the reason " + line.reason + " has no text in NetSuite", at(index, "reason"),
                   "must be a reason that the ERP's settings map");
  if (line.quantity.normalized().scale() > 5)
    throw rejected("a quantity has more than five decimals", at(index, "quantity"),
                   "must have at most five decimals");
  if (line.unit_price.normalized().scale() > 8)
    throw rejected("a price has more than eight decimals", at(index, "unitPrice"),
                   "must have at most eight decimals");
  if (line.discount.normalized().scale() > 2)
    throw rejected("a discount has more than two decimals", at(index, "discount"),
                   "must be whole cents");
  const auto item = references_.item(line.sku.text(), context);
  if (!item)
    throw rejected("NetSuite has no article " + line.sku.text(), at(index, "sku"),
                   "must name an article of the ERP");
  rows.open("tranCust:item").ref("tranCust:item", *item);
  rows.leaf("tranCust:quantity", line.quantity);
  if (!line.uom.empty() && line.uom != settings.base_uom) {
    const std::string* unit = to_vendor(settings.uom, line.uom);
    if (unit == nullptr)
      throw rejected("the unit " + line.uom + " has no unit in NetSuite", at(index, "uom"),
                     "must be a unit that the ERP's settings map");
    rows.ref("tranCust:units", *unit);
  }
  if (!line.description.empty()) rows.leaf("tranCust:description", line.description);
  rows.ref("tranCust:price", custom_price).leaf("tranCust:rate", line.unit_price);
  if (!line.location.empty()) {
    const auto place = references_.location(line.location.text(), context);
    if (!place)
      throw rejected("NetSuite has no location " + line.location.text(), at(index, "location"),
                     "must name a location of the ERP");
    rows.ref("tranCust:location", *place);
  }
  const DocumentLine* sold = order == nullptr ? nullptr : order->line(line.number);
  if (sold != nullptr) rows.leaf("tranCust:orderLine", sold->key);
  rows.open("tranCust:customFieldList");
  custom_field(rows, "platformCore:LongCustomFieldRef", settings.fields.line,
               std::to_string(line.number));
  custom_field(rows, "platformCore:StringCustomFieldRef", settings.fields.reason, *reason);
  rows.close().close();
  if (line.discount.is_zero()) return;
  if (settings.discount_item.empty())
    throw rejected("the settings name no item for discounts", at(index, "discount"),
                   "must be nothing");
  // Discounts are lines of their own: each lowers the amount of the line above it.
  rows.open("tranCust:item").ref("tranCust:item", settings.discount_item);
  rows.leaf("tranCust:quantity", Decimal::of(1));
  rows.ref("tranCust:price", custom_price).leaf("tranCust:rate", -line.discount).close();
}

std::string Returns::record_of(const OrderReturn& asked, const std::string& reference,
                               const CallContext& context) {
  if (asked.prices_include_tax)
    throw Failure{{ErrorCode::unsupported, "NetSuite's documents hold prices without tax"}};
  const std::optional<Document> order = documents_.by_id(asked.order, context);
  Xml rows;
  for (std::size_t i = 0; i < asked.lines.size(); ++i)
    write_row(rows, asked.lines[i], i, order ? &*order : nullptr, context);
  const auto customer = references_.customer(asked.customer.text(), context);
  if (!customer)
    throw rejected("NetSuite has no customer " + asked.customer.text(), "/customer",
                   "must name a customer of the ERP");
  // A credit is applied to one invoice: which of several it shall be, accounting knows.
  std::optional<std::string> source;
  if (asked.invoices.size() == 1) source = invoice(asked.invoices.front(), context);
  if (!source && order) source = order->internal_id;
  Xml xml;
  xml.open("platformMsgs:record",
           {{"xsi:type", "tranCust:ReturnAuthorization"}, {"externalId", reference}});
  xml.ref("tranCust:entity", *customer).day("tranCust:tranDate", asked.date);
  if (source) xml.ref("tranCust:createdFrom", *source);
  xml.leaf("tranCust:orderStatus", "_pendingReceipt");
  xml.leaf("tranCust:otherRefNum", reference);
  // A document that it is made from has one; a customer has another, maybe.
  if (!source && !asked.currency.empty()) {
    const auto currency = references_.currency(asked.currency, context);
    if (!currency)
      throw rejected("NetSuite has no currency " + asked.currency, "/currency",
                     "must be a currency of the ERP");
    xml.ref("tranCust:currency", *currency);
  }
  xml.open("tranCust:itemList", {{"replaceAll", "true"}}).raw(rows.text()).close();
  return xml.close().text();
}

Result<ReturnReceipt> Returns::place_return(const OrderReturn& asked, const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&]() -> ReturnReceipt {
    const std::string reference =
        must(encode_return_reference(asked.order, asked.number, return_reference_max));
    const auto answer = [&](const ReturnReference& made) {
      if (!repeats(asked, made))
        throw Failure{{ErrorCode::conflict, "NetSuite has another return under " + reference +
                                                ": " + made.document.text()}};
      return ReturnReceipt{asked.order, ReceiptState::confirmed, made};
    };
    if (const auto there = under(reference, context)) return answer(*there);
    const auto make = [&] { return record_of(asked, reference, context); };
    const std::string record = make();
    std::optional<Failure> refused;
    try {
      references_.write("add", record, make, context);
    } catch (const Failure& failure) {
      // An earlier attempt was faster: NetSuite refuses a second one under the reference.
      if (!may_be_saved(failure)) throw;
      refused = failure;
    }
    std::optional<ReturnReference> made;
    try {
      made = under(reference, context);
    } catch (const Failure& failure) {
      throw unknown(failure.error);
    }
    if (!made && refused && refused->error.code == ErrorCode::rejected) throw *refused;
    if (!made)
      throw Failure{{ErrorCode::outcome_unknown, "the return was added and cannot be found"}};
    if (!refused && !repeats(asked, *made))
      throw Failure{{ErrorCode::outcome_unknown, "NetSuite saved return " + made->document.text() +
                                                     " without all that was asked for"}};
    return answer(*made);
  });
}

Result<ReturnReceipt> Returns::find_return(const OrderId& order, const ReturnNumber& number,
                                           const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&]() -> ReturnReceipt {
    const auto made =
        under(must(encode_return_reference(order, number, return_reference_max)), context);
    if (!made) throw Failure{{ErrorCode::not_found, "NetSuite has no such return"}};
    return {order, ReceiptState::confirmed, *made};
  });
}

Result<std::vector<ReturnReference>> Returns::returns_of(const ReturnsOf& whose,
                                                         const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    std::vector<ReturnReference> returns;
    std::set<std::string> seen;
    const auto take = [&](const std::string& filter) {
      suite_.search_all(
          search_record("platformCommon:TransactionSearchBasic",
                        filter + search_words("platformCommon:type", {"_returnAuthorization"})),
          context, [&](const Node& record) {
            // NetSuite compares texts without case.
            const auto id = decode_return_reference(record.attribute("externalId"));
            if (id && id->order != whose.order) return true;
            if (seen.insert(record.attribute("internalId")).second) returns.push_back(read(record));
            return true;
          });
    };
    std::vector<std::string> sources;
    if (!whose.order.empty()) {
      const std::string order = must(encode_external_reference(whose.order, reference_max));
      take(search_text("platformCommon:externalIdString", "startsWith", order + "#"));
      if (const auto document = documents_.by_id(whose.order, context)) {
        sources = invoices_of(document->internal_id, context);
        sources.push_back(document->internal_id);
      }
    }
    // Those of an order that is known here have been found with it.
    if (sources.empty())
      for (const DocumentNumber& number : whose.invoices)
        if (const auto id = invoice(number, context)) sources.push_back(*id);
    if (!sources.empty()) take(search_any("platformCommon:createdFrom", sources));
    return returns;
  });
}

}  // namespace underpin::legacy::netsuite_soap
