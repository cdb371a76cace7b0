#pragma once

#include "facade/api/api_call.h"
#include "facade/api/wave_routes.h"
#include "facade/facade.h"

namespace underpin::facade::api {

// What architects, QA and operators call: cutover, exceptions, parity, a trace of one order. The
// actor of a change is the token's subject, never the body's word. Of one wave: see WaveRoute.
ApiRoutes ops_routes(Facade& facade);

// GET /readyz: a wave is ready when its journal answers, the process when every one of `facades`
// is; systems that are down are named, and only their capabilities answer 503.
Answer readiness(const Facades& facades);

}  // namespace underpin::facade::api
