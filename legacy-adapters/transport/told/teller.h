#pragma once

#include "legacy-adapters/transport/profile/profile.h"
#include "legacy-adapters/transport/told/order_body.h"
#include "legacy-adapters/transport/told/state.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// An ERP that cannot be asked: it is sent files and tells in files of its own, when it wants to.
// What is the same whatever the files look like is here; an adapter adds how they are written and
// read.
namespace underpin::legacy::told {

// What a document is about, of any kind: the parts of DocumentShape tables that are the same.
const std::vector<std::string_view>& order_answer_members();
// The reads that what such a document told answers; the shapes' names are those of Teller::take().
std::vector<std::string_view> told_by(std::string_view shape);

// Whether such a document gives the number of a change back.
bool gives_number_back(const profile::Document& document);

// Applies what documents say to the state, within the caller's transaction. One thread.
class Teller {
 public:
  // Told of every document that cannot be applied, or a part of it: `field` is its canonical
  // pointer, empty for the whole.
  using Refuse = std::function<void(const std::string& field, const std::string& reason)>;
  // `numbered`: a document of the profile gives_number_back(). One that does is enough: where an
  // 865 has the number, an 855 without it answers no change.
  Teller(StateDatabase& database, bool numbered, Timestamp now, Refuse refuse)
      : database_(database), numbered_(numbered), now_(now), refuse_(std::move(refuse)) {}

  // The number of what follows: what has a lower one (came_before) is older and overwrites nothing.
  void begin(std::int64_t told) { told_ = told; }

  // `said` is canonical, as the mapping of `document` gave it.
  void take(const profile::Document& document, const json::Value& said);

  void answer_refused(Request& request, const std::string& code, const std::string& reason);
  // The order that the request is about becomes what it asked for, and then what `answer` says.
  void answer_accepted(Request& request, const json::Value& answer, const std::string& document);

 private:
  std::vector<StoredOrder> orders_of(const Request& request);
  // False: the document was refused.
  bool accept_order(const Request& request, const json::Value& answer, const std::string& document);
  void take_answer(const json::Value& answer);
  void revive(const Request& request);
  std::optional<Request> answered_by(const json::Value& answer,
                                     const std::vector<StoredOrder>& orders);
  void tell(const json::Value& answer, const std::string& reference, const std::string& number,
            std::vector<StoredOrder>& orders);
  std::optional<StoredOrder> named(const json::Value& said, std::string_view number_member,
                                   const std::string& at);
  void take_shipment(const json::Value& shipment);
  void take_invoice(const json::Value& invoice);
  void finish(StoredOrder& order, const Told& told, const std::string& at);
  void take_stock(const json::Value& stock);
  void take_movements(const json::Value& movements);
  void take_customer(json::Value customer);
  bool accepted_before(Request& request, const std::string& document);
  void take_answer_of(const std::string& subject, const json::Value& answer);
  void refuse_document(const std::string& field, const std::string& reason) {
    ++refused_;
    refuse_(field, reason);
  }

  StateDatabase& database_;
  const bool numbered_;
  const Timestamp now_;
  const Refuse refuse_;
  std::int64_t told_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace underpin::legacy::told
