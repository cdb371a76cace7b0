#include "legacy-adapters/dynamics_nav/postings.h"

#include "contracts/external_reference.h"

#include <algorithm>
#include <charconv>

namespace underpin::legacy::dynamics_nav {
namespace {

// Option "Document Type" of both ledgers, option "Type" of VAT Entry.
constexpr int document_invoice = 2;
constexpr int document_credit_memo = 3;
constexpr int vat_of_sales = 2;

// Cursor: the ledger, and the number of the last entry given out: "G120", "T17".
struct Position {
  Ledger ledger = Ledger::general;
  std::int64_t after = 0;
};

std::optional<Position> position_of(const Cursor& cursor) {
  if (cursor.empty()) return Position{};
  const std::string& text = cursor.text();
  Position position;
  if (text[0] != 'G' && text[0] != 'T') return std::nullopt;
  position.ledger = text[0] == 'G' ? Ledger::general : Ledger::tax;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, position.after);
  if (read.ec != std::errc() || read.ptr != end || position.after < 0) return std::nullopt;
  return position;
}

// The escape that every ODBC driver turns into its database's own literal.
std::string moment(Date day) { return "{ts '" + day.text() + " 00:00:00'}"; }

Date day_after(Date day) {
  return Timestamp::start_of(day).plus_ms(std::int64_t{86'400'000}).date_utc();
}

}  // namespace

// Columns: number, posting date, document, type of document, external number, account, tax code,
// amount, source, user; the order's number and external number of the posted invoice; the tax's
// base.
std::string Postings::statement(Ledger ledger, const PostingQuery& query) const {
  const bool general = ledger == Ledger::general;
  const auto e = [&](std::string_view column) { return "e." + q(column); };
  std::string text =
      "SELECT " + e("Entry No_") + ", " + e("Posting Date") + ", " + e("Document No_") + ", " +
      e("Document Type") + ", " + e("External Document No_") + ", " +
      (general ? e("G_L Account No_") : std::string("''")) + ", " + e("VAT Prod_ Posting Group") +
      ", " + e("Amount") + ", " + e("Source Code") + ", " + e("User ID") + ", h." + q("Order No_") +
      ", h." + q("External Document No_") + ", " + (general ? std::string("0") : e("Base")) +
      " FROM " + t(general ? "G_L Entry" : "VAT Entry") + " e LEFT JOIN " +
      t("Sales Invoice Header") + " h ON h." + q("No_") + " = " + e("Document No_") + " WHERE " +
      e("Entry No_") + " > ?";
  if (!general) text += " AND " + e("Type") + " = " + std::to_string(vat_of_sales);
  if (query.documents.empty()) {
    text += " AND " + e("Posting Date") + " >= " + moment(query.from) + " AND " +
            e("Posting Date") + " < " + moment(day_after(query.to));
  } else {
    text += " AND " + e("Document No_") + " IN (" + marks(query.documents.size()) + ")";
  }
  return text + " ORDER BY " + e("Entry No_");
}

PostedEntry Postings::entry_of(Ledger ledger, const odbc::Row& row) const {
  const auto text = [&](std::size_t column) { return std::string(odbc::text(row, column)); };
  PostedEntry entry;
  entry.ledger = ledger;
  entry.entry = text(0);
  const std::string posted = text(1);
  if (const auto day = date_of(posted, "Posting Date")) entry.posting_date = *day;
  entry.closing = posted.find("23:59:59") != std::string::npos;
  entry.document = DocumentNumber(text(2));
  const std::int64_t kind = whole_of(odbc::text(row, 3), "Document Type");
  entry.kind = kind == document_invoice       ? PostedKind::invoice
               : kind == document_credit_memo ? PostedKind::credit_memo
                                              : PostedKind::other;
  entry.reference = text(4).empty() ? text(11) : text(4);
  if (const auto id = decode_external_reference(entry.reference)) entry.order = *id;
  entry.of_order = DocumentNumber(text(10));
  entry.account = text(5);
  entry.account_class =
      ledger == Ledger::tax ? AccountClass::tax : settings_.chart.class_of(entry.account);
  const std::string code = text(6);
  if (!code.empty()) entry.tax_code = settings_.chart.tax_code(code);
  entry.amount = decimal_of(odbc::text(row, 7), "Amount").normalized();
  entry.base = decimal_of(odbc::text(row, 12), "Base").normalized();
  entry.currency = settings_.local_currency;
  entry.source = text(8);
  entry.user = text(9);
  return entry;
}

Status Postings::read(Ledger ledger, const PostingQuery& query, std::int64_t after,
                      Deadline deadline, Page<PostedEntry>& page) const {
  odbc::Parameters parameters{after};
  for (const DocumentNumber& document : query.documents) parameters.emplace_back(document.text());
  // Documents that were asked for by name come as a whole.
  const auto limit = query.documents.empty() ? static_cast<std::size_t>(std::max(query.limit, 1))
                                             : std::size_t(-1);
  std::int64_t last = after;
  bool full = false;
  const Status done =
      database_->query(statement(ledger, query), parameters, deadline, [&](const odbc::Row& row) {
        page.items.push_back(entry_of(ledger, row));
        last = whole_of(odbc::text(row, 0), "Entry No_");
        full = page.items.size() >= limit;
        return !full;
      });
  if (!done) return done;
  if (full) {
    page.next = Cursor((ledger == Ledger::general ? "G" : "T") + std::to_string(last));
  } else if (ledger == Ledger::general && query.documents.empty()) {
    page.next = Cursor("T0");
  }
  return Done{};
}

Result<Page<PostedEntry>> Postings::posted_entries(const PostingQuery& query,
                                                   const CallContext& context) {
  const auto position = position_of(query.cursor);
  if (!position)
    return Error{ErrorCode::invalid_request, "the cursor is not one of this system",
                 settings_.system};
  Page<PostedEntry> page;
  try {
    if (query.documents.empty()) {
      const Status done = read(position->ledger, query, position->after, context.deadline, page);
      if (!done) return done.error();
      return page;
    }
    for (std::size_t from = 0; from < query.documents.size(); from += chunk_max) {
      PostingQuery some = query;
      const auto end = std::min(from + chunk_max, query.documents.size());
      some.documents.assign(query.documents.begin() + static_cast<std::ptrdiff_t>(from),
                            query.documents.begin() + static_cast<std::ptrdiff_t>(end));
      for (const Ledger ledger : {Ledger::general, Ledger::tax}) {
        const Status done = read(ledger, some, 0, context.deadline, page);
        if (!done) return done.error();
      }
    }
    page.next = {};
    return page;
  } catch (const std::exception& failure) {
    return Error{ErrorCode::internal, failure.what(), settings_.system};
  }
}

std::vector<Finding> examine_postings(odbc::Database& database, const SqlNames& names,
                                      Deadline deadline) {
  return examine_tables(
      database, names, deadline,
      {{"G_L Entry",
        {"Entry No_", "Posting Date", "Document No_", "Document Type", "External Document No_",
         "G_L Account No_", "VAT Prod_ Posting Group", "Amount", "Source Code", "User ID"}},
       {"VAT Entry",
        {"Entry No_", "Posting Date", "Document No_", "Document Type", "Type",
         "External Document No_", "VAT Prod_ Posting Group", "Base", "Amount", "Source Code",
         "User ID"}},
       {"Sales Invoice Header", {"No_", "Order No_", "External Document No_"}}});
}

}  // namespace underpin::legacy::dynamics_nav
