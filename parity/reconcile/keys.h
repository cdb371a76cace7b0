#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// One identifier, written differently by two systems ("000000000000012345", " 12345 "): the rules
// that bring both to one form. Pure; throws nothing of its own.
namespace underpin::parity::reconcile {

// Applied in the order of its members.
struct TextRule {
  bool trim = true;  // Blanks at both ends: fields of fixed width are padded with them.
  // "000123" is "123", and "000" is "0": fields of fixed width that hold numbers are filled with
  // zeros. A text that is not of digits alone keeps its zeros: "00A1" is an identifier as it is.
  bool drop_leading_zeros = false;
  bool upper = false;  // ASCII letters only; code fields hold no others.
  // This side's code -> the common one, looked up last. A code that is not named stays.
  std::map<std::string, std::string, std::less<>> codes = {};
};

// Appends the text as the rule has it.
void normalise(std::string_view text, const TextRule& rule, std::string& to);

// A key in the order in which both sides are merged: its parts, with a separator that no part can
// contain, so that ("1", "23") is not ("12", "3").
void begin_part(std::string& key);  // Before every part but the first.
// Makes what was appended from `from` on a part: control characters are escaped.
void end_part(std::string& key, std::size_t from);
std::vector<std::string> key_parts(std::string_view key);
// For people: the parts with "@" between them, control characters as "?".
std::string shown_key(std::string_view key);

// Appends the shortest text of a plain decimal ("+007.500" -> "7.5", ".50" -> "0.5", "-0.0" ->
// "0"), so that equal numbers are equal texts. False, and nothing appended: it is no decimal of
// Decimal's limits.
bool append_decimal(std::string_view text, std::string& to);

}  // namespace underpin::parity::reconcile
