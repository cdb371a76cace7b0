#include "facade/cutover_guards.h"

#include "facade/turning.h"

#include <algorithm>
#include <utility>

namespace underpin::facade {

using cutover::GuardReading;

namespace {

struct Feed {
  Side side;
  const char* name;
};

// The feeds that a capability rests on.
std::vector<Feed> feeds_of(Capability capability, const cutover::Rollout& rollout) {
  const cutover::StageRule& from = cutover::rule(rollout.from);
  const cutover::StageRule& to = cutover::rule(rollout.to);
  std::vector<Feed> feeds;
  // Where some subjects have moved, each ERP rules for its own.
  const auto of_primaries = [&](const char* name) {
    feeds.push_back({from.primary, name});
    if (to.primary != from.primary) feeds.push_back({to.primary, name});
  };
  const auto of_both = [&](const char* name) {
    feeds.push_back({Side::legacy, name});
    feeds.push_back({Side::cloud, name});
  };
  switch (capability) {
    case Capability::orders:
      of_both("orders");
      break;
    case Capability::inventory:
      // What is available to sell is stock less demand, and demand is in both.
      of_both("orders");
      of_primaries("stock");
      break;
    case Capability::pricing:
      // Lists go from legacy to the cloud, and only while both are kept.
      if (from.mirror_writes || to.mirror_writes) feeds.push_back({Side::legacy, "prices"});
      break;
    case Capability::customers:
      of_primaries("customers");
      break;
  }
  return feeds;
}

// How often stock is polled at most (facade.cpp).
constexpr std::int64_t stock_poll_ms = 5'000;

}  // namespace

Status CutoverGuards::possible(const Systems& systems, const GuardsSettings& settings,
                               std::int64_t poll_ms) {
  for (const Capability capability : all_capabilities) {
    const auto& limit = settings.capabilities[static_cast<std::size_t>(capability)].feed_age_max_ms;
    if (!limit) continue;
    const std::string at = "guards." + std::string(name(capability)) + ".feedAgeMaxMs";
    for (const Side side : {Side::legacy, Side::cloud}) {
      const bool needed = capability != Capability::pricing || side == Side::legacy;
      const bool offered =
          systems.offers(side, capability) &&
          (capability != Capability::inventory || systems.offers(side, Capability::orders));
      if (!needed || offered) continue;
      return Error{ErrorCode::invalid_request,
                   at + " can never be judged: " + systems.on(side).name +
                       " does not offer what it is fed from"};
    }
    const std::int64_t every =
        capability == Capability::inventory ? std::max(poll_ms, stock_poll_ms) : poll_ms;
    if (*limit > every) continue;
    return Error{ErrorCode::invalid_request,
                 at + " must be more than " + std::to_string(every) +
                     ": its feeds are read that often, and would break it by that alone"};
  }
  return Done{};
}

std::vector<CutoverGuards::FeedSeen> CutoverGuards::feeds_in(const journal::JournalReader& reader,
                                                             const cutover::Plan& plan) const {
  // While customers turn, the new primary is not read yet.
  const cutover::Rollout rollout =
      plan.capability == Capability::customers ? as_routed(reader, plan).rollout : plan.rollout;
  std::vector<FeedSeen> found;
  for (const Feed& feed : feeds_of(plan.capability, rollout)) {
    const std::string& system = systems_.on(feed.side).name;
    const auto at = Timestamp::parse(reader.fact("as_of/" + system + "/" + feed.name));
    found.push_back({std::string(feed.name) + " of " + system,
                     at ? std::optional<Timestamp>(*at) : std::nullopt});
  }
  return found;
}

GuardReading CutoverGuards::feed_age(Watch& watch, std::int64_t limit_ms, bool running,
                                     const std::vector<FeedSeen>& feeds) const {
  const Timestamp now = now_();
  std::vector<std::string> names;
  if (running)
    for (const FeedSeen& feed : feeds) names.push_back(feed.feed);
  if (names != watch.feeds) {
    watch.feeds = std::move(names);
    watch.feeds_since = now;
  }
  bool known = running;
  std::int64_t age = 0;
  std::string which;
  for (const FeedSeen& feed : feeds) {
    const std::int64_t its = feed.at ? (now.micros - feed.at->micros) / 1000 : 0;
    const bool not_run_until_now = feed.at && its > limit_ms && *feed.at < watch.feeds_since &&
                                   now <= watch.feeds_since.plus_ms(limit_ms);
    if (!known || !feed.at || not_run_until_now) {
      known = false;
      which = feed.feed;
      break;
    }
    if (its > age || which.empty()) which = feed.feed;
    age = std::max(age, its);
  }
  GuardReading reading = cutover::read_level("feed_age", known, age, limit_ms, "ms");
  if (!which.empty()) reading.detail += ", " + which;
  return reading;
}

CutoverGuards::CutoverGuards(const Systems& systems, const journal::Journal& journal,
                             GuardsSettings settings, Now now)
    : systems_(systems), journal_(journal), settings_(settings), now_(std::move(now)) {
  for (const Capability capability : all_capabilities) {
    const auto at = static_cast<std::size_t>(capability);
    const CapabilityGuards& wanted = settings_.capabilities[at];
    Watch& watch = watches_[at];
    if (wanted.error_rate) watch.errors.emplace("error_rate", *wanted.error_rate);
    if (wanted.mismatch_rate) watch.mismatches.emplace("mismatch_rate", *wanted.mismatch_rate);
    if (wanted.slower_rate) watch.slower.emplace("latency_ratio", *wanted.slower_rate);
  }
}

void CutoverGuards::answered(Capability capability, bool failed) {
  const std::lock_guard lock(mutex_);
  auto& errors = watches_[static_cast<std::size_t>(capability)].errors;
  if (errors) errors->count(failed, now_());
}

void CutoverGuards::compared(Capability capability, parity::Verdict verdict,
                             std::int64_t primary_micros, std::int64_t secondary_micros) {
  if (verdict == parity::Verdict::not_compared) return;
  const auto at = static_cast<std::size_t>(capability);
  const std::lock_guard lock(mutex_);
  Watch& watch = watches_[at];
  if (watch.mismatches) watch.mismatches->count(verdict == parity::Verdict::mismatch, now_());
  if (!watch.slower || primary_micros <= 0 || secondary_micros <= 0) return;
  const double ratio = static_cast<double>(primary_micros) / static_cast<double>(secondary_micros);
  watch.slower->count(ratio > settings_.capabilities[at].latency_ratio, now_());
}

void CutoverGuards::restart_if_moved(Watch& watch, const cutover::Plan& plan) const {
  if (watch.plan_version == plan.version) return;
  watch.plan_version = plan.version;
  for (auto* guard : {&watch.errors, &watch.mismatches, &watch.slower})
    if (*guard) (*guard)->restart(now_());
}

std::vector<GuardReading> CutoverGuards::readings(const cutover::Plan& plan) const {
  const auto at = static_cast<std::size_t>(plan.capability);
  const CapabilityGuards& wanted = settings_.capabilities[at];
  std::vector<GuardReading> found;
  {
    const std::lock_guard lock(mutex_);
    Watch& watch = watches_[at];
    restart_if_moved(watch, plan);
    const Timestamp now = now_();
    if (watch.errors) found.push_back(watch.errors->look(now));
    const bool compares = cutover::rule(plan.rollout.from).shadow_reads ||
                          cutover::rule(plan.rollout.to).shadow_reads;
    if (compares && watch.mismatches) found.push_back(watch.mismatches->look(now));
    if (compares && watch.slower) found.push_back(watch.slower->look(now));
  }
  journal::Backlog backlog;
  std::vector<FeedSeen> feeds;
  bool closed = false;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    backlog = reader.backlog(plan.wave, plan.capability, plan.version);
    if (!wanted.feed_age_max_ms) return;
    closed = !reader.fact(journal::closed_fact).empty();
    feeds = feeds_in(reader, plan);
  });
  const auto age_ms = [&](Timestamp since) {
    return since.micros == 0 ? 0 : (now_().micros - since.micros) / 1000;
  };
  if (wanted.backlog_age_max_ms) {
    found.push_back(cutover::read_level("backlog_age", read.has_value(),
                                        age_ms(backlog.oldest_pending), *wanted.backlog_age_max_ms,
                                        "ms"));
  }
  if (wanted.feed_age_max_ms && (!feeds.empty() || !read)) {
    const std::lock_guard lock(mutex_);
    found.push_back(
        feed_age(watches_[at], *wanted.feed_age_max_ms, read.has_value() && !closed, feeds));
  }
  if (wanted.dead_letters_max) {
    found.push_back(cutover::read_level("dead_letters", read.has_value(),
                                        backlog.dead_to_legacy + backlog.dead_to_cloud,
                                        *wanted.dead_letters_max, ""));
  }
  return found;
}

void CutoverGuards::look(CutoverDesk& desk) {
  for (const Capability capability : all_capabilities) {
    // The plan alone: a status would count every document of the cloud, once a second.
    const cutover::Plan plan = desk.plan(capability);
    if (plan.halt) continue;
    for (const GuardReading& reading : readings(plan)) {
      if (reading.verdict != cutover::GuardVerdict::breach) continue;
      // Another process may have been first: then the version has moved, and this is no fault.
      (void)desk.halt(capability, plan.version, reading).has_value();
      break;
    }
  }
}

}  // namespace underpin::facade
