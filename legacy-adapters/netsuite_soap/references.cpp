#include "legacy-adapters/netsuite_soap/references.h"

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr std::size_t names_max = 500'000;

}  // namespace

References::Names& References::young(Kind kind) {
  Names& names = ids_[kind];
  const auto now = std::chrono::steady_clock::now();
  if (now - since_[kind] >= std::chrono::milliseconds(suite_.settings().ids_kept_ms)) {
    names.clear();
    since_[kind] = now;
  }
  return names;
}

void References::keep_all(Kind kind, Names names) {
  const std::lock_guard lock(mutex_);
  ids_[kind] = std::move(names);
  since_[kind] = std::chrono::steady_clock::now();
}

std::optional<std::string> References::known(Kind kind, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const Names& names = young(kind);
  const auto found = names.find(name);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

void References::keep(Kind kind, const std::string& name, const std::string& id) {
  const std::lock_guard lock(mutex_);
  Names& names = young(kind);
  if (names.size() >= names_max) names.clear();
  names[name] = id;
}

void References::forget() {
  const std::lock_guard lock(mutex_);
  ids_.clear();
}

void References::write(std::string_view operation, const std::string& record,
                       const std::function<std::string()>& make, const CallContext& context) {
  try {
    suite_.write(operation, record, context);
  } catch (const Failure& failure) {
    if (failure.error.vendor_code != "INVALID_KEY_OR_REF") throw;
    forget();
    const std::string again = make();
    if (again == record) throw;
    suite_.write(operation, again, context);
  }
}

// NetSuite compares without case and may find more: the name must be exactly this one.
std::optional<std::string> References::look_up(Kind kind, const std::string& name,
                                               const std::string& search,
                                               std::string_view name_element,
                                               const CallContext& context) {
  if (name.empty()) return std::nullopt;
  if (auto id = known(kind, name)) return id;
  std::optional<std::string> id;
  suite_.search_all(search, context, [&](const Node& record) {
    const std::string& full = record.text_of(name_element);
    const std::size_t parent = full.rfind(" : ");
    if ((parent == std::string::npos ? full : full.substr(parent + 3)) != name) return true;
    id = record.attribute("internalId");
    return false;
  });
  if (id) keep(kind, name, *id);
  return id;
}

std::optional<std::string> References::item(const std::string& sku, const CallContext& context) {
  return look_up(Kind::item, sku,
                 search_record("platformCommon:ItemSearchBasic",
                               search_text("platformCommon:itemId", "is", sku)),
                 "itemId", context);
}

std::optional<std::string> References::customer(const std::string& number,
                                                const CallContext& context) {
  return look_up(Kind::customer, number,
                 search_record("platformCommon:CustomerSearchBasic",
                               search_text("platformCommon:entityId", "is", number)),
                 "entityId", context);
}

References::Names References::read_list(Kind kind, const CallContext& context) {
  Names names;
  if (kind == Kind::currency) {
    for (const Node& record : suite_.get_all("currency", context))
      names[record.text_of("symbol")] = record.attribute("internalId");
    return names;
  }
  const char* type = kind == Kind::location ? "platformCommon:LocationSearchBasic"
                                            : "platformCommon:PriceLevelSearchBasic";
  Xml active;
  active.open("platformCommon:isInactive").flag("platformCore:searchValue", false).close();
  suite_.search_all(search_record(type, active.text()), context, [&](const Node& record) {
    names[record.text_of("name")] = record.attribute("internalId");
    return true;
  });
  return names;
}

std::optional<std::string> References::of_list(Kind kind, const std::string& name,
                                               const CallContext& context) {
  if (name.empty()) return std::nullopt;
  if (auto id = known(kind, name)) return id;
  Names names = read_list(kind, context);
  std::optional<std::string> id;
  const auto found = names.find(name);
  if (found != names.end()) id = found->second;
  keep_all(kind, std::move(names));
  return id;
}

std::optional<std::string> References::location(const std::string& code,
                                                const CallContext& context) {
  return of_list(Kind::location, code, context);
}

std::optional<std::string> References::price_level(const std::string& name,
                                                   const CallContext& context) {
  return of_list(Kind::price_level, name, context);
}

std::optional<std::string> References::currency(const std::string& code,
                                                const CallContext& context) {
  return of_list(Kind::currency, code, context);
}

std::optional<std::string> References::currency_code(const std::string& id,
                                                     const CallContext& context) {
  const auto code_of = [&](const Names& names) -> std::optional<std::string> {
    for (const auto& [code, known_id] : names)
      if (known_id == id) return code;
    return std::nullopt;
  };
  if (id.empty()) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (auto code = code_of(young(Kind::currency))) return code;
  }
  Names names = read_list(Kind::currency, context);
  auto code = code_of(names);
  keep_all(Kind::currency, std::move(names));
  return code;
}

std::vector<std::string> References::locations(const CallContext& context) {
  Names names = read_list(Kind::location, context);
  std::vector<std::string> codes;
  for (const auto& [code, id] : names) codes.push_back(code);
  keep_all(Kind::location, std::move(names));
  return codes;
}

}  // namespace underpin::legacy::netsuite_soap
