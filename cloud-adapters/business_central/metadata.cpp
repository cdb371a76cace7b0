#include "cloud-adapters/business_central/metadata.h"

#include "contracts/decimal.h"
#include "contracts/time.h"

#include <algorithm>
#include <set>
#include <string>

namespace underpin::cloud::business_central {
namespace {

// The attribute's value within a tag; empty when it is not there.
std::string_view attribute(std::string_view tag, std::string_view name) {
  const std::string start = " " + std::string(name) + "=\"";
  const std::size_t begin = tag.find(start);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = tag.find('"', begin + start.size());
  if (end == std::string_view::npos) return {};
  return tag.substr(begin + start.size(), end - begin - start.size());
}

// The text from the first `<element ... attribute="value"` to `to`, which closes it.
std::string_view element(std::string_view text, std::string_view start, std::string_view key,
                         std::string_view value, std::string_view to) {
  std::size_t at = 0;
  while ((at = text.find(start, at)) != std::string_view::npos) {
    const std::string_view tag = text.substr(at, text.find('>', at) - at);
    if (attribute(tag, key) == value) {
      const std::size_t end = to.empty() ? at + tag.size() : text.find(to, at);
      return text.substr(at, end == std::string_view::npos ? end : end - at);
    }
    at += start.size();
  }
  return {};
}

// The type of an entity set; empty when the service has none of that name.
std::string_view type_of_set(std::string_view csdl, std::string_view set_name) {
  const std::string_view set = element(csdl, "<EntitySet ", "Name", set_name, {});
  std::string_view type_name = attribute(set, "EntityType");
  const std::size_t dot = type_name.rfind('.');
  if (dot != std::string_view::npos) type_name.remove_prefix(dot + 1);
  return type_name.empty() ? std::string_view()
                           : element(csdl, "<EntityType ", "Name", type_name, "</EntityType>");
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// What the value breaks of the property's type; empty: nothing.
std::string broken_rule(std::string_view property, const json::Value& value) {
  const std::string_view type = attribute(property, "Type");
  if (type == "Edm.Decimal" || type == "Edm.Int32")
    return value.is_number() ? "" : "must be a number";
  if (type == "Edm.Boolean") return value.as_bool() ? "" : "must be true or false";
  if (!value.is_string()) return "must be a text";
  const std::string_view length = attribute(property, "MaxLength");
  // "max" is a length, too: any.
  const auto most = Decimal::parse(std::string(length));
  if (most && Decimal::of(static_cast<std::int64_t>(characters(value.text()))) > *most)
    return "must have at most " + std::string(length) + " characters";
  if (type == "Edm.Date" && !Date::parse(value.text())) return "must be a date";
  if (type == "Edm.Guid" && value.text().size() != 36) return "must be a GUID";
  return "";
}

void check_record(std::string_view csdl, std::string_view type, const std::string& at,
                  const json::Value& record, std::vector<FieldError>& faults) {
  for (const json::Member& member : record.members()) {
    const std::string pointer = json::pointer_to(at, member.key);
    const std::string_view property = element(type, "<Property ", "Name", member.key, {});
    if (!property.empty()) {
      std::string broken = broken_rule(property, member.value);
      if (!broken.empty()) faults.push_back({pointer, std::move(broken)});
      continue;
    }
    // "Collection(Microsoft.NAV.salesOrderLine)"
    const std::string_view navigation =
        element(type, "<NavigationProperty ", "Name", member.key, {});
    std::string_view target = attribute(navigation, "Type");
    const std::size_t dot = target.rfind('.');
    if (dot != std::string_view::npos) target.remove_prefix(dot + 1);
    if (!target.empty() && target.back() == ')') target.remove_suffix(1);
    const std::string_view target_type =
        target.empty() ? std::string_view()
                       : element(csdl, "<EntityType ", "Name", target, "</EntityType>");
    if (target_type.empty() || !member.value.is_array()) {
      faults.push_back({pointer, "is no property that the service knows"});
      continue;
    }
    for (std::size_t i = 0; i < member.value.items().size(); ++i)
      check_record(csdl, target_type, json::pointer_to(pointer, i), member.value.items()[i],
                   faults);
  }
}

std::set<std::string_view> property_names(std::string_view type) {
  std::set<std::string_view> names;
  for (const std::string_view start : {"<Property ", "<NavigationProperty "}) {
    std::size_t at = 0;
    while ((at = type.find(start, at)) != std::string_view::npos) {
      names.insert(attribute(type.substr(at, type.find('>', at) - at), "Name"));
      at += start.size();
    }
  }
  return names;
}

}  // namespace

std::vector<NeededSet> needed_of_v2() {
  return {
      {"companies", "id name"},
      {"customers",
       "id number displayName type addressLine1 addressLine2 city state country postalCode "
       "phoneNumber email currencyCode blocked lastModifiedDateTime"},
      {"items", "id number"},
      {"locations", "id code"},
      {"salesOrders",
       "id number externalDocumentNumber orderDate customerNumber customerName shipToName "
       "sellToAddressLine1 sellToAddressLine2 sellToCity sellToCountry sellToState sellToPostCode "
       "shipToAddressLine1 shipToAddressLine2 shipToCity shipToCountry shipToState shipToPostCode "
       "currencyCode pricesIncludeTax requestedDeliveryDate totalTaxAmount totalAmountIncludingTax "
       "status lastModifiedDateTime salesOrderLines"},
      {"salesOrderLines",
       "id documentId sequence lineType lineObjectNumber description description2 "
       "unitOfMeasureCode quantity unitPrice discountAmount taxCode taxPercent netAmount "
       "netTaxAmount shipmentDate shippedQuantity invoicedQuantity locationId"},
      {"salesShipments",
       "id number externalDocumentNumber postingDate customerNumber orderNumber "
       "lastModifiedDateTime salesShipmentLines"},
      {"salesShipmentLines", "sequence lineType lineObjectNumber quantity"},
      {"salesInvoices",
       "id number externalDocumentNumber postingDate customerNumber orderNumber totalTaxAmount "
       "totalAmountIncludingTax lastModifiedDateTime salesInvoiceLines"},
      {"salesInvoiceLines",
       "sequence lineType lineObjectNumber description description2 unitOfMeasureCode quantity "
       "unitPrice discountAmount taxCode taxPercent netAmount netTaxAmount locationId"},
  };
}

std::vector<NeededSet> needed_of_returns() {
  return {{"salesCreditMemos",
           "id number externalDocumentNumber creditMemoDate customerNumber currencyCode status "
           "invoiceNumber customerReturnReasonId salesCreditMemoLines"},
          {"salesCreditMemoLines",
           "sequence lineType lineObjectNumber description description2 unitOfMeasureCode quantity "
           "unitPrice discountAmount locationId"},
          {"customerReturnReasons", "id code"}};
}

NeededSet needed_of_postings() {
  return {"generalLedgerEntries",
          "entryNumber postingDate documentNumber documentType accountNumber debitAmount "
          "creditAmount"};
}

std::vector<NeededSet> needed_of_site(const Pages& pages) {
  return {
      {pages.releases, "orderId status"},
      {pages.reopens, "orderId status"},
      {pages.archive,
       "id orderId orderNumber externalDocumentNumber customerNumber currencyCode orderDate "
       "archivedAt reason lines"},
      {pages.promotions,
       "id orderId lineSequence promotionCode promotionVersion amount description"},
      {pages.stock, "itemNumber locationCode unitOfMeasureCode inventory outstandingSalesQuantity"},
      {pages.journal,
       "entryNumber documentNumber itemNumber locationCode entryType quantity postingDate "
       "reasonCode"},
      {pages.ledger,
       "entryNumber itemNumber locationCode quantity documentNumber systemModifiedAt"},
      {pages.prices,
       "itemNumber salesType salesCode minimumQuantity unitPrice startingDate endingDate "
       "currencyCode unitOfMeasureCode priceIncludesTax zone lastModifiedDateTime"},
      {pages.price_batches, "batchId mode rowCount hashTotal rows deletions"},
      {pages.customer_pricing, "customerNumber priceGroup lastModifiedDateTime"},
      {pages.quotes, "customerNumber currencyCode at netAmount lines"},
  };
}

std::vector<Finding> check_metadata(std::string_view csdl, std::string_view service,
                                    const std::vector<NeededSet>& needed) {
  std::vector<Finding> findings;
  for (const NeededSet& one : needed) {
    Finding finding{true, std::string(service) + " " + std::string(one.set), {}};
    const std::string_view type = type_of_set(csdl, one.set);
    if (type.empty()) {
      finding.ok = false;
      finding.detail = "$metadata lists no entity set of that name";
    } else {
      const std::set<std::string_view> names = property_names(type);
      std::string_view rest = one.properties;
      while (!rest.empty()) {
        const std::string_view property = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(property.size() + 1, rest.size()));
        if (names.count(property) != 0) continue;
        finding.ok = false;
        finding.detail += (finding.detail.empty() ? "missing: " : ", ") + std::string(property);
      }
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<FieldError> check_message(std::string_view csdl, std::string_view set,
                                      const json::Value& message) {
  std::vector<FieldError> faults;
  const std::string_view type = type_of_set(csdl, set);
  if (type.empty()) {
    faults.push_back({"", "the service has no entity set " + std::string(set)});
  } else {
    check_record(csdl, type, "", message, faults);
  }
  return faults;
}

}  // namespace underpin::cloud::business_central
