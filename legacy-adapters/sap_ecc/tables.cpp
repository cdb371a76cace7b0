#include "legacy-adapters/sap_ecc/tables.h"

#include "legacy-adapters/sap_ecc/forms.h"

namespace underpin::legacy::sap_ecc {
namespace {

struct TableUse {
  std::string_view table;
  std::string_view columns;
};
constexpr TableUse uses[] = {
    {"VBAK", "MANDT, VBELN, ERDAT, ERZET, VBTYP, LIFSK, KUNNR, VKORG, VTWEG, SPART"},
    {"VBAP", "MANDT, VBELN, POSNR, MATNR, ABGRU, KWMENG, POSEX"},
    {"VBKD", "MANDT, VBELN, POSNR, BSTKD"},
    {"VBUK", "MANDT, VBELN, GBSTK"},
    {"VBBE", "MANDT, MATNR, WERKS, LGORT, OMENG"},
    {"VBFA", "MANDT, VBELV, POSNV, VBELN, POSNN, VBTYP_N, ERDAT, ERZET"},
    {"LIKP", "MANDT, VBELN, WADAT_IST"},
    {"LIPS", "MANDT, VBELN, POSNR, LFIMG"},
    {"VBRK", "MANDT, VBELN, VBTYP, FKDAT, NETWR, MWSBK, WAERK, FKSTO"},
    {"VBRP", "MANDT, VBELN, POSNR, FKIMG"},
    {"MARA", "MANDT, MATNR, MEINS, LVORM"},
    {"MARD", "MANDT, MATNR, WERKS, LGORT, LABST"},
    {"MKPF", "MANDT, MBLNR, MJAHR, CPUDT, CPUTM, USNAM, BKTXT"},
    {"MSEG", "MANDT, MBLNR, MJAHR, ZEILE, MATNR, WERKS, LGORT, SHKZG, MENGE"},
    {"KNA1",
     "MANDT, KUNNR, LAND1, NAME1, NAME2, NAME3, ORT01, PSTLZ, REGIO, STRAS, TELF1, ADRNR, STKZN, "
     "AUFSD, "
     "LIFSD, FAKSD, LOEVM"},
    {"KNVV", "MANDT, KUNNR, VKORG, VTWEG, SPART, KONDA, WAERS"},
    {"ADR6", "CLIENT, ADDRNUMBER, CONSNUMBER, SMTP_ADDR, SMTP_SRCH"},
    {"CDHDR", "MANDANT, OBJECTCLAS, OBJECTID, UDATE, UTIME"},
    {"EDIDC", "MANDT, DOCNUM, STATUS, ARCKEY"},
    {"EDIDS", "MANDT, DOCNUM, STATUS, STATXT"},
    {"A304", "MANDT, KAPPL, KSCHL, VKORG, VTWEG, MATNR, DATBI, DATAB, KNUMH"},
    {"A305", "MANDT, KAPPL, KSCHL, VKORG, VTWEG, KUNNR, MATNR, DATBI, DATAB, KNUMH"},
    {"A032", "MANDT, KAPPL, KSCHL, VKORG, VTWEG, KONDA, MATNR, DATBI, DATAB, KNUMH"},
    {"KONP", "MANDT, KNUMH, KOPOS, KAPPL, KSCHL, KBETR, KONWA, KPEIN, KMEIN, LOEVM_KO"},
    {"KONM", "MANDT, KNUMH, KOPOS, KLFN1, KSTBM, KBETR"},
    {"TCURX", "CURRKEY, CURRDEC"},
};

}  // namespace

std::string marks(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ",?";
  return text;
}

void Tables::each(const std::string& sql, const odbc::Parameters& parameters, Deadline deadline,
                  const odbc::RowReader& reader) const {
  const Status read = database_->query(sql, parameters, deadline, reader);
  if (!read) throw Failure{read.error()};
}

std::vector<odbc::Row> Tables::rows(const std::string& sql, const odbc::Parameters& parameters,
                                    Deadline deadline) const {
  return must(database_->rows(sql, parameters, deadline));
}

int Tables::decimals_of(const std::string& currency, Deadline deadline) const {
  const auto found = rows("SELECT t.CURRDEC FROM " + name("TCURX") + " t WHERE t.CURRKEY = ?",
                          {currency}, deadline);
  if (found.empty()) return 2;
  const Decimal decimals = number_of(odbc::text(found.front(), 0), "TCURX");
  if (decimals.is_negative() || decimals > Decimal::of(9)) return 2;
  return static_cast<int>(decimals.rounded(0, Rounding::down).coefficient());
}

std::vector<Finding> Tables::examine(Deadline deadline) const {
  std::vector<Finding> findings;
  for (const TableUse& use : uses) {
    const auto read = database_->rows(
        "SELECT " + std::string(use.columns) + " FROM " + name(use.table) + " WHERE 1 = 0", {},
        deadline);
    findings.push_back(
        {read.has_value(), "table " + name(use.table),
         read ? "" : "needs " + std::string(use.columns) + ": " + read.error().message});
  }
  return findings;
}

}  // namespace underpin::legacy::sap_ecc
