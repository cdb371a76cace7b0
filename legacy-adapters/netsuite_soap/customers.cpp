#include "legacy-adapters/netsuite_soap/customers.h"

#include "legacy-adapters/netsuite_soap/change_cursor.h"

#include <algorithm>
#include <chrono>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr const char* customer_type = "listRel:Customer";
constexpr std::size_t name_max = 83;       // Of companyName.
constexpr std::size_t name_part_max = 32;  // Of firstName and lastName.

// Of UTF-8.
std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

const Node* default_address(const Node& record) {
  const Node* any = nullptr;
  for (const Node& entry : record.get("addressbookList").children) {
    if (entry.bool_of("defaultShipping")) return &entry;
    if (any == nullptr) any = &entry;
  }
  return any;
}

CustomerBlock block_of(const Node& record) {
  if (record.bool_of("isInactive")) return CustomerBlock::all;
  return record.text_of("creditHoldOverride") == "_on" ? CustomerBlock::ship : CustomerBlock::none;
}

bool open_or(const std::string& wanted, const std::string& actual) {
  return wanted.empty() || wanted == actual;
}

bool same_address(const std::optional<Address>& wanted, const std::optional<Address>& actual,
                  const std::string& customer_name) {
  if (!wanted) return true;
  const Address& a = *wanted;
  const Address b = actual.value_or(Address{});
  const std::string name = a.name.empty() ? customer_name : a.name;
  return name == b.name && a.line1 == b.line1 && a.line2 == b.line2 && a.city == b.city &&
         a.post_code == b.post_code && a.region == b.region && a.country == b.country;
}

// True when `actual` says what `wanted` asks for; what it leaves open is the ERP's to fill.
bool says(const Customer& actual, const Customer& wanted) {
  return actual.name == wanted.name && open_or(wanted.kind, actual.kind) &&
         actual.email == wanted.email && actual.phone == wanted.phone &&
         open_or(wanted.currency, actual.currency) &&
         open_or(wanted.price_group, actual.price_group) &&
         same_address(wanted.address, actual.address, wanted.name);
}

// What was there and shall not be: an address that is changed keeps what is not named.
bool clears(const Address& wanted, const Address& actual) {
  return (wanted.line2.empty() && !actual.line2.empty()) ||
         (wanted.region.empty() && !actual.region.empty()) ||
         (wanted.line1.empty() && !actual.line1.empty()) ||
         (wanted.city.empty() && !actual.city.empty()) ||
         (wanted.post_code.empty() && !actual.post_code.empty()) ||
         (wanted.country.empty() && !actual.country.empty());
}

// Ours have their number as external id; the others are shown with it: "C10001 Ada Lovelace".
std::string deleted_number(const Node& reference) {
  if (!reference.attribute("externalId").empty()) return reference.attribute("externalId");
  const std::string& name = reference.text_of("name");
  return name.substr(0, name.find(' '));
}

// NetSuite has one word for a customer that gets nothing more on credit.
CustomerBlock kept_as(CustomerBlock block) {
  return block == CustomerBlock::invoice ? CustomerBlock::ship : block;
}

}  // namespace

std::optional<Node> Customers::find(const CustomerNumber& number, const CallContext& context) {
  std::optional<Node> found;
  suite_.search_all(search_record("platformCommon:CustomerSearchBasic",
                                  search_text("platformCommon:entityId", "is", number.text())),
                    context, [&](const Node& record) {
                      if (record.text_of("entityId") != number.text()) return true;
                      found = record;
                      return false;
                    });
  return found;
}

Node Customers::required(const CustomerNumber& number, const CallContext& context) {
  std::optional<Node> found = find(number, context);
  if (!found) throw Failure{{ErrorCode::not_found, "NetSuite has no customer " + number.text()}};
  return std::move(*found);
}

Customer Customers::customer_of(const Node& record, const CallContext& context) {
  Customer customer;
  customer.number = CustomerNumber(record.text_of("entityId"));
  customer.kind = record.bool_of("isPerson") ? "person" : "company";
  customer.name = record.text_of("companyName");
  if (customer.name.empty()) {
    const std::string& first = record.text_of("firstName");
    customer.name = first + (first.empty() ? "" : " ") + record.text_of("lastName");
  }
  if (const Node* entry = default_address(record)) {
    customer.address = address_of(suite_, entry->get("addressbookAddress"), {});
  }
  customer.email = record.text_of("email");
  customer.phone = record.text_of("phone");
  customer.currency = references_.currency_code(record.id_of("currency"), context).value_or("");
  const std::string level = record.name_of("priceLevel");
  const std::string* group = from_vendor(suite_.settings().price_groups, level);
  customer.price_group = group == nullptr ? level : *group;
  customer.blocked = block_of(record);
  customer.updated_at = record.time_of("lastModifiedDate");
  customer.revision = Revision(record.text_of("lastModifiedDate"));
  return customer;
}

CustomerReceipt Customers::receipt_of(const Node& record) const {
  return {CustomerNumber(record.text_of("entityId")),
          DocumentNumber(record.attribute("internalId")),
          Revision(record.text_of("lastModifiedDate"))};
}

// companyName holds the whole name, also of a person: that is what is searched, and read back.
void Customers::write_name(Xml& xml, const Customer& customer) const {
  if (characters(customer.name) > name_max)
    throw rejected("the name is longer than NetSuite keeps", "/name",
                   "must have at most 83 characters");
  xml.leaf("listRel:companyName", customer.name);
  if (customer.kind != "person") return;
  const std::size_t blank = customer.name.rfind(' ');
  const std::string first = blank == std::string::npos ? "" : customer.name.substr(0, blank);
  const std::string last =
      blank == std::string::npos ? customer.name : customer.name.substr(blank + 1);
  if (characters(first) > name_part_max || characters(last) > name_part_max)
    throw rejected("a person's first or last name is longer than NetSuite keeps", "/name",
                   "must have a last word, and words before it, of at most 32 characters");
  if (!first.empty()) xml.leaf("listRel:firstName", first);
  xml.leaf("listRel:lastName", last);
}

void Customers::write_address_book(Xml& xml, const Customer& customer, const Node* there) const {
  const Node* entry = there == nullptr ? nullptr : default_address(*there);
  std::optional<Address> actual;
  if (entry != nullptr) actual = address_of(suite_, entry->get("addressbookAddress"), {});
  if (same_address(customer.address, actual, customer.name)) return;
  Address address = *customer.address;
  if (address.name.empty()) address.name = customer.name;
  if (actual && clears(address, *actual)) entry = nullptr;  // A new one becomes the default.
  // The other addresses of the book are nobody's here: they stay.
  xml.open("listRel:addressbookList", {{"replaceAll", "false"}}).open("listRel:addressbook");
  xml.flag("listRel:defaultShipping", true).flag("listRel:defaultBilling", true);
  write_address(xml, "listRel:addressbookAddress", suite_, address, "/address");
  if (entry != nullptr) xml.leaf("listRel:internalId", entry->text_of("internalId"));
  xml.close().close();
}

std::string Customers::record_of(const Customer& customer, const Node* there, bool with_block,
                                 const CallContext& context) {
  const Settings& settings = suite_.settings();
  Xml xml;
  if (there == nullptr)
    xml.open("platformMsgs:record",
             {{"xsi:type", customer_type}, {"externalId", customer.number.text()}});
  else
    xml.open("platformMsgs:record",
             {{"xsi:type", customer_type}, {"internalId", there->attribute("internalId")}});
  // An empty element changes nothing: what shall be blank is named.
  if (there != nullptr && (customer.phone.empty() || customer.email.empty())) {
    xml.open("platformCore:nullFieldList");
    if (customer.phone.empty()) xml.leaf("platformCore:name", "phone");
    if (customer.email.empty()) xml.leaf("platformCore:name", "email");
    xml.close();
  }
  if (there == nullptr) xml.leaf("listRel:entityId", customer.number.text());
  if (!customer.kind.empty()) xml.flag("listRel:isPerson", customer.kind == "person");
  write_name(xml, customer);
  if (!customer.phone.empty()) xml.leaf("listRel:phone", customer.phone);
  if (!customer.email.empty()) xml.leaf("listRel:email", customer.email);
  if (with_block) xml.flag("listRel:isInactive", customer.blocked == CustomerBlock::all);
  if (there == nullptr && !settings.subsidiary.empty())
    xml.ref("listRel:subsidiary", settings.subsidiary);
  if (!customer.price_group.empty()) {
    const std::string* name = to_vendor(settings.price_groups, customer.price_group);
    const auto level =
        references_.price_level(name == nullptr ? customer.price_group : *name, context);
    if (!level)
      throw rejected("NetSuite has no price level " + customer.price_group, "/priceGroup",
                     "must be a price level of the ERP");
    xml.ref("listRel:priceLevel", *level);
  }
  if (!customer.currency.empty()) {
    const auto currency = references_.currency(customer.currency, context);
    if (!currency)
      throw rejected("NetSuite has no currency " + customer.currency, "/currency",
                     "must be a currency of the ERP");
    xml.ref("listRel:currency", *currency);
  }
  if (with_block)
    xml.leaf("listRel:creditHoldOverride",
             kept_as(customer.blocked) == CustomerBlock::ship ? "_on" : "_auto");
  write_address_book(xml, customer, there);
  return xml.close().text();
}

// It was written; only a look-up may say so. A script of the account's may have undone the codes:
// the save succeeds all the same. Texts are not looked at, because NetSuite has formats of its own.
CustomerReceipt Customers::written(const Customer& wanted, bool with_block,
                                   const CallContext& context) {
  try {
    const Node record = required(wanted.number, context);
    const Customer kept = customer_of(record, context);
    if (!open_or(wanted.price_group, kept.price_group) ||
        (with_block && kept.blocked != kept_as(wanted.blocked)))
      throw Failure{{ErrorCode::outcome_unknown, "NetSuite saved customer " + wanted.number.text() +
                                                     " without its price group or its block"}};
    return receipt_of(record);
  } catch (const Failure& failure) {
    Error error = failure.error;
    error.code = ErrorCode::outcome_unknown;
    throw Failure{error};
  }
}

CustomerReceipt Customers::saved_all_the_same(const Customer& wanted, bool with_block,
                                              const Node* before, const Failure& refused,
                                              const CallContext& context) {
  std::optional<Node> now;
  try {
    now = find(wanted.number, context);
    if (now) {
      const Customer kept = customer_of(*now, context);
      if (says(kept, wanted) && (!with_block || kept.blocked == kept_as(wanted.blocked)))
        return receipt_of(*now);
    }
  } catch (const Failure&) {
    throw unknown(refused.error);
  }
  const bool as_before = !now || (before != nullptr && now->text_of("lastModifiedDate") ==
                                                           before->text_of("lastModifiedDate"));
  throw as_before ? refused : unknown(refused.error);
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    std::optional<Node> there = find(customer.number, context);
    if (!there) {
      try {
        const bool with_block = context.role == Role::mirror;
        const auto make = [&] { return record_of(customer, nullptr, with_block, context); };
        references_.write("add", make(), make, context);
        return written(customer, with_block, context);
      } catch (const Failure& failure) {
        if (failure.error.code == ErrorCode::rejected)
          return saved_all_the_same(customer, context.role == Role::mirror, nullptr, failure,
                                    context);
        if (failure.error.code != ErrorCode::conflict) throw;
        there = find(customer.number, context);
        if (!there) throw;  // Somebody else's: NetSuite compares numbers without case.
      }
    }
    if (!says(customer_of(*there, context), customer))
      throw Failure{{ErrorCode::conflict,
                     "customer " + customer.number.text() + " exists with other content"}};
    return receipt_of(*there);
  });
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal,
                 [&] { return customer_of(required(number, context), context); });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    for (int attempt = 0;; ++attempt) {
      const Node there = required(number, context);
      const Customer actual = customer_of(there, context);
      if (!expected.empty() && actual.revision != expected)
        throw Failure{
            {ErrorCode::conflict, "customer " + number.text() + " has been changed meanwhile"}};
      Customer wanted = actual;
      if (amendment.name) wanted.name = *amendment.name;
      if (amendment.address) wanted.address = *amendment.address;
      if (amendment.email) wanted.email = *amendment.email;
      if (amendment.phone) wanted.phone = *amendment.phone;
      if (amendment.price_group) wanted.price_group = *amendment.price_group;
      if (says(actual, wanted)) return receipt_of(there);
      try {
        const auto make = [&] { return record_of(wanted, &there, false, context); };
        references_.write("update", make(), make, context);
      } catch (const Failure& failure) {
        if (failure.error.code == ErrorCode::conflict && attempt == 0) continue;
        if (failure.error.code != ErrorCode::rejected) throw;
        return saved_all_the_same(wanted, false, &there, failure, context);
      }
      return written(wanted, false, context);
    }
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    for (int attempt = 0;; ++attempt) {
      const std::optional<Node> there = find(customer.number, context);
      if (there) {
        const Customer actual = customer_of(*there, context);
        if (says(actual, customer) && actual.blocked == kept_as(customer.blocked))
          return receipt_of(*there);
      }
      try {
        // Absolute: an upsert overwrites what an attempt of before may have made meanwhile.
        const auto make = [&] {
          return record_of(customer, there ? &*there : nullptr, true, context);
        };
        references_.write(there ? "update" : "upsert", make(), make, context);
      } catch (const Failure& failure) {
        if (failure.error.code == ErrorCode::conflict && attempt == 0) continue;
        if (failure.error.code != ErrorCode::rejected) throw;
        return saved_all_the_same(customer, true, there ? &*there : nullptr, failure, context);
      }
      return written(customer, true, context);
    }
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    std::string fields;
    if (query.name) fields += search_text("platformCommon:companyName", "contains", *query.name);
    if (query.email) fields += search_text("platformCommon:email", "is", *query.email);
    const int limit = std::clamp(query.limit, 1, suite_.settings().page_size);
    const Slice slice =
        read_slice(suite_, search_record("platformCommon:CustomerSearchBasic", fields),
                   query.cursor, limit, context);
    Page<Customer> page;
    page.next = slice.next;
    for (const Node& record : slice.records) page.items.push_back(customer_of(record, context));
    return page;
  });
}

Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    ChangeCursor position = ChangeCursor::read(cursor);
    ChangePage<CustomerChange> changes;
    changes.as_of = Timestamp::from(std::chrono::system_clock::now());
    const auto gone = [&](const Node& reference, Timestamp when) {
      const std::string number = deleted_number(reference);
      // Made again under its number, or another record's: the customer is there.
      if (!number.empty() && !find(CustomerNumber(number), context))
        changes.items.push_back({CustomerNumber(number), true, when});
    };
    const ChangeSource source{[](const std::string& since) {
                                return search_record("platformCommon:CustomerSearchBasic", since);
                              },
                              false, "customer", gone};
    const bool complete = read_changes(
        suite_, source, position, changes.as_of, context, [&](const Node& record, Timestamp when) {
          changes.items.push_back({CustomerNumber(record.text_of("entityId")), false, when});
        });
    changes.next = position.write();
    changes.more = !complete;
    return changes;
  });
}

}  // namespace underpin::legacy::netsuite_soap
