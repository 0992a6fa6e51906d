// The persistent decode kernel for one format (formats.cuh). A module of its own, so that only loads that decode with it compile it.
#include "persistent.cuh"

PERSISTENT_KERNEL(Int8)
