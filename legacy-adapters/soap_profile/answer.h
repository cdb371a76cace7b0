#pragma once

#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "legacy-adapters/soap_profile/template.h"
#include "legacy-adapters/transport/soap/envelope.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::soap_profile {

struct Name {
  std::string name_space;  // Empty: in none.
  std::string name;
};

// "m:Orders/m:Order", "m:Order/@No", "@No": from an element down to its children, by name; nothing
// else. Empty: the element itself.
struct Path {
  std::vector<Name> steps;
  std::optional<Name> attribute;
  std::string text;  // As it was written.
};
std::optional<Name> parse_name(std::string_view text, const Namespaces& namespaces);
std::optional<Path> parse_path(std::string_view text, const Namespaces& namespaces);

struct Field {
  std::string name;
  Path path;
  std::optional<int> floating = {};  // Kept as floating point; the places that are meant.
  bool keep_blanks = false;          // Otherwise the blanks at its ends are padding.
  bool each = false;                 // A list: every element there is an item, which has `fields`.
  std::vector<Field> fields = {};
  std::optional<std::string> value = {};  // What every record has here; the ERP does not say it.
};

// How a service says inside of an answer that it has refused.
struct Outcome {
  Path code;
  std::vector<std::string> done;  // Codes of what has been carried out.
  std::optional<Path> message;
};

// Where a fault's detail has the service's own code and words.
struct FaultShape {
  std::optional<Path> code;
  std::optional<Path> message;
};

struct AnswerShape {
  Name element;  // What stands in the Body.
  std::optional<Outcome> outcome;
  Path records;  // Every element there is a record.
  std::vector<Field> fields;
};

struct Answer {
  // What the service says that it has refused: vendor_code and message, and outcome_unknown.
  std::optional<Error> refused;
  std::vector<json::Value> records;
};

// Of an envelope that soap::read_body has accepted and that has no fault. What is absent, xsi:nil
// or blank is no member. internal, with the reason: another element, no code of the outcome, a path
// that leads to two, a number that is none; no list, where only the list tells that there is
// nothing; a record of which no field can be read, or no record where its elements are there in
// another namespace.
Result<Answer> read_answer(const AnswerShape& shape, std::string_view envelope);

// vendor_code is "code/faultcode" with the code of the detail, or the fault's own innermost one.
// The code is unauthorized or internal for what SOAP and WS-Security themselves define, which say
// that the request was not carried out; otherwise it is outcome_unknown.
Error read_fault(const FaultShape& shape, const soap::Fault& fault, std::string_view envelope);

// The names that it reads of a service's own schema.
std::set<std::string> names_of(const AnswerShape& shape);
std::set<std::string> names_of(const FaultShape& shape);

// Indented, for people; as it is when it cannot be read.
std::string for_people(std::string_view xml);

}  // namespace underpin::legacy::soap_profile
