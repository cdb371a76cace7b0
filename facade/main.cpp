// The composition root: the only file that sees adapters.
#include "facade/registered_adapters.h"

int main() { return underpin::registered_adapters().empty() ? 1 : 0; }
