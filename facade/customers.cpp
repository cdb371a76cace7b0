#include "facade/customers.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/digest.h"
#include "facade/turning.h"
#include "facade/xref.h"
#include "parity/searches.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace underpin::facade {
namespace {

using journal::Intent;
using journal::JournalReader;
using journal::JournalTransaction;

class CustomerWrite : public WriteOperation {
 public:
  explicit CustomerWrite(const Systems& systems) : systems_(systems) {}

  std::string location(const Intent& intent) const override {
    return "/v1/customers/" + intent.subject;
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan& plan, Timestamp now) override {
    const auto& receipt = std::get<CustomerReceipt>(any);
    const cutover::Stage stage = cutover::stage_for(plan, cohort_of(plan, intent, tx));
    if (intent.operation == "create_customer") {
      const auto value = json::parse(intent.request);
      const auto created = value ? json::from_json<Customer>(*value) : value.error();
      if (created) record_cohort(tx, *created);
    }
    if (customer_is_mirrored(tx, intent.wave, stage)) {
      auto row = customer_mirror(CustomerNumber{intent.subject}, other(intent.side), intent.wave,
                                 intent.correlation_id);
      row.channel = intent.channel;
      row.key = intent.key;
      tx.add_outbox_row(row, now);
    }
    json::Value body = json::Value::object();
    body.set("number", receipt.number.empty() ? intent.subject : receipt.number.text());
    body.set("state", "confirmed");
    Answer answer = Answer::json(intent.operation == "create_customer" ? 201 : 200, body);
    answer.location = location(intent);
    return answer;
  }

 protected:
  template <class T, class Call>
  Result<T> on_customers(const Intent& intent, Deadline deadline, Call&& call) const {
    return call_port<T>(systems_, intent.side, deadline, &ErpAdapter::customers,
                        std::forward<Call>(call));
  }
  Result<Customer> read(const Intent& intent, const CallContext& context) const {
    return on_customers<Customer>(intent, context.deadline, [&](CustomerService& port) {
      return port.get_customer(CustomerNumber{intent.subject}, context);
    });
  }
  static WriteContext rebuilt(const Intent& intent, const WriteContext& context) {
    WriteContext result = context;
    result.channel = intent.channel;
    result.idempotency_key = intent.key;
    return result;
  }

  const Systems& systems_;
};

Error unreadable() { return {ErrorCode::internal, "the stored request cannot be read"}; }

class CreateCustomer final : public CustomerWrite {
 public:
  using CustomerWrite::CustomerWrite;

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto value = json::parse(intent.request);
    const auto customer =
        value ? json::from_json<Customer>(*value) : Result<Customer>(value.error());
    if (!customer) return unreadable();
    const auto receipt =
        on_customers<CustomerReceipt>(intent, context.deadline, [&](CustomerService& port) {
          return port.create_customer(*customer, rebuilt(intent, context));
        });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto found = read(intent, context);
    if (!found) return found.error();
    CustomerReceipt receipt;
    receipt.number = found->number;
    receipt.revision = found->revision;
    return Receipt{receipt};
  }
};

class AmendCustomer final : public CustomerWrite {
 public:
  using CustomerWrite::CustomerWrite;

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto amendment = stored(intent);
    if (!amendment) return unreadable();
    const auto receipt =
        on_customers<CustomerReceipt>(intent, context.deadline, [&](CustomerService& port) {
          return port.amend_customer(CustomerNumber{intent.subject}, *amendment, Revision{},
                                     rebuilt(intent, context));
        });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto amendment = stored(intent);
    if (!amendment) return unreadable();
    const auto found = read(intent, context);
    if (!found) return found.error();
    const bool in_effect =
        (!amendment->name || *amendment->name == found->name) &&
        (!amendment->email || *amendment->email == found->email) &&
        (!amendment->phone || *amendment->phone == found->phone) &&
        (!amendment->price_group || *amendment->price_group == found->price_group) &&
        (!amendment->address ||
         (found->address && amendment->address->name == found->address->name &&
          amendment->address->line1 == found->address->line1 &&
          amendment->address->line2 == found->address->line2 &&
          amendment->address->city == found->address->city &&
          amendment->address->post_code == found->address->post_code &&
          amendment->address->country == found->address->country));
    if (!in_effect) return Error{ErrorCode::not_found, "the change is not in effect"};
    CustomerReceipt receipt;
    receipt.number = found->number;
    receipt.revision = found->revision;
    return Receipt{receipt};
  }

 private:
  static Result<CustomerAmendment> stored(const Intent& intent) {
    const auto value = json::parse(intent.request);
    if (!value) return value.error();
    return json::from_json<CustomerAmendment>(*value);
  }
};

}  // namespace

void add_customer_writes(WriteLife& writes, const Systems& systems) {
  writes.add("create_customer", std::make_unique<CreateCustomer>(systems));
  writes.add("amend_customer", std::make_unique<AmendCustomer>(systems));
}

bool customer_is_mirrored(const JournalReader& reader, const std::string& wave,
                          cutover::Stage stage) {
  if (cutover::rule(stage).mirror_writes) return true;
  // Customers are never behind orders, so they reach the end first: until orders have followed,
  // both ERPs are sent orders, and refuse those of a customer that they do not know.
  if (stage != cutover::Stage::cloud_only) return false;
  const auto orders = plan_in(reader, wave, Capability::orders);
  return orders && orders->rollout.lowest() != cutover::Stage::cloud_only;
}

journal::NewOutboxRow customer_mirror(const CustomerNumber& number, Side to,
                                      const std::string& wave, const std::string& correlation_id) {
  journal::NewOutboxRow row;
  row.side = to;
  row.capability = Capability::customers;
  row.wave = wave;
  row.subject = number.text();
  row.operation = "put_customer";
  row.payload = "{}";
  row.key = IdempotencyKey{"mirror/" + number.text()};
  row.correlation_id = correlation_id;
  return row;
}

std::string entity_tag(const Customer& customer) {
  Customer plain = customer;
  plain.updated_at.reset();
  plain.revision = {};
  if (plain.address) plain.address->id.clear();
  return "\"" + sha256_hex(json::write(json::to_json(plain))).substr(0, 32) + "\"";
}

CustomerFacade::CustomerFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                               WriteLife& writes, Comparisons& comparisons, Now now)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      writes_(writes),
      comparisons_(comparisons),
      now_(std::move(now)) {}

Answer CustomerFacade::create(const Customer& customer, const WriteContext& context) {
  journal::NewIntent intent;
  intent.capability = Capability::customers;
  intent.subject = customer.number.text();
  intent.operation = "create_customer";
  intent.name = intent.subject;
  intent.request = json::write(json::to_json(customer));
  intent.request_hash = sha256_hex("create_customer\n" + intent.request);
  // A number that one of the ERPs has already: the same content is a repeat, other content a
  // conflict; its adapter says which.
  return writes_.run(std::move(intent), context);
}

namespace {

// Its first two facts: the turning of customers, and the cohort of this one.
CustomerFacade::Place placed(const cutover::Plan& plan, const CustomerNumber& number,
                             const journal::StateLook& seen) {
  CustomerFacade::Place place;
  place.stage = cutover::stage_for(as_routed(read_turning(seen.facts[0], plan.wave), plan),
                                   cohort_of(number, seen.facts[1]));
  // Where every acknowledged write of it is, while the other side lacks one.
  place.side = seen.pinned.value_or(cutover::rule(place.stage).primary);
  return place;
}

}  // namespace

Result<CustomerNumber> CustomerFacade::canonical(const CustomerNumber& given) const {
  CustomerNumber number;
  const Status read = journal_.look(
      [&](const JournalReader& reader) { number = canonical_customer(reader, given); });
  if (!read) return read.error();
  return number;
}

Answer CustomerFacade::amend(const CustomerNumber& given, const CustomerAmendment& amendment,
                             const std::vector<std::string>& if_match,
                             const WriteContext& context) {
  const auto known = canonical(given);
  if (!known) return problem_for(known.error());
  const CustomerNumber number = *known;
  journal::NewIntent intent;
  intent.capability = Capability::customers;
  intent.subject = number.text();
  intent.operation = "amend_customer";
  intent.request = json::write(json::to_json(amendment));
  intent.request_hash = sha256_hex("amend_customer\n" + number.text() + "\n" + intent.request);
  return writes_.run(
      std::move(intent), context, std::nullopt, [&](journal::NewIntent&) -> std::optional<Answer> {
        const auto side = side_of(number);
        if (!side) return problem_for(side.error());
        const auto current = observe<Customer>(*side, cutover::Operation::read,
                                               [&] { return read_from(*side, number, context); });
        if (!current.result) return problem_for(current.result.error());
        const std::string tag = entity_tag(*current.result);
        const bool any = std::find(if_match.begin(), if_match.end(), "*") != if_match.end();
        if (any || std::find(if_match.begin(), if_match.end(), tag) != if_match.end())
          return std::nullopt;
        return problem(412, "precondition-failed", "Precondition failed",
                       "If-Match does not name the current version; read the customer again.");
      });
}

Result<CustomerFacade::Found> CustomerFacade::find(const CustomerNumber& given) const {
  Found found{given, {}};
  for (bool alias = true; alias;) {
    const cutover::Plan plan = plans_.plan(Capability::customers);
    journal::StateLook seen;
    const Status read = journal_.look([&](const JournalReader& reader) {
      seen = reader.state(Capability::customers, found.number.text(),
                          {turning_fact(plan.wave), cohort_fact(found.number),
                           fact_of_customer(found.number.text())});
    });
    if (!read) return read.error();
    alias = found.number == given && !seen.facts[2].empty() && seen.facts[2] != given.text();
    if (alias) found.number = CustomerNumber{seen.facts[2]};
    found.place = placed(plan, found.number, seen);
  }
  return found;
}

Result<CustomerFacade::Place> CustomerFacade::place(const CustomerNumber& number) const {
  const cutover::Plan plan = plans_.plan(Capability::customers);
  Place place;
  const Status read = journal_.look([&](const JournalReader& reader) {
    place = placed(plan, number,
                   reader.state(Capability::customers, number.text(),
                                {turning_fact(plan.wave), cohort_fact(number)}));
  });
  if (!read) return read.error();
  return place;
}

Result<Side> CustomerFacade::side_of(const CustomerNumber& number) const {
  const auto placed = place(number);
  if (!placed) return placed.error();
  return placed->side;
}

Result<Customer> CustomerFacade::read_from(Side side, const CustomerNumber& number,
                                           const CallContext& context) {
  return call_port<Customer>(
      systems_, side, context.deadline, &ErpAdapter::customers,
      [&](CustomerService& port) { return port.get_customer(number, context); });
}

Result<Tagged<Customer>> CustomerFacade::get(const CustomerNumber& given,
                                             const CallContext& context) {
  const auto found = find(given);
  if (!found) return found.error();
  const CustomerNumber number = found->number;
  const Side side = found->place.side;
  const auto answered = observe<Customer>(side, cutover::Operation::read,
                                          [&] { return read_from(side, number, context); });
  if (cutover::rule(found->place.stage).shadow_reads && comparisons_.compares(number.text())) {
    auto made = check_of(number, side, context);
    if (!made) return made.error();
    ShadowCheck check = std::move(made).value();
    check.answered = parity_side(answered.result, answered.micros,
                                 [](const Customer& customer) { return comparable(customer); });
    comparisons_.begin(std::move(check));
  }
  if (!answered.result) return answered.result.error();
  Customer customer = *answered.result;
  customer.revision = {};
  return Tagged<Customer>{customer, entity_tag(customer)};
}

Result<ShadowCheck> CustomerFacade::check_of(const CustomerNumber& number, Side primary,
                                             const CallContext& context) {
  ShadowCheck check;
  check.capability = Capability::customers;
  check.operation = "get_customer";
  if (comparisons_.uses_cohorts()) {
    const Status facts = journal_.read(
        [&](const JournalReader& reader) { check.cohort = facts_of(cohort_of(number, reader)); });
    if (!facts) return facts.error();
  }
  check.subject = number.text();
  check.correlation_id = context.correlation_id.text();
  check.primary = primary;
  check.ask = [this, number, origin = context](Side asked) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::seconds(10));
    const auto seen = observe<Customer>(asked, cutover::Operation::read,
                                        [&] { return read_from(asked, number, asking); });
    return parity_side(seen.result, seen.micros,
                       [](const Customer& customer) { return comparable(customer); });
  };
  check.on_its_way = [this, number] {
    bool pending = false;
    const Status read = journal_.look([&](const JournalReader& reader) {
      pending = reader.open_intent_of(Capability::customers, number.text()).has_value();
      for (const Side side : {Side::legacy, Side::cloud})
        pending = pending || on_its_way(reader, side, Capability::customers, number.text());
    });
    return !read || pending;
  };
  return check;
}

namespace {

// So many customers that one side has beyond the other's part are asked for by number.
constexpr std::size_t asked_by_number_max = 50;

std::string lower(const std::string& text) {
  std::string result = text;
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

// Two queries that ask for the same are one.
std::string asked_for(const CustomerQuery& query) {
  json::Value value = json::Value::object();
  if (query.email) value.set("email", lower(*query.email));
  if (query.name) value.set("name", lower(*query.name));
  return json::write(value);
}

// What was asked names the comparison, and is shown to everybody: of whom, it does not say.
std::string subject_of(const CustomerQuery& query, Comparisons& comparisons) {
  if (!query.email && !query.name) return "search all";
  return std::string("search by") + (query.email ? " email" : "") + (query.name ? " name" : "") +
         " " + comparisons.without_persons(asked_for(query));
}

std::string asked_customers(const CustomerQuery& query) {
  json::Value value = json::Value::object();
  if (query.email) value.set("email", *query.email);
  if (query.name) value.set("name", *query.name);
  return json::write(value);
}

// What both sides found of one search, in one look. One thread at a time.
struct FoundByBoth {
  struct Part {
    std::map<std::string, Customer> customers;
    bool more = false;  // It found more than can be read.
  };
  std::map<Side, Part> parts;
  std::set<std::string> numbers;  // Of every look.
};

// Of those that only `one` has, the ones to be asked for by number where the other's part is not
// all that it finds: always the same, by their numbers.
std::vector<std::string> beyond(const FoundByBoth::Part& one, const FoundByBoth::Part& two) {
  std::vector<std::pair<std::uint32_t, std::string>> chosen;
  if (two.more)
    for (const auto& [number, customer] : one.customers)
      if (two.customers.count(number) == 0)
        chosen.emplace_back(cutover::bucket_per_100k("parity searches", number), number);
  std::sort(chosen.begin(), chosen.end());
  std::vector<std::string> numbers;
  numbers.reserve(chosen.size());
  for (auto& [bucket, number] : chosen) numbers.push_back(std::move(number));
  return numbers;
}

}  // namespace

// Two ERPs cut their pages at different customers: complete answers are compared, or, of long ones,
// the first part of each.
Result<Page<Customer>> CustomerFacade::all_found(Side side, const CustomerQuery& query,
                                                 const CallContext& context) {
  CustomerQuery part = query;
  part.cursor = {};
  part.limit = 200;
  Page<Customer> all;
  std::size_t pages = 0;
  do {
    auto page = search_on(side, part, context);
    if (!page) return page.error();
    all.items.insert(all.items.end(), page->items.begin(), page->items.end());
    part.cursor = page->next;
    // A filter that the ERP cannot apply leaves pages with few customers, or none.
    if (!part.cursor.empty() &&
        (all.items.size() >= search_compared_max || ++pages >= search_compared_max)) {
      all.next = part.cursor;
      break;
    }
  } while (!part.cursor.empty());
  return all;
}

ShadowCheck CustomerFacade::check_of(const CustomerQuery& query, Side primary,
                                     const CallContext& context) {
  ShadowCheck check;
  check.capability = Capability::customers;
  check.operation = "search_customers";
  check.subject = subject_of(query, comparisons_);
  check.sampled_by = asked_for(query);
  check.correlation_id = context.correlation_id.text();
  check.primary = primary;
  check.asked = asked_customers(query);
  auto found = std::make_shared<FoundByBoth>();
  check.ask = [this, query, found, origin = context](Side asked) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::seconds(10));
    const auto all = observe<Page<Customer>>(asked, cutover::Operation::read,
                                             [&] { return all_found(asked, query, asking); });
    FoundByBoth::Part& part = found->parts[asked];
    part = {};
    if (all.result) {
      part.more = !all.result->next.empty();
      for (const Customer& customer : all.result->items) {
        part.customers.emplace(customer.number.text(), customer);
        found->numbers.insert(customer.number.text());
      }
    }
    return parity_side(all.result, all.micros,
                       [](const Page<Customer>& page) { return comparable(page); });
  };
  check.prepare = [this, found, primary, origin = context](parity::Side& one, parity::Side& two,
                                                           parity::Cohort& cohort) {
    std::vector<std::string> out;
    // Whether the other side holds those that lie beyond its part; a few of them are asked for.
    const auto look_up = [&](Side has, Side lacks, parity::Side& lacking) {
      const std::vector<std::string> numbers = beyond(found->parts[has], found->parts[lacks]);
      CallContext asking = origin;
      asking.deadline = deadline_in(std::chrono::seconds(10));
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i >= asked_by_number_max) {
          out.push_back(numbers[i]);
          continue;
        }
        const CustomerNumber number{numbers[i]};
        const auto seen = observe<Customer>(lacks, cutover::Operation::read,
                                            [&] { return read_from(lacks, number, asking); });
        if (!seen.result && seen.result.error().code == ErrorCode::not_found) continue;
        if (!seen.result) {
          lacking = parity::Side{std::nullopt, seen.result.error(), lacking.micros};
          return;
        }
        json::Value list = lacking.document->get("customers");
        list.push(comparable(*seen.result));
        lacking.document->set("customers", std::move(list));
      }
    };
    if (one.document && two.document) look_up(primary, other(primary), two);
    if (one.document && two.document) look_up(other(primary), primary, one);
    parity::leave_out(out, one, two);
    if (!comparisons_.uses_cohorts()) return;
    const Status read = journal_.read([&](const JournalReader& reader) {
      for (const std::string& number : found->numbers)
        parity::add_cohort_of(cohort, number, facts_of(cohort_of(CustomerNumber{number}, reader)));
    });
    // Without its cohort a rule would not hold that does.
    if (!read) one = parity::Side{std::nullopt, read.error(), one.micros};
  };
  check.on_its_way = [this, found] {
    bool pending = false;
    const Status read = journal_.read([&](const JournalReader& reader) {
      if (reader.pinned_subjects(Capability::customers, Side::legacy) == 0 &&
          reader.pinned_subjects(Capability::customers, Side::cloud) == 0)
        return;
      for (const std::string& number : found->numbers) {
        pending = pending || reader.open_intent_of(Capability::customers, number).has_value();
        for (const Side side : {Side::legacy, Side::cloud})
          pending = pending || on_its_way(reader, side, Capability::customers, number);
      }
    });
    return !read || pending;
  };
  return check;
}

Result<Page<Customer>> CustomerFacade::search_on(Side side, const CustomerQuery& query,
                                                 const CallContext& context) {
  return observe<Page<Customer>>(
             side, cutover::Operation::read,
             [&] {
               return call_port<Page<Customer>>(
                   systems_, side, context.deadline, &ErpAdapter::customers,
                   [&](CustomerService& port) { return port.search_customers(query, context); });
             })
      .result;
}

Result<Page<Customer>> CustomerFacade::search(const CustomerQuery& query,
                                              const CallContext& context) {
  // One composite cursor: "legacy:..." first, then "cloud:...". Each side contributes the customers
  // that it owns; a settled plan without pins has one owner.
  const cutover::Plan plan = plans_.plan(Capability::customers);
  Side lowest{};
  Side highest{};
  bool shadowed = false;
  std::int64_t pinned = 0;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const cutover::Rollout rollout = as_routed(reader, plan).rollout;
    lowest = cutover::rule(rollout.lowest()).primary;
    highest = cutover::rule(rollout.highest()).primary;
    // Both sides have all customers only when those of every stage are compared.
    shadowed = cutover::rule(rollout.lowest()).shadow_reads &&
               cutover::rule(rollout.highest()).shadow_reads;
    pinned = reader.pinned_subjects(Capability::customers, other(highest));
  });
  if (!read) return read.error();
  std::vector<Side> sides{lowest};
  if (highest != lowest) sides = {Side::legacy, Side::cloud};
  if (sides.size() == 1 && pinned > 0) sides = {Side::legacy, Side::cloud};

  std::size_t at = 0;
  CustomerQuery part = query;
  if (!query.cursor.empty()) {
    const std::string& text = query.cursor.text();
    const std::size_t colon = text.find(':');
    const auto side = parse_side(text.substr(0, colon));
    if (colon == std::string::npos || !side) {
      return Error{ErrorCode::invalid_request,
                   "cursor is not one that a list gave",
                   {},
                   {},
                   0,
                   {{"/cursor", "must be the `next` of an earlier page"}}};
    }
    part.cursor = Cursor{text.substr(colon + 1)};
    at = sides.size() > 1 && *side == Side::cloud ? 1 : 0;
    if (sides.size() == 1 && *side != sides[0]) sides[0] = *side;
  }
  // What follows a page is part of the same answer.
  if (query.cursor.empty() && shadowed) comparisons_.begin(check_of(query, lowest, context));
  Page<Customer> page;
  while (at < sides.size()) {
    const Side side = sides[at];
    const auto found = search_on(side, part, context);
    if (!found) return found.error();
    for (const Customer& customer : found->items) {
      if (sides.size() > 1) {
        const auto owner = side_of(customer.number);
        if (!owner) return owner.error();
        if (*owner != side) continue;
      }
      page.items.push_back(customer);
      page.items.back().revision = {};
    }
    if (!found->next.empty()) {
      page.next = Cursor{std::string(name(side)) + ":" + found->next.text()};
      return page;
    }
    part.cursor = {};
    if (++at < sides.size() && page.items.size() >= static_cast<std::size_t>(query.limit)) {
      page.next = Cursor{std::string(name(sides[at])) + ":"};
      return page;
    }
  }
  return page;
}

}  // namespace underpin::facade
