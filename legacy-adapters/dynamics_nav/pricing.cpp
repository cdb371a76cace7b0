#include "legacy-adapters/dynamics_nav/pricing.h"

#include "legacy-adapters/dynamics_nav/price_list.h"
#include "legacy-adapters/dynamics_nav/price_ruling.h"
#include "legacy-adapters/dynamics_nav/sqlite_state.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <mutex>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr int currency_decimals = 2;
constexpr int page_max = 1'000;

std::optional<int> minutes_of(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

std::string describe(const PriceEntry& row) {
  std::string text = row.scope == PriceScope::customer ? "price of customer " + row.scope_code
                     : row.scope == PriceScope::group  ? "price of group " + row.scope_code
                                                       : std::string("price for everyone");
  text += " from " + row.from.text();
  if (row.to) text += " to " + row.to->text();
  if (!row.minimum_quantity.is_zero()) {
    text += " for " + row.minimum_quantity.normalized().text() + " " + row.uom + " or more";
  }
  return text;
}

// Cursor: the key of the last row given out, its parts in hexadecimal.
std::string cursor_of(const PriceKey& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::string& part : key) {
    if (!text.empty()) text += '.';
    for (const char c : part) {
      text += digits[static_cast<unsigned char>(c) >> 4];
      text += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return text;
}

std::optional<PriceKey> key_of_cursor(const std::string& text) {
  PriceKey key(1);
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      key.emplace_back();
    } else if (i + 1 < text.size() && value(text[i]) >= 0 && value(text[i + 1]) >= 0) {
      key.back() += static_cast<char>(value(text[i]) * 16 + value(text[i + 1]));
      ++i;
    } else {
      return std::nullopt;
    }
  }
  if (key.size() != key_of(PriceEntry()).size()) return std::nullopt;
  return key;
}

struct Article {
  std::string base_uom;
  Decimal unit_price;
};

class ListPricing : public NavPricing {
 public:
  ListPricing(PricingSettings settings, std::shared_ptr<odbc::Database> database)
      : settings_(std::move(settings)),
        due_minutes_(minutes_of(settings_.expected_by)),
        database_(std::move(database)),
        table_{settings_.sql, settings_.rowversion_fence, settings_.zone, settings_.local_currency,
               settings_.limits.rows_max},
        lists_(std::filesystem::path(settings_.state_folder) / "price_list.db") {
    if (!settings_.table) inbox_.emplace(settings_.drop);
  }

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList&, const WriteContext&) override {
    return error(ErrorCode::unsupported,
                 "prices are maintained in NAV; its list is read from there");
  }
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext&) override {
    auto list = lists_.after(batch);
    if (list) return list;
    return error(list.error().code, list.error().message);
  }

  Result<std::optional<Head>> list_in_force(const CallContext&) override {
    const auto table = lists_.in_force();
    if (!table || table->generation == 0) return std::optional<Head>();
    return std::optional<Head>(Head{table->batch, table->created});
  }

  Status poll(const CallContext& context) override;
  AdapterTask task() override {
    return {settings_.system + (settings_.table ? " sales prices" : " price file"),
            std::chrono::milliseconds(settings_.poll_every_ms),
            [this](const CallContext& context) { return poll(context); }};
  }
  std::vector<Alarm> alarms() const override;
  std::vector<Finding> examine(const CallContext& context) override {
    return settings_.table ? examine_sales_prices(*database_, table_, context.deadline)
                           : file_drop::examine_folder(settings_.drop.folder);
  }

 private:
  Status poll_table();
  std::string q(std::string_view identifier) const { return quoted(settings_.sql, identifier); }
  std::string t(std::string_view nav_name) const { return table(settings_.sql, nav_name); }
  Error error(ErrorCode code, std::string message, std::vector<FieldError> fields = {}) const {
    return Error{code, std::move(message), settings_.system, {}, 0, std::move(fields)};
  }
  file_drop::Verdict take_in(const file_drop::ClaimedFile& file);
  // Nothing: no such customer.
  Result<std::optional<std::string>> price_group(const CustomerNumber& customer, Deadline deadline);
  Result<std::map<std::string, Article>> articles(const std::vector<QuoteLine>& lines,
                                                  Deadline deadline);
  Result<Quote> priced(const QuoteRequest& request, const PriceTable& table,
                       const std::optional<std::string>& group,
                       const std::map<std::string, Article>& articles) const;

  const PricingSettings settings_;
  const std::optional<int> due_minutes_;
  const std::shared_ptr<odbc::Database> database_;
  const SalesPriceSettings table_;
  std::string table_mark_;    // Of the table as it was read last; of the polling thread.
  std::string refused_mark_;  // Of the table that was refused last; of the polling thread.
  std::atomic<std::int64_t> table_seen_us_{
      0};  // When the list in force was last what the table says.
  std::optional<file_drop::Inbox> inbox_;
  PriceLists lists_;
  mutable std::mutex refused_mutex_;
  std::string refused_;  // The last refused file and why; empty after a list was accepted.
};

file_drop::Verdict ListPricing::take_in(const file_drop::ClaimedFile& file) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.path.string() + " cannot be opened");
  const Acceptance acceptance =
      lists_.accept(input, file.checksum, settings_.limits, settings_.now());
  const std::lock_guard lock(refused_mutex_);
  switch (acceptance.kind) {
    case Acceptance::Kind::accepted:
    case Acceptance::Kind::repeated:
      refused_.clear();
      return file_drop::Verdict::applied(acceptance.batch);
    case Acceptance::Kind::refused:
      return file_drop::Verdict::refused(acceptance.reason);
    case Acceptance::Kind::failed:
      break;
  }
  return file_drop::Verdict::later(acceptance.reason);
}

Status ListPricing::poll_table() {
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.read_timeout_ms);
  const auto before = mark_of_sales_prices(*database_, table_, deadline);
  if (!before) return before.error();
  const Timestamp now = settings_.now();
  if (!table_mark_.empty() && before->text == table_mark_) {
    table_seen_us_ = now.micros;
    const std::lock_guard lock(refused_mutex_);
    refused_.clear();
    return Done{};
  }
  // What was refused is read again when it has changed: it is a whole table, at every poll.
  if (before->text == refused_mark_) return Done{};
  refused_mark_.clear();
  PriceFileHeader header;
  header.created = std::max(now, lists_.in_force()->created.plus_ms(1));  // Clocks are set back.
  header.batch = "SALES-PRICE-" + header.created.text();
  header.currency = settings_.local_currency;
  Error unread;
  const Acceptance acceptance = lists_.accept_rows(
      header,
      [&](const PriceFileConsumer& consumer, std::string& checksum) -> Result<PriceFileTotals> {
        auto totals = read_sales_prices(*database_, table_, deadline, consumer, checksum);
        if (!totals && totals.error().code != ErrorCode::invalid_request) unread = totals.error();
        if (!totals) return totals;
        // A read that a change overtook may have half of it.
        const auto after = mark_of_sales_prices(*database_, table_, deadline);
        if (!after) return unread = after.error();
        if (after->text != before->text)
          return unread = error(ErrorCode::unavailable, "the table changed while it was read");
        return totals;
      },
      now);
  if (!unread.message.empty()) return unread;
  const std::lock_guard lock(refused_mutex_);
  switch (acceptance.kind) {
    case Acceptance::Kind::accepted:
    case Acceptance::Kind::repeated:
      refused_.clear();
      table_seen_us_ = now.micros;
      if (before->quiet) table_mark_ = before->text;
      return Done{};
    case Acceptance::Kind::refused:
      refused_ = "Sales Price: " + acceptance.reason;
      if (before->quiet) refused_mark_ = before->text;
      return Done{};
    case Acceptance::Kind::failed:
      break;
  }
  return error(ErrorCode::unavailable, acceptance.reason);
}

Status ListPricing::poll(const CallContext& context) {
  if (settings_.table) return poll_table();
  std::string put_off;
  const auto report = inbox_->poll(
      [&](const file_drop::ClaimedFile& file) {
        file_drop::Verdict verdict = take_in(file);
        if (verdict.kind == file_drop::Verdict::Kind::later) put_off = verdict.reason;
        return verdict;
      },
      context.deadline);
  if (!report) return report.error();
  if (!report->quarantined_reasons.empty()) {
    const std::lock_guard lock(refused_mutex_);
    refused_ = report->quarantined_reasons.back();
  }
  if (!put_off.empty()) return error(ErrorCode::unavailable, put_off);
  return Done{};
}

std::vector<Alarm> ListPricing::alarms() const {
  std::vector<Alarm> alarms;
  const auto table = lists_.in_force();
  if (due_minutes_ &&
      is_price_list_late(table->accepted, settings_.now(), *due_minutes_, settings_.zone)) {
    alarms.push_back({"price list late", table->generation == 0
                                             ? "no list was ever accepted; expected by " +
                                                   settings_.expected_by + " " + settings_.zone
                                             : "expected by " + settings_.expected_by + " " +
                                                   settings_.zone + "; batch " + table->batch +
                                                   ", accepted " + table->accepted.text() +
                                                   ", stays in force"});
  }
  const std::lock_guard lock(refused_mutex_);
  if (!refused_.empty()) alarms.push_back({"price list refused", refused_});
  return alarms;
}

Result<std::optional<std::string>> ListPricing::price_group(const CustomerNumber& customer,
                                                            Deadline deadline) {
  const auto rows = database_->rows("SELECT c." + q("Customer Price Group") + " FROM " +
                                        t("Customer") + " c WHERE c." + q("No_") + " = ?",
                                    {customer.text()}, deadline);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<std::string>();
  return std::optional<std::string>(std::string(odbc::text(rows->front(), 0)));
}

Result<std::map<std::string, Article>> ListPricing::articles(const std::vector<QuoteLine>& lines,
                                                             Deadline deadline) {
  std::vector<std::string> skus;
  for (const QuoteLine& line : lines) skus.push_back(line.sku.text());
  std::sort(skus.begin(), skus.end());
  skus.erase(std::unique(skus.begin(), skus.end()), skus.end());
  std::map<std::string, Article> found;
  for (std::size_t from = 0; from < skus.size(); from += chunk_max) {
    const std::size_t end = std::min(skus.size(), from + chunk_max);
    const odbc::Parameters parameters(skus.begin() + static_cast<std::ptrdiff_t>(from),
                                      skus.begin() + static_cast<std::ptrdiff_t>(end));
    const Status read = database_->query(
        "SELECT i." + q("No_") + ", i." + q("Base Unit of Measure") + ", i." + q("Unit Price") +
            " FROM " + t("Item") + " i WHERE i." + q("No_") + " IN (" + marks(end - from) + ")",
        parameters, deadline, [&found](const odbc::Row& row) {
          found[std::string(odbc::text(row, 0))] = {
              std::string(odbc::text(row, 1)),
              decimal_of(odbc::text(row, 2), "Unit Price").normalized()};
          return true;
        });
    if (!read) return read.error();
  }
  return found;
}

Result<Quote> ListPricing::quote(const QuoteRequest& request, const CallContext& context) {
  const auto table = lists_.in_force();
  if (table->generation == 0) {
    return error(ErrorCode::unavailable, "no price list has been accepted yet");
  }
  std::optional<std::string> group = std::string();
  if (!request.customer.empty()) {
    const auto known = price_group(request.customer, context.deadline);
    if (!known) return known.error();
    group = *known;
  }
  const auto known = articles(request.lines, context.deadline);
  if (!known) return known.error();
  try {
    return priced(request, *table, group, *known);
  } catch (const std::overflow_error&) {
    return error(ErrorCode::rejected, "an amount has more than 38 digits");
  }
}

Result<Quote> ListPricing::priced(const QuoteRequest& request, const PriceTable& table,
                                  const std::optional<std::string>& group,
                                  const std::map<std::string, Article>& articles) const {
  std::vector<FieldError> faults;
  if (!group) faults.push_back({"/customer", "is not known"});
  Quote quote;
  quote.customer = request.customer;
  quote.currency = request.currency.empty() ? settings_.local_currency : request.currency;
  quote.at = request.at ? *request.at : settings_.now();
  quote.prices_as_of = std::max(table.created, Timestamp{table_seen_us_.load()});
  static const std::vector<PriceEntry> none;
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const QuoteLine& asked = request.lines[i];
    const std::string pointer = "/lines/" + std::to_string(i);
    const auto article = articles.find(asked.sku.text());
    if (article == articles.end()) {
      faults.push_back({pointer + "/sku", "is not known"});
      continue;
    }
    PriceQuestion question;
    question.customer = request.customer;
    question.price_group = group.value_or("");
    question.currency = quote.currency;
    question.uom = asked.uom.empty() ? article->second.base_uom : asked.uom;
    question.base_uom = question.uom == article->second.base_uom;
    question.quantity = asked.quantity;
    question.at = quote.at;
    question.vat_percent = settings_.vat_percent;
    const auto rows = table.by_sku.find(asked.sku.text());
    const PriceRuling ruled = ruling(rows == table.by_sku.end() ? none : rows->second, question);
    const bool own_price_fits = quote.currency == settings_.local_currency && question.base_uom;
    if (ruled.list == nullptr && ruled.price == nullptr && !own_price_fits) {
      faults.push_back(
          {pointer + "/sku", "has no price in " + quote.currency + " per " + question.uom});
      continue;
    }
    QuotedLine line;
    line.number = asked.number;
    line.sku = asked.sku;
    line.quantity = asked.quantity;
    line.uom = question.uom;
    const auto net = [&](const PriceEntry& row) {
      return net_unit_price(row, settings_.vat_percent);
    };
    line.unit_price = ruled.price != nullptr  ? net(*ruled.price)
                      : ruled.list != nullptr ? net(*ruled.list)
                                              : article->second.unit_price;
    line.list_price = ruled.list != nullptr ? net(*ruled.list)
                      : own_price_fits      ? article->second.unit_price
                                            : line.unit_price;
    const Decimal quantity = asked.quantity.normalized();
    line.net_amount =
        (quantity * line.unit_price.normalized()).rounded(currency_decimals, Rounding::half_up);
    const Decimal by_list =
        (quantity * line.list_price.normalized()).rounded(currency_decimals, Rounding::half_up);
    if (ruled.price != nullptr && line.unit_price != line.list_price) {
      Adjustment adjustment;
      adjustment.kind = ruled.price->scope == PriceScope::everyone ? "promotion" : "customer_price";
      adjustment.amount = line.net_amount - by_list;
      adjustment.reason = describe(*ruled.price);
      line.adjustments.push_back(std::move(adjustment));
    }
    quote.total_net += line.net_amount;
    quote.lines.push_back(std::move(line));
  }
  if (!faults.empty()) {
    const std::string first = faults.front().pointer.substr(1) + " " + faults.front().detail;
    return error(ErrorCode::rejected, first, std::move(faults));
  }
  return quote;
}

Result<Page<PriceEntry>> ListPricing::list_prices(const PriceQuery& query,
                                                  const CallContext& context) {
  const auto table = lists_.in_force();
  std::optional<PriceKey> after;
  if (!query.cursor.empty()) {
    after = key_of_cursor(query.cursor.text());
    if (!after) {
      return error(ErrorCode::invalid_request, "the cursor is not one of this system",
                   {{"/cursor", "must be the 'next' of an earlier answer"}});
    }
  }
  std::optional<std::string> group;
  if (query.customer) {
    const auto known = price_group(*query.customer, context.deadline);
    if (!known) return known.error();
    if (!*known) {
      return error(ErrorCode::rejected, "customer " + query.customer->text() + " is not known",
                   {{"/customer", "is not known"}});
    }
    group = **known;
  }
  const auto wanted = [&](const PriceEntry& row) {
    if (!query.customer || row.scope == PriceScope::everyone) return true;
    if (row.scope == PriceScope::group) return !group->empty() && row.scope_code == *group;
    return row.scope_code == query.customer->text();
  };
  const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, page_max));
  Page<PriceEntry> page;
  auto article = query.sku ? table->by_sku.find(query.sku->text())
                 : after   ? table->by_sku.lower_bound(after->front())
                           : table->by_sku.begin();
  for (; article != table->by_sku.end(); ++article) {
    for (const PriceEntry& row : article->second) {
      if (!wanted(row) || (after && key_of(row) <= *after)) continue;
      if (page.items.size() == limit) {
        page.next = Cursor(cursor_of(key_of(page.items.back())));
        return page;
      }
      page.items.push_back(row);
    }
    if (query.sku) break;
  }
  return page;
}

}  // namespace

bool is_price_list_late(Timestamp accepted, Timestamp now, int due_minutes, std::string_view zone) {
  return prices::is_late(accepted, now, due_minutes, zone);
}

Result<std::unique_ptr<NavPricing>> make_pricing(PricingSettings settings,
                                                 std::shared_ptr<odbc::Database> database) {
  const std::string system = settings.system;
  const auto invalid = [&](std::string pointer, std::string rule) {
    return Error{ErrorCode::invalid_request, pointer.substr(1) + " " + rule, system, {}, 0,
                 {{pointer, rule}}};
  };
  if (!settings.expected_by.empty() && !minutes_of(settings.expected_by)) {
    return invalid("/expected_by", "must be a time of day, HH:MM");
  }
  if (!is_zone(settings.zone)) return invalid("/zone", "must be an IANA time zone");
  try {
    return std::unique_ptr<NavPricing>(
        std::make_unique<ListPricing>(std::move(settings), std::move(database)));
  } catch (const StateFailure& failure) {
    return Error{ErrorCode::internal, failure.what(), system};
  }
}

}  // namespace underpin::legacy::dynamics_nav
