// What every block of a persistent kernel begins with: the layers' descriptions in shared memory, its shares and stages, the ring, and on sm_90
// the warp that asks for the weights.
#pragma once
#include "persistent_stream.cuh"

struct BlockShared {
    Share shares[5]; // of the four products and the head
    Stage stages[MaxStages];
    u64 barriers[2 * MaxSlots];
    u64 keys[PersistentWarps];
    StageView views[MaxSlots];
    i32 sampled;
    Ring ring;   // for the warp that asks: what it need not keep in registers
    u32 stopped; // not 0: the warps that multiply have given up
};

// What the warps that multiply know of their block.
struct Block {
    Ring ring;
    u32 activations; // shared address
    float* sums;
};

// dynamic: the block's shared memory: layers' descriptions, ring (a.ringBytes), activations, partial sums. Returns when the warp that asks has
// ended; whether this one multiplies.
template <class Format, class Stages> DEVICE bool begin_block(const PersistentArguments& a, vec4* dynamic, int activationBytes, BlockShared& shared, Block& block) {
    int t = thread_index(), threads = LaunchThreads;
    PersistentLayer* layers = (PersistentLayer*)dynamic;
    int layerBytes = ((a.layerCount + 1) * (int)sizeof(PersistentLayer) + 127) & ~127;
    u32 activations = shared_address(dynamic) + layerBytes + a.ringBytes;
    int zeros = Format::Weights == 8 ? a.ringBytes : 0; // bytes between rows are multiplied with zeros, and must be numbers
    zeros += activationBytes;
    for (int i = t; i < (a.layerCount + 1) * (int)(sizeof(PersistentLayer) / 8); i += threads) {
        ((u64*)layers)[i] = ((const u64*)a.layers)[i];
    }
    for (int i = 16 * t; i < zeros; i += 16 * threads) {
        asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};" ::"r"(activations + activationBytes - zeros + i), "r"(0) : "memory");
    }
    if (t == 0) {
        shared.stopped = 0;
    }
    block_barrier();
    if (t < 5) {
        const Matrix& m = t < 4 ? (&layers[0].queryKeyValue)[t] : layers[a.layerCount].queryKeyValue;
        shared.shares[t] = share_of<Format>(m, block_x(), grid_x(), t == 2 ? Stages::UpRows : Stages::Rows, minimum(Stages::Bytes, a.ringBytes >> 1));
    }
    block_barrier();

    int number = t, product = 0, first = 0, count = 0, slotBytes = 128;
    for (int i = 0, all = 0; i < 5; i++) {
        const Share& s = shared.shares[i];
        int stages = (s.rows + s.stageRows - 1) / s.stageRows;
        if (t >= all && t < all + stages) {
            product = i;
            number = t - all;
        }
        all += stages;
        int groups = (i < 4 ? (&layers[0].queryKeyValue)[i] : layers[a.layerCount].queryKeyValue).groups;
        int size = (stage_bytes<Format>(s, minimum(s.stageRows, s.rows), groups) + 127) & ~127;
        slotBytes = size > slotBytes ? size : slotBytes;
        first = i == 3 ? all : first;
        count = all;
    }
    if (t < count && t < MaxStages) {
        const Matrix& m = product < 4 ? (&layers[0].queryKeyValue)[product] : layers[a.layerCount].queryKeyValue;
        shared.stages[t] = stage_of<Format>(m, shared.shares[product], product, number, a.keptBytes, product < 4 ? a.layerClocks : a.headClocks);
    }
    Ring ring = {
        layers, shared.stages, shared_address(dynamic) + layerBytes, (u32)a.ringBytes,
        PERSISTENT_BULK ? MaxSlots : (u32)minimum(a.ringBytes / slotBytes, MaxSlots), (u32)slotBytes, shared_address(shared.barriers),
        shared_address(shared.views), a.layerCount, first, count};
    ring.prepare();
    if (t == 0) {
        shared.ring = ring;
    }
    block_barrier();

#if PERSISTENT_BULK
    if (t >= PersistentThreads) {
        registers_down();
        if (t == PersistentThreads) {
            Stream<Format> stream = {shared.ring, &shared.stopped, 0, 0, 0, 0, 0, clocks()};
            int position = ((const volatile DecodeState*)a.state)->position; // volatile: as in decode_steps
            stream.run(ring.stages_of(a.steps), a.id >= 0 ? a.position : position, a.depthClocks, a.sampled ? SamplingPause : 0);
        }
        return false;
    }
    registers_up();
#endif
    block = {ring, activations, (float*)((u8*)dynamic + layerBytes + a.ringBytes + activationBytes)};
    return true;
}
