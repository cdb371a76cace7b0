#include "contracts/json/json_text.h"
#include "facade/api/ops_api.h"

namespace underpin::facade::api {

using json::Value;

Answer readiness(const Facades& facades) {
  Value waves = Value::array();
  Value systems = Value::array();
  Value alarms = Value::array();
  bool all_ready = true;
  bool all_open = true;
  for (Facade* facade : facades) {
    const std::string& wave = facade->settings().wave;
    for (const SystemHealth& health : facade->health()) {
      Value one = Value::object();
      one.set("wave", wave);
      one.set("system", health.system);
      one.set("side", name(health.side));
      one.set("reachable", Value::boolean(health.reachable));
      if (!health.detail.empty()) one.set("detail", health.detail);
      systems.push(std::move(one));
    }
    for (const auto& [system, alarm] : facade->alarms()) {
      Value one = Value::object();
      one.set("wave", wave);
      one.set("system", system);
      one.set("alarm", alarm.name);
      one.set("detail", alarm.detail);
      alarms.push(std::move(one));
    }
    Status state = facade->journal().read([](const journal::JournalReader&) {});
    if (state) state = facade->plan_fresh();
    all_ready = all_ready && state.has_value();
    Value one = Value::object();
    one.set("wave", wave);
    one.set("ready", Value::boolean(state.has_value()));
    if (!state) one.set("detail", state.error().message);
    const std::string closed = facade->closed();
    if (!closed.empty()) one.set("writesClosed", closed);
    all_open = all_open && closed.empty();
    waves.push(std::move(one));
  }
  Value body = Value::object();
  body.set("ready", Value::boolean(all_ready));
  body.set("waves", std::move(waves));
  body.set("writes", all_open ? "open" : "closed");
  body.set("systems", std::move(systems));
  body.set("alarms", std::move(alarms));
  return Answer::json(all_ready ? 200 : 503, body);
}

}  // namespace underpin::facade::api
