// The half of Recovery that looks at customers and stock movements.
#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/observe.h"
#include "facade/recovery.h"

#include <algorithm>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;
using json::Value;

// ---- customers

namespace {

// What a side tells of is looked at; what it tells of after the very position of the backup was
// changed there since.
std::string seen_fact(Side side, bool since_backup) {
  return std::string("recovery/customers/") + (since_backup ? "changed/" : "seen/") +
         std::string(name(side));
}

}  // namespace

Status Recovery::customers_page(RecoveryState& state, Side side, const CallContext& context,
                                bool& last) {
  if (!systems_.offers(side, Capability::customers)) return Done{};
  // Once from before the backup, and once from its own position: "seen <cursor>", "changed …".
  const std::size_t blank = state.cursor.find(' ');
  const bool first = state.cursor.empty() || blank + 1 == state.cursor.size();
  const bool since_backup = state.cursor.compare(0, 7, "changed") == 0;
  std::string from;
  if (!first) {
    from = state.cursor.substr(blank + 1);
  } else if (since_backup) {
    const Status read = journal_.read([&](const JournalReader& reader) {
      from = reader.cursor(systems_.on(side).name, "customers");
    });
    if (!read) return read;
  } else {
    const auto begin = begin_at(state, side, "customers", false);
    if (!begin) return begin.error();
    from = *begin;
  }
  const auto page = observe<ChangePage<CustomerChange>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<CustomerChange>>(
        systems_, side, context.deadline, &ErpAdapter::customers,
        [&](CustomerService& port) { return port.customer_changes(Cursor{from}, context); });
  });
  if (!page.result) return page.result.error();
  const std::string fact = seen_fact(side, since_backup);
  Status readable = Done{};
  const Status written = write(state, [&](JournalTransaction& tx) {
    auto known =
        first ? Result<std::set<std::string>>(std::set<std::string>{}) : names_in(tx.fact(fact));
    if (!known) {
      readable = known.error();
      return false;
    }
    std::set<std::string> names = std::move(known).value();
    for (const CustomerChange& change : page.result->items)
      if (!change.deleted) names.insert(change.number.text());
    tx.set_fact(fact, text_of(names));
    if (since_backup)
      state.counts["customers_changed_in_" + systems_.on(side).name] =
          static_cast<std::int64_t>(names.size());
    return true;
  });
  if (!readable) return readable;
  if (!written) return written;
  const bool more = page.result->more;
  state.cursor = (since_backup || !more ? "changed " : "seen ") +
                 (more ? page.result->next.text() : std::string{});
  last = since_backup && !more;
  return Done{};
}

Status Recovery::customers_compared(RecoveryState& state, const CallContext& context, bool& last) {
  constexpr std::size_t page = 100;
  std::map<std::string, std::set<Side>> changed;
  Status readable = Done{};
  const Status read = journal_.read([&](const JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud}) {
      const auto seen = names_in(reader.fact(seen_fact(side, false)));
      const auto since = names_in(reader.fact(seen_fact(side, true)));
      if (!seen || !since) {
        readable = seen ? since.error() : seen.error();
        return;
      }
      for (const std::string& number : *seen) changed[number];
      for (const std::string& number : *since) changed[number].insert(side);
    }
  });
  if (!read) return read;
  if (!readable) return readable;
  std::vector<std::string> names;
  std::vector<std::set<Side>> sides;
  auto at = state.cursor.empty() ? changed.begin() : changed.upper_bound(state.cursor);
  for (; at != changed.end() && names.size() < page; ++at) {
    names.push_back(at->first);
    sides.push_back(at->second);
  }
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t which, const CallContext& looking) {
        return examine_customer(own, CustomerNumber{names[which]}, sides[which], looking);
      },
      [&](RecoveryState& own, std::size_t which, const Error& error) {
        return leave_subject(own, Capability::customers, names[which], std::nullopt, error);
      },
      context, all);
  last = all && at == changed.end();
  if (!examined || !all) return examined;
  if (!names.empty()) state.cursor = names.back();
  if (!last) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    for (const Side side : {Side::legacy, Side::cloud})
      for (const bool since_backup : {false, true}) tx.set_fact(seen_fact(side, since_backup), "");
    return true;
  });
}

Status Recovery::examine_customer(RecoveryState& state, const CustomerNumber& number,
                                  const std::set<Side>& changed, const CallContext& context) {
  const auto held = writes_.locks().acquire("customers/" + number.text(), context.deadline);
  if (!held) return Error{ErrorCode::unavailable, "customer " + number.text() + " is busy"};
  std::map<Side, Customer> there;
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!systems_.offers(side, Capability::customers)) return Done{};
    const auto customer = observe<Customer>(side, cutover::Operation::read, [&] {
      return call_port<Customer>(
          systems_, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.get_customer(number, context); });
    });
    if (customer.result) {
      there[side] = *customer.result;
    } else if (customer.result.error().code != ErrorCode::not_found) {
      return customer.result.error();
    }
  }
  const auto place = customers_.place(number);
  if (!place) return place.error();
  std::vector<OutboxRow> rows;
  bool mirrored = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    for (const Side side : {Side::legacy, Side::cloud})
      for (OutboxRow& row : reader.rows_of(side, Capability::customers, number.text()))
        rows.push_back(std::move(row));
    mirrored = customer_is_mirrored(reader, plans_.wave(), place->stage);
  });
  if (!read) return read;
  // Judged before, in this recovery, with what its row will bring.
  if (std::any_of(rows.begin(), rows.end(),
                  [&](const OutboxRow& row) { return is_fresh(state, row); }))
    return Done{};
  const bool same =
      there.size() == 2 && comparable(there[Side::legacy]) == comparable(there[Side::cloud]);
  const bool differs = !there.empty() && !same && (mirrored || !rows.empty());
  // Both have it, and neither has changed it since the backup: its rows say who is newer.
  if (differs && there.size() == 2 && changed.empty()) return Done{};
  // Whoever has written last. A mirror changes the other side as well, so a side that changed
  // alone is newer; else by the clocks, where both ERPs tell one.
  Side newest = cutover::rule(place->stage).primary;
  bool doubtful = false;
  // What waits to be delivered was acknowledged: its side has changed as well, and no clock says
  // whether the other has seen it.
  std::set<Side> holders;
  for (const OutboxRow& row : rows) holders.insert(other(row.side));
  if (there.size() == 1) {
    newest = there.begin()->first;
  } else if (differs && !holders.empty()) {
    holders.insert(changed.begin(), changed.end());
    newest = *holders.begin();
    doubtful = holders.size() > 1;
  } else if (differs) {
    constexpr std::int64_t skew_us = 2'000'000;
    const auto& legacy_at = there[Side::legacy].updated_at;
    const auto& cloud_at = there[Side::cloud].updated_at;
    if (changed.size() == 1) {
      newest = *changed.begin();
    } else if (legacy_at && cloud_at && legacy_at->micros > cloud_at->micros + skew_us) {
      newest = Side::legacy;
    } else if (legacy_at && cloud_at && cloud_at->micros > legacy_at->micros + skew_us) {
      newest = Side::cloud;
    } else {
      doubtful = true;
    }
  }
  if (differs) ++state.counts["customers_differing"];
  if (state.dry_run || (there.empty() && rows.empty())) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    // Asked about already: looked at once more, without the rows that said so, it is still in
    // doubt.
    settle_not_looked_up(tx, Capability::customers, number.text(), now_());
    const std::string closed = journal::closed_subject_fact(Capability::customers, number.text());
    if (!tx.fact(closed).empty()) return true;
    if (!there.empty())
      record_cohort(tx, there.count(newest) != 0 ? there.at(newest) : there.begin()->second);
    if (!rows.empty()) state.counts["deliveries_done"] += take_rows(tx, rows, now_());
    if (!differs) return true;
    if (!doubtful) {
      tx.add_outbox_row(customer_mirror(number, other(newest), plans_.wave(), "recovery"), now_());
      ++state.counts["deliveries_made"];
      return true;
    }
    // Neither value is overwritten before a person has said which is the last one.
    journal::ExceptionRecord exception;
    exception.kind = "customer_differs_after_restore";
    exception.capability = Capability::customers;
    exception.wave = plans_.wave();
    exception.subject = number.text();
    exception.side = newest;
    exception.detail = "customer " + number.text() +
                       " was changed in both ERPs since the backup, and nobody can tell where "
                       "last. Replay takes what " +
                       systems_.on(newest).name +
                       " has: " + json::write(comparable(there[newest])) + "; discard what " +
                       systems_.on(other(newest)).name +
                       " has: " + json::write(comparable(there[other(newest)]));
    const std::int64_t id = tx.add_exception(exception, now_());
    tx.set_fact(closed, "Customer " + number.text() + " waits for exception " + std::to_string(id) +
                            " to be decided.");
    ++state.counts["exceptions"];
    return true;
  });
}

// ---- stock movements

namespace {

StockAdjustment as_adjustment(const StockMovement& movement) {
  StockAdjustment adjustment;
  adjustment.movement = movement.movement;
  adjustment.key = movement.key;
  adjustment.quantity = movement.quantity;
  return adjustment;
}

std::string movement_raised_fact(Side side, const MovementId& movement) {
  return "raised/movement_in_one_erp/" + std::string(name(side)) + "/" + movement.text();
}

}  // namespace

Status Recovery::examine_movement_row(RecoveryState& state, const OutboxRow& row,
                                      const CallContext& context) {
  const auto payload = json::parse(row.payload);
  const auto adjustment = payload ? json::from_json<StockAdjustment>(*payload)
                                  : Result<StockAdjustment>(payload.error());
  if (!adjustment) return Done{};
  const auto found = observe<AdjustmentReceipt>(row.side, cutover::Operation::read, [&] {
    return call_port<AdjustmentReceipt>(
        systems_, row.side, context.deadline, &ErpAdapter::inventory, [&](InventoryService& port) {
          return port.find_adjustment(adjustment->movement, context);
        });
  });
  if (!found.result) {
    // Not there: it is delivered when writes are open, and looked up once more before.
    if (found.result.error().code == ErrorCode::not_found ||
        found.result.error().code == ErrorCode::conflict)
      return Done{};
    return found.result.error();
  }
  ++state.counts["deliveries_done"];
  if (state.dry_run) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    (void)take_rows(tx, {row}, now_());
    return true;
  });
}

Status Recovery::movements_page(RecoveryState& state, Side side, const CallContext& context,
                                bool& last) {
  if (!systems_.offers(side, Capability::inventory)) return Done{};
  const std::string& system = systems_.on(side).name;
  // What was adjusted before the feed began is in the rows of the backup, or was delivered.
  const auto begin = begin_at(state, side, "stock", true);
  if (!begin) return begin.error();
  if (begin->empty()) {
    // The ledger has a past without end, and not every movement in it was a channel's.
    state.counts["movements_not_checked_in_" + system] = 1;
    return Done{};
  }
  const Cursor from{state.cursor.empty() ? *begin : state.cursor};
  const auto page = observe<ChangePage<StockMovement>>(side, cutover::Operation::read, [&] {
    return call_port<ChangePage<StockMovement>>(
        systems_, side, context.deadline, &ErpAdapter::inventory,
        [&](InventoryService& port) { return port.stock_movements(from, context); });
  });
  if (!page.result) return page.result.error();
  std::vector<std::string> names;
  for (const StockMovement& movement : page.result->items) names.push_back(movement.entry.text());
  bool all = false;
  const Status examined = each(
      state, names,
      [&](RecoveryState& own, std::size_t at, const CallContext& looking) {
        return examine_movement(own, side, page.result->items[at], looking);
      },
      [&](RecoveryState& own, std::size_t at, const Error& error) {
        return leave_movement(own, side, page.result->items[at], error);
      },
      context, all);
  last = false;
  if (!examined || !all) return examined;
  state.counts["movements_in_" + system] += static_cast<std::int64_t>(page.result->items.size());
  state.cursor = page.result->next.text();
  last = !page.result->more;
  return Done{};
}

Status Recovery::examine_movement(RecoveryState& state, Side side, const StockMovement& movement,
                                  const CallContext& context) {
  if (movement.movement.empty() || movement.quantity.is_zero()) return Done{};
  const Side away = other(side);
  if (!systems_.offers(away, Capability::inventory)) return Done{};
  const std::string subject = stock_subject(movement.key);
  bool mirrored = false;
  bool handled = false;
  const std::string raised = movement_raised_fact(away, movement.movement);
  const Status planned = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), Capability::inventory);
    mirrored =
        plan && cutover::rule(cutover::stage_for(*plan, cohort_of(movement.key))).mirror_writes;
    handled = !reader.fact(raised).empty();
    for (const OutboxRow& row : reader.rows_of(away, Capability::inventory, subject)) {
      const auto payload = json::parse(row.payload);
      handled = handled || (payload && payload->get("movement").text() == movement.movement.text());
    }
  });
  if (!planned) return planned;
  if (!mirrored || handled) return Done{};
  const auto find_on = [&](Side where) {
    return observe<AdjustmentReceipt>(where, cutover::Operation::read,
                                      [&] {
                                        return call_port<AdjustmentReceipt>(
                                            systems_, where, context.deadline,
                                            &ErpAdapter::inventory, [&](InventoryService& port) {
                                              return port.find_adjustment(movement.movement,
                                                                          context);
                                            });
                                      })
        .result;
  };
  const auto there = find_on(away);
  if (there || there.error().code == ErrorCode::conflict) return Done{};
  if (there.error().code != ErrorCode::not_found) return there.error();
  // A document of several lines is a shipment or a receipt of the warehouse's, no adjustment.
  const auto here = find_on(side);
  if (!here && here.error().code == ErrorCode::conflict) return Done{};
  if (!here && here.error().code != ErrorCode::not_found) return here.error();

  const std::string& text = movement.movement.text();
  const bool a_channels = std::any_of(
      settings_.movement_prefixes.begin(), settings_.movement_prefixes.end(),
      [&](const std::string& prefix) { return text.compare(0, prefix.size(), prefix) == 0; });
  if (!a_channels) {
    return raise_movement(state, side, movement,
                          "movement " + text + " of " + movement.quantity.text() + " is in " +
                              systems_.on(side).name + " and not in " + systems_.on(away).name +
                              ". Replay posts it there; discard leaves it.");
  }
  ++state.counts["movements_missing"];
  if (state.dry_run) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    tx.add_outbox_row(movement_row(as_adjustment(movement), away, plans_.wave()), now_());
    ++state.counts["deliveries_made"];
    return true;
  });
}

Status Recovery::raise_movement(RecoveryState& state, Side side, const StockMovement& movement,
                                const std::string& detail) {
  ++state.counts["exceptions"];
  if (state.dry_run) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    journal::ExceptionRecord exception;
    exception.kind = "movement_in_one_erp";
    exception.capability = Capability::inventory;
    exception.wave = plans_.wave();
    exception.subject = stock_subject(movement.key);
    exception.side = other(side);
    exception.payload = json::write(json::to_json(as_adjustment(movement)));
    exception.detail = detail;
    tx.add_exception(exception, now_());
    tx.set_fact(movement_raised_fact(other(side), movement.movement), "1");
    return true;
  });
}

journal::NewOutboxRow movement_row(const StockAdjustment& adjustment, Side to,
                                   const std::string& wave) {
  journal::NewOutboxRow row;
  row.side = to;
  row.capability = Capability::inventory;
  row.wave = wave;
  row.subject = stock_subject(adjustment.key);
  row.operation = "adjust_stock";
  row.payload = json::write(json::to_json(adjustment));
  row.key = IdempotencyKey{"recovery/" + adjustment.movement.text()};
  row.correlation_id = "recovery";
  return row;
}

}  // namespace underpin::facade
