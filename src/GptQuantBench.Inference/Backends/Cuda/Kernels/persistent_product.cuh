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
#define PERSISTENT_SLOTS (8 * 512 / PERSISTENT_THREADS)
#endif

DEVICE float load_float(const float* address) {
    float v;
    asm volatile("ld.global.nc.f32 %0, [%1];" : "=f"(v) : "l"(address));
    return v;
}

DEVICE float2_t load_float2(const float* address) {
    float2_t v;
    asm volatile("ld.global.nc.v2.f32 {%0, %1}, [%2];" : "=f"(v.x), "=f"(v.y) : "l"(address));
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

DEVICE void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> DEVICE void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

// Where column k's activation lies.
template <class Format> DEVICE int activation_offset(int k) {
    const int W = Format::Weights;
    return (k / (32 * W)) * 32 * W + (((k % W) / 8) * 32 + (k / W) % 32) * 8 + k % 8;
}

// Which units of a share a warp has.
struct Units {
    i32 count, segments, pitch, rows, groups, shift, first;
    u32 inverse;
    bool head; // pairs warp, warp + Warps, …, each whole; else units warp, warp + Warps, …

    DEVICE void set(const Matrix& m, const Share& s, bool isHead) {
        int warp = thread_index() >> 5;
        head = isHead;
        segments = s.segments;
        inverse = s.inverse;
        pitch = m.pitch;
        rows = s.rows;
        groups = m.groups;
        shift = m.groupShift;
        first = s.first;
        int all = isHead ? (s.rows + 1) >> 1 : s.units;
        count = all > warp ? (all - warp + PersistentWarps - 1) / PersistentWarps * (isHead ? segments : 1) : 0;
    }

    DEVICE void locate(int index, int& pair, int& segment) const {
        int unit = head ? index : (thread_index() >> 5) + index * PersistentWarps;
        pair = (int)(((u32)unit * inverse) >> 20);
        segment = unit - pair * segments;
        if (head) {
            pair = (thread_index() >> 5) + pair * PersistentWarps;
        }
    }

    // Of the first row's group.
    template <class Format> DEVICE int group(int pair, int segment) const {
        return (first + 2 * pair) * groups + (((segment * 32 + (thread_index() & 31)) * Format::Weights) >> shift);
    }
};

template <class Format> struct Ring {
    static const int Slots = PERSISTENT_SLOTS;
    static const int SlotBytes = 1024 + (Format::HasGroups ? 256 : 0) + (Format::HasMinimum ? 256 : 0);
    static const int Bytes = PersistentWarps * Slots * SlotBytes;

    u8* slot;    // shared: this lane's bytes of the slot that is used next
    u32 address; // the same
    i32 number;

    // The unit that is asked for next.
    const PersistentLayer* layers;
    const Share* shares;
    const Matrix* matrix;
    Units units;
    i32 products, product, index;

    DEVICE void start(u8* memory, const PersistentLayer* l, const Share* s, int layerCount) {
        slot = memory + (thread_index() >> 5) * Slots * SlotBytes + (thread_index() & 31) * 16;
        address = shared_address(slot);
        number = 0;
        layers = l;
        shares = s;
        products = 4 * layerCount;
        product = -1;
        next_product();
#pragma unroll 1
        for (int i = 0; i < Slots; i++) {
            ask();
            turn();
        }
    }

    DEVICE void turn() {
        bool wraps = ++number == Slots;
        number = wraps ? 0 : number;
        int step = wraps ? -(Slots - 1) * SlotBytes : SlotBytes;
        slot += step;
        address += step;
    }

    // The next product of which this warp has a unit; the head follows the last layer, and the first layer the head.
    DEVICE void next_product() {
        index = 0;
        do {
            product = product == products ? 0 : product + 1;
            matrix = &layers[product >> 2].queryKeyValue + (product & 3);
            bool head = product == products;
            units.set(*matrix, shares[head ? 4 : product & 3], head);
        } while (units.count == 0);
    }

    // Asks for the next unit, into the current slot.
    DEVICE void ask() {
        int pair, segment, lane = thread_index() & 31;
        units.locate(index, pair, segment);
        int row = 2 * pair;
        bool inside = segment * 512 + lane * 16 < units.pitch, second = inside && row + 1 < units.rows;
        const u8* from = matrix->codes;
        if (inside) {
            from += (u64)(u32)(units.first + row) * units.pitch + segment * 512 + lane * 16;
        }
        copy_sixteen(address, from, inside ? 16 : 0);
        copy_sixteen(address + 512, from + (second ? units.pitch : 0), second ? 16 : 0);
        if (Format::HasGroups) {
            int group = units.template group<Format>(pair, segment);
            ask_group(1024, matrix->scales, group, inside);
            ask_group(1024 + 128, matrix->scales, group + units.groups, second);
            if (Format::HasMinimum) {
                ask_group(1280, matrix->minima, group, inside);
                ask_group(1280 + 128, matrix->minima, group + units.groups, second);
            }
        }
        copies_end();
        if (++index == units.count) {
            next_product();
        }
    }

    // The word that a half of an array lies in.
    DEVICE void ask_group(int offset, const void* halves, int group, bool wanted) {
        const u8* from = (const u8*)halves;
        if (wanted) {
            from += (u64)(u32)(group & ~1) * 2;
        }
        copy_word(address + offset - (thread_index() & 31) * 12, from, wanted ? 2 + 2 * (group & 1) : 0);
    }

    DEVICE u32 group_value(int offset, int group) const {
        u32 both = *(const u32*)(slot + offset - (thread_index() & 31) * 12);
        return permute_bytes(both, both, (group & 1) ? 0x3232 : 0x1010);
    }

    // Adds the current unit's products to the sums; `input`: this lane's first piece of the segment.
    DEVICE void multiply(const Units& u, int pair, int segment, const half_t* input, float (&even)[4], float (&odd)[4]) {
        u32 a[Format::Weights / 2], b[Format::Weights / 2], scale[2] = {0, 0}, minimum[2] = {0, 0};
        copies_wait<Slots - 1>();
        vec4 first = *(const vec4*)slot, second = *(const vec4*)(slot + 512);
        if (Format::HasGroups) {
            int group = u.template group<Format>(pair, segment);
            scale[0] = group_value(1024, group);
            scale[1] = group_value(1024 + 128, group + u.groups);
            if (Format::HasMinimum) {
                minimum[0] = group_value(1280, group);
                minimum[1] = group_value(1280 + 128, group + u.groups);
            }
        }
        Format::unpack(first, scale[0], minimum[0], a);
        Format::unpack(second, scale[1], minimum[1], b);
#pragma unroll
        for (int c = 0; c < Format::Weights / 8; c++) {
            vec4 x = *(const vec4*)(input + c * 256);
            multiply_accumulate(even, a[4 * c], b[4 * c], a[4 * c + 1], b[4 * c + 1], x.x, x.y);
            multiply_accumulate(odd, a[4 * c + 2], b[4 * c + 2], a[4 * c + 3], b[4 * c + 3], x.z, x.w);
        }
        ask();
        turn();
    }
};

// This lane's two elements of D's diagonals; only lanes with q = g / 2 have any.
DEVICE bool diagonal(const float (&even)[4], const float (&odd)[4], float& first, float& second) {
    int lane = thread_index() & 31, g = lane >> 2, q = lane & 3;
    float e0 = even[0] + odd[0], e1 = even[1] + odd[1], e2 = even[2] + odd[2], e3 = even[3] + odd[3];
    first = (g & 1) ? e1 : e0;
    second = (g & 1) ? e3 : e2;
    return q == g >> 1;
}

// All units of this warp.
template <class Format> DEVICE void multiply_share(const Matrix& m, const Share& s, Ring<Format>& ring, const half_t* activations, float* sums) {
    const int Segment = 32 * Format::Weights;
    int lane = thread_index() & 31;
    Units u;
    u.set(m, s, false);
#pragma unroll 1
    for (int i = 0; i < u.count; i++) {
        int pair, segment;
        u.locate(i, pair, segment);
        float even[4] = {0, 0, 0, 0}, odd[4] = {0, 0, 0, 0}, first, second;
        ring.multiply(u, pair, segment, activations + segment * Segment + lane * 8, even, odd);
        float* to = sums + ((2 * pair) * s.segments + segment) * 8 + (lane >> 2);
        if (diagonal(even, odd, first, second)) {
            to[0] = first;
            to[s.segments * 8] = second;
        }
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
#pragma unroll 1
    for (int base = 0; base < s.rows; base += PersistentThreads / 8) {
        int r = base + (thread_index() >> 3);
        if (base > 0) {
            constants.request<Format>(m, biases, s, r);
        }
        float y = row_sum(s, sums, r) * constants.scale + constants.bias;
        int row = s.first + r;
        bool first = (thread_index() & 7) == 0 && r < s.rows && !stalled;
        if (product == 2) {
            y = gelu_tanh(y);
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
    }
}
