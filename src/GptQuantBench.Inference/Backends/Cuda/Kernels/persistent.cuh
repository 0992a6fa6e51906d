// Decoding in one launch: every block keeps a share of each matrix's rows and its own copy of the residual stream, and goes through all
// steps and layers; what it computes it hands to all other blocks in words that carry their epoch (persistent_exchange.cuh).
//
//   step   embed ─▶ layers ─▶ norm, head ─▶ best logit of every block ─▶ (sampler) ─▶ id, to the host too ─▶ next step
//   layer  norm, queries/keys/values ─▶ attention ─▶ projection ─▶ norm, up, GELU ─▶ down ─▶         ─▶: handed over; 5 a layer
//
// Each of the eight warps has a slice of every product's columns, whose activations it gathers by itself, so that a product has two
// barriers of the block at most: one for the norm's sums, one for the partial sums. The weights come by themselves (persistent_ring.cuh).
//
// Launch: cooperative, one block a multiprocessor at most, block = PersistentThreads. Shared memory, dynamic: the layers'
// descriptions, the ring (a.ringBytes), every warp's activations, partial sums (a.sumPitch); see PersistentKernel.cs.
#pragma once
#include "persistent_attention.cuh"
#include "persistent_sample.cuh"

// What the rows of the head need besides their sums; of rows t and t + PersistentThreads.
struct HeadScales {
    static const int Known = 2;
    float scales[Known];

    template <class Format> DEVICE void request(const Matrix& m, const Share& s) {
#pragma unroll
        for (int i = 0; i < Known; i++) {
            int r = thread_index() + i * PersistentThreads;
            scales[i] = Format::HasRowScale && r < s.rows ? load_float((const float*)m.scales + s.first + r) : 1.0f;
        }
    }
};

// Logits of the block's rows; returns the warp's best key.
template <class Format> DEVICE u64 finish_head(const Share& s, const Matrix& m, const float* sums, int pitch, const HeadScales& known, float* logits) {
    u64 best = 0;
    auto finish = [&](int r, float scale) {
        if (r < s.rows) {
            float logit = row_sum<Format>(sums, pitch, r) * scale;
            logits[s.first + r] = logit;
            u64 key = best_key(logit, s.first + r);
            best = key > best ? key : best;
        }
    };
#pragma unroll
    for (int i = 0; i < HeadScales::Known; i++) {
        finish(thread_index() + i * PersistentThreads, known.scales[i]);
    }
#pragma unroll 1
    for (int r = thread_index() + HeadScales::Known * PersistentThreads; r < s.rows; r += PersistentThreads) {
        finish(r, Format::HasRowScale ? load_float((const float*)m.scales + s.first + r) : 1.0f);
    }
    warp_barrier();
    return redux_max(best);
}

// Hands the block's best key to all, and finds the best of all. `shared`: [PersistentWarps].
DEVICE u64 best_of_all(u64 mine, u64* words, u32 epoch, Patience& patience, u64* shared, bool stalled) {
    int lane = lane_index(), warp = warp_index();
    if (lane == 0) {
        shared[warp] = mine;
    }
    compute_barrier();
    if (warp == 0) {
        u64 best = redux_max(lane < PersistentWarps ? shared[lane] : 0);
        if (lane == 0 && !stalled) {
            store_relaxed(words + 2 * block_x(), word(epoch, (u32)(best >> 32)));
            store_relaxed(words + 2 * block_x() + 1, word(epoch, (u32)best));
        }
    }
    u64 best = 0;
    for (int b = thread_index(); b < grid_x(); b += PersistentThreads) {
        WordPair w;
        patience.wait_alone([&] { return w.load(words + 2 * b), w.missing(epoch); }, WaitBest);
        u64 key = (w.a << 32) | (u32)w.b;
        best = key > best ? key : best;
    }
    warp_barrier();
    best = redux_max(best);
    compute_barrier(); // shared is free again
    if (lane == 0) {
        shared[warp] = best;
    }
    compute_barrier();
#pragma unroll
    for (int w = 0; w < PersistentWarps; w++) {
        best = shared[w] > best ? shared[w] : best;
    }
    return best;
}

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

struct DecodeShared {
    Share shares[5]; // of the four products and the head
    Stage stages[MaxStages];
    u64 barriers[2 * MaxSlots];
    float4_t stats[PersistentWarps / 2];
    u64 keys[PersistentWarps];
    vec4 zeros;
    StageView views[MaxSlots];
    i32 sampled;
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

// All steps. N: quads of the residual stream a lane has; Head: of attend.
template <class Format, int N, int Head> DEVICE void decode_steps(const PersistentArguments& a, const Ring& ring, DecodeShared& shared, const Areas& areas) {
    int t = thread_index(), warp = t >> 5, block = block_x(), blocks = grid_x(), width = a.table.columns;
    const PersistentLayer* layers = ring.layers;
    Words words = locate(a);
    Patience patience = {a.patience, 0};
    u32 stages = (u32)a.steps * (ring.layerCount * ring.layerStages + ring.allStages - ring.layerStages);
    Product<Format> multiplication = {ring, shared_address(&shared.zeros), 0, 0, stages, {0, 0}, {}, false};
    RowConstants constants;
    Gains<N> gains;
    Slice narrow = slice_of(width), wide = slice_of(a.inner);
    Residual<N> residual = {Quads(narrow, width), {}};
    Quads inner(wide, a.inner);
    int headPitch = a.sumPitch * 2;
    const volatile DecodeState* state = a.state; // volatile: clang would choose between these addresses and the arguments'
    int id = state->token, position = state->position, step = state->step;
    if (a.id >= 0) {
        id = a.id;
        position = a.position;
        step = 0;
    }
    u32 epoch = a.epoch;
    int rangeSize = 8192 / a.headSize, firstRange = block / a.heads, products = 4 * a.layerCount;
    u32 stall = block == 0 ? a.stall : 0;
    float inverse = 1.0f / (float)width, reference = 0;
    if (a.times && block == 0 && t == 0) {
        a.times[0] = nanoseconds();
    }
    multiplication.start();

#pragma unroll 1
    for (int chosen = 0; chosen < a.steps; chosen++) {
        residual.template embed<Format>(a.table, a.positions, id, position);
        reference = 0;
        gains.request(layers[0].attentionGain, layers[0].attentionShift, residual.quads);
        int ranged = position / rangeSize + 1;
#pragma unroll 1
        for (int n = 0;; n++) {
            const PersistentLayer& l = layers[n >> 2];
            int product = n & 3;
            const Matrix& m = (&l.queryKeyValue)[product];
            const float* bias = (&l.queryKeyValueBias)[product];
            const Share& s = shared.shares[product];
            u32 place = (u32)(n >> 2) << 8;
            u64* slot = a.words + (epoch & 1) * words.slot;
            u64* out = slot;
            u32 hands = WaitHeads;
            float* partial = areas.sums + (n & 1) * PersistentWarps * a.sumPitch;

            if (n < products) {
                constants.request<Format>(m, bias, s, t); // it needs nothing of other blocks
            }
            if ((product & 1) == 0) {
                // The outputs of the product before this one.
                if (n > 0) {
                    const u64* before = a.words + (~epoch & 1) * words.slot + words.forward;
                    residual.add(
                        product == 0 ? before : slot + words.projected, product == 0 ? epoch - 1 : epoch, patience,
                        (product == 0 ? WaitForward : WaitProjected) | place);
                }
                multiplication.ask();
                normalise<Format, N>(residual, gains, inverse, a.epsilon, reference, (float2_t*)shared.stats, areas.narrow);
                if (n == products) {
                    break;
                }
                const float* gain = product == 0 ? l.forwardGain : (&l)[1].attentionGain;
                const float* shift = product == 0 ? l.forwardShift : (&l)[1].attentionShift;
                gains.request(gain, shift, residual.quads);
                if (product == 2) {
                    out = slot + words.hidden;
                    hands = WaitHidden;
                }
            } else if (product == 1) {
                int turn = 0;
#pragma unroll 1
                for (int item = block; item < a.heads * ranged; item += blocks) {
                    int range = item == block ? firstRange : item / a.heads;
                    attend<Head>(
                        a, l, item - range * a.heads, range, position, slot, slot + words.attended, slot + words.spread, epoch, patience,
                        WaitHeads | place, shared.attention, turn, stall == WaitAttended);
                    turn ^= 1;
                }
                if (ranged == 1) {
                    gather_halves<Format, N>(slot + words.attended, residual.quads, epoch, patience, WaitAttended | place, areas.narrow);
                } else {
                    gather_ranges<Format>(
                        slot + words.attended, slot + words.spread, residual.quads, a.heads, a.headSize, ranged, epoch, patience,
                        WaitAttended | place, areas.narrow);
                }
                multiplication.ask();
                out = slot + words.projected;
                hands = WaitProjected;
            } else {
                gather_halves<Format, 4>(slot + words.hidden, inner, epoch, patience, WaitHidden | place, areas.wide);
                multiplication.ask();
                multiplication.template multiply_share<false>(m, s.pitch, wide, areas.wide, partial + warp * a.sumPitch);
                out = slot + words.forward;
                hands = WaitForward;
            }
            if (product != 3) {
                multiplication.template multiply_share<N == 1>(
                    m, s.pitch, narrow, areas.narrow, partial + warp * a.sumPitch);
            }
            compute_barrier();
            finish_share<Format>(m, bias, s, partial, a.sumPitch, constants, out, epoch, product, a.queryScale, stall == hands);
            multiplication.advance(warp == PersistentWarps - 1 - product);
            epoch += product == 3;
        }

        const Matrix& head = layers[a.layerCount].queryKeyValue;
        HeadScales scales;
        scales.request<Format>(head, shared.shares[4]);
        multiplication.template multiply_share<N == 1>(
            head, shared.shares[4].pitch, narrow, areas.narrow, areas.sums + warp * headPitch);
        compute_barrier();
        multiplication.advance(warp == PersistentWarps - 1);
        u64 key = finish_head<Format>(shared.shares[4], head, areas.sums, headPitch, scales, a.logits);
        key = best_of_all(key, a.words + words.best() + (chosen & 1) * 2 * blocks, epoch, patience, shared.keys, stall == WaitBest);

        u32 order = (u32)(key >> 32);
        bool finite = order != NotANumberKey && order > 0x007fffffu;
        id = finite ? (int)~(u32)key : 0;
                if (a.sampled && finite) {
            Sampling options = *(const Sampling*)a.sampling;
            id = sample_id(
                a.logits, a.table.rows, shared.shares[4], key, options, (PersistentScratch*)a.scratch, (a.slot + chosen) & 1, step + chosen, epoch,
                patience, shared.sample, stall);
            shared.sampled = id; // the same from all of them
            compute_barrier();
            id = shared.sampled;
        }
        if (barrier_or(patience.lost)) {
            patience.report(a.fault, chosen);
            multiplication.drain();
            return;
        }
        if (block == 0 && t == 0) {
            if (a.times) {
                ((volatile u64*)a.times)[chosen + 1] = nanoseconds();
            }
            store_system(a.ids + step + chosen, finite ? id : -2);
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

template <class Format, int N, int Head> DEVICE void decode(const PersistentArguments& a) {
    extern __shared__ vec4 dynamic[];
    __shared__ DecodeShared shared;

    int t = thread_index(), threads = PersistentThreads;
    PersistentLayer* layers = (PersistentLayer*)dynamic;
    int layerBytes = ((a.layerCount + 1) * (int)sizeof(PersistentLayer) + 127) & ~127;
    int narrow = slice_bytes(a.table.columns), wide = slice_bytes(a.inner);
    u32 activations = shared_address(dynamic) + layerBytes + a.ringBytes;
    int zeros = Format::Weights == 8 ? a.ringBytes : 0; // bytes between rows are multiplied with zeros, and must be numbers
    zeros += PersistentWarps * (narrow + wide);
    for (int i = t; i < (a.layerCount + 1) * (int)(sizeof(PersistentLayer) / 8); i += threads) {
        ((u64*)layers)[i] = ((const u64*)a.layers)[i];
    }
    for (int i = 16 * t; i < zeros; i += 16 * threads) {
        asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};" ::"r"(activations + PersistentWarps * (narrow + wide) - zeros + i), "r"(0) : "memory");
    }
    if (t == 0) {
        shared.zeros = vec4{0, 0, 0, 0};
    }
    block_barrier();
    if (t < 5) {
        shared.shares[t] = share_of<Format>(t < 4 ? (&layers[0].queryKeyValue)[t] : layers[a.layerCount].queryKeyValue, block_x(), grid_x(), a.ringBytes);
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
        shared.stages[t] = stage_of<Format>(m, shared.shares[product], product, number);
    }
    Ring ring = {layers, shared.stages, shared_address(dynamic) + layerBytes, (u32)minimum(a.ringBytes / slotBytes, MaxSlots), (u32)slotBytes, shared_address(shared.barriers), shared_address(shared.views), a.layerCount, first, count};
    ring.prepare();
    block_barrier();

    u32 own = activations + warp_index() * narrow, further = activations + PersistentWarps * narrow + warp_index() * wide;
    float* sums = (float*)((u8*)dynamic + layerBytes + a.ringBytes + PersistentWarps * (narrow + wide));
    decode_steps<Format, N, Head>(a, ring, shared, {own, further, sums});
}

#define PERSISTENT_ENTRY(name, ...) \
    extern "C" __global__ void __launch_bounds__(PersistentThreads, 1) name(const PersistentArguments a) { decode<__VA_ARGS__>(a); }

// For models with heads of 64 dimensions up to 1024 wide, and up to MaxWidth; and for those with other heads.
#define PERSISTENT_KERNEL(Format)                        \
    PERSISTENT_ENTRY(persistent_decode, Format, 1, 64)     \
    PERSISTENT_ENTRY(persistent_decode_wide, Format, 2, 64) \
    PERSISTENT_ENTRY(persistent_decode_any, Format, 2, 0)
