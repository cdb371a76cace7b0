#pragma once

#include "contracts/json/json_text.h"
#include "facade/clock.h"
#include "facade/journal/journal.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade {

// What happened, before it is sealed.
struct AuditNote {
  std::string kind;    // "plan_published", "plan_refused", "proposal_signed", "kill", ...
  std::string actor;   // Subject of the token; "underpin" for what nobody asked for.
  std::string about;   // "orders", "exception 12", "all".
  json::Value detail;  // An object: everything that a later reader needs.
};

// hash = SHA-256(previous + "\n" + entry), where entry is the canonical JSON (members sorted,
// compact) of {seq, at, kind, actor, about, detail}. So an entry that is changed, taken out or
// moved breaks the chain, and a cut tail is found by any later hash that somebody kept.
std::string canonical_json(const json::Value& value);
std::string audit_hash(std::string_view previous, std::string_view entry);

// Called after the commit that holds the entry: the log repeats its hash.
using OnAudit = std::function<void(const journal::AuditRecord&)>;

// The only way to the audit log. Threads: any.
class AuditTrail {
 public:
  // Within one transaction.
  class Pen {
   public:
    Pen(journal::JournalTransaction& tx, Timestamp now) : tx_(tx), now_(now) {}
    void add(const AuditNote& note);
    const std::vector<journal::AuditRecord>& written() const { return written_; }

   private:
    journal::JournalTransaction& tx_;
    const Timestamp now_;
    std::vector<journal::AuditRecord> written_;
  };

  AuditTrail(journal::Journal& journal, Now now, OnAudit on_audit)
      : journal_(journal), now_(std::move(now)), on_audit_(std::move(on_audit)) {}

  // One journal transaction: what `work` writes and its entries are kept together or not at all.
  Status write(const std::function<bool(journal::JournalTransaction&, Pen&)>& work);

 private:
  journal::Journal& journal_;
  const Now now_;
  const OnAudit on_audit_;
};

// What is wrong with a log, entry by entry, in words; empty: nothing. `records` is the whole log as
// it is kept; each of `heads`, hashes that were seen before, must be in it.
std::vector<std::string> audit_faults(const std::vector<journal::AuditRecord>& records,
                                      const std::vector<std::string>& heads);

// The hashes that JSON log lines repeat, by wave, oldest first; other lines are passed over. Each
// wave has a chain of its own. A line that names no wave is from before there were several.
std::map<std::string, std::vector<std::string>> audit_heads_in_log(std::string_view lines);

}  // namespace underpin::facade
