#include "legacy-adapters/dynamics_nav/item_journal.h"

namespace underpin::legacy::dynamics_nav {

Result<DocumentNumber> post_item_journal(const Services& services, const JournalLine& line,
                                         const CallContext& context) {
  Record request = Record::object();
  request.set("documentNo", line.document);
  request.set("itemNo", line.key.sku.text());
  request.set("locationCode", line.key.location.text());
  request.set("entryType", line.quantity.is_negative() ? "Negative_Adjmt" : "Positive_Adjmt");
  request.set("quantity", line.quantity.magnitude().normalized().text());
  request.set("postingDate", line.posting_date.text());
  request.set("reasonCode", line.reason_code);
  const Result<Record> answer =
      services.call(journal_binding(), "PostItemJournal", request, context);
  if (!answer) return answer.error();
  const std::string& entry = text_of(*answer, "return_value");
  if (entry.empty())
    return Error{ErrorCode::outcome_unknown, "ItemJournal answered without an entry number",
                 services.system()};
  return DocumentNumber(entry);
}

}  // namespace underpin::legacy::dynamics_nav
