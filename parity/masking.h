#pragma once

#include <string>

namespace underpin::parity {

// Personal data in what people see: letters become x, digits 9, everything else stays, so that
// padding, length and form can still be told. `path` is where the value stands; `json_text` a
// value, or a document whose members are masked by their own paths. A text in place of a whole
// document says how a call ended: its code stays, what the ERP wrote about it is masked.
std::string masked(const std::string& path, const std::string& json_text);

// The same for a value that is a text of its own and no JSON: "Anna" at "/name".
std::string masked_text(const std::string& path, const std::string& text);

// Comparison::reason: what an ERP wrote after an error's code is masked.
std::string masked_reason(const std::string& reason);

// Is what stands there about a person: names, addresses, mail, phone, references of payments, also
// as vendors call them ("shipToName"), or what a system would refuse ("/faults/..."), in its words?
bool is_personal(const std::string& path);

}  // namespace underpin::parity
