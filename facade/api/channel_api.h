#pragma once

#include "facade/api/api_call.h"
#include "facade/facade.h"

namespace underpin::facade::api {

// HTTP <-> contract, one file per capability. Handlers may run on many threads at once.
void add_order_routes(ApiRoutes& routes, Facade& facade);
void add_inventory_routes(ApiRoutes& routes, Facade& facade);
void add_pricing_routes(ApiRoutes& routes, Facade& facade);
void add_customer_routes(ApiRoutes& routes, Facade& facade);

// Everything a channel may call.
ApiRoutes channel_routes(Facade& facade);

}  // namespace underpin::facade::api
