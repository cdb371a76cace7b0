#include "legacy-adapters/dynamics_nav/customers.h"

#include "contracts/json/codec.h"

#include <algorithm>
#include <array>

namespace underpin::legacy::dynamics_nav {
namespace {

// NAV's Code fields: upper case, no blanks at the ends.
constexpr std::array<std::string_view, 5> code_elements{"No", "Post_Code", "Country_Region_Code",
                                                        "Currency_Code", "Customer_Price_Group"};

std::string trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(' ');
  text.erase(end == std::string::npos ? 0 : end + 1);
  return text;
}

// Whether NAV keeps the same for both.
bool same(std::string_view element, const std::string& kept, const std::string& wanted) {
  if (std::find(code_elements.begin(), code_elements.end(), element) == code_elements.end())
    return trimmed(kept) == trimmed(wanted);
  std::string text = trimmed(wanted);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return lower_case(kept) == lower_case(text);
}

Record differing(const Record& current, const Record& wanted) {
  Record changes = Record::object();
  for (const json::Member& member : wanted.members()) {
    const std::string& kept = text_of(current, member.key);
    const std::string& text = member.value.text();
    const bool blank_option = member.key == "Blocked" && kept.empty() && text == "_blank_";
    if (!blank_option && !same(member.key, kept, text)) changes.set(member.key, text);
  }
  return changes;
}

CustomerReceipt receipt_of(const Record& card) {
  return {CustomerNumber(text_of(card, "No")), DocumentNumber(text_of(card, "No")),
          Revision(text_of(card, "Key"))};
}

}  // namespace

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

std::optional<Record> Customers::find(const CustomerNumber& number,
                                      const CallContext& context) const {
  if (number.text().size() > 20) return std::nullopt;
  return must(services_.read(customer_binding(), number.text(), context));
}

Customer Customers::customer_of(const Record& card) const {
  json::Value document = must(fields_.from_vendor(card));
  if (document.get("currency").text().empty()) document.set("currency", settings_.local_currency);
  return must(json::from_json<Customer>(document));
}

// Every element that the facade writes, blank ones too: the card shall hold exactly this.
Record Customers::card_of(const Customer& customer, bool with_block) const {
  json::Value document = json::to_json(customer);
  if (customer.currency == settings_.local_currency) document.erase("currency");
  if (!with_block) document.erase("blocked");
  return must(fields_.to_vendor(document));
}

CustomerReceipt Customers::write(const Record& current, const Record& wanted,
                                 const CallContext& context) const {
  Record changes = differing(current, wanted);
  if (changes.empty()) return receipt_of(current);
  changes.set("Key", text_of(current, "Key"));
  return receipt_of(must(services_.update(customer_binding(), changes, context)));
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    const Record wanted = card_of(customer, context.role == Role::mirror);
    std::optional<Record> there = find(customer.number, context);
    if (!there) {
      const Result<Record> created = services_.create(customer_binding(), wanted, context);
      if (created) return receipt_of(*created);
      // A conflict says that it exists: perhaps by our own request, repeated on its way.
      if (created.error().code != ErrorCode::conflict) throw Failure{created.error()};
      Result<std::optional<Record>> read =
          services_.read(customer_binding(), customer.number.text(), context);
      if (!read || !*read) {
        Error error = read ? created.error() : read.error();
        if (!read) error.code = ErrorCode::outcome_unknown;
        throw Failure{error};
      }
      there = **read;
    }
    if (!differing(*there, wanted).empty())
      throw Failure{{ErrorCode::conflict,
                     "customer " + customer.number.text() + " exists with other content"}};
    return receipt_of(*there);
  });
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    const std::optional<Record> card = find(number, context);
    if (!card) throw Failure{{ErrorCode::not_found, "NAV has no customer " + number.text()}};
    return customer_of(*card);
  });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    for (int attempt = 1;; ++attempt) {
      const std::optional<Record> card = find(number, context);
      if (!card) throw Failure{{ErrorCode::not_found, "NAV has no customer " + number.text()}};
      if (!expected.empty() && text_of(*card, "Key") != expected.text())
        throw Failure{
            {ErrorCode::conflict, "customer " + number.text() + " has changed since it was read"}};
      Customer customer = customer_of(*card);
      if (amendment.name) customer.name = *amendment.name;
      if (amendment.address) customer.address = amendment.address;
      if (amendment.email) customer.email = *amendment.email;
      if (amendment.phone) customer.phone = *amendment.phone;
      if (amendment.price_group) customer.price_group = *amendment.price_group;
      Record wanted = card_of(customer, false);
      try {
        return write(*card, wanted, context);
      } catch (const Failure& failure) {
        const bool again =
            failure.error.code == ErrorCode::conflict && expected.empty() && attempt == 1;
        if (!again) throw;
      }
    }
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(services_.system(), ErrorCode::outcome_unknown, [&] {
    const Record wanted = card_of(customer, context.role == Role::mirror);
    for (int attempt = 1;; ++attempt) {
      const std::optional<Record> card = find(customer.number, context);
      try {
        if (card) return write(*card, wanted, context);
        return receipt_of(must(services_.create(customer_binding(), wanted, context)));
      } catch (const Failure& failure) {
        if (failure.error.code != ErrorCode::conflict || attempt == 2) throw;
      }
    }
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    std::vector<Filter> filters;
    if (query.email) filters.push_back({"E_Mail", equal_but_case(*query.email)});
    if (query.name) filters.push_back({"Name", containing(*query.name)});
    const int size = std::clamp(query.limit, 1, settings_.page_size);
    const std::vector<Record> cards =
        must(services_.list(customer_binding(), filters, query.cursor.text(), size, context));
    Page<Customer> page;
    if (static_cast<int>(cards.size()) == size) page.next = Cursor(text_of(cards.back(), "Key"));
    for (const Record& card : cards) {
      Customer customer = customer_of(card);
      // The filter took operators for any character.
      if (query.email && lower_case(customer.email) != lower_case(*query.email)) continue;
      if (query.name && containing(*query.name) != "@*" + *query.name + "*" &&
          lower_case(customer.name).find(lower_case(*query.name)) == std::string::npos)
        continue;
      page.items.push_back(std::move(customer));
    }
    return page;
  });
}

Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(services_.system(), ErrorCode::internal, [&] {
    std::optional<std::int64_t> last = version_of(cursor);
    if (!last) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
    ChangePage<CustomerChange> page;
    page.as_of = feed_.now();
    const std::string version = "CAST(r." + quoted(feed_.sql, "timestamp") + " AS BIGINT)";
    const Status read =
        database_->query("SELECT " + version + ", r." + quoted(feed_.sql, "No_") + " FROM " +
                             table(feed_.sql, "Customer") + " r WHERE " + version + " > ?" +
                             below_fence(version, feed_.rowversion_fence) + " ORDER BY 1",
                         {*last}, context.deadline, [&](const odbc::Row& row) {
                           if (page.items.size() >= feed_.page) {
                             page.more = true;
                             return false;
                           }
                           last = whole_of(odbc::text(row, 0), "timestamp");
                           page.items.push_back({CustomerNumber(std::string(odbc::text(row, 1))),
                                                 false, page.as_of});
                           return true;
                         });
    if (!read) throw Failure{read.error()};
    page.next = Cursor(std::to_string(*last));
    return page;
  });
}

}  // namespace underpin::legacy::dynamics_nav
