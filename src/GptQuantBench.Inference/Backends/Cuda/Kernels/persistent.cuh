// Decoding in one launch: every block keeps a share of each matrix's rows and its own copy of the residual stream, and goes through all
// steps and layers; what it computes it hands to all other blocks in words that carry their epoch (persistent_exchange.cuh).
//
//   step   embed ─▶ layers ─▶ norm, head ─▶ best logit of every block ─▶ (sampler) ─▶ id, to the host too ─▶ next step
//   layer  norm, queries/keys/values ─▶ attention ─▶ projection ─▶ norm, up, GELU ─▶ down ─▶         ─▶: handed over; 5 a layer
//
// Each of the eight warps has a slice of every product's columns, whose activations it gathers by itself, and norms are folded into the
// products behind them, so that a product has one barrier of the block, before its partial sums are added up. The weights come by themselves
// (persistent_ring.cuh); on sm_90 a ninth warp asks for them.
//
// Launch: cooperative, one block a multiprocessor at most, block = LaunchThreads. Shared memory, dynamic: the layers'
// descriptions, the ring (a.ringBytes), every warp's activations, partial sums (a.sumPitch); see PersistentShape.cs.
#pragma once
#include "persistent_ahead.cuh"
#include "persistent_attention.cuh"
#include "persistent_block.cuh"
#include "persistent_choice.cuh"
#include "persistent_fold.cuh"

// attend_item for the head size; Head: 64, or 0 for the others.
template <int Head> DEVICE void attend(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, int turn, bool stalled) {
    if (Head == 64) {
        attend_item<64>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, turn, stalled);
    } else if (a.headSize == 128) {
        attend_item<128>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, turn, stalled);
    } else {
        attend_item<32>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, turn, stalled);
    }
}

struct DecodeShared : BlockShared {
    alignas(16) float2_t stats[2][PersistentWarps];
    union {
        AttentionShared attention;
        SampleShared sample;
    };
};

// Where the parts of the block's dynamic shared memory lie; addresses in shared memory.
struct Areas {
    u32 narrow, wide; // this warp's activations of products `width` and `inner` wide
    float* sums;
};

// All steps. N: quads of the residual stream a lane has; Head: of attend; UpTiles: of TallWeights.
template <class Format, int N, int Head, int UpTiles> DEVICE void decode_steps(const PersistentArguments& a, const Ring& ring, DecodeShared& shared, const Areas& areas) {
    int t = thread_index(), warp = t >> 5, block = block_x(), blocks = grid_x(), width = a.table.columns;
    const PersistentLayer* layers = ring.layers;
    Words words = locate(a);
    Patience patience = {a.patience, 0};
    Product<Format> product = {ring, Turns<Format>::of(ring, ring.stages_of(a.steps)), 0, 0, {}, false, 0, {}, {}, 0};
    HeadConstants headConstants;
    Gains<N> gains;
    Norm norm;
    const bool IsEarly = LooksEarly<Format>;
    Slice narrow = late_slice_of(width), wide = slice_of(a.inner);
    Residual<N> residual = {Quads(narrow, width), {}};
    Quads inner(wide, a.inner);
    float* first = areas.sums;
    float* second = first + PersistentWarps * a.sumPitch;
    const volatile DecodeState* state = a.state; // volatile: clang would choose between these addresses and the arguments'
    int id = state->token, position = state->position, step = state->step;
    if (a.id >= 0) {
        id = a.id;
        position = a.position;
        step = 0;
    }
    u32 epoch = a.epoch;
    int rangeSize = 8192 / a.headSize, firstRange = block / a.heads;
    u32 stall = block == 0 ? a.stall : 0;
    CacheAhead cache(a);
    float inverse = 1.0f / (float)width;
    if (a.times && block == 0 && t == 0) {
        a.times[0] = nanoseconds();
    }
    if (narrow.count == 0 && t % 32 == 0) {
        shared.stats[0][warp] = shared.stats[1][warp] = {0, 0}; // for good
    }
    product.turns.start();

#pragma unroll 1
    for (int chosen = 0; chosen < a.steps; chosen++) {
        residual.template embed<Format>(a.table, a.positions, id, position);
        norm.begin();
        cache.begin(position);
        int ranged = position / rangeSize + 1;
        u64 key;
#pragma unroll 1
        for (int layer = 0;; layer++) {
            const PersistentLayer& l = layers[layer];
            bool isHead = layer == a.layerCount;
            u32 place = (u32)layer << 8;
            u64* slot = a.words + (epoch & 1) * words.slot;
            const PersistentLayer& after = layers[layer + 1 < a.layerCount ? layer + 1 : 0];

            // Queries, keys and values; behind the last layer the head, which reads the residual stream in the same way.
            {
                const Share& s = shared.shares[isHead ? 4 : 0];
                Outputs<Format, Queries> queries(s);
                const Target asked = {l.queryKeyValue, l.queryKeyValueFold, slot, width, a.queryScale};
                gains.request(l.attentionGain, residual.quads);
                // Without a branch, at whose end what they asked for would be waited for.
                headConstants.request<Format>(l.queryKeyValue, l.queryKeyValueFold, s);
                queries.request(asked);
                if (!isHead) {
                    cache.ask(0, after);
                }
                product.open(l.queryKeyValue, s.pitch, narrow);
                if (narrow.count > 0) {
                    const u64* before = a.words + (~epoch & 1) * words.slot + words.forward;
                    Arriving<ValueFour, N> arriving;
                    TallWeights<3> weights;
                    product.load_first(weights, [&] {
                        if (layer > 0) {
                            arriving.request(before, residual.quads, 0);
                        }
                    });
                    Feed<N> feed(residual, norm);
                    if (layer > 0) {
                        arriving.template wait<IsEarly>(before, residual.quads, 0, epoch - 1, patience, WaitForward | place);
                        feed.add(arriving, residual);
                    }
                    feed.put(gains, norm, residual.quads, areas.narrow);
                    NormSums stats(feed, residual.quads);
                    product.turns.ask();
                    if (isHead) {
                        compute_barrier(); // the head's sums lie where the down product's do
                    }
                    product.template multiply<N == 1>(weights, areas.narrow, first + warp, [&](int i) { stats.step(i, &shared.stats[0][warp]); });
                } else {
                    product.turns.ask();
                    if (isHead) {
                        compute_barrier();
                    }
                    product.skip(first + warp);
                }
                compute_barrier();
                float sum = queries.gather(first);
                norm.take(shared.stats[0], inverse, a.epsilon);
                if (isHead) {
                    product.close(warp == PersistentWarps - 1);
                    key = finish_head<Format>(s, l.queryKeyValue, l.queryKeyValueFold, first, headConstants, norm, a.logits);
                    break;
                }
                queries.finish(asked, first, sum, norm.factor, norm.offset, epoch, stall == WaitHeads);
                product.close(warp == PersistentWarps - 1);
            }

            // Attention and its projection.
            {
                const Share& s = shared.shares[1];
                Outputs<Format, Added> outputs(s);
                const Target projected = {l.projection, l.projectionBias, slot + words.projected, 0, 1};
                outputs.request(projected);
                int turn = 0;
#pragma unroll 1
                for (int item = block; item < a.heads * ranged; item += blocks) {
                    int range = item == block ? firstRange : item / a.heads;
                    attend<Head>(
                        a, l, item - range * a.heads, range, position, slot,
                        ranged == 1 ? slot + words.attended : slot + words.parts + range * (width >> 1),
                        ranged == 1 ? nullptr : slot + words.spread + range * a.heads, epoch, patience, WaitHeads | place, shared.attention, turn,
                        stall == WaitAttended);
                    turn ^= 1;
                }
                if (ranged > 1) { // behind all parts of this block, which others may wait for
#pragma unroll 1
                    for (int head = block; head < a.heads; head += blocks) {
                        int half = a.headSize >> 1;
                        if ((t & ~31) < half) {
                            join_ranges(
                                slot + words.parts, slot + words.spread, slot + words.attended, width, a.heads, head * half + minimum(t, half - 1), head,
                                ranged, epoch, patience, WaitAttended | place, stall == WaitAttended);
                        }
                    }
                }
                cache.ask(1, after);
                product.open(l.projection, s.pitch, narrow);
                if (narrow.count > 0) {
                    Arriving<PairedFour, N> arriving;
                    FlatWeights<N> weights;
                    product.load_first(weights, [&] { arriving.request(slot + words.attended, residual.quads, 0); });
                    gather_halves<IsEarly>(arriving, slot + words.attended, residual.quads, epoch, patience, WaitAttended | place, areas.narrow);
                    product.turns.ask();
                    product.multiply(weights, areas.narrow, second + warp);
                } else {
                    product.turns.ask();
                    product.skip(second + warp);
                }
                compute_barrier();
                outputs.finish(projected, second, outputs.gather(second), 1, 0, epoch, stall == WaitProjected);
                product.close(warp == PersistentWarps - 2);
            }

            // Up.
            {
                const Share& s = shared.shares[2];
                gains.request(l.forwardGain, residual.quads);
                Outputs<Format, Hidden> outputs(s);
                const Target hidden = {l.up, l.upFold, slot + words.hidden, 0, 1};
                outputs.request(hidden);
                cache.ask(2, after);
                product.open(l.up, s.pitch, narrow);
                if (narrow.count > 0) {
                    Arriving<ValueFour, N> arriving;
                    TallWeights<UpTiles> weights;
                    product.load_first(weights, [&] { arriving.request(slot + words.projected, residual.quads, 0); });
                    Feed<N> feed(residual, norm);
                    arriving.template wait<IsEarly>(slot + words.projected, residual.quads, 0, epoch, patience, WaitProjected | place);
                    feed.add(arriving, residual);
                    feed.put(gains, norm, residual.quads, areas.narrow);
                    NormSums stats(feed, residual.quads);
                    product.turns.ask();
                    product.template multiply<N == 1>(weights, areas.narrow, first + warp, [&](int i) { stats.step(i, &shared.stats[1][warp]); });
                } else {
                    product.turns.ask();
                    product.skip(first + warp);
                }
                compute_barrier();
                float sum = outputs.gather(first);
                norm.take(shared.stats[1], inverse, a.epsilon);
                outputs.finish(hidden, first, sum, norm.factor, norm.offset, epoch, stall == WaitHidden);
                product.close(warp == PersistentWarps - 3);
            }

            // Down.
            {
                const Share& s = shared.shares[3];
                Outputs<Format, Added> outputs(s);
                const Target added = {l.down, l.downBias, slot + words.forward, 0, 1};
                outputs.request(added);
                cache.ask(3, after);
                product.open(l.down, s.pitch, wide);
                Arriving<PairedFour, 4> arriving;
                FlatWeights<4> weights;
                product.load_first(weights, [&] { arriving.request(slot + words.hidden, inner, 0); });
                gather_halves<IsEarly>(arriving, slot + words.hidden, inner, epoch, patience, WaitHidden | place, areas.wide);
                product.turns.ask();
                product.multiply(weights, areas.wide, second + warp);
                compute_barrier();
                outputs.finish(added, second, outputs.gather(second), 1, 0, epoch, stall == WaitForward);
                product.close(warp == PersistentWarps - 4);
            }
            epoch++;
        }
        Choice choice = choose(
            a, key, a.words + words.best() + (chosen & 1) * 2 * blocks, areas.sums, a.sampledSteps + chosen, step + chosen, epoch, patience, shared,
            shared.sample, stall);
        id = choice.id;
        if (barrier_or(patience.lost)) {
            patience.report(a.fault, chosen);
            *(volatile u32*)&shared.stopped = 1;
            product.turns.drain(product.slot, product.phase);
            return;
        }
        if (block == 0 && t == 0) {
            if (a.times) {
                ((volatile u64*)a.times)[chosen + 1] = nanoseconds();
            }
            store_system(a.ids + step + chosen, choice.told());
        }
        position++;
    }
    if (block == 0 && t == 0) {
        a.state->best = 0;
        a.state->position = position;
        a.state->step = step + a.steps;
        a.state->token = id;
    }
}

template <class Format, int N, int Head, int UpTiles> DEVICE void decode(const PersistentArguments& a) {
    alignas(128) extern __shared__ vec4 dynamic[]; // else bulk copies and reads of the ring are slower
    __shared__ DecodeShared shared;
    int narrow = slice_bytes(a.table.columns), wide = slice_bytes(a.inner);
    Block block;
    if (begin_block<Format, DecodeStages<UpTiles>>(a, dynamic, PersistentWarps * (narrow + wide), shared, block)) {
        u32 own = block.activations + warp_index() * narrow, further = block.activations + PersistentWarps * narrow + warp_index() * wide;
        decode_steps<Format, N, Head, UpTiles>(a, block.ring, shared, {own, further, block.sums});
    }
}

#define PERSISTENT_ENTRY(name, ...) \
    extern "C" __global__ void __launch_bounds__(LaunchThreads, 1) name(const PersistentArguments a) { decode<__VA_ARGS__>(a); }

// For models with heads of 64 dimensions up to 1024 wide (tall: whose up product is 25 to 32 rows a block), and up to MaxWidth; and for those with other heads.
#define PERSISTENT_KERNEL(Format)                        \
    KERNEL(256) persistent_fold(const Matrix m, const float* gain, const float* shift, const float* biases, float* out) { fold<Format>(m, gain, shift, biases, out); } \
    PERSISTENT_ENTRY(persistent_decode, Format, 1, 64, 3)      \
    PERSISTENT_ENTRY(persistent_decode_tall, Format, 1, 64, 4) \
    PERSISTENT_ENTRY(persistent_decode_wide, Format, 2, 64, 3) \
    PERSISTENT_ENTRY(persistent_decode_any, Format, 2, 0, 3)
