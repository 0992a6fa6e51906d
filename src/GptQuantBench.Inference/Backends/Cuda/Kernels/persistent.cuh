// Decoding in one launch: every block keeps a share of each matrix's rows and its own copy of the residual stream, and goes through all
// steps and layers; what it computes it hands to all other blocks in words that carry their epoch (persistent_exchange.cuh).
//
//   step   embed ─▶ layers ─▶ norm, head ─▶ best logit of every block ─▶ (sampler) ─▶ id, to the host too ─▶ next step
//   layer  norm, queries/keys/values ─▶ attention ─▶ projection ─▶ norm, up, GELU ─▶ down ─▶         ─▶: handed over; 5 a layer
//
// Weights do not depend on what is handed over: while a block waits, the next ones are on their way into its shared memory.
//
// Launch: cooperative, one block a multiprocessor at most, block = PersistentThreads. Shared memory, dynamic: the layers' descriptions, the rings,
// activations (a.activationBytes), partial sums (a.sumBytes),
// lists of units; see PersistentKernel.cs.
#pragma once
#include "persistent_attention.cuh"
#include "persistent_sample.cuh"

#ifdef PROFILE
DEVICE u32 clk() { u32 c; asm volatile("mov.u32 %0, %%clock;" : "=r"(c) :: "memory"); return c; }
#define MARK(i) do { u32 c_ = clk(); if (thread_index() == 0) prof[i] += c_ - last; last = c_; } while (0)
#else
#define MARK(i)
#endif
template <class Format> struct Decoder {
    const PersistentArguments& a;
    const PersistentLayer* layers; // shared
    const Share* shares;           // shared: of the four products and the head
    half_t* activations;           // shared

    // Product number n of a step, in the order they come; the head is the last.
    DEVICE const Matrix& matrix(int n) const { return (&layers[n >> 2].queryKeyValue)[n & 3]; }
    DEVICE const float* bias(int n) const { return (&layers[n >> 2].queryKeyValueBias)[n & 3]; }

    // Logits of the block's rows; returns the lane's best key.
    DEVICE u64 head(Ring<Format>& ring, Part& p) const {
        const int Segment = 32 * Format::Weights;
        const Matrix& m = layers[a.layerCount].queryKeyValue;
        int lane = thread_index() & 31, first = shares[4].first, segment = 0;
        float sum[4] = {0, 0, 0, 0}, scale = 1;
        u64 best = 0;
#pragma unroll 1
        for (int i = 0; i < p.count; i++) {
            Unit u = *p.unit;
            p.unit += PersistentWarps;
            copies_wait<Ring<Format>::Slots - 1>();
            // Lane 0 will have the first row, lane 4 the second one.
            bool writes = lane == 0 || (lane == 4 && u.second());
            int row = first + 2 * u.pair() + (lane >> 2);
            if (Format::HasRowScale && segment == 0 && writes) {
                scale = load_float((const float*)m.scales + row);
            }
            float d[4];
            ring.multiply(ring.used, activations + segment * Segment + lane * 8, Format::HasGroups ? p.group(u) : 0, p.groups, d);
            ring.used = ring.after(ring.used);
            ring.refill(1);
#pragma unroll
            for (int k = 0; k < 4; k++) {
                sum[k] += d[k];
            }
            if (++segment == p.segments) {
                float y[2];
                bool mine = diagonal(sum, y[0], y[1]);
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    y[k] = mine ? y[k] : 0.0f;
                    y[k] += shuffle_xor(y[k], 4);
                    y[k] += shuffle_xor(y[k], 9);
                    y[k] += shuffle_xor(y[k], 18);
                }
                float logit = (lane == 0 ? y[0] : y[1]) * scale;
                if (writes) {
                    a.logits[row] = logit;
                    u64 key = best_key(logit, row);
                    best = key > best ? key : best;
                }
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    sum[k] = 0;
                }
                segment = 0;
            }
        }
        return best;
    }

    // Hands the block's best key to all, and finds the best of all.
    DEVICE u64 best_of_all(u64 mine, u64* words, u32 epoch, Patience& patience, u64* shared, bool stalled) const {
        mine = warp_max(mine);
        int lane = thread_index() & 31, warp = thread_index() >> 5;
        if (lane == 0) {
            shared[warp] = mine;
        }
        block_barrier();
        if (warp == 0) {
            u64 best = lane < PersistentWarps ? shared[lane] : 0;
            best = warp_max(best);
            if (lane == 0 && !stalled) {
                store_relaxed(words + 2 * block_x(), word(epoch, (u32)(best >> 32)));
                store_relaxed(words + 2 * block_x() + 1, word(epoch, (u32)best));
            }
        }
        u64 best = 0;
        for (int b = thread_index(); b < grid_x(); b += PersistentThreads) {
            WordPair w;
            w.load(words + 2 * b);
            patience.wait(w, words + 2 * b, epoch, WaitBest);
            u64 key = (w.a << 32) | (u32)w.b;
            best = key > best ? key : best;
        }
        best = warp_max(best);
        block_barrier(); // shared is free again
        if (lane == 0) {
            shared[warp] = best;
        }
        block_barrier();
#pragma unroll
        for (int w = 0; w < PersistentWarps; w++) {
            best = shared[w] > best ? shared[w] : best;
        }
        return best;
    }
};

// attend_item for the head size.
DEVICE void attend(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, bool stalled) {
    if (a.headSize == 64) {
        attend_item<8>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, stalled);
    } else if (a.headSize == 128) {
        attend_item<16>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, stalled);
    } else {
        attend_item<4>(a, layer, head, range, position, words, attended, spread, epoch, patience, where, shared, stalled);
    }
}

template <class Format> DEVICE void decode(const PersistentArguments& a) {
    extern __shared__ vec4 dynamic[];
    __shared__ Share shares[5];
    __shared__ float4_t stats[PersistentWarps / 2];
    __shared__ i32 starts[5], sampled;
    __shared__ u64 keys[PersistentWarps];
    __shared__ union {
        AttentionShared attention;
        SampleShared sample;
    } shared;

    int t = thread_index(), block = block_x(), blocks = grid_x(), width = a.table.columns;
    PersistentLayer* layers = (PersistentLayer*)dynamic;
    int layerBytes = ((a.layerCount + 1) * (int)sizeof(PersistentLayer) + 15) & ~15;
    u8* dynamicRing = (u8*)dynamic + layerBytes;
    half_t* activations = (half_t*)(dynamicRing + Ring<Format>::Bytes);
    float* sums = (float*)((u8*)activations + a.activationBytes);
    Unit* units = (Unit*)((u8*)sums + a.sumBytes);
    for (int i = t; i < (a.layerCount + 1) * (int)(sizeof(PersistentLayer) / 8); i += PersistentThreads) {
        ((u64*)layers)[i] = ((const u64*)a.layers)[i];
    }
    for (int i = t; i < a.activationBytes / 4; i += PersistentThreads) {
        ((u32*)activations)[i] = 0; // beyond the columns they stay zero
    }
    block_barrier();
    if (t < 5) {
        shares[t] = share_of(t < 4 ? (&layers[0].queryKeyValue)[t] : layers[a.layerCount].queryKeyValue, block, blocks);
    }
    block_barrier();

    if (t == 0) {
        int start = 0;
        for (int i = 0; i < 5; i++) {
            starts[i] = start;
            start += Lists::length(shares[i], i == 4);
        }
    }
    block_barrier();
    for (int i = 0; i < 5; i++) {
        const Matrix& m = (&layers[i < 4 ? 0 : a.layerCount].queryKeyValue)[i & 3];
        Lists::fill(units + starts[i], shares[i], m.pitch, i == 4);
    }
    block_barrier();

    Decoder<Format> d = {a, layers, shares, activations};
    Lists lists = {units, shares, starts, t >> 5};
    Words words = locate(a, blocks);
    Patience patience = {a.patience, 0};
    Ring<Format> ring;
    Part part;
    RowConstants constants;
    Gains gains;
    Residual residual;
    const volatile DecodeState* state = a.state; // volatile: clang would choose between these addresses and the arguments'
    int id = state->token, position = state->position, step = state->step;
    if (a.id >= 0) {
        id = a.id;
        position = a.position;
        step = 0;
    }
    u32 epoch = a.epoch;
    int ranges = (a.capacity * (a.headSize >> 3) + 1023) / 1024, rangeSize = 8192 / a.headSize;
    int products = 4 * a.layerCount;
    u32 stall = block == 0 ? a.stall : 0;
    Sampling options = {0, 0, 0};
    if (a.sampled) {
        options = *(const Sampling*)a.sampling;
    }
    float inverse = 1.0f / (float)width, reference = 0;
    if (a.times && block == 0 && t == 0) {
        a.times[0] = nanoseconds();
    }
    ring.start(dynamicRing, layers, lists, a.layerCount);
    // What a product needs to know before its input is there.
    auto prepare = [&](int n) {
        int list = n == products ? 4 : n & 3;
        part.set<Format>(lists, list, d.matrix(n));
        if (list < 4) {
            constants.request<Format>(d.matrix(n), d.bias(n), shares[list], t >> 3);
        }
    };
#ifdef PROFILE
    __shared__ u32 prof[32];
    if (t < 32) prof[t] = 0;
    u32 last = clk();
#endif

#pragma unroll 1
    for (int chosen = 0; chosen < a.steps; chosen++) {
        residual.embed<Format>(a.table, a.positions, id, position);
        reference = 0;
        gains.request(layers[0].attentionGain, layers[0].attentionShift, width);
        int ranged = position / rangeSize + 1;
#pragma unroll 1
        for (int n = 0;; n++) {
            const PersistentLayer& l = layers[n >> 2];
            int product = n & 3;
            u32 slot = epoch & 1, place = (u32)(n >> 2) << 8;
            u64* heads = words.heads + slot * 3 * (u64)width;
            u64* attended = words.attended + slot * (u64)ranges * (width >> 1);
            u64* spread = words.spread + slot * (u64)ranges * a.heads;
            u64* projected = words.projected + slot * (u64)width;
            u64* hidden = words.hidden + slot * (u64)(a.inner >> 1);
            u64* forward = words.forward + slot * (u64)width;
            u64* out = heads;
            u32 hands = WaitHeads;

            if ((product & 1) == 0) {
                // The outputs of the product before this one.
                u64* from = product == 0 ? words.forward + (slot ^ 1) * (u64)width : projected;
                prepare(n);
                if (n > 0) {
                    residual.look(from, width);
                    residual.add(from, width, product == 0 ? epoch - 1 : epoch, patience, (product == 0 ? WaitForward : WaitProjected) | place);
                }
                MARK(4 + product);
                normalise<Format>(residual, gains, width, inverse, a.epsilon, reference, (float2_t*)stats, activations);
                if (n == products) {
                    break;
                }
                const float* gain = product == 0 ? l.forwardGain : layers[(n >> 2) + 1].attentionGain;
                const float* shift = product == 0 ? l.forwardShift : layers[(n >> 2) + 1].attentionShift;
                gains.request(gain, shift, width);
                if (product == 2) {
                    out = hidden;
                    hands = WaitHidden;
                }
            } else if (product == 1) {
                prepare(n);
#pragma unroll 1
                for (int item = block; item < a.heads * ranged; item += blocks) {
                    int range = item / a.heads;
                    attend(
                        a, l, item - range * a.heads, range, position, heads, attended, spread, epoch, patience, WaitHeads | place, shared.attention,
                        stall == WaitAttended);
                }
                MARK(5);
                gather_attended<Format>(
                    attended, spread, width, a.heads, a.headSize, ranged, epoch, patience, WaitAttended | place, activations);
                out = projected;
                hands = WaitProjected;
            } else {
                MARK(7);
                prepare(n);
                gather_hidden<Format>(hidden, a.inner, epoch, patience, WaitHidden | place, activations);
                out = forward;
                hands = WaitForward;
            }
            MARK(8 + product);

            const Share& s = shares[product];
            int used = multiply_share(ring, part, activations, sums);
            MARK(12 + product);
            block_barrier();
            MARK(16 + product);
            finish_share<Format>(d.matrix(n), d.bias(n), s, sums, constants, out, epoch, product, a.queryScale, stall == hands);

            ring.refill(used); // needs nothing of other blocks, and they need some time
            MARK(product);
            epoch += product == 3;
        }

        u64 key = d.head(ring, part);
        MARK(20);
        key = d.best_of_all(key, words.best + (chosen & 1) * 2 * (u64)blocks, epoch, patience, keys, stall == WaitBest);

        u32 order = (u32)(key >> 32);
        bool finite = order != NotANumberKey && order > 0x007fffffu;
        id = finite ? (int)~(u32)key : 0;
        if (a.sampled && finite) {
            if (t < Threads) {
                id = sample_id(
                    a.logits, a.table.rows, shares[4], key, options, (PersistentScratch*)a.scratch, (a.slot + chosen) & 1, step + chosen, epoch,
                    patience, shared.sample, stall);
                sampled = id; // the same from all of them
            }
            block_barrier();
            id = sampled;
        }
        if (barrier_or<0>(patience.lost)) {
            patience.report(a.fault, chosen);
            copies_wait<0>();
            return;
        }
        if (block == 0 && t == 0) {
            if (a.times) {
                ((volatile u64*)a.times)[chosen + 1] = nanoseconds();
            }
            store_system(a.ids + step + chosen, finite ? id : -2);
        }
        MARK(21);
        position++;
    }
#ifdef PROFILE
    if (t < 32) ((u32*)a.scratch)[65536 + block * 32 + t] = prof[t];
#endif
    copies_wait<0>();
    if (block == 0 && t == 0) {
        a.state->best = 0;
        a.state->position = position;
        a.state->step = step + a.steps;
        a.state->token = id;
    }
}

// At most 128 registers a thread.
#define PERSISTENT_KERNEL(Format)                                                                                                    \
    extern "C" __global__ void __launch_bounds__(PersistentThreads, 1) persistent_decode(const PersistentArguments a) { decode<Format>(a); }
