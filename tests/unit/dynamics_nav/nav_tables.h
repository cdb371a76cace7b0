#pragma once

#include "tests/unit/odbc/sample_database.h"

#include <memory>
#include <string>

namespace underpin::legacy::dynamics_nav {

// The tables that stock and prices are read from, as NAV's database has them, empty.
class NavTables {
 public:
  explicit NavTables(const std::string& company = "CRONUS", const std::string& suffix = "")
      : company_(company), suffix_(suffix) {
    create("Item",
           "[No_] VARCHAR(20), [Base Unit of Measure] VARCHAR(10), [Unit Price] VARCHAR(42)");
    create("Item Unit of Measure",
           "[Item No_] VARCHAR(20), [Code] VARCHAR(10), [Qty_ per Unit of Measure] VARCHAR(42)");
    create("Location", "[Code] VARCHAR(10), [Name] VARCHAR(100)");
    create("Item Ledger Entry",
           "[Entry No_] INTEGER, [Item No_] VARCHAR(20), [Posting Date] TIMESTAMP, "
           "[Document No_] VARCHAR(20), [Location Code] VARCHAR(10), [Quantity] VARCHAR(42)");
    create(
        "Sales Line",
        "[Document Type] INTEGER, [Document No_] VARCHAR(20), [Line No_] INTEGER, [Type] INTEGER, "
        "[No_] VARCHAR(20), [Location Code] VARCHAR(10), [Unit of Measure Code] VARCHAR(10), "
        "[Outstanding Quantity] VARCHAR(42)");
    create("Reservation Entry",
           "[Entry No_] INTEGER, [Positive] SMALLINT, [Item No_] VARCHAR(20), "
           "[Location Code] VARCHAR(10), [Quantity (Base)] VARCHAR(42), "
           "[Reservation Status] INTEGER, [Source Type] INTEGER");
    create("Customer", "[No_] VARCHAR(20), [Customer Price Group] VARCHAR(10)");
    create("Sales Price",
           "[Item No_] VARCHAR(20), [Sales Type] INTEGER, [Sales Code] VARCHAR(20), "
           "[Starting Date] TIMESTAMP, [Currency Code] VARCHAR(10), [Variant Code] VARCHAR(10), "
           "[Unit of Measure Code] VARCHAR(10), [Minimum Quantity] VARCHAR(42), "
           "[Unit Price] VARCHAR(42), [Ending Date] TIMESTAMP, [Price Includes VAT] SMALLINT");
  }

  void insert(const std::string& table, const std::string& columns, const std::string& values) {
    file_.run("INSERT INTO " + name(table) + " ([timestamp], " + columns + ") VALUES (" +
              std::to_string(++version_) + ", " + values + ")");
  }
  void item(const std::string& number, const std::string& price = "5.90000000000000000000") {
    insert("Item", "[No_], [Base Unit of Measure], [Unit Price]",
           "'" + number + "', 'PCS', '" + price + "'");
  }
  void location(const std::string& code) {
    insert("Location", "[Code], [Name]", "'" + code + "', ''");
  }
  void customer(const std::string& number, const std::string& group) {
    insert("Customer", "[No_], [Customer Price Group]", "'" + number + "', '" + group + "'");
  }
  int entry(const std::string& item, const std::string& location, const std::string& quantity,
            const std::string& document = "OPEN") {
    insert("Item Ledger Entry",
           "[Entry No_], [Item No_], [Posting Date], [Document No_], [Location Code], [Quantity]",
           std::to_string(++entry_) + ", '" + item + "', '2026-11-24 00:00:00', '" + document +
               "', '" + location + "', '" + quantity + "'");
    return entry_;
  }
  void sales_line(int document_type, int type, const std::string& item, const std::string& location,
                  const std::string& uom, const std::string& outstanding) {
    insert("Sales Line",
           "[Document Type], [Document No_], [Line No_], [Type], [No_], [Location Code], "
           "[Unit of Measure Code], [Outstanding Quantity]",
           std::to_string(document_type) + ", '1001', " + std::to_string(++line_ * 10000) + ", " +
               std::to_string(type) + ", '" + item + "', '" + location + "', '" + uom + "', '" +
               outstanding + "'");
  }
  void reservation(int positive, int status, int source, const std::string& item,
                   const std::string& location, const std::string& quantity) {
    insert("Reservation Entry",
           "[Entry No_], [Positive], [Item No_], [Location Code], [Quantity (Base)], "
           "[Reservation Status], [Source Type]",
           std::to_string(++line_) + ", " + std::to_string(positive) + ", '" + item + "', '" +
               location + "', '" + quantity + "', " + std::to_string(status) + ", " +
               std::to_string(source));
  }
  // "'1000', 2, '', '2026-01-01 00:00:00', '', '', 'PCS', '0', '5.90', '1753-01-01 00:00:00', 0"
  void sales_price(const std::string& values) {
    insert("Sales Price",
           "[Item No_], [Sales Type], [Sales Code], [Starting Date], [Currency Code], "
           "[Variant Code], [Unit of Measure Code], [Minimum Quantity], [Unit Price], "
           "[Ending Date], [Price Includes VAT]",
           values);
  }
  void run(const std::string& sql) { file_.run(sql); }
  int next_version() { return ++version_; }
  std::string name(const std::string& table) const {
    return "[" + company_ + "$" + table + suffix_ + "]";
  }

  std::shared_ptr<odbc::Database> database() const {
    // Every statement that a test makes an adapter write is held to the portable subset.
    odbc::Settings settings = file_.settings();
    settings.portable_only = true;
    return std::make_shared<odbc::Database>(std::move(settings));
  }

 private:
  void create(const std::string& table, const std::string& columns) {
    file_.run("CREATE TABLE " + name(table) + " ([timestamp] BIGINT NOT NULL, " + columns + ")");
  }

  odbc::SampleDatabase file_;
  std::string company_;
  std::string suffix_;
  int version_ = 0;
  int entry_ = 0;
  int line_ = 0;
};

inline WriteContext in_five_seconds() {
  WriteContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  return context;
}

}  // namespace underpin::legacy::dynamics_nav
