#include "legacy-adapters/sap_ecc/customers.h"

#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/sap_ecc/order_feed.h"
#include "legacy-adapters/sap_ecc/order_message.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::size_t name_width = 35;    // NAME1 and NAME2
constexpr std::size_t search_width = 20;  // SMTP_SRCH

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Of ASCII and of the letters of Latin-1, as names and mail addresses have them.
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

std::string upper_ascii(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  return text;
}

// A long name goes on in NAME2, from one of its blanks on, so that it comes back as it was.
std::pair<std::string, std::string> name_parts(const std::string& name) {
  if (characters(name) <= name_width) return {name, ""};
  for (std::size_t blank = name.rfind(' '); blank != std::string::npos && blank > 0;
       blank = name.rfind(' ', blank - 1)) {
    std::string first = name.substr(0, blank);
    std::string second = name.substr(blank + 1);
    if (characters(first) <= name_width && characters(second) <= name_width && !second.empty() &&
        first.back() != ' ')
      return {std::move(first), std::move(second)};
  }
  throw refused(ErrorCode::rejected, "the name does not fit into SAP's two lines of 35 characters",
                "/name", "must have at most 70 characters with a blank about its middle");
}

bool same_place(const Address& a, const Address& b) {
  return a.line1 == b.line1 && a.line2 == b.line2 && a.city == b.city &&
         a.post_code == b.post_code && a.region == b.region && a.country == b.country;
}

}  // namespace

Customers::Customers(std::string system, const Settings& settings, const Tables& tables,
                     DebmasLayout layout, const std::string& state_folder)
    : system_(std::move(system)), settings_(settings), tables_(tables), layout_(std::move(layout)) {
  if (settings.customers.folder.empty()) return;
  file_drop::OutboxSettings outbox;
  outbox.system = system_;
  outbox.folder = settings.customers.folder;
  outbox.state_folder = state_folder;
  outbox_ = std::make_unique<file_drop::Outbox>(std::move(outbox));
}

// ------------------------------------------------------------------------------------------
// reading
std::string Customers::customer_select() const {
  return "SELECT c.KUNNR, c.NAME1, c.NAME2, c.NAME3, c.STRAS, c.ORT01, c.PSTLZ, c.REGIO, c.LAND1, "
         "c.TELF1, c.STKZN, c.AUFSD, c.LIFSD, c.FAKSD, v.KONDA, v.WAERS, e.SMTP_ADDR FROM " +
         tables_.name("KNA1") + " c LEFT JOIN " + tables_.name("KNVV") +
         " v ON v.MANDT = c.MANDT AND v.KUNNR = c.KUNNR AND v.VKORG = ? AND v.VTWEG = ? AND "
         "v.SPART = ? LEFT JOIN " +
         tables_.name("ADR6") +
         " e ON e.CLIENT = c.MANDT AND e.ADDRNUMBER = c.ADRNR WHERE c.MANDT = ?";
}

odbc::Parameters Customers::area_parameters() const {
  return {settings_.organization, settings_.channel, settings_.division, tables_.client()};
}

std::string Customers::group_code(const std::string& group) const {
  if (group.empty()) return {};
  for (const auto& [ours, theirs] : settings_.price_groups)
    if (ours == group) return theirs;
  throw refused(ErrorCode::rejected, "price group " + group + " has no code in SAP", "/priceGroup",
                "must be a price group that the ERP's settings map");
}

std::string Customers::group_of(const std::string& code) const {
  for (const auto& [ours, theirs] : settings_.price_groups)
    if (theirs == code) return ours;
  return code;
}

Customer Customers::customer_of(const odbc::Row& row) const {
  Customer customer;
  customer.number = CustomerNumber(stripped(column(row, 0)));
  customer.name = column(row, 1);
  if (const std::string more = column(row, 2); !more.empty()) customer.name += " " + more;
  customer.kind = column(row, 10).empty() ? "company" : "person";
  Address address;
  address.line2 = column(row, 3);
  address.line1 = column(row, 4);
  address.city = column(row, 5);
  address.post_code = column(row, 6);
  address.region = column(row, 7);
  address.country = column(row, 8);
  Address none;
  none.country = address.country;
  if (!(address == none)) customer.address = std::move(address);
  customer.phone = column(row, 9);
  if (!column(row, 11).empty()) {
    customer.blocked = CustomerBlock::all;
  } else if (!column(row, 12).empty()) {
    customer.blocked = CustomerBlock::ship;
  } else if (!column(row, 13).empty()) {
    customer.blocked = CustomerBlock::invoice;
  }
  customer.price_group = group_of(column(row, 14));
  customer.currency = column(row, 15).empty() ? settings_.local_currency : column(row, 15);
  customer.email = column(row, 16);
  return customer;
}

std::optional<Customer> Customers::find(const CustomerNumber& number,
                                        const CallContext& context) const {
  if (!keeps_its_form(number.text(), number_width)) return std::nullopt;
  odbc::Parameters parameters = area_parameters();
  parameters.emplace_back(filled(number.text(), number_width));
  const auto rows =
      tables_.rows(customer_select() + " AND c.KUNNR = ? ORDER BY c.KUNNR, e.CONSNUMBER",
                   parameters, context.deadline);
  if (rows.empty()) return std::nullopt;
  return customer_of(rows.front());
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::optional<Customer> found = find(number, context);
    if (!found) throw Failure{{ErrorCode::not_found, "SAP has no customer " + number.text()}};
    return std::move(*found);
  });
}

// ------------------------------------------------------------------------------------------
// writing
DebmasFields Customers::fields_of(const Customer& wanted, const std::optional<Customer>& there,
                                  bool with_block) const {
  DebmasFields fields;
  const bool is_new = !there.has_value();
  std::map<std::string, std::string>& general = fields.general;
  if (is_new || there->name != wanted.name) {
    const auto [first, second] = name_parts(wanted.name);
    general["NAME1"] = first;
    general["NAME2"] = second;
  }
  const Address address = wanted.address.value_or(Address{});
  if (is_new || !same_place(there->address.value_or(Address{}), address)) {
    general["NAME3"] = fitting(address.line2, 35, "/address/line2");
    general["STRAS"] = fitting(address.line1, 35, "/address/line1");
    general["ORT01"] = fitting(address.city, 35, "/address/city");
    general["PSTLZ"] = fitting(address.post_code, 10, "/address/postCode");
    general["REGIO"] = fitting(address.region, 3, "/address/region");
    // SAP has no customer without a country.
    general["LAND1"] = address.country.empty() ? settings_.customers.country
                                               : fitting(address.country, 3, "/address/country");
  }
  if (is_new || there->phone != wanted.phone)
    general["TELF1"] = fitting(wanted.phone, 16, "/phone");
  if (is_new || there->kind != wanted.kind) general["STKZN"] = wanted.kind == "person" ? "X" : "";
  if (with_block && (is_new || there->blocked != wanted.blocked)) {
    const bool all = wanted.blocked == CustomerBlock::all;
    const CustomerSettings& codes = settings_.customers;
    general["AUFSD"] = all ? codes.order_block : "";
    general["LIFSD"] = all || wanted.blocked == CustomerBlock::ship ? codes.delivery_block : "";
    general["FAKSD"] = all || wanted.blocked == CustomerBlock::invoice ? codes.billing_block : "";
  }
  if (is_new) {
    general["KTOKD"] = settings_.customers.account_group;
    general["SPRAS"] = settings_.customers.language;
  }
  if (is_new || there->price_group != wanted.price_group)
    fields.sales_area["KONDA"] = group_code(wanted.price_group);
  if (is_new || there->currency != wanted.currency) fields.sales_area["WAERS"] = wanted.currency;
  if (!fields.sales_area.empty()) {
    fields.sales_area["VKORG"] = settings_.organization;
    fields.sales_area["VTWEG"] = settings_.channel;
    fields.sales_area["SPART"] = settings_.division;
    fields.sales_area["MSGFN"] = "005";
  }
  fields.has_email = is_new ? !wanted.email.empty() : there->email != wanted.email;
  fields.email = wanted.email;
  if (fields.has_email && settings_.customers.email_segment.empty())
    throw refused(ErrorCode::unsupported, "no segment is configured for a mail address", "/email",
                  "must be left as it is");
  if (!general.empty() || !fields.sales_area.empty() || fields.has_email) {
    general["MSGFN"] = "005";
    general["KUNNR"] = customer_key(wanted.number, "/number");
  }
  return fields;
}

CustomerReceipt Customers::write(const Customer& wanted, const std::optional<Customer>& there,
                                 bool with_block, const WriteContext& context) {
  const CustomerReceipt receipt{wanted.number, DocumentNumber(wanted.number.text()), {}};
  if (!outbox_)
    throw Failure{{ErrorCode::unsupported, "no folder for customer IDocs is configured"}};
  const DebmasFields fields = fields_of(wanted, there, with_block);
  if (fields.general.empty()) return receipt;
  // A name of its own for each IDoc; two processes differ by their clocks and their customers.
  static std::atomic<std::int64_t> last{0};
  std::int64_t number = now().micros;
  for (std::int64_t before = last.load();;) {
    if (number <= before) number = before + 1;
    if (last.compare_exchange_weak(before, number)) break;
  }
  const std::string key = wanted.number.text() + "-" + std::to_string(number);
  const std::string content =
      must(layout_.file(fields, settings_.customers, settings_.soap.client, key,
                        std::to_string(number % 10'000'000'000'000'000)));
  {
    const std::lock_guard<std::mutex> one_at_a_time(sending_);
    const Status sent = outbox_->send("DEBMAS-" + key + ".idoc", content);
    if (!sent) throw Failure{sent.error()};
  }
  await_posting(key, context);
  return receipt;
}

// 53: posted; 51: refused by the application; others are on their way.
void Customers::await_posting(const std::string& key, const WriteContext& context) const {
  const std::string sql =
      "SELECT d.STATUS, s.STATXT FROM " + tables_.name("EDIDC") + " d LEFT JOIN " +
      tables_.name("EDIDS") +
      " s ON s.MANDT = d.MANDT AND s.DOCNUM = d.DOCNUM AND s.STATUS = d.STATUS WHERE d.MANDT = ? "
      "AND d.ARCKEY = ?";
  try {
    while (true) {
      const auto rows = tables_.rows(sql, {tables_.client(), key}, context.deadline);
      for (const odbc::Row& row : rows) {
        if (column(row, 0) == "53") return;
        if (column(row, 0) == "51")
          throw Failure{
              {ErrorCode::rejected, "SAP refused the customer: " + column(row, 1), {}, "51"}};
      }
      const auto pause = std::chrono::milliseconds(settings_.customers.poll_ms);
      if (std::chrono::steady_clock::now() + pause >= context.deadline)
        throw Failure{{ErrorCode::outcome_unknown, "SAP has not taken IDoc " + key + " yet"}};
      std::this_thread::sleep_for(pause);
    }
  } catch (const Failure& failure) {
    // It lies in the folder, whatever hinders us from looking.
    if (failure.error.code == ErrorCode::rejected) throw;
    Error error = failure.error;
    error.code = ErrorCode::outcome_unknown;
    throw Failure{error};
  }
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    (void)customer_key(customer.number, "/number");
    const bool with_block = context.role == Role::mirror;
    const std::optional<Customer> there = find(customer.number, context);
    if (!there) return write(customer, there, with_block, context);
    if (!fields_of(customer, there, with_block).general.empty())
      throw Failure{{ErrorCode::conflict,
                     "customer " + customer.number.text() + " exists with other content"}};
    return CustomerReceipt{customer.number, DocumentNumber(customer.number.text()), {}};
  });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const std::optional<Customer> there = find(number, context);
    if (!there) throw Failure{{ErrorCode::not_found, "SAP has no customer " + number.text()}};
    if (!expected.empty()) throw Failure{{ErrorCode::conflict, "SAP's customers have no revision"}};
    Customer wanted = *there;
    if (amendment.name) wanted.name = *amendment.name;
    if (amendment.address) wanted.address = amendment.address;
    if (amendment.email) wanted.email = *amendment.email;
    if (amendment.phone) wanted.phone = *amendment.phone;
    if (amendment.price_group) wanted.price_group = *amendment.price_group;
    return write(wanted, there, false, context);
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    (void)customer_key(customer.number, "/number");
    return write(customer, find(customer.number, context), context.role == Role::mirror, context);
  });
}

// ----------------------------------------------------------------------------------------
// searching
Page<Customer> Customers::by_email(const CustomerQuery& query, const CallContext& context) const {
  Page<Customer> page;
  odbc::Parameters parameters = area_parameters();
  // The search field has the first characters in capitals; the rest is compared here.
  const std::string wanted = lower_case(*query.email);
  parameters.emplace_back(upper_ascii(*query.email).substr(0, search_width));
  parameters.emplace_back(query.cursor.text());
  const auto size = static_cast<std::size_t>(std::clamp(query.limit, 1, settings_.page_size));
  std::string last;
  tables_.each(customer_select() + " AND e.SMTP_SRCH = ? AND c.KUNNR > ? ORDER BY c.KUNNR",
               parameters, context.deadline, [&](const odbc::Row& row) {
                 if (column(row, 0) == last) return true;
                 if (page.items.size() >= size) {
                   page.next = Cursor(last);
                   return false;
                 }
                 last = column(row, 0);
                 Customer customer = customer_of(row);
                 if (lower_case(customer.email) == wanted &&
                     (!query.name ||
                      lower_case(customer.name).find(lower_case(*query.name)) != std::string::npos))
                   page.items.push_back(std::move(customer));
                 return true;
               });
  return page;
}

// SAP's own search fields for names end after 25 characters: names are compared here, all of them.
Page<Customer> Customers::by_scan(const CustomerQuery& query, const CallContext& context) const {
  Page<Customer> page;
  odbc::Parameters parameters = area_parameters();
  parameters.emplace_back(query.cursor.text());
  const auto size = static_cast<std::size_t>(std::clamp(query.limit, 1, settings_.page_size));
  const std::string wanted = query.name ? lower_case(*query.name) : std::string();
  std::string last;
  tables_.each(customer_select() + " AND c.KUNNR > ? ORDER BY c.KUNNR, e.CONSNUMBER", parameters,
               context.deadline, [&](const odbc::Row& row) {
                 if (column(row, 0) == last) return true;  // A second mail address.
                 if (page.items.size() >= size) {
                   page.next = Cursor(last);
                   return false;
                 }
                 last = column(row, 0);
                 Customer customer = customer_of(row);
                 if (lower_case(customer.name).find(wanted) != std::string::npos)
                   page.items.push_back(std::move(customer));
                 return true;
               });
  return page;
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(system_, ErrorCode::internal,
                 [&] { return query.email ? by_email(query, context) : by_scan(query, context); });
}

// Cursor: of the first run "K", and in the place of what its sweep has taken the last customer
// told; then that of a feed, from the second in which the first run began.
Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    ChangePage<CustomerChange> page;
    const bool first = cursor.empty() || cursor.text()[0] == 'K';
    FeedPosition from =
        feed_position(first && !cursor.empty() ? Cursor(cursor.text().substr(1)) : cursor);
    std::vector<std::string> keys;
    if (first) {
      page.as_of = now().plus_ms(-std::int64_t{settings_.feed_overlap_s} * 1'000);
      if (cursor.empty()) {
        from.low = local_time(settings_.zone, page.as_of);
        from.seen.stamp = from.low;
        from.offset = offset_minutes(settings_.zone, page.as_of);
      }
      const auto size = static_cast<std::size_t>(settings_.page_size);
      tables_.each("SELECT c.KUNNR FROM " + tables_.name("KNA1") +
                       " c WHERE c.MANDT = ? AND c.KUNNR > ? ORDER BY c.KUNNR",
                   {tables_.client(), from.behind ? from.behind->key : std::string()},
                   context.deadline, [&](const odbc::Row& row) {
                     if (keys.size() >= size) {
                       page.more = true;
                       return false;
                     }
                     keys.push_back(column(row, 0));
                     return true;
                   });
      from.behind = std::nullopt;
      if (page.more) from.behind = FeedPosition::Place{from.low, keys.back()};
      page.next = Cursor((page.more ? "K" : "") + written(from).text());
    } else {
      FeedSweep sweep(from, settings_, now());
      odbc::Parameters parameters{tables_.client()};
      add_not_before(parameters, sweep.begin());
      tables_.each("SELECT h.UDATE, h.UTIME, h.OBJECTID FROM " + tables_.name("CDHDR") +
                       " h WHERE h.MANDANT = ? AND h.OBJECTCLAS = 'DEBI' AND " +
                       not_before("h.UDATE", "h.UTIME") + " ORDER BY 1, 2, 3",
                   parameters, context.deadline, [&](const odbc::Row& row) {
                     return sweep.take({{column(row, 0), column(row, 1)}, column(row, 2)}) !=
                            FeedSweep::Take::full;
                   });
      keys = sweep.keys();
      page.as_of = sweep.as_of();
      page.more = sweep.more();
      page.next = written(sweep.next());
    }
    for (const std::string& key : keys)
      page.items.push_back({CustomerNumber(stripped(key)), false, page.as_of});
    return page;
  });
}

}  // namespace underpin::legacy::sap_ecc
