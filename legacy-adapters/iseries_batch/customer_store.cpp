#include "legacy-adapters/iseries_batch/customer_store.h"

#include "contracts/json/codec.h"

#include <algorithm>

namespace underpin::legacy::iseries_batch {
namespace {

using state::StateDatabase;
using state::StateFailure;
using state::StateStatement;

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return text;
}

Customer customer_of_content(const std::string& number, const std::string& content) {
  const auto value = json::parse(content);
  const auto customer = value ? json::from_json<Customer>(*value) : Result<Customer>(value.error());
  if (!customer) throw StateFailure("customer " + number + ": " + customer.error().message);
  return *customer;
}

std::optional<CustomerBlock> block_of(const std::string& letter) {
  if (letter.empty() || letter == "N") return CustomerBlock::none;
  if (letter == "S") return CustomerBlock::ship;
  if (letter == "I") return CustomerBlock::invoice;
  if (letter == "A") return CustomerBlock::all;
  return std::nullopt;
}

class CustomerFile {
 public:
  CustomerFile(StateDatabase& database, const Reading& reading, Timestamp now,
               const std::function<void(Refusal)>& refused)
      : database_(database), reading_(reading), now_(now), refused_(refused) {}

  Status take(edi::ReadBytes read, const std::string& checksum) {
    edi::FixedReader reader(std::move(read), format_of(FileKind::customer, reading_.wire));
    bool done = false;
    for (;;) {
      const auto kind = reader.next();
      if (!kind) return kind.error();
      switch (*kind) {
        case edi::FixedKind::batch:
          if (done) return wrong("a second batch follows");
          if (const Status begun = begin(reader, checksum); !begun) return begun;
          break;
        case edi::FixedKind::record:
          record(reader);
          break;
        case edi::FixedKind::rejected:
          report(reader, refused_);
          break;
        case edi::FixedKind::batch_end:
          if (!reader.batch_faults().empty()) return wrong(reasons(reader.batch_faults()));
          done = true;
          break;
        case edi::FixedKind::end:
          if (!done) return wrong("the file has no header");
          run_taken(database_, FileKind::customer, run_, checksum);
          return Done{};
      }
    }
  }

 private:
  static Error wrong(std::string reason) { return {ErrorCode::invalid_request, std::move(reason)}; }
  Status begin(const edi::FixedReader& reader, const std::string& checksum) {
    const auto header = header_of(reader.record(), FileKind::customer, reading_.zone);
    if (!header) return header.error();
    run_ = header->run;
    const RunKnown known = run_known(database_, FileKind::customer, run_, checksum);
    if (known == RunKnown::same) return Error{ErrorCode::conflict, "this file was taken in before"};
    if (known == RunKnown::refused)
      return wrong("run " + std::to_string(run_) + " was taken in before, with other content");
    return Done{};
  }
  void record(const edi::FixedReader& reader) {
    const Fields fields(reader.record().values().value());
    const auto refuse = [&](const char* field, std::string reason) {
      refused_({reader.place().line, "customer", field, std::move(reason)});
    };
    const std::string& number = fields.text("NUM");
    const std::string& action = fields.text("ACT");
    if (number.empty()) return refuse("NUM", "must not be blank");
    if (action != "U" && action != "D") return refuse("ACT", "must be U or D");
    Customer customer;
    customer.number = CustomerNumber{number};
    customer.name = fields.text("NAME");
    const std::string& kind = fields.text("KIND");
    if (kind != "P" && kind != "C") return refuse("KIND", "must be P or C, not \"" + kind + "\"");
    customer.kind = kind == "P" ? "person" : "company";
    const auto block = block_of(fields.text("BLOCK"));
    if (!block)
      return refuse("BLOCK", "must be N, S, I or A, not \"" + fields.text("BLOCK") + "\"");
    customer.blocked = *block;
    customer.email = fields.text("EMAIL");
    customer.phone = fields.text("PHONE");
    customer.currency = fields.text("CUR");
    customer.price_group = fields.text("GROUP");
    const std::string& has_address = fields.text("HASADR");
    if (!is_flag(has_address))
      return refuse("HASADR", "must be Y, N or blank, not \"" + has_address + "\"");
    if (has_address == "Y") {
      Address address;
      address.name = fields.text("ADNAME");
      address.line1 = fields.text("ADR1");
      address.line2 = fields.text("ADR2");
      address.city = fields.text("CITY");
      address.post_code = fields.text("ZIP");
      address.region = fields.text("REGION");
      address.country = fields.text("CTRY");
      customer.address = address;
    }
    const Timestamp changed = instant_of(reading_.zone, fields.date("CHGD"), fields.whole("CHGT"));
    if (!changed.empty()) customer.updated_at = changed;
    customer.revision = Revision{std::to_string(fields.whole("VERS"))};
    keep(customer, action == "D");
  }
  void keep(const Customer& customer, bool deleted) {
    const std::string content = json::write(json::to_json(customer));
    const std::string& number = customer.number.text();
    StateStatement known =
        database_.prepare("SELECT run, content, deleted FROM customers WHERE number = ?");
    known.bind(1, number);
    const bool there = known.step();
    if (there) {
      if (known.whole(0) > run_) return;
    }
    database_
        .prepare(
            "INSERT OR REPLACE INTO customer_told (number, seq)"
            " SELECT ?1, COALESCE(MAX(seq), 0) FROM request WHERE file = ?2 AND subject = ?1 AND"
            " state > 0")
        .bind(1, number)
        .bind(2, static_cast<std::int64_t>(FileKind::customers))
        .once();
    if (there && known.text(1) == content && (known.whole(2) != 0) == deleted) return;
    database_
        .prepare(
            "INSERT OR REPLACE INTO customers (number, name, email, price_group, deleted, run,"
            " content) VALUES (?,?,?,?,?,?,?)")
        .bind(1, number)
        .bind(2, folded(customer.name))
        .bind(3, folded(customer.email))
        .bind(4, customer.price_group)
        .bind(5, std::int64_t{deleted})
        .bind(6, run_)
        .bind(7, content)
        .once();
    mark_changed(database_, "customers", number, now_);
  }

  StateDatabase& database_;
  const Reading& reading_;
  const Timestamp now_;
  const std::function<void(Refusal)>& refused_;
  std::int64_t run_ = 0;
};

}  // namespace

Status take_customer_file(StateDatabase& database, edi::ReadBytes read, const std::string& checksum,
                          const Reading& reading, Timestamp now,
                          const std::function<void(Refusal)>& refused) {
  return CustomerFile(database, reading, now, refused).take(std::move(read), checksum);
}

std::optional<CustomerSeen> customer_of(StateDatabase& database, const std::string& number) {
  StateStatement row = database.prepare("SELECT content, deleted FROM customers WHERE number = ?");
  row.bind(1, number);
  if (!row.step()) return std::nullopt;
  return CustomerSeen{customer_of_content(number, row.text(0)), row.whole(1) != 0};
}

std::optional<Customer> customer_known(State& state, const CustomerNumber& number) {
  const auto open = state.unanswered(FileKind::customers, number.text());
  // An answer and the customer come in two files, and the second one may come later.
  const auto last =
      open.empty() ? state.accepted_and_untold(number.text()) : std::optional<Request>(open.back());
  if (last) {
    Customer sent = customer_of_content(number.text(), last->content);
    sent.revision = Revision{"sent-" + std::to_string(last->seq)};
    return sent;
  }
  const auto seen =
      state.read([&](StateDatabase& database) { return customer_of(database, number.text()); });
  if (!seen || seen->deleted) return std::nullopt;
  return seen->customer;
}

std::vector<Customer> customers_after(StateDatabase& database, const std::string& number,
                                      const std::optional<std::string>& email,
                                      const std::optional<std::string>& name, int limit) {
  StateStatement rows = database.prepare(
      "SELECT number, content FROM customers WHERE deleted = 0 AND number > ?"
      " AND (? IS NULL OR email = ?) AND (? IS NULL OR instr(name, ?) > 0) ORDER BY number LIMIT "
      "?");
  rows.bind(1, number).bind(6, std::int64_t{limit});
  for (const int at : {2, 3}) {
    if (email)
      rows.bind(at, folded(*email));
    else
      rows.bind_null(at);
  }
  for (const int at : {4, 5}) {
    if (name)
      rows.bind(at, folded(*name));
    else
      rows.bind_null(at);
  }
  std::vector<Customer> found;
  while (rows.step()) found.push_back(customer_of_content(rows.text(0), rows.text(1)));
  return found;
}

}  // namespace underpin::legacy::iseries_batch
