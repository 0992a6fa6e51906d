// Loads, stores and atomic operations; part of device.cuh, which alone includes it.
#pragma once

// Not from the first-level cache: what other blocks write.
DEVICE u64 load_relaxed(const u64* address) {
    u64 v;
    asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(v) : "l"(address) : "memory");
    return v;
}

DEVICE void add_shared(u64* address, u64 value) {
    u32 shared;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(shared) : "l"(address));
    asm volatile("red.shared.add.u64 [%0], %1;" ::"r"(shared), "l"(value) : "memory");
}

DEVICE void add_shared(u32* address, u32 value) {
    u32 shared;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(shared) : "l"(address));
    asm volatile("red.shared.add.u32 [%0], %1;" ::"r"(shared), "r"(value) : "memory");
}

DEVICE u32 fetch_add_shared(u32* address, u32 value) {
    u32 old, shared;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(shared) : "l"(address));
    asm volatile("atom.shared.add.u32 %0, [%1], %2;" : "=r"(old) : "r"(shared), "r"(value) : "memory");
    return old;
}

DEVICE float load_relaxed(const float* address) {
    float v;
    asm volatile("ld.relaxed.gpu.global.f32 %0, [%1];" : "=f"(v) : "l"(address) : "memory");
    return v;
}

DEVICE void add_global(u64* address, u64 value) { asm volatile("red.global.add.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); }

DEVICE u32 fetch_add(u32* address, u32 value) {
    u32 old;
    asm volatile("atom.global.add.u32 %0, [%1], %2;" : "=r"(old) : "l"(address), "r"(value) : "memory");
    return old;
}

DEVICE void store_relaxed(u64* address, u64 value) { asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); }

// Two neighbouring words, each whole by itself.
DEVICE void load_pair(const u64* address, u64& a, u64& b) {
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];" : "=l"(a), "=l"(b) : "l"(address) : "memory");
}

DEVICE void load_missing_pair(u32 missing, const u64* address, u64& a, u64& b) {
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %2, 0; @p ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%3]; }"
                 : "+l"(a), "+l"(b)
                 : "r"(missing), "l"(address)
                 : "memory");
}

// Has the line come into the L2 cache, and waits for nothing.
DEVICE void prefetch_line(const void* address) { asm volatile("prefetch.global.L2 [%0];" ::"l"(address) : "memory"); }

DEVICE void store_pair(u64* address, u64 a, u64 b) {
    asm volatile("st.relaxed.gpu.global.v2.u64 [%0], {%1, %2};" ::"l"(address), "l"(a), "l"(b) : "memory");
}

DEVICE u64 compare_and_swap(u64* address, u64 expected, u64 value) {
    u64 old;
    asm volatile("atom.global.cas.b64 %0, [%1], %2, %3;" : "=l"(old) : "l"(address), "l"(expected), "l"(value) : "memory");
    return old;
}

// 16 bytes that nobody writes while the kernel runs.
DEVICE vec4 load_constant(const void* address) {
    vec4 v;
    asm("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(address));
    return v;
}

DEVICE vec2 load_constant8(const void* address) {
    vec2 v;
    asm("ld.global.nc.v2.u32 {%0, %1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(address));
    return v;
}

DEVICE void store_system(volatile i32* address, i32 value) { asm volatile("st.relaxed.sys.global.s32 [%0], %1;" ::"l"(address), "r"(value) : "memory"); }

DEVICE void fence() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

DEVICE void atomic_max(u64* address, u64 value) { asm volatile("red.global.max.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); }

DEVICE void atomic_or(u32* address, u32 value) { asm volatile("red.global.or.b32 [%0], %1;" ::"l"(address), "r"(value) : "memory"); }

// -- matrix unit --------------------------------------------------------------------------------------------------------------

// D[16, 8] += A[16, 16] · B[16, 8], FP16 in, FP32 sums. Lane l = 4g + q holds, of A, row g (a0: columns 2q, 2q+1; a2: 2q+8, 2q+9) and
// row g + 8 (a1, a3 likewise); of B, column g (b0: rows 2q, 2q+1; b1: 2q+8, 2q+9); of D, rows g (d0, d1) and g + 8 (d2, d3), columns
// 2q and 2q+1 (PTX ISA, "Matrix fragments for mma.m16n8k16").
DEVICE void multiply_accumulate(float (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// -- programmatic dependent launch (sm_90): the next kernel of the stream may start early, and waits here for what came before -

DEVICE void wait_for_previous_kernel() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

DEVICE void let_next_kernel_start() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

DEVICE vec4 load_shared_vector(u32 address) {
    vec4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}
