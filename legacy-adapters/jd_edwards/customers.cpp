#include "legacy-adapters/jd_edwards/customers.h"

#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/failure.h"
#include "legacy-adapters/jd_edwards/order_feed.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr std::size_t number_max = 20;  // ALKY.
constexpr std::size_t search_max = 200;
constexpr int batch_attempts = 20;
// Of a sweep for one page: names that JDE finds and that do not hold the text asked for.
constexpr std::size_t candidates_max = 1'000;

std::string text(const odbc::Row& row, std::size_t column) {
  return std::string(trimmed(odbc::text(row, column)));
}

std::string lower(std::string_view given) {
  std::string result(given);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string upper(std::string_view given) {
  std::string result(given);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

// DC holds the name in capitals without blanks. What is no ASCII letter or digit may stand there
// otherwise: any text passes for it, and the name itself is looked at afterwards.
std::string pattern_of(std::string_view name) {
  std::string pattern = "%";
  for (const char c : upper(name)) {
    if (c == ' ') continue;
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain)
      pattern += c;
    else if (pattern.back() != '%')
      pattern += '%';
  }
  if (pattern.back() != '%') pattern += '%';
  return pattern;
}

// FNV-1a of everything that a channel or the other ERP can change. Blanks around a text are no part
// of it: JDE pads with them.
Revision revision_of(const Customer& customer) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  const auto add = [&hash](std::string_view part) {
    for (const char c : part) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 1'099'511'628'211ULL;
    }
    hash ^= 0x1F;
    hash *= 1'099'511'628'211ULL;
  };
  const Address address = customer.address.value_or(Address{});
  for (const std::string* part :
       {&customer.name, &customer.kind, &customer.email, &customer.phone, &customer.currency,
        &customer.price_group, &address.line1, &address.line2, &address.city, &address.post_code,
        &address.region, &address.country})
    add(trimmed(*part));
  add(std::to_string(static_cast<int>(customer.blocked)));
  char printed[17];
  std::snprintf(printed, sizeof printed, "%016llx", static_cast<unsigned long long>(hash));
  return Revision(printed);
}

bool same(const Customer& a, const Customer& b) { return revision_of(a) == revision_of(b); }

CustomerReceipt receipt_of(const HeldCustomer& held) {
  return {held.customer.number, DocumentNumber(std::to_string(held.address_number)),
          held.customer.revision};
}

}  // namespace

// ---------------------------------------------------------------------------------------- reading
// Columns: 1 ALKY, 2 ALPH, 3 AT1, 7 ADD1, ADD2, ADDZ, CTY1, ADDS, CTR, AR1, PH1, EMAL, CRCD, CPGP,
// HDAR.
Customer Customers::content_of(const odbc::Row& row) const {
  Customer customer;
  customer.number = CustomerNumber(text(row, 1));
  customer.name = text(row, 2);
  customer.kind = text(row, 3) == settings_.company_type ? "company" : "person";
  Address address;
  address.name = customer.name;
  address.line1 = text(row, 7);
  address.line2 = text(row, 8);
  address.post_code = text(row, 9);
  address.city = text(row, 10);
  address.region = text(row, 11);
  address.country = text(row, 12);
  const bool any =
      !(address.line1.empty() && address.line2.empty() && address.city.empty() &&
        address.post_code.empty() && address.region.empty() && address.country.empty());
  customer.address = any ? std::optional<Address>(address) : std::nullopt;
  customer.phone = text(row, 13) + text(row, 14);
  customer.email = text(row, 15);
  customer.currency = text(row, 16);
  if (customer.currency.empty()) customer.currency = settings_.local_currency;
  customer.price_group = text(row, 17);
  const std::string block = text(row, 18);
  customer.blocked = CustomerBlock::none;
  if (!block.empty() && block != "N") {
    customer.blocked = CustomerBlock::all;  // A code that is not mapped blocks the most.
    for (const auto& [meaning, code] : settings_.blocks)
      if (code == block) customer.blocked = meaning;
  }
  customer.revision = revision_of(customer);
  return customer;
}

std::vector<HeldCustomer> Customers::held(const std::string& condition,
                                          const odbc::Parameters& values, std::size_t limit,
                                          const CallContext& context) const {
  odbc::Parameters all{padded("00000", 5), padded(settings_.person_type, 3),
                       padded(settings_.company_type, 3)};
  all.insert(all.end(), values.begin(), values.end());
  const std::int64_t today =
      cyyddd_of(day_in(settings_.zone, Timestamp::from(std::chrono::system_clock::now())));
  std::vector<HeldCustomer> found;
  must(database_->query(
      "SELECT a.ABAN8, a.ABALKY, a.ABALPH, a.ABAT1, a.ABUPMJ, a.ABUPMT, d.ALEFTB, d.ALADD1, "
      "d.ALADD2, d.ALADDZ, d.ALCTY1, d.ALADDS, d.ALCTR, p.WPAR1, p.WPPH1, e.EAEMAL, c.AICRCD, "
      "c.AICPGP, c.AIHDAR, c.AIUPMJ, c.AIUPMT, d.ALUPMJ, d.ALUPMT, p.WPUPMJ, p.WPUPMT, e.EAUPMJ, "
      "e.EAUPMT FROM " +
          t("F0101") + " a INNER JOIN " + t("F03012") +
          " c ON c.AIAN8 = a.ABAN8 AND c.AICO = ? LEFT JOIN " + t("F0116") +
          " d ON d.ALAN8 = a.ABAN8 LEFT JOIN " + t("F0115") +
          " p ON p.WPAN8 = a.ABAN8 AND p.WPIDLN = 0 AND p.WPCNLN = 0 AND p.WPRCK7 = 1 LEFT JOIN " +
          t("F01151") +
          " e ON e.EAAN8 = a.ABAN8 AND e.EAIDLN = 0 AND e.EARCK7 = 1 WHERE a.ABAT1 IN (?, ?)" +
          condition + " ORDER BY a.ABAN8, d.ALEFTB",
      all, context.deadline, [&](const odbc::Row& row) {
        if (text(row, 1).empty()) return true;  // No channel knows it.
        const std::int64_t number = whole_of(odbc::text(row, 0), "AN8");
        const bool another = found.empty() || found.back().address_number != number;
        // An address rules from its day on (EFTB); later rows of the same customer replace it.
        if (!another && whole_of(odbc::text(row, 6), "EFTB") > today) return true;
        if (another && found.size() == limit) return false;
        if (another) found.emplace_back();
        HeldCustomer& one = found.back();
        one.address_number = number;
        one.customer = content_of(row);
        if (whole_of(odbc::text(row, 6), "EFTB") > today) {  // All that there is, and not yet.
          one.customer.address.reset();
          one.customer.revision = revision_of(one.customer);
        }
        one.block_code = text(row, 18);
        Stamp changed;
        for (const std::size_t at : {4U, 19U, 21U, 23U, 25U})
          changed = std::max(changed, Stamp{whole_of(odbc::text(row, at), "UPMJ"),
                                            whole_of(odbc::text(row, at + 1), "UPMT")});
        one.customer.updated_at = instant_of(settings_.zone, changed);
        return true;
      }));
  return found;
}

std::optional<HeldCustomer> Customers::find(const CustomerNumber& number,
                                            const CallContext& context) const {
  if (width_of(number.text()) > number_max) return std::nullopt;
  std::vector<HeldCustomer> found =
      held(" AND a.ABALKY = ?", {padded(number.text(), number_max)}, 2, context);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1)
    throw Failure{
        {ErrorCode::conflict, "more than one address has the long number " + number.text()}};
  return std::move(found.front());
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const auto found = find(number, context);
    if (!found)
      throw Failure{{ErrorCode::not_found, "customer " + number.text() + " does not exist"}};
    return found->customer;
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::int64_t after = 0;
    if (!query.cursor.empty()) {
      const auto given = Decimal::parse(query.cursor.text());
      if (!given || given->scale() != 0 || query.cursor.text().size() > 15)
        throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
      after = static_cast<std::int64_t>(given->coefficient());
    }
    std::string condition = " AND a.ABAN8 > ?";
    odbc::Parameters values{after};
    if (query.email) {
      condition += " AND UPPER(e.EAEMAL) = ?";
      values.emplace_back(padded(upper(*query.email), 256));
    }
    if (query.name) {
      condition += " AND a.ABDC LIKE ?";
      values.emplace_back(pattern_of(*query.name));
    }
    const auto limit =
        static_cast<std::size_t>(std::clamp(query.limit, 1, static_cast<int>(search_max)));
    const std::size_t candidates = query.name ? candidates_max : limit;
    Page<Customer> page;
    const auto found = held(condition, values, candidates, context);
    for (const HeldCustomer& one : found) {
      if (query.name && lower(one.customer.name).find(lower(*query.name)) == std::string::npos)
        continue;
      page.items.push_back(one.customer);
      if (page.items.size() < limit) continue;
      page.next = Cursor(std::to_string(one.address_number));
      return page;
    }
    if (found.size() == candidates) page.next = Cursor(std::to_string(found.back().address_number));
    return page;
  });
}

Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const auto given = feed_cursor(cursor);
    if (!given) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
    FeedSweep sweep(*given, settings_, Timestamp::from(std::chrono::system_clock::now()));
    odbc::Parameters values;
    // Each program of JDE's stamps the table that it changes, and no other.
    std::string statement;
    for (const auto& [name, prefix] :
         {std::pair{"F0101", "r.AB"}, std::pair{"F0116", "r.AL"}, std::pair{"F0115", "r.WP"},
          std::pair{"F01151", "r.EA"}, std::pair{"F03012", "r.AI"}}) {
      const std::string p = prefix;
      const std::string day = sweep.column(p + "UPMJ");
      const std::string time = sweep.column(p + "UPMT");
      values.emplace_back(padded(settings_.person_type, 3));
      values.emplace_back(padded(settings_.company_type, 3));
      statement += statement.empty() ? "" : " UNION ALL ";
      statement += "SELECT " + day + ", " + time + ", a.ABAN8, a.ABALKY FROM " + t("F0101") +
                   " a INNER JOIN " + t(name) + " r ON " + p +
                   "AN8 = a.ABAN8 WHERE a.ABAT1 IN (?, ?) AND " +
                   sweep.condition(day, time, "a.ABAN8", values);
    }
    ChangePage<CustomerChange> page;
    page.as_of = sweep.as_of();
    must(database_->query(
        statement + " ORDER BY 1, 2, 3", values, context.deadline, [&](const odbc::Row& row) {
          if (text(row, 3).empty()) return true;  // No channel knows it.
          const auto taken = sweep.take(
              {{whole_of(odbc::text(row, 0), "UPMJ"), whole_of(odbc::text(row, 1), "UPMT")},
               whole_of(odbc::text(row, 2), "AN8")});
          if (taken == FeedSweep::Take::tell)
            page.items.push_back({CustomerNumber(text(row, 3)), false, page.as_of});
          return taken != FeedSweep::Take::full;
        }));
    page.more = sweep.more();
    page.next = sweep.next();
    return page;
  });
}

// ---------------------------------------------------------------------------------------- writing
std::vector<InterfaceRow> Customers::rows_of(const Customer& customer, const HeldCustomer& there,
                                             const std::string& batch) const {
  const auto field = [](const std::string& value, std::size_t width, std::string_view pointer) {
    if (width_of(value) > width)
      throw refused(ErrorCode::rejected, "a field is too long for JD Edwards", std::string(pointer),
                    "must have at most " + std::to_string(width) + " characters");
    return padded(value, width);
  };
  std::string block;
  for (const auto& [meaning, code] : settings_.blocks)
    if (meaning == customer.blocked) block = code;
  if (there.address_number != 0 && there.customer.blocked == customer.blocked)
    block = there.block_code;
  if (block.empty() && customer.blocked != CustomerBlock::none)
    throw refused(ErrorCode::rejected, "this block is not mapped", "/blocked",
                  "must be a block that the settings map");
  const std::int64_t address_number = there.address_number;
  const Address address = customer.address.value_or(Address{});
  const std::string action = padded(address_number == 0 ? "A" : "C", 2);
  const auto key = [&](const std::string& prefix) {
    return std::vector<std::pair<std::string, odbc::Parameter>>{
        {prefix + "EDUS", padded(settings_.user, 10)},
        {prefix + "EDBT", padded(batch, 15)},
        {prefix + "EDTN", field(customer.number.text(), number_max, "/number") + "  "},
        {prefix + "EDLN", line_step},
        {prefix + "EDSP", std::string("N")},
        {prefix + "TNAC", action},
        {prefix + "AN8", address_number}};
  };
  InterfaceRow book{"F0101Z2", key("SZ")};
  for (auto& column : std::vector<std::pair<std::string, odbc::Parameter>>{
           {"SZALKY", padded(customer.number.text(), number_max)},
           {"SZALPH", field(customer.name, 40, "/name")},
           {"SZAT1",
            padded(customer.kind == "company" ? settings_.company_type : settings_.person_type, 3)},
           {"SZMCU", unit(settings_.branch)},
           {"SZADD1", field(address.line1, 40, "/address/line1")},
           {"SZADD2", field(address.line2, 40, "/address/line2")},
           {"SZADDZ", field(address.post_code, 12, "/address/postCode")},
           {"SZCTY1", field(address.city, 25, "/address/city")},
           {"SZADDS", field(address.region, 3, "/address/region")},
           {"SZCTR", field(address.country, 3, "/address/country")},
           {"SZAR1", padded("", 6)},
           {"SZPH1", field(customer.phone, 20, "/phone")},
           {"SZEMAL", field(customer.email, 256, "/email")}})
    book.columns.push_back(column);
  InterfaceRow master{"F03012Z1", key("VO")};
  for (auto& column : std::vector<std::pair<std::string, odbc::Parameter>>{
           {"VOCO", padded("00000", 5)},
           {"VOCRCD", field(customer.currency, 3, "/currency")},
           {"VOCPGP", field(customer.price_group, 8, "/priceGroup")},
           {"VOHDAR", padded(block, 1)}})
    master.columns.push_back(column);
  return {std::move(book), std::move(master)};
}

// Waits until no record waits to change the customer: whether it came before or after a new one,
// nobody could tell. Throws outcome_unknown while one still does.
void Customers::settle(const CustomerNumber& number, const CallContext& context) const {
  const std::string transaction = padded(number.text(), 22);
  const auto waiting =
      must(database_->rows("SELECT z.SZEDBT FROM " + t("F0101Z2") +
                               " z WHERE z.SZEDUS = ? AND z.SZEDTN = ? AND z.SZEDSP <> 'Y' "
                               "ORDER BY z.SZEDBT",
                           {padded(settings_.user, 10), transaction}, context.deadline));
  for (const odbc::Row& row : waiting) {
    const Record record{&customer_record(),
                        {padded(settings_.user, 10), padded(text(row, 0), 15), transaction}};
    const auto in_effect = [&] {
      return read_after_write(system_, [&] {
        const auto now = find(number, context);
        const auto asked = asked_in(record, context);
        return now && asked && same(now->customer, *asked);
      });
    };
    try {
      interface_.await(record, in_effect, context);
    } catch (const Failure& failure) {
      // It is its own sender's, who looks it up.
      if (failure.error.code != ErrorCode::rejected) throw;
    }
  }
}

std::optional<Customer> Customers::asked_in(const Record& record,
                                            const CallContext& context) const {
  const auto rows = must(database_->rows(
      "SELECT 0, z.SZALKY, z.SZALPH, z.SZAT1, 0, 0, 0, z.SZADD1, z.SZADD2, z.SZADDZ, z.SZCTY1, "
      "z.SZADDS, z.SZCTR, z.SZAR1, z.SZPH1, z.SZEMAL, v.VOCRCD, v.VOCPGP, v.VOHDAR FROM " +
          t("F0101Z2") + " z INNER JOIN " + t("F03012Z1") +
          " v ON v.VOEDUS = z.SZEDUS AND v.VOEDBT = z.SZEDBT AND v.VOEDTN = z.SZEDTN WHERE "
          "z.SZEDUS = ? AND z.SZEDBT = ? AND z.SZEDTN = ?",
      record.key, context.deadline));
  if (rows.empty()) return std::nullopt;
  return content_of(rows.front());
}

// What JDE tells of it afterwards.
Customer Customers::as_kept(Customer customer) const {
  if (customer.kind != "company") customer.kind = "person";
  if (customer.currency.empty()) customer.currency = settings_.local_currency;
  return customer;
}

CustomerReceipt Customers::write(const Customer& customer, const HeldCustomer& there,
                                 const WriteContext& context) const {
  const std::int64_t micros = Timestamp::from(std::chrono::system_clock::now()).micros;
  Record record;
  for (int attempt = 1;; ++attempt) {
    const std::string batch = batch_of(micros, attempt);
    const Status put = interface_.put(customer_record(), rows_of(customer, there, batch), context);
    record = {&customer_record(),
              {padded(settings_.user, 10), padded(batch, 15), padded(customer.number.text(), 22)}};
    if (put) break;
    if (put.error().code != ErrorCode::conflict) throw Failure{put.error()};
    if (attempt == batch_attempts)
      throw Failure{{ErrorCode::unavailable, "others take the batches of F0101Z2 too fast"}};
  }
  const auto reread = [&] {
    return read_after_write(system_, [&] { return find(customer.number, context); });
  };
  const auto in_effect = [&] {
    const auto now = reread();
    return now && same(now->customer, customer);
  };
  try {
    interface_.await(record, in_effect, context);
  } catch (const Failure& failure) {
    if (failure.error.code != ErrorCode::rejected) throw;
    const auto held = reread();
    if (there.address_number != 0) {
      // The address book and the customer master have jobs of their own.
      if (held && same(held->customer, there.customer)) throw;
      throw Failure{{ErrorCode::outcome_unknown,
                     failure.error.message + "; a part of it is there",
                     {},
                     failure.error.vendor_code}};
    }
    // An earlier write of the same customer was carried out just before: there is one to change.
    if (!held) throw;
    throw Failure{{ErrorCode::unavailable,
                   "customer " + customer.number.text() + " was made meanwhile",
                   {},
                   failure.error.vendor_code}};
  }
  const auto now = reread();
  if (!now)
    throw Failure{{ErrorCode::outcome_unknown,
                   "record " + record.text() + " was carried out, and the customer is not seen"}};
  // The mark says that a job has read it, and no more.
  if (!same(now->customer, customer))
    throw Failure{{ErrorCode::outcome_unknown, "record " + record.text() +
                                                   " was carried out, and customer " +
                                                   customer.number.text() + " does not show it"}};
  return receipt_of(*now);
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    Customer wanted = as_kept(customer);
    if (context.role != Role::mirror) wanted.blocked = CustomerBlock::none;
    settle(customer.number, context);
    const auto there = find(customer.number, context);
    if (!there) return write(wanted, {}, context);
    if (context.role != Role::mirror) wanted.blocked = there->customer.blocked;
    if (same(there->customer, wanted)) return receipt_of(*there);
    throw Failure{
        {ErrorCode::conflict, "customer " + customer.number.text() + " exists with other content"}};
  });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    settle(number, context);
    const auto there = find(number, context);
    if (!there)
      throw Failure{{ErrorCode::not_found, "customer " + number.text() + " does not exist"}};
    if (!expected.empty() && expected != there->customer.revision)
      throw Failure{{ErrorCode::conflict, "customer " + number.text() + " was changed meanwhile"}};
    Customer wanted = there->customer;
    if (amendment.name) wanted.name = *amendment.name;
    if (amendment.address) wanted.address = amendment.address;
    if (amendment.email) wanted.email = *amendment.email;
    if (amendment.phone) wanted.phone = *amendment.phone;
    if (amendment.price_group) wanted.price_group = *amendment.price_group;
    if (same(there->customer, wanted)) return receipt_of(*there);
    return write(wanted, *there, context);
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    settle(customer.number, context);
    const auto there = find(customer.number, context);
    const Customer wanted = as_kept(customer);
    if (there && same(there->customer, wanted)) return receipt_of(*there);
    return write(wanted, there.value_or(HeldCustomer{}), context);
  });
}

}  // namespace underpin::legacy::jd_edwards
