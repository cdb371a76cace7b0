#include "cloud-adapters/business_central/postings.h"

#include "cloud-adapters/business_central/changes.h"
#include "contracts/external_reference.h"

#include <algorithm>
#include <set>

namespace underpin::cloud::business_central {
namespace {

constexpr std::size_t at_once = 20;  // Keeps the URL below what servers take.
constexpr std::string_view entries_set = "generalLedgerEntries";
constexpr std::string_view invoices_set = "salesInvoices";
constexpr std::string_view memos_set = "salesCreditMemos";

std::string between(const PostingQuery& query) {
  return odata::all_of(
      {"postingDate ge " + query.from.text(), "postingDate le " + query.to.text()});
}

std::string general_query(const std::string& filter) {
  odata::Query options;
  options.filter = filter;
  options.orderby = "entryNumber";
  return options.text();
}

std::string invoice_query(const std::string& filter) {
  odata::Query options;
  options.filter = filter;
  options.orderby = "number";
  options.expand = "salesInvoiceLines";
  return options.text();
}

PostedKind kind_of(const std::string& document_type) {
  // Enumeration values come as names, in which a blank is _x0020_.
  if (document_type == "Invoice") return PostedKind::invoice;
  if (document_type == "Credit Memo" || document_type == "Credit_x0020_Memo" ||
      document_type == "Credit_Memo")
    return PostedKind::credit_memo;
  return PostedKind::other;
}

// `each` with a condition on `property` for some of the numbers, until all were asked for.
void in_parts(const std::vector<std::string>& numbers, std::string_view property,
              const std::function<void(const std::string&)>& each) {
  for (std::size_t begin = 0; begin < numbers.size(); begin += at_once) {
    std::vector<std::string> conditions;
    for (std::size_t i = begin; i < std::min(begin + at_once, numbers.size()); ++i)
      conditions.push_back(odata::eq(property, numbers[i]));
    each(odata::any_of(conditions));
  }
}

}  // namespace

PostedEntry Postings::entry_of(const Origin& origin) const {
  PostedEntry entry;
  entry.reference = origin.reference;
  if (const auto id = decode_external_reference(origin.reference)) entry.order = *id;
  entry.of_order = DocumentNumber(origin.order);
  entry.currency = site_.settings().local_currency;
  return entry;
}

Postings::Origins Postings::origins_of(const std::vector<json::Value>& entries,
                                       const CallContext& context) {
  std::set<std::string> numbers;
  std::set<std::string> memos;
  for (const json::Value& entry : entries) {
    const PostedKind kind = kind_of(text_of(entry, "documentType"));
    if (kind == PostedKind::invoice) numbers.insert(text_of(entry, "documentNumber"));
    if (kind == PostedKind::credit_memo) memos.insert(text_of(entry, "documentNumber"));
  }
  Origins origins;
  // Whose return a credit memo is; a site that takes none need not publish them.
  if (site_.settings().return_reasons.empty()) memos.clear();
  in_parts({memos.begin(), memos.end()}, "number", [&](const std::string& filter) {
    odata::Query options;
    options.filter = filter;
    options.select = "number,externalDocumentNumber";
    for (const json::Value& memo :
         site_.list(site_.v2(memos_set, context) + options.text(), context))
      origins[text_of(memo, "number")] = {text_of(memo, "externalDocumentNumber"), {}};
  });
  in_parts({numbers.begin(), numbers.end()}, "number", [&](const std::string& filter) {
    odata::Query options;
    options.filter = filter;
    options.select = "number,externalDocumentNumber,orderNumber";
    for (const json::Value& invoice :
         site_.list(site_.v2(invoices_set, context) + options.text(), context))
      origins[text_of(invoice, "number")] = {text_of(invoice, "externalDocumentNumber"),
                                             text_of(invoice, "orderNumber")};
  });
  return origins;
}

void Postings::add_general(const std::vector<json::Value>& rows, const CallContext& context,
                           std::vector<PostedEntry>& entries) {
  Origins origins = origins_of(rows, context);
  for (const json::Value& row : rows) {
    const std::string document = text_of(row, "documentNumber");
    PostedEntry entry = entry_of(origins[document]);
    entry.entry = std::to_string(integer_of(row, "entryNumber"));
    entry.kind = kind_of(text_of(row, "documentType"));
    entry.document = DocumentNumber(document);
    entry.posting_date = date_of(row, "postingDate").value_or(Date{});
    entry.account = text_of(row, "accountNumber");
    entry.account_class = site_.settings().chart.class_of(entry.account);
    entry.amount = (decimal_of(row, "debitAmount") - decimal_of(row, "creditAmount")).normalized();
    entries.push_back(std::move(entry));
  }
}

// The invoice's lines by their tax code, as the ledger would have it: a sale's tax is a credit. An
// invoice in another currency says nothing of the local one, and the API no rate.
void Postings::add_tax(const json::Value& invoice, std::vector<PostedEntry>& entries) const {
  const std::string currency = text_of(invoice, "currencyCode");
  if (!currency.empty() && currency != site_.settings().local_currency) return;
  std::map<std::string, std::pair<Decimal, Decimal>> by_code;  // Tax, and what it is of.
  for (const json::Value& line : invoice.get("salesInvoiceLines").items()) {
    const Decimal net = decimal_of(line, "netAmount");
    const Decimal tax = decimal_of(line, "netTaxAmount");
    if (net.is_zero() && tax.is_zero()) continue;
    auto& sums = by_code[from_vendor(site_.settings().tax_codes, text_of(line, "taxCode"))];
    sums.first -= tax;
    sums.second -= net;
  }
  for (const auto& [code, sums] : by_code) {
    PostedEntry entry =
        entry_of({text_of(invoice, "externalDocumentNumber"), text_of(invoice, "orderNumber")});
    entry.ledger = Ledger::tax;
    entry.kind = PostedKind::invoice;
    entry.document = DocumentNumber(text_of(invoice, "number"));
    entry.entry = entry.document.text() + "/" + code;
    entry.posting_date = date_of(invoice, "postingDate").value_or(Date{});
    entry.account_class = AccountClass::tax;
    entry.tax_code = code;
    entry.amount = sums.first.normalized();
    entry.base = sums.second.normalized();
    entries.push_back(std::move(entry));
  }
}

Page<PostedEntry> Postings::of_documents(const PostingQuery& query, const CallContext& context) {
  std::vector<std::string> numbers;
  for (const DocumentNumber& document : query.documents) numbers.push_back(document.text());
  Page<PostedEntry> page;
  in_parts(numbers, "documentNumber", [&](const std::string& filter) {
    add_general(site_.list(site_.v2(entries_set, context) + general_query(filter), context),
                context, page.items);
  });
  in_parts(numbers, "number", [&](const std::string& filter) {
    for (const json::Value& invoice :
         site_.list(site_.v2(invoices_set, context) + invoice_query(filter), context))
      add_tax(invoice, page.items);
  });
  return page;
}

Result<Page<PostedEntry>> Postings::posted_entries(const PostingQuery& query,
                                                   const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    if (!query.documents.empty()) return of_documents(query, context);
    // The cursor: which ledger, and where in its list.
    const std::string& at = query.cursor.text();
    if (!at.empty() && at[0] != 'G' && at[0] != 'T')
      throw Failure{site_.failed(ErrorCode::invalid_request, "the cursor is not of this system")};
    const bool general = at.empty() || at[0] == 'G';
    const Cursor inner{at.empty() ? at : at.substr(1)};
    const int size = std::clamp(query.limit, 1, site_.settings().page_size);
    const std::string url = general
                                ? site_.v2(entries_set, context) + general_query(between(query))
                                : site_.v2(invoices_set, context) + invoice_query(between(query));
    const odata::ListPage rows = read_page(site_, url, inner, size, context);
    Page<PostedEntry> page;
    if (general) {
      add_general(rows.items, context, page.items);
    } else {
      for (const json::Value& invoice : rows.items) add_tax(invoice, page.items);
    }
    const Cursor next = cursor_of(rows);
    if (!next.empty()) {
      page.next = Cursor((general ? "G" : "T") + next.text());
    } else if (general) {
      page.next = Cursor("T");
    }
    return page;
  });
}

}  // namespace underpin::cloud::business_central
