#pragma once

#include "facade/cutover_settings.h"
#include "facade/journal/journal.h"

#include <map>
#include <optional>
#include <string>

// Which open documents may move to another home. Pure; facade/transfer_order.h moves one,
// facade/transfer_desk.h many.
namespace underpin::facade {

struct DocumentClasses {
  bool part_shipped = false;  // Of what its home holds.
  bool prepaid = false;
  bool open_return = false;  // Something of it is on its way back, or back and not credited.
};

// "open", "prepaid", "part_shipped", "part_shipped prepaid", "part_shipped open_return" ...
std::string class_text(const DocumentClasses& classes);

// By what the journal knows, without asking an ERP: for previews.
DocumentClasses classes_of(const journal::DocumentRecord& document);
// By the document as its home holds it now, with its returns.
DocumentClasses classes_of(const Order& at_home, const std::optional<Order>& content,
                           const std::vector<ReturnReference>& returns);

// Why a policy keeps a document of these classes where it is; empty: it may move.
std::string kept_by_policy(const DocumentClasses& classes, const TransferSettings& settings);

// Why this document stays, whatever is done about it; empty: it may move.
std::string kept_as_it_is(const journal::DocumentRecord& document, const Order& at_home);

// What has left it, by line: two readings with one text saw nothing leave in between.
std::string shipped_text(const Order& at_home);

// Lines of the copy that do not have the outstanding quantity or the price of the document, in
// words; empty: it is level.
std::string not_level(const Order& at_home, const Order& copy);

}  // namespace underpin::facade
