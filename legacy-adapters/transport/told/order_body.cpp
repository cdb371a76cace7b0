#include "legacy-adapters/transport/told/order_body.h"

#include "contracts/decimal.h"

#include <algorithm>
#include <array>

namespace underpin::legacy::told {
namespace {

using json::Value;

Decimal amount(const Value& object, std::string_view member) {
  const auto number = Decimal::parse(object.get(member).text());
  return number ? *number : Decimal{};
}

void set_amount(Value& object, std::string_view member, Decimal value) {
  object.set(member, value.normalized().text());
}

void take_over(const Value& from, Value& to, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members)
    if (const Value* value = from.find(member)) to.set(member, *value);
}

// Amounts of which products and sums fit: what is longer is none.
bool is_amount(const Value& value) {
  const std::string& text = value.text();
  const auto number = Decimal::parse(text);
  return number && text.size() <= 18 && number->scale() <= 9;
}

Value& list_of(Value& body, std::string_view member) {
  if (body.find(member) == nullptr) body.set(member, Value::array());
  return *body.find(member);
}

Value* with_text(Value& list, std::string_view member, const std::string& text) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list.item(i)->get(member).text() == text) return list.item(i);
  return nullptr;
}

Value* line_of(Value& body, const std::string& number) {
  return with_text(list_of(body, "lines"), "number", number);
}

void put_line(Value& body, const Value& line, std::initializer_list<std::string_view> members) {
  Value* held = line_of(body, line.get("number").text());
  if (held == nullptr) {
    Value added = Value::object();
    added.set("number", line.get("number"));
    added.set("shippedQuantity", "0");
    Value& lines = list_of(body, "lines").push(std::move(added));
    held = lines.item(lines.size() - 1);
  }
  take_over(line, *held, members);
}

void change(const Value& said, Value& body) {
  take_over(said, body, {"customerReference", "requestedDate", "shipTo"});
  for (const Value& line : said.get("changed").items()) {
    Value* held = line_of(body, line.get("number").text());
    if (held == nullptr) continue;
    held->erase("netAmount");
    held->erase("tax");
    held->erase("cancelledQuantity");
    take_over(line, *held, {"quantity", "unitPrice", "discount", "requestedDate"});
  }
  for (const Value& line : said.get("added").items())
    put_line(body, line,
             {"sku", "description", "uom", "location", "requestedDate", "quantity", "unitPrice",
              "discount"});
  body.erase("totals");
  body.set("released", Value::boolean(false));
}

void close_when_invoiced(Value& body) {
  const std::vector<Value>& lines = body.get("lines").items();
  const bool all = std::all_of(lines.begin(), lines.end(), [](const Value& line) {
    return amount(line, "invoicedQuantity") >=
           amount(line, "quantity") - amount(line, "cancelledQuantity");
  });
  if (all && !lines.empty()) body.set("posted", Value::boolean(true));
}

// Several schedules of a line: what is taken of it is their sum.
void tell_schedules(const Value& line, Value& held) {
  Decimal taken;
  bool says_quantity = false;
  bool any = false;
  for (const Value& schedule : line.get("schedules").items()) {
    if (schedule.get("verdict").text() == "rejected") continue;
    any = true;
    if (schedule.find("quantity") != nullptr) says_quantity = true;
    taken += amount(schedule, "quantity");
    take_over(schedule, held, {"requestedDate"});
  }
  if (line.get("verdict").text() == "rejected")
    any = false;
  else if (line.get("schedules").empty())
    return;
  if (!any) {
    set_amount(held, "cancelledQuantity",
               amount(held, "quantity") - amount(held, "shippedQuantity"));
  } else if (says_quantity) {
    set_amount(held, "quantity", taken);
    held.erase("cancelledQuantity");
  }
}

Checked check_lines(const Value& lines, const std::string& at, Value& body,
                    std::string_view quantity) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Value& line = lines.items()[i];
    const std::string here = json::pointer_to(at, i);
    const Value* held = line_of(body, line.get("line").text());
    if (held == nullptr) return Wrong{here + "/line", "must be a line of the order"};
    if (line.find("sku") != nullptr && line.get("sku").text() != held->get("sku").text())
      return Wrong{here + "/sku",
                   "must be what the order's line has, which is " + held->get("sku").text()};
    if (line.find("uom") != nullptr && held->find("uom") != nullptr &&
        line.get("uom").text() != held->get("uom").text())
      return Wrong{here + "/uom",
                   "must be what the order's line has, which is " + held->get("uom").text()};
    if (!is_amount(line.get("quantity")) || amount(line, "quantity").is_negative())
      return Wrong{here + "/quantity", "must be a number, and not negative"};
    if (!Decimal::parse(held->get(quantity).text()) && held->find(quantity) != nullptr)
      return Wrong{here, "must be a line whose quantities are known"};
  }
  return std::nullopt;
}

void add_to_lines(const Value& lines, Value& body, std::string_view quantity) {
  for (const Value& line : lines.items()) {
    Value& held = *line_of(body, line.get("line").text());
    set_amount(held, quantity, amount(held, quantity) + amount(line, "quantity"));
  }
}

Value references_of(const Value& lines, Value& body) {
  Value all = Value::array();
  for (const Value& line : lines.items()) {
    Value one = Value::object();
    one.set("line", line.get("line"));
    one.set("sku", line_of(body, line.get("line").text())->get("sku"));
    one.set("quantity", amount(line, "quantity").normalized().text());
    all.push(std::move(one));
  }
  return all;
}

}  // namespace

Value body_of_placement(const Value& said) {
  Value body = Value::object();
  take_over(said, body,
            {"customer", "customerReference", "orderDate", "requestedDate", "currency",
             "pricesIncludeTax", "shipTo", "billTo", "charges", "payments"});
  for (const Value& line : said.get("lines").items())
    put_line(body, line,
             {"sku", "description", "uom", "location", "requestedDate", "quantity", "unitPrice",
              "discount", "promotion", "promotionVersion"});
  body.set("released", Value::boolean(false));
  return body;
}

void accept_operation(std::string_view operation, const Value& said, Value& body) {
  if (operation == "change_order") change(said, body);
  if (operation == "cancel_order") body.set("cancelled", Value::boolean(true));
  if (operation == "release_order") body.set("released", Value::boolean(true));
  if (operation == "block_order") body.set("released", Value::boolean(false));
}

Checked check_answer(const Value& answer) {
  const auto known = [](const std::string& verdict) {
    return verdict == "accepted" || verdict == "changed" || verdict == "rejected";
  };
  if (!known(answer.get("verdict").text()))
    return Wrong{"/verdict", "must be accepted, changed or rejected"};
  const std::vector<Value>& lines = answer.get("lines").items();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string at = json::pointer_to("/lines", i);
    if (lines[i].get("number").text().empty())
      return Wrong{at + "/number", "must name the order's line"};
    for (const char* member : {"quantity", "unitPrice", "discount", "netAmount", "tax"})
      if (lines[i].find(member) != nullptr && !is_amount(lines[i].get(member)))
        return Wrong{at + "/" + member, "must be a number"};
    if (lines[i].find("verdict") != nullptr && !known(lines[i].get("verdict").text()))
      return Wrong{at + "/verdict", "must be accepted, changed or rejected"};
    const std::vector<Value>& schedules = lines[i].get("schedules").items();
    for (std::size_t j = 0; j < schedules.size(); ++j) {
      const Value& one = schedules[j];
      const std::string here = json::pointer_to(at + "/schedules", j);
      if (one.find("verdict") != nullptr && !known(one.get("verdict").text()))
        return Wrong{here + "/verdict", "must be accepted, changed or rejected"};
      const bool must_say = schedules.size() > 1 || one.find("quantity") != nullptr;
      if (must_say && (!is_amount(one.get("quantity")) || amount(one, "quantity").is_negative()))
        return Wrong{here + "/quantity",
                     "must be a number that is not negative; one of several must say it"};
    }
  }
  return std::nullopt;
}

Checked check_new_lines(const Value& answer, Value& body) {
  const std::vector<Value>& lines = answer.get("lines").items();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (line_of(body, lines[i].get("number").text()) != nullptr) continue;
    for (const char* member : {"sku", "quantity", "unitPrice"})
      if (lines[i].get(member).text().empty())
        return Wrong{json::pointer_to("/lines", i) + "/" + member,
                     "must be there: the order has no line " + lines[i].get("number").text()};
  }
  return std::nullopt;
}

void tell_order(const Value& answer, Value& body) {
  take_over(answer, body,
            {"customer", "customerReference", "orderDate", "requestedDate", "currency", "totals",
             "released", "cancelled"});
  for (const Value& line : answer.get("lines").items()) {
    put_line(body, line,
             {"sku", "description", "uom", "location", "requestedDate", "quantity", "unitPrice",
              "discount", "netAmount", "tax"});
    tell_schedules(line, *line_of(body, line.get("number").text()));
  }
}

Told tell_shipment(const std::string& document, const std::string& date, const Value& order,
                   Value& body) {
  const Value& lines = order.get("lines");
  if (auto wrong = check_lines(lines, "/lines", body, "shippedQuantity")) return {false, wrong};
  Value shipment = Value::object();
  shipment.set("document", document);
  shipment.set("date", date);
  shipment.set("lines", references_of(lines, body));
  Value& all = list_of(body, "shipments");
  if (const Value* before = with_text(all, "document", document)) {
    if (*before == shipment) return {true, std::nullopt};
    return {false, Wrong{"", "shipment " + document + " was told before, with other content"}};
  }
  all.push(std::move(shipment));
  add_to_lines(lines, body, "shippedQuantity");
  return {};
}

Told tell_invoice(const Value& invoice, Value& body) {
  const Value& lines = invoice.get("lines");
  if (auto wrong = check_lines(lines, "/lines", body, "invoicedQuantity")) return {false, wrong};
  if (!is_amount(invoice.get("amount"))) return {false, Wrong{"/amount", "must be a number"}};
  if (invoice.find("currency") != nullptr && body.find("currency") != nullptr &&
      invoice.get("currency").text() != body.get("currency").text())
    return {false,
            Wrong{"/currency", "must be the order's, which is " + body.get("currency").text()}};
  const std::string& document = invoice.get("document").text();
  Value one = Value::object();
  one.set("document", document);
  one.set("date", invoice.get("date"));
  one.set("amount", invoice.get("amount"));
  one.set("lines", references_of(lines, body));
  Value& all = list_of(body, "invoices");
  if (const Value* before = with_text(all, "document", document)) {
    if (*before == one) return {true, std::nullopt};
    return {false, Wrong{"", "invoice " + document + " was told before, with other content"}};
  }
  all.push(std::move(one));
  add_to_lines(lines, body, "invoicedQuantity");
  close_when_invoiced(body);
  return {};
}

}  // namespace underpin::legacy::told
