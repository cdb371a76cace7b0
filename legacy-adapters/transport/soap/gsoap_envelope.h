#pragma once

#include "contracts/json/json_text.h"
#include "contracts/result.h"

#include <stdsoap2.h>

#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// gSOAP as a serialiser only: typed requests and answers to and from envelopes; the bytes travel
// through soap.h's client. A record is a JSON object of texts, nested records and arrays of
// records, which is what mapping files read and write. each_member() of every type is generated
// from the WSDL (gsoap.cmake): a name that the WSDL does not have is found out here and never sent.
namespace underpin::legacy::soap {

class GsoapSession {
 public:
  explicit GsoapSession(const Namespace* table)
      : soap_(soap_new1(SOAP_C_UTFSTRING | SOAP_XML_TREE)) {
    if (soap_ == nullptr) throw std::bad_alloc();
    soap_set_namespaces(soap_, table);
    soap_->maxlevel = 32;
    soap_->maxoccurs = 100'000;
    soap_->maxlength = 16 * 1024 * 1024;
  }
  ~GsoapSession() {
    soap_destroy(soap_);
    soap_end(soap_);
    soap_free(soap_);
  }
  GsoapSession(const GsoapSession&) = delete;
  GsoapSession& operator=(const GsoapSession&) = delete;

  struct soap* get() {
    return soap_;
  }

  std::string failure() const {
    std::ostringstream text;
    soap_stream_fault(soap_, text);
    return text.str();
  }

 private:
  struct soap* soap_;
};

// Keeps what pointers in a request point to.
class Kept {
 public:
  template <class T>
  T* make() {
    auto made = std::make_shared<T>();
    T* raw = made.get();
    kept_.push_back(std::move(made));
    return raw;
  }

 private:
  std::vector<std::shared_ptr<void>> kept_;
};

// Record -> typed. Throws std::invalid_argument for a member that the type does not have.
class Filling {
 public:
  Filling(const json::Value& record, Kept& kept) : record_(record), kept_(kept) {}

  template <class T>
  static void fill(T& typed, const json::Value& record, Kept& kept) {
    Filling filling(record, kept);
    each_member(typed, filling);
    filling.finish();
  }

  void operator()(const char* name, std::string& text) {
    if (const json::Value* found = take(name)) text = scalar(name, *found);
  }
  void operator()(const char* name, std::string*& text) {
    const json::Value* found = take(name);
    if (found == nullptr) return;
    text = kept_.make<std::string>();
    *text = scalar(name, *found);
  }
  template <class T>
  void operator()(const char* name, T*& nested) {
    if (const json::Value* found = take(name)) nested = typed<T>(*found);
  }
  template <class T>
  void operator()(const char* name, std::vector<T*>& list) {
    const json::Value* found = take(name);
    if (found == nullptr) return;
    for (const json::Value& item : found->items()) list.push_back(typed<T>(item));
  }

 private:
  const json::Value* take(const char* name) {
    const json::Value* found = record_.find(name);
    if (found != nullptr) ++taken_;
    return found;
  }
  template <class T>
  T* typed(const json::Value& record) {
    T* made = kept_.make<T>();
    fill(*made, record, kept_);
    return made;
  }
  static std::string scalar(const char* name, const json::Value& value) {
    Result<std::string> text = value.as_scalar_text();
    if (!text) throw std::invalid_argument(std::string(name) + " is no text");
    return std::move(text).value();
  }
  void finish() const {
    if (taken_ != record_.size())
      throw std::invalid_argument("the service's description does not have all members of " +
                                  json::write(record_));
  }

  const json::Value& record_;
  Kept& kept_;
  std::size_t taken_ = 0;
};

// Typed -> record. What is absent stays absent.
class Telling {
 public:
  template <class T>
  static json::Value tell(T& typed) {
    Telling telling;
    each_member(typed, telling);
    return std::move(telling.record_);
  }

  void operator()(const char* name, const std::string& text) { record_.append({name, text}); }
  void operator()(const char* name, std::string*& text) {
    if (text != nullptr) record_.append({name, *text});
  }
  template <class T>
  void operator()(const char* name, T*& nested) {
    if (nested != nullptr) record_.append({name, tell(*nested)});
  }
  template <class T>
  void operator()(const char* name, std::vector<T*>& list) {
    json::Value items = json::Value::array();
    for (T* item : list)
      if (item != nullptr) items.push(tell(*item));
    record_.append({name, std::move(items)});
  }

 private:
  json::Value record_ = json::Value::object();
};

// The names of a type's elements, for comparison with a site's own WSDL.
template <class T>
std::vector<std::string> element_names() {
  std::vector<std::string> names;
  T typed;
  each_member(typed, [&](const char* name, auto&) { names.push_back(name); });
  return names;
}

// An envelope around one request; `element` is its prefixed name, "navorder:Read".
template <class Request>
std::string write_envelope(const Namespace* table, const char* element, const json::Value& record) {
  Kept kept;
  Request request;
  Filling::fill(request, record, kept);
  GsoapSession session(table);
  struct soap* soap = session.get();
  std::ostringstream stream;
  soap->os = &stream;
  request.soap_serialize(soap);
  if (soap_begin_send(soap) || soap_envelope_begin_out(soap) || soap_body_begin_out(soap) ||
      request.soap_put(soap, element, "") || soap_body_end_out(soap) ||
      soap_envelope_end_out(soap) || soap_end_send(soap))
    throw std::runtime_error("a request could not be written: " + session.failure());
  return stream.str();
}

// The record in an answer's envelope. Throws std::runtime_error when it is not what the WSDL says.
template <class Answer>
json::Value read_envelope(const Namespace* table, const char* element, std::string_view envelope) {
  GsoapSession session(table);
  struct soap* soap = session.get();
  std::istringstream stream{std::string(envelope)};
  soap->is = &stream;
  Answer answer;
  answer.soap_default(soap);
  if (soap_begin_recv(soap) || soap_envelope_begin_in(soap) || soap_recv_header(soap) ||
      soap_body_begin_in(soap) || answer.soap_get(soap, element, nullptr) == nullptr ||
      soap_body_end_in(soap) || soap_envelope_end_in(soap) || soap_end_recv(soap))
    throw std::runtime_error("an answer is not as the service describes it: " + session.failure());
  return Telling::tell(answer);
}

}  // namespace underpin::legacy::soap
