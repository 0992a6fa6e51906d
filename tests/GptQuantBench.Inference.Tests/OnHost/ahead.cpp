// What the persistent kernel asks for ahead of attention, compiled for the host. Writes what it finds wrong, a line each, and at last how many blocks
// ask at each place. DeviceCacheTests.cs reads it.
#include "host.h"

#include "persistent_ahead.cuh"

#include <map>

static std::map<const u8*, int> lines; // asked for, and how often

void prefetch_line(const void* address) { lines[(const u8*)address]++; }

static const u32 LineBytes = 128;

// `blocks` blocks at all positions up to the capacity: everything of a block's first item that is in the cache, once, and nothing else.
static void check(int heads, int headSize, int capacity, int blocks, int (&asking)[CacheAhead::Places]) {
    u64 bytes = (u64)heads * capacity * headSize * 2;
    std::vector<u8> keys(bytes), values(bytes);
    PersistentLayer layer = {};
    layer.keys = (half_t*)keys.data();
    layer.values = (half_t*)values.data();
    PersistentArguments a = {};
    a.heads = heads;
    a.headSize = headSize;
    a.capacity = capacity;
    int rangeSize = 8192 / headSize;
    host::Fiber thread = {};
    host::current = &thread;
    for (int block = 0; block < blocks; block++) {
        thread.block = block;
        int head = block % heads, begin = block / heads * rangeSize;
        for (int newest = 0; newest < capacity; newest++) {
            lines.clear();
            bool asks[CacheAhead::Places] = {};
            for (thread.thread = 0; thread.thread < host::BlockThreads; thread.thread++) {
                CacheAhead ahead(a);
                ahead.begin(newest);
                for (int place = 0; place < CacheAhead::Places; place++) {
                    u64 before = lines.size();
                    ahead.ask(place, layer);
                    asks[place] |= lines.size() > before;
                }
            }
            std::map<const u8*, int> expected;
            u64 first = ((u64)head * capacity + begin) * headSize * 2;
            int cached = minimum(newest - begin, rangeSize);
            for (int at = 0; at < cached * headSize * 2; at += LineBytes) {
                expected[keys.data() + first + at] = expected[values.data() + first + at] = 1;
            }
            int places = 0;
            for (int place = 0; place < CacheAhead::Places; place++) {
                places += asks[place];
                asking[place] += asks[place] && newest == capacity - 1;
            }
            if (lines != expected || places != (cached > 0)) {
                std::printf(
                    "%d heads of %d, block %d at position %d: %zu lines at %d places instead of %zu\n", heads, headSize, block, newest, lines.size(), places,
                    expected.size());
            }
        }
    }
}

int main() {
    int asking[CacheAhead::Places] = {};
    check(12, 64, 1024, 132, asking);
    std::printf("blocks: %d %d %d %d\n", asking[0], asking[1], asking[2], asking[3]);
    check(3, 64, 330, 20, asking);
    check(6, 32, 700, 24, asking);
    check(4, 128, 200, 40, asking);
    check(2, 128, 5, 3, asking);
}
