#include "facade/api/wave_routes.h"

#include <algorithm>

namespace underpin::facade::api {
namespace {

using json::Value;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Aim wave_refused(const std::string& rule) {
  Aim aim;
  aim.refused = validation({{"wave", rule}});
  return aim;
}

Value text_array(const std::vector<std::string>& texts) {
  Value value = Value::array();
  for (const std::string& text : texts) value.push(text);
  return value;
}

}  // namespace

std::vector<WaveRoute> over_waves(const Facades& facades, ApiRoutes (*routes_of)(Facade&)) {
  std::vector<WaveRoute> over;
  for (Facade* facade : facades) {
    ApiRoutes routes = routes_of(*facade);
    over.resize(routes.size());
    for (std::size_t i = 0; i < routes.size(); ++i) {
      over[i].handlers[facade->settings().wave] = routes[i].handler;
      if (!over[i].route.handler) over[i].route = std::move(routes[i]);
    }
  }
  return over;
}

Aim aim_of(const WaveRoute& route, const std::vector<std::string>& asked,
           const std::vector<std::string>& permitted) {
  // What the key may not see is not named either.
  std::vector<std::string> known;
  for (const auto& [wave, handler] : route.handlers) {
    if (permitted.empty() || std::find(permitted.begin(), permitted.end(), wave) != permitted.end())
      known.push_back(wave);
  }
  if (asked.size() > 1) return wave_refused("is there more than once");
  const std::string wanted = asked.empty() ? "" : asked.front();
  Aim aim;
  if (wanted == "*" || (wanted.empty() && route.route.waves == WavesOfCall::all_unnamed)) {
    if (route.route.waves == WavesOfCall::one)
      return wave_refused("must name one wave here; there is " + listed(known));
    aim.waves = known;
    // With one wave alone the answer is what it always was.
    aim.joined = route.handlers.size() > 1;
    return aim;
  }
  if (wanted.empty()) {
    if (route.handlers.size() > 1)
      return wave_refused("is missing: several waves are served; there is " + listed(known));
    aim.waves = {route.handlers.begin()->first};
  } else if (route.handlers.count(wanted) == 0 && permitted.empty()) {
    return wave_refused("names no wave; there is " + listed(known));
  } else {
    aim.waves = {wanted};
  }
  if (std::find(known.begin(), known.end(), aim.waves.front()) == known.end()) {
    aim.refused = problem(403, "forbidden", "The key is limited to other waves",
                          "This key is for " + listed(permitted) + ".");
  }
  return aim;
}

Answer answer_of(const WaveRoute& route, const Aim& aim, ApiCall call) {
  call.query.erase("wave");
  if (!aim.joined) {
    call.wave = aim.waves.front();
    return route.handlers.at(call.wave)(call);
  }
  Value items = Value::array();
  Value by_wave = Value::object();
  Value unavailable = Value::array();
  bool any = false;
  Answer last;
  for (const std::string& wave : aim.waves) {
    call.wave = wave;
    last = route.handlers.at(wave)(call);
    auto body = json::parse(last.body);
    if (last.status >= 500) {
      Value one = Value::object();
      one.set("wave", wave);
      one.set("status", Value::integer(last.status));
      one.set("detail", body ? body->get("detail").text() : "");
      unavailable.push(std::move(one));
      continue;
    }
    if (last.status >= 400 || !body) return last;  // About the call, not about the wave.
    any = true;
    for (const Value& item : body->get("items").items()) items.push(item);
    if (body->find("items") == nullptr) by_wave.set(wave, std::move(body).value());
  }
  if (!any) return last;
  Value joined = Value::object();
  joined.set("waves", text_array(aim.waves));
  if (by_wave.empty()) {
    joined.set("items", std::move(items));
  } else {
    joined.set("byWave", std::move(by_wave));
  }
  if (!unavailable.empty()) joined.set("unavailable", std::move(unavailable));
  return Answer::json(200, joined);
}

}  // namespace underpin::facade::api
