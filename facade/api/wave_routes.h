#pragma once

#include "facade/api/api_call.h"
#include "facade/facade.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade::api {

// The facades that one process serves, one for each wave; at least one, each with a name of its
// own.
using Facades = std::vector<Facade*>;

// One route over every wave: the same question, answered by the facade of the wave it is about.
struct WaveRoute {
  ApiRoute route;                              // Its handler is that of the first wave.
  std::map<std::string, ApiHandler> handlers;  // By wave.
};
std::vector<WaveRoute> over_waves(const Facades& facades, ApiRoutes (*routes_of)(Facade&));

// What the waves are that a call of staff is about, or why it is about none.
struct Aim {
  std::vector<std::string> waves;  // One; or all that the key may see, and then `joined`.
  bool joined = false;
  std::optional<Answer> refused;
};
// `asked`: every `wave` of the query. `permitted`: the waves of the key, empty when it is not
// limited.
Aim aim_of(const WaveRoute& route, const std::vector<std::string>& asked,
           const std::vector<std::string>& permitted);

// The answer of the one wave as it is, or one answer of all: their `items` in one list, any other
// body by wave. A wave that cannot answer (5xx) is named in `unavailable` and does not keep the
// others from answering.
Answer answer_of(const WaveRoute& route, const Aim& aim, ApiCall call);

}  // namespace underpin::facade::api
