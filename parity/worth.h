#pragma once

#include "contracts/decimal.h"
#include "contracts/json/json_text.h"
#include "parity/rules.h"

#include <map>
#include <optional>
#include <string>

// What a difference is worth in money: one measure for the budgets of known differences, the money
// at risk of a gate and the sums of a report. Pure; nothing here throws but WorthSum, for amounts
// beyond what a Decimal holds.
namespace underpin::parity {

// "amount", "quantity" or "other": what kind of business fact a field is, by the member it names.
std::string field_class_of(const std::string& field);
// By its last member, the field holds a number even when it is written as a text: an amount, a
// quantity, a rate. Other texts are names: "1.10" is not "1.1".
bool holds_numbers(const std::string& field);

// Where the differing values stand; none of it need be known.
struct Around {
  const json::Value* primary_parent = nullptr;  // The object that holds the value.
  const json::Value* secondary_parent = nullptr;
  const json::Value* primary_document = nullptr;
  const json::Value* secondary_document = nullptr;
};

// Both amounts: what they are apart. A quantity: what it is apart, by its price. A part that one
// side lacks: its own amount, or its quantity by its price; an element of a list that has neither:
// the document. An outcome: the document. Another order of the same is worth 0.
// Nothing: it cannot be valued; a name, a code, a document without amounts.
std::optional<Decimal> worth_of(Kind kind, const std::string& field, const json::Value* primary,
                                const json::Value* secondary, const Around& around = {});
// Two lists of different lengths: what their elements are worth apart, else the document.
std::optional<Decimal> worth_between(const json::Value& primary, const json::Value& secondary,
                                     const Around& around);

// Adds up differences of one document. A quantity and the amounts that follow from it are the same
// money: beside each other the larger counts.
class WorthSum {
 public:
  void add(const std::string& path, const std::string& field, Decimal worth);
  Decimal total() const;

 private:
  struct Part {
    Decimal amounts;
    Decimal quantities;
  };
  std::map<std::string, Part> parts_;  // By the path of what holds the field.
};

}  // namespace underpin::parity
