// Random weights in the layouts of formats.cuh.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cuda.h>
#include <cuda_runtime.h>
#include "persistent.cuh"

inline void require(bool isDone, const char* call, const char* reason) {
    if (!isDone) {
        std::fprintf(stderr, "persistent: %s failed with %s\n", call, reason);
        std::exit(1);
    }
}

inline const char* reason_of(CUresult status) {
    const char* text = "an unknown error";
    cuGetErrorString(status, &text);
    return text;
}

#define DRIVER(call) do { CUresult status_ = (call); require(status_ == CUDA_SUCCESS, #call, reason_of(status_)); } while (0)
#define RUNTIME(call) do { cudaError_t status_ = (call); require(status_ == cudaSuccess, #call, cudaGetErrorString(status_)); } while (0)

__device__ u32 random_bits(u64 x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    x ^= x >> 33;
    return (u32)x;
}

__device__ float random_between(u64 seed, float low, float high) { return low + (high - low) * (random_bits(seed) * 2.3283064e-10f); }

__global__ void fill_words(u32* to, u64 count, u64 seed) {
    for (u64 i = blockIdx.x * 256ull + threadIdx.x; i < count; i += gridDim.x * 256ull) {
        to[i] = random_bits(i + seed);
    }
}

// −128 is no code.
__global__ void fill_codes(signed char* to, u64 count, u64 seed) {
    for (u64 i = blockIdx.x * 256ull + threadIdx.x; i < count; i += gridDim.x * 256ull) {
        to[i] = (signed char)((int)(random_bits(i + seed) % 255u) - 127);
    }
}

__global__ void fill_halves(half_t* to, u64 count, u64 seed, float low, float high) {
    for (u64 i = blockIdx.x * 256ull + threadIdx.x; i < count; i += gridDim.x * 256ull) {
        to[i] = float_to_half(random_between(i + seed, low, high));
    }
}

__global__ void fill_floats(float* to, u64 count, u64 seed, float low, float high) {
    for (u64 i = blockIdx.x * 256ull + threadIdx.x; i < count; i += gridDim.x * 256ull) {
        to[i] = random_between(i + seed, low, high);
    }
}

// Zeroed memory of the device; never given back, the process is short.
template <class T> T* allocate(u64 count) {
    void* p;
    RUNTIME(cudaMalloc(&p, count * sizeof(T)));
    RUNTIME(cudaMemset(p, 0, count * sizeof(T)));
    return (T*)p;
}

inline u64 next_seed() {
    static u64 seed = 1;
    return seed += 1000003;
}

inline float* random_vector(int count, float low, float high) {
    float* p = allocate<float>(count);
    fill_floats<<<64, 256>>>(p, count, next_seed(), low, high);
    return p;
}

// [rows, columns] between −amplitude and amplitude, about; group: columns that share a scale, in formats with groups.
template <class Format> Matrix random_matrix(int rows, int columns, int group, float amplitude) {
    Matrix m = {};
    m.rows = rows;
    m.columns = columns;
    m.pitch = (columns + 31) / 32 * (512 / Format::Weights);
    u64 bytes = (u64)rows * m.pitch, seed = next_seed();
    u8* codes = allocate<u8>(bytes + 256);
    m.codes = codes;
    if (Format::Weights == 8) {
        fill_halves<<<1024, 256>>>((half_t*)codes, bytes / 2, seed, -amplitude, amplitude);
    } else if (Format::Weights == 16) {
        fill_codes<<<1024, 256>>>((signed char*)codes, bytes, seed);
    } else {
        fill_words<<<1024, 256>>>((u32*)codes, bytes / 4, seed);
    }
    if (Format::HasRowScale) {
        m.scales = random_vector(rows, 0.005f * amplitude, 0.015f * amplitude);
        m.groups = 1;
    }
    if (Format::HasGroups) {
        m.groupShift = group == 32 ? 5 : group == 64 ? 6 : 7;
        m.groups = (columns + group - 1) / group;
        u64 count = (u64)rows * m.groups;
        float greatest = Format::Weights == 16 ? 100.0f : 7.0f;
        half_t* scales = allocate<half_t>(count + 64);
        fill_halves<<<256, 256>>>(scales, count, seed + 7, 0.5f * amplitude / greatest, 1.5f * amplitude / greatest);
        m.scales = scales;
        if (Format::HasMinimum) {
            half_t* minima = allocate<half_t>(count + 64);
            fill_halves<<<256, 256>>>(minima, count, seed + 9, -1.2f * amplitude, -0.8f * amplitude);
            m.minima = minima;
        }
    }
    return m;
}
