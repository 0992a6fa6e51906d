// Copies from global to shared memory in groups, and loads from there, for the tiled products.
#pragma once
#include "device.cuh"

DEVICE u32 shared_address(const void* pointer) {
    u32 address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(pointer));
    return address;
}

// 16 bytes from global to shared memory; of which `inside` are read and the others zero.
DEVICE void copy16(u32 to, const void* from, u32 inside) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
}

// The same for what is read once and in order: the bytes behind come into the L2 cache (PTX since 7.4, which sm_80's is not).
DEVICE void copy16_ahead(u32 to, const void* from, u32 inside) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("cp.async.cg.shared.global.L2::256B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
#else
    copy16(to, from, inside);
#endif
}

// `unit` bytes (8, 4 or 2), of which `inside` are read and the others zero; `from` and `to` are multiples of it.
DEVICE void copy_unit(u32 to, const u8* from, int unit, int inside) {
    if (unit == 8) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
    } else if (unit == 4) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
    } else { // too small for an asynchronous copy
        half_t value = 0;
        if (inside) {
            value = *(const half_t*)from;
        }
        asm volatile("st.shared.u16 [%0], %1;" ::"r"(to), "h"(value) : "memory");
    }
}

DEVICE void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most Open groups of copies are not done.
template <int Open> DEVICE void wait_for_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(Open) : "memory"); }

DEVICE vec4 load_shared(u32 address) {
    vec4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}

DEVICE half_t load_shared_half(u32 address) {
    half_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return v;
}

// What another block has written before it arrived.
DEVICE float4_t load_published(const float* address) {
    float4_t v;
    asm volatile("ld.global.cg.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(address) : "memory");
    return v;
}
