#pragma once

#include "contracts/decimal.h"

#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// A price file of the site as text, with a trailer that is right unless a test spoils it.
class PriceFileText {
 public:
  PriceFileText(std::string_view batch, std::string_view mode,
                std::string_view created = "2026-11-24T01:00:00Z") {
    text_ = "H;PRICES;" + std::string(batch) + ";" + std::string(mode) + ";" +
            std::string(created) + ";EUR\r\n";
  }
  // "1000;2;;2026-01-01;;0;PCS;5.90;0;Europe/Berlin"
  PriceFileText& price(std::string_view fields) { return record('P', fields, true); }
  // "1000;2;;2026-01-01;0;PCS"
  PriceFileText& deletion(std::string_view fields) { return record('D', fields, false); }
  PriceFileText& everyone(std::string_view sku, std::string_view price) {
    return this->price(std::string(sku) + ";2;;2026-01-01;;0;PCS;" + std::string(price) +
                       ";0;Europe/Berlin");
  }
  PriceFileText& raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  std::string text() const {
    return text_ + "T;" + std::to_string(count_) + ";" + sum_.text() + "\r\n";
  }
  std::string without_trailer() const { return text_; }

 private:
  PriceFileText& record(char kind, std::string_view fields, bool counts) {
    text_ += kind;
    text_ += ';';
    text_ += fields;
    text_ += "\r\n";
    ++count_;
    if (!counts) return *this;
    std::size_t start = 0;
    for (int i = 0; i < 7; ++i) start = fields.find(';', start) + 1;
    sum_ += Decimal::parse(fields.substr(start, fields.find(';', start) - start)).value();
    return *this;
  }

  std::string text_;
  int count_ = 0;
  Decimal sum_;
};

}  // namespace underpin::legacy::dynamics_nav
