#include "legacy-adapters/sap_ecc/orders.h"

#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {
namespace {

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

std::string at(std::size_t index, std::string_view field) {
  return "/lines/" + std::to_string(index) + "/" + std::string(field);
}

OrderMessage change_message() {
  OrderMessage message;
  message.header.update("U");
  return message;
}

}  // namespace

Error with_pointers(Error error, const Order& order) {
  constexpr std::pair<std::string_view, std::string_view> members[] = {
      {"MATERIAL", "sku"}, {"SALES_UNIT", "uom"}, {"PLANT", "location"}, {"REQ_QTY", "quantity"}};
  std::vector<std::size_t> sent;
  for (std::size_t i = 0; i < order.lines.size(); ++i)
    if (is_positive(order.lines[i].outstanding())) sent.push_back(i);
  std::vector<FieldError> fields;
  for (const FieldError& field : error.fields) {
    const std::size_t slash = field.pointer.find('/');
    const std::string row = field.pointer.substr(0, slash);
    const std::size_t index =
        is_digits(row) && row.size() < 5 ? static_cast<std::size_t>(std::stoi(row)) : 0;
    for (const auto& [theirs, ours] : members)
      if (field.pointer.substr(slash + 1) == theirs && index >= 1 && index <= sent.size())
        fields.push_back({at(sent[index - 1], ours), field.detail});
    if (field.pointer.substr(slash + 1) == "PARTN_NUMB")
      fields.push_back({"/customer", field.detail});
  }
  error.fields = std::move(fields);
  return error;
}

// Before SAP is looked into.
bool Orders::was_shown(const OrderId& id) const {
  return idocs_ != nullptr && !id.channel.empty() && idocs_->is_shown(id);
}

std::vector<std::string> Orders::statuses_of_idocs(const std::string& reference,
                                                   Deadline deadline) const {
  std::vector<std::string> statuses;
  for (const odbc::Row& row :
       tables_.rows("SELECT d.STATUS FROM " + tables_.name("EDIDC") +
                        " d WHERE d.MANDT = ? AND d.ARCKEY = ? AND d.MESTYP = 'ORDERS'",
                    {tables_.client(), reference}, deadline))
    statuses.push_back(column(row, 0));
  return statuses;
}

// Of an order that neither SAP's documents nor the state show, when the state is an older one. An
// IDoc that was refused (51) can be posted weeks later; 68 says that it is not. One that is posted
// (53) and shows no document even now has been deleted since.
void Orders::must_not_wait_in_sap(const OrderId& id, const CallContext& context) const {
  if (idocs_ == nullptr || id.channel.empty() || !idocs_->may_be_lost(id)) return;
  const std::string reference = reference_of(id);
  bool waits = false;
  for (const std::string& status : statuses_of_idocs(reference, context.deadline))
    waits =
        waits || (status == "53"
                      ? !documents_.numbers_under("BSTKD", reference, "C", context.deadline).empty()
                      : status != "68");
  if (waits)
    throw Failure{{ErrorCode::unavailable,
                   "SAP has an IDoc of the order that a newer state than this one has sent, and "
                   "can still post it"}};
}

Document Orders::must_find(const OrderRef& ref, const CallContext& context) const {
  const bool shown = was_shown(ref.id);
  std::optional<Document> found = documents_.find(ref, context);
  if (!found) {
    if (idocs_ != nullptr && !ref.id.channel.empty()) idocs_->must_not_be_awaited(ref.id, shown);
    must_not_wait_in_sap(ref.id, context);
    throw Failure{{ErrorCode::not_found, "SAP has no such order"}};
  }
  return std::move(*found);
}

// --------------------------------------------------------------------------------------- placing
// After a commit: what cannot be read back has been written all the same. A commit whose session
// had ended before it says that all is well, too, and has changed nothing.
OrderReceipt Orders::read_back(const Document& before, const OrderId& id,
                               const CallContext& context) const {
  std::optional<Document> now;
  try {
    now = documents_.read(before.number, context);
    if (now && *now != before) return documents_.receipt_of(*now, id);
  } catch (const Failure& failure) {
    Error error = failure.error;
    if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
    throw Failure{error};
  }
  throw Failure{{ErrorCode::outcome_unknown, "order " + before.number + " was written and " +
                                                 (now ? "is what it was before" : "is not there")}};
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    const OrderMessage message = whole_order(order, settings_);  // Before anything is sent.
    const bool shown = was_shown(order.id);
    if (const auto there = documents_.find_by_reference(order.id, context)) {
      if (idocs_ != nullptr) idocs_->seen(order.id, there->number);
      return documents_.receipt_of(*there, order.id);
    }
    must_not_wait_in_sap(order.id, context);
    if (idocs_ != nullptr) {
      if (settings_.order_files.on && context.role != Role::mirror)
        return idocs_->place(order, shown, context);
      idocs_->must_not_be_awaited(order.id, shown);
    }
    WorkUnit unit(functions_, context);
    try {
      (void)unit.call("BAPI_SALESORDER_CREATEFROMDAT2", message.request(create_parameters));
    } catch (const Failure& failure) {
      throw Failure{with_pointers(failure.error, order)};
    }
    unit.commit();
    // By its reference, which says, too, whether it is there once.
    try {
      if (const auto made = documents_.find_by_reference(order.id, context))
        return documents_.receipt_of(*made, order.id);
    } catch (const Failure& failure) {
      Error error = failure.error;
      if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
      throw Failure{error};
    }
    throw Failure{{ErrorCode::outcome_unknown, "the order was committed and is not there"}};
  });
}

// --------------------------------------------------------------------------------------- changing
void Orders::bring(OrderMessage& message, const Document& document, const Item& item,
                   const Figures& wanted, std::size_t index) const {
  if (wanted.quantity.is_zero()) {
    if (!item.delivered.is_zero() && !item.is_rejected())
      throw refused(ErrorCode::rejected, "goods of the line have left or are being picked",
                    at(index, "quantity"), "must not be less than what was delivered");
    if (item.is_rejected()) return;
    Flagged row;
    row.key("ITM_NUMBER", item.position).update("U").set("REASON_REJ", settings_.line_rejection);
    message.item(row);
    return;
  }
  if (item.is_rejected()) {
    Flagged row;
    row.key("ITM_NUMBER", item.position).update("U").set("REASON_REJ", "");
    message.item(row);
  }
  const bool other_day = wanted.requested && wanted.requested != item.requested;
  if (wanted.quantity != item.quantity || other_day)
    message.schedule(item.position, item.schedule_lines,
                     wanted.quantity == item.quantity
                         ? std::string()
                         : quantity_text(wanted.quantity, at(index, "quantity")),
                     other_day ? wanted.requested : std::nullopt);
  if (!item.price || item.unit_price() != wanted.price)
    message.condition(item.position, settings_.price_condition, item.price,
                      rate_of(wanted.price, at(index, "unitPrice")), document.currency);
  const Decimal present = item.discount ? item.discount->rate : Decimal{};
  if (wanted.adjustment == present) return;
  if (wanted.adjustment.normalized().scale() > 2)
    throw refused(ErrorCode::rejected, "a line's discount has more than two decimals",
                  at(index, "adjustmentTotal"), "must be whole cents");
  if (is_positive(wanted.adjustment))
    throw refused(ErrorCode::unsupported, "a line is not given a surcharge afterwards",
                  at(index, "adjustmentTotal"), "must not be positive");
  message.condition(item.position, settings_.discount_condition, item.discount,
                    {wanted.adjustment.normalized().text(), 1}, document.currency);
}

// The line's own position, or one behind all others.
std::string Orders::free_position(const Document& document, int number, int& last) {
  const std::string own = item_key(number * line_step);
  bool taken = false;
  for (const Item& item : document.items) {
    taken = taken || item.position == own;
    const int place = is_digits(item.position) ? std::stoi(item.position) : 0;
    if (place < 900'000) last = std::max(last, place);
  }
  if (!taken) return own;
  last = (last / line_step + 1) * line_step;
  return item_key(last);
}

OrderMessage Orders::amended(const Document& document, const OrderAmendment& amendment,
                             Role role) const {
  OrderMessage message = change_message();
  if (amendment.requested_date && amendment.requested_date != document.requested)
    message.header.set("REQ_DATE_H", soap_date(*amendment.requested_date));
  if (amendment.customer_reference && *amendment.customer_reference != document.customer_reference)
    message.header.set("PURCH_NO_S",
                       fitting(*amendment.customer_reference, 35, "/customerReference"));
  if (amendment.ship_to) {
    Address wanted = *amendment.ship_to;
    wanted.id.clear();
    wanted.kind = "ship_to";
    if (document.ship_to != wanted)
      message.change_address(document_key(document.number), filled(document.customer, number_width),
                             wanted, "/shipTo");
  }
  int last = 0;
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& wanted = amendment.lines[i];
    const auto item = std::find_if(
        document.items.begin(), document.items.end(),
        [&](const Item& one) { return one.number == wanted.number && !documents_.is_charge(one); });
    if (item == document.items.end()) {
      if (wanted.quantity && wanted.quantity->is_zero()) continue;
      if (!wanted.added)
        throw refused(ErrorCode::rejected, "the order has no line " + std::to_string(wanted.number),
                      at(i, "number"), "must name a line of the order");
      const OrderLine& added = *wanted.added;
      const Decimal quantity = wanted.quantity.value_or(added.quantity - added.cancelled_quantity);
      if (!is_positive(quantity)) continue;
      add_line(message, added, free_position(document, wanted.number, last), quantity, i,
               document.currency, settings_);
      continue;
    }
    Figures figures;
    figures.quantity = wanted.quantity.value_or(item->is_rejected() ? Decimal{} : item->quantity);
    figures.price = wanted.unit_price.value_or(item->unit_price());
    figures.requested = wanted.requested_date;
    figures.adjustment = item->discount ? item->discount->rate : Decimal{};
    // Conditions that SAP's own people have added stay what they are.
    if (wanted.adjustment_total)
      figures.adjustment += *wanted.adjustment_total - item->adjustment();
    // A mirror holds what is outstanding, its amendment may speak of the whole line.
    const Decimal gross = (figures.quantity * figures.price).rounded(2, Rounding::half_up);
    if (role == Role::mirror && figures.adjustment < -gross) figures.adjustment = -gross;
    bring(message, document, *item, figures, i);
  }
  return message;
}

OrderMessage Orders::followed(const Document& document, const Order& order) const {
  OrderMessage message = change_message();
  std::set<int> there;
  int last = 0;
  for (const Item& item : document.items) {
    if (documents_.is_charge(item)) continue;
    there.insert(item.number);
    const auto home = std::find_if(order.lines.begin(), order.lines.end(),
                                   [&](const OrderLine& one) { return one.number == item.number; });
    Figures figures;
    figures.price = item.unit_price();
    if (home != order.lines.end() && is_positive(home->outstanding())) {
      figures.quantity = home->outstanding();
      figures.price = home->unit_price;
      figures.adjustment = adjustment_share(sum_of(home->adjustments), figures.quantity,
                                            home->quantity - home->cancelled_quantity);
    }
    bring(message, document, item, figures, 0);
  }
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& home = order.lines[i];
    if (!is_positive(home.outstanding()) || there.count(home.number) != 0) continue;
    add_line(message, home, free_position(document, home.number, last), home.outstanding(), i,
             document.currency, settings_);
  }
  return message;
}

void Orders::nothing_has_left(const Document& document) const {
  for (const Item& item : document.items)
    if (!item.delivered.is_zero() || !item.invoiced.is_zero())
      throw Failure{{ErrorCode::rejected, "order " + document.number +
                                              " has left, at least in part, or is being picked"}};
}

OrderReceipt Orders::change(const Document& document, const OrderRef& ref, OrderMessage message,
                            bool nothing_may_leave, const WriteContext& context) const {
  if (message.empty()) return documents_.receipt_of(document, ref.id);
  Record request = message.request(change_parameters);
  request.set("SALESDOCUMENT", document_key(document.number));
  // Conditions are changed in their place; without it SAP adds them once more.
  Record logic = Record::object();
  logic.set("COND_HANDL", "X");
  request.set("LOGIC_SWITCH", std::move(logic));
  WorkUnit unit(functions_, context);
  (void)unit.call("BAPI_SALESORDER_CHANGE", request);
  if (nothing_may_leave) {
    // The call holds the document's lock: no delivery can be made of it between this and the
    // commit.
    const auto now = documents_.read(document.number, context);
    if (!now)
      throw Failure{{ErrorCode::unavailable, "order " + document.number + " is not read again"}};
    nothing_has_left(*now);
  }
  unit.commit();
  return read_back(document, ref.id, context);
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    const Document document = must_find(ref, context);
    const OrderStatus status = documents_.order_of(document).status;
    if (is_closed(status))
      throw Failure{{ErrorCode::rejected, "order " + document.number + " is closed"}};
    OrderMessage message = amended(document, amendment, context.role);
    if (!message.empty() && documents_.is_released(document))
      message.header.set("DLV_BLOCK", settings_.block);
    return change(document, ref, std::move(message), false, context);
  });
}

OrderReceipt Orders::cancel_whole(const Document& document, const OrderRef& ref,
                                  const WriteContext& context) const {
  nothing_has_left(document);
  OrderMessage message = change_message();
  for (const Item& item : document.items) {
    if (item.rejection == settings_.order_rejection) continue;
    Flagged row;
    row.key("ITM_NUMBER", item.position).update("U").set("REASON_REJ", settings_.order_rejection);
    message.item(row);
  }
  return change(document, ref, std::move(message), true, context);
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    // SAP does not know what a line was before: only its new quantity is absolute.
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    const Document document = must_find(ref, context);
    if (documents_.is_cancelled(document)) return documents_.receipt_of(document, ref.id);
    return cancel_whole(document, ref, context);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror)
      throw Failure{{ErrorCode::unsupported, "a mirror keeps its delivery block"}};
    const Document document = must_find(ref, context);
    const OrderStatus status = documents_.order_of(document).status;
    if (documents_.is_released(document) || is_closed(status))
      return documents_.receipt_of(document, ref.id);
    if (document.block != settings_.block)
      throw Failure{{ErrorCode::rejected,
                     "order " + document.number +
                         " has a delivery block of SAP's own people: " + document.block}};
    OrderMessage message = change_message();
    message.header.set("DLV_BLOCK", "");
    return change(document, ref, std::move(message), false, context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    const Document document = must_find(ref, context);
    if (is_closed(documents_.order_of(document).status))
      throw Failure{{ErrorCode::rejected, "order " + document.number + " is closed"}};
    if (!documents_.is_released(document)) return documents_.receipt_of(document, ref.id);
    OrderMessage message = change_message();
    message.header.set("DLV_BLOCK", settings_.block);
    return change(document, ref, std::move(message), false, context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(functions_.system(), ErrorCode::outcome_unknown, [&] {
    const OrderRef ref{order.id, {}};
    const bool shown = was_shown(order.id);
    const std::optional<Document> found = documents_.find(ref, context);
    const bool gone = is_closed(order.status);
    if (!found) {
      if (idocs_ != nullptr) idocs_->must_not_be_awaited(order.id, shown);
      must_not_wait_in_sap(order.id, context);
      if (!gone) throw Failure{{ErrorCode::not_found, "SAP has no such order"}};
      OrderReceipt receipt;
      receipt.id = order.id;
      receipt.status = OrderStatus::cancelled;
      return receipt;
    }
    if (is_closed(documents_.order_of(*found).status))
      return documents_.receipt_of(*found, order.id);
    if (gone) return cancel_whole(*found, ref, context);
    return change(*found, ref, followed(*found, order), false, context);
  });
}

// --------------------------------------------------------------------------------------- reading
Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const bool shown = was_shown(ref.id);
    const std::optional<Document> found = documents_.find(ref, context);
    if (found) return documents_.order_of(*found);
    if (idocs_ != nullptr && !ref.id.channel.empty())
      if (auto placed = idocs_->placed(ref.id, shown)) return std::move(*placed);
    must_not_wait_in_sap(ref.id, context);
    throw Failure{{ErrorCode::not_found, "SAP has no such order"}};
  });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const bool shown = was_shown(id);
    const std::optional<Document> found = documents_.find_by_reference(id, context);
    if (found) {
      if (idocs_ != nullptr) idocs_->seen(id, found->number);
      return documents_.receipt_of(*found, id);
    }
    if (idocs_ != nullptr)
      if (const auto awaited = idocs_->awaited(id, shown)) return *awaited;
    must_not_wait_in_sap(id, context);
    throw Failure{{ErrorCode::not_found, "SAP has no such order"}};
  });
}

Status Orders::poll_idocs(const CallContext& context) const {
  return idocs_->poll(context, [&](const std::string& reference) {
    IdocOrders::Posted posted;
    const auto numbers = documents_.numbers_under("BSTKD", reference, "C", context.deadline);
    if (!numbers.empty()) posted.document = stripped(numbers.back());
    posted.taken = !statuses_of_idocs(reference, context.deadline).empty();
    return posted;
  });
}

Result<Page<Order>> Orders::list_open_orders(const OrderQuery& query, const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    const auto size = static_cast<std::size_t>(std::clamp(query.limit, 1, settings_.page_size));
    std::string sql = "SELECT k.VBELN FROM " + tables_.name("VBAK") + " k JOIN " +
                      tables_.name("VBUK") +
                      " s ON s.MANDT = k.MANDT AND s.VBELN = k.VBELN WHERE k.MANDT = ? AND "
                      "k.VBELN > ? AND k.VBTYP = 'C' AND k.VKORG = ? AND s.GBSTK <> 'C'";
    odbc::Parameters parameters{tables_.client(), query.cursor.text(), settings_.organization};
    if (query.customer) {
      sql += " AND k.KUNNR = ?";
      parameters.emplace_back(filled(query.customer->text(), number_width));
    }
    std::vector<std::string> numbers;
    tables_.each(sql + " ORDER BY k.VBELN", parameters, context.deadline,
                 [&](const odbc::Row& row) {
                   numbers.push_back(column(row, 0));
                   return numbers.size() < size;
                 });
    Page<Order> page;
    if (numbers.size() == size) page.next = Cursor(numbers.back());
    for (const Document& document : documents_.read_all(numbers, context))
      page.items.push_back(documents_.order_of(document));
    return page;
  });
}

Result<ChangePage<OrderChange>> Orders::order_changes(const Cursor& cursor,
                                                      const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal,
                 [&] { return feed_.changes(cursor, context); });
}

}  // namespace underpin::legacy::sap_ecc
