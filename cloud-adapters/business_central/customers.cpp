#include "cloud-adapters/business_central/customers.h"

#include "cloud-adapters/business_central/changes.h"
#include "contracts/json/codec.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

namespace underpin::cloud::business_central {
namespace {

constexpr std::array<std::string_view, 6> address_properties{
    "addressLine1", "addressLine2", "city", "postalCode", "state", "country"};

// Lower case for ASCII and for the letters of Latin-1, as names and mail addresses have them.
std::string lower_case(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 'A' && c <= 'Z') {
      text[i] = static_cast<char>(c + 0x20);
    } else if (c == 0xC3 && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next <= 0x9E && next != 0x97)
        text[i + 1] = static_cast<char>(next + 0x20);
    }
  }
  return text;
}

// True when `record` says what `asked` asks for; what it leaves open is the ERP's to fill.
bool says(const Customer& record, const Customer& asked) {
  const auto open = [](const std::string& wanted, const std::string& actual) {
    return wanted.empty() || wanted == actual;
  };
  Address wanted = asked.address.value_or(Address{});
  const Address actual = record.address.value_or(Address{});
  return record.name == asked.name && open(asked.kind, record.kind) &&
         record.email == asked.email && record.phone == asked.phone &&
         open(asked.currency, record.currency) && wanted.line1 == actual.line1 &&
         wanted.line2 == actual.line2 && wanted.city == actual.city &&
         wanted.post_code == actual.post_code && wanted.region == actual.region &&
         wanted.country == actual.country;
}

}  // namespace

json::Value Customers::pricing_of(const std::string& number, const CallContext& context) {
  return site_.get(site_.page(site_.settings().pages.customer_pricing, context) + "('" +
                       odata::percent_encoded(number) + "')",
                   context);
}

std::optional<Customers::Record> Customers::find(const CustomerNumber& number,
                                                 const CallContext& context) {
  odata::Query query;
  query.filter = odata::eq("number", number.text());
  std::optional<json::Value> card =
      site_.find_first(site_.v2("customers", context) + query.text(), context);
  if (!card) return std::nullopt;
  return Record{std::move(*card), pricing_of(number.text(), context)};
}

Customer Customers::customer_of(const Record& record) const {
  Customer customer = must(json::from_json<Customer>(must(fields_.from_vendor(record.card))));
  customer.price_group = text_of(record.pricing, "priceGroup");
  customer.updated_at = std::max(time_of(record.card, "lastModifiedDateTime"),
                                 time_of(record.pricing, "lastModifiedDateTime"));
  customer.revision = Revision(etag_of(record.card) + "|" + etag_of(record.pricing));
  return customer;
}

CustomerReceipt Customers::receipt_of(const Record& record) const {
  return {CustomerNumber(text_of(record.card, "number")),
          DocumentNumber(text_of(record.card, "id")),
          Revision(etag_of(record.card) + "|" + etag_of(record.pricing))};
}

json::Value Customers::card_of(const Customer& customer, bool with_block) const {
  json::Value card = must(fields_.to_vendor(json::to_json(customer)));
  for (const std::string_view name : address_properties)
    if (card.find(name) == nullptr) card.set(name, "");
  for (const std::string_view name : {"email", "phoneNumber"})
    if (card.find(name) == nullptr) card.set(name, "");
  if (!with_block) card.erase("blocked");
  return card;
}

// The new customer's record; nothing when the number exists already.
std::optional<Customers::Record> Customers::create(const Customer& customer,
                                                   const WriteContext& context) {
  const Result<odata::Answer> made = site_.client().send(
      "POST", site_.v2("customers", context), card_of(customer, context.role == Role::mirror), {},
      odata::Effect::absolute, context);
  if (!made) {
    if (made.error().vendor_code == "Internal_EntityWithSameKeyExists") return std::nullopt;
    throw Failure{made.error()};
  }
  Record record{made->body, {}};
  try {
    record.pricing = pricing_of(customer.number.text(), context);
    bool wrote = false;
    save(record, json::Value::object(), customer.price_group, wrote, context);
  } catch (const Failure& failure) {
    // The card is there; a repeat completes it.
    Error error = failure.error;
    if (disposition(error.code) == Disposition::retry) error.code = ErrorCode::outcome_unknown;
    throw Failure{error};
  }
  return record;
}

void Customers::save(Record& record, const json::Value& card,
                     const std::optional<std::string>& price_group, bool& wrote,
                     const CallContext& context) {
  const auto patch = [&](const std::string& url, const json::Value& body, json::Value& into) {
    const Result<odata::Answer> answer =
        site_.client().send("PATCH", url, body, etag_of(into), odata::Effect::absolute, context);
    if (!answer) throw Failure{answer.error()};
    into = answer->body;
    wrote = true;
  };
  json::Value changed = json::Value::object();
  for (const json::Member& member : card.members())
    if (!(record.card.get(member.key) == member.value)) changed.set(member.key, member.value);
  changed.erase("number");
  if (!changed.empty())
    patch(site_.v2("customers", context) + "(" + text_of(record.card, "id") + ")", changed,
          record.card);
  if (price_group && *price_group != text_of(record.pricing, "priceGroup")) {
    json::Value body = json::Value::object();
    body.set("priceGroup", *price_group);
    patch(site_.page(site_.settings().pages.customer_pricing, context) + "('" +
              odata::percent_encoded(text_of(record.card, "number")) + "')",
          body, record.pricing);
  }
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    std::optional<Record> record = find(customer.number, context);
    if (!record) {
      record = create(customer, context);
      if (record) return receipt_of(*record);
      record = find(customer.number, context);  // Somebody else was faster, or an earlier attempt.
    }
    if (!record)
      throw Failure{site_.failed(ErrorCode::outcome_unknown, "the customer came and went")};
    const Customer existing = customer_of(*record);
    if (!says(existing, customer) ||
        (!existing.price_group.empty() && existing.price_group != customer.price_group)) {
      throw Failure{site_.failed(ErrorCode::conflict, "customer " + customer.number.text() +
                                                          " exists with other content")};
    }
    bool wrote = false;
    save(*record, json::Value::object(), customer.price_group, wrote, context);
    return receipt_of(*record);
  });
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    const std::optional<Record> record = find(number, context);
    if (!record)
      throw Failure{
          site_.failed(ErrorCode::not_found, "Business Central has no customer " + number.text())};
    return customer_of(*record);
  });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    bool wrote = false;
    for (int attempt = 0;; ++attempt) {
      std::optional<Record> record = find(number, context);
      if (!record)
        throw Failure{site_.failed(ErrorCode::not_found,
                                   "Business Central has no customer " + number.text())};
      Customer wanted = customer_of(*record);
      if (!expected.empty() && !wrote && wanted.revision != expected)
        throw Failure{site_.failed(ErrorCode::conflict,
                                   "customer " + number.text() + " has been changed meanwhile")};
      if (amendment.name) wanted.name = *amendment.name;
      if (amendment.address) wanted.address = *amendment.address;
      if (amendment.email) wanted.email = *amendment.email;
      if (amendment.phone) wanted.phone = *amendment.phone;
      try {
        save(*record, card_of(wanted, false), amendment.price_group, wrote, context);
        return receipt_of(*record);
      } catch (const Failure& failure) {
        // Stale between the read and the write: the caller's own version, or once more.
        if (failure.error.code == ErrorCode::conflict && attempt == 0 &&
            (expected.empty() || wrote))
          continue;
        Error error = failure.error;
        if (wrote && disposition(error.code) == Disposition::retry)
          error.code = ErrorCode::outcome_unknown;
        throw Failure{error};
      }
    }
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    bool wrote = false;
    for (int attempt = 0;; ++attempt) {
      std::optional<Record> record = find(customer.number, context);
      if (!record) {
        record = create(customer, context);
        if (record) return receipt_of(*record);
        record = find(customer.number, context);
        if (!record)
          throw Failure{site_.failed(ErrorCode::outcome_unknown, "the customer came and went")};
      }
      try {
        save(*record, card_of(customer, true), customer.price_group, wrote, context);
        return receipt_of(*record);
      } catch (const Failure& failure) {
        if (failure.error.code == ErrorCode::conflict && attempt == 0) continue;
        throw;
      }
    }
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    odata::Query options;
    options.filter = odata::all_of(
        {query.email ? odata::eq("tolower(email)", lower_case(*query.email)) : std::string(),
         query.name
             ? "contains(tolower(displayName)," + odata::quoted(lower_case(*query.name)) + ")"
             : std::string()});
    options.orderby = "number";
    const int page_size = std::clamp(query.limit, 1, site_.settings().page_size);
    const odata::ListPage page = read_page(site_, site_.v2("customers", context) + options.text(),
                                           query.cursor, page_size, context);
    std::map<std::string, json::Value> pricing;
    constexpr std::size_t at_once = 20;
    for (std::size_t begin = 0; begin < page.items.size(); begin += at_once) {
      std::vector<std::string> conditions;
      for (std::size_t i = begin; i < std::min(begin + at_once, page.items.size()); ++i)
        conditions.push_back(odata::eq("customerNumber", text_of(page.items[i], "number")));
      odata::Query of_these;
      of_these.filter = odata::any_of(conditions);
      for (json::Value& row : site_.list(
               site_.page(site_.settings().pages.customer_pricing, context) + of_these.text(),
               context)) {
        const std::string number = text_of(row, "customerNumber");
        pricing[number] = std::move(row);
      }
    }
    Page<Customer> customers;
    for (const json::Value& card : page.items) {
      const auto found = pricing.find(text_of(card, "number"));
      if (found == pricing.end()) continue;  // Deleted between the two requests.
      customers.items.push_back(customer_of({card, found->second}));
    }
    customers.next = cursor_of(page);
    return customers;
  });
}

// Cards and price groups. Business Central tells of no deletions by time: `deleted` is never set.
Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    std::vector<SourceCursor> sources = read_cursor(cursor, 2);
    ChangePage<CustomerChange> changes;
    changes.as_of = Timestamp::from(std::chrono::system_clock::now());
    std::map<std::string, Timestamp> latest;
    const auto note = [&](std::string_view property) {
      return [&latest, property](const json::Value& record, Timestamp at) {
        Timestamp& known = latest[text_of(record, property)];
        known = std::max(known, at);
      };
    };
    const bool cards =
        read_changes(site_, {site_.v2("customers", context), "number", "lastModifiedDateTime"},
                     sources[0], context, note("number"));
    const bool groups = read_changes(site_,
                                     {site_.page(site_.settings().pages.customer_pricing, context),
                                      "customerNumber", "lastModifiedDateTime"},
                                     sources[1], context, note("customerNumber"));
    for (const auto& [number, at] : latest)
      changes.items.push_back({CustomerNumber(number), false, at});
    changes.next = write_cursor(sources);
    changes.more = !cards || !groups;
    return changes;
  });
}

}  // namespace underpin::cloud::business_central
