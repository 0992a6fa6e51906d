// Lets the device's samplers, compiled for the host, choose ids: reads cases from standard input until it ends, writes for each the id of sample.cu and
// that of the persistent kernel's sampler, or -1 where its threads have different ones. A case: number of logits, blocks of the persistent kernel, step
// (i32), scale (float), top-p (u64), seed (u64), logits (float). DeviceSamplerTests.cs writes them.
#include "host.h"

#include "persistent_sample.cuh"
#include "sample.cu"

struct Case {
    i32 count, blocks, step;
    float scale;
    u64 topP, seed;
};

static u64 best_of(const std::vector<float>& logits) {
    size_t best = 0;
    for (size_t i = 1; i < logits.size(); i++) {
        best = logits[i] > logits[best] ? i : best;
    }
    return (u64)ordered_bits(logits[best] + 0.0f) << 32 | (u32)~best;
}

static i32 by_kernels(const Case& c, const std::vector<float>& logits) {
    std::vector<u64> memory(sizeof(Scratch) / 8 + c.count + 1);
    Scratch* scratch = (Scratch*)memory.data();
    i32 id = -1;
    for (int turn = 0; turn < 2; turn++) { // the second with the scratch as the first has left it
        DecodeState state = {};
        scratch->sampling = {c.seed, c.topP, c.scale};
        state.best = best_of(logits);
        state.step = c.step;
        Arguments arguments = {logits.data(), scratch, &state, c.count};
        for (int block = 0; block < Blocks; block++) {
            host::launch(block, 1, Blocks, [&] { weigh(arguments); });
        }
        for (int block = 0; block < Blocks; block++) {
            host::launch(block, 1, Blocks, [&] { choose(arguments); });
        }
        i32 chosen = (i32)~(u32)state.best;
        id = turn == 0 || chosen == id ? chosen : -1;
    }
    return id;
}

static i32 by_persistent(const Case& c, const std::vector<float>& logits) {
    std::vector<vec4> memory((sizeof(PersistentScratch) + sizeof(u64) * (Buckets * c.blocks + c.count + 2)) / sizeof(vec4) + 1);
    std::vector<std::vector<float>> own(c.blocks);
    std::vector<Share> shares(c.blocks);
    std::vector<SampleShared> shared(c.blocks);
    for (int block = 0; block < c.blocks; block++) {
        i32 begin, end;
        rows_of_block(c.count, block, c.blocks, begin, end);
        shares[block] = {begin, end - begin, 0, 0};
        own[block].resize(PersistentWarps * (end - begin));
        for (int row = begin; row < end; row++) {
            own[block][PersistentWarps * (row - begin)] = logits[row];
        }
    }
    i32 id = -1;
    bool isOne = true;
    for (int turn = 0; turn < 3; turn++) {
        std::vector<i32> chosen(c.blocks * host::BlockThreads);
        host::launch(0, c.blocks, c.blocks, [&] {
            int block = block_x();
            shared[block].weights.clear(thread_index());
            block_barrier();
            Patience patience = {1000000, 0};
            chosen[block * host::BlockThreads + thread_index()] = sample_id(
                own[block].data(), c.count, shares[block], best_of(logits), {c.seed, c.topP, c.scale}, (PersistentScratch*)memory.data(), turn, c.step,
                7 + 12 * turn, patience, shared[block], 0);
        });
        id = turn == 0 ? chosen[0] : id;
        for (i32 other : chosen) {
            isOne = isOne && other == id;
        }
    }
    return isOne ? id : -1;
}

int main() {
    Case c;
    while (std::fread(&c, sizeof(c), 1, stdin) == 1) {
        std::vector<float> logits(c.count);
        if (std::fread(logits.data(), sizeof(float), logits.size(), stdin) != logits.size()) {
            return 2;
        }
        i32 ids[2] = {by_kernels(c, logits), by_persistent(c, logits)};
        std::fwrite(ids, sizeof(ids), 1, stdout);
    }
    return 0;
}
