#include "facade/inventory.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/digest.h"
#include "facade/order_content.h"

#include <algorithm>
#include <set>

namespace underpin::facade {
namespace {

using journal::Intent;
using journal::JournalReader;
using journal::JournalTransaction;

Error unreadable() { return {ErrorCode::internal, "the stored request cannot be read"}; }

class AdjustStock final : public WriteOperation {
 public:
  AdjustStock(const Systems& systems, bool mirrored) : systems_(systems), mirrored_(mirrored) {}

  Result<Receipt> send(const Intent& intent, const WriteContext& context) override {
    const auto adjustment = stored(intent);
    if (!adjustment) return unreadable();
    WriteContext sending = context;
    sending.channel = intent.channel;
    sending.idempotency_key = intent.key;
    const auto receipt = call_port<AdjustmentReceipt>(
        systems_, intent.side, context.deadline, &ErpAdapter::inventory,
        [&](InventoryService& port) { return port.adjust_stock(*adjustment, sending); });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Result<Receipt> find(const Intent& intent, const CallContext& context) override {
    const auto adjustment = stored(intent);
    if (!adjustment) return unreadable();
    const auto receipt =
        call_port<AdjustmentReceipt>(systems_, intent.side, context.deadline,
                                     &ErpAdapter::inventory, [&](InventoryService& port) {
                                       return port.find_adjustment(adjustment->movement, context);
                                     });
    if (!receipt) return receipt.error();
    return Receipt{*receipt};
  }

  Answer commit(JournalTransaction& tx, const Intent& intent, const Receipt& any,
                const cutover::Plan& plan, Timestamp now) override {
    const auto& receipt = std::get<AdjustmentReceipt>(any);
    const cutover::Stage stage = cutover::stage_for(plan, cohort_of(plan, intent, tx));
    if (cutover::rule(stage).mirror_writes && mirrored_) {
      journal::NewOutboxRow row;
      row.side = other(intent.side);
      row.capability = Capability::inventory;
      row.wave = intent.wave;
      row.subject = intent.subject;
      row.operation = "adjust_stock";
      row.payload = intent.request;
      row.channel = intent.channel;
      row.key = intent.key;
      row.correlation_id = intent.correlation_id;
      tx.add_outbox_row(row, now);
    }
    AdjustmentReceipt shown = receipt;
    const auto adjustment = stored(intent);
    if (adjustment) {
      shown.movement = adjustment->movement;
      shown.key = adjustment->key;
    }
    Answer answer = Answer::json(201, json::to_json(shown));
    answer.location = location(intent);
    return answer;
  }

  void closed_after_doubt(JournalTransaction& tx, const Intent& intent, bool refused,
                          Timestamp now) override {
    const auto adjustment = stored(intent);
    if (!adjustment || !tx.rules().verified_postings) return;
    auto row = verify_posting_row(intent.side, intent.wave, *adjustment, refused,
                                  systems_.on(intent.side).adapter->descriptor().settle_ms, now);
    row.correlation_id = intent.correlation_id;
    tx.add_outbox_row(row, now);
  }

  std::string location(const Intent& intent) const override {
    const auto key = stock_key_of(intent.subject);
    if (!key) return "/v1/inventory";
    return "/v1/inventory/" + key->sku.text() + "?location=" + key->location.text();
  }

 private:
  static Result<StockAdjustment> stored(const Intent& intent) {
    const auto value = json::parse(intent.request);
    if (!value) return value.error();
    return json::from_json<StockAdjustment>(*value);
  }
  const Systems& systems_;
  const bool mirrored_;  // The other ERP does not learn of it otherwise.
};

// Is a change of an order that has this stock key still to be delivered to `side`? A document whose
// lines the journal does not know (older than the facade) may have it.
bool order_on_its_way(const JournalReader& reader, Side side, const StockKey& key, Timestamp now) {
  constexpr int rows_max = 1'000;
  for (const journal::OutboxRow& row : reader.due_rows(side, now.plus_ms(86'400'000), rows_max)) {
    if (row.capability != Capability::orders) continue;
    const auto id = order_id_of(row.subject);
    const auto document = id ? reader.document(*id) : std::nullopt;
    if (!document) continue;
    const auto content = read_content(document->content);
    if (!content) return true;
    for (const OrderLine& line : content->lines)
      if (line.sku == key.sku && line.location == key.location) return true;
  }
  return false;
}

}  // namespace

std::string stock_subject(const StockKey& key) {
  return key.sku.text() + "@" + key.location.text();
}

std::optional<StockKey> stock_key_of(const std::string& subject) {
  const std::size_t at = subject.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  return StockKey{Sku{subject.substr(0, at)}, LocationCode{subject.substr(at + 1)}};
}

journal::NewOutboxRow verify_posting_row(Side side, const std::string& wave,
                                         const StockAdjustment& adjustment, bool refused,
                                         std::int64_t settle_ms, Timestamp now) {
  constexpr std::int64_t times_settle_ms = 10;
  json::Value payload = json::Value::object();
  payload.set("movement", adjustment.movement.text());
  payload.set("subject", stock_subject(adjustment.key));
  payload.set("refused", json::Value::boolean(refused));
  journal::NewOutboxRow row;
  row.side = side;
  row.capability = Capability::inventory;
  row.wave = wave;
  // A subject of its own: the article's deliveries do not wait for it.
  row.subject = "posting " + adjustment.movement.text();
  row.operation = "verify_posting";
  row.payload = json::write(payload);
  row.key = IdempotencyKey{"verify/" + adjustment.movement.text()};
  row.role = Role::primary;
  row.not_before = now.plus_ms(times_settle_ms * settle_ms);
  return row;
}

void add_inventory_writes(WriteLife& writes, const Systems& systems, const FieldOwners& fields) {
  writes.add("adjust_stock", std::make_unique<AdjustStock>(
                                 systems, fields.carried(Capability::inventory, "onHand")));
}

InventoryFacade::InventoryFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                                 WriteLife& writes, Comparisons& comparisons,
                                 const UndeliveredDemand& demand, Now now,
                                 InventorySettings settings)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      writes_(writes),
      comparisons_(comparisons),
      demand_(demand),
      now_(std::move(now)),
      settings_(std::move(settings)) {}

Result<std::vector<StockLevel>> InventoryFacade::read_from(Side side, const StockQuery& query,
                                                           const CallContext& context) {
  return call_port<std::vector<StockLevel>>(
      systems_, side, context.deadline, &ErpAdapter::inventory,
      [&](InventoryService& port) { return port.get_stock(query, context); });
}

Result<std::vector<StockLevel>> InventoryFacade::get(const StockQuery& query,
                                                     const CallContext& context) {
  std::vector<std::pair<Sku, std::optional<LocationCode>>> asked;
  for (const Sku& sku : query.skus) asked.emplace_back(sku, query.location);
  return availability(asked, context);
}

Result<std::vector<StockLevel>> InventoryFacade::availability(
    const std::vector<std::pair<Sku, std::optional<LocationCode>>>& asked,
    const CallContext& context) {
  const cutover::Plan plan = plans_.plan(Capability::inventory);
  std::set<Side> sides{cutover::rule(plan.rollout.lowest()).primary,
                       cutover::rule(plan.rollout.highest()).primary};
  std::int64_t pinned_to_other = 0;
  if (sides.size() == 1) {
    const Status read = journal_.look([&](const JournalReader& reader) {
      pinned_to_other = reader.pinned_subjects(Capability::inventory, other(*sides.begin()));
    });
    if (!read) return read.error();
  }
  if (pinned_to_other > 0) sides = {Side::legacy, Side::cloud};

  StockQuery query;
  std::set<Sku> skus;
  bool one_location = !asked.empty();
  for (const auto& [sku, location] : asked) {
    skus.insert(sku);
    one_location = one_location && location && location == asked.front().second;
  }
  query.skus.assign(skus.begin(), skus.end());
  if (one_location) query.location = asked.front().second;

  const auto wanted = [&](const StockKey& key) {
    return std::any_of(asked.begin(), asked.end(), [&](const auto& line) {
      return line.first == key.sku && (!line.second || *line.second == key.location);
    });
  };
  std::vector<StockLevel> levels;
  for (const Side side : sides) {
    const auto before = demand_.all(side);
    const auto seen = observe<std::vector<StockLevel>>(
        side, cutover::Operation::read, [&] { return read_from(side, query, context); });
    if (!seen.result) return seen.result.error();
    const auto after = demand_.all(side);
    for (const StockLevel& level : *seen.result) {
      if (!wanted(level.key)) continue;
      const std::string subject = stock_subject(level.key);
      const cutover::StageRule& stage =
          cutover::rule(cutover::stage_for(plan, cohort_of(level.key)));
      Side owner = stage.primary;
      if (sides.size() > 1) {
        std::optional<Side> pinned;
        const Status looked = journal_.look([&](const JournalReader& reader) {
          pinned = reader.pinned_side(Capability::inventory, subject);
        });
        if (!looked) return looked.error();
        if (pinned) owner = *pinned;
      }
      if (owner != side) continue;
      if (stage.shadow_reads && comparisons_.compares(subject))
        shadow(level, side, seen.micros, context);
      // What was delivered while the ERP was being read may be counted twice: too little is safe,
      // too much would be sold.
      const auto at = [&](const std::map<StockKey, Decimal>& sums) {
        const auto found = sums.find(level.key);
        return found == sums.end() ? Decimal{} : found->second;
      };
      StockLevel shown = level;
      shown.available -= std::max(at(before), at(after));
      const auto kept_back = settings_.safety_stock.find(context.channel.text());
      if (kept_back != settings_.safety_stock.end()) shown.available -= kept_back->second;
      if (shown.available.is_negative()) shown.available = Decimal{0, shown.available.scale()};
      levels.push_back(std::move(shown));
    }
  }
  for (const auto& [sku, location] : asked) {
    const bool found = std::any_of(levels.begin(), levels.end(),
                                   [&, s = sku, l = location](const StockLevel& level) {
                                     return level.key.sku == s && (!l || level.key.location == *l);
                                   });
    if (!found) {
      return Error{ErrorCode::not_found, "no stock is known for article " + sku.text() +
                                             (location ? " at " + location->text() : "")};
    }
  }
  std::sort(levels.begin(), levels.end(),
            [](const StockLevel& a, const StockLevel& b) { return a.key < b.key; });
  return levels;
}

void InventoryFacade::shadow(const StockLevel& answered, Side side, std::int64_t micros,
                             const CallContext& context) {
  ShadowCheck check = check_of(answered.key, side, context);
  check.answered = parity_side<StockLevel>(answered, micros, comparable_level);
  comparisons_.begin(std::move(check));
}

ShadowCheck InventoryFacade::check_of(const StockKey& wanted, Side primary,
                                      const CallContext& context) {
  ShadowCheck check;
  check.capability = Capability::inventory;
  check.operation = "get_stock";
  check.cohort = facts_of(cohort_of(wanted));
  check.subject = stock_subject(wanted);
  check.correlation_id = context.correlation_id.text();
  check.primary = primary;
  const CallContext origin = context;
  check.ask = [this, key = wanted, origin](Side asked) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::seconds(10));
    const auto seen =
        observe<StockLevel>(asked, cutover::Operation::read, [&]() -> Result<StockLevel> {
          const auto found = read_from(asked, StockQuery{{key.sku}, key.location}, asking);
          if (!found) return found.error();
          for (const StockLevel& level : *found)
            if (level.key == key) return level;
          return Error{ErrorCode::not_found, "no stock is known for " + stock_subject(key)};
        });
    return parity_side(seen.result, seen.micros, comparable_level);
  };
  check.on_its_way = [this, key = wanted, asked = now_()] {
    // Adjustments of the key, orders whose demand one side lacks, and what has left a warehouse:
    // the inert copy learns of it by the next poll of the order's home and one delivery.
    bool moving = false;
    const Status read = journal_.read([&](const JournalReader& reader) {
      moving = reader.pinned_side(Capability::inventory, stock_subject(key)).has_value();
      for (const Side one : {Side::legacy, Side::cloud}) {
        const auto polled =
            Timestamp::parse(reader.fact("as_of/" + systems_.on(one).name + "/orders"));
        moving =
            moving || (polled && *polled < asked) || order_on_its_way(reader, one, key, now_());
      }
    });
    if (!read || moving) return true;
    return !demand_.at(Side::legacy, key).is_zero() || !demand_.at(Side::cloud, key).is_zero();
  };
  return check;
}

Answer InventoryFacade::adjust(const StockAdjustment& adjustment, const WriteContext& context) {
  journal::NewIntent intent;
  intent.capability = Capability::inventory;
  intent.subject = stock_subject(adjustment.key);
  intent.operation = "adjust_stock";
  intent.name = adjustment.movement.text();
  const std::string asked = json::write(json::to_json(adjustment));
  intent.request_hash = sha256_hex("adjust_stock\n" + asked);
  intent.request = asked;
  if (adjustment.kind == AdjustmentKind::delta) return writes_.run(std::move(intent), context);

  // A count becomes the delta it means, once, before anything is sent: its mirror posts the same.
  return writes_.run(
      std::move(intent), context, std::nullopt,
      [&](journal::NewIntent& draft) -> std::optional<Answer> {
        const Timestamp now = now_();
        const Timestamp as_of = adjustment.as_of.value_or(now);
        if (as_of > now.plus_ms(60'000) || as_of < now.plus_ms(-settings_.count_age_max_ms)) {
          return problem(
              422, "validation", "Request failed validation",
              "A count is taken over while it is fresh.",
              {{"/asOf", "must be within the last " +
                             std::to_string(settings_.count_age_max_ms / 1000) + " seconds"}});
        }
        std::optional<Side> pinned;
        const Status read = journal_.read([&](const JournalReader& reader) {
          pinned = reader.pinned_side(Capability::inventory, draft.subject);
        });
        if (!read) return problem_for(read.error());
        const Side side = pinned ? *pinned
                                 : route(plans_.plan(Capability::inventory),
                                         cohort_of(adjustment.key), cutover::Operation::read)
                                       .primary;
        const auto seen = observe<std::vector<StockLevel>>(side, cutover::Operation::read, [&] {
          return read_from(side, StockQuery{{adjustment.key.sku}, adjustment.key.location},
                           context);
        });
        if (!seen.result) return problem_for(seen.result.error());
        for (const StockLevel& level : *seen.result) {
          if (level.key != adjustment.key) continue;
          StockAdjustment delta = adjustment;
          delta.kind = AdjustmentKind::delta;
          delta.quantity = adjustment.quantity - level.on_hand;
          draft.request = json::write(json::to_json(delta));
          return std::nullopt;
        }
        return problem(404, "not-found", "Not found",
                       "No stock is known for " + draft.subject + ".");
      });
}

}  // namespace underpin::facade
