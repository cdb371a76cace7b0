#pragma once

#include "facade/field_owners.h"
#include "facade/orders.h"
#include "facade/systems.h"
#include "parity/reconcile/reconcile.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

// What a reconciliation compares of each capability, as rows of texts, read through the same ports
// as everything else. Threads: any.
namespace underpin::facade {

// As the shape of its capability has it.
struct SweepRow {
  std::string group;
  std::vector<std::string> key;
  std::vector<std::string> values;
};

struct SweepPage {
  std::vector<SweepRow> rows;
  Cursor next;  // Empty: the last page.
  // Documents that neither a channel's identity names nor the journal's index: nothing to match by.
  std::int64_t left_out = 0;
};

// A list that was made at a time of its own, such as a nightly file.
struct DatedSource {
  Timestamp made_at;
  std::string batch;
};

// customers: one row each, by number. inventory: what is on hand, by sku and location; nothing on
// hand and nothing reserved is no row. pricing: the rows of the list. orders: lines of open orders
// with something outstanding, as the inert copy holds them, by order and line. A field that the
// other ERP does not keep (`not_kept`) is not among the columns.
class SweepRows {
 public:
  SweepRows(const Systems& systems, const FieldOwners& fields, const journal::Journal& journal,
            OrderFacade& orders)
      : systems_(systems), fields_(fields), journal_(journal), orders_(orders) {}

  parity::reconcile::Shape shape(Capability capability) const;
  // Names of the columns that are compared, in order.
  std::vector<std::string> compared(Capability capability) const;

  // Whether rows are about persons: names, addresses, mail, phone.
  static bool is_personal(Capability capability) { return capability == Capability::customers; }
  // Values of the columns that are compared, as those see them who may not see personal data.
  std::vector<std::string> masked(Capability capability, std::vector<std::string> values) const;

  // Columns of a difference in which somebody wrote whom the table of feeds does not declare:
  // "(row)" when one side lacks the row.
  std::vector<std::string> undeclared(Capability capability,
                                      const parity::reconcile::Difference& difference) const;

  // As of when a side's rows are, where it says so: a price list is as of its file. Nothing: as of
  // the reading.
  Result<std::optional<DatedSource>> as_of(Side side, Capability capability,
                                           const CallContext& context) const;
  // Whether as_of() can have an answer, for legacy: what is compared may be as of a cut-off.
  static bool has_cut_off(Capability capability) { return capability == Capability::pricing; }

  // Whether a side says when its rows were changed.
  bool dates_changes(Side side, Capability capability) const;
  // Keys, in their normal form, of the subject's rows that a side added or changed after an
  // instant. A row that was removed is not among them.
  Result<std::set<std::string>> changed_since(Side side, Capability capability,
                                              const std::vector<std::string>& key, Timestamp since,
                                              const CallContext& context) const;
  // Whether a side says who changed its rows, and the newest such changes on or after a day.
  bool names_writers(Side side, Capability capability) const;
  Result<std::vector<StockMovement>> movements_of(Side side, const std::vector<std::string>& key,
                                                  Timestamp since,
                                                  const CallContext& context) const;
  // As a comparison orders them (parity/reconcile/keys.h).
  static std::string normal_key(const std::vector<std::string>& key);

  Result<SweepPage> page(Side side, Capability capability, const Cursor& cursor, int limit,
                         const CallContext& context) const;

  // Rows belong together by the first parts of their key: an order's lines, an article's prices.
  // How the journal calls it: "web/100042", "C10000", "1000@EAST", "price-list".
  static std::size_t own_parts(Capability capability);  // So many parts name it.
  static journal::Subject subject(Capability capability, const std::vector<std::string>& key);

  // What a side holds of the subject now; of a price list, of the article. None: it has nothing.
  Result<std::vector<SweepRow>> of_subject(Side side, Capability capability,
                                           const std::vector<std::string>& key,
                                           const CallContext& context) const;

 private:
  void keep(Capability capability, SweepRow& row) const;
  void add_order(const Order& order, std::vector<SweepRow>& rows) const;
  Result<SweepPage> orders_page(Side side, const Cursor& cursor, int limit,
                                const CallContext& context) const;
  Result<SweepPage> older_orders(Side side, std::int64_t after, int limit,
                                 const CallContext& context) const;

  const Systems& systems_;
  const FieldOwners& fields_;
  const journal::Journal& journal_;
  OrderFacade& orders_;
};

}  // namespace underpin::facade
