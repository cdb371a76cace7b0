#include "legacy-adapters/sap_ecc/pricing.h"

#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/sap_ecc/order_message.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr int unit_price_decimals = 10;

Timestamp now() { return Timestamp::from(std::chrono::system_clock::now()); }

std::string at(std::size_t index, std::string_view field) {
  return "/lines/" + std::to_string(index) + "/" + std::string(field);
}

Decimal amount_in(const Record& row, std::string_view field) {
  return number_of(text_of(row, field), field);
}

// BAPIITEMIN has quantities in thousandths, without a point.
std::string thousandths(Decimal quantity, const std::string& pointer) {
  (void)quantity_text(quantity, pointer);
  return (quantity * Decimal::of(1'000)).rounded(0, Rounding::down).text();
}

// Accesses of the price condition, by whom they are for.
struct Access {
  PriceScope scope;
  const char* table;
  const char* code;  // Its column of whom; nullptr: everyone.
};
constexpr Access accesses[] = {{PriceScope::customer, "A305", "KUNNR"},
                               {PriceScope::group, "A032", "KONDA"},
                               {PriceScope::everyone, "A304", nullptr}};

}  // namespace

// -------------------------------------------------------------------------------------------
// quotes
Record Pricing::simulation(const QuoteRequest& request, const std::string& customer,
                           Date day) const {
  Record header = Record::object();
  header.set("DOC_TYPE", settings_.order_type);
  header.set("SALES_ORG", settings_.organization);
  header.set("DISTR_CHAN", settings_.channel);
  header.set("DIVISION", settings_.division);
  header.set("CURRENCY", request.currency);
  header.set("PRICE_DATE", soap_date(day));
  header.set("REQ_DATE_H", soap_date(day));
  Record items = Record::array();
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const QuoteLine& line = request.lines[i];
    Record item = Record::object();
    item.set("ITM_NUMBER", item_key(static_cast<int>(i + 1) * line_step));
    item.set("MATERIAL", material_key(line.sku, at(i, "sku")));
    item.set("REQ_QTY", thousandths(line.quantity, at(i, "quantity")));
    if (!line.uom.empty())
      item.set("SALES_UNIT", fitting(unit_code(settings_, line.uom), 3, at(i, "uom")));
    items.push(std::move(item));
  }
  Record sold_to = Record::object();
  sold_to.set("PARTN_ROLE", "AG");
  sold_to.set("PARTN_NUMB", customer);
  Record partners = Record::array();
  partners.push(std::move(sold_to));
  Record simulated = Record::object();
  simulated.set("ORDER_HEADER_IN", std::move(header));
  simulated.set("ORDER_ITEMS_IN", std::move(items));
  simulated.set("ORDER_PARTNERS", std::move(partners));
  return simulated;
}

QuotedLine Pricing::quoted(const QuoteLine& line, const std::string& position,
                           const Record& answer) const {
  QuotedLine result;
  result.number = line.number;
  result.sku = line.sku;
  result.quantity = line.quantity;
  result.uom = line.uom;
  bool told = false;
  for (const Record& row : answer.get("ORDER_ITEMS_OUT").items()) {
    if (text_of(row, "ITM_NUMBER") != position) continue;
    told = true;
    result.net_amount = with_cents(amount_in(row, "NET_VALUE1"));
    if (result.uom.empty()) result.uom = unit_of(settings_, text_of(row, "SALES_UNIT"));
  }
  if (!told) throw Failure{{ErrorCode::unavailable, "SAP's simulation does not tell every item"}};
  for (const Record& row : answer.get("ORDER_CONDITION_EX").items()) {
    if (text_of(row, "ITM_NUMBER") != position || !text_of(row, "CONDISACTI").empty() ||
        !text_of(row, "STAT_CON").empty() || text_of(row, "CONDTYPE") == "D")
      continue;
    const std::string& kind = text_of(row, "COND_TYPE");
    if (kind == settings_.price_condition) {
      Decimal per = amount_in(row, "COND_P_UNT");
      if (per.is_zero()) per = Decimal::of(1);
      result.list_price = with_cents(Decimal::divided(amount_in(row, "COND_VALUE"), per,
                                                      unit_price_decimals, Rounding::half_up));
      continue;
    }
    const Decimal value = amount_in(row, "CONDVALUE");
    if (value.is_zero()) continue;
    result.adjustments.push_back({"customer_price", {}, 0, with_cents(value), kind});
  }
  // Of conditions that the site calls a price, not this one: the difference, whatever made it.
  Decimal told_sum = (result.quantity * result.list_price).rounded(2, Rounding::half_up);
  for (const Adjustment& adjustment : result.adjustments) told_sum += adjustment.amount;
  if (const Decimal rest = result.net_amount - told_sum; !rest.is_zero())
    result.adjustments.push_back({"customer_price", {}, 0, with_cents(rest), "SAP"});
  result.unit_price = result.adjustments.empty()
                          ? result.list_price
                          : with_cents(Decimal::divided(result.net_amount, result.quantity,
                                                        unit_price_decimals, Rounding::half_up));
  return result;
}

Result<Quote> Pricing::quote(const QuoteRequest& request, const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const Timestamp moment = request.at.value_or(now());
    const Date day = *date_of(local_time(settings_.zone, moment).day);
    const std::string customer = customer_key(request.customer, "/customer");
    // The simulation names the item of a message only in some releases: what is unknown is found
    // here.
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const QuoteLine& line = request.lines[i];
      if (line.quantity.is_zero() || line.quantity.is_negative())
        throw refused(ErrorCode::rejected, "nothing is asked for", at(i, "quantity"),
                      "must be greater than 0");
      if (records_ != nullptr) continue;
      const auto known =
          tables_.rows("SELECT x.MATNR FROM " + tables_.name("MARA") +
                           " x WHERE x.MANDT = ? AND x.MATNR = ? AND x.LVORM <> 'X'",
                       {tables_.client(), material_key(line.sku, at(i, "sku"))}, context.deadline);
      if (known.empty())
        throw refused(ErrorCode::rejected, "article " + line.sku.text() + " is unknown",
                      at(i, "sku"), "is not known");
    }
    if (records_ != nullptr) return by_records(request, customer, day, context);
    const Result<Record> simulated =
        functions_.read("BAPI_SALESORDER_SIMULATE", simulation(request, customer, day), context);
    if (!simulated) {
      Error error = simulated.error();
      if (error.code == ErrorCode::rejected && error.fields.empty())
        error.fields.push_back(
            {request.lines.size() == 1 ? at(0, "sku") : "/lines", error.message});
      throw Failure{error};
    }
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency;
    quote.at = moment;
    quote.prices_as_of = now();
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      quote.lines.push_back(
          quoted(request.lines[i], item_key(static_cast<int>(i + 1) * line_step), *simulated));
      quote.total_net += quote.lines.back().net_amount;
    }
    return quote;
  });
}

// ------------------------------------------------------------------------------ records of COND_A
// Without a file nothing is known: that is not the same as no price.
PriceRecords::State Pricing::records_in_force() const {
  PriceRecords::State state = records_->state();
  if (state.batch.empty())
    throw Failure{{ErrorCode::unavailable, "no COND_A file has been taken in yet"}};
  return state;
}

std::string Pricing::our_group(const std::string& code) const {
  for (const auto& [ours, theirs] : settings_.price_groups)
    if (theirs == code) return ours;
  return code;
}

// The first access that has a record of the day rules, whatever it costs.
const PriceEntry& Pricing::ruling(const std::vector<PriceEntry>& rows, const QuoteLine& line,
                                  const CustomerNumber& customer, const std::string& group,
                                  Date day, std::size_t index) const {
  const PriceEntry* found = nullptr;
  bool has_record = false;
  for (const PriceScope scope : {PriceScope::customer, PriceScope::group, PriceScope::everyone}) {
    const std::string whom = scope == PriceScope::customer ? stripped(customer.text())
                             : scope == PriceScope::group  ? group
                                                           : std::string();
    if (scope == PriceScope::group && group.empty()) continue;
    for (const PriceEntry& row : rows) {
      if (row.scope != scope || row.scope_code != whom || day < row.from ||
          (row.to && *row.to < day))
        continue;
      has_record = true;
      if (row.minimum_quantity <= line.quantity &&
          (found == nullptr || found->minimum_quantity < row.minimum_quantity))
        found = &row;
    }
    if (has_record) break;
  }
  if (found == nullptr)
    throw refused(ErrorCode::rejected,
                  "article " + line.sku.text() + " has no price" +
                      (has_record ? " for so small a quantity" : " on " + day.text()),
                  at(index, has_record ? "quantity" : "sku"), "has no price");
  return *found;
}

Quote Pricing::by_records(const QuoteRequest& request, const std::string& customer, Date day,
                          const CallContext& context) const {
  Quote quote;
  quote.customer = request.customer;
  quote.currency = request.currency;
  quote.at = request.at.value_or(now());
  quote.prices_as_of = records_in_force().since;
  const std::optional<std::string> group = price_group_of(customer, context.deadline);
  if (!group)
    throw refused(ErrorCode::rejected, "customer " + request.customer.text() + " is unknown",
                  "/customer", "is not known");
  const int decimals = tables_.decimals_of(request.currency, context.deadline);
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const QuoteLine& line = request.lines[i];
    const std::vector<PriceEntry> rows = records_->of(line.sku);
    const PriceEntry& price =
        ruling(rows, line, request.customer, group->empty() ? "" : our_group(*group), day, i);
    if (price.currency != request.currency)
      throw refused(ErrorCode::rejected,
                    "article " + line.sku.text() + " is priced in " + price.currency, "/currency",
                    "must be " + price.currency);
    if (!line.uom.empty() && line.uom != price.uom)
      throw refused(ErrorCode::rejected,
                    "article " + line.sku.text() + " is priced per " + price.uom, at(i, "uom"),
                    "must be " + price.uom);
    QuotedLine quoted;
    quoted.number = line.number;
    quoted.sku = line.sku;
    quoted.quantity = line.quantity;
    quoted.uom = price.uom;
    quoted.list_price = price.unit_price;
    quoted.unit_price = price.unit_price;
    quoted.net_amount = (line.quantity * price.unit_price).rounded(decimals, Rounding::half_up);
    quote.total_net += quoted.net_amount;
    quote.lines.push_back(std::move(quoted));
  }
  return quote;
}

// By article; the cursor is the last one. A page has all rows of its articles.
Page<PriceEntry> Pricing::recorded(const PriceQuery& query, const CallContext& context) const {
  (void)records_in_force();
  Page<PriceEntry> page;
  std::vector<Sku> skus;
  if (query.sku) {
    skus.push_back(*query.sku);
  } else {
    const auto size =
        static_cast<std::size_t>(std::clamp(query.limit / 4, 1, static_cast<int>(chunk_max)));
    skus = records_->articles_after(query.cursor.text(), size);
    if (skus.size() == size) page.next = Cursor(skus.back().text());
  }
  std::string group;
  if (query.customer)
    group = our_group(price_group_of(filled(query.customer->text(), number_width), context.deadline)
                          .value_or(""));
  for (const Sku& sku : skus)
    for (PriceEntry& entry : records_->of(sku)) {
      const bool applies =
          !query.customer || entry.scope == PriceScope::everyone ||
          (entry.scope == PriceScope::customer &&
           entry.scope_code == stripped(query.customer->text())) ||
          (entry.scope == PriceScope::group && !group.empty() && entry.scope_code == group);
      if (applies) page.items.push_back(std::move(entry));
    }
  return page;
}

// --------------------------------------------------------------------------------------------
// lists
std::optional<std::string> Pricing::price_group_of(const std::string& customer,
                                                   Deadline deadline) const {
  const auto rows = tables_.rows(
      "SELECT v.KONDA FROM " + tables_.name("KNVV") +
          " v WHERE v.MANDT = ? AND v.KUNNR = ? AND v.VKORG = ? AND v.VTWEG = ? AND v.SPART = ?",
      {tables_.client(), customer, settings_.organization, settings_.channel, settings_.division},
      deadline);
  if (rows.empty()) return std::nullopt;
  return column(rows.front(), 0);
}

void Pricing::add_entries(PriceScope scope, const std::vector<std::string>& materials,
                          const std::string& code, std::vector<PriceEntry>& entries,
                          const CallContext& context) const {
  const Access& access = *std::find_if(std::begin(accesses), std::end(accesses),
                                       [&](const Access& one) { return one.scope == scope; });
  const std::string whom = access.code == nullptr ? "' '" : std::string("a.") + access.code;
  std::string sql =
      "SELECT a.MATNR, " + whom +
      ", a.DATAB, a.DATBI, p.KBETR, p.KONWA, p.KPEIN, p.KMEIN, s.KSTBM, s.KBETR FROM " +
      tables_.name(access.table) + " a JOIN " + tables_.name("KONP") +
      " p ON p.MANDT = a.MANDT AND p.KNUMH = a.KNUMH LEFT JOIN " + tables_.name("KONM") +
      " s ON s.MANDT = p.MANDT AND s.KNUMH = p.KNUMH AND s.KOPOS = p.KOPOS WHERE "
      "a.MANDT = ? AND a.KAPPL = 'V' AND a.KSCHL = ? AND a.VKORG = ? AND a.VTWEG = ? "
      "AND p.LOEVM_KO <> 'X' AND a.MATNR IN (" +
      marks(materials.size()) + ")";
  odbc::Parameters parameters{tables_.client(), settings_.price_condition, settings_.organization,
                              settings_.channel};
  parameters.insert(parameters.end(), materials.begin(), materials.end());
  if (access.code != nullptr && !code.empty()) {
    sql += " AND " + whom + " = ?";
    parameters.emplace_back(code);
  }
  sql += " ORDER BY a.MATNR, a.DATBI, s.KLFN1";
  tables_.each(sql, parameters, context.deadline, [&](const odbc::Row& row) {
    PriceEntry entry;
    entry.sku = Sku(stripped(column(row, 0)));
    entry.scope = scope;
    entry.scope_code =
        scope == PriceScope::group ? our_group(column(row, 1)) : stripped(column(row, 1));
    entry.from = date_of(column(row, 2)).value_or(Date{});
    if (column(row, 3) != "99991231") entry.to = date_of(column(row, 3));
    entry.zone = settings_.zone;
    entry.currency = column(row, 5);
    entry.uom = unit_of(settings_, column(row, 7));
    Decimal per = number_of(odbc::text(row, 6), "KONP-KPEIN");
    if (per.is_zero()) per = Decimal::of(1);
    const bool scaled = row[9].has_value();
    const Decimal rate = number_of(odbc::text(row, scaled ? 9 : 4), "KONP-KBETR, KONM-KBETR");
    entry.unit_price =
        with_cents(Decimal::divided(rate, per, unit_price_decimals, Rounding::half_up));
    if (scaled) entry.minimum_quantity = number_of(odbc::text(row, 8), "KONM-KSTBM").normalized();
    entries.push_back(std::move(entry));
    return true;
  });
}

std::vector<PriceEntry> Pricing::entries(const std::vector<std::string>& materials,
                                         const std::optional<CustomerNumber>& customer,
                                         const CallContext& context) const {
  std::vector<PriceEntry> entries;
  if (materials.empty()) return entries;
  std::string number;
  std::string group;
  if (customer) {
    number = filled(customer->text(), number_width);
    group = price_group_of(number, context.deadline).value_or("");
  }
  add_entries(PriceScope::customer, materials, number, entries, context);
  if (!customer || !group.empty())
    add_entries(PriceScope::group, materials, group, entries, context);
  add_entries(PriceScope::everyone, materials, {}, entries, context);
  // Amounts are kept as if every currency had two decimals.
  std::map<std::string, int> decimals;
  for (PriceEntry& entry : entries) {
    const auto [known, is_new] = decimals.try_emplace(entry.currency, 2);
    if (is_new) known->second = tables_.decimals_of(entry.currency, context.deadline);
    for (int shift = known->second; shift < 2; ++shift)
      entry.unit_price = entry.unit_price * Decimal::of(10);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const PriceEntry& a, const PriceEntry& b) {
    return a.sku.text() < b.sku.text();
  });
  return entries;
}

// By material; the cursor is the last one. A page has all rows of its materials.
Result<Page<PriceEntry>> Pricing::list_prices(const PriceQuery& query, const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    Page<PriceEntry> page;
    if (records_ != nullptr) return recorded(query, context);
    if (query.sku) {
      if (keeps_its_form(query.sku->text(), material_width))
        page.items = entries({filled(query.sku->text(), material_width)}, query.customer, context);
      return page;
    }
    // About four rows a material.
    const auto size =
        static_cast<std::size_t>(std::clamp(query.limit / 4, 1, static_cast<int>(chunk_max)));
    std::vector<std::string> materials;
    tables_.each("SELECT x.MATNR FROM " + tables_.name("MARA") +
                     " x WHERE x.MANDT = ? AND x.MATNR > ? ORDER BY x.MATNR",
                 {tables_.client(), query.cursor.text()}, context.deadline,
                 [&](const odbc::Row& row) {
                   materials.push_back(column(row, 0));
                   return materials.size() < size;
                 });
    if (materials.size() == size) page.next = Cursor(materials.back());
    page.items = entries(materials, query.customer, context);
    return page;
  });
}

Result<PriceListReceipt> Pricing::publish_prices(const PriceList&, const WriteContext&) {
  return Error{ErrorCode::unsupported, "prices are not written into SAP", functions_.system()};
}

// Which state of the condition records this is: how many there are, and how often they were
// changed.
std::string Pricing::state(const CallContext& context) const {
  if (records_ != nullptr) return records_in_force().batch;
  const auto records =
      tables_.rows("SELECT COUNT(*), MAX(p.KNUMH) FROM " + tables_.name("KONP") +
                       " p WHERE p.MANDT = ? AND p.KAPPL = 'V' AND p.KSCHL = ?",
                   {tables_.client(), settings_.price_condition}, context.deadline);
  const auto changes =
      tables_.rows("SELECT COUNT(*), MAX(h.CHANGENR) FROM " + tables_.name("CDHDR") +
                       " h WHERE h.MANDANT = ? AND h.OBJECTCLAS = 'COND_A'",
                   {tables_.client()}, context.deadline);
  std::string state = "sap";
  for (const auto* rows : {&records, &changes})
    for (std::size_t i = 0; i < 2; ++i)
      state += "-" + (rows->empty() ? std::string() : stripped(column(rows->front(), i)));
  return state;
}

// SAP keeps one list that its users edit record by record: whenever one has changed, was added or
// removed, the next list is the whole of it.
Result<std::optional<PriceList>> Pricing::prices_after(const std::string& batch,
                                                       const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&]() -> std::optional<PriceList> {
    PriceList list;
    // Edited while it was read: the name is that of the older state, so that it is read once more.
    list.batch = state(context);
    if (list.batch == batch) return std::nullopt;
    list.created = now();
    const Date today = *date_of(local_time(settings_.zone, list.created).day);
    PriceQuery query;
    query.limit = static_cast<int>(chunk_max) * 4;
    do {
      Page<PriceEntry> page = must(list_prices(query, context));
      for (PriceEntry& entry : page.items)
        if (!entry.to || *entry.to >= today) list.entries.push_back(std::move(entry));
      query.cursor = page.next;
    } while (!query.cursor.empty());
    return list;
  });
}

}  // namespace underpin::legacy::sap_ecc
