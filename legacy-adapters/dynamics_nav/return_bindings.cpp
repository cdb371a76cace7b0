// The typed side of the services for returns, as bindings.cpp is of the others.
#include "legacy-adapters/dynamics_nav/services.h"

#include "legacy-adapters/transport/soap/gsoap_envelope.h"

#include <navcredit_members.h>
#include <navreturn_members.h>

namespace underpin::legacy::dynamics_nav {
namespace {

template <class Request, class Answer>
Operation operation(std::string_view name, bool read_only, const Namespace* table,
                    const char* request_element, const char* answer_element) {
  Operation result{name, read_only, {}, {}};
  result.encode = [=](const Record& request) {
    return soap::write_envelope<Request>(table, request_element, request);
  };
  result.decode = [=](std::string_view envelope) {
    return soap::read_envelope<Answer>(table, answer_element, envelope);
  };
  return result;
}

constexpr bool reads = true;
constexpr bool writes = false;

}  // namespace

const Binding& return_order_binding() {
  using namespace navreturn;
  const Namespace* const table = navreturn_namespaces;
  static const Binding binding{
      "SalesReturnOrder",
      "Page",
      "urn:microsoft-dynamics-schemas/page/salesreturnorder",
      {operation<_navreturn__Read, _navreturn__Read_USCOREResult>(
           "Read", reads, table, "navreturn:Read", "navreturn:Read_Result"),
       operation<_navreturn__ReadMultiple, _navreturn__ReadMultiple_USCOREResult>(
           "ReadMultiple", reads, table, "navreturn:ReadMultiple", "navreturn:ReadMultiple_Result"),
       operation<_navreturn__Create, _navreturn__Create_USCOREResult>(
           "Create", writes, table, "navreturn:Create", "navreturn:Create_Result"),
       operation<_navreturn__Update, _navreturn__Update_USCOREResult>(
           "Update", writes, table, "navreturn:Update", "navreturn:Update_Result"),
       operation<_navreturn__Delete, _navreturn__Delete_USCOREResult>(
           "Delete", writes, table, "navreturn:Delete", "navreturn:Delete_Result")},
      {{"SalesReturnOrder", soap::element_names<navreturn__SalesReturnOrder>()},
       {"Sales_Return_Order_Line",
        soap::element_names<navreturn__Sales_USCOREReturn_USCOREOrder_USCORELine>()}}};
  return binding;
}

const Binding& credit_memos_binding() {
  using namespace navcredit;
  const Namespace* const table = navcredit_namespaces;
  static const Binding binding{
      "PostedSalesCreditMemos",
      "Page",
      "urn:microsoft-dynamics-schemas/page/postedsalescreditmemos",
      {operation<_navcredit__ReadMultiple, _navcredit__ReadMultiple_USCOREResult>(
          "ReadMultiple", reads, table, "navcredit:ReadMultiple", "navcredit:ReadMultiple_Result")},
      {{"PostedSalesCreditMemos", soap::element_names<navcredit__PostedSalesCreditMemos>()},
       {"Posted_Sales_Cr_Memo_Line",
        soap::element_names<navcredit__Posted_USCORESales_USCORECr_USCOREMemo_USCORELine>()}}};
  return binding;
}

const std::vector<const Binding*>& return_bindings() {
  static const std::vector<const Binding*> bindings{&return_order_binding(),
                                                    &credit_memos_binding()};
  return bindings;
}

}  // namespace underpin::legacy::dynamics_nav
