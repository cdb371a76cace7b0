#include "facade/config.h"

#include "contracts/json/schema.h"
#include "facade/gate_config.h"
#include "facade/snapshot_config.h"
#include "parity/sealing.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::facade {
namespace {

using json::Value;

Error refused(const std::string& file, std::vector<FieldError> fields) {
  Error error{ErrorCode::invalid_request, file + " cannot be used"};
  for (const FieldError& field : fields)
    error.message += "\n  " + field.pointer + ": " + field.detail;
  error.fields = std::move(fields);
  return error;
}

// ${NAME} from the environment; a name that is not set is an error.
void expand(Value& value, const std::string& at, std::vector<FieldError>& errors) {
  if (value.is_array()) {
    std::vector<Value> items = value.items();
    for (std::size_t i = 0; i < items.size(); ++i)
      expand(items[i], json::pointer_to(at, i), errors);
    value = Value::array(std::move(items));
    return;
  }
  if (value.is_object()) {
    for (const json::Member& member : value.members())
      expand(*value.find(member.key), json::pointer_to(at, member.key), errors);
    return;
  }
  if (!value.is_string() || value.text().find("${") == std::string::npos) return;
  std::string text = value.text();
  std::size_t from = 0;
  while ((from = text.find("${", from)) != std::string::npos) {
    const std::size_t to = text.find('}', from);
    if (to == std::string::npos) {
      errors.push_back({at, "has ${ without }"});
      return;
    }
    const std::string name = text.substr(from + 2, to - from - 2);
    const char* found = std::getenv(name.c_str());
    if (found == nullptr) {
      errors.push_back({at, "names the environment variable " + name + ", which is not set"});
      return;
    }
    const std::string replacement = found;
    text.replace(from, to - from + 1, replacement);
    from += replacement.size();
  }
  value = Value(text);
}

std::string text_of(const Value& value, std::string_view key, std::string fallback = {}) {
  const Value* member = value.find(key);
  return member == nullptr ? fallback : member->text();
}

std::int64_t number_of(const Value& value, std::string_view key, std::int64_t fallback) {
  const Value* member = value.find(key);
  if (member == nullptr) return fallback;
  const auto number = member->as_int();
  return number ? *number : fallback;
}

// A port may be a number, or a text that came from the environment.
int port_of(const Value& value, int fallback, const std::string& at,
            std::vector<FieldError>& errors) {
  const Value* member = value.find("port");
  if (member == nullptr) return fallback;
  const std::string& text = member->text();
  const bool digits =
      !text.empty() && text.size() <= 5 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int port = digits ? std::stoi(text) : -1;
  if (port < 0 || port > 65535) errors.push_back({at + "/port", "must be 0 to 65535"});
  return port;
}

void read_listener(const Value& value, const std::string& at, ListenerConfig& listener,
                   std::vector<FieldError>& errors) {
  listener.address = text_of(value, "address", listener.address);
  listener.port = port_of(value, listener.port, at, errors);
  listener.workers = static_cast<int>(number_of(value, "workers", listener.workers));
  listener.queue_limit = static_cast<int>(number_of(value, "queueLimit", listener.queue_limit));
  listener.request_budget_ms = number_of(value, "requestBudgetMs", listener.request_budget_ms);
  listener.body_limit_bytes = number_of(value, "bodyLimitBytes", listener.body_limit_bytes);
  listener.connection_limit =
      static_cast<int>(number_of(value, "connectionLimit", listener.connection_limit));
}

// A fraction or a ratio: a decimal in the file, a measured rate in memory.
std::optional<double> rate_of(const Value& value, std::string_view key, const std::string& at,
                              std::vector<FieldError>& errors) {
  const Value* member = value.find(key);
  if (member == nullptr) return std::nullopt;
  const auto read = member->as_any_decimal();
  const double rate = read ? std::strtod(read->text().c_str(), nullptr) : 0;
  if (rate <= 0) errors.push_back({at + "/" + std::string(key), "must be greater than 0"});
  return rate;
}

std::optional<cutover::RateLimit> rate_limit_of(const Value& guards, std::string_view key,
                                                const std::string& at,
                                                std::vector<FieldError>& errors) {
  const Value* member = guards.find(key);
  if (member == nullptr) return std::nullopt;
  const std::string here = at + "/" + std::string(key);
  cutover::RateLimit limit;
  limit.limit = rate_of(*member, "limit", here, errors).value_or(limit.limit);
  if (limit.limit >= 1) errors.push_back({here + "/limit", "must be less than 1"});
  limit.window_ms = number_of(*member, "windowMs", limit.window_ms);
  limit.minimum_sample = number_of(*member, "minimumSample", limit.minimum_sample);
  limit.false_alarm = rate_of(*member, "falseAlarm", here, errors).value_or(limit.false_alarm);
  if (limit.false_alarm >= 1) errors.push_back({here + "/falseAlarm", "must be less than 1"});
  return limit;
}

void read_guards(const Value& value, const std::string& at, CapabilityGuards& guards,
                 std::vector<FieldError>& errors) {
  guards.error_rate = rate_limit_of(value, "errorRate", at, errors);
  guards.mismatch_rate = rate_limit_of(value, "mismatchRate", at, errors);
  guards.slower_rate = rate_limit_of(value, "latencyRatio", at, errors);
  guards.latency_ratio = rate_of(value.get("latencyRatio"), "ratio", at + "/latencyRatio", errors)
                             .value_or(guards.latency_ratio);
  const auto level = [&](const char* key) -> std::optional<std::int64_t> {
    if (value.find(key) == nullptr) return std::nullopt;
    return number_of(value, key, 0);
  };
  guards.backlog_age_max_ms = level("backlogAgeMaxMs");
  guards.feed_age_max_ms = level("feedAgeMaxMs");
  guards.dead_letters_max = level("deadLettersMax");
}

// A limit on what is never measured would hold every step for ever.
void check_guards(const FacadeSettings& facade, const std::string& at,
                  std::vector<FieldError>& errors) {
  for (const Capability capability : all_capabilities) {
    const CapabilityGuards& guards =
        facade.guards.capabilities[static_cast<std::size_t>(capability)];
    const std::string here = at + "/guards/" + std::string(name(capability));
    if (facade.parity_share_per_100k == 0) {
      const char* why = "can never be judged: parity.sharePer100k is 0, so nothing is compared";
      if (guards.mismatch_rate) errors.push_back({here + "/mismatchRate", why});
      if (guards.slower_rate) errors.push_back({here + "/latencyRatio", why});
    }
    if (capability == Capability::pricing && guards.feed_age_max_ms &&
        !facade.fields.carried(capability, "list")) {
      errors.push_back(
          {here + "/feedAgeMaxMs",
           "can never be judged: feeds.pricing.list says that no feed carries prices"});
    }
  }
}

bool is_channel_name(const std::string& text) {
  return !text.empty() && text.size() <= 10 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string resolved(const std::string& folder, const std::string& path) {
  const std::filesystem::path given(path);
  return given.is_absolute() ? path : (std::filesystem::path(folder) / given).string();
}

void read_transfer(const Value& value, TransferSettings& transfer) {
  transfer.per_minute = static_cast<int>(number_of(value, "perMinute", transfer.per_minute));
  const Value& orders = value.get("orders");
  for (const auto& [key, policy] :
       {std::pair{"open", &transfer.open}, std::pair{"partShipped", &transfer.part_shipped},
        std::pair{"prepaid", &transfer.prepaid}, std::pair{"openReturn", &transfer.open_return}}) {
    if (text_of(orders, key) == "move") *policy = TransferPolicy::move;
  }
}

CutoverSettings read_cutover(const Value& value, const std::string& cutover_at,
                             std::vector<FieldError>& errors) {
  CutoverSettings settings;
  settings.max_backlog_age_ms = number_of(value, "maxBacklogAgeMs", settings.max_backlog_age_ms);
  settings.differences_hours = number_of(value, "differencesHours", settings.differences_hours);
  read_transfer(value.get("transfer"), settings.transfer);
  const Value& catch_up = value.get("catchUp");
  settings.catch_up.backlog_max = number_of(catch_up, "backlogMax", settings.catch_up.backlog_max);
  for (const Capability capability : {Capability::customers, Capability::orders}) {
    std::int64_t& rows = settings.catch_up.per_minute[static_cast<std::size_t>(capability)];
    rows = number_of(catch_up.get("perMinute"), name(capability), rows);
  }
  const auto referenced = value.get("requireChangeReference").as_bool();
  settings.require_change_reference = referenced && *referenced;
  for (const cutover::StageRule& rule : cutover::stage_rules) {
    settings.min_dwell_ms[static_cast<std::size_t>(rule.stage)] =
        number_of(value.get("minDwellMs"), rule.name, 0);
  }
  std::size_t number = 0;
  for (const Value& item : value.get("freezes").items()) {
    const std::string at = cutover_at + "/freezes/" + std::to_string(number++);
    FreezeWindow freeze;
    const auto from = Timestamp::parse(item.get("from").text());
    const auto to = Timestamp::parse(item.get("to").text());
    if (!from) errors.push_back({at + "/from", "must be an RFC 3339 time with its offset"});
    if (!to) errors.push_back({at + "/to", "must be an RFC 3339 time with its offset"});
    if (!from || !to) continue;
    if (*to <= *from) errors.push_back({at + "/to", "must be later than from"});
    freeze.from = *from;
    freeze.to = *to;
    freeze.reason = item.get("reason").text();
    for (const Value& capability : item.get("capabilities").items())
      if (const auto known = parse_capability(capability.text()))
        freeze.capabilities.insert(*known);
    const auto back = item.get("allowBack").as_bool();
    freeze.allow_back = back && *back;
    settings.freezes.push_back(std::move(freeze));
  }
  for (const json::Member& member : value.get("approvals").members()) {
    const auto capability = parse_capability(member.key);
    if (!capability) continue;
    ApprovalRule rule;
    for (const Value& role : member.value.items()) {
      if (std::find(rule.roles.begin(), rule.roles.end(), role.text()) != rule.roles.end())
        errors.push_back({cutover_at + "/approvals/" + member.key, "names a role twice"});
      rule.roles.push_back(role.text());
    }
    settings.approvals[static_cast<std::size_t>(*capability)] = std::move(rule);
  }
  return settings;
}

// ---- what a wave may have of its own

constexpr std::array<const char*, 8> sections_of_waves{"orders", "inventory", "cutover", "guards",
                                                       "parity", "rehearsal", "feeds",   "gate"};

// What the wave names replaces the common setting, member by member; the rest stays.
Value merged(const Value& common, const Value& own) {
  if (own.is_null()) return common;
  if (!common.is_object() || !own.is_object()) return own;
  Value both = common;
  for (const json::Member& member : own.members())
    both.set(member.key, merged(common.get(member.key), member.value));
  return both;
}

// A freeze of all waves holds in each, whatever else the wave says.
void add_common_freezes(Value& own, const Value& common) {
  Value* cutover = own.find("cutover");
  Value* freezes = cutover == nullptr ? nullptr : cutover->find("freezes");
  if (freezes == nullptr) return;
  for (const Value& freeze : common.get("cutover").get("freezes").items()) freezes->push(freeze);
}

Decimal decimal_of(const Value& value, std::string_view key, Decimal fallback,
                   const std::string& at, std::vector<FieldError>& errors) {
  const Value* member = value.find(key);
  if (member == nullptr) return fallback;
  const auto read = member->as_any_decimal();
  if (!read || read->is_negative()) {
    errors.push_back({at + "/" + std::string(key), "must be a decimal of at least 0"});
    return fallback;
  }
  return *read;
}

void read_parity_rules(const std::string& file, const std::string& at, FacadeSettings& facade,
                       std::vector<FieldError>& errors) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  const auto rules =
      stream ? parity::read_rules(bytes.str(), file)
             : Result<parity::Rules>(Error{ErrorCode::invalid_request, file + ": cannot be read"});
  if (!rules) {
    errors.push_back({at, rules.error().message});
  } else {
    facade.parity_rules = *rules;
  }
}

void read_comparison_settings(const Value& value, const std::string& at, const std::string& folder,
                              FacadeSettings& facade, std::vector<FieldError>& errors) {
  const std::string key_file = text_of(value, "keyFile");
  if (!key_file.empty()) {
    const auto key = parity::read_seal_key(resolved(folder, key_file));
    if (!key) errors.push_back({at + "/keyFile", key.error().message});
    if (key) facade.parity_key = *key;
  }
  facade.parity_keep_days = static_cast<int>(number_of(value, "keepDays", facade.parity_keep_days));
  ComparisonSettings& comparisons = facade.comparisons;
  const Value* writes = value.find("compareWrites");
  comparisons.cohorts = value.get("cohorts") == Value::boolean(true);
  comparisons.after_writes = writes != nullptr && *writes == Value::boolean(true);
  comparisons.searches_per_100k = static_cast<std::uint32_t>(
      number_of(value, "searchesPer100k", comparisons.searches_per_100k));
  for (const Capability capability : all_capabilities) {
    const std::int64_t seconds = number_of(value.get("maxAgeSeconds"), name(capability), 0);
    if (seconds > 0) comparisons.max_age_ms[capability] = seconds * 1000;
  }
}

// From the sections above, which lie in `value`: the common ones, or those of a wave merged over
// them.
void read_wave_settings(const Value& value, const std::string& at, const std::string& folder,
                        FacadeSettings& facade, std::vector<FieldError>& errors) {
  facade.orders.document_tolerance =
      decimal_of(value.get("orders"), "documentTolerance", facade.orders.document_tolerance,
                 at + "/orders", errors);
  const Value& orders = value.get("orders");
  const std::string history = text_of(orders, "historyReads", "legacy");
  facade.orders.history_reads = history == "none"     ? HistoryReads::none
                                : history == "export" ? HistoryReads::export_file
                                                      : HistoryReads::legacy;
  facade.orders.history_file = text_of(orders, "historyFile");
  if (!facade.orders.history_file.empty())
    facade.orders.history_file = resolved(folder, facade.orders.history_file);
  if (history == "export" && facade.orders.history_file.empty())
    errors.push_back({at + "/orders/historyFile", "is needed for historyReads export"});
  const Value& inventory = value.get("inventory");
  for (const json::Member& member : inventory.get("safetyStock").members()) {
    facade.inventory.safety_stock[member.key] = decimal_of(
        inventory.get("safetyStock"), member.key, Decimal{}, at + "/inventory/safetyStock", errors);
  }
  facade.inventory.count_age_max_ms =
      number_of(inventory, "countAgeMaxMs", facade.inventory.count_age_max_ms);
  facade.guards.look_ms = number_of(value.get("guards"), "lookMs", facade.guards.look_ms);
  for (const Capability capability : all_capabilities)
    read_guards(value.get("guards").get(name(capability)),
                at + "/guards/" + std::string(name(capability)),
                facade.guards.capabilities[static_cast<std::size_t>(capability)], errors);
  for (const Capability capability : all_capabilities) {
    const std::string field_at = at + "/feeds/" + std::string(name(capability));
    const auto& known = FieldOwners::fields(capability);
    for (const json::Member& member : value.get("feeds").get(name(capability)).members()) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        std::string all;
        for (const std::string& field : known) all += (all.empty() ? "" : ", ") + field;
        errors.push_back({json::pointer_to(field_at, member.key), "is no field; there are " + all});
        continue;
      }
      FieldOwner owner;
      owner.written_by = text_of(member.value, "writtenBy");
      const std::string learned = text_of(member.value, "learnedBy");
      if (learned == "own_interface") owner.learned_by = LearnedBy::own_interface;
      if (learned == "not_kept") owner.learned_by = LearnedBy::not_kept;
      facade.fields.set(capability, member.key, std::move(owner));
    }
  }
  const Value& rehearsal = value.get("rehearsal");
  for (const Capability capability :
       {Capability::orders, Capability::customers, Capability::inventory})
    facade.rehearsal.grades[static_cast<std::size_t>(capability)] =
        static_cast<RehearsalGrade>(number_of(rehearsal, name(capability), 0));
  facade.rehearsal.threads =
      static_cast<int>(number_of(rehearsal, "threads", facade.rehearsal.threads));
  facade.rehearsal.queue_limit = static_cast<std::size_t>(
      number_of(rehearsal, "queueLimit", static_cast<std::int64_t>(facade.rehearsal.queue_limit)));
  facade.cutover = read_cutover(value.get("cutover"), at + "/cutover", errors);
  facade.gate = read_gate(value.get("gate"), at + "/gate", errors);
  facade.parity_share_per_100k = static_cast<std::uint32_t>(
      number_of(value.get("parity"), "sharePer100k", facade.parity_share_per_100k));
  read_comparison_settings(value.get("parity"), at + "/parity", folder, facade, errors);
  check_guards(facade, at, errors);
  const std::string rules = text_of(value.get("parity"), "rulesFile");
  if (!rules.empty())
    read_parity_rules(resolved(folder, rules), at + "/parity/rulesFile", facade, errors);
}

bool is_wave_name(const std::string& text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= 31 && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

// "de, fr"
std::string names_of(const std::vector<WaveConfig>& waves) {
  std::string names;
  for (const WaveConfig& wave : waves) names += (names.empty() ? "" : ", ") + wave.name;
  return names;
}

bool is_wave(const std::vector<WaveConfig>& waves, const std::string& name) {
  return std::any_of(waves.begin(), waves.end(),
                     [&](const WaveConfig& wave) { return wave.name == name; });
}

// Which systems each wave has: both roles filled, and nothing shared.
void read_waves(const Value& value, Config& config, std::vector<FieldError>& errors) {
  std::map<std::string, std::string> wave_of;  // By system.
  for (const json::Member& member : value.members()) {
    const std::string at = json::pointer_to("/waves", member.key);
    if (!is_wave_name(member.key))
      errors.push_back({at, "a wave's name must be [a-z][a-z0-9_-]{0,30}"});
    WaveConfig wave;
    wave.name = member.key;
    wave.legacy_system = text_of(member.value, "legacy");
    wave.cloud_system = text_of(member.value, "cloud");
    if (wave.legacy_system == wave.cloud_system)
      errors.push_back({at, "legacy and cloud must be different systems"});
    for (const auto& [role, system] :
         {std::pair{"/legacy", &wave.legacy_system}, std::pair{"/cloud", &wave.cloud_system}}) {
      const auto configured = config.systems.find(*system);
      if (configured == config.systems.end()) {
        errors.push_back({at + role, "names the system " + *system + ", which is not there"});
        continue;
      }
      const auto [owner, fresh] = wave_of.emplace(*system, wave.name);
      if (!fresh && owner->second != wave.name) {
        errors.push_back({at + role, "the wave " + wave.name + " names the system " + *system +
                                         ", which is the wave " + owner->second +
                                         "'s: a system belongs to one wave"});
      }
      // One company under two names would follow two plans just the same.
      for (const auto& [other, other_wave] : wave_of) {
        const SystemConfig& settings = config.systems.at(other);
        if (other != *system && settings.adapter == configured->second.adapter &&
            settings.settings_json == configured->second.settings_json) {
          errors.push_back({at + role, "the system " + *system + " of the wave " + wave.name +
                                           " has the settings of the system " + other +
                                           " of the wave " + other_wave +
                                           ": one company of an ERP belongs to one wave"});
        }
      }
    }
    config.waves.push_back(std::move(wave));
  }
  if (config.waves.empty()) errors.push_back({"/waves", "must name a wave"});
  std::sort(config.waves.begin(), config.waves.end(),
            [](const WaveConfig& a, const WaveConfig& b) { return a.name < b.name; });
  if (!is_wave(config.waves, first_wave) || config.waves.size() > 1) {
    if (config.systems.count("waves") != 0)
      errors.push_back({"/systems/waves", "must have another name: the waves' state lies there"});
  }
}

// A channel's key calls one wave, and so does everybody who uses its namespace.
void check_waves_of(KeyConfig& key, const std::string& at, const Config& config,
                    std::vector<FieldError>& errors) {
  const std::string known = names_of(config.waves);
  if (key.role != "channel") {
    if (!key.wave.empty())
      errors.push_back({at + "/wave", "is for the role channel; limit this key with waves"});
    for (const std::string& wave : key.waves) {
      if (!is_wave(config.waves, wave))
        errors.push_back({at + "/waves", "names the wave " + wave + "; there is " + known});
    }
    return;
  }
  if (!key.waves.empty())
    errors.push_back({at + "/waves", "is for the other roles; a channel's key has one wave"});
  if (key.wave.empty() && config.waves.size() == 1) key.wave = config.waves.front().name;
  if (key.wave.empty()) {
    errors.push_back({at + "/wave", "is missing: with several waves, the key of the channel " +
                                        key.channel + " names its own; there is " + known});
  } else if (!is_wave(config.waves, key.wave)) {
    errors.push_back({at + "/wave", "names the wave " + key.wave + "; there is " + known});
  }
  for (const KeyConfig& other : config.keys) {
    if (other.role == "channel" && other.channel == key.channel && other.wave != key.wave &&
        !key.wave.empty()) {
      errors.push_back({at + "/wave", "the channel " + key.channel + " belongs to the wave " +
                                          other.wave + " already, not to " + key.wave +
                                          ": a channel's namespace belongs to one wave"});
    }
  }
}

}  // namespace

std::string wave_folder(const std::string& state_folder, const std::string& wave) {
  return wave == first_wave ? state_folder : state_folder + "/waves/" + wave;
}

Status check_state_folder(const Config& config) {
  const auto orphaned = [&](const std::string& wave) -> Status {
    const std::filesystem::path folder = wave_folder(config.state_folder, wave);
    std::error_code ignored;
    if (is_wave(config.waves, wave) || (!std::filesystem::exists(folder / "journal.db", ignored) &&
                                        !std::filesystem::exists(folder / "parity.db", ignored)))
      return Done{};
    return Error{ErrorCode::invalid_request,
                 folder.string() + " holds the state of the wave " + wave +
                     ", which the configuration does not name (it names " + names_of(config.waves) +
                     "). A wave keeps its name; when it is over, move its files away"};
  };
  const Status first = orphaned(first_wave);
  if (!first) return first;
  std::error_code ended;
  for (const auto& entry :
       std::filesystem::directory_iterator(config.state_folder + "/waves", ended)) {
    const Status status = orphaned(entry.path().filename().string());
    if (!status) return status;
  }
  return Done{};
}

Result<Config> read_config(
    const std::string& file,
    const std::function<std::string_view(std::string_view)>& adapter_schema) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return Error{ErrorCode::invalid_request, file + " cannot be read: no such file, or no right"};
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  auto parsed = json::parse_with_comments(bytes.str());
  if (!parsed)
    return Error{ErrorCode::invalid_request, file + " is not JSON: " + parsed.error().message};
  Value value = std::move(parsed).value();

  std::vector<FieldError> errors = json::Schema::named("config").check(value);
  if (!errors.empty()) return refused(file, std::move(errors));
  expand(value, "", errors);
  if (!errors.empty()) return refused(file, std::move(errors));

  Config config;
  config.folder = std::filesystem::absolute(file).parent_path().string();
  config.state_folder = resolved(config.folder, text_of(value, "stateFolder"));
  config.log_level = text_of(value, "logLevel", config.log_level);
  config.ops_listener.port = 8081;
  config.ops_listener.workers = 4;
  read_listener(value.get("channelListener"), "/channelListener", config.channel_listener, errors);
  read_listener(value.get("opsListener"), "/opsListener", config.ops_listener, errors);

  for (const json::Member& member : value.get("systems").members()) {
    SystemConfig system;
    const std::string at = json::pointer_to("/systems", member.key);
    if (!is_channel_name(member.key))
      errors.push_back({at, "a system's name must be [a-z0-9-]{1,10}"});
    system.adapter = text_of(member.value, "adapter");
    const std::string_view schema = adapter_schema(system.adapter);
    if (schema.empty()) {
      errors.push_back({at + "/adapter", "no adapter is called " + system.adapter});
    } else {
      const auto compiled = json::Schema::compile(schema);
      if (!compiled) return compiled.error();
      for (const FieldError& error : compiled->check(member.value.get("settings")))
        errors.push_back({at + "/settings" + error.pointer, error.detail});
    }
    system.settings_json = json::write(member.value.get("settings"));
    system.guard.concurrency =
        static_cast<int>(number_of(member.value, "concurrency", system.guard.concurrency));
    config.systems[member.key] = std::move(system);
  }

  read_waves(value.get("waves"), config, errors);

  std::size_t number = 0;
  for (const Value& item : value.get("keys").items()) {
    const std::string at = "/keys/" + std::to_string(number++);
    KeyConfig key;
    key.subject = text_of(item, "subject");
    key.role = text_of(item, "role");
    key.channel = text_of(item, "channel");
    key.hash = text_of(item, "hash");
    key.wave = text_of(item, "wave");
    for (const Value& wave : item.get("waves").items()) key.waves.push_back(wave.text());
    if (key.role == "channel" && !is_channel_name(key.channel))
      errors.push_back({at + "/channel", "must be [a-z0-9-]{1,10} for the role channel"});
    if (config.systems.count(key.channel) != 0)
      errors.push_back({at + "/channel", "must not be the name of a system"});
    check_waves_of(key, at, config, errors);
    config.keys.push_back(std::move(key));
  }

  FacadeSettings& facade = config.facade;
  const FacadeSettings standard = facade;
  read_wave_settings(value, "", config.folder, facade, errors);
  const Value& relay = value.get("relay");
  facade.relay.parallel = static_cast<int>(number_of(relay, "parallel", facade.relay.parallel));
  facade.relay.backoff_min_ms = number_of(relay, "backoffMinMs", facade.relay.backoff_min_ms);
  facade.relay.backoff_max_ms = number_of(relay, "backoffMaxMs", facade.relay.backoff_max_ms);
  facade.relay.give_up_ms = number_of(relay, "giveUpMs", facade.relay.give_up_ms);
  facade.orders.give_up_ms = facade.relay.give_up_ms;
  const Value& shadow = value.get("shadow");
  facade.shadow_threads = static_cast<int>(number_of(shadow, "threads", facade.shadow_threads));
  facade.shadow_queue_limit = static_cast<std::size_t>(
      number_of(shadow, "queueLimit", static_cast<std::int64_t>(facade.shadow_queue_limit)));
  facade.poll_ms = number_of(value, "pollMs", facade.poll_ms);
  facade.resolve_ms = number_of(value, "resolveMs", facade.resolve_ms);
  facade.answers_kept_days = number_of(value, "answersKeptDays", facade.answers_kept_days);
  facade.writes.subject_wait_ms = number_of(value, "subjectWaitMs", facade.writes.subject_wait_ms);
  facade.state_folder = config.state_folder;
  const Value& store = value.get("store");
  if (text_of(store, "kind") == "postgres") {
    journal::PostgresSettings postgres;
    postgres.connection = text_of(store, "connection");
    if (postgres.connection.empty())
      errors.push_back({"/store/connection", "is needed for the kind postgres"});
    postgres.schema = text_of(store, "schema", postgres.schema);
    postgres.readers = static_cast<int>(number_of(store, "readers", postgres.readers));
    postgres.reconnect_ms = number_of(store, "reconnectMs", postgres.reconnect_ms);
    postgres.stall_ms = number_of(store, "stallMs", postgres.stall_ms);
    facade.postgres = std::move(postgres);
  } else {
    facade.journal.readers = static_cast<int>(number_of(store, "readers", facade.journal.readers));
    if (store.find("connection") != nullptr || store.find("schema") != nullptr)
      errors.push_back({"/store", "connection and schema belong to the kind postgres"});
  }
  const Value& recovery = value.get("recovery");
  facade.recovery.overlap_ms = number_of(recovery, "overlapMs", facade.recovery.overlap_ms);
  facade.recovery.release_unreleased = text_of(recovery, "unreleased") == "release";
  for (const Value& prefix : recovery.get("movementPrefixes").items())
    facade.recovery.movement_prefixes.push_back(prefix.text());
  const Value& reconcile = value.get("reconcile");
  facade.reconcile.page = static_cast<int>(number_of(reconcile, "pageRows", facade.reconcile.page));
  facade.reconcile.rows_per_s = number_of(reconcile, "rowsPerS", facade.reconcile.rows_per_s);
  facade.reconcile.source_age_max_ms =
      number_of(reconcile, "sourceAgeMaxHours", facade.reconcile.source_age_max_ms / 3'600'000) *
      3'600'000;
  facade.reconcile.pause_ms = number_of(reconcile, "pauseMs", facade.reconcile.pause_ms);
  facade.reconcile.memory_max =
      static_cast<std::size_t>(number_of(
          reconcile, "memoryMb", static_cast<std::int64_t>(facade.reconcile.memory_max >> 20)))
      << 20;
  read_snapshots(reconcile.get("snapshots"), facade.reconcile.snapshots, errors);
  for (const json::Member& system : reconcile.get("postedBy").members()) {
    if (config.systems.count(system.key) == 0)
      errors.push_back({"/reconcile/postedBy/" + system.key, "names no system"});
    for (const Value& user : system.value.items())
      facade.reconcile.posted_by[system.key].insert(user.text());
  }
  for (const json::Member& system : reconcile.get("stockPostedBy").members()) {
    if (config.systems.count(system.key) == 0)
      errors.push_back({"/reconcile/stockPostedBy/" + system.key, "names no system"});
    auto& users = facade.reconcile.stock_posted_by[system.key];
    for (const Value& user : system.value.items()) users.insert(user.text());
  }
  const Value& scenarios = value.get("postingScenarios");
  if (const std::string named = text_of(scenarios, "file"); !named.empty())
    facade.reconcile.scenarios_file = resolved(config.folder, named);
  const auto test_company = scenarios.get("testCompany").as_bool();
  facade.reconcile.test_company = test_company && *test_company;
  facade.plan_lease_ms = number_of(store, "planLeaseMs", facade.plan_lease_ms);
  if (!errors.empty()) return refused(file, std::move(errors));

  for (WaveConfig& wave : config.waves) {
    const std::string at = json::pointer_to("/waves", wave.name);
    Value own = value.get("waves").get(wave.name);
    add_common_freezes(own, value);
    Value all = Value::object();
    for (const char* section : sections_of_waves)
      all.set(section, merged(value.get(section), own.get(section)));
    wave.facade = facade;
    wave.facade.wave = wave.name;
    wave.facade.state_folder = wave_folder(config.state_folder, wave.name);
    // Read anew, so that nothing of the common settings stays behind what replaces it.
    wave.facade.parity_rules = standard.parity_rules;
    wave.facade.parity_share_per_100k = standard.parity_share_per_100k;
    wave.facade.guards = standard.guards;
    read_wave_settings(all, at, config.folder, wave.facade, errors);
    if (wave.facade.postgres && wave.name != first_wave) {
      // One schema each: journal, lock, announcements and replica numbers are all per schema.
      std::string& schema = wave.facade.postgres->schema;
      schema += "_" + wave.name;
      if (schema.size() > 63) {
        errors.push_back(
            {at, "its schema would be " + schema + ": PostgreSQL takes names up to 63 bytes"});
      }
    }
  }
  if (!errors.empty()) return refused(file, std::move(errors));
  return config;
}

}  // namespace underpin::facade
