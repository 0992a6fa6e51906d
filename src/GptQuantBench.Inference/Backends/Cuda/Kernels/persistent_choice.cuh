// The next id from the head's logits: the best one's, or by the sampler.
#pragma once
#include "persistent_block.cuh"
#include "persistent_outputs.cuh"
#include "persistent_sample.cuh"

struct Choice {
    i32 id; // 0 if no logit is finite
    bool isFinite;

    // What the host reads.
    DEVICE i32 told() const { return isFinite ? id : -2; }
};

// key: the warp's best (finish_head); words: of all blocks' best; own: the logit of row r of the block's at own[PersistentWarps * r];
// sampledSteps: before this one. Every block gets the same id.
DEVICE Choice choose(
    const PersistentArguments& a, u64 key, u64* words, const float* own, u32 sampledSteps, i32 step, u32 epoch, Patience& patience, BlockShared& shared,
    SampleShared& sample, u32 stall) {
    Sampling options = {0, 0, 0};
    if (a.sampled) {
        options = *(const Sampling*)a.sampling;
        sample.weights.clear(thread_index());
    }
    key = best_of_all(key, words, epoch, patience, shared.keys, stall == WaitBest);
    u32 order = (u32)(key >> 32);
    bool isFinite = order != NotANumberKey && order > 0x007fffffu;
    i32 id = isFinite ? (int)~(u32)key : 0;
    if (a.sampled && isFinite) {
        id = sample_id(
            own, a.table.rows, shared.shares[4], key, options, (PersistentScratch*)a.scratch, sampledSteps, step, epoch, patience, sample, stall);
        shared.sampled = id; // the same from all of them
        compute_barrier();
        id = shared.sampled;
    }
    return {id, isFinite};
}
