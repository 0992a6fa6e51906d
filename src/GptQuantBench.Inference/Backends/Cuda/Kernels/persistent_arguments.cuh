// What the persistent kernel is asked for, and how a block finds its share.
#pragma once
#include "formats.cuh"
#include "state.cuh"

#ifndef PERSISTENT_THREADS
#define PERSISTENT_THREADS 256
#endif
static const int PersistentThreads = PERSISTENT_THREADS;
static const int PersistentWarps = PersistentThreads / 32; // even, at least 8
static const int MaxWidth = 2048;                          // of the residual stream
static const int MaxHeadSize = 128;

// One transformer block. C#: PersistentLayer, field for field.
struct PersistentLayer {
    Matrix queryKeyValue, projection, up, down;
    const float *queryKeyValueBias, *projectionBias, *upBias, *downBias; // FP32 [rows]
    const float *attentionGain, *attentionShift, *forwardGain, *forwardShift; // FP32 [width]
    half_t *keys, *values; // FP16 [heads, capacity, headSize]
};

// C#: PersistentArguments, field for field.
struct PersistentArguments {
    Matrix table;                  // [vocabulary, width]; the output head too
    Matrix positions;              // FP16 [context, width]
    const PersistentLayer* layers; // [layerCount + 1]; of the last one only the norm before the head, and the head as its first matrix
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
    i32 slot;       // 0 or 1: parity of the sampled steps before this launch (sampled)
    u32 epoch;      // more than every epoch of earlier launches
    u32 patience;   // loads after which a wait is given up, at least 1
    i32 activationBytes; // of shared memory, for the longest input of a product
    i32 sumBytes;        // and for the partial sums of one
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
    WaitWeights,     // sums of the sampler's weights
    WaitMembers,     // members of the nucleus
};

// -- words --------------------------------------------------------------------------------------------------------------------
// Blocks hand over 32 bits at a time in words {epoch, payload}: who reads sees from the word itself whether it is there, so neither
// a barrier between all blocks nor a fence stands in the way. Every kind of word has two slots, used in turn: a slot is written again
// two layers later, and the writer then has results that every block could only give after it had read the slot.

struct Words {
    u64 *heads, *attended, *spread, *projected, *hidden, *forward, *best;
};

DEVICE u64 even(u64 count) { return (count + 1) & ~1ull; }

// C#: PersistentExchange counts the same.
DEVICE Words locate(const PersistentArguments& a, int blocks) {
    int width = a.table.columns, ranges = (a.capacity * (a.headSize >> 3) + 1023) / 1024;
    Words w;
    w.heads = a.words;
    w.attended = w.heads + 6 * (u64)width;
    w.spread = w.attended + (u64)ranges * width;
    w.projected = w.spread + even((u64)ranges * a.heads * 2);
    w.hidden = w.projected + 2 * (u64)width;
    w.forward = w.hidden + (u64)a.inner;
    w.best = w.forward + 2 * (u64)width;
    (void)blocks;
    return w;
}

// -- shares -------------------------------------------------------------------------------------------------------------------
// Every block has a run of neighbouring rows of each matrix, in pairs. A unit is one pair of rows times one segment: 16 bytes of either
// row a lane. Units are counted pair by pair.
struct Share {
    i32 first, rows;
    i32 segments; // of a row
    i32 units;
};

DEVICE Share share_of(const Matrix& m, int block, int blocks) {
    int pairs = (m.rows + 1) >> 1;
    int begin = (int)((u64)pairs * block / blocks), end = (int)((u64)pairs * (block + 1) / blocks);
    Share s;
    s.first = begin * 2;
    s.rows = minimum(end * 2, m.rows) - s.first;
    s.segments = (m.pitch + 511) >> 9;
    s.units = (end - begin) * s.segments;
    return s;
}
