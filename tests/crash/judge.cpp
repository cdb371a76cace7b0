#include "contracts/external_reference.h"
#include "tests/crash/world.h"

#include <ostream>

namespace underpin::crash {

namespace {

std::string lines_text(const std::map<int, Decimal>& lines) {
  std::string text;
  for (const auto& [number, quantity] : lines)
    text += (text.empty() ? "" : ", ") + std::to_string(number) + ": " + quantity.text();
  return "{" + text + "}";
}

// What one story must have left behind.
struct Expected {
  std::string reference;  // Empty: no order.
  std::map<int, Decimal> lines;
  bool cancelled = false;
  std::vector<std::string> movements;
  std::string customer;  // Empty: none was created.
  std::string customer_name;
};

Expected expected(const std::vector<Step>& steps, int answered) {
  Expected result;
  for (int i = 0; i < answered; ++i) {
    const Step& step = steps[static_cast<std::size_t>(i)];
    switch (step.kind) {
      case Kind::place: {
        const auto reference = encode_external_reference(step.order.id, 35);
        if (reference) result.reference = *reference;
        for (const OrderLine& line : step.order.lines) result.lines[line.number] = line.quantity;
        break;
      }
      case Kind::amend:
        for (const LineAmendment& line : step.amendment.lines)
          result.lines[line.number] = *line.quantity;
        break;
      case Kind::cancel:
        result.cancelled = true;
        break;
      case Kind::adjust:
        result.movements.push_back(step.adjustment.movement.text());
        break;
      case Kind::create_customer:
        result.customer = step.customer.number.text();
        result.customer_name = step.customer.name;
        break;
      case Kind::amend_customer:
        result.customer_name = *step.new_details.name;
        break;
    }
  }
  return result;
}

void judge_order(const Expected& want, Side side, Side home, const Books& books,
                 Judgement& result) {
  const std::string where =
      want.reference + " in " + std::string(name(side)) + (side == home ? " (home)" : " (mirror)");
  const auto found = books.orders.find(want.reference);
  std::vector<const BookedOrder*> living;
  std::size_t documents = 0;
  if (found != books.orders.end()) {
    documents = found->second.size();
    for (const BookedOrder& one : found->second)
      if (one.living) living.push_back(&one);
  }
  if (documents > 1)
    result.duplicated.push_back(where + ": " + std::to_string(documents) + " documents");
  if (want.cancelled) {
    if (!living.empty()) result.lost.push_back(where + ": cancelled, and still open");
    return;
  }
  if (living.empty()) {
    result.lost.push_back(where + (documents == 0 ? ": not there" : ": deleted"));
    return;
  }
  const BookedOrder& order = *living.front();
  if (order.lines != want.lines) {
    result.lost.push_back(where + ": lines " + lines_text(order.lines) + " instead of " +
                          lines_text(want.lines));
  }
  if (side == home && !order.released) result.lost.push_back(where + ": never released");
  if (side != home && order.released) result.wrong.push_back(where + ": released");
}

}  // namespace

Judgement judge(World& world, const std::vector<Side>& homes, const ChildEnd& recovered) {
  Judgement result;
  const Memory memory = world.memory();
  const std::array<Books, 2> books{world.books(Side::legacy), world.books(Side::cloud)};
  std::map<std::string, int> known_orders;
  for (int i = 0; i < static_cast<int>(memory.stories.size()); ++i) {
    const Memory::Story& told = memory.stories[static_cast<std::size_t>(i)];
    const std::vector<Step> steps = story(world.seed(), i);
    if (told.asked) {
      result.unsettled.push_back("story " + std::to_string(i) + ": no answer for " +
                                 steps[static_cast<std::size_t>(told.answered)].key);
      continue;  // It may be there or not: nothing of it can be called lost or right.
    }
    const Expected want = expected(steps, told.answered);
    const Side home = homes[static_cast<std::size_t>(i)];
    for (const Side side : {Side::legacy, Side::cloud}) {
      const Books& held = books[static_cast<std::size_t>(side)];
      const std::string in = " in " + std::string(name(side));
      if (!want.reference.empty()) judge_order(want, side, home, held, result);
      for (const std::string& movement : want.movements) {
        const auto posted = held.movements.find(movement);
        const int times = posted == held.movements.end() ? 0 : posted->second;
        if (times == 0) result.lost.push_back("movement " + movement + in + ": not posted");
        if (times > 1)
          result.duplicated.push_back("movement " + movement + in + ": posted " +
                                      std::to_string(times) + " times");
      }
      if (!want.customer.empty()) {
        const auto known = held.customers.find(want.customer);
        if (known == held.customers.end()) {
          result.lost.push_back("customer " + want.customer + in + ": not there");
        } else {
          if (known->second.size() > 1)
            result.duplicated.push_back("customer " + want.customer + in);
          if (known->second.front() != want.customer_name)
            result.lost.push_back("customer " + want.customer + in + ": is called " +
                                  known->second.front() + " instead of " + want.customer_name);
        }
      }
    }
    result.orders += want.reference.empty() ? 0 : 1;
    result.movements += static_cast<int>(want.movements.size());
    result.customers += want.customer.empty() ? 0 : 1;
  }
  for (const std::string& refusal : memory.refusals) result.wrong.push_back(refusal);

  const auto report = json::parse(recovered.output);
  if (recovered.exit_code != 0 || !report) {
    result.wrong.push_back("recovery ended with " + std::to_string(recovered.exit_code) + ": " +
                           recovered.output);
    return result;
  }
  for (const json::Value& key : report->get("missingAnswers").items())
    result.lost.push_back("the answer of " + key.text());
  for (const json::Value& intent : report->get("openIntents").items())
    result.unsettled.push_back("open: " + intent.text());
  for (const json::Value& exception : report->get("exceptions").items())
    result.wrong.push_back("exception: " + exception.text());
  if (report->get("rows").text() != "0")
    result.unsettled.push_back("outbox rows: " + report->get("rows").text());
  return result;
}

std::ostream& operator<<(std::ostream& out, const Judgement& judgement) {
  const auto list = [&](const char* title, const std::vector<std::string>& sentences) {
    if (sentences.empty()) return;
    out << title << ' ' << sentences.size() << ":\n";
    for (std::size_t i = 0; i < sentences.size() && i < 20; ++i)
      out << "  " << sentences[i] << '\n';
  };
  list("lost", judgement.lost);
  list("duplicated", judgement.duplicated);
  list("unsettled", judgement.unsettled);
  list("wrong", judgement.wrong);
  return out;
}

}  // namespace underpin::crash
