#include "legacy-adapters/soap_profile/runner.h"
#include "legacy-adapters/transport/profile/adapter.h"
#include "tests/unit/transport/raw_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <iterator>
#include <map>

// A profile of a SOAP service: what is sent, what is read, and what a failure means.
namespace underpin {

namespace legacy::soap_profile {
namespace {

using json::Value;
using profile::Fault;
using profile::Files;
using profile::Profile;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/marlow";
const Namespaces spaces{{"m", "urn:m"}, {"xsi", "http://www.w3.org/2001/XMLSchema-instance"}};

Value value(std::string_view text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Value();
}

// ---- templates

std::string rule_of(std::string_view xml) {
  std::string rule;
  (void)Template::parse(xml, spaces, rule);
  return rule;
}

std::string rendered(std::string_view xml, std::string_view values) {
  std::string rule;
  const Template made = Template::parse(xml, spaces, rule);
  EXPECT_EQ(rule, "");
  const auto text = made.render(value(values));
  return text ? *text : std::string(name(text.error().code)) + ": " + text.error().message;
}

TEST(SoapTemplate, ValuesAreTextWhateverTheyHold) {
  EXPECT_EQ(rendered("<m:a b='{x}'>{x}</m:a>", R"({"x": "</m:a>&\"'{y}]]>\r\n"})"),
            "<m:a b=\"&lt;/m:a&gt;&amp;&quot;'{y}]]&gt;&#13;&#10;\">"
            "&lt;/m:a&gt;&amp;&quot;'{y}]]&gt;&#13;&#10;</m:a>");
  EXPECT_EQ(rendered("<a>{{{x}}} &amp; &#233;</a>", R"({"x": 7})"), "<a>{7} &amp; é</a>");
  EXPECT_EQ(rendered("<a>{x}</a>", R"({"x": true})"), "<a>true</a>");
}

TEST(SoapTemplate, WhatXmlCannotHoldIsRefusedNotDropped) {
  for (const char* bad : {"\"a\\u0001\"", "\"\\uFFFF\"", "\"\\u001f\""})
    EXPECT_THAT(rendered("<a>{x}</a>", std::string(R"({"x": )") + bad + "}"),
                HasSubstr("invalid_request: x has a character"))
        << bad;
  EXPECT_EQ(rendered("<a>{x}</a>", R"({"x": "\u20ac\ud83d\ude00\t"})"), "<a>€😀&#9;</a>");
}

TEST(SoapTemplate, ElementsRepeatAndAreLeftOut) {
  const char* const lines =
      "<m:o> <m:l u:each='lines' n='{n}'><m:t u:if='t'>{t}</m:t><m:none u:unless='t'/></m:l>"
      "<m:any u:if='lines'>{of}</m:any> </m:o>";
  EXPECT_EQ(
      rendered(lines, R"({"of": "x", "lines": [{"n": 1, "t": "a"}, {"n": 2, "t": ""}]})"),
      "<m:o><m:l n=\"1\"><m:t>a</m:t></m:l><m:l n=\"2\"><m:none/></m:l><m:any>x</m:any></m:o>");
  EXPECT_EQ(rendered(lines, R"({"of": "x", "lines": []})"), "<m:o></m:o>");
  EXPECT_EQ(rendered("<m:q xsi:type='m:Q'><m:i u:each='a'><b u:each='c'>{d}{e}</b></m:i></m:q>",
                     R"({"a": [{"e": "1", "c": [{"d": "x"}, {"d": "y"}]}]})"),
            "<m:q xsi:type=\"m:Q\"><m:i><b>x1</b><b>y1</b></m:i></m:q>");
}

TEST(SoapTemplate, RefusesWhatIsNoTemplate) {
  EXPECT_EQ(rule_of("<a/>"), "");
  EXPECT_THAT(rule_of("<a>"), HasSubstr("is no well-formed XML: line 1"));
  EXPECT_THAT(rule_of("<x:a/>"), HasSubstr("is no well-formed XML"));
  EXPECT_THAT(rule_of("<a>&unknown;</a>"), HasSubstr("is no well-formed XML"));
  EXPECT_THAT(rule_of("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"), HasSubstr("no well-formed"));
  EXPECT_THAT(rule_of("<a/></u:template><b/>"), HasSubstr("is no well-formed XML"));
  EXPECT_THAT(rule_of("<a/><b/>"), HasSubstr("must be one element"));
  EXPECT_THAT(rule_of("<a u:if='x'/>"), HasSubstr("must be one element"));
  EXPECT_THAT(rule_of("text"), HasSubstr("must be one element"));
  EXPECT_THAT(rule_of("<a><!-- why --></a>"), HasSubstr("must hold neither comments"));
  EXPECT_THAT(rule_of("<a><?php x?></a>"), HasSubstr("must hold neither comments"));
  EXPECT_THAT(rule_of("<a xmlns='urn:x'/>"), HasSubstr("must not declare namespaces"));
  EXPECT_THAT(rule_of("<a>x<b/></a>"), HasSubstr("has text beside elements: x"));
  EXPECT_THAT(rule_of("<a>{x</a>"), HasSubstr("has a brace that names no value: {x"));
  EXPECT_THAT(rule_of("<a>{x.y}</a>"), HasSubstr("has a brace"));
  EXPECT_THAT(rule_of("<a>x}</a>"), HasSubstr("has a brace"));
  EXPECT_THAT(rule_of("<a u:of='x'/>"), HasSubstr("u:of must be u:each, u:if or u:unless"));
  EXPECT_THAT(rule_of("<a><b u:each='x/y'/></a>"), HasSubstr("u:each must be a name"));
  EXPECT_THAT(rule_of("<a><u:b/></a>"), HasSubstr("must not hold elements of u:"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep = "<a>" + deep + "</a>";
  EXPECT_EQ(rule_of(deep), "is nested too deeply");
  EXPECT_THAT(rule_of("<a>" + std::string(Template::bytes_max, ' ') + "</a>"),
              HasSubstr("must have at most"));
}

// ---- answers

Field field(const char* name, const char* path) {
  Field made;
  made.name = name;
  made.path = *parse_path(path, spaces);
  return made;
}

std::string enveloped(const std::string& body) {
  return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:m=\"urn:m\" "
         "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><s:Body>" +
         body + "</s:Body></s:Envelope>";
}

AnswerShape shape() {
  AnswerShape it;
  it.element = {"urn:m", "R"};
  it.records = *parse_path("m:L/m:I", spaces);
  it.fields = {field("no", "@No"), field("name", "m:N/m:T")};
  it.fields.push_back(field("qty", "m:Q"));
  it.fields.back().floating = 3;
  it.fields.push_back(field("lines", "m:P"));
  it.fields.back().each = true;
  it.fields.back().fields = {field("own", "x")};
  it.fields.push_back({"zone", {}, {}, false, false, {}, "UTC"});
  return it;
}

std::string read(const std::string& body, const AnswerShape& by = shape()) {
  const auto answer = read_answer(by, enveloped(body));
  if (!answer) return answer.error().message;
  if (answer->refused) return answer->refused->vendor_code + ": " + answer->refused->message;
  return json::write(Value::array(answer->records));
}

TEST(SoapAnswer, RecordsAreReadByPathsAndNamespaces) {
  EXPECT_EQ(
      read("<m:R><m:L><m:I No='  7 '><m:N><m:T> A&amp;B  </m:T></m:N>"
           "<m:Q>2.9999999999999996</m:Q><m:P><x>1</x></m:P><m:P><x xsi:nil='true'>2</x></m:P>"
           "<m:N2/></m:I></m:L></m:R>"),
      R"([{"no":"7","name":"A&B","qty":"3.000","lines":[{"own":"1"},{}],"zone":"UTC"}])");
  // Of another namespace: another name.
  EXPECT_EQ(read("<m:R><m:L><m:I No='1'><N><m:T>A</m:T></N></m:I></m:L></m:R>"),
            R"([{"no":"1","lines":[],"zone":"UTC"}])");
  EXPECT_EQ(read("<m:R><m:L><m:I/></m:L></m:R>"), "[]") << "an empty element is no record";
  EXPECT_EQ(read("<m:R><m:L><m:I No='1' xsi:nil='1'/></m:L></m:R>"), "[]");
}

TEST(SoapAnswer, WhatIsNotAsTheProfileSaysIsNotGuessed) {
  EXPECT_THAT(read("<m:S/>"), HasSubstr("is S of urn:m, not R"));
  EXPECT_THAT(read("<R/>"), HasSubstr("is R, not R"));
  EXPECT_THAT(read(""), HasSubstr("has an empty Body"));
  EXPECT_THAT(read("<m:R><m:L><m:I><m:N><m:T>A</m:T><m:T>B</m:T></m:N></m:I></m:L></m:R>"),
              HasSubstr("has m:N/m:T 2 times"));
  EXPECT_THAT(read("<m:R><m:L><m:I><m:N><m:T>A<m:b/></m:T></m:N></m:I></m:L></m:R>"),
              HasSubstr("has elements where m:N/m:T should be a text"));
  EXPECT_THAT(read("<m:R><m:L><m:I><m:Q>1.23456</m:Q></m:I></m:L></m:R>"),
              HasSubstr("'1.23456' in m:Q, which is no number of 3 places"));
  EXPECT_THAT(read("<m:R><m:L><m:I href='#1'/></m:L></m:R>"), HasSubstr("multi-reference"));
  std::string many(4'000'000, ' ');
  for (std::size_t i = 0; i + 8 <= many.size(); i += 8) many.replace(i, 4, "<a/>");
  EXPECT_THAT(read("<m:R>" + many + "</m:R>"), HasSubstr("has too many elements"));
}

// An empty look-up is proof that a write may be sent again.
TEST(SoapAnswer, NothingIsAnAnswerOnlyWhereTheListIs) {
  EXPECT_EQ(read("<m:R><m:L/></m:R>"), "[]");
  EXPECT_THAT(read("<m:R><L/></m:R>"), HasSubstr("does not hold the list of m:L/m:I"));
  AnswerShape told = shape();
  told.outcome = Outcome{*parse_path("m:C", spaces), {"0", "OK"}, parse_path("m:W", spaces)};
  EXPECT_EQ(read("<m:R><m:C> OK </m:C></m:R>", told), "[]");
  EXPECT_THAT(read("<m:R><m:L/></m:R>", told), HasSubstr("does not say in m:C"));
  EXPECT_EQ(read("<m:R><m:C>9</m:C><m:W>no</m:W><m:L><m:I No='1'/></m:L></m:R>", told), "9: no");
  EXPECT_EQ(read("<m:R><m:C/></m:R>", told), "blank: the ERP answered with code blank");
}

// A look-up must not call absent what is there under another name.
TEST(SoapAnswer, WhatIsThereAndCannotBeReadIsNotNothing) {
  AnswerShape told = shape();
  told.outcome = Outcome{*parse_path("m:C", spaces), {"0"}, {}};
  EXPECT_THAT(read("<m:R><m:L><m:I><No>7</No></m:I></m:L></m:R>"),
              HasSubstr("has m:L/m:I of which no field can be read"));
  EXPECT_THAT(read("<m:R><m:L><m:I Nr='7'/></m:L></m:R>"), HasSubstr("no field can be read"));
  EXPECT_EQ(read("<m:R><m:L><m:I xsi:type='m:I'><a>0.00</a><b>false</b><c xsi:nil='1'>7</c>"
                 "<d>0001-01-01T00:00:00</d></m:I></m:L></m:R>"),
            "[]")
      << "what must be there, of nothing";
  EXPECT_THAT(read("<m:R><m:C>0</m:C><L><m:I No='7'/></L></m:R>", told),
              HasSubstr("has L of no namespace, which is not that of m:L/m:I"));
  EXPECT_THAT(read("<m:R><m:C>0</m:C><m:L><I No='7'/></m:L></m:R>", told), HasSubstr("has I of"));
  EXPECT_THAT(read("<m:R><m:L><m:I No='7'><P><x>1</x></P></m:I></m:L></m:R>"),
              HasSubstr("has P of no namespace"))
      << "an order without its lines";
  told.records = {};
  told.fields = {field("name", "m:N/m:T")};
  EXPECT_EQ(read("<m:R><m:C>0</m:C></m:R>", told), "[]");
  EXPECT_THAT(read("<m:R><m:C>0</m:C><N><m:T>A</m:T></N></m:R>", told), HasSubstr("has N of"));
}

TEST(SoapAnswer, PathsAreAClosedNotation) {
  for (const char* good : {"a", "m:a/b/@c", "@m:c", "a-b.c_1", "Straße"})
    EXPECT_TRUE(parse_path(good, spaces)) << good;
  for (const char* bad : {"", "/", "a/", "/a", "a//b", "x:a", "a/@b/c", "*", "..", "a[1]", "a b",
                          "m:", ":a", "@", "1a", "text()"})
    EXPECT_FALSE(parse_path(bad, spaces)) << bad;
}

TEST(SoapAnswer, AFaultIsCalledByTheCodeInItsDetailOrItsOwn) {
  const FaultShape own{parse_path("m:E/m:C", spaces), parse_path("m:E/m:W", spaces)};
  const auto error = [&](const std::string& detail) {
    const soap::Fault fault{"s:Server", "", "oh", "all"};
    const Error made = read_fault(own, fault, enveloped("<s:Fault>" + detail + "</s:Fault>"));
    return made.vendor_code + ": " + made.message;
  };
  EXPECT_EQ(error("<detail><m:E><m:C>17</m:C><m:W>locked</m:W></m:E></detail>"),
            "17/Server: locked");
  EXPECT_EQ(error("<detail/>"), "Server/Server: oh");
  EXPECT_EQ(error(""), "Server/Server: oh");
  const Error second = read_fault({}, {"s:Receiver", "a:Locked", "", ""}, "no XML");
  EXPECT_EQ(second.vendor_code, "Locked/Receiver");
  EXPECT_EQ(second.message, "the ERP answered with fault Locked/Receiver");
}

// ---- check

Files marlow() { return profile::read_files(example).files; }

void replace(std::string& text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
}

std::vector<std::string> after(const std::string& file, const std::string& what,
                               const std::string& with) {
  Files files = marlow();
  replace(files.at(file), what, with);
  std::vector<std::string> faults;
  for (const Fault& fault : Profile::read(files, SoapKind{}).faults)
    faults.push_back(fault.file + " " + fault.pointer + " " + fault.rule);
  return faults;
}

TEST(SoapCheck, TheExampleIsValidAndOffersEverything) {
  const auto loaded = Profile::load(example, SoapKind{});
  EXPECT_THAT(loaded.faults, IsEmpty());
  ASSERT_NE(loaded.profile, nullptr);
  for (const Capability capability : all_capabilities)
    EXPECT_TRUE(loaded.profile->offers(capability));
}

TEST(SoapCheck, NamesWhatIsWrongAndWhere) {
  const std::string find = "operations/find_receipt.json";
  const std::string place = "operations/place_order.json";
  const std::string order = "operations/get_order.json";
  const auto has = [](const std::string& text) { return Contains(HasSubstr(text)); };
  EXPECT_THAT(
      after(find, "{ext_ref}", "{ext_rf}"),
      testing::ElementsAre(find + " /soap/calls/0/body {ext_rf} is given by neither the request's "
                                  "mapping nor an earlier call"));
  EXPECT_THAT(after(find, "{ext_ref}", ""), has("/request maps to ext_ref, which no body names"));
  EXPECT_THAT(after(find, "\"no\": \"@No\"", "\"nr\": \"@No\""),
              has("/answer reads no, which no call gives as a field"));
  EXPECT_THAT(after(find, "\"@No\"", "\"x:No\""), has("/soap/calls/0/answer/fields no must be"));
  EXPECT_THAT(after(find, "m:FindByRefResponse", "x:Response"), has("answer/element must be"));
  EXPECT_THAT(after(find, "\"records\": \"m:Doc\"", "\"records\": \"@Doc\""),
              has("lead to elements"));
  EXPECT_THAT(after(find, "\"records\"", "\"record\""), has("/soap/calls/0/answer/record"));
  EXPECT_THAT(after(place, "u:each='lines'", "u:each='line'"),
              has("line is no list of the request"));
  Files twice = marlow();
  replace(twice.at(place), "\"vendor\": \"pos\"", "\"vendor\": \"cust_no\"");
  replace(twice.at(place), "{pos}", "{cust_no}");
  EXPECT_THAT(Profile::read(twice, SoapKind{}).faults,
              Contains(Fault{place, "/soap/calls/0/body",
                             "{cust_no} is a name of the items of lines and another's"}));
  EXPECT_THAT(after(place, "<m:ExtRef>", "<m:ExtRf>"), has("is no well-formed XML: line 2"));
  EXPECT_THAT(after(place, "retail#SaveOrder\"", "retail Save\""),
              has("/soap/calls/0/action must"));
  EXPECT_THAT(after(order, "\"into\": \"deliveries\", ", ""), has("/soap/calls/1/into must say"));
  EXPECT_THAT(after(order, "\"floating\": 3", "\"floating\": 12"), has("must be 0 to 9"));
  EXPECT_THAT(after("profile.json", "\"1.1\"", "\"2\""), has("/soap/version must be"));
  EXPECT_THAT(after("profile.json", "\"m\": \"urn", "\"u\": \"urn"),
              has("/soap/namespaces u must"));
  EXPECT_THAT(after("profile.json", "\"1.1\"", "\"1.1\", \"header\": \"<m:Co>{no}</m:Co>\""),
              has("/soap/header must name no values"));
  EXPECT_THAT(after("profile.json", "[\"0000\"]", "[]"), has("/soap/outcome/done must name"));
  EXPECT_THAT(after("profile.json", "\"soap\": {", "\"sql\": {"), has("profile.json"));
}

TEST(SoapCheck, AReadOnlyProfileSaysWhy) {
  Files files = marlow();
  std::string none;
  for (const profile::OperationShape& shape : profile::operation_shapes()) {
    if (!shape.writes) continue;
    files.erase("operations/" + std::string(shape.name) + ".json");
    none += (none.empty() ? "\"" : ", \"") + std::string(shape.name) + "\": \"read only\"";
  }
  replace(files["profile.json"], "\"name\"", "\"not_offered\": {" + none + "}, \"name\"");
  const auto loaded = Profile::read(files, SoapKind{});
  EXPECT_THAT(loaded.faults, IsEmpty());
  ASSERT_NE(loaded.profile, nullptr);
  const auto settings = read_settings(R"({"profile": "x", "url": "http://127.0.0.1:9/"})", "erp");
  ASSERT_TRUE(settings);
  profile::Adapter adapter(loaded.profile, std::make_shared<Runner>(loaded.profile, *settings),
                           "erp");
  const auto refused = adapter.inventory()->adjust_stock({}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported) << "before anything is looked up";
  EXPECT_THAT(refused.error().message, HasSubstr("read only"));
}

TEST(SoapCheck, OnlyTheLastCallOfAWriteMayWrite) {
  const std::string file = "operations/adjust_stock.json";
  const std::string first =
      R"("calls": [ {"name": "x", "action": "a", "body": "<m:X/>", "answer": {"element": "m:Y"})";
  EXPECT_THAT(after(file, "\"calls\": [", first + "},"),
              Contains(HasSubstr("/soap/calls/0/reads must be true: nothing takes a call back")));
  EXPECT_THAT(after(file, "\"calls\": [", first + ", \"reads\": true},"), IsEmpty());
  EXPECT_THAT(after(file, "\"name\": \"entry\"", "\"name\": \"entry\", \"reads\": true"),
              Contains(HasSubstr("must not be true of the last call")));
}

// ---- the service

struct Said {
  int status = 200;
  std::string body;
};

std::string answered(const std::string& operation, const std::string& content = "",
                     const std::string& code = "0000") {
  return "<m:" + operation + "Response><m:RetCode>" + code + "</m:RetCode>" + content +
         "</m:" + operation + "Response>";
}

std::string fault(const std::string& code) {
  return "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring><detail>"
         "<m:MarlowFault><m:Code>" +
         code + "</m:Code><m:Text>why</m:Text></m:MarlowFault></detail></s:Fault>";
}

const std::string entry =
    answered("StockJournal",
             "<m:Entry><m:EntryNo>7</m:EntryNo><m:ItemNo>1000    </m:ItemNo><m:Whse>EAST</m:Whse>"
             "<m:Qty>2.5</m:Qty></m:Entry>");

// The example's profile, and a service that says what a case has it say.
class SoapService : public testing::Test {
 protected:
  void SetUp() override { use(marlow()); }

  void use(const Files& files, const std::string& more = "") {
    const auto loaded = Profile::read(files, SoapKind{});
    for (const Fault& one : loaded.faults)
      ADD_FAILURE() << one.file << " " << one.pointer << ": " << one.rule;
    ASSERT_NE(loaded.profile, nullptr);
    auto settings = read_settings(
        R"({"profile": "x", "url": ")" + server_.url("/retail") + "\"" + more + "}", "erp");
    ASSERT_TRUE(settings) << settings.error().message;
    adapter_ = std::make_unique<profile::Adapter>(
        loaded.profile, std::make_shared<Runner>(loaded.profile, *settings), "erp");
  }
  void says(const std::string& operation, const std::string& body, int status = 200) {
    const std::lock_guard lock(mutex_);
    said_[operation].push_back({status, body});
  }
  int sent(const std::string& operation) {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count(operations_.begin(), operations_.end(), operation));
  }
  static WriteContext within() {
    WriteContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    return context;
  }
  Result<AdjustmentReceipt> adjust() {
    StockAdjustment one;
    one.movement = MovementId{"MV-1"};
    one.key = {Sku{"1000"}, LocationCode{"EAST"}};
    one.quantity = *Decimal::parse("2.5");
    one.uom = "PCS";
    return adapter_->inventory()->adjust_stock(one, within());
  }
  // What a booking is called that the service answers so, once it has been looked up in vain.
  std::string booking(const std::string& body, int status = 200) {
    says("StockJournal", answered("StockJournal"));
    says("BookStock", body, status);
    const auto done = adjust();
    return done ? "done" : std::string(name(done.error().code));
  }
  Result<AdjustmentReceipt> look_up() {
    return adapter_->inventory()->find_adjustment(MovementId{"MV-1"}, within());
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void serve(transport::Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      const bool asks = request.rfind("GET ", 0) == 0;
      const std::size_t at = asks ? 0 : request.find("retail#") + 7;
      Said next{503, "nothing more is said"};
      {
        const std::lock_guard lock(mutex_);
        last_ = request;
        operations_.push_back(asks ? "WSDL" : request.substr(at, request.find('"', at) - at));
        std::deque<Said>& left = said_[operations_.back()];
        if (!left.empty()) {
          next = left.front();
          left.pop_front();
        }
      }
      // The example's namespace; m stands for it in the cases.
      std::string body =
          next.body[0] != '<' || next.body.rfind("<!", 0) == 0 || next.body.rfind("<s:E", 0) == 0
              ? next.body
              : "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                "xmlns:m=\"urn:marlow:retail\"><s:Body>" +
                    next.body + "</s:Body></s:Envelope>";
      peer.send("HTTP/1.1 " + std::to_string(next.status) +
                " Said\r\nContent-Type: text/xml\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }

  std::mutex mutex_;
  std::map<std::string, std::deque<Said>> said_;
  std::vector<std::string> operations_;
  std::string last_;

 protected:
  transport::RawServer server_{[this](transport::Peer& peer, int) { serve(peer); }};
  std::unique_ptr<profile::Adapter> adapter_;
};

TEST_F(SoapService, AnUnansweredWriteIsLookedUpAndNotSentAgain) {
  EXPECT_EQ(booking("gateway timeout", 504), "outcome_unknown");
  EXPECT_EQ(sent("BookStock"), 1);
  says("StockJournal", entry);
  const auto again = adjust();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->document, DocumentNumber{"7"});
  EXPECT_EQ(sent("BookStock"), 1) << "it was there";
}

TEST_F(SoapService, WhatHttpRefusesLateLeavesAWriteUnknown) {
  for (const int status : {400, 408, 409, 422})
    EXPECT_EQ(booking("no", status), "outcome_unknown") << status;
  for (const int status : {404, 413, 415}) EXPECT_EQ(booking("no", status), "internal") << status;
}

TEST_F(SoapService, RulesJudgeWhatTheErpSaidAndNotWhatWeSayOfIt) {
  Files files = marlow();
  replace(files.at("errors.json"), "\"rules\": [",
          "\"rules\": [{\"contains\": \"find_\", \"code\": \"not_found\"}, "
          "{\"state\": \"VP\", \"code\": \"rejected\"},"
          "{\"state\": \"VP/112\", \"code\": \"conflict\"},");
  use(files);
  says("StockJournal", fault("9999"), 500);
  EXPECT_EQ(look_up().error().code, ErrorCode::internal) << "the file's name is not the ERP's";
  EXPECT_EQ(booking(answered("BookStock", "", "VP/113")), "outcome_unknown");
  EXPECT_EQ(booking(fault("VP/113"), 500), "outcome_unknown");
  says("StockJournal", answered("StockJournal"));
  EXPECT_EQ(booking(answered("BookStock", "", "VP/112")), "conflict");
}

TEST_F(SoapService, ARefusalThatNoRuleNamesSaysNothingOfTheWrite) {
  EXPECT_EQ(booking(answered("BookStock", "", "1001")), "rejected");
  EXPECT_EQ(booking(answered("BookStock", "", "7777")), "outcome_unknown");
  says("StockJournal", answered("StockJournal"));  // A conflict is looked up.
  EXPECT_EQ(booking(fault("9001"), 500), "conflict");
  EXPECT_EQ(booking(fault("9404"), 500), "not_found") << "empty is an answer to a read only";
  EXPECT_EQ(booking(fault("9999"), 500), "outcome_unknown");
  EXPECT_EQ(booking(fault("9999"), 200), "outcome_unknown") << "a fault with HTTP 200";
  says("StockJournal", fault("9999"), 500);
  const auto read = look_up();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::internal) << "a read changes nothing";
  EXPECT_EQ(read.error().vendor_code, "9999/Server");
  EXPECT_THAT(read.error().message, HasSubstr("find_adjustment.json: call entries: why (no rule"));
}

TEST_F(SoapService, WhatSoapAndWsSecurityDefineWasNotCarriedOut) {
  const auto said = [](const char* code) {
    return std::string(
               "<s:Fault><faultcode xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/"
               "oasis-200401-wss-wssecurity-secext-1.0.xsd\">") +
           code + "</faultcode><faultstring>no</faultstring></s:Fault>";
  };
  EXPECT_EQ(booking(said("w:FailedAuthentication"), 500), "unauthorized");
  EXPECT_EQ(booking(said("m:FailedAuthentication"), 500), "outcome_unknown") << "the ERP's own";
  EXPECT_EQ(booking(said("s:MustUnderstand"), 500), "internal");
  EXPECT_EQ(booking(said("m:MustUnderstand"), 500), "outcome_unknown");
  EXPECT_EQ(booking(said("s:Client"), 500), "outcome_unknown") << "some say so of everything";
}

TEST_F(SoapService, AnAnswerThatCannotBeReadLeavesAWriteUnknown) {
  EXPECT_EQ(booking(answered("SaveOrder")), "outcome_unknown") << "of another operation";
  EXPECT_EQ(booking("<m:BookStockResponse/>"), "outcome_unknown") << "without its code";
  EXPECT_EQ(booking("<html>welcome</html>"), "outcome_unknown");
  EXPECT_EQ(booking("<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>"), "outcome_unknown");
  EXPECT_EQ(booking(""), "outcome_unknown");
  says("StockJournal", "<m:StockJournalResponse/>");
  const auto read = look_up();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::internal);
}

// "Not found" is what allows a write to be sent: only the ERP itself may say so.
TEST_F(SoapService, WhatAGatewaySaysIsNotTheErpsWord) {
  Files files = marlow();
  replace(files.at("errors.json"), "\"rules\": [",
          "\"rules\": [{\"state\": \"HTTP*\", \"code\": \"not_found\"}, "
          "{\"contains\": \"HTTP\", \"code\": \"not_found\"}, "
          "{\"contains\": \"address\", \"code\": \"not_found\"},");
  use(files);
  for (const int status : {404, 503, 410}) {
    says("StockJournal", "nothing here", status);
    const auto found = look_up();
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().code, ErrorCode::not_found) << status;
  }
  says("StockJournal", "nothing here", 404);
  EXPECT_FALSE(adjust());
  EXPECT_EQ(sent("BookStock"), 0);
  says("StockJournal", fault("9404"), 500);
  const auto none = look_up();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found) << "the ERP's own word";
}

TEST_F(SoapService, AFaultThatMeansAlreadyThereIsLookedUp) {
  Files files = marlow();
  replace(files.at("errors.json"), "\"rules\": [",
          "\"rules\": [{\"state\": \"9800\", \"code\": \"conflict\"},");
  use(files);
  const std::string found = answered("FindByRef", "<m:Doc No='00004711' State='10'/>");
  says("FindByRef", answered("FindByRef"));
  says("SaveOrder", fault("9800"), 500);
  says("FindByRef", found);
  says("GetOrders",
       answered("GetOrders",
                "<m:Orders><m:Order><m:OrdNo>00004711</m:OrdNo><m:ExtRef>WEB/1</m:ExtRef>"
                "<m:CustNo>C1</m:CustNo><m:OrdDate>2026-11-24</m:OrdDate><m:Cur>EUR</m:Cur>"
                "<m:Gross>N</m:Gross><m:State>10</m:State></m:Order></m:Orders>"));
  says("GetDeliveries", answered("GetDeliveries"));
  says("GetInvoices", answered("GetInvoices"));
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{"1"}};
  order.customer = CustomerNumber{"C1"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = Decimal::of(1);
  line.unit_price = Decimal::of(2);
  line.description = "<m:Qty>99</m:Qty>";
  order.lines.push_back(line);
  const auto placed = adapter_->orders()->place_order(order, within());
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_EQ(placed->document, DocumentNumber{"00004711"});
  EXPECT_EQ(sent("SaveOrder"), 1);
  order.lines[0].description = "a\x01";
  says("FindByRef", answered("FindByRef"));
  const auto unsayable = adapter_->orders()->place_order(order, within());
  ASSERT_FALSE(unsayable);
  EXPECT_EQ(unsayable.error().code, ErrorCode::invalid_request) << unsayable.error().message;
  EXPECT_EQ(sent("SaveOrder"), 1) << "nothing was sent";
}

TEST_F(SoapService, ARecordWithoutItsKeyIsNotAskedForWithABlank) {
  says("GetOrders",
       answered("GetOrders", "<m:Orders><m:Order><m:ExtRef>WEB/1</m:ExtRef></m:Order></m:Orders>"));
  says("GetDeliveries",
       answered("GetDeliveries", "<m:Delivery><m:DelNo>D7</m:DelNo></m:Delivery>"));
  const auto order =
      adapter_->orders()->get_order({{ChannelId{"web"}, OrderNumber{"1"}}, {}}, within());
  ASSERT_FALSE(order);
  EXPECT_THAT(order.error().message, HasSubstr("call deliveries: the record has no no"));
  EXPECT_EQ(sent("GetDeliveries"), 0);
}

TEST_F(SoapService, AWriteThatLooksUpFirstWritesNothingWithoutIt) {
  Files files = marlow();
  replace(files.at("operations/adjust_stock.json"), "\"calls\": [",
          R"("calls": [{"name": "item", "reads": true, "action": "urn:marlow:retail#GetStock",
             "body": "<m:GetStock><m:ItemNo>{item_no}</m:ItemNo></m:GetStock>",
             "answer": {"element": "m:GetStockResponse", "records": "m:Row",
                        "fields": {"own_unit": "m:Unit"}}},)");
  replace(files.at("operations/adjust_stock.json"), "u:if='unit'>{unit}",
          "u:if='unit'>{own_unit}/{unit}");
  use(files);
  const auto row = [](const char* unit) {
    return std::string("<m:Row><m:Unit>") + unit + "</m:Unit></m:Row>";
  };
  says("GetStock", answered("GetStock"));
  EXPECT_EQ(booking(answered("BookStock")), "not_found");
  says("GetStock", answered("GetStock", row("A") + row("B")));
  says("StockJournal", answered("StockJournal"));  // A conflict is looked up.
  EXPECT_EQ(booking(answered("BookStock")), "conflict") << "whose?";
  Files asked = files;
  replace(asked.at("operations/adjust_stock.json"), "u:if='unit'>{own_unit}/{unit}",
          "u:if='own_unit'>{unit}");
  use(asked);
  says("GetStock", answered("GetStock", row("A") + row("B")));
  says("StockJournal", answered("StockJournal"));
  EXPECT_EQ(booking(answered("BookStock")), "conflict") << "a condition of two";
  use(files);
  says("GetStock", "busy", 503);
  EXPECT_EQ(booking(answered("BookStock")), "unavailable") << "nothing was written: send it again";
  EXPECT_EQ(sent("BookStock"), 0);
  says("GetStock", answered("GetStock", row("BOX")));
  says("StockJournal", answered("StockJournal"));
  says("StockJournal", entry);
  const auto done = adjust();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(sent("BookStock"), 1);
}

TEST_F(SoapService, TwelveWithATokenAndAnotherAddress) {
  Files files = marlow();
  replace(files.at("profile.json"), "\"1.1\"",
          "\"1.2\", \"header\": [\"<m:Co no='7'>\", \"&lt;</m:Co>\"]");
  replace(files.at("operations/find_adjustment.json"), "\"action\"",
          "\"endpoint\": \"stock\", \"action\"");
  use(files, R"(, "endpoints": {"stock": ")" + server_.url("/stock") +
                 R"("}, "security": {"token": "text", "user": "ada", "password": "pw"})");
  const std::string twelve = "http://www.w3.org/2003/05/soap-envelope";
  says("StockJournal", "<s:Envelope xmlns:s=\"" + twelve +
                           "\" xmlns:m=\"urn:marlow:retail\"><s:Body>" + entry +
                           "</s:Body></s:Envelope>");
  const auto found = look_up();
  ASSERT_TRUE(found) << found.error().message;
  const std::string request = last_request();
  EXPECT_THAT(request, HasSubstr("POST /stock HTTP/1.1"));
  EXPECT_THAT(request, HasSubstr("application/soap+xml"));
  EXPECT_THAT(request, HasSubstr("action=\"urn:marlow:retail#StockJournal\""));
  EXPECT_THAT(request, HasSubstr("<wsse:Username>ada</wsse:Username>"));
  EXPECT_THAT(request, HasSubstr("<m:Co no=\"7\">\n&lt;</m:Co></soap:Header>"));
  EXPECT_THAT(request, HasSubstr("<m:DocNo>MV-1</m:DocNo>"));
  says("StockJournal",
       "<s:Envelope xmlns:s=\"" + twelve +
           "\"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>"
           "<s:Subcode><s:Value>m:9404</s:Value></s:Subcode></s:Code><s:Reason><s:Text>no</s:Text>"
           "</s:Reason></s:Fault></s:Body></s:Envelope>",
       400);
  const auto none = look_up();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found) << none.error().message;
}

TEST_F(SoapService, TheDoctorComparesTheProfileWithTheWsdl) {
  std::ifstream file(example + "/service/marlow.wsdl");
  std::string wsdl((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  wsdl.erase(0, wsdl.find('\n') + 1);
  const auto findings = [&](const std::string& text) {
    says("WSDL", text);
    std::string all;
    for (const Finding& one : adapter_->examine(within()))
      all += std::string(one.ok ? "ok " : "no ") + one.what + ": " + one.detail + "\n";
    return all;
  };
  EXPECT_EQ(
      findings(wsdl),
      "ok profile marlow: 25 operations: \nok WSDL: \n"
      "ok the profile's actions are in the WSDL: \nok the profile's names are in the WSDL: \n");
  replace(wsdl, "retail#BookStock\"", "retail#BookStocks\"");
  replace(wsdl, "name=\"EntryNo\"", "name=\"EntryNr\"");
  EXPECT_THAT(findings(wsdl), HasSubstr("no the profile's actions are in the WSDL: "
                                        "urn:marlow:retail#BookStock\n"));
  replace(wsdl, "name=\"EntryNo\"", "name=\"EntryNr\"");
  EXPECT_THAT(findings(wsdl), HasSubstr("no the profile's names are in the WSDL: EntryNo\n"));
  EXPECT_THAT(findings("<xs:import schemaLocation=\"a.xsd\"/>"),
              HasSubstr("ok the WSDL's schemas are elsewhere: not compared"));
  EXPECT_FALSE(adapter_->ping(within())) << "503";
}

}  // namespace
}  // namespace legacy::soap_profile
}  // namespace underpin
