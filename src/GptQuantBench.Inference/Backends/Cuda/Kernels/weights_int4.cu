// Every kernel that reads weights in 4 bits with an FP16 scale a group: matrix products (linear.cuh), embedding and
// unpacking (tables.cuh). Layout: formats.cuh. One module a format, so that a model's load compiles no other.
#include "linear.cuh"
#include "tables.cuh"

LINEAR_KERNELS(Int4, 3)
TABLE_KERNELS(Int4)
