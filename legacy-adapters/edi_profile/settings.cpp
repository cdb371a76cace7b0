#include "legacy-adapters/edi_profile/settings.h"

#include "contracts/json/object_reader.h"

#include <tuple>

namespace underpin::legacy::edi_profile {
namespace {

using json::Need;
using json::ObjectReader;

void read_party(ObjectReader& reader, std::string_view key, std::string& qualifier, std::string& id,
                std::string& group_id) {
  reader.read_object(key, [&](ObjectReader& one) {
    one.read("qualifier", qualifier, Need::optional);
    one.read("id", id);
    group_id = id;
    one.read("group_id", group_id, Need::optional);
    if (qualifier.size() > 4) one.refuse("qualifier", "must have at most four characters");
    if (id.empty() || id.size() > 35) one.refuse("id", "must have 1 to 35 characters");
    if (group_id.size() < 2 || group_id.size() > 35)
      one.refuse("group_id", "must have 2 to 35 characters");
  });
}

void read_character(ObjectReader& reader, std::string_view key, char& into) {
  std::string text(into == '\0' ? 0 : 1, into);
  reader.read(key, text, Need::optional);
  if (text.size() > 1) reader.refuse(key, "must be one character");
  into = text.empty() ? '\0' : text[0];
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const auto document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "settings of an EDI profile", [&](ObjectReader& reader, Settings& it) {
        told::read_exchange(reader, it);
        read_party(reader, "us", it.envelope.sender_qualifier, it.envelope.sender, it.group_sender);
        read_party(reader, "partner", it.envelope.receiver_qualifier, it.envelope.receiver,
                   it.group_receiver);
        bool test = false;
        reader.read("test", test, Need::optional);
        it.envelope.usage = test ? 'T' : 'P';
        reader.read_object(
            "x12",
            [&](ObjectReader& one) {
              one.read("version", it.envelope.version, Need::optional);
              one.read("group_version", it.group_version, Need::optional);
              read_character(one, "element", it.envelope.separators.element);
              read_character(one, "component", it.envelope.separators.component);
              read_character(one, "repetition", it.envelope.separators.repetition);
              one.read("terminator", it.envelope.separators.terminator, Need::optional);
              one.read("line_per_segment", it.line_per_segment, Need::optional);
              std::string why;
              if (!edi::valid(it.envelope.separators, why)) one.refuse("element", why);
            },
            Need::optional);
        reader.read_object(
            "edifact",
            [&](ObjectReader& one) {
              it.edifact.emplace();
              one.read("syntax", it.edifact->syntax, Need::optional);
              one.read("version", it.edifact->version, Need::optional);
              const std::string set(edi::character_set(it.edifact->syntax));
              auto page = edi::CodePage::of(set);
              if (page)
                it.code_page = std::move(page).value();
              else
                one.refuse("syntax", "must be one of a byte a character: UNOA to UNOK");
            },
            Need::optional);
        if (!it.edifact)
          for (const auto& [key, qualifier] :
               {std::pair("us", &it.envelope.sender_qualifier),
                std::pair("partner", &it.envelope.receiver_qualifier)})
            if (qualifier->size() != 2)
              reader.refuse(key, "must have a qualifier of two characters");
        if (!it.edifact)
          for (const auto& [key, id, group_id] :
               {std::tuple("us", &it.envelope.sender, &it.group_sender),
                std::tuple("partner", &it.envelope.receiver, &it.group_receiver)})
            if (id->size() > 15 || group_id->size() > 15)
              reader.refuse(key, "must have ids of at most 15 characters, as X12 has them");
        std::string code_page;
        reader.read("code_page", code_page, Need::optional);
        if (!code_page.empty() && code_page != "UTF-8") {
          auto page = edi::CodePage::of(code_page);
          if (page)
            it.code_page = std::move(page).value();
          else
            reader.refuse("code_page", page.error().message);
        }
        bool accepts = false;
        reader.read("accept_wrong_count", accepts, Need::optional);
        if (accepts) it.policy.wrong_set_count = edi::X12Policy::Count::accept_with_error;
      });
}

}  // namespace underpin::legacy::edi_profile
