#include "facade/put_aside.h"

#include "contracts/json/json_text.h"
#include "contracts/ports/put_aside.h"

#include <algorithm>

namespace underpin::facade {
namespace {

constexpr std::size_t at_once = 100;
constexpr std::size_t said_max = 5;  // Records in the detail; the payload has all.

std::string fact_of(const std::string& system, const std::string& name) {
  return "put_aside/" + system + "/" + name;
}

journal::ExceptionRecord exception_of(const PutAside& told, const std::string& system, Side side,
                                      const std::string& wave) {
  journal::ExceptionRecord exception;
  exception.kind = put_aside_kind;
  exception.capability = told.capability;
  exception.wave = wave;
  exception.side = side;
  exception.subject = told.file;
  exception.detail = told.whole ? "file " + told.file + " of " + system + " was not taken in"
                                : std::to_string(told.records.size()) + " records of file " +
                                      told.file + " of " + system + " were not taken in";
  for (std::size_t i = 0; i < std::min(told.records.size(), said_max); ++i)
    exception.detail += (i == 0 ? ": " : "; ") + told.records[i];
  if (told.records.size() > said_max) exception.detail += "; …";
  json::Value payload = json::Value::object();
  payload.set("file", told.file);
  payload.set("whole", json::Value::boolean(told.whole));
  json::Value records = json::Value::array();
  for (const std::string& record : told.records) records.push(record);
  payload.set("records", records);
  exception.payload = json::write(payload);
  return exception;
}

}  // namespace

int raise_put_aside(journal::Journal& journal, const Systems& systems, Side side,
                    const std::string& wave, Timestamp now) {
  const ErpSystem& system = systems.on(side);
  auto* const files = dynamic_cast<PutAsideFiles*>(system.adapter.get());
  if (files == nullptr) return 0;
  std::vector<std::string> names = files->put_aside();
  const Status read = journal.read([&](const journal::JournalReader& reader) {
    std::erase_if(names, [&](const std::string& name) {
      return !reader.fact(fact_of(system.name, name)).empty();
    });
  });
  if (!read) return 0;
  names.resize(std::min(names.size(), at_once));
  int raised = 0;
  for (const std::string& name : names) {
    const auto told = files->put_aside(name);
    if (!told) continue;  // It is asked for again while it lies there.
    const journal::ExceptionRecord exception = exception_of(*told, system.name, side, wave);
    const Status written = journal.write([&](journal::JournalTransaction& tx) {
      if (!tx.fact(fact_of(system.name, name)).empty()) return false;
      tx.set_fact(fact_of(system.name, name), std::to_string(tx.add_exception(exception, now)));
      return true;
    });
    if (written) ++raised;
  }
  return raised;
}

}  // namespace underpin::facade
