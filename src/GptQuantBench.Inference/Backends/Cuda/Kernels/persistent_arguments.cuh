// What the persistent kernel is asked for, and how a block finds its share.
#pragma once
#include "formats.cuh"
#include "state.cuh"

static const int PersistentThreads = 256;
#ifndef PERSISTENT_BULK
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define PERSISTENT_BULK 1
#else
#define PERSISTENT_BULK 0
#endif
#endif
static const int LaunchThreads = PERSISTENT_BULK ? PersistentThreads + 128 : PersistentThreads;
static const int PersistentWarps = PersistentThreads / 32;
static const int MaxWidth = 2048; // of the residual stream
static const int MaxHeadSize = 128;

// One transformer block. C#: PersistentLayer, field for field.
struct PersistentLayer {
    Matrix queryKeyValue, projection, up, down;
    const float *queryKeyValueFold, *upFold;    // FP32 [rows][2]: of persistent_fold, with the norm before the product
    const float *projectionBias, *downBias;     // FP32 [rows]
    const float *attentionGain, *forwardGain;   // FP32 [width]
    half_t *keys, *values; // FP16 [heads, capacity, headSize]
};

// C#: PersistentArguments, field for field.
struct PersistentArguments {
    Matrix table;                  // [vocabulary, width]; the output head too
    Matrix positions;              // FP16 [context, width]
    const PersistentLayer* layers; // [layerCount + 1]; of the last one only the head as its first matrix, its fold, and the gain before it
    float* logits;      // FP32 [vocabulary] of the last step
    DecodeState* state; // token and position of the first step; left as advance_step leaves it
    i32* ids;           // mapped host memory [steps], from state.step on; each is written once
    u64* times;         // mapped host memory [steps + 1]: nanoseconds at the start and at each id; null: not wanted
    u64* words;         // exchange_words(…) of them; zero before the first launch
    u64* fault;         // 0, or where a wait was given up (Waits); zero before the launch
    void* sampling;     // scratch of sample.cu; its options are read (sampled)
    u64* scratch;       // PersistentScratch, zero before the first launch (sampled)
    i32 layerCount;
    i32 heads;
    i32 headSize; // 32, 64 or 128
    i32 capacity; // positions in the cache
    i32 inner;
    i32 steps;      // ids to choose, at least 1
    i32 id;         // that the first step reads, at `position`; −1: both from the state
    i32 position;
    i32 sampled;    // 0: the best logit
    i32 sampledSteps; // before this launch, after the scratch was made zero (sampled)
    u32 epoch;      // of the first layer: one more than the last one's of the launch before, 1 after words were made zero
    u32 patience;   // loads after which a wait is given up, at least 1
    i32 keptBytes;  // of a block's rows of the head that stay in the L2 cache from step to step
    i32 ringBytes; // of shared memory: weights on their way (persistent_ring.cuh); a multiple of 128
    i32 sumPitch;  // FP32 partial sums of a warp: at least 32, 7 more than a product's rows, and half of 7 more than the head's; a multiple of 4
    i32 layerClocks; // that memory is given for a part of the layers' rows to every block (persistent_stream.cuh)
    i32 depthClocks; // more for 1024 positions in the cache, which memory is asked for too
    i32 headClocks;  // and of the head's
    u32 stall;      // 0; tests: the first block leaves out what it should hand over at this wait
    float epsilon;
    float queryScale;
};

// Places where a block waits for others; what a fault's low byte says. C#: PersistentWait.
enum Waits {
    WaitHeads = 1,   // queries, keys, values
    WaitAttended,    // attention's results
    WaitProjected,   // what the projection adds to the residual stream
    WaitHidden,      // activations between the two feed-forward products
    WaitForward,     // what the second of them adds
    WaitBest,        // best logit of every block
    WaitWeights,     // sums of a block's weights, for the sampler
    WaitTotals,      // and their totals over all blocks
    WaitMembers,     // rows of the bucket in which the nucleus ends, and logits
};

// -- words --------------------------------------------------------------------------------------------------------------------
// Blocks hand over words of 64 bits that carry their epoch: who reads sees from the word itself whether it is there, so neither a barrier
// between all blocks nor a fence stands in the way. Every kind of word has two slots, used in turn: a slot is written again two layers
// later, and the writer then has results that every block could only give after it had read the slot.
//
// All blocks read the same words, again and again until they are there, and share the L2 cache with the weights. So a word holds as much
// as it can beside its epoch (persistent_exchange.cuh). Those of which every one is written in every layer need half of it: what was there
// before is two epochs old, or zero.

// Where the words of a slot lie, counted from the slot's first.
struct Words {
    i32 projected, forward, hidden, attended, parts, spread, slot; // heads: 0; slot: words of a slot

    // The best logits' words, behind both slots: [2][blocks][2].
    DEVICE int best() const { return 2 * slot; }
};

// C#: PersistentDecoder.WordCount counts the same.
DEVICE Words locate(const PersistentArguments& a) {
    int width = a.table.columns, ranges = (a.capacity * (a.headSize >> 3) + 1023) / 1024;
    Words w;
    w.projected = 3 * (width >> 1);
    w.forward = w.projected + (width >> 1);
    w.hidden = w.forward + (width >> 1);
    w.attended = w.hidden + (a.inner >> 1);
    w.parts = w.attended + (width >> 1);
    w.spread = w.parts + ranges * (width >> 1);
    w.slot = (w.spread + ranges * a.heads + 1) & ~1;
    return w;
}

// -- shares -------------------------------------------------------------------------------------------------------------------
// Every block has a run of neighbouring rows of each matrix, in pairs: begin … end − 1. At most 2²⁴ rows, and 256 blocks.
DEVICE void rows_of_block(int rows, u32 block, u32 blocks, i32& begin, i32& end) {
    u32 pairs = (u32)(rows + 1) >> 1;
    begin = (i32)(pairs * block / blocks) * 2;
    end = minimum((i32)(pairs * (block + 1) / blocks) * 2, rows);
}

struct Share {
    i32 first, rows;
    i32 stageRows; // rows that pass through the ring together
    i32 pitch;     // bytes from a row to the next
};
