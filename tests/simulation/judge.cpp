// What must be true when a world has come to rest: the ERPs themselves against what the channels
// were acknowledged.
#include "contracts/order_status.h"
#include "facade/order_content.h"
#include "tests/simulation/world.h"

#include <algorithm>

namespace underpin::simulation {

using facade::journal::DocumentRecord;
using facade::journal::JournalReader;

class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  void judge() {
    if (!world_.facade_) return;
    repeats();
    if (!world_.facade_) return;
    for (const ChannelWrite& write : world_.writes_) {
      if (write.operation == "place_order") order(write);
      if (write.operation == "adjust_stock") adjustment(write);
      if (write.operation == "return_order") goods_back(write);
    }
    own_orders();
    statuses();
    transfers();
    customers();
    mirror_order(*world_.legacy_, *world_.cloud_);
    mirror_order(*world_.cloud_, *world_.legacy_);
    prices();
    if (!world_.beyond_settle_) {
      for (const std::string& subject : world_.raised_duplicates_)
        fail("doubled, although no ERP was later than settle_ms: " + subject);
    }
  }

 private:
  void fail(const std::string& what) { world_.violation(what); }

  template <class Work>
  void read(Work&& work) const {
    if (!world_.facade_->journal().read(work)) world_.violation("the journal cannot be read");
  }

  // An answer that has been given is given again, and changes nothing.
  void repeats() {
    const auto applied = world_.legacy_->log.size() + world_.cloud_->log.size();
    std::vector<std::size_t> acknowledged;
    for (std::size_t i = 0; i < world_.writes_.size(); ++i)
      if (world_.writes_[i].state == WriteState::acknowledged) acknowledged.push_back(i);
    for (int i = 0; i < 6 && !acknowledged.empty(); ++i)
      world_.attempt(world_.dice_.one_of(acknowledged));
    for (const std::size_t index : acknowledged) {
      if (world_.writes_[index].operation != "place_order") continue;
      const OrderId id = world_.writes_[index].order.id;
      world_.in_process("read", [this, id] {
        const Micros from = world_.time();
        const auto seen =
            world_.facade_->orders().get(id.number.text(), world_.call_within(5'000, id.channel));
        if (!seen) return fail("at rest " + id.number.text() + ": " + seen.error().message);
        world_.statuses_[facade::order_subject(id)].push_back(
            {from, world_.time(), seen->value.status});
      });
    }
    world_.run_until(world_.time() + 2'000'000);
    if (world_.legacy_->log.size() + world_.cloud_->log.size() != applied)
      fail("a repeat was applied again");
  }

  struct Wrote {
    std::string value;
    Micros begun;
    Micros ended;  // -1: never acknowledged.
    bool refused;
  };

  // May `value` be what a reader between `from` and `to` sees of a register that was written so?
  // Not if a write that was acknowledged before `from` began after the value's own was over.
  std::string wrong(const std::string& value, const std::vector<Wrote>& writes, Micros from,
                    Micros to) const {
    // A change that commits after settle_ms may undo a newer one: absolute values have no duplicate
    // that could be found. Parity reads see it.
    if (world_.beyond_settle_) return {};
    // Two writes may have had one value.
    std::string why = "was never written";
    for (const Wrote& write : writes) {
      if (write.value != value) continue;
      why = wrong_source(write, writes, from, to);
      if (why.empty()) break;
    }
    return why;
  }

  static std::string wrong_source(const Wrote& source, const std::vector<Wrote>& writes,
                                  Micros from, Micros to) {
    if (source.begun > to) return "was written later";
    if (source.refused) return "was refused";
    for (const Wrote& later : writes) {
      if (later.ended >= 0 && !later.refused && source.ended >= 0 && later.begun > source.ended &&
          later.ended < from)
        return "was overwritten by " + later.value + ", which was acknowledged";
    }
    return {};
  }

  std::vector<Wrote> writes_to(const std::string& subject, const std::vector<std::string>& kinds,
                               const std::string& in_register) const {
    std::vector<Wrote> all;
    for (const ChannelWrite& write : world_.writes_) {
      if (write.subject != subject || write.value.empty() ||
          std::find(kinds.begin(), kinds.end(), write.operation) == kinds.end())
        continue;
      const auto number = Decimal::parse(write.value);
      all.push_back({number ? number->normalized().text() : write.value, write.begun,
                     write.state == WriteState::acknowledged ? write.ended : -1,
                     !write.may_have_applied()});
    }
    const auto known = world_.registers_.find(in_register);
    if (known != world_.registers_.end()) {
      for (const Register::Value& value : known->second.others)
        all.push_back({value.value, value.begun, value.ended, value.refused});
    }
    return all;
  }

  bool touched_by(const std::string& subject, const std::string& prefix) const {
    return std::any_of(world_.writes_.begin(), world_.writes_.end(), [&](const ChannelWrite& one) {
      return one.subject == subject && one.operation.rfind(prefix, 0) == 0 &&
             one.may_have_applied();
    });
  }

  void order(const ChannelWrite& placed) {
    const std::string& subject = placed.subject;
    std::optional<DocumentRecord> known;
    read([&](const JournalReader& reader) { known = reader.document(placed.order.id); });
    std::array<std::vector<const Erp::Document*>, 2> held;
    for (const Side side : {Side::legacy, Side::cloud}) {
      Erp& erp = world_.on(side);
      for (const std::size_t index : erp.with_reference(placed.order.id))
        held[static_cast<std::size_t>(side)].push_back(&erp.documents[index]);
      if (held[static_cast<std::size_t>(side)].size() > 1)
        fail("doubled in " + erp.settings.name + " and not raised: " + subject);
    }
    if (placed.state == WriteState::refused) {
      if (!world_.beyond_settle_ && !placed.asked_again && !(held[0].empty() && held[1].empty()))
        fail("refused and applied: " + subject);
      return;
    }
    const auto content = known ? facade::read_content(known->content) : std::nullopt;
    int executing = 0;
    for (const auto& one : held)
      for (const Erp::Document* document : one) {
        // What a document shipped before it moved away is no execution of a copy.
        const bool is_copy =
            known && one.data() == held[static_cast<std::size_t>(other(known->home))].data();
        const bool shipped = std::any_of(
            document->order.lines.begin(), document->order.lines.end(), [&](const OrderLine& line) {
              return line.shipped_quantity >
                     (is_copy ? facade::moved_quantity(content, line.number) : Decimal{});
            });
        if (shipped) ++executing;
        if (document->inert && document->executed_inert)
          fail("the mirror of " + subject + " was executed");
      }
    if (executing > 1) fail("executed in both ERPs: " + subject);
    if (placed.state == WriteState::acknowledged && !known)
      return fail("acknowledged and not in the journal: " + subject);
    if (!known) return;
    const Erp::Document* home = nullptr;
    const Erp::Document* copy = nullptr;
    for (const Erp::Document* one : held[static_cast<std::size_t>(known->home)]) home = one;
    for (const Erp::Document* one : held[static_cast<std::size_t>(other(known->home))]) copy = one;
    // The head of an order that was refused or given up, committed after settle_ms: nobody's order.
    const bool only_a_head = home != nullptr && !home->complete && world_.beyond_settle_ &&
                             placed.state != WriteState::acknowledged;
    if (only_a_head) return;
    if (home == nullptr || !home->complete) return fail("lost at home: " + subject);
    for (const auto& [from, to] : world_.halts_) {
      if (placed.begun <= from || placed.ended < 0 || (to >= 0 && placed.ended >= to)) continue;
      world_.count("born in legacy while halted");
      if (known->home != Side::legacy && !transferred(subject))
        fail("born in the cloud while halted: " + subject);
    }
    // A call that was committed after settle_ms may have blocked or released it (docs/safety.md).
    const bool moved_late = world_.beyond_settle_ && transferred(subject);
    const bool given_up = world_.discarded_.count("orders/" + subject) != 0;
    if (home->inert && home->open() && !moved_late && !given_up)
      fail("its home holds it as a mirror: " + subject);
    if (copy != nullptr && !copy->inert && !moved_late) fail("born in both ERPs: " + subject);

    const bool cancels = touched_by(subject, "cancel");
    const bool by_user = world_.edited_.count(subject) != 0;
    for (const ChannelWrite& write : world_.writes_) {
      if (write.subject != subject || write.operation != "cancel_order" ||
          write.state != WriteState::acknowledged)
        continue;
      if (!home->cancelled) fail("cancel acknowledged and not cancelled: " + subject);
      for (const OrderLine& line : home->order.lines)
        if (!line.shipped_quantity.is_zero() ||
            !facade::moved_quantity(content, line.number).is_zero())
          fail("cancel acknowledged after it had shipped: " + subject);
    }
    if (!cancels && home->cancelled && !by_user) fail("cancelled by nobody: " + subject);
    if (!cancels && !home->cancelled) {
      const auto writes = writes_to(subject, {"place_order", "amend_order"}, "order/" + subject);
      for (const OrderLine& line : home->order.lines) {
        if (line.number != 1) continue;
        const std::string value =
            (line.quantity + facade::moved_quantity(content, line.number)).normalized().text();
        const std::string why = wrong(value, writes, world_.time(), world_.time());
        if (!why.empty()) fail("quantity " + value + " of " + subject + " " + why);
      }
      for (const Register::Read& seen : world_.registers_["order/" + subject].reads) {
        const std::string why = wrong(seen.value, writes, seen.from, seen.to);
        if (!why.empty()) fail("read quantity " + seen.value + " of " + subject + " " + why);
      }
    }
    if (!known->mirrored || world_.discarded_.count("orders/" + subject) != 0) return;
    if (!home->open()) {
      // What had shipped before it moved is still to be posted where it was.
      const bool outstanding =
          copy != nullptr && copy->open() &&
          std::any_of(copy->order.lines.begin(), copy->order.lines.end(),
                      [](const OrderLine& line) { return !line.outstanding().is_zero(); });
      if (outstanding) fail("closed at home, and its copy is open: " + subject);
      return;
    }
    std::map<int, Decimal> at_home;
    std::map<int, Decimal> in_copy;
    for (const OrderLine& line : home->order.lines)
      if (!line.outstanding().is_zero()) at_home[line.number] = line.outstanding();
    if (copy != nullptr && copy->open())
      for (const OrderLine& line : copy->order.lines)
        if (!line.outstanding().is_zero()) in_copy[line.number] = line.outstanding();
    if (at_home != in_copy) {
      std::string text = "the copy of " + subject + " is not level:";
      for (const auto& [number, quantity] : at_home)
        text += " home " + std::to_string(number) + "=" + quantity.text();
      for (const auto& [number, quantity] : in_copy)
        text += " copy " + std::to_string(number) + "=" + quantity.text();
      fail(text);
    }
  }

  bool transferred(const std::string& subject) const {
    bool found = false;
    read([&](const JournalReader& reader) {
      for (const auto& transfer : reader.transfers(1'000))
        found = found || reader.transfer_item(transfer.id, subject).has_value();
    });
    return found;
  }

  // Of what was tried, both must happen; and no document is left between two homes.
  void transfers() {
    read([&](const JournalReader& reader) {
      for (const auto& transfer : reader.transfers(1'000)) {
        if (transfer.state == "done") world_.count("transfer done");
        for (const auto& item : reader.transfer_items(transfer.id, "", "", 10'000)) {
          if (item.state == "moved" && item.classes.rfind("part_shipped", 0) == 0)
            world_.count("part-shipped document moved");
          if (item.state == "moved" || item.state == "stayed")
            world_.count("document " + item.state);
        }
      }
    });
  }

  // What the ERPs' users entered, or had before the facade, is demand in the other ERP too.
  void own_orders() {
    if (!level(Capability::orders) || world_.beyond_settle_) return;
    for (const Side side : {Side::legacy, Side::cloud}) {
      Erp& erp = world_.on(side);
      Erp& receiver = world_.on(other(side));
      for (const Erp::Document& document : erp.documents) {
        if (!document.order.id.empty() || !document.open()) continue;
        const std::string subject = "/" + document.number.text();
        if (world_.discarded_.count("orders/" + subject) != 0 || transferred(subject)) continue;
        // Where nobody should work yet, or any more, what is entered gets no copy.
        const auto plans = in_force(Capability::orders, document.entered, document.entered);
        const bool out_of_place =
            std::any_of(plans.begin(), plans.end(), [&](const cutover::Plan& plan) {
              return side == Side::cloud ? plan.rollout.lowest() == cutover::Stage::legacy_only
                                         : plan.rollout.highest() == cutover::Stage::cloud_only;
            });
        if (out_of_place) continue;
        Decimal at_home;
        for (const OrderLine& line : document.order.lines) at_home += line.outstanding();
        Decimal in_copies;
        for (const std::size_t index : receiver.with_reference(
                 {ChannelId{erp.settings.name}, OrderNumber{document.number.text()}})) {
          const Erp::Document& copy = receiver.documents[index];
          if (!copy.inert) fail("the copy of " + document.number.text() + " is live");
          if (!copy.open()) continue;
          for (const OrderLine& line : copy.order.lines) in_copies += line.outstanding();
        }
        if (at_home != in_copies) {
          fail("the copy of " + erp.settings.name + "'s own " + document.number.text() +
               " is not level: home " + at_home.text() + " copy " + in_copies.text());
        }
      }
    }
  }

  // The plans that were in force at some moment between two.
  std::vector<cutover::Plan> in_force(Capability capability, Micros from, Micros to) const {
    std::vector<facade::journal::PlanRecord> records;  // Newest first.
    read(
        [&](const JournalReader& reader) { records = reader.plan_history("default", capability); });
    std::vector<cutover::Plan> plans;
    for (const auto& record : records) {
      const Micros at = record.at.micros - World::epoch;
      if (at > to) continue;
      const auto plan = cutover::read_plan(record.plan, record.wave, capability, record.version);
      if (plan) plans.push_back(*plan);
      if (at < from) break;
    }
    return plans;
  }

  void adjustment(const ChannelWrite& write) {
    std::array<int, 2> posted{};
    for (const Side side : {Side::legacy, Side::cloud}) {
      for (const StockMovement& movement : world_.on(side).movements)
        if (movement.movement == write.adjustment.movement)
          ++posted[static_cast<std::size_t>(side)];
      if (posted[static_cast<std::size_t>(side)] < 2) continue;
      fail("posted twice in " + world_.on(side).settings.name +
           " and not raised: " + write.adjustment.movement.text());
    }
    if (write.state == WriteState::refused) {
      if (!world_.beyond_settle_ && !write.asked_again && posted[0] + posted[1] > 0)
        fail("refused and posted: " + write.adjustment.movement.text());
      return;
    }
    if (write.state != WriteState::acknowledged) return;
    if (posted[0] + posted[1] == 0) fail("lost: " + write.adjustment.movement.text());
    const auto plans = in_force(Capability::inventory, write.begun, write.ended);
    const bool mirrored = std::all_of(plans.begin(), plans.end(), [&](const cutover::Plan& plan) {
      return cutover::rule(cutover::stage_for(plan, write.subject)).mirror_writes;
    });
    if (mirrored && !plans.empty() && posted[0] + posted[1] < 2 &&
        world_.discarded_.count("inventory/" + write.subject) == 0)
      fail("not mirrored: " + write.adjustment.movement.text());
  }

  // A return is one document, in an ERP that shipped the goods, and never more than it shipped.
  void goods_back(const ChannelWrite& write) {
    int made = 0;
    for (const Side side : {Side::legacy, Side::cloud}) {
      const Erp& erp = world_.on(side);
      Decimal back;
      int here = 0;
      for (const Erp::Return& one : erp.returns) {
        if (one.order != write.order.id) continue;
        back += one.made.lines.front().quantity;
        if (one.made.number == write.back.number) ++here;
      }
      made += here;
      if (here == 0) continue;
      Decimal shipped;
      for (const std::size_t index : erp.with_reference(write.order.id))
        for (const OrderLine& line : erp.documents[index].order.lines)
          if (line.number == 1) shipped += line.shipped_quantity;
      if (back > shipped && !world_.beyond_settle_ && !transferred(write.subject))
        fail("more came back to " + erp.settings.name + " than it shipped: " + write.subject);
    }
    const std::string which = write.subject + " " + write.back.number.text();
    if (made > 1) fail("returned twice and not raised: " + which);
    if (write.state == WriteState::acknowledged && made == 0) fail("return lost: " + which);
    if (write.state == WriteState::refused && made > 0 && !world_.beyond_settle_ &&
        !write.asked_again)
      fail("refused and returned: " + which);
  }

  void statuses() {
    for (const auto& [subject, seen] : world_.statuses_) {
      for (const SeenStatus& one : seen)
        for (const SeenStatus& later : seen)
          if (one.to < later.from && !may_follow(one.status, later.status)) {
            fail("the status of " + subject + " went from " + std::string(name(one.status)) +
                 " back to " + std::string(name(later.status)));
          }
    }
  }

  bool level(Capability capability) const {
    bool both = false;
    read([&](const JournalReader& reader) {
      const auto plan = facade::plan_in(reader, "default", capability);
      both = plan && cutover::index(plan->rollout.lowest()) >= 1 &&
             cutover::index(plan->rollout.highest()) <= 4 &&
             facade::CatchUp::state(reader, capability, Side::cloud).state == "done" &&
             facade::CatchUp::state(reader, capability, Side::legacy).state == "done";
    });
    return both;
  }

  void customers() {
    std::set<CustomerNumber> numbers;
    for (const Erp* erp : {world_.legacy_.get(), world_.cloud_.get()})
      for (const auto& [number, customer] : erp->customers) numbers.insert(number);
    for (const ChannelWrite& write : world_.writes_)
      if (write.operation == "create_customer" && write.state == WriteState::acknowledged)
        numbers.insert(write.customer.number);
    const bool both = level(Capability::customers);
    for (const CustomerNumber& number : numbers) {
      const std::string& subject = number.text();
      const auto side = world_.facade_->customers().side_of(number);
      if (!side) return fail("the journal cannot be read");
      const auto& here = world_.on(*side).customers;
      const auto& there = world_.on(other(*side)).customers;
      const auto owned = here.find(number);
      if (owned == here.end()) {
        fail("its owner lost customer " + subject);
        continue;
      }
      auto writes = writes_to(subject, {"create_customer", "amend_customer"}, "");
      if (subject.front() == 'C') writes.push_back({"first@example.com", 0, 0, false});
      const std::string why = wrong(owned->second.email, writes, world_.time(), world_.time());
      if (!why.empty()) fail("address " + owned->second.email + " of " + subject + " " + why);
      for (const Register::Read& seen : world_.registers_["customer/" + subject].reads) {
        const std::string wrong_read = wrong(seen.value, writes, seen.from, seen.to);
        if (!wrong_read.empty())
          fail("read address " + seen.value + " of " + subject + " " + wrong_read);
      }
      if (world_.beyond_settle_ || world_.left_behind_ ||
          world_.discarded_.count("customers/" + subject) != 0)
        continue;
      // What its users wrote is not lost either.
      auto phones = writes_to(subject, {}, "phone/" + subject);
      phones.push_back({"", 0, 0, false});
      const std::string why_phone =
          wrong(owned->second.phone, phones, world_.time(), world_.time());
      if (!why_phone.empty())
        fail("phone " + owned->second.phone + " of " + subject + " " + why_phone);
      if (!both) continue;
      const auto copy = there.find(number);
      if (copy == there.end()) {
        fail("customer " + subject + " is missing on the other side");
      } else if (copy->second.email != owned->second.email) {
        fail("customer " + subject + " is not level: " + owned->second.email + " and " +
             copy->second.email);
      } else if (copy->second.phone != owned->second.phone) {
        fail("customer " + subject + " is not level: " + owned->second.phone + " and " +
             copy->second.phone);
      }
    }
  }

  // Mirrors of a subject arrive in the order in which its writes were accepted.
  void mirror_order(const Erp& primary, const Erp& receiver) {
    if (world_.beyond_settle_) return;
    std::map<std::string, std::vector<std::string>> accepted;
    std::map<std::string, std::vector<std::string>> received;
    const auto first = [](const Erp& erp, Role role, auto& to) {
      std::set<std::string> seen;
      for (const Erp::Application& one : erp.log) {
        if (one.role != role || !seen.insert(one.subject + " " + one.key).second) continue;
        to[one.subject].push_back(one.key);
      }
    };
    first(primary, Role::primary, accepted);
    first(receiver, Role::mirror, received);
    for (const auto& [subject, keys] : received) {
      const auto& order = accepted[subject];
      auto at = order.begin();
      for (const std::string& key : keys) {
        const auto here = std::find(order.begin(), order.end(), key);
        if (here == order.end()) continue;  // Born elsewhere, or brought by catching up.
        if (here < at) fail("mirrors of " + subject + " arrived out of order");
        at = here;
      }
    }
  }

  void prices() {
    if (!level(Capability::pricing) || world_.discarded_.count("pricing/price-list") != 0) return;
    if (world_.legacy_->prices != world_.cloud_->prices) fail("price lists are not level");
  }

  World& world_;
};

void judge(World& world) { Judge(world).judge(); }

}  // namespace underpin::simulation
