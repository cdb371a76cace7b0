#pragma once

#include "contracts/json/json_text.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What an accepted write and the ERP's documents make of an order. Bodies have the form of an
// answer of get_order, documents that of their shape (documents.cpp). Pure.
namespace underpin::legacy::told {

// A member of a document that cannot be applied, by its pointer there.
struct Wrong {
  std::string pointer;
  std::string rule;
};
using Checked = std::optional<Wrong>;

// A new order as it was sent.
json::Value body_of_placement(const json::Value& said);

// What an operation leads to when it is accepted; `said` is its canonical request.
void accept_operation(std::string_view operation, const json::Value& said, json::Value& body);

// What is wrong with an order's answer whatever the order is.
Checked check_answer(const json::Value& answer);
// Of a line that the order does not have yet: what it must say.
Checked check_new_lines(const json::Value& answer, json::Value& body);
// What the answer says of the order.
void tell_order(const json::Value& answer, json::Value& body);

// Adds a shipment or an invoice; what was told before, in the same words, is nothing new.
struct Told {
  bool again = false;
  Checked wrong;
};
Told tell_shipment(const std::string& document, const std::string& date, const json::Value& order,
                   json::Value& body);
Told tell_invoice(const json::Value& invoice, json::Value& body);

}  // namespace underpin::legacy::told
