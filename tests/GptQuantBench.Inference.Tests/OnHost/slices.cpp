// The persistent kernel's slices of columns and its activations in shared memory, compiled for the host. Writes what it finds wrong, a line each, and
// then for every format how many lanes that read together meet at one bank at most: of all activations, of the halves, and of all without
// activation_place. DeviceSliceTests.cs reads it.
#include "host.h"

#include "persistent_slices.cuh"

static const int ChunkBytes = 256;
static u8 shared_memory[ChunkBytes];
static bool isStraight;            // as if activation_place moved nothing
static std::vector<u32> addresses; // that the lane has read, 16 bytes each

vec4 load_shared_vector(u32 address) {
    u32 at = isStraight ? activation_place(address) : address; // it is its own inverse
    addresses.push_back(at);
    vec4 v;
    std::memcpy(&v, shared_memory + address, sizeof(v));
    return v;
}

static host::Fiber thread;

static void be(int index) {
    thread.thread = index;
    host::current = &thread;
}

// Every column's block belongs to one warp, in order; none has more chunks than an even share takes, and what it has fits into its activations.
static void check_slices(int columns, Slice (*slice)(int)) {
    int blocks = (columns + 31) / 32, next = 0, most = (blocks + 31) / 32;
    for (int warp = 0; warp < PersistentWarps; warp++) {
        be(32 * warp);
        Slice s = slice(columns);
        if ((s.count && s.first != next) || s.count < 0 || s.chunks() > most || s.count * 64 > slice_bytes(columns)) {
            std::printf("%d columns: warp %d has %d blocks from block %d, where %d was next\n", columns, warp, s.count, s.first, next);
        }
        next += s.count;
        bool isFree = slice == late_slice_of && most * 4 * (PersistentWarps - 1) >= blocks;
        if (warp == 0 && isFree != (s.count == 0 && blocks > 0) && slice == late_slice_of) {
            std::printf("%d columns: the first warp has %d blocks\n", columns, s.count);
        }
    }
    if (next != blocks) {
        std::printf("%d columns: %d of %d blocks\n", columns, next, blocks);
    }
}

// The most lanes of eight, which a read of 16 bytes serves together, with different addresses at the same four banks.
template <class Read> static int most_at_a_bank(Read read) {
    std::vector<u32> lanes[32];
    for (int lane = 0; lane < 32; lane++) {
        be(lane);
        addresses.clear();
        read();
        lanes[lane] = addresses;
    }
    int most = 0;
    for (size_t i = 0; i < lanes[0].size(); i++) {
        for (int first = 0; first < 32; first += 8) {
            for (u32 bank = 0; bank < 8; bank++) {
                std::vector<u32> different;
                for (int lane = first; lane < first + 8; lane++) {
                    u32 at = lanes[lane][i];
                    bool isNew = at / 16 % 8 == bank;
                    for (u32 other : different) {
                        isNew = isNew && other != at;
                    }
                    if (isNew) {
                        different.push_back(at);
                    }
                }
                most = (int)different.size() > most ? (int)different.size() : most;
            }
        }
    }
    return most;
}

// Lane 4g + q must get, in its register j, columns 2j and 2j + 1 of those that its weights are of.
template <class Format> static void check_inputs(const char* name) {
    typedef Pieces<Format> P;
    for (u32 at = 0; at < ChunkBytes; at += 4) {
        u32 columns = at / 2 | (at / 2 + 1) << 16;
        std::memcpy(shared_memory + activation_place(at), &columns, 4);
    }
    for (int lane = 0; lane < 32; lane++) {
        be(lane);
        u32 x[16], y[8], chosen[8];
        load_inputs<Format>(0, x);
        load_half_inputs<Format>(0, y);
        half_inputs(x, chosen);
        for (int j = 0; j < 16; j++) {
            u32 first = (P::number(j / P::Each) * 4 + (lane & 3)) * Format::Weights + j % P::Each * 2;
            if (x[j] != (first | (first + 1) << 16)) {
                std::printf("%s: register %d of lane %d has columns %u and %u, not %u and the next\n", name, j, lane, x[j] & 0xffff, x[j] >> 16, first);
            }
        }
        for (int j = 0; j < 8; j++) {
            u32 expected = x[(lane >> 4) * 8 + j];
            if (y[j] != expected || chosen[j] != expected) {
                std::printf("%s: register %d of lane %d's half is loaded as %x and chosen as %x, not %x\n", name, j, lane, y[j], chosen[j], expected);
            }
        }
    }
    u32 x[16], y[8];
    int all = most_at_a_bank([&] { load_inputs<Format>(0, x); });
    int half = most_at_a_bank([&] { load_half_inputs<Format>(0, y); });
    isStraight = true;
    int straight = most_at_a_bank([&] { load_inputs<Format>(0, x); });
    isStraight = false;
    std::printf("banks of %s: %d %d %d\n", name, all, half, straight);
}

int main() {
    for (int columns = 1; columns <= 8192; columns++) {
        check_slices(columns, slice_of);
        check_slices(columns, late_slice_of);
    }
    check_inputs<Fp16>("fp16");
    check_inputs<Int8>("int8");
    check_inputs<Int4>("int4");
}
