#include "legacy-adapters/transport/odbc/portable.h"
#include "tests/unit/odbc/sample_database.h"

#include <gmock/gmock.h>

namespace underpin::legacy::odbc {
namespace {

using testing::HasSubstr;

TEST(Portable, IsWhatEveryDatabaseUnderstands) {
  for (const char* sql : {
           "SELECT t.[No_], CAST(0 AS DECIMAL(38,20)) FROM [CRONUS$Item] t WHERE t.[No_] IN (?,?)",
           "SELECT COUNT(*) FROM \"T\" t LEFT JOIN \"U\" u ON u.\"A\" = t.\"A\" WHERE t.\"B\" <> "
           "''",
           "SELECT 'D', MAX(e.[n]) FROM [limit] e WHERE 1 = 1 UNION ALL SELECT 'it''s', -1.5 FROM "
           "[b]]c] x GROUP BY x.[n] HAVING SUM(x.[n]) >= 3 ORDER BY 1 DESC",
           "SELECT CASE WHEN t.a IS NULL THEN COALESCE(t.b, 0) ELSE t.a END FROM t t WHERE NOT t.a "
           "BETWEEN 1 AND 2 AND t.c LIKE ?",
           "SELECT e.[Posting Date], '', 0 FROM [CRONUS$G_L Entry] e LEFT JOIN [CRONUS$Sales "
           "Invoice Header] h ON h.[No_] = e.[Document No_] WHERE e.[Entry No_] > ? AND "
           "e.[Posting Date] >= {ts '2026-01-31 00:00:00'} AND e.[d] < {d '2026-02-28'} ORDER BY "
           "e.[Entry No_]",
           "SELECT CAST(r.[timestamp] AS BIGINT), r.[No_] FROM [CRONUS$Sales Header] r WHERE "
           "CAST(r.[timestamp] AS BIGINT) > ? UNION ALL SELECT 1, w.[Code] FROM `Location` w ORDER "
           "BY 1",
       })
    EXPECT_EQ(not_portable(sql), "") << sql;
}

TEST(Portable, IsNotWhatOnlySomeDo) {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"", "must begin with SELECT"},
      {"WITH x AS (SELECT 1) SELECT 1 FROM x", "must begin with SELECT"},
      {"DELETE FROM t", "must begin with SELECT"},
      {"SELECT TOP 5 a FROM t", "'TOP' is not in the subset"},
      {"SELECT a FROM t LIMIT 5", "'LIMIT' is not in the subset"},
      {"SELECT a FROM t FETCH FIRST 5 ROWS ONLY", "'FETCH'"},
      {"SELECT a FROM t WITH (NOLOCK)", "'WITH'"},
      {"SELECT a FROM t FOR UPDATE", "'FOR'"},
      {"SELECT a FROM t FULL JOIN u ON 1 = 1", "'FULL'"},
      {"SELECT a || b FROM t", "'|' is not in the subset"},
      {"SELECT a FROM t WHERE b != 1", "'!'"},
      {"SELECT a FROM t WHERE b = :name", "':'"},
      {"SELECT a::text FROM t", "':'"},
      {"SELECT a % 2 FROM t", "'%'"},
      {"SELECT TRIM(a) FROM t", "the function 'TRIM' is not in the subset"},
      {"SELECT GETDATE() FROM t", "the function 'GETDATE'"},
      {"SELECT DATE '2026-01-01' FROM t", "'DATE'"},
      {"SELECT COUNT FROM t", "must be called"},
      {"SELECT {fn NOW()} FROM t", "'{' is not in the subset"},
      {"SELECT {ts '2026-1-31 00:00:00'} FROM t", "'{' is not in the subset"},
      {"SELECT 1; DROP TABLE t", "';'"},
      {"SELECT a FROM t -- all", "comments"},
      {"SELECT a /* hint */ FROM t", "comments"},
      {"SELECT 'Grün' FROM t", "must be printable ASCII"},
      {"SELECT 'a\\' FROM t", "backslash"},
      {"SELECT 'a FROM t", "does not end"},
      {"SELECT 0x1F FROM t", "neither a number nor a name"},
      {"SELECT 1e5 FROM t", "neither a number nor a name"},
  };
  for (const auto& [sql, rule] : refused) EXPECT_THAT(not_portable(sql), HasSubstr(rule)) << sql;
  EXPECT_EQ(not_portable("SELECT a FROM t WHERE a < FENCE()", {"FENCE"}), "");
}

TEST(Portable, IsWhatADatabaseThatAsksForItTakes) {
  SampleDatabase sample;
  sample.run("CREATE TABLE t (a INTEGER)");
  Settings settings = sample.settings();
  EXPECT_TRUE(Database(settings).rows("SELECT t.a FROM t LIMIT 1", {}, in_ms(5000)));
  settings.portable_only = true;
  Database database(settings);
  EXPECT_TRUE(database.rows("SELECT t.a FROM t", {}, in_ms(5000)));
  EXPECT_TRUE(database.ping(in_ms(5000)));
  const auto refused = database.rows("SELECT t.a FROM t LIMIT 1", {}, in_ms(5000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::internal);
  EXPECT_THAT(refused.error().message, HasSubstr("not portable: 'LIMIT'"));
}

}  // namespace
}  // namespace underpin::legacy::odbc
