#include "tests/crash/work.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace underpin::crash {

namespace {

using Random = std::mt19937_64;

int below(Random& random, int limit) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(limit));
}

Decimal tax_of(Decimal net) { return (net * Decimal{19, 2}).rounded(2, Rounding::half_up); }

Order order_of(Random& random, const std::string& number, const std::string& customer) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{number}};
  order.customer = CustomerNumber{customer};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  static const char* const locations[] = {"EAST", "WEST", "CENTRAL"};
  const int lines = 1 + below(random, 3);
  Decimal net;
  Decimal tax;
  for (int i = 1; i <= lines; ++i) {
    OrderLine line;
    line.number = i;
    line.sku = Sku{std::to_string(1000 + below(random, 60))};
    line.uom = "PCS";
    line.location = LocationCode{locations[below(random, 3)]};
    line.quantity = Decimal{1 + below(random, 5), 0};
    line.unit_price = Decimal{500 + below(random, 5000), 2};
    line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
    net += line.net_amount;
    tax += tax_of(line.net_amount);
    order.lines.push_back(line);
  }
  order.totals.items_net = net;
  order.totals.tax = tax;
  order.totals.grand_total = net + tax;
  return order;
}

}  // namespace

std::vector<Step> story(std::uint64_t seed, int number) {
  Random random(seed * 1'000'003 + static_cast<std::uint64_t>(number));
  std::vector<Step> steps;
  const auto add = [&](Kind kind) -> Step& {
    Step step;
    step.kind = kind;
    step.key = "k-" + std::to_string(number) + "-" + std::to_string(steps.size());
    steps.push_back(step);
    return steps.back();
  };
  const std::string id = std::to_string(100'000 + number);
  const int sort = below(random, 6);
  if (sort == 4) {
    const int times = 1 + below(random, 2);
    for (int i = 0; i < times; ++i) {
      Step& step = add(Kind::adjust);
      step.adjustment.movement = MovementId{"M" + id + "-" + std::to_string(i)};
      step.adjustment.key = {Sku{std::to_string(1000 + below(random, 60))}, LocationCode{"EAST"}};
      step.adjustment.quantity = Decimal{1 + below(random, 9), 0};
      step.adjustment.uom = "PCS";
      step.adjustment.reason = "COUNT";
    }
    return steps;
  }
  std::string customer = "C" + std::to_string(10'000 + below(random, 120));
  if (sort == 5) {
    Step& create = add(Kind::create_customer);
    customer = "K" + id;
    create.customer.number = CustomerNumber{customer};
    create.customer.name = "Customer " + id;
    create.customer.kind = "person";
    create.customer.email = "k" + id + "@example.com";
    create.customer.currency = "EUR";
    create.customer.price_group = "RETAIL";
    if (below(random, 2) == 0) {
      Step& amend = add(Kind::amend_customer);
      amend.customer.number = CustomerNumber{customer};
      amend.new_details.name = "Customer " + id + " married";
    }
  }
  {
    Step& place = add(Kind::place);
    place.order = order_of(random, "N" + id, customer);
  }
  const Order placed = steps.back().order;
  if (below(random, 2) == 0) {
    Step& amend = add(Kind::amend);
    amend.number = placed.id.number;
    LineAmendment line;
    line.number = 1;
    line.quantity = placed.lines.front().quantity + Decimal{1 + below(random, 3), 0};
    amend.amendment.lines.push_back(line);
  }
  if (below(random, 4) == 0) {
    Step& cancel = add(Kind::cancel);
    cancel.number = placed.id.number;
  }
  return steps;
}

Memory read_memory(const std::string& file) {
  Memory memory;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string what;
    std::size_t number = 0;
    int step = 0;
    words >> what >> number >> step;
    if (memory.stories.size() <= number) memory.stories.resize(number + 1);
    Memory::Story& story = memory.stories[number];
    if (what == "asked") {
      story.asked = story.answered == step;
    } else if (what == "answered") {
      int status = 0;
      words >> status;
      story.answered = step + 1;
      story.asked = false;
      story.statuses.push_back(status);
    } else if (what == "refused") {
      memory.refusals.push_back(line);
    }
  }
  return memory;
}

MemoryFile::MemoryFile(const std::string& file)
    : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (file_ < 0) throw std::runtime_error("cannot write " + file);
}

MemoryFile::~MemoryFile() { ::close(file_); }

void MemoryFile::line(const std::string& text) {
  // One call: a line is there as a whole or not at all, whenever the process dies.
  if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(9);
}

void MemoryFile::asked(int story, int step) {
  line("asked " + std::to_string(story) + " " + std::to_string(step) + "\n");
}
void MemoryFile::answered(int story, int step, int status) {
  line("answered " + std::to_string(story) + " " + std::to_string(step) + " " +
       std::to_string(status) + "\n");
}
void MemoryFile::refused(int story, int step, int status, const std::string& body) {
  line("refused " + std::to_string(story) + " " + std::to_string(step) + " " +
       std::to_string(status) + " " + body + "\n");
}

}  // namespace underpin::crash
