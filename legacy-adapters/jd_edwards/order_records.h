#pragma once

#include "contracts/order.h"
#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/jd_edwards/interface.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Orders and returns as records of F47011, F47012 and F4706, which R40211 carries out by their
// purpose (TPUR): 00 makes a document, 04 changes one, 01 cancels one.
namespace underpin::legacy::jd_edwards {

inline constexpr std::string_view make_purpose = "00";
inline constexpr std::string_view alter_purpose = "04";
inline constexpr std::string_view cancel_purpose = "01";

// What a line shall be, as a whole.
struct LineContent {
  int number = 0;
  Sku sku;
  LocationCode location;
  std::string uom;
  std::string line_type = "S";
  Decimal quantity;
  Decimal unit_price;
  Decimal net_amount;
  std::optional<Date> requested_date;
  // Of a return: RCD, and the line of the order that comes back.
  std::string reason;
  DocumentKey original;
  std::int64_t original_line = 0;  // LNID.
};

struct HeaderContent {
  std::string_view purpose;
  DocumentKey key;  // Number 0: a new one.
  std::int64_t customer = 0;
  std::int64_t ordered = 0;    // TRDJ.
  std::int64_t requested = 0;  // DRQJ; 0: as it is.
  std::string reference;
  std::string customer_reference;
  std::string hold;
  Currency currency;
  std::size_t lines = 0;
};

// A pointer by a line's number; with_places makes it one by the line's place.
std::string at_line(int number, std::string_view field);
// `numbers`: of the caller's lines, in their order.
Failure by_place(Failure failure, const std::vector<int>& numbers);
template <class Lines, class F>
auto with_places(const Lines& lines, F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Failure& failure) {
    std::vector<int> numbers;
    for (const auto& line : lines) numbers.push_back(line.number);
    throw by_place(failure, numbers);
  }
}

// What throws, throws Failure. Thread rule: any.
class OrderRecords {
 public:
  OrderRecords(const Settings& settings, std::string system,
               std::shared_ptr<odbc::Database> database, const Documents& documents,
               const Interface& interface)
      : settings_(settings),
        system_(std::move(system)),
        database_(std::move(database)),
        documents_(documents),
        interface_(interface) {}

  // The one document of `type` under the reference: that which is there; or that which a record is
  // waiting to make; or that which the rows of `make` make. outcome_unknown while it waits.
  Document place(const std::string& reference, const std::string& type,
                 const std::function<std::vector<InterfaceRow>()>& make,
                 const CallContext& context) const;
  // What became of place: the document, or nothing, which stays so: a record that was refused is
  // taken away. outcome_unknown while it waits.
  std::optional<Document> find(const std::string& reference, const std::string& type,
                               const CallContext& context) const;

  // Waits until no record waits to change the document, which is to be read after that.
  // outcome_unknown while one still waits: whether it comes before or after a new one, nobody could
  // tell. What was refused is taken away.
  void settle_changes(const DocumentKey& key, const CallContext& context) const;
  // Puts one, and waits for R40211. outcome_unknown, too, when JDE does not hold what was asked for
  // though the job has marked the record.
  void change(const DocumentKey& key, const std::vector<InterfaceRow>& rows,
              const CallContext& context) const;

  InterfaceRow header_row(const HeaderContent& header) const;
  // `rejected`, naming the field, for what JDE has no room for.
  InterfaceRow line_row(const LineContent& line) const;
  InterfaceRow address_row(const Address& address, std::string_view kind) const;

 private:
  // A create that waits, and how many lines it has.
  struct Waiting {
    Record record;
    std::size_t lines = 0;
  };
  struct Begun {
    std::optional<Waiting> waiting;
    std::size_t lines = 0;  // Of one that was carried out; 0: there is none any more.
  };
  std::string t(std::string_view name) const { return table(settings_, name); }
  Record record_of(std::int64_t number, std::string batch) const;
  Record record_of(const odbc::Row& row) const;  // EDOC, EDBT.
  std::int64_t next_number(const CallContext& context) const;
  Begun begun(const std::string& reference, const CallContext& context) const;
  // outcome_unknown when it has fewer lines.
  Document whole(Document document, std::size_t lines) const;
  Record put(std::vector<InterfaceRow> rows, const CallContext& context) const;
  void await_change(const Record& record, const DocumentKey& key, const CallContext& context) const;
  bool in_effect(const Record& record, const DocumentKey& key, const CallContext& context) const;
  odbc::Parameters key_of_document(const DocumentKey& key) const {
    return {key.number, padded(key.type, 2), padded(key.company, 5)};
  }
  Document confirmed(const std::string& reference, const std::string& type, const Waiting& begun,
                     const CallContext& context) const;

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
  const Documents& documents_;
  const Interface& interface_;
};

}  // namespace underpin::legacy::jd_edwards
