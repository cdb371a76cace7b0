#include "legacy-adapters/jd_edwards/examine.h"

#include "legacy-adapters/jd_edwards/interface.h"

#include <string>
#include <string_view>

namespace underpin::legacy::jd_edwards {
namespace {

struct TableUse {
  std::string_view table;
  std::string_view columns;  // Separated by a blank.
};
constexpr TableUse tables_used[] = {
    {"F0006", "MCMCU MCSTYL"},
    {"F0101", "ABAN8 ABALKY ABALPH ABDC ABAT1 ABUPMJ ABUPMT"},
    {"F0115", "WPAN8 WPIDLN WPRCK7 WPCNLN WPAR1 WPPH1 WPUPMJ WPUPMT"},
    {"F01151", "EAAN8 EAIDLN EARCK7 EAEMAL EAUPMJ EAUPMT"},
    {"F0116", "ALAN8 ALEFTB ALADD1 ALADD2 ALADDZ ALCTY1 ALADDS ALCTR ALUPMJ ALUPMT"},
    {"F03012", "AIAN8 AICO AICRCD AICPGP AIHDAR AIUPMJ AIUPMT"},
    {"F4006", "OADOCO OADCTO OAKCOO OAANTY OAMLNM OAADD1 OAADD2 OAADDZ OACTY1 OAADDS OACTR"},
    {"F4008", "TATXA1 TAEFTJ TATXR1 TATXR2 TATXR3 TATXR4 TATXR5"},
    {"F40942", "CKCPGP CKCGID"},
    {"F4101", "IMITM IMLITM IMUOM1"},
    {"F4102", "IBITM IBMCU"},
    {"F41021", "LIITM LIMCU LILOTS LIPQOH LIHCOM LIPCOM"},
    {"F4106",
     "BPITM BPLITM BPMCU BPLOCN BPLOTN BPAN8 BPIGID BPCGID BPLOTG BPFRMP BPCRCD BPUOM BPEFTJ "
     "BPEXDJ "
     "BPUPRC BPBSCD BPUPMJ BPTDAY"},
    {"F4111", "ILUKID ILLITM ILMCU ILDCT ILTREX ILTRQT ILUSER ILCRDJ ILTDAY"},
    {"F4201", "SHDOCO SHDCTO SHKCOO SHAN8 SHTRDJ SHDRQJ SHVR01 SHVR02 SHHOLD SHCRCD SHUPMJ SHTDAY"},
    {"F42019",
     "SHDOCO SHDCTO SHKCOO SHAN8 SHTRDJ SHDRQJ SHVR01 SHVR02 SHHOLD SHCRCD SHUPMJ "
     "SHTDAY"},
    {"F4211",
     "SDDOCO SDDCTO SDKCOO SDLNID SDLITM SDDSC1 SDMCU SDUOM SDLNTY SDLTTR SDNXTR SDDRQJ "
     "SDADDJ SDIVD SDUORG SDSOQS SDSOCN SDLPRC SDUPRC SDAEXP SDDELN SDDOC SDDCT SDTAX1 "
     "SDTXA1 SDUPMJ SDTDAY SDEXR1 SDRCD SDOKCO SDOORN SDOCTO SDOGNO"},
    {"F42119",
     "SDDOCO SDDCTO SDKCOO SDLNID SDLITM SDDSC1 SDMCU SDUOM SDLNTY SDLTTR SDNXTR SDDRQJ "
     "SDADDJ SDIVD SDUORG SDSOQS SDSOCN SDLPRC SDUPRC SDAEXP SDDELN SDDOC SDDCT SDTAX1 "
     "SDTXA1 SDUPMJ SDTDAY SDEXR1 SDRCD SDOKCO SDOORN SDOCTO SDOGNO"},
    {"F47011",
     "SYEKCO SYEDOC SYEDCT SYEDLN SYEDST SYEDFT SYEDER SYEDDT SYEDDL SYEDSP SYEDBT SYTPUR SYKCOO "
     "SYDOCO SYDCTO SYMCU SYCO SYAN8 SYSHAN SYDRQJ SYTRDJ SYVR01 SYVR02 SYHOLD SYCRCD "
     "SYUSER SYPID SYUPMJ SYTDAY"},
    {"F47012",
     "SZEKCO SZEDOC SZEDCT SZEDLN SZEDSP SZLNID SZMCU SZLITM SZDSC1 SZLNTY SZUOM SZUORG "
     "SZLPRC SZUPRC SZAEXP SZPROV SZDRQJ SZRCD SZOKCO SZOORN SZOCTO SZOGNO"},
    {"F4706",
     "ZAEKCO ZAEDOC ZAEDCT ZAEDLN ZAEDSP ZAANTY ZAMLNM ZAADD1 ZAADD2 ZAADDZ ZACTY1 "
     "ZAADDS ZACTR"},
    {"F4111Z1",
     "SZEDUS SZEDBT SZEDTN SZEDLN SZEDFT SZEDSP SZTNAC SZLITM SZMCU SZLOCN SZLOTN SZDCT SZKCO "
     "SZTRDJ SZTRUM SZTRQT SZTREX SZRCD"},
    {"F0101Z2",
     "SZEDUS SZEDBT SZEDTN SZEDLN SZEDFT SZEDSP SZTNAC SZAN8 SZALKY SZALPH SZAT1 SZMCU SZADD1 "
     "SZADD2 SZADDZ SZCTY1 SZADDS SZCTR SZAR1 SZPH1 SZEMAL"},
    {"F03012Z1", "VOEDUS VOEDBT VOEDTN VOEDLN VOEDSP VOTNAC VOAN8 VOCO VOCRCD VOCPGP VOHDAR"},
};

void examine_table(odbc::Database& database, const std::string& from, std::string_view columns,
                   Deadline deadline, std::vector<Finding>& findings) {
  const auto readable = [&](const std::string& what) {
    return database.rows("SELECT " + what + " FROM " + from + " t WHERE 1 = 0", {}, deadline);
  };
  const auto found = readable("1");
  findings.push_back({found.has_value(), "table " + from, found ? "" : found.error().message});
  if (!found) return;
  while (!columns.empty()) {
    const std::size_t end = std::min(columns.find(' '), columns.size());
    const std::string column(columns.substr(0, end));
    columns.remove_prefix(std::min(end + 1, columns.size()));
    const auto asked = readable("t." + column);
    if (!asked) findings.push_back({false, "column " + from + "." + column, asked.error().message});
  }
}

// Statements that change nothing: a database refuses them where the right is missing.
Finding writable(odbc::Writer& writer, const std::string& into, const std::string& column,
                 Deadline deadline) {
  const Status done = writer.transact(deadline, [&](odbc::Transaction& transaction) -> Status {
    for (const std::string& sql : {"INSERT INTO " + into + " (" + column + ") SELECT t." + column +
                                       " FROM " + into + " t WHERE 1 = 0",
                                   "UPDATE " + into + " SET " + column + " = 'N' WHERE 1 = 0",
                                   "DELETE FROM " + into + " WHERE 1 = 0"})
      if (const auto executed = transaction.execute(sql, {}); !executed) return executed.error();
    return Done{};
  });
  return {done.has_value(), "write access to " + into, done ? "" : done.error().message};
}

// Quotes leave price adjustments out: where there are any, they are wrong.
Finding adjustments(odbc::Database& database, const Settings& settings, Deadline deadline) {
  const Timestamp now = Timestamp::from(std::chrono::system_clock::now());
  const auto rows =
      database.rows("SELECT COUNT(*) FROM " + table(settings, "F4072") + " d WHERE d.ADEXDJ >= ?",
                    {cyyddd_of(day_in(settings.zone, now))}, deadline);
  const std::string what = "no price adjustments in " + table(settings, "F4072");
  if (!rows) return {false, what, rows.error().message};
  const std::string count(trimmed(odbc::text(rows->front(), 0)));
  if (whole_of(count, "F4072") == 0) return {true, what, ""};
  return {false, what, count + " are in force, and quotes leave them out: set 'pricing' to false"};
}

}  // namespace

std::vector<Finding> examine_tables(odbc::Database& database, odbc::Writer& writer,
                                    const Settings& settings, Deadline deadline) {
  if (const Status reached = database.ping(deadline); !reached)
    return {{false, "ODBC connection", reached.error().message}};
  std::vector<Finding> findings{{true, "ODBC connection", ""}};
  for (const TableUse& use : tables_used)
    examine_table(database, table(settings, use.table), use.columns, deadline, findings);
  examine_table(database, table(settings, settings.work_centre_view),
                "WVTABL WVKEY WVLINE WVDTAI WVTEXT WVSEQ", deadline, findings);
  for (const RecordKind* kind : {&order_record(), &stock_record(), &customer_record()})
    for (const RecordKind::Part& part : kind->parts)
      findings.push_back(writable(writer, table(settings, part.table),
                                  std::string(part.prefix) + "EDSP", deadline));
  if (settings.pricing) findings.push_back(adjustments(database, settings, deadline));
  return findings;
}

}  // namespace underpin::legacy::jd_edwards
