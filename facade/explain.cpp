#include "facade/explain.h"

#include "facade/cohorts.h"
#include "facade/inventory.h"
#include "facade/order_content.h"
#include "facade/plan_book.h"
#include "facade/turning.h"

namespace underpin::facade {
namespace {

using journal::JournalReader;

void fill(std::string& into, const std::string& from) {
  if (into.empty()) into = from;
}

// What the journal knows of the subject, where the question leaves it open.
cutover::Subject completed(const ExplainQuestion& question,
                           const std::optional<journal::DocumentRecord>& document,
                           const JournalReader& reader) {
  cutover::Subject known(question.subject.key);
  if (question.capability == Capability::orders) {
    if (const auto id = order_id_of(known.key)) known.channel = id->channel.text();
    if (document) {
      if (auto order = read_content(document->content)) {
        order->id = document->id;
        known = cohort_of(*order, reader);
      }
    }
  } else if (question.capability == Capability::inventory) {
    if (const auto key = stock_key_of(known.key)) known = cohort_of(*key);
  } else {
    known = cohort_of(CustomerNumber{known.key}, reader);
  }
  cutover::Subject subject = question.subject;
  fill(subject.channel, known.channel);
  fill(subject.region, known.region);
  fill(subject.segment, known.segment);
  if (subject.locations.empty()) subject.locations = known.locations;
  if (subject.skus.empty()) subject.skus = known.skus;
  return subject;
}

std::string of_100k(std::uint32_t number) { return std::to_string(number) + " of 100000"; }

void explain_plan(const cutover::Plan& plan, const cutover::Placement& placement,
                  Explanation& out) {
  out.plan_version = plan.version;
  out.stage = placement.stage;
  out.bucket = placement.bucket;
  out.share_per_100k = placement.share_per_100k;
  const cutover::StageRule& stage = cutover::rule(placement.stage);
  out.primary = stage.primary;
  if (stage.mirror_writes) out.mirror = other(stage.primary);
  if (stage.shadow_reads) out.shadow = other(stage.primary);
  const std::string version = "plan version " + std::to_string(plan.version);
  if (plan.rollout.settled()) {
    out.because.push_back("everything is at " + std::string(stage.name) + " by " + version);
    return;
  }
  const std::string step =
      "from " + std::string(name(plan.rollout.from)) + " to " + std::string(name(plan.rollout.to));
  if (placement.rule != nullptr) {
    out.rule = placement.rule->name;
    out.because.push_back("cohort \"" + out.rule + "\" (" + placement.rule->reason + ") moves " +
                          of_100k(placement.share_per_100k) + " " + step + " by " + version);
  } else {
    out.because.push_back("no cohort matches; " + of_100k(placement.share_per_100k) + " move " +
                          step + " by " + version);
  }
  out.because.push_back("its bucket is " + std::to_string(placement.bucket) + ", so it is at " +
                        std::string(stage.name));
}

}  // namespace

Result<Explanation> explain_route(const journal::Journal& journal, const std::string& wave,
                                  const ExplainQuestion& question) {
  Explanation out;
  std::optional<Error> failed;
  const Status read = journal.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, wave, question.capability);
    if (!plan) {
      failed = plan.error();
      return;
    }
    std::optional<journal::DocumentRecord> document;
    if (question.capability == Capability::orders) {
      if (const auto id = order_id_of(question.subject.key)) document = reader.document(*id);
    }
    explain_plan(*plan, cutover::place(*plan, completed(question, document, reader)), out);
    if (document) {
      // A document lives where it was born, whatever the plan says about new ones.
      out.primary = document->home;
      out.mirror = document->mirrored ? std::optional(other(document->home)) : std::nullopt;
      if (!document->mirrored) out.shadow.reset();
      if (out.shadow) out.shadow = other(document->home);
      out.because.push_back("the document was born in " + std::string(name(document->home)) +
                            " under plan version " + std::to_string(document->plan_version) +
                            " (bucket " + std::to_string(document->bucket) +
                            ") and stays there until it is closed");
      return;
    }
    if (question.capability == Capability::orders) return;
    if (question.capability == Capability::customers) {
      if (const auto turning = turning_in(reader, wave)) {
        const auto subject = completed(question, document, reader);
        out.primary = cutover::rule(cutover::stage_for(as_routed(reader, *plan), subject)).primary;
        out.mirror = other(out.primary);
        if (out.shadow) out.shadow = other(out.primary);
        out.because.push_back(in_words(*turning));
      }
    }
    const auto pinned = reader.pinned_side(question.capability, question.subject.key);
    if (!pinned || *pinned == out.primary) return;
    out.primary = *pinned;
    out.because.push_back("it is pinned to " + std::string(name(*pinned)) +
                          " until its acknowledged writes have reached the other side");
  });
  if (!read) return read.error();
  if (failed) return *failed;
  return out;
}

}  // namespace underpin::facade
