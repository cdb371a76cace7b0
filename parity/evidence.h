#pragma once

#include "contracts/decimal.h"
#include "contracts/result.h"
#include "contracts/time.h"
#include "parity/compare.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

// What the ledger of comparisons can prove, subject by subject, and what it was made with. In the
// ledger's own file, so that both are kept, copied and lost together. Threads: any; each call has a
// connection of its own.
namespace underpin::parity {

// The classes that answers to an operation have, in the order in which they are shown.
std::vector<std::string> field_classes_of(const std::string& operation);

// One subject in one operation. Asking twice is no second sample: the newest comparison counts.
struct SubjectEvidence {
  std::string operation;
  std::string subject;
  Timestamp at;                      // Of its newest comparison.
  Verdict verdict = Verdict::match;  // not_compared: it never was.
  bool scenario = false;             // Asked by a scenario or a replay, not by traffic.
  std::set<std::string> wrong;       // Field classes in which it mismatches.
  Decimal money;                     // A mismatch: how far the documents are apart.
  std::int64_t asked = 0;            // Comparisons, not compared ones included.
  std::int64_t not_compared = 0;
  // Field classes of which its newest comparison compared something: what a rule ignores, or no
  // document holds, is in none.
  std::set<std::string> classes = {};
  // Of a mismatch: differences in amounts and quantities whose worth is not known (worth.h).
  std::int64_t unvalued = 0;
};

struct Evidence {
  std::vector<SubjectEvidence> subjects;
  Timestamp newest;          // Empty: nothing was compared.
  std::int64_t asked = 0;    // Comparisons.
  std::int64_t dropped = 0;  // No room in a queue.
  std::int64_t skipped = 0;  // Subjects outside the compared share were not compared.
};

// What comparisons are made with, from a moment on.
struct Binding {
  std::string hash;  // Over `parts`.
  Timestamp since;
  std::map<std::string, std::string> parts;  // "rules" -> "2@1f3a5b7c9d0e".
};

struct EvidenceCounts {
  std::string capability;
  std::string operation;   // Of `asked`; empty otherwise.
  std::int64_t asked = 0;  // By channels.
  std::int64_t dropped = 0;
  std::int64_t skipped = 0;
};

// Comparisons whose correlation id begins with this were asked for by a scenario or a replay.
inline constexpr const char* scenario_prefix = "scenario-";

class EvidenceBook {
 public:
  // The file need not be there yet. Nothing that is read here is sealed: the key is not needed.
  EvidenceBook(std::string ledger_file, const std::string& key);

  // Notes what comparisons are made with from now on; the same as before changes nothing. Evidence
  // of before the last change counts no more.
  Result<Binding> bind(const std::map<std::string, std::string>& parts, Timestamp now);
  // What the ledger is known by, wherever its file lies: 32 hexadecimal digits, made once.
  Result<std::string> ledger_id() const;
  // Newest first; empty: none was noted.
  Result<std::vector<Binding>> bindings() const;

  // Kept by the hour.
  Status add(const std::vector<EvidenceCounts>& counts, Timestamp now);
  // What channels asked of a capability since then, by operation.
  Result<std::map<std::string, std::int64_t>> asked(const std::string& capability,
                                                    Timestamp since) const;

  // Of comparisons since `since`; open mismatches also of before, back to `bound`.
  Result<Evidence> read(const std::string& capability, Timestamp since, Timestamp bound) const;

 private:
  const std::string file_;
};

// "amount other" -> "amount", "other".
std::vector<std::string> words_of(const std::string& text);

std::string hash_of(const std::map<std::string, std::string>& parts);

}  // namespace underpin::parity
