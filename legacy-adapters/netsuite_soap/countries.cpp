#include "legacy-adapters/netsuite_soap/countries.h"

#include <array>
#include <string_view>

namespace underpin::legacy::netsuite_soap {
namespace {

struct Country {
  std::string_view code;
  std::string_view word;
};
// Those whose word is certain; a site adds others in its settings.
constexpr std::array countries{
    Country{"AT", "_austria"},       Country{"AU", "_australia"},
    Country{"BE", "_belgium"},       Country{"BG", "_bulgaria"},
    Country{"BR", "_brazil"},        Country{"CA", "_canada"},
    Country{"CH", "_switzerland"},   Country{"CN", "_china"},
    Country{"CY", "_cyprus"},        Country{"CZ", "_czechRepublic"},
    Country{"DE", "_germany"},       Country{"DK", "_denmark"},
    Country{"EE", "_estonia"},       Country{"ES", "_spain"},
    Country{"FI", "_finland"},       Country{"FR", "_france"},
    Country{"GB", "_unitedKingdom"}, Country{"GR", "_greece"},
    Country{"HK", "_hongKong"},      Country{"HU", "_hungary"},
    Country{"IE", "_ireland"},       Country{"IL", "_israel"},
    Country{"IN", "_india"},         Country{"IS", "_iceland"},
    Country{"IT", "_italy"},         Country{"JP", "_japan"},
    Country{"LI", "_liechtenstein"}, Country{"LT", "_lithuania"},
    Country{"LU", "_luxembourg"},    Country{"LV", "_latvia"},
    Country{"MT", "_malta"},         Country{"MX", "_mexico"},
    Country{"NL", "_netherlands"},   Country{"NO", "_norway"},
    Country{"NZ", "_newZealand"},    Country{"PL", "_poland"},
    Country{"PT", "_portugal"},      Country{"RO", "_romania"},
    Country{"SE", "_sweden"},        Country{"SG", "_singapore"},
    Country{"SI", "_slovenia"},      Country{"TR", "_turkey"},
    Country{"US", "_unitedStates"},  Country{"ZA", "_southAfrica"},
};

}  // namespace

std::optional<std::string> country_word(const std::vector<CodePair>& own, const std::string& code) {
  if (const std::string* word = to_vendor(own, code)) return *word;
  for (const Country& country : countries)
    if (country.code == code) return std::string(country.word);
  return std::nullopt;
}

std::string country_code(const std::vector<CodePair>& own, const std::string& word) {
  if (const std::string* code = from_vendor(own, word)) return *code;
  for (const Country& country : countries)
    if (country.word == word) return std::string(country.code);
  return word;
}

}  // namespace underpin::legacy::netsuite_soap
