#include "legacy-adapters/iseries_batch/pricing.h"

#include "legacy-adapters/iseries_batch/customer_store.h"
#include "legacy-adapters/iseries_batch/failure.h"
#include "legacy-adapters/transport/prices/price_ruling.h"

#include <algorithm>
#include <fstream>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr int currency_decimals = 2;
constexpr int page_max = 1'000;
constexpr int list_part = 10'000;  // Rows that a complete list is read by.

file_drop::Settings drop_of(const Settings& settings, const std::string& system,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = settings.prices.folder;
  drop.state_folder = state_folder;
  drop.suffix = ".DAT";
  drop.register_kept = register_kept;
  drop.needs_done = settings.prices.needs_done;
  drop.stable_ms = settings.prices.stable_ms;
  return drop;
}

std::filesystem::path made_folder(const std::string& state_folder) {
  const std::filesystem::path folder = std::filesystem::path(state_folder) / "prices";
  std::filesystem::create_directories(folder);
  return folder;
}

std::string describe(const PriceEntry& row) {
  std::string text = row.scope == PriceScope::customer ? "price of customer " + row.scope_code
                     : row.scope == PriceScope::group  ? "price of group " + row.scope_code
                                                       : std::string("price for everyone");
  text += " from " + row.from.text();
  if (row.to) text += " to " + row.to->text();
  if (!row.minimum_quantity.is_zero())
    text += " for " + row.minimum_quantity.text() + " " + row.uom + " or more";
  return text;
}

QuotedLine quoted(const QuoteLine& asked, const std::string& uom, const prices::PriceRuling& ruled,
                  Decimal vat_percent) {
  QuotedLine line;
  line.number = asked.number;
  line.sku = asked.sku;
  line.quantity = asked.quantity;
  line.uom = uom;
  line.unit_price = prices::net_unit_price(*ruled.price, vat_percent);
  line.list_price =
      ruled.list != nullptr ? prices::net_unit_price(*ruled.list, vat_percent) : line.unit_price;
  const Decimal quantity = asked.quantity.normalized();
  const auto worth = [&](const Decimal& price) {
    return (quantity * price.normalized()).rounded(currency_decimals, Rounding::half_up);
  };
  line.net_amount = worth(line.unit_price);
  if (line.unit_price != line.list_price) {
    Adjustment adjustment;
    adjustment.kind = ruled.price->scope == PriceScope::everyone ? "promotion" : "customer_price";
    adjustment.amount = line.net_amount - worth(line.list_price);
    adjustment.reason = describe(*ruled.price);
    line.adjustments.push_back(std::move(adjustment));
  }
  return line;
}

// Cursor: the key of the last row, in hexadecimal.
std::string cursor_of(const std::string& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : key) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string key_of_cursor(const std::string& text) {
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string key;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (i + 1 >= text.size() || value(text[i]) < 0 || value(text[i + 1]) < 0)
      fail(ErrorCode::invalid_request, "the cursor is none of this system", "/cursor",
           "must be the 'next' of an earlier answer");
    key += static_cast<char>(value(text[i]) * 16 + value(text[i + 1]));
  }
  return key;
}

}  // namespace

Pricing::Pricing(const Settings& settings, std::string system, const std::string& state_folder,
                 ExchangeGuard& guard, State& state, StockStore& stock,
                 std::function<Timestamp()> now)
    : settings_(settings),
      system_(std::move(system)),
      guard_(guard),
      state_(state),
      stock_(stock),
      now_(std::move(now)),
      store_(made_folder(state_folder)),
      inbox_(drop_of(settings, system_, made_folder(state_folder).string())) {}

std::shared_ptr<PriceBase> Pricing::base() const {
  must(guard_.hold());
  auto base = store_.in_force();
  if (base == nullptr) fail(ErrorCode::unavailable, "no price list has been accepted yet");
  return base;
}

std::string Pricing::group_of(const CustomerNumber& customer,
                              std::vector<FieldError>& faults) const {
  if (const auto known = customer_known(state_, customer)) return known->price_group;
  faults.push_back({"/customer", "is not known"});
  return {};
}

Result<Quote> Pricing::quote(const QuoteRequest& request, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    const auto list = base();
    std::vector<FieldError> faults;
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency.empty() ? settings_.local_currency : request.currency;
    quote.at = request.at ? *request.at : now_();
    quote.prices_as_of = list->head().created;
    prices::PriceQuestion question;
    question.customer = request.customer;
    question.currency = quote.currency;
    question.at = quote.at;
    question.vat_percent = settings_.vat_percent;
    if (!request.customer.empty()) question.price_group = group_of(request.customer, faults);
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const QuoteLine& asked = request.lines[i];
      const std::string pointer = "/lines/" + std::to_string(i) + "/sku";
      const std::vector<PriceEntry> rows = list->rows_of(asked.sku);
      const auto base_unit = stock_.base_unit(asked.sku);
      if (!base_unit && rows.empty()) {
        faults.push_back({pointer, "is not known"});
        continue;
      }
      question.uom = !asked.uom.empty() ? asked.uom : base_unit ? *base_unit : rows.front().uom;
      question.base_uom = base_unit && question.uom == *base_unit;
      question.quantity = asked.quantity;
      const prices::PriceRuling ruled = prices::ruling(rows, question);
      if (ruled.price == nullptr) {
        faults.push_back({pointer, "has no price in " + quote.currency + " per " + question.uom});
        continue;
      }
      quote.lines.push_back(quoted(asked, question.uom, ruled, settings_.vat_percent));
      quote.total_net += quote.lines.back().net_amount;
    }
    if (!faults.empty())
      throw Failure{{ErrorCode::rejected,
                     faults.front().pointer.substr(1) + " " + faults.front().detail,
                     {},
                     {},
                     0,
                     faults}};
    return quote;
  });
}

Result<Page<PriceEntry>> Pricing::list_prices(const PriceQuery& query, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    const auto list = base();
    std::vector<FieldError> faults;
    const std::string group = query.customer ? group_of(*query.customer, faults) : std::string();
    if (!faults.empty())
      fail(ErrorCode::rejected, "customer " + query.customer->text() + " is not known",
           faults[0].pointer, faults[0].detail);
    const int limit = std::clamp(query.limit, 1, page_max);
    PriceBase::Rows rows = list->rows_after(key_of_cursor(query.cursor.text()), query.sku,
                                            query.customer, group, limit);
    Page<PriceEntry> page;
    if (static_cast<int>(rows.entries.size()) == limit) page.next = Cursor{cursor_of(rows.last)};
    page.items = std::move(rows.entries);
    return page;
  });
}

Result<PriceListReceipt> Pricing::publish_prices(const PriceList&, const WriteContext&) {
  return Error{ErrorCode::unsupported,
               "prices are maintained on the iSeries; its nightly file is the list", system_};
}

// Each list is complete, so the next one after any batch is the one in force.
Result<std::optional<PriceList>> Pricing::prices_after(const std::string& batch,
                                                       const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&]() -> std::optional<PriceList> {
    must(guard_.hold());
    const auto list = store_.in_force();
    if (list == nullptr || list->batch() == batch) return std::nullopt;
    PriceList found;
    found.batch = list->batch();
    found.created = list->head().created;
    std::string after;
    for (;;) {
      PriceBase::Rows rows = list->rows_after(after, {}, {}, {}, list_part);
      if (rows.entries.empty()) return found;
      after = rows.last;
      std::move(rows.entries.begin(), rows.entries.end(), std::back_inserter(found.entries));
    }
  });
}

Result<std::optional<DatedPrices::Head>> Pricing::list_in_force(const CallContext&) {
  const auto list = store_.in_force();
  if (list == nullptr) return std::optional<Head>();
  return std::optional<Head>(Head{list->batch(), list->head().created});
}

Status Pricing::poll(const CallContext& context) {
  if (const Status held = guard_.hold(); !held) return held;
  const auto report = inbox_.poll(
      [this](const file_drop::ClaimedFile& file) {
        try {
          return apply(file);
        } catch (const std::exception& failure) {
          return file_drop::Verdict::later(failure.what());
        }
      },
      context.deadline);
  if (!report) return report.error();
  return Done{};
}

file_drop::Verdict Pricing::apply(const file_drop::ClaimedFile& file) {
  if (!file.name.starts_with(prefix(FileKind::prices)))
    return file_drop::Verdict::refused("its name does not begin with PRC");
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.name + " cannot be opened");
  const Reading reading{settings_.wire, settings_.zone, settings_.units, settings_.return_reasons};
  Refusals refusals;
  const Status taken = store_.take(
      edi::reading(input), file.checksum, reading, settings_.hold_bad_files, now_(),
      [&](Refusal one) { refusals.add(std::move(one)); },
      // Before the list counts as taken in: after a crash it is not read again.
      [&] {
        if (!refusals.empty()) refusals.write(inbox_, file);
      });
  if (!taken && taken.error().message.starts_with("held") && !refusals.empty())
    return file_drop::Verdict::refused(refusals.text());
  return verdict_of(taken, file.checksum);
}

std::vector<Alarm> Pricing::alarms() const {
  std::vector<Alarm> alarms = quarantine_alarms(inbox_.quarantine_folder(), "price");
  if (settings_.expected_by.empty()) return alarms;
  const auto list = store_.in_force();
  const int minutes = std::stoi(settings_.expected_by.substr(0, 2)) * 60 +
                      std::stoi(settings_.expected_by.substr(3));
  if (prices::is_late(list ? list->head().accepted : Timestamp{}, now_(), minutes, settings_.zone))
    alarms.push_back({"price list late", "expected by " + settings_.expected_by + " " +
                                             settings_.zone + "; " +
                                             (list ? list->batch() + " stays in force"
                                                   : std::string("no list was ever accepted"))});
  return alarms;
}

}  // namespace underpin::legacy::iseries_batch
