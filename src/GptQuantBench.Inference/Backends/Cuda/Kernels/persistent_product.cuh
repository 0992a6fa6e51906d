// Matrix products of one token inside the persistent kernel, with the weights requested before the input is there.
//
// A unit is two rows times one segment of 512 bytes: lane l has 16 bytes of either row, both of the same columns. On the matrix unit the
// lane's weights are rows g and g + 8 of A (l = 4g + q), its activations column g of B, so D[g, g] and D[g + 8, g] are the sums of lanes
// 4g … 4g + 3 for the two rows: eight partial sums a row and segment, which the block adds up in shared memory.
//
// Every warp has its own units of each product, always the same, and its own ring of slots in shared memory: as soon as a unit is used,
// the warp asks for the one that comes Slots units later (cp.async), whichever product, layer or step that belongs to. Every lane reads
// only what it has copied itself, so no barrier is needed.
//
//   slot          [32 lanes][16 bytes] of the first row, then of the second; grouped formats: [2][32] words with the scales, then minima
//   sums          FP32 [rows][segments][8]
//   activations   FP16: a lane's columns in pieces of 8, piece c of lane l of segment s at ((s · pieces + c) · 32 + l) · 8
#pragma once
#include "persistent_exchange.cuh"

#ifndef PERSISTENT_SLOTS
#define PERSISTENT_SLOTS 12
#endif

DEVICE float load_float(const float* address) {
    float v;
    asm volatile("ld.global.nc.f32 %0, [%1];" : "=f"(v) : "l"(address));
    return v;
}

DEVICE float4_t load_float4(const float* address) {
    float4_t v;
    asm volatile("ld.global.nc.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(address));
    return v;
}

DEVICE u32 shared_address(const void* pointer) {
    u32 address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(pointer));
    return address;
}

// 16 bytes, of which `valid` are read and the others zero.
DEVICE void copy_sixteen(u32 to, const void* from, int valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(valid) : "memory");
}

DEVICE void copy_word(u32 to, const void* from, int valid) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(valid) : "memory");
}

DEVICE u32 load_shared(u32 address) {
    u32 v;
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(address) : "memory");
    return v;
}

DEVICE vec4 load_shared_vector(u32 address) {
    vec4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}

DEVICE void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> DEVICE void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

// Error below 2⁻²³: far less than that of the halves which the results become.
DEVICE float reciprocal(float a) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

// gelu_tanh with it.
DEVICE float gelu_fast(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - reciprocal(exp_fast(2.0f * u) + 1.0f));
}

// Where column k's activation lies.
template <class Format> DEVICE int activation_offset(int k) {
    const int W = Format::Weights;
    return (k / (32 * W)) * 32 * W + (((k % W) / 8) * 32 + (k / W) % 32) * 8 + k % 8;
}

// A unit as every step finds it.
struct Unit {
    u32 offset; // bytes from the share's first row to the first of its 512
    u32 place;  // pair | segment << 16 | second row there << 31

    DEVICE int pair() const { return (int)(place & 0xffff); }
    DEVICE int segment() const { return (int)(place >> 16 & 0x7fff); }
    DEVICE bool second() const { return (i32)place < 0; }
};

// The units of the four products and the head, in shared memory. A warp's units are every PersistentWarps-th, from its own number on;
// of the head it has pairs warp, warp + PersistentWarps, …, each with all segments in a row.
struct Lists {
    const Unit* units;  // of all lists
    const Share* shares;
    const i32* starts; // of each list
    i32 warp;

    DEVICE static int length(const Share& s, bool head) {
        return head ? ((s.rows + 1) / 2 + PersistentWarps - 1) / PersistentWarps * s.segments * PersistentWarps : s.units;
    }

    DEVICE const Unit* first(int list) const { return units + starts[list] + warp; }

    DEVICE int count(int list) const {
        const Share& s = shares[list];
        int pairs = (s.rows + 1) / 2, all = list == 4 ? pairs : s.units;
        int each = all > warp ? (all - warp + PersistentWarps - 1) / PersistentWarps : 0;
        return list == 4 ? each * s.segments : each;
    }

    DEVICE static void fill(Unit* units, const Share& s, int pitch, bool head) {
        int all = length(s, head);
        for (int i = thread_index(); i < all; i += PersistentThreads) {
            int unit = i, pair, segment;
            if (head) {
                unit = i / PersistentWarps;
                pair = unit / s.segments;
                segment = unit - pair * s.segments;
                pair = pair * PersistentWarps + i % PersistentWarps;
            } else {
                pair = unit / s.segments;
                segment = unit - pair * s.segments;
            }
            bool second = 2 * pair + 1 < s.rows;
            units[i] = Unit{(u32)(2 * pair * pitch + segment * 512), (u32)pair | (u32)segment << 16 | (second ? 0x80000000u : 0)};
        }
    }
};

template <class Format> struct Ring {
    static const int Slots = PERSISTENT_SLOTS;
    static const int SlotBytes = 1024 + (Format::HasGroups ? 256 : 0) + (Format::HasMinimum ? 256 : 0);
    static const int Bytes = PersistentWarps * Slots * SlotBytes;
    static const int Together = (Format::Weights == 8 ? 5 : Format::Weights == 16 ? 3 : 2) <= Slots ? (Format::Weights == 8 ? 5 : Format::Weights == 16 ? 3 : 2) : Slots; // units that are multiplied at a time

    u32 first;    // shared: this lane's bytes of the first slot
    u32 used;     // bytes from there to the slot that is used next
    u32 refilled; // and to the one that is refilled next

    // What is asked for next.
    const PersistentLayer* layers;
    const Unit* unit;
    const u8* codes;
    const half_t *scales, *minima;
    Lists lists;
    i32 pitch, groups, laneGroup, segmentGroups, left, products, product;

    DEVICE void start(void* memory, const PersistentLayer* l, const Lists& all, int layerCount) {
        first = shared_address(memory) + (thread_index() >> 5) * Slots * SlotBytes + (thread_index() & 31) * 16;
        used = refilled = 0;
        layers = l;
        lists = all;
        products = 4 * layerCount;
        product = -1;
        next_product();
        refill(Slots);
    }

    DEVICE static u32 after(u32 slot) { return slot == (Slots - 1) * SlotBytes ? 0 : slot + SlotBytes; }

    // The next product of which this warp has a unit; the head follows the last layer, and the first layer the head.
    DEVICE void next_product() {
        int list;
        do {
            product = product == products ? 0 : product + 1;
            list = product == products ? 4 : product & 3;
            left = lists.count(list);
        } while (left == 0);
        const Matrix& m = (&layers[product >> 2].queryKeyValue)[product & 3];
        int row = lists.shares[list].first, lane = thread_index() & 31;
        unit = lists.first(list);
        pitch = m.pitch;
        codes = m.codes + (u64)(u32)row * m.pitch + lane * 16;
        if (Format::HasGroups) {
            groups = m.groups;
            scales = (const half_t*)m.scales;
            minima = m.minima;
            laneGroup = row * m.groups + (lane * Format::Weights >> m.groupShift);
            segmentGroups = 32 * Format::Weights >> m.groupShift;
        }
    }

    // Asks for `count` units, into slots that have been used.
    DEVICE void refill(int count) {
#pragma unroll 1
        for (int i = 0; i < count; i++) {
            Unit u = *unit;
            unit += PersistentWarps;
            u32 to = first + refilled;
            bool inside = u.segment() * 512 + (thread_index() & 31) * 16 < pitch, second = inside && u.second();
            const u8* from = codes + (inside ? u.offset : 0);
            copy_sixteen(to, from, inside ? 16 : 0);
            copy_sixteen(to + 512, from + (second ? pitch : 0), second ? 16 : 0);
            if (Format::HasGroups) {
                int group = inside ? laneGroup + 2 * u.pair() * groups + u.segment() * segmentGroups : 0;
                int next = second ? group + groups : 0;
                to -= (thread_index() & 31) * 12;
                copy_half(to + 1024, scales, group, inside);
                copy_half(to + 1024 + 128, scales, next, second);
                if (Format::HasMinimum) {
                    copy_half(to + 1280, minima, group, inside);
                    copy_half(to + 1280 + 128, minima, next, second);
                }
            }
            copies_end();
            refilled = after(refilled);
            if (--left == 0) {
                next_product();
            }
        }
    }

    // The word that a half of an array lies in, as far as the half.
    DEVICE static void copy_half(u32 to, const half_t* halves, int index, bool wanted) {
        copy_word(to, halves + (index & ~1), wanted ? 2 + 2 * (index & 1) : 0);
    }

    DEVICE static u32 half2_at(u32 address, int index) {
        u32 both = load_shared(address);
        return permute_bytes(both, both, (index & 1) ? 0x3232 : 0x1010);
    }

    // D of a unit's products: `input` is this lane's first piece of its segment, `group` of its first row's.
    DEVICE void multiply(u32 slot, const half_t* input, int group, int groupsOfRow, float (&sum)[4]) const {
        u32 a[Format::Weights / 2], b[Format::Weights / 2], scale[2] = {0, 0}, minimum[2] = {0, 0};
        u32 at = first + slot;
        vec4 x = load_shared_vector(at), y = load_shared_vector(at + 512);
        if (Format::HasGroups) {
            at -= (thread_index() & 31) * 12;
            scale[0] = half2_at(at + 1024, group);
            scale[1] = half2_at(at + 1024 + 128, group + groupsOfRow);
            if (Format::HasMinimum) {
                minimum[0] = half2_at(at + 1280, group);
                minimum[1] = half2_at(at + 1280 + 128, group + groupsOfRow);
            }
        }
        Format::unpack(x, scale[0], minimum[0], a);
        Format::unpack(y, scale[1], minimum[1], b);
        const int Chains = Format::Weights == 8 ? 2 : 4;
        float d[Chains][4];
#pragma unroll
        for (int i = 0; i < Chains; i++) {
            d[i][0] = d[i][1] = d[i][2] = d[i][3] = 0;
        }
#pragma unroll
        for (int c = 0; c < Format::Weights / 8; c++) {
            vec4 v = *(const vec4*)(input + c * 256);
            multiply_accumulate(d[2 * c % Chains], a[4 * c], b[4 * c], a[4 * c + 1], b[4 * c + 1], v.x, v.y);
            multiply_accumulate(d[(2 * c + 1) % Chains], a[4 * c + 2], b[4 * c + 2], a[4 * c + 3], b[4 * c + 3], v.z, v.w);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[i] = d[0][i] + d[1][i];
            if (Chains == 4) {
                sum[i] += d[2 % Chains][i] + d[3 % Chains][i];
            }
        }
    }
};

// This lane's two elements of D's diagonals; only lanes with q = g / 2 have any.
DEVICE bool diagonal(const float (&d)[4], float& first, float& second) {
    int lane = thread_index() & 31, g = lane >> 2, q = lane & 3;
    u32 d0 = float_bits(d[0]), d1 = float_bits(d[1]), d2 = float_bits(d[2]), d3 = float_bits(d[3]); // not addresses: see device.cuh
    first = bits_float((g & 1) ? d1 : d0);
    second = bits_float((g & 1) ? d3 : d2);
    return q == g >> 1;
}

// What a warp must know of its part of a product before the input is there.
struct Part {
    const Unit* unit;
    i32 count, segments, groups, laneGroup, segmentGroups;

    template <class Format> DEVICE void set(const Lists& lists, int list, const Matrix& m) {
        const Share& s = lists.shares[list];
        unit = lists.first(list);
        count = lists.count(list);
        segments = s.segments;
        if (Format::HasGroups) {
            groups = m.groups;
            laneGroup = s.first * m.groups + ((thread_index() & 31) * Format::Weights >> m.groupShift);
            segmentGroups = 32 * Format::Weights >> m.groupShift;
        }
    }

    DEVICE int group(const Unit& u) const { return laneGroup + 2 * u.pair() * groups + u.segment() * segmentGroups; }
};

// `N` units at once, of which those before `count` exist; `input`: this lane's first piece, `sums`: its element of the first sums.
template <int N, class Format> DEVICE void multiply_together(Ring<Format>& ring, Part& p, int count, const half_t* input, float* sums) {
    const int Segment = 32 * Format::Weights;
    float d[N][4];
    Unit u[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
        u[i] = p.unit[i < count ? i * PersistentWarps : 0];
        ring.multiply(ring.used, input + u[i].segment() * Segment, Format::HasGroups ? p.group(u[i]) : 0, p.groups, d[i]);
        if (i < count) {
            ring.used = ring.after(ring.used);
        }
    }
    p.unit += N * PersistentWarps;
#pragma unroll
    for (int i = 0; i < N; i++) {
        float first, second;
        if (diagonal(d[i], first, second) && i < count) {
            float* to = sums + (2 * u[i].pair() * p.segments + u[i].segment()) * 8;
            to[0] = first;
            to[p.segments * 8] = second;
        }
    }
}

// All units of this warp; returns how many slots wait to be refilled.
template <class Format> DEVICE int multiply_share(Ring<Format>& ring, Part& p, const half_t* activations, float* sums) {
    const int N = Ring<Format>::Together;
    int lane = thread_index() & 31, left = p.count;
    const half_t* input = activations + lane * 8;
    sums += lane >> 2;
#pragma unroll 1
    for (;;) {
        copies_wait<Ring<Format>::Slots - N>();
        if (left <= 1) {
            multiply_together<1>(ring, p, left, input, sums);
            return left > 0 ? left : 0;
        }
        multiply_together<N>(ring, p, left, input, sums);
        if (left <= N) {
            return left > 0 ? left : 0;
        }
        left -= N;
        ring.refill(N);
    }
}

// What an output needs besides its sum, of the first 64 rows: 8 lanes a row.
struct RowConstants {
    float bias, scale;

    template <class Format> DEVICE void request(const Matrix& m, const float* biases, const Share& s, int r) {
        bias = 0;
        scale = 1;
        if (r < s.rows) {
            bias = load_float(biases + s.first + r);
            if (Format::HasRowScale) {
                scale = load_float((const float*)m.scales + s.first + r);
            }
        }
    }
};

// y of row s.first + r in all of its 8 lanes.
DEVICE float row_sum(const Share& s, const float* sums, int r) {
    float y = 0;
    if (r < s.rows) {
        const float* from = sums + r * s.segments * 8 + (thread_index() & 7);
#pragma unroll 4
        for (int i = 0; i < s.segments; i++) {
            y += from[i * 8];
        }
    }
    y += shuffle_xor(y, 1);
    y += shuffle_xor(y, 2);
    return y + shuffle_xor(y, 4);
}

// Adds up the partial sums and hands the outputs over. `product`: 0 queries, keys, values; 1 projection; 2 up; 3 down.
template <class Format> DEVICE void finish_share(
    const Matrix& m, const float* biases, const Share& s, const float* sums, RowConstants constants, u64* words, u32 epoch, int product,
    float queryScale, bool stalled) {
    int r = thread_index() >> 3;
#pragma unroll 1
    for (;;) {
        float y = row_sum(s, sums, r) * constants.scale + constants.bias;
        int row = s.first + r;
        bool first = (thread_index() & 7) == 0 && r < s.rows && !stalled;
        if (product == 2) {
            y = gelu_fast(y);
            float other = shuffle_xor(y, 8);
            if (first && (r & 1) == 0) {
                store_relaxed(words + (row >> 1), word(epoch, float2_to_half2(y, other)));
            }
        } else if (first) {
            if (product == 0 && row < m.columns) {
                y *= queryScale;
            }
            store_relaxed(words + row, word(epoch, float_bits(y)));
        }
        r += PersistentThreads / 8;
        if (r - (thread_index() >> 3) >= s.rows) {
            break;
        }
        constants.request<Format>(m, biases, s, r);
    }
}
