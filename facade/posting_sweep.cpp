#include "facade/posting_sweep.h"

#include "contracts/order_return.h"
#include "contracts/ports/posting_service.h"
#include "facade/hidden.h"
#include "facade/observe.h"
#include "facade/order_content.h"
#include "facade/posting_rows.h"
#include "parity/reconcile/sorter.h"

#include <algorithm>

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;
using json::Value;

using namespace posting_rows;

namespace {

constexpr std::int64_t call_ms = 30'000;
constexpr std::int64_t round_ms = 2'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr int homes_at_once = 20;
CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"reconcile"};
  context.deadline = deadline_in(std::chrono::milliseconds(call_ms));
  return context;
}

bool of_a_return(const PostedEntry& entry) {
  return entry.kind == PostedKind::credit_memo &&
         decode_return_reference(entry.reference).has_value();
}

// Texts in one, for the sorter.
std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) all += '\x1f';
    for (const char c : texts[i])
      if (static_cast<unsigned char>(c) >= 0x20) all += c;
  }
  return all;
}

std::vector<std::string> parts_of(std::string_view joined) {
  std::vector<std::string> texts(1);
  for (const char c : joined) {
    if (c == '\x1f') {
      texts.emplace_back();
    } else {
      texts.back() += c;
    }
  }
  return texts;
}

}  // namespace

Status PostingSweep::possible() const {
  for (const Side side : {Side::legacy, Side::cloud})
    if (systems_.on(side).adapter->postings() == nullptr)
      return Error{ErrorCode::unsupported,
                   systems_.on(side).name +
                       " tells nothing of its books: its settings name no chart of accounts"};
  return Done{};
}

DeclaredUsers PostingSweep::declared() const {
  DeclaredUsers users;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto named = settings_.posted_by.find(systems_.on(side).name);
    if (named != settings_.posted_by.end()) users[side] = named->second;
  }
  return users;
}

// "web/100042", or "foreign:legacy:RE-100007".
std::string PostingSweep::owner_of(Side side, const PostedEntry& entry,
                                   const JournalReader& reader) const {
  if (!entry.order.empty()) {
    const OrderId id = identity_in_journal(entry.order, systems_);
    if (!id.empty() && reader.document(id)) return order_subject(id);
  }
  if (!entry.of_order.empty())
    for (const DocumentRecord& known : reader.documents_named(entry.of_order.text()))
      if (known.document(side) == entry.of_order ||
          (known.id.channel.empty() && known.id.number.text() == entry.of_order.text() &&
           born_in(known) == side))
        return order_subject(known.id);
  return foreign_prefix + std::string(name(side)) + ":" + entry.document.text();
}

Result<SweepPage> PostingSweep::page(Side side, Reconciliation& now_at, const Cursor& cursor,
                                     const CallContext& context) const {
  PostingQuery query;
  query.from = now_at.from;
  query.to = now_at.to;
  query.cursor = cursor;
  query.limit = settings_.page;
  const auto read = observe<Page<PostedEntry>>(side, cutover::Operation::read, [&] {
    return call_port<Page<PostedEntry>>(
        systems_, side, context.deadline, &ErpAdapter::postings,
        [&](PostingService& port) { return port.posted_entries(query, context); });
  });
  if (!read.result) return read.result.error();
  SweepPage swept;
  swept.next = read.result->next;
  const Status named = journal_.read([&](const JournalReader& reader) {
    for (const PostedEntry& entry : read.result->items) {
      // A return is the home's alone, and takes back what was acknowledged: no difference of
      // either.
      if (entry.closing || of_a_return(entry)) {
        ++swept.left_out;
        continue;
      }
      const std::string owner = owner_of(side, entry, reader);
      // Whatever else an ERP posts: of a document that is no order's only sales matter.
      if (is_foreign(owner) && entry.account_class == AccountClass::other) continue;
      swept.rows.push_back({"", {owner}, to_record(posted_line(side, entry))});
    }
  });
  if (!named) return named.error();
  return swept;
}

Result<std::vector<PostedLine>> PostingSweep::entries_of(const std::set<std::string>& documents,
                                                         const std::string& owner) const {
  std::vector<PostedLine> lines;
  if (documents.empty()) return lines;
  PostingQuery query;
  for (const std::string& document : documents) query.documents.emplace_back(document);
  const CallContext context = calling();
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto read = observe<Page<PostedEntry>>(side, cutover::Operation::read, [&] {
      return call_port<Page<PostedEntry>>(
          systems_, side, context.deadline, &ErpAdapter::postings,
          [&](PostingService& port) { return port.posted_entries(query, context); });
    });
    if (!read.result) return read.result.error();
    // Two ERPs may use one number for two documents.
    const Status named = journal_.read([&](const JournalReader& reader) {
      for (const PostedEntry& entry : read.result->items)
        if (!entry.closing && !of_a_return(entry) && owner_of(side, entry, reader) == owner)
          lines.push_back(posted_line(side, entry));
    });
    if (!named) return named.error();
  }
  return lines;
}

Result<PostingSweep::Read> PostingSweep::read(const DocumentRecord& document,
                                              const Reconciliation& now_at) const {
  Read result;
  result.expected.home = document.home;
  result.expected.currency = document.currency;
  const auto seen = observe<Order>(document.home, cutover::Operation::read,
                                   [&] { return orders_.view_of(document, calling()); });
  if (!seen.result) {
    const Error& error = seen.result.error();
    if (error.code != ErrorCode::not_found && !is_hidden(error)) return error;
    result.readable = false;
    return result;
  }
  const std::optional<Order> content = read_content(document.content);
  if (!content) {
    result.expected.acknowledged = false;
    for (const InvoiceReference& invoice : seen.result->invoices)
      result.expected.documents.insert(invoice.document.text());
    return result;
  }
  std::set<std::string> elsewhere;
  if (has_moved_part(content))
    for (const InvoiceReference& invoice : content->invoices)
      elsewhere.insert(invoice.document.text());
  std::set<std::string> others;
  bool any = false;
  for (const InvoiceReference& invoice : seen.result->invoices) {
    const bool inside = now_at.from <= invoice.date && invoice.date <= now_at.to;
    any = any || inside;
    if (!inside) others.insert(invoice.document.text());
  }
  std::vector<PostedLine> posted;
  if (any) {
    auto found = entries_of(others, order_subject(document.id));
    if (!found) return found.error();
    posted = std::move(found).value();
  }
  result.expected = expected_posting(*content, *seen.result, document.home, elsewhere, now_at.from,
                                     now_at.to, posted);
  return result;
}

// ---- comparing

Status PostingSweep::read_homes(Reconciliation& now_at, const std::filesystem::path& folder,
                                bool& last, std::int64_t& reads) const {
  journal::DocumentQuery query;
  // Whatever was invoiced since then has changed since then; a day for the zones.
  query.updated_since = Timestamp::start_of(now_at.from).plus_ms(-day_ms);
  query.after_change = now_at.offset;
  query.limit = homes_at_once;
  std::vector<DocumentRecord> documents;
  const Status listed =
      journal_.read([&](const JournalReader& reader) { documents = reader.documents(query); });
  if (!listed) return listed;
  auto file = RowFile::append_at((folder / expected_file).string(), now_at.later_bytes);
  if (!file) return file.error();
  for (const DocumentRecord& document : documents) {
    if (document.content.empty()) continue;
    if (document.status != OrderStatus::partially_shipped &&
        document.status != OrderStatus::shipped && document.status != OrderStatus::invoiced)
      continue;
    const auto seen = read(document, now_at);
    if (!seen) return seen.error();
    ++reads;
    if (!seen->readable) ++now_at.counts["notReadable"];
    if (seen->expected.net.empty()) continue;
    const Status added =
        (*file)->add({first_look, order_subject(document.id), write_expected(seen->expected)});
    if (!added) return added;
  }
  if (const Status synced = (*file)->sync(); !synced) return synced;
  now_at.later_bytes = (*file)->size();
  if (!documents.empty()) now_at.offset = documents.back().change;
  last = documents.size() < static_cast<std::size_t>(query.limit);
  return Done{};
}

// What is known of an order of the ERP's own people without asking its home; nothing: ask.
std::optional<ExpectedPosting> PostingSweep::own_expected(const std::string& owner) const {
  std::optional<ExpectedPosting> expected;
  const auto id = order_id_of(owner);
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto document = id ? reader.document(*id) : std::nullopt;
    if (!document || !document->content.empty()) return;
    expected.emplace();
    expected->home = document->home;
    expected->currency = document->currency;
    expected->acknowledged = false;
  });
  return read ? expected : std::nullopt;
}

Status PostingSweep::merge(Reconciliation& now_at, const std::filesystem::path& folder) const {
  parity::reconcile::Sorter sorter({folder.string(), settings_.memory_max});
  for (const Side side : {Side::legacy, Side::cloud}) {
    const Status loaded = each_entry(folder, side, now_at.on(side).bytes,
                                     [&](const std::string& owner, const PostedLine& line) {
                                       return sorter.add(owner, "P\x1f" + joined(to_record(line)));
                                     });
    if (!loaded) return loaded;
  }
  const Status loaded =
      each_record(folder / expected_file, now_at.later_bytes, [&](const Record& record) -> Status {
        if (record.size() != 3) return torn();
        return sorter.add(record[1], "E\x1f" + record[2]);
      });
  if (!loaded) return loaded;
  if (const Status sorted = sorter.sort(); !sorted) return sorted;
  auto open = RowFile::append_at((folder / open_file).string(), 0);
  if (!open) return open.error();
  auto confirmed = RowFile::append_at((folder / confirmed_file).string(), 0);
  if (!confirmed) return confirmed.error();

  const DeclaredUsers users = declared();
  std::string owner;
  std::vector<PostedLine> posted;
  std::optional<ExpectedPosting> expected;
  const auto judge = [&]() -> Status {
    if (posted.empty() && !expected) return Done{};
    if (is_foreign(owner)) {
      const auto foreign = foreign_postings(posted);
      if (!foreign) return Done{};
      ++now_at.counts["foreign"];
      const Status added = (*confirmed)->add({json::write(finding_value(*foreign))});
      const auto rogue = undeclared_writers(foreign->order, posted, users);
      if (!added || !rogue) return added;
      ++now_at.differences[rogue->kind];
      return (*confirmed)->add({json::write(finding_value(*rogue))});
    }
    if (!expected && is_own(owner)) expected = own_expected(owner);
    const PostingVerdict verdict = judge_postings(owner, posted, expected, settings_.tolerance);
    if (verdict.findings.empty() && expected && !undeclared_writers(owner, posted, users)) {
      if (!expected->acknowledged) {
        ++now_at.counts["ownOrders"];
        return Done{};
      }
      ++now_at.equal;
      if (verdict.rounded) ++now_at.counts["rounded"];
      if (verdict.other_currency) ++now_at.counts["otherCurrency"];
      return Done{};
    }
    ++now_at.differed;
    std::set<std::string> documents;
    for (const PostedLine& line : posted) documents.insert(line.document);
    return (*open)->add({owner, json::write(texts_value(documents))});
  };
  now_at.differences.clear();
  now_at.counts.erase("foreign");
  now_at.counts.erase("ownOrders");
  now_at.counts.erase("rounded");
  now_at.counts.erase("otherCurrency");
  now_at.equal = now_at.differed = 0;
  parity::reconcile::Sorter::Record record;
  while (true) {
    const auto more = sorter.next(record);
    if (!more) return more.error();
    if (!*more || record.key != owner) {
      if (const Status judged = judge(); !judged) return judged;
      posted.clear();
      expected.reset();
      if (!*more) break;
      owner = std::string(record.key);
    }
    const std::string_view text = record.payload.substr(2);
    if (record.payload[0] == 'E') {
      expected = read_expected(std::string(text));
      if (!expected) return torn();
    } else {
      const auto line = read_posted_line(parts_of(text));
      if (!line) return torn();
      posted.push_back(*line);
    }
  }
  if (const Status synced = (*open)->sync(); !synced) return synced;
  if (const Status synced = (*confirmed)->sync(); !synced) return synced;
  now_at.state = "verifying";
  now_at.offset = 0;
  now_at.open_bytes = (*open)->size();
  now_at.confirmed_bytes = (*confirmed)->size();
  now_at.not_before = now_().plus_ms(settings_.pause_ms);
  return Done{};
}

Status PostingSweep::compare(Reconciliation& now_at, const std::filesystem::path& folder,
                             std::int64_t& reads) const {
  bool last = false;
  const Status read = read_homes(now_at, folder, last, reads);
  if (!read || !last) return read;
  return merge(now_at, folder);
}

// ---- verifying

Status PostingSweep::look_again(Reconciliation& now_at, const std::string& owner,
                                const std::set<std::string>& documents, RowFile& confirmed,
                                RowFile& expected) const {
  const auto id = order_id_of(owner);
  std::optional<DocumentRecord> document;
  const Status known = journal_.read([&](const JournalReader& reader) {
    if (id) document = reader.document(*id);
  });
  if (!known) return known;
  if (!document) return torn();
  const auto seen = read(*document, now_at);
  if (!seen) return seen.error();
  std::set<std::string> all = documents;
  all.insert(seen->expected.documents.begin(), seen->expected.documents.end());
  const auto found = entries_of(all, owner);
  if (!found) return found.error();
  std::vector<PostedLine> posted;
  for (const PostedLine& line : *found)
    if (now_at.from <= line.date && line.date <= now_at.to) posted.push_back(line);
  if (const Status added = expected.add({second_look, owner, write_expected(seen->expected)});
      !added)
    return added;
  for (const PostedLine& line : posted) {
    Record record{entry_again, owner};
    const auto texts = to_record(line);
    record.insert(record.end(), texts.begin(), texts.end());
    if (const Status added = expected.add(record); !added) return added;
  }
  PostingVerdict verdict = judge_postings(owner, posted, seen->expected, settings_.tolerance);
  if (const auto rogue = undeclared_writers(owner, posted, declared()))
    verdict.findings.push_back(*rogue);
  if (verdict.rounded) ++now_at.counts["rounded"];
  if (verdict.other_currency) ++now_at.counts["otherCurrency"];
  if (verdict.findings.empty()) ++now_at.converged;
  for (const PostingFinding& finding : verdict.findings) {
    if (const Status added = confirmed.add({json::write(finding_value(finding))}); !added)
      return added;
    ++now_at.differences[finding.kind];
  }
  return Done{};
}

Result<bool> PostingSweep::verify(Reconciliation& now_at, const std::filesystem::path& folder,
                                  std::int64_t& reads) const {
  if (now_at.offset >= now_at.open_bytes) return true;
  auto reader = RowReader::open((folder / open_file).string(), now_at.offset, now_at.open_bytes);
  if (!reader) return reader.error();
  auto confirmed = RowFile::append_at((folder / confirmed_file).string(), now_at.confirmed_bytes);
  if (!confirmed) return confirmed.error();
  auto expected = RowFile::append_at((folder / expected_file).string(), now_at.later_bytes);
  if (!expected) return expected.error();
  const Deadline end = deadline_in(std::chrono::milliseconds(round_ms));
  Record record;
  while (ms_left(end) > 0) {
    const auto more = (*reader)->next(record);
    if (!more) return more.error();
    if (!*more) break;
    if (record.size() != 2) return torn();
    const auto documents = json::parse(record[1]);
    if (!documents) return torn();
    const Status looked =
        look_again(now_at, record[0], texts_in(*documents), **confirmed, **expected);
    // Nothing of this round is kept then: it is looked at anew.
    if (!looked) return looked.error();
    ++reads;
    now_at.offset = (*reader)->position();
  }
  for (RowFile* file : {confirmed.value().get(), expected.value().get()})
    if (const Status synced = file->sync(); !synced) return synced.error();
  now_at.confirmed_bytes = (*confirmed)->size();
  now_at.later_bytes = (*expected)->size();
  return false;
}

}  // namespace underpin::facade
