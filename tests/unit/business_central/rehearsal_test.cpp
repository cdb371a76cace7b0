#include "simulated_erp.h"

#include "contracts/ports/rehearsal_service.h"

namespace underpin::cloud::business_central {
namespace {

class BusinessCentralRehearsal : public SimulatedErp {
 protected:
  RehearsalService& rehearsals() { return *adapter_->rehearsals(); }
  std::string faults_of(const Result<Rehearsed>& rehearsed) {
    EXPECT_TRUE(rehearsed.has_value()) << said(rehearsed);
    std::string text;
    if (rehearsed)
      for (const FieldError& fault : rehearsed->faults)
        text += fault.pointer + " " + fault.detail + "\n";
    return text;
  }
  Result<Rehearsed> rehearse(const Order& order) {
    return rehearsals().place_order(order, RehearsalGrade::rendered, call_within(10'000));
  }
};

TEST_F(BusinessCentralRehearsal, RendersTheMessageThatWouldBeSentAndSendsNothing) {
  EXPECT_EQ(adapter_->descriptor().rehearsal, RehearsalGrade::rendered);
  Order order = web_order("100042");
  Address to;
  to.name = "Ada Lovelace";
  to.city = "London";
  order.ship_to = to;
  const auto rehearsed = rehearse(order);
  EXPECT_EQ(faults_of(rehearsed), "");
  const auto message = json::parse(rehearsed->message);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->get("externalDocumentNumber").text(), "WEB/100042");
  EXPECT_EQ(message->get("salesOrderLines").size(), 3u) << "two lines and the charge";
  EXPECT_EQ(documents("WEB/100042"), 0u);
  EXPECT_TRUE(orders().place_order(order, write_within(10'000)).has_value())
      << "and it is taken when it is sent";
}

TEST_F(BusinessCentralRehearsal, FindsWhatTheServiceWouldRefuse) {
  Order order = web_order("100043");
  Address to;
  to.name = "Ada Lovelace";
  to.city = "Llanfairpwllgwyngyllgogerychwyrndrobwll";
  order.ship_to = to;
  EXPECT_EQ(faults_of(rehearse(order)), "/shipToCity must have at most 30 characters\n");
  EXPECT_FALSE(orders().place_order(order, write_within(10'000)).has_value())
      << "the service does refuse it";
  order.ship_to.reset();
  order.lines[0].location = LocationCode{"NOWHERE"};
  const auto unknown = rehearse(order);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::rejected) << said(unknown);
}

TEST_F(BusinessCentralRehearsal, CoversCustomersAndStockAndOffersNoSimulation) {
  Customer customer;
  customer.number = CustomerNumber{"W20001"};
  customer.name = "Grace Hopper";
  customer.kind = "person";
  customer.currency = "EUR";
  customer.email = std::string(90, 'a') + "@example.com";
  const auto too_long =
      rehearsals().create_customer(customer, RehearsalGrade::rendered, call_within(10'000));
  ASSERT_FALSE(too_long.has_value()) << "no message can be made of it";
  EXPECT_NE(said(too_long).find("/email must have at most 80 characters"), std::string::npos)
      << said(too_long);
  customer.email = "grace@example.com";
  EXPECT_EQ(faults_of(rehearsals().create_customer(customer, RehearsalGrade::rendered,
                                                   call_within(10'000))),
            "");
  StockAdjustment adjustment;
  adjustment.movement = MovementId{"M-1"};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = dec("2");
  EXPECT_EQ(faults_of(rehearsals().adjust_stock(adjustment, RehearsalGrade::rendered,
                                                call_within(10'000))),
            "");
  const auto simulated =
      rehearsals().place_order(web_order("1"), RehearsalGrade::simulated, call_within(10'000));
  ASSERT_FALSE(simulated.has_value());
  EXPECT_EQ(simulated.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace underpin::cloud::business_central
