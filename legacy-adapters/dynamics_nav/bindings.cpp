// The typed side of the services: what gSOAP generated from wsdl/, one namespace per service.
#include "legacy-adapters/dynamics_nav/services.h"

#include "legacy-adapters/transport/soap/gsoap_envelope.h"

#include <navarchive_members.h>
#include <navcustomer_members.h>
#include <navinvoice_members.h>
#include <navjournal_members.h>
#include <navorder_members.h>
#include <navrelease_members.h>
#include <navshipment_members.h>

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

const Binding& sales_order_binding() {
  using namespace navorder;
  const Namespace* const table = navorder_namespaces;
  static const Binding binding{
      "SalesOrder",
      "Page",
      "urn:microsoft-dynamics-schemas/page/salesorder",
      {operation<_navorder__Read, _navorder__Read_USCOREResult>(
           "Read", reads, table, "navorder:Read", "navorder:Read_Result"),
       operation<_navorder__ReadMultiple, _navorder__ReadMultiple_USCOREResult>(
           "ReadMultiple", reads, table, "navorder:ReadMultiple", "navorder:ReadMultiple_Result"),
       operation<_navorder__Create, _navorder__Create_USCOREResult>(
           "Create", writes, table, "navorder:Create", "navorder:Create_Result"),
       operation<_navorder__Update, _navorder__Update_USCOREResult>(
           "Update", writes, table, "navorder:Update", "navorder:Update_Result"),
       operation<_navorder__Delete, _navorder__Delete_USCOREResult>(
           "Delete", writes, table, "navorder:Delete", "navorder:Delete_Result")},
      {{"SalesOrder", soap::element_names<navorder__SalesOrder>()},
       {"Sales_Order_Line", soap::element_names<navorder__Sales_USCOREOrder_USCORELine>()}}};
  return binding;
}

const Binding& customer_binding() {
  using namespace navcustomer;
  const Namespace* const table = navcustomer_namespaces;
  static const Binding binding{
      "Customer",
      "Page",
      "urn:microsoft-dynamics-schemas/page/customer",
      {operation<_navcustomer__Read, _navcustomer__Read_USCOREResult>(
           "Read", reads, table, "navcustomer:Read", "navcustomer:Read_Result"),
       operation<_navcustomer__ReadMultiple, _navcustomer__ReadMultiple_USCOREResult>(
           "ReadMultiple", reads, table, "navcustomer:ReadMultiple",
           "navcustomer:ReadMultiple_Result"),
       operation<_navcustomer__Create, _navcustomer__Create_USCOREResult>(
           "Create", writes, table, "navcustomer:Create", "navcustomer:Create_Result"),
       operation<_navcustomer__Update, _navcustomer__Update_USCOREResult>(
           "Update", writes, table, "navcustomer:Update", "navcustomer:Update_Result")},
      {{"Customer", soap::element_names<navcustomer__Customer>()}}};
  return binding;
}

const Binding& shipments_binding() {
  using namespace navshipment;
  const Namespace* const table = navshipment_namespaces;
  static const Binding binding{
      "PostedSalesShipments",
      "Page",
      "urn:microsoft-dynamics-schemas/page/postedsalesshipments",
      {operation<_navshipment__ReadMultiple, _navshipment__ReadMultiple_USCOREResult>(
          "ReadMultiple", reads, table, "navshipment:ReadMultiple",
          "navshipment:ReadMultiple_Result")},
      {{"PostedSalesShipments", soap::element_names<navshipment__PostedSalesShipments>()},
       {"Posted_Sales_Shpt_Line",
        soap::element_names<navshipment__Posted_USCORESales_USCOREShpt_USCORELine>()}}};
  return binding;
}

const Binding& invoices_binding() {
  using namespace navinvoice;
  const Namespace* const table = navinvoice_namespaces;
  static const Binding binding{
      "PostedSalesInvoices",
      "Page",
      "urn:microsoft-dynamics-schemas/page/postedsalesinvoices",
      {operation<_navinvoice__ReadMultiple, _navinvoice__ReadMultiple_USCOREResult>(
          "ReadMultiple", reads, table, "navinvoice:ReadMultiple",
          "navinvoice:ReadMultiple_Result")},
      {{"PostedSalesInvoices", soap::element_names<navinvoice__PostedSalesInvoices>()},
       {"Posted_Sales_Invoice_Line",
        soap::element_names<navinvoice__Posted_USCORESales_USCOREInvoice_USCORELine>()}}};
  return binding;
}

const Binding& archive_binding() {
  using namespace navarchive;
  const Namespace* const table = navarchive_namespaces;
  static const Binding binding{
      "ArchivedSalesOrders",
      "Page",
      "urn:microsoft-dynamics-schemas/page/archivedsalesorders",
      {operation<_navarchive__ReadMultiple, _navarchive__ReadMultiple_USCOREResult>(
          "ReadMultiple", reads, table, "navarchive:ReadMultiple",
          "navarchive:ReadMultiple_Result")},
      {{"ArchivedSalesOrders", soap::element_names<navarchive__ArchivedSalesOrders>()},
       {"Sales_Order_Archive_Line",
        soap::element_names<navarchive__Sales_USCOREOrder_USCOREArchive_USCORELine>()}}};
  return binding;
}

const Binding& release_binding() {
  using namespace navrelease;
  const Namespace* const table = navrelease_namespaces;
  static const Binding binding{
      "SalesRelease",
      "Codeunit",
      "urn:microsoft-dynamics-schemas/codeunit/SalesRelease",
      {operation<_navrelease__ReleaseOrder, _navrelease__ReleaseOrder_USCOREResult>(
           "ReleaseOrder", writes, table, "navrelease:ReleaseOrder",
           "navrelease:ReleaseOrder_Result"),
       operation<_navrelease__ReopenOrder, _navrelease__ReopenOrder_USCOREResult>(
           "ReopenOrder", writes, table, "navrelease:ReopenOrder",
           "navrelease:ReopenOrder_Result")},
      {}};
  return binding;
}

const Binding& journal_binding() {
  using namespace navjournal;
  const Namespace* const table = navjournal_namespaces;
  static const Binding binding{
      "ItemJournal",
      "Codeunit",
      "urn:microsoft-dynamics-schemas/codeunit/ItemJournal",
      {operation<_navjournal__PostItemJournal, _navjournal__PostItemJournal_USCOREResult>(
          "PostItemJournal", writes, table, "navjournal:PostItemJournal",
          "navjournal:PostItemJournal_Result")},
      {{"PostItemJournal", soap::element_names<_navjournal__PostItemJournal>()}}};
  return binding;
}

const std::vector<const Binding*>& all_bindings() {
  static const std::vector<const Binding*> bindings{
      &sales_order_binding(), &customer_binding(), &shipments_binding(), &invoices_binding(),
      &archive_binding(),     &release_binding(),  &journal_binding()};
  return bindings;
}

}  // namespace underpin::legacy::dynamics_nav
