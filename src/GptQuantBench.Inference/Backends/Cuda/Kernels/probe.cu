// The rate at which the device reads its memory, in the way that the products read weights: 16 bytes a lane, several in flight.
// Launch: any grid, block = 256. No shared memory.
#include "device.cuh"

KERNEL(256) read_memory(
    const vec4* buffer, // [count]
    u64 count,
    u64* sum) // of all 32-bit words, added to
{
    const int Depth = 8;
    u64 step = (u64)grid_x() * block_size();
    u64 i = (u64)block_x() * block_size() + thread_index();
    u64 total = 0;
    for (; i + (Depth - 1) * step < count; i += Depth * step) {
        vec4 v[Depth];
#pragma unroll
        for (int u = 0; u < Depth; u++) {
            v[u] = load_constant(buffer + i + u * step);
        }
#pragma unroll
        for (int u = 0; u < Depth; u++) {
            total += ((u64)v[u].x + v[u].y) + ((u64)v[u].z + v[u].w);
        }
    }
    for (; i < count; i += step) {
        vec4 v = load_constant(buffer + i);
        total += ((u64)v.x + v.y) + ((u64)v.z + v.w);
    }
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        total += shuffle_xor(total, offset);
    }
    if ((thread_index() & 31) == 0) {
        asm volatile("red.global.add.u64 [%0], %1;" ::"l"(sum), "l"(total) : "memory");
    }
}
