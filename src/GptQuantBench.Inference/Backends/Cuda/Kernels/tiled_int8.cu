// Matrix products of up to 64 tokens in one format (tiled.cuh). A module of its own, compiled when a batch or a long prompt comes.
#include "tiled_bulk.cuh"

TILED_KERNELS(Int8)
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
BULK_KERNELS(Int8)
#endif
