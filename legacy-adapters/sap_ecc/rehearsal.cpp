#include "legacy-adapters/sap_ecc/rehearsal.h"

#include "legacy-adapters/sap_ecc/order_message.h"

namespace underpin::legacy::sap_ecc {

Rehearsed Rehearsals::run(std::string_view function, Record request, RehearsalGrade grade,
                          const CallContext& context) const {
  if (grade == RehearsalGrade::none)
    throw Failure{{ErrorCode::unsupported, "no grade of rehearsal was asked for"}};
  Rehearsed rehearsed;
  rehearsed.message = write_call(function, request);  // As it would be sent.
  if (grade == RehearsalGrade::rendered) return rehearsed;
  request.set("TESTRUN", "X");
  const Result<Record> judged = functions_.read(function, request, context);
  if (judged) return rehearsed;
  const Error& error = judged.error();
  if (error.code != ErrorCode::rejected && error.code != ErrorCode::not_found) throw Failure{error};
  if (error.fields.empty()) rehearsed.faults.push_back({"", error.message});
  for (const FieldError& field : error.fields)
    rehearsed.faults.push_back({"/" + field.pointer, field.detail});
  return rehearsed;
}

Result<Rehearsed> Rehearsals::place_order(const Order& order, RehearsalGrade grade,
                                          const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    return run("BAPI_SALESORDER_CREATEFROMDAT2",
               whole_order(order, settings_).request(create_parameters), grade, context);
  });
}

Result<Rehearsed> Rehearsals::create_customer(const Customer&, RehearsalGrade, const CallContext&) {
  return Error{ErrorCode::unsupported, "SAP has no test run of a customer's IDoc",
               functions_.system()};
}

Result<Rehearsed> Rehearsals::adjust_stock(const StockAdjustment& adjustment, RehearsalGrade grade,
                                           const CallContext& context) {
  return guarded(functions_.system(), ErrorCode::internal, [&] {
    return run("BAPI_GOODSMVT_CREATE", inventory_.movement_request(adjustment), grade, context);
  });
}

}  // namespace underpin::legacy::sap_ecc
