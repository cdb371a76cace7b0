#pragma once

#include "contracts/order.h"
#include "contracts/posting.h"
#include "facade/cutover_desk.h"
#include "parity/ledger.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade {

class Facade;

// How the postings of one order in two ERPs are compared.
struct PostingPolicy {
  std::string name;
  Decimal tolerance;                           // Of each class of accounts, and of each tax.
  std::map<AccountClass, AccountClass> folds;  // What is taken for another class.
};

// An order that shows whether both ERPs post alike.
struct PostingScenario {
  std::string name;  // "split_tax"
  std::string what;  // For people.
  PostingPolicy policy;
  Order order;  // Of the channel "scenario"; its number is taken with the run's.
  std::vector<LineCancellation> cancelled;  // Before it is invoiced.
};

// The catalogue: a JSON file with comments. Errors: invalid_request, with pointers into it.
Result<std::vector<PostingScenario>> read_posting_scenarios(std::string_view text,
                                                            const std::string& file);

// What an order was posted as, for comparing: {"classes": {"revenue": "-21.24"}, "taxes": {"VAT19":
// {"base": "-21.24", "amount": "-4.04"}}}, credits negative. Pure. `with_taxes`: false where one of
// the ERPs has no tax ledger for the document; the class of tax accounts is there all the same.
json::Value posting_document(const std::vector<PostedEntry>& entries, const PostingPolicy& policy,
                             bool with_taxes = true);

// What both sides posted for one scenario, by the policy. `operation`: "post_split_tax".
parity::Comparison compare_postings(const PostingScenario& scenario, const parity::Side& legacy,
                                    const parity::Side& cloud, const parity::Rules& rules,
                                    const parity::Question& question);

struct ScenarioResult {
  std::string name;
  std::string subject;  // "scenario/SPLIT-TAX-3"
  parity::Comparison comparison;
};

json::Value to_json(const ScenarioResult& result);

// The newest comparison of the scenarios, as the journal keeps it: `run`, `at`, `madeWith` (the
// hash of what comparisons are made with), `items`. Null: there is none.
json::Value newest_scenarios_in(const journal::JournalReader& reader);

// Puts the catalogue's orders into both ERPs as orders of their own, and compares what they were
// posted as: by preview where an adapter declares one, otherwise by what was posted when the ERP's
// people have shipped and invoiced them. Each comparison goes to the parity ledger as an operation
// of its own. For test companies: nothing is placed unless the configuration says that they are.
// Threads: any; slow, for a caller who waits.
class PostingScenarios {
 public:
  explicit PostingScenarios(Facade& facade) : facade_(facade) {}

  // A new run: its number. unsupported: no catalogue, no test companies, or an ERP tells nothing of
  // its books. An error of an ERP ends it; orders that were placed stay there.
  Result<std::int64_t> place(const Act& act);
  // The newest run, which is kept for the gate and for packs. not_found: there is none.
  Result<std::vector<ScenarioResult>> compare();

 private:
  Result<std::vector<PostingScenario>> catalogue() const;
  Status place_in(Side side, const PostingScenario& scenario, const OrderId& id) const;
  struct Posted {
    Result<std::vector<PostedEntry>> entries;
    std::int64_t micros = 0;
  };
  Posted posted_in(Side side, const OrderId& id, std::string& waits) const;

  Facade& facade_;
};

}  // namespace underpin::facade
