#include "facade/catch_up_preview.h"

#include "facade/clock.h"
#include "facade/observe.h"
#include "facade/systems.h"
#include "facade/transfer.h"

namespace underpin::facade {

using journal::DocumentRecord;
using journal::JournalReader;

namespace {

constexpr int page = 500;

// A person waits for the figure: what the ERP does not say in time is said to be missing.
Bringing::Customers customers_of(const Systems& systems, Side side, const CallContext& context) {
  Bringing::Customers customers;
  CustomerQuery query;
  query.limit = page;
  do {
    const auto found = observe<Page<Customer>>(side, cutover::Operation::read, [&] {
      return call_port<Page<Customer>>(
          systems, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.search_customers(query, context); });
    });
    if (!found.result) {
      customers.at_least = customers.count > 0;
      if (!customers.at_least) customers.failed = found.result.error().message;
      return customers;
    }
    customers.count += static_cast<std::int64_t>(found.result->items.size());
    query.cursor = found.result->next;
    customers.at_least = !query.cursor.empty();
  } while (customers.at_least && ms_left(context.deadline) > 0);
  return customers;
}

std::int64_t number_of(const std::string& fact) { return fact.empty() ? 0 : std::stoll(fact); }

Status add_documents(const Systems& systems, const journal::Journal& journal, Bringing& bringing) {
  const Side home = other(bringing.to);
  bringing.no_copies = systems.on(bringing.to).adapter->descriptor().inert_by.empty();
  std::map<std::string, Bringing::Documents> groups;
  journal::DocumentQuery query;
  query.closed = false;
  query.home = home;
  query.limit = page;
  std::vector<DocumentRecord> documents;
  do {
    const Status read = journal.read([&](const JournalReader& reader) {
      bringing.indexed = !reader.fact("as_of/" + systems.on(home).name + "/orders").empty();
      documents = reader.documents(query);
    });
    if (!read) return read;
    for (const DocumentRecord& document : documents) {
      query.after_change = document.change;
      if (document.mirrored) continue;
      Bringing::Documents& group = groups[class_text(classes_of(document))];
      ++group.count;
      group.worth[document.currency] += document.grand_total;
      if (!document.document(bringing.to).empty()) ++bringing.with_number;
    }
  } while (documents.size() == static_cast<std::size_t>(page));
  for (auto& [classes, group] : groups) {
    group.classes = classes;
    bringing.documents.push_back(std::move(group));
  }
  return Done{};
}

}  // namespace

std::string imported_xrefs_fact(Capability capability) {
  return "xref/count/" + std::string(name(capability));
}

std::optional<Side> brings_to(const cutover::Plan& plan, const cutover::Rollout& next) {
  const auto at = [](cutover::Stage stage) { return cutover::index(stage); };
  if (plan.rollout.lowest() == cutover::Stage::legacy_only &&
      at(next.highest()) >= at(cutover::Stage::dual_write))
    return Side::cloud;
  if (plan.rollout.highest() == cutover::Stage::cloud_only &&
      at(next.lowest()) <= at(cutover::Stage::ramp_down))
    return Side::legacy;
  return std::nullopt;
}

Result<Bringing> what_is_brought(const Systems& systems, const journal::Journal& journal,
                                 Capability capability, Side to, const CallContext& context) {
  Bringing bringing;
  bringing.to = to;
  if (capability == Capability::customers)
    bringing.customers = customers_of(systems, other(to), context);
  if (capability == Capability::orders) {
    const Status added = add_documents(systems, journal, bringing);
    if (!added) return added.error();
  }
  const Status read = journal.look([&](const JournalReader& reader) {
    bringing.cross_references = number_of(reader.fact(imported_xrefs_fact(capability)));
  });
  if (!read) return read.error();
  return bringing;
}

}  // namespace underpin::facade
