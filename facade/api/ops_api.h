#pragma once

#include "facade/api/api_call.h"
#include "facade/facade.h"

namespace underpin::facade::api {

// What architects, QA and operators call: cutover, exceptions, parity, a trace of one order. The
// actor of a change is the token's subject, never the body's word.
ApiRoutes ops_routes(Facade& facade);

// GET /readyz: the facade is ready when its journal answers; systems that are down are named, and
// only their capabilities answer 503.
Answer readiness(Facade& facade);

}  // namespace underpin::facade::api
