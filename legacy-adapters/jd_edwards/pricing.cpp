#include "legacy-adapters/jd_edwards/pricing.h"

#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/failure.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr std::size_t chunk_max = 200;
constexpr int page_max = 1'000;
constexpr std::size_t list_max = 2'000'000;
constexpr std::int64_t open_end = 140'000;  // 2040 and later: JDE's rows always have an end.

std::string text(const odbc::Row& row, std::size_t column) {
  return std::string(trimmed(odbc::text(row, column)));
}

bool fits(const BasePrice& row, const PriceQuestion& question) {
  const PriceEntry& entry = row.entry;
  if (entry.uom != question.uom || entry.currency != question.currency) return false;
  if (question.day < entry.from || (entry.to && *entry.to < question.day)) return false;
  switch (entry.scope) {
    case PriceScope::everyone:
      return true;
    case PriceScope::group:
      return !question.price_group.empty() && entry.scope_code == question.price_group;
    case PriceScope::customer:
      return !question.customer.empty() && entry.scope_code == question.customer.text();
  }
  return false;
}

bool rules_over(const BasePrice& a, const BasePrice& b) {
  if (a.entry.scope != b.entry.scope) return a.entry.scope > b.entry.scope;
  if (a.branch.empty() != b.branch.empty()) return b.branch.empty();
  if (a.expires != b.expires) return a.expires < b.expires;
  if (a.entry.from != b.entry.from) return a.entry.from > b.entry.from;
  return a.changed > b.changed;  // UPMJ and TDAY are of the key, too.
}

std::string described(const BasePrice& row) {
  const PriceEntry& entry = row.entry;
  std::string said = entry.scope == PriceScope::customer ? "price of customer " + entry.scope_code
                     : entry.scope == PriceScope::group  ? "price of group " + entry.scope_code
                                                         : std::string("price for everyone");
  return said + " from " + entry.from.text() + (entry.to ? " to " + entry.to->text() : "");
}

class JdePricing : public PricingService {
 public:
  JdePricing(const Settings& settings, std::string system, std::shared_ptr<odbc::Database> database)
      : settings_(settings), system_(std::move(system)), database_(std::move(database)) {}

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList&, const WriteContext&) override {
    return Error{ErrorCode::unsupported, "prices are maintained in JD Edwards", system_};
  }
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;
  bool dates_prices() const override { return true; }
  Result<std::vector<PriceEntry>> prices_changed(const Sku& sku, Timestamp since,
                                                 const CallContext& context) override;

 private:
  using Customers = std::map<std::string, std::string>;  // Number -> price group.
  std::string t(std::string_view name) const { return table(settings_, name); }
  // Rows in the order of a page's key: short item number, then the rest of the key.
  void each_row(const std::string& condition, const odbc::Parameters& values,
                const CallContext& context,
                const std::function<bool(const BasePrice&, std::int64_t item)>& take) const;
  BasePrice row_of(const odbc::Row& row) const;
  Result<std::optional<std::string>> price_group(const CustomerNumber& customer,
                                                 const CallContext& context) const;
  std::map<std::string, std::string> base_units(const std::vector<QuoteLine>& lines,
                                                const CallContext& context) const;
  std::string unit_of(const std::string& vendor) const {
    for (const auto& [canonical, code] : settings_.uoms)
      if (code == vendor) return canonical;
    return vendor;
  }

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
};

BasePrice JdePricing::row_of(const odbc::Row& row) const {
  BasePrice price;
  PriceEntry& entry = price.entry;
  entry.sku = Sku(text(row, 1));
  price.branch = text(row, 2);
  if (whole_of(odbc::text(row, 3), "AN8") != 0) {
    entry.scope = PriceScope::customer;
    entry.scope_code = text(row, 4);
  } else if (whole_of(odbc::text(row, 5), "CGID") != 0) {
    entry.scope = PriceScope::group;
    entry.scope_code = text(row, 6);
  }
  entry.currency = text(row, 7);
  if (entry.currency.empty()) entry.currency = settings_.local_currency;
  entry.uom = unit_of(text(row, 8));
  entry.zone = settings_.zone;
  entry.from = date_of(whole_of(odbc::text(row, 9), "EFTJ"), "EFTJ").value_or(Date{1900, 1, 1});
  price.expires = whole_of(odbc::text(row, 10), "EXDJ");
  if (price.expires != 0 && price.expires < open_end) entry.to = date_of(price.expires, "EXDJ");
  entry.unit_price = amount_of(odbc::text(row, 11), settings_.decimals.price, "UPRC");
  price.changed = {whole_of(odbc::text(row, 12), "UPMJ"), whole_of(odbc::text(row, 13), "TDAY")};
  price.calculated = !text(row, 14).empty();
  return price;
}

void JdePricing::each_row(
    const std::string& condition, const odbc::Parameters& values, const CallContext& context,
    const std::function<bool(const BasePrice&, std::int64_t item)>& take) const {
  odbc::Parameters all{unit(settings_.branch), padded("", 12), padded("", 20), padded("", 30),
                       padded("", 3)};
  all.insert(all.end(), values.begin(), values.end());
  // Rows of a location, a lot, a grade, a potency or an item group are for other questions than a
  // channel's; those of a customer or a group without a name nobody can ask for.
  must(database_->query(
      "SELECT p.BPITM, p.BPLITM, p.BPMCU, p.BPAN8, a.ABALKY, p.BPCGID, g.CKCPGP, p.BPCRCD, "
      "p.BPUOM, p.BPEFTJ, p.BPEXDJ, p.BPUPRC, p.BPUPMJ, p.BPTDAY, p.BPBSCD FROM " +
          t("F4106") + " p LEFT JOIN " + t("F0101") + " a ON a.ABAN8 = p.BPAN8 LEFT JOIN " +
          t("F40942") +
          " g ON g.CKCGID = p.BPCGID WHERE p.BPMCU IN (?, ?) AND p.BPLOCN = ? AND p.BPLOTN = ? "
          "AND p.BPLOTG = ? AND p.BPFRMP = 0 AND p.BPIGID = 0" +
          condition +
          " ORDER BY p.BPITM, p.BPAN8, p.BPCGID, p.BPMCU, p.BPCRCD, p.BPUOM, p.BPEXDJ, p.BPEFTJ, "
          "p.BPUPMJ, p.BPTDAY",
      all, context.deadline, [&](const odbc::Row& row) {
        const BasePrice price = row_of(row);
        if (price.entry.scope != PriceScope::everyone && price.entry.scope_code.empty())
          return true;
        return take(price, whole_of(odbc::text(row, 0), "ITM"));
      }));
}

// Nothing: no such customer.
Result<std::optional<std::string>> JdePricing::price_group(const CustomerNumber& customer,
                                                           const CallContext& context) const {
  const auto rows =
      database_->rows("SELECT c.AICPGP FROM " + t("F0101") + " a INNER JOIN " + t("F03012") +
                          " c ON c.AIAN8 = a.ABAN8 WHERE a.ABALKY = ? AND c.AICO = ?",
                      {padded(customer.text(), 20), padded("00000", 5)}, context.deadline);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<std::string>();
  return std::optional<std::string>(text(rows->front(), 0));
}

std::map<std::string, std::string> JdePricing::base_units(const std::vector<QuoteLine>& lines,
                                                          const CallContext& context) const {
  std::set<std::string> skus;
  for (const QuoteLine& line : lines) skus.insert(line.sku.text());
  std::map<std::string, std::string> found;
  std::vector<std::string> all(skus.begin(), skus.end());
  for (std::size_t from = 0; from < all.size(); from += chunk_max) {
    odbc::Parameters values;
    for (std::size_t i = from; i < std::min(all.size(), from + chunk_max); ++i)
      values.emplace_back(padded(all[i], 25));
    must(database_->query("SELECT i.IMLITM, i.IMUOM1 FROM " + t("F4101") +
                              " i WHERE i.IMLITM IN (" + marks(values.size()) + ")",
                          values, context.deadline, [&](const odbc::Row& row) {
                            found[text(row, 0)] = unit_of(text(row, 1));
                            return true;
                          }));
  }
  return found;
}

Result<Quote> JdePricing::quote(const QuoteRequest& request, const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::vector<FieldError> faults;
    std::optional<std::string> group = std::string();
    if (!request.customer.empty()) group = must(price_group(request.customer, context));
    if (!group) faults.push_back({"/customer", "is not known"});
    const auto units = base_units(request.lines, context);
    std::map<std::string, std::vector<BasePrice>> prices;
    std::vector<std::string> skus;
    for (const auto& [sku, uom] : units) skus.push_back(sku);
    for (std::size_t from = 0; from < skus.size(); from += chunk_max) {
      odbc::Parameters values;
      for (std::size_t i = from; i < std::min(skus.size(), from + chunk_max); ++i)
        values.emplace_back(padded(skus[i], 25));
      each_row(" AND p.BPLITM IN (" + marks(values.size()) + ")", values, context,
               [&](const BasePrice& row, std::int64_t) {
                 prices[row.entry.sku.text()].push_back(row);
                 return true;
               });
    }
    const Timestamp now = Timestamp::from(std::chrono::system_clock::now());
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency.empty() ? settings_.local_currency : request.currency;
    quote.at = request.at.value_or(now);
    quote.prices_as_of = now;
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const QuoteLine& asked = request.lines[i];
      const std::string pointer = "/lines/" + std::to_string(i) + "/sku";
      const auto uom = units.find(asked.sku.text());
      if (uom == units.end()) {
        faults.push_back({pointer, "is not known"});
        continue;
      }
      QuotedLine line;
      line.number = asked.number;
      line.sku = asked.sku;
      line.quantity = asked.quantity;
      line.uom = asked.uom.empty() ? uom->second : asked.uom;
      const PriceRuling ruled =
          ruling(prices[asked.sku.text()], {request.customer, group.value_or(""), quote.currency,
                                            line.uom, day_in(settings_.zone, quote.at)});
      if (ruled.price == nullptr) {
        faults.push_back({pointer, "has no price in " + quote.currency + " per " + line.uom});
        continue;
      }
      if (ruled.price->calculated) {
        faults.push_back({pointer, "has a price that JD Edwards calculates of its cost"});
        continue;
      }
      line.unit_price = ruled.price->entry.unit_price;
      const bool listed = ruled.list != nullptr && !ruled.list->calculated;
      line.list_price = listed ? ruled.list->entry.unit_price : line.unit_price;
      line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
      if (line.unit_price != line.list_price) {
        Adjustment adjustment;
        adjustment.kind = "customer_price";
        adjustment.amount =
            line.net_amount - (line.quantity * line.list_price).rounded(2, Rounding::half_up);
        adjustment.reason = described(*ruled.price);
        line.adjustments.push_back(std::move(adjustment));
      }
      quote.total_net += line.net_amount;
      quote.lines.push_back(std::move(line));
    }
    if (!faults.empty()) {
      Error error{ErrorCode::rejected,
                  faults.front().pointer.substr(1) + " " + faults.front().detail};
      error.fields = std::move(faults);
      throw Failure{std::move(error)};
    }
    return quote;
  });
}

// Cursor: the short item number of the last row, and how many of its rows were given out.
Result<Page<PriceEntry>> JdePricing::list_prices(const PriceQuery& query,
                                                 const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    std::int64_t from = 0;
    std::size_t skipped = 0;
    if (!query.cursor.empty()) {
      const std::string& given = query.cursor.text();
      const char* end = given.data() + given.size();
      const auto first = std::from_chars(given.data(), end, from);
      const bool dotted = first.ec == std::errc() && first.ptr != end && *first.ptr == '.';
      const auto second =
          dotted ? std::from_chars(first.ptr + 1, end, skipped) : std::from_chars_result{};
      if (!dotted || second.ec != std::errc() || second.ptr != end)
        throw refused(ErrorCode::invalid_request, "the cursor is not one of this system", "/cursor",
                      "must be the 'next' of an earlier answer");
    }
    std::string group;
    if (query.customer) {
      const auto known = must(price_group(*query.customer, context));
      if (!known)
        throw refused(ErrorCode::rejected, "customer " + query.customer->text() + " is not known",
                      "/customer", "is not known");
      group = *known;
    }
    std::string condition = " AND p.BPITM >= ?";
    odbc::Parameters values{from};
    if (query.sku) {
      condition += " AND p.BPLITM = ?";
      values.emplace_back(padded(query.sku->text(), 25));
    }
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, page_max));
    Page<PriceEntry> page;
    std::int64_t item = from;
    std::size_t of_item = 0;  // Rows of `item` that were looked at.
    each_row(condition, values, context, [&](const BasePrice& row, std::int64_t number) {
      if (page.items.size() == limit) {
        page.next = Cursor(std::to_string(item) + "." + std::to_string(of_item));
        return false;
      }
      of_item = number == item ? of_item + 1 : 1;
      item = number;
      if (item == from && of_item <= skipped) return true;
      if (row.calculated) return true;
      const PriceEntry& entry = row.entry;
      const bool wanted =
          !query.customer || entry.scope == PriceScope::everyone ||
          (entry.scope == PriceScope::group ? !group.empty() && entry.scope_code == group
                                            : entry.scope_code == query.customer->text());
      if (wanted) page.items.push_back(entry);
      return true;
    });
    return page;
  });
}

// JDE has no batches: the list is named after the newest change and the number of its rows, so a
// row that was removed makes another list, too.
Result<std::optional<PriceList>> JdePricing::prices_after(const std::string& batch,
                                                          const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&]() -> std::optional<PriceList> {
    PriceList list;
    Stamp newest;
    each_row("", {}, context, [&](const BasePrice& row, std::int64_t) {
      if (row.calculated) return true;
      newest = std::max(newest, row.changed);
      list.entries.push_back(row.entry);
      if (list.entries.size() > list_max)
        throw std::length_error("F4106 has more than 2,000,000 rows");
      return true;
    });
    if (list.entries.empty()) return std::nullopt;
    list.batch = "F4106-" + std::to_string(newest.day) + "-" + std::to_string(newest.time) + "-" +
                 std::to_string(list.entries.size());
    if (list.batch == batch) return std::nullopt;
    list.created = instant_of(settings_.zone, newest);
    return list;
  });
}

Result<std::vector<PriceEntry>> JdePricing::prices_changed(const Sku& sku, Timestamp since,
                                                           const CallContext& context) {
  return guarded(system_, ErrorCode::internal, [&] {
    const Stamp from = stamp_in(settings_.zone, since);
    std::vector<PriceEntry> changed;
    each_row(" AND p.BPLITM = ?", {padded(sku.text(), 25)}, context,
             [&](const BasePrice& row, std::int64_t) {
               // The second of `since` itself has not been seen to its end.
               if (row.changed >= from && !row.calculated) changed.push_back(row.entry);
               return true;
             });
    return changed;
  });
}

}  // namespace

PriceRuling ruling(const std::vector<BasePrice>& rows, const PriceQuestion& question) {
  PriceRuling best;
  for (const BasePrice& row : rows) {
    if (!fits(row, question)) continue;
    if (row.entry.scope == PriceScope::everyone &&
        (best.list == nullptr || rules_over(row, *best.list)))
      best.list = &row;
    if (best.price == nullptr || rules_over(row, *best.price)) best.price = &row;
  }
  return best;
}

std::unique_ptr<PricingService> make_pricing(const Settings& settings, std::string system,
                                             std::shared_ptr<odbc::Database> database) {
  return std::make_unique<JdePricing>(settings, std::move(system), std::move(database));
}

}  // namespace underpin::legacy::jd_edwards
