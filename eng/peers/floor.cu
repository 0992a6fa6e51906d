// What no decode step can be faster than: the device's read bandwidth at the bytes that a token reads, and what a launch and a barrier cost.
//
//   nvcc -O3 -std=c++17 -arch=native floor.cu -o floor && ./floor
//
// Prints one line a figure: name, value, unit.
#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#include <initializer_list>

static void check(cudaError_t status, const char* call) {
    if (status != cudaSuccess) {
        std::fprintf(stderr, "floor: %s failed with %s\n", call, cudaGetErrorString(status));
        std::exit(1);
    }
}
#define CHECK(call) check(call, #call)

__global__ void nothing() {}

// Every block reads its share with 16-byte loads that bypass L1, several in flight; the sum keeps the compiler from dropping them.
__global__ void __launch_bounds__(512) read_all(const uint4* data, size_t count, unsigned* sum) {
    constexpr int Depth = 4;
    size_t step = (size_t)gridDim.x * blockDim.x;
    unsigned total = 0;
    for (size_t first = (size_t)blockIdx.x * blockDim.x + threadIdx.x; first < count; first += Depth * step) {
        uint4 part[Depth] = {};
#pragma unroll
        for (int i = 0; i < Depth; i++) {
            if (first + i * step < count) {
                part[i] = __ldcs(data + first + i * step);
            }
        }
#pragma unroll
        for (int i = 0; i < Depth; i++) {
            total += part[i].x ^ part[i].y ^ part[i].z ^ part[i].w;
        }
    }
    if (total == 0x5bd1e995u) {
        *sum = total;
    }
}

// All blocks of the grid meet again and again; they are resident together because the launch is cooperative.
__global__ void __launch_bounds__(512) meet(unsigned* arrived, int rounds) {
    for (int round = 1; round <= rounds; round++) {
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            atomicAdd(arrived, 1);
            while (*(volatile unsigned*)arrived < (unsigned)round * gridDim.x) {
            }
            __threadfence();
        }
        __syncthreads();
    }
}

// Microseconds of work queued in a stream.
template <class Work> static double microseconds(cudaStream_t stream, Work work) {
    cudaEvent_t start, end;
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&end));
    work(); // warm
    CHECK(cudaEventRecord(start, stream));
    work();
    CHECK(cudaEventRecord(end, stream));
    CHECK(cudaEventSynchronize(end));
    float milliseconds;
    CHECK(cudaEventElapsedTime(&milliseconds, start, end));
    CHECK(cudaEventDestroy(start));
    CHECK(cudaEventDestroy(end));
    return milliseconds * 1e3;
}

static double graph_node(cudaStream_t stream, int blocks, bool dependent) {
    constexpr int Nodes = 500, Replays = 10;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < Nodes; i++) {
        cudaLaunchAttribute attribute = {};
        attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
        attribute.val.programmaticStreamSerializationAllowed = 1;
        cudaLaunchConfig_t shape = {};
        shape.gridDim = dim3(blocks);
        shape.blockDim = dim3(256);
        shape.stream = stream;
        shape.attrs = &attribute;
        shape.numAttrs = dependent ? 1 : 0;
        CHECK(cudaLaunchKernelEx(&shape, nothing));
    }
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    double total = microseconds(stream, [&] {
        for (int i = 0; i < Replays; i++) {
            CHECK(cudaGraphLaunch(executable, stream));
        }
    });
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    return total / (Nodes * Replays);
}

int main() {
    cudaDeviceProp device;
    CHECK(cudaGetDeviceProperties(&device, 0));
    std::printf("# %s, %d multiprocessors\n", device.name, device.multiProcessorCount);
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));

    // Bytes of a token: gpt2 in 4 and 8 bits and FP16, gpt2-medium and gpt2-xl in FP16; taken from a pool so large that the L2 has none of it.
    constexpr size_t Pool = (size_t)8 << 30;
    constexpr int Passes = 20;
    uint4* pool;
    unsigned* word;
    CHECK(cudaMalloc(&pool, Pool));
    CHECK(cudaMalloc(&word, sizeof *word));
    CHECK(cudaMemset(pool, 1, Pool));
    for (size_t megabytes : {62, 124, 248, 710, 3100}) {
        size_t count = megabytes * 1000000 / sizeof(uint4), offset = 0;
        double each = microseconds(stream, [&] {
            for (int pass = 0; pass < Passes; pass++) {
                offset = (offset + 2 * count) * sizeof(uint4) > Pool ? 0 : offset + count;
                read_all<<<2 * device.multiProcessorCount, 512, 0, stream>>>(pool + offset, count, word);
            }
        }) / Passes;
        std::printf("read_%zu_MB %.2f us\nread_%zu_MB_bandwidth %.3f TB/s\n", megabytes, each, megabytes, (double)count * sizeof(uint4) / each / 1e6);
    }

    for (int blocks : {1, device.multiProcessorCount}) {
        std::printf("graph_node_%d_blocks %.3f us\n", blocks, graph_node(stream, blocks, false));
        if (device.major >= 9) {
            std::printf("graph_node_%d_blocks_dependent %.3f us\n", blocks, graph_node(stream, blocks, true));
        }
    }

    int rounds = 2000;
    void* arguments[] = {&word, &rounds};
    double barriers = microseconds(stream, [&] {
        CHECK(cudaMemsetAsync(word, 0, sizeof *word, stream));
        CHECK(cudaLaunchCooperativeKernel((void*)meet, dim3(device.multiProcessorCount), dim3(512), arguments, 0, stream));
    });
    std::printf("grid_barrier %.3f us\n", barriers / rounds);
    return 0;
}
