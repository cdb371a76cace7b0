#pragma once

#include "tests/simulation/erp.h"

#include "facade/facade.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// One seed is one world: two ERPs with users and faults, channels, people who flip, and a process
// that dies and comes back, all in virtual time. In the end faults stop, everything comes to rest,
// and the ERPs are compared with what the channels were acknowledged.
namespace underpin::simulation {

// A safety rule switched off. A world without it must go wrong for some seed.
enum class Mutant {
  none,
  resolver_off,            // Nobody looks up what became of a write.
  journal_not_synced,      // A commit returns before it is on the disk.
  live_mirrors,            // A document placed as a mirror is released.
  no_look_up,              // Adapters create without looking up first.
  settle_too_short,        // settle_ms says 0; the vendor commits later.
  cancel_after_shipping,   // The ERP cancels what has left.
  two_open_intents,        // A second write to a subject does not wait for the first.
  no_affinity,             // States follow the plan at once.
  no_mirror_order,         // Rows of one subject are delivered as they come.
  demand_not_overlaid,     // Available to sell is what the ERP says.
  duplicates_not_raised,   // A second document is found and nothing is said.
  block_does_nothing,      // What an ERP has taken back for a transfer is picked nevertheless.
  no_plan_fence,           // A writer that was held up opens under the plan that it remembers.
  no_subject_locks,        // Writers, releases and the resolver of one subject meet.
  births_stay,             // A halt does not return births to legacy.
  last_changes_forgotten,  // Customers turn at once.
  no_second_look,          // What the feed meets while a write is open is forgotten.
  postings_not_verified,   // Nobody looks up what became of a posting in doubt.
  ends_do_not_wait,        // legacy_only and cloud_only begin while subjects are pinned.
};
inline constexpr std::size_t mutant_count = 20;
std::string_view name(Mutant mutant);
std::optional<Mutant> parse_mutant(std::string_view text);

struct WorldOptions {
  std::uint64_t seed = 1;
  Mutant mutant = Mutant::none;
  bool tell = false;  // Prints what happens.
};

struct WorldReport {
  std::vector<std::string> violations;
  std::uint64_t trace = 0;                     // Hash of everything that happened, in order.
  std::map<std::string, std::int64_t> counts;  // What was hit how often.
};

WorldReport run_world(const WorldOptions& options);
// What a run of thousands must have hit at least once.
const std::vector<std::string>& must_be_hit();

enum class WriteState { waiting, acknowledged, refused, abandoned };

// One write of a channel, repeated under its key until it has a final answer.
struct ChannelWrite {
  std::string operation;  // "place_order", ...
  ChannelId channel;
  std::string key;
  std::string subject;
  Order order;
  OrderAmendment amendment;
  OrderCancellation cancellation;
  Customer customer;
  CustomerAmendment customer_amendment;
  StockAdjustment adjustment;
  OrderReturn back;
  std::string value;  // What it writes into its register: a quantity, an address.
  Micros begun = 0;
  Micros ended = -1;
  int attempts = 0;
  bool on_its_way = false;
  int in_flight = 0;
  // Refused, and asked again: a refusal of something that was never begun is not stored.
  bool asked_again = false;
  bool may_have_applied() const { return state != WriteState::refused || asked_again; }
  WriteState state = WriteState::waiting;
  facade::Answer answer;
  Micros next_try = 0;
};

struct SeenStatus {
  Micros from = 0;
  Micros to = 0;
  OrderStatus status = OrderStatus::open;
};

// Whatever a person in an ERP wrote into the same register.
struct Register {
  struct Value {
    std::string value;
    Micros begun = 0;
    Micros ended = -1;  // -1: not acknowledged.
    bool refused = false;
  };
  struct Read {
    std::string value;
    Micros from = 0;
    Micros to = 0;
  };
  std::vector<Value> others;  // Beside the channels' writes.
  std::vector<Read> reads;
};

class World final : public Surroundings {
 public:
  explicit World(const WorldOptions& options);
  ~World() override;
  WorldReport run();

  // Surroundings
  Scheduler& scheduler() override { return scheduler_; }
  Dice& dice() override { return dice_; }
  Fault draw_fault(Side side, bool write) override;
  void applied(Side side, const std::string& what) override;
  void goods_moved(const StockKey& key, Decimal quantity) override;
  void grew_again(const OrderId& id) override;
  Timestamp wall() const override { return {epoch + scheduler_.time()}; }

 private:
  static constexpr std::int64_t epoch = 1'795'500'000'000'000;

  // Where the process is to die.
  struct CrashOrder {
    enum class At { step, before_commit, after_commit, moment } at = At::moment;
    facade::Step step = facade::Step::opened;
    std::string label;
    int countdown = 1;
    Micros moment = 0;
    bool power = false;  // The machine's power fails: what is not synced is gone.
  };
  struct ActiveRead {
    StockKey key;
    Decimal most;
  };
  class AroundJournal;
  friend class AroundJournal;
  friend class Judge;

  // world.cpp: the process
  void draw_settings();
  void open_process();
  void close_process();
  void arm_crash();
  void die(const std::string& where);
  void on_step(facade::Step step);
  void maybe_yield(int per_1000);
  void maybe_stall();
  // The worlds of these mutants take customers up and down all the stages.
  bool from_end_to_end() const {
    return options_.mutant == Mutant::no_plan_fence || options_.mutant == Mutant::ends_do_not_wait;
  }
  CallContext call_within(std::int64_t ms, const ChannelId& channel) const;
  void in_process(const std::string& label, std::function<void()> body);
  void run_until(Micros end);
  void every(Micros low, Micros high, std::function<void()> act);
  void count(const std::string& what) { ++report_.counts[what]; }
  void tell(const std::string& what);
  void violation(const std::string& what);
  Erp& on(Side side) { return side == Side::legacy ? *legacy_ : *cloud_; }
  Micros time() const { return scheduler_.time(); }

  // actors.cpp: channels, users, operators
  void populate();
  void channel_acts();
  void begin(ChannelWrite write);
  bool anything_left(const OrderId& id) const;  // In the warehouse's sense: of its first line.
  void attempt(std::size_t index);
  facade::Answer send(ChannelWrite& write);
  void take_answer(std::size_t index, const facade::Answer& answer);
  void read_order();
  void read_stock();
  void read_customer();
  void user_acts();
  void flip();
  void transfer();
  void halt_or_acknowledge();
  void operate();
  void settle_duplicates();
  void touch();
  Decimal most_available(const StockKey& key);
  Decimal moved_part(const OrderId& id, Side home, int line) const;
  Decimal demand_at_least(const OrderId& id, const StockKey& key);
  void change_customer(const CustomerNumber& number);
  void tell_demand(const StockKey& key);
  void retry();
  std::vector<const ChannelWrite*> quantity_writes(const std::string& subject) const;

  bool at_rest();
  std::string unrest();

  const WorldOptions options_;
  Dice dice_;
  Scheduler scheduler_;
  WorldReport report_;
  std::unique_ptr<Erp> legacy_;
  std::unique_ptr<Erp> cloud_;
  std::unique_ptr<facade::Facade> facade_;
  std::string folder_;
  bool crashed_ = false;
  std::vector<CrashOrder> crashes_;
  std::optional<CrashOrder> armed_;
  bool acting_ = false;      // Channels, users and flips.
  bool faulty_ = false;      // Faults of ERPs and of the store.
  int stall_per_1000_ = 10;  // Of writers, between routing and opening.
  bool going_up_ = false;    // A mutant's world goes from end to end.
  // While births of orders are returned to legacy; the last may be open.
  std::vector<std::pair<Micros, Micros>> halts_;
  bool walking_ = false;  // Flips go anywhere; before, they go to where the world begins.
  int fault_per_1000_ = 0;
  bool beyond_settle_ = false;
  bool stock_strict_ = true;
  std::array<int, 4> target_{};
  std::int64_t settle_ms_ = 1'000;
  std::int64_t catch_up_backlog_ = 200;

  std::vector<ChannelWrite> writes_;
  std::vector<ChannelId> channels_;
  std::map<std::string, std::vector<SeenStatus>> statuses_;  // By order subject.
  std::map<std::string, Register> registers_;                // "order/web/1", "customer/C1".
  std::map<StockKey, Decimal> physical_;                     // Without the channels' adjustments.
  std::vector<ActiveRead*> active_reads_;
  std::map<std::string, int> replays_;
  std::set<std::string> discarded_;          // Subjects that a person has given up mirroring.
  std::set<std::string> raised_duplicates_;  // "<side>/<subject>".
  std::set<std::string> edited_;             // Orders that users of an ERP cancelled.
  std::vector<std::pair<DocumentNumber, Decimal>> old_orders_;  // Of legacy, older than the facade.
  bool left_behind_ =
      false;  // Customers went back without the cloud's last changes, and it was raised.
  int next_number_ = 100;
  int next_key_ = 0;
};

// judge.cpp
void judge(World& world);

}  // namespace underpin::simulation
