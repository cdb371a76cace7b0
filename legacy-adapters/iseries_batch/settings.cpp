#include "legacy-adapters/iseries_batch/settings.h"

#include "contracts/json/object_reader.h"
#include "contracts/order_return.h"
#include "legacy-adapters/transport/prices/price_ruling.h"

#include <filesystem>

namespace underpin::legacy::iseries_batch {
namespace {

using json::Need;
using json::ObjectReader;

void read_number(ObjectReader& reader, std::string_view key, int& value, int least) {
  reader.read(key, value, Need::optional);
  if (value < least) reader.refuse(key, "must be at least " + std::to_string(least));
}

void read_inbound(ObjectReader& reader, InboundFolder& folder) {
  reader.read("folder", folder.folder);
  reader.read("needs_done", folder.needs_done, Need::optional);
  read_number(reader, "stable_ms", folder.stable_ms, 0);
}

void read_codes(ObjectReader& reader, std::string_view key, CodeTable& table,
                std::string_view canonical, std::size_t width) {
  reader.read_each(
      key,
      [&](ObjectReader& one) {
        std::string ours;
        std::string theirs;
        one.read(canonical, ours);
        one.read("code", theirs);
        if (theirs.empty() || theirs.size() > width)
          one.refuse("code", "must have 1 to " + std::to_string(width) + " characters");
        if (!table.add(ours, theirs)) one.refuse("code", "must be there once, as its counterpart");
      },
      Need::optional);
}

bool is_time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  return text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4) &&
         text.substr(0, 2) < "24" && text.substr(3) < "60";
}

void read_members(ObjectReader& reader, Settings& settings) {
  reader.read_object("outbound", [&](ObjectReader& outbound) {
    outbound.read("folder", settings.outbound_folder);
    outbound.read("done_suffix", settings.done_suffix, Need::optional);
    read_number(outbound, "collect_every_ms", settings.collect_every_ms, 0);
    read_number(outbound, "answer_wait_ms", settings.answer_wait_ms, 0);
    read_number(outbound, "answer_expected_minutes", settings.answer_expected_minutes, 1);
    read_number(outbound, "lost_after_minutes", settings.lost_after_minutes, 0);
    if (settings.collect_every_ms > 0 && settings.answer_wait_ms > 0)
      outbound.refuse("answer_wait_ms", "needs collect_every_ms 0: nobody waits for a collection");
  });
  reader.read_object("inbound", [&](ObjectReader& one) { read_inbound(one, settings.inbound); });
  reader.read_object("prices", [&](ObjectReader& one) {
    read_inbound(one, settings.prices);
    one.read("expected_by", settings.expected_by, Need::optional);
    if (!settings.expected_by.empty() && !is_time_of_day(settings.expected_by))
      one.refuse("expected_by", "must be a time of day, HH:MM");
  });
  const auto same = [](const std::string& a, const std::string& b) {
    return std::filesystem::path(a).lexically_normal() ==
           std::filesystem::path(b).lexically_normal();
  };
  if (same(settings.inbound.folder, settings.outbound_folder))
    reader.refuse("inbound", "must have a folder of its own: what is sent would be taken in");
  if (same(settings.prices.folder, settings.outbound_folder) ||
      same(settings.prices.folder, settings.inbound.folder))
    reader.refuse("prices", "must have a folder of its own");
  reader.read("code_page", settings.code_page, Need::optional);
  reader.read("packed", settings.packed, Need::optional);
  const auto wire = wire_of(settings.code_page, settings.packed);
  if (wire)
    settings.wire = *wire;
  else
    reader.refuse("code_page", wire.error().message);
  reader.read("zone", settings.zone, Need::optional);
  if (!prices::is_zone(settings.zone)) reader.refuse("zone", "must be an IANA time zone");
  reader.read("local_currency", settings.local_currency, Need::optional);
  reader.read("vat_percent", settings.vat_percent, Need::optional);
  read_codes(reader, "units", settings.units, "unit", 3);
  read_codes(reader, "return_reasons", settings.return_reasons, "reason", 4);
  std::string policy = "process";
  reader.read("bad_records", policy, Need::optional);
  settings.hold_bad_files = policy == "hold";
  if (policy != "process" && policy != "hold")
    reader.refuse("bad_records", "must be process (the rest of the file) or hold (all of it)");
  read_number(reader, "poll_every_ms", settings.poll_every_ms, 10);
  read_number(reader, "page_size", settings.page_size, 1);
  if (settings.page_size > 1'000) reader.refuse("page_size", "must be at most 1000");
  reader.read("settle_ms", settings.settle_ms, Need::optional);
  if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
}

}  // namespace

bool CodeTable::add(std::string canonical, std::string vendor) {
  for (const auto& [ours, theirs] : pairs_)
    if (ours == canonical || theirs == vendor) return false;
  pairs_.emplace_back(std::move(canonical), std::move(vendor));
  return true;
}

std::optional<std::string> CodeTable::to_vendor(const std::string& canonical) const {
  if (pairs_.empty()) return canonical;
  for (const auto& [ours, theirs] : pairs_)
    if (ours == canonical) return theirs;
  return std::nullopt;
}

std::optional<std::string> CodeTable::from_vendor(const std::string& vendor) const {
  if (pairs_.empty()) return vendor;
  for (const auto& [ours, theirs] : pairs_)
    if (theirs == vendor) return ours;
  return std::nullopt;
}

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(*document, "iSeries batch settings", read_members);
}

}  // namespace underpin::legacy::iseries_batch
