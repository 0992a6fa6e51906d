// Matrix products of up to 64 tokens in one format (tiled.cuh). A module of its own, compiled when a batch or a long prompt comes.
#include "tiled.cuh"

TILED_KERNELS(Int8)
