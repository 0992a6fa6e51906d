// A short prompt in one launch: all its tokens at once, up to the first new id. Blocks, shares, weights and waits are those of persistent.cuh;
// what a lane multiplies it loads itself, as words (prompt_arguments.cuh).
//
//   embed ─▶ layers ─▶ norm, head of the last token ─▶ best logit of every block ─▶ (sampler) ─▶ id, to the host too
//   layer    norm, queries/keys/values ─▶ attention, a warp for every head of every token ─▶ projection ─▶ norm, up, GELU ─▶ down ─▶
//
// Launch: as persistent.cuh, with a.steps = 1. Shared memory, dynamic: the layers' descriptions, the ring, partial sums twice:
// a.sumPitch · PersistentWarps each; see PersistentShape.cs.
#pragma once
#include "persistent_choice.cuh"
#include "prompt_attention.cuh"
#include "prompt_product.cuh"

// Behind the ring: what FP16 rows are multiplied with beyond the last row's end must be numbers. C#: PersistentShape counts the same.
static const int PromptPadding = 256;

struct PromptShared : BlockShared {
    alignas(16) float2_t stats[2][PromptTokens][PersistentWarps];
    SampleShared sample;
};

// B of a product's input from words, C chunks at once.
template <class Format, int C> struct FromWords {
    const u64* words;
    const Lane<Format>& lane;
    u32 epoch;
    Patience& patience;
    u32 where;
    i32 chunks;

    template <class More> DEVICE int operator()(int start, More more) const {
        PromptArriving<Format, C> arriving;
        arriving.template wait<PairedFour>(words, lane, start, epoch, patience, where);
#pragma unroll
        for (int c = 0; c < C; c++) {
            if (c == 0 || start + c < chunks) {
                u32 x[16];
                arriving.put(c, x);
                more(x, start + c);
            }
        }
        return C;
    }
};

// Of the hidden activations. In 4-bit what is unpacked needs the registers.
template <class Format> static const int HiddenChunks = Format::Weights == 32 ? 1 : 2;

// B from registers.
template <int N> struct FromRegisters {
    const u32 (&x)[N][16];
    i32 chunks;

    template <class More> DEVICE int operator()(int, More more) const {
#pragma unroll
        for (int c = 0; c < N; c++) {
            if (c == 0 || c < chunks) {
                more(x[c], c);
            }
        }
        return N;
    }
};

// Tiles of products with `width` rows.
template <int N> struct NarrowTiles {
    typedef FlatTile Tile;
};
template <> struct NarrowTiles<2> {
    typedef TallTile Tile;
};
template <int N> using NarrowTile = typename NarrowTiles<N>::Tile;

// N: chunks of a lane's part of the residual stream.
template <class Format, int N> DEVICE void prompt_steps(const PromptArguments& a, const Ring& ring, PromptShared& shared, float* first) {
    int t = thread_index(), warp = t >> 5, g = lane_index() >> 2, block = block_x(), width = a.table.columns;
    const PersistentLayer* layers = ring.layers;
    PromptWords words = locate_prompt(a);
    Patience patience = {a.patience, 0};
    Product<Format> product = {ring, Turns<Format>::of(ring, ring.stages_of(1)), 0, 0, {}, false, 0, {}, {}, 0};
    Slice narrow = slice_of(width), wide = slice_of(a.inner);
    Lane<Format> lane(narrow, width, a.tokens), inner(wide, a.inner, a.tokens);
    float* second = first + PersistentWarps * a.sumPitch;
    float inverse = 1.0f / (float)width;
    u32 epoch = a.epoch, stall = block == 0 ? a.stall : 0;
    u64 key;
    int token = a.prompt[0];
#pragma unroll
    for (int k = 1; k < PromptTokens; k++) {
        int other = a.prompt[k];
        asm volatile("" : "+r"(other)); // else clang chooses between addresses, and copies the arguments to have some
        token = g == k && k < a.tokens ? other : token;
    }
    if (block == 0 && t == 0) { // before the id is known: steps that follow a prompt that was given up stay in the cache
        a.state->best = 0;
        a.state->position = a.tokens;
        a.state->step = 1;
        a.state->token = 0;
    }
    product.turns.start();
    PromptResidual<Format, N> residual;
    residual.embed(a.table, a.positions, token, minimum(g, a.tokens - 1), lane);
    Norm norm;
    norm.begin();

#pragma unroll 1
    for (int layer = 0;; layer++) {
        const PersistentLayer& l = layers[layer];
        u32 place = (u32)layer << 8;
        u64* slot = a.words + (epoch & 1) * words.slot;
        u32 x[N][16];

        // Queries, keys and values; behind the last layer the head of the last token.
        {
            product.open(l.queryKeyValue, shared.shares[layer == a.layerCount ? 4 : 0].pitch, narrow);
            TallTile weights;
            weights.load(product, 0, 0);
            if (layer > 0) {
                residual.add(a.words + (~epoch & 1) * words.slot + words.forward, lane, epoch - 1, patience, WaitForward | place);
            }
            put_prompt_stats(residual.put(l.attentionGain, norm, lane, x), shared.stats[0][0]);
            product.turns.ask();
            if (layer == a.layerCount) {
                const Share head = shared.shares[4];
                HeadConstants constants;
                constants.request<Format>(l.queryKeyValue, l.queryKeyValueFold, head);
                compute_barrier(); // the head's sums lie where the down product's do
                multiply_tiles(product, weights, FromRegisters<N>{x, narrow.chunks()}, OneToken{first + warp, a.tokens - 1});
                compute_barrier();
                norm.take(shared.stats[0][g], inverse, a.epsilon);
                norm.factor = shuffle_from(norm.factor, 4 * (a.tokens - 1));
                norm.offset = shuffle_from(norm.offset, 4 * (a.tokens - 1));
                product.close(warp == PersistentWarps - 1);
                key = finish_head<Format>(head, l.queryKeyValue, l.queryKeyValueFold, first, constants, norm, a.logits);
                break;
            }
            PromptOutputs<Format, Queries> outputs(l.queryKeyValue, l.queryKeyValueFold, shared.shares[0], slot, 3 * (width >> 1), a.queryScale);
            multiply_tiles(product, weights, FromRegisters<N>{x, narrow.chunks()}, AllTokens{first + warp * PromptTokens});
            compute_barrier();
            norm.take(shared.stats[0][g], inverse, a.epsilon);
            outputs.finish(first, a.tokens, norm.factor, norm.offset, epoch, stall == WaitHeads);
            product.close(warp == PersistentWarps - 1);
        }

        // Attention and its projection.
        {
            PromptOutputs<Format, Added> outputs(l.projection, l.projectionBias, shared.shares[1], slot + words.projected, 0, 1);
            attend_prompt<Format>(a, l, slot, slot + words.attended, epoch, patience, WaitHeads | place, stall == WaitAttended);
            product.open(l.projection, shared.shares[1].pitch, narrow);
            NarrowTile<N> weights;
            weights.load(product, 0, 0);
            FromWords<Format, 1> attended = {slot + words.attended, lane, epoch, patience, WaitAttended | place, narrow.chunks()};
            product.turns.ask();
            multiply_tiles(product, weights, attended, AllTokens{second + warp * PromptTokens});
            compute_barrier();
            outputs.finish(second, a.tokens, 1, 0, epoch, stall == WaitProjected);
            product.close(warp == PersistentWarps - 2);
        }

        // Up.
        {
            PromptOutputs<Format, Hidden> outputs(l.up, l.upFold, shared.shares[2], slot + words.hidden, 0, 1);
            product.open(l.up, shared.shares[2].pitch, narrow);
            TallTile weights;
            weights.load(product, 0, 0);
            residual.add(slot + words.projected, lane, epoch, patience, WaitProjected | place);
            put_prompt_stats(residual.put(l.forwardGain, norm, lane, x), shared.stats[1][0]);
            product.turns.ask();
            multiply_tiles(product, weights, FromRegisters<N>{x, narrow.chunks()}, AllTokens{first + warp * PromptTokens});
            compute_barrier();
            norm.take(shared.stats[1][g], inverse, a.epsilon);
            outputs.finish(first, a.tokens, norm.factor, norm.offset, epoch, stall == WaitHidden);
            product.close(warp == PersistentWarps - 3);
        }

        // Down.
        {
            PromptOutputs<Format, Added> outputs(l.down, l.downBias, shared.shares[3], slot + words.forward, 0, 1);
            product.open(l.down, shared.shares[3].pitch, wide);
            NarrowTile<N> weights;
            weights.load(product, 0, 0);
            FromWords<Format, HiddenChunks<Format>> hidden = {slot + words.hidden, inner, epoch, patience, WaitHidden | place, wide.chunks()};
            product.turns.ask();
            multiply_tiles(product, weights, hidden, AllTokens{second + warp * PromptTokens});
            compute_barrier();
            outputs.finish(second, a.tokens, 1, 0, epoch, stall == WaitForward);
            product.close(warp == PersistentWarps - 4);
        }
        epoch++;
    }
    Choice choice = choose(a, key, a.words + words.best(), first, a.sampledSteps, 0, epoch, patience, shared, shared.sample, stall);
    if (barrier_or(patience.lost)) {
        patience.report(a.fault, 0);
        *(volatile u32*)&shared.stopped = 1;
        product.turns.drain(product.slot, product.phase);
        return;
    }
    if (block == 0 && t == 0) {
        store_system(a.ids, choice.told());
        a.state->token = choice.id;
    }
}

template <class Format, int N> DEVICE void prompt(const PromptArguments& a) {
    alignas(128) extern __shared__ vec4 dynamic[];
    __shared__ PromptShared shared;
    Block block;
    if (begin_block<Format, PromptStages>(a, dynamic, PromptPadding, shared, block)) {
        prompt_steps<Format, N>(a, block.ring, shared, block.sums);
    }
}

#define PROMPT_ENTRY(name, ...) \
    extern "C" __global__ void __launch_bounds__(LaunchThreads, 1) name(const PromptArguments a) { prompt<__VA_ARGS__>(a); }

// For models up to 1024 wide, and up to MaxWidth.
#define PROMPT_KERNEL(Format)              \
    PROMPT_ENTRY(prompt_first, Format, 1) \
    PROMPT_ENTRY(prompt_first_wide, Format, 2)
