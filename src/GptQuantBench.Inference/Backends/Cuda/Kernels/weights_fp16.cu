// Every kernel that reads weights in FP16: matrix products (linear.cuh), embedding and
// unpacking (tables.cuh). Layout: formats.cuh. One module a format, so that a model's load compiles no other.
#include "linear.cuh"
#include "tables.cuh"

LINEAR_KERNELS(Fp16, 3)
TABLE_KERNELS(Fp16)
