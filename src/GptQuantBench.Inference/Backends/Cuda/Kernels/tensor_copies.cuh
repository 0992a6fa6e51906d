// Copies of boxes of a matrix from global to shared memory (sm_90), and the barriers in shared memory that announce them.
#pragma once
#include "tiled_copies.cuh"

// What the driver makes of a matrix. C#: CudaTensorMap.
struct alignas(64) TensorMap {
    u64 words[16];
};

DEVICE void barrier_start(u32 barrier, int arrivals) { asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory"); }

// Behind barrier_start, before this thread asks for boxes: makes the barriers known to the copy engine.
DEVICE void barriers_are_started() { asm volatile("fence.mbarrier_init.release.cluster; fence.proxy.async.shared::cta;" ::: "memory"); }

DEVICE void barrier_arrive(u32 barrier) {
    asm volatile("{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [%0]; }" ::"r"(barrier) : "memory");
}

// Arrives, and has the phase wait for so many bytes more.
DEVICE void barrier_expect(u32 barrier, u32 bytes) {
    asm volatile("{ .reg .b64 state; mbarrier.arrive.expect_tx.shared.b64 state, [%0], %1; }" ::"r"(barrier), "r"(bytes) : "memory");
}

// Arrives once this thread's copies of 16 bytes are there.
DEVICE void barrier_arrive_with_copies(u32 barrier) { asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(barrier) : "memory"); }

// Of a whole warp.
DEVICE void barrier_wait(u32 barrier, u32 parity) {
    u32 over;
    do {
        asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                     : "=r"(over)
                     : "r"(barrier), "r"(parity)
                     : "memory");
    } while (!over);
    warp_barrier();
}

// The box whose first element is column x of row y; what lies outside the matrix is zeros, and counted.
DEVICE void copy_box(u32 to, u64 map, int x, int y, u32 barrier) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(to), "l"(map), "r"(x),
                 "r"(y), "r"(barrier)
                 : "memory");
}

DEVICE void store_shared(u32 to, const float4_t& v) {
    asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(to), "f"(v.x), "f"(v.y), "f"(v.z), "f"(v.w) : "memory");
}
