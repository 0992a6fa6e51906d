// A model of random weights, a launch of the persistent kernel over it, and the same step by reference.cuh.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>
#include "reference.cuh"

struct Shape {
    const char* name;
    int width, heads, layers, vocabulary, headSize;
};

static const Shape Shapes[] = {
    {"gpt2", 768, 12, 12, 50257, 64},  {"medium", 1024, 16, 24, 50257, 64}, {"large", 1280, 20, 36, 50257, 64},
    {"xl", 1600, 25, 48, 50257, 64},   {"tiny", 192, 6, 3, 3001, 32},       {"wide", 512, 4, 3, 5001, 128},
};

static const int Context = 1024, MostSteps = 1100;

template <class Format> struct Model {
    Shape shape;
    int inner, blocks;
    CUfunction kernel, folding;
    int sharedBytes, threads;
    PersistentArguments arguments;
    std::vector<PersistentLayer> layers; // and the head
    std::vector<const float*> shifts, biases;
    std::vector<float*> keys, values; // of the reference
    float *x, *normed, *projected, *attended, *hidden, *logits;

    Model(const Shape& s, const std::string& ptx, int group) : shape(s), inner(4 * s.width), layers(s.layers + 1), shifts(2 * s.layers + 1), biases(2 * s.layers) {
        cudaDeviceProp device;
        RUNTIME(cudaGetDeviceProperties(&device, 0));
        // As PersistentShape.cs has it.
        blocks = std::min(std::min(device.multiProcessorCount, 256), std::min(std::min(s.width, inner) / 2, (s.vocabulary + 1) / 2 / 8));
        CUmodule module;
        DRIVER(cuModuleLoadData(&module, ptx.c_str()));
        DRIVER(cuModuleGetFunction(&kernel, module, entry()));
        DRIVER(cuModuleGetFunction(&folding, module, "persistent_fold"));
        make_weights(group);
        make_arguments(device);
        x = allocate<float>(s.width);
        normed = allocate<float>(s.width);
        projected = allocate<float>(3 * s.width);
        attended = allocate<float>(s.width);
        hidden = allocate<float>(inner);
        logits = allocate<float>(s.vocabulary);
        DRIVER(cuFuncGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel)); // LaunchThreads of the PTX's architecture
        int registers, local;
        DRIVER(cuFuncGetAttribute(&registers, CU_FUNC_ATTRIBUTE_NUM_REGS, kernel));
        DRIVER(cuFuncGetAttribute(&local, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, kernel));
        std::printf("%s on %s: %d blocks, %d registers, %d bytes of local memory\n", s.name, device.name, blocks, registers, local);
    }

    // Steps from a position on; id −1: the one in the state. Ends the process where the kernel gave up a wait.
    void launch(int id, int position, int steps) {
        arguments.id = id;
        arguments.position = position;
        arguments.steps = steps;
        void* list[] = {&arguments};
        DRIVER(cuLaunchCooperativeKernel(kernel, blocks, 1, 1, threads, 1, 1, sharedBytes, 0, list));
        end_launch(steps);
    }

    // Waits for a launch; its epochs are used up.
    void end_launch(int steps) {
        RUNTIME(cudaDeviceSynchronize());
        arguments.epoch += steps * shape.layers;
        arguments.sampledSteps += arguments.sampled ? steps : 0;
        u64 fault;
        RUNTIME(cudaMemcpy(&fault, arguments.fault, sizeof(fault), cudaMemcpyDeviceToHost));
        if (fault) {
            std::fprintf(stderr, "persistent: gave up wait %d in layer %d, block %d, step %d\n", (int)(fault & 255), (int)(fault >> 8) & 0xffffff, (int)(fault >> 32) & 0xffff, (int)(fault >> 48));
            std::exit(1);
        }
    }

    void set_state(int token, int position) {
        DecodeState state = {};
        state.token = token;
        state.position = position;
        RUNTIME(cudaMemcpy(arguments.state, &state, sizeof(state), cudaMemcpyHostToDevice));
    }

    int chosen() const {
        DecodeState state;
        RUNTIME(cudaMemcpy(&state, arguments.state, sizeof(state), cudaMemcpyDeviceToHost));
        return state.token;
    }

    std::vector<float> copy_logits(const float* from) const {
        std::vector<float> copy(shape.vocabulary);
        RUNTIME(cudaMemcpy(copy.data(), from, copy.size() * sizeof(float), cudaMemcpyDeviceToHost));
        return copy;
    }

    std::vector<float> reference(int id, int position) {
        int width = shape.width;
        reference_embedding<Format><<<1, 256>>>(arguments.table, arguments.positions, id, position, x);
        for (int l = 0; l < shape.layers; l++) {
            const PersistentLayer& y = layers[l];
            reference_norm<<<1, 256>>>(x, y.attentionGain, shifts[2 * l], normed, width, arguments.epsilon);
            product(y.queryKeyValue, normed, biases[2 * l], projected, false, false);
            reference_attention<<<shape.heads, shape.headSize>>>(projected, keys[l], values[l], position, width, shape.headSize, Context, attended);
            product(y.projection, attended, y.projectionBias, x, false, true);
            reference_norm<<<1, 256>>>(x, y.forwardGain, shifts[2 * l + 1], normed, width, arguments.epsilon);
            product(y.up, normed, biases[2 * l + 1], hidden, true, false);
            product(y.down, hidden, y.downBias, x, false, true);
        }
        reference_norm<<<1, 256>>>(x, layers[shape.layers].attentionGain, shifts[2 * shape.layers], normed, width, arguments.epsilon);
        product(arguments.table, normed, nullptr, logits, false, false);
        return copy_logits(logits);
    }

    // Parts of 12 KB that a block reads of a layer, on average: as PersistentShape.cs counts its bytes.
    double parts() const {
        const PersistentLayer& y = layers[0];
        double bytes = 0;
        for (const Matrix* m : {&y.queryKeyValue, &y.projection, &y.up, &y.down}) {
            bytes += (double)m->rows * (m->pitch + (Format::HasGroups ? (Format::HasMinimum ? 4 : 2) * m->groups : 0));
        }
        return bytes / blocks / 12288;
    }

    // Clocks of a part of the layers' rows, and of the head's, on this device: as PersistentPace.cs has them. layerClocks, depthClocks: on an H100.
    void pace(PersistentArguments& of, double layerClocks, double depthClocks) const {
        int core, memory, width;
        RUNTIME(cudaDeviceGetAttribute(&core, cudaDevAttrClockRate, 0));
        RUNTIME(cudaDeviceGetAttribute(&memory, cudaDevAttrMemoryClockRate, 0));
        RUNTIME(cudaDeviceGetAttribute(&width, cudaDevAttrGlobalMemoryBusWidth, 0));
        double scale = blocks * 12288.0 * core / (2.0 * memory * (width / 8)) / 958;
        of.layerClocks = (i32)(layerClocks * scale);
        of.depthClocks = (i32)(depthClocks * scale);
        of.headClocks = (i32)(800 * scale);
    }

private:
    // As PersistentKernel.cs and PersistentShape.cs choose it.
    const char* entry() const {
        int rows = 2 * ((inner / 2 + blocks - 1) / blocks), pitch = (shape.width + 31) / 32 * 512 / Format::Weights;
        bool isTall = rows > 24 && rows <= 32 && 32 * pitch + (Format::HasGroups ? (Format::HasMinimum ? 4 : 2) * shape.width : 0) <= 53248;
        return shape.headSize != 64 ? "persistent_decode_any" : shape.width > 1024 ? "persistent_decode_wide" : isTall ? "persistent_decode_tall" : "persistent_decode";
    }

    void product(const Matrix& m, const float* from, const float* bias, float* to, bool isGelu, bool add) {
        reference_product<Format><<<(m.rows + 7) / 8, 256>>>(m, from, bias, to, isGelu, add);
    }

    const float* fold(Matrix m, const float* gain, const float* shift, const float* bias) {
        float* out = allocate<float>(2 * m.rows);
        void* list[] = {&m, &gain, &shift, &bias, &out};
        DRIVER(cuLaunchKernel(folding, (m.rows + 7) / 8, 1, 1, 256, 1, 1, 0, 0, list, 0));
        RUNTIME(cudaDeviceSynchronize());
        return out;
    }

    void make_weights(int group) {
        int width = shape.width;
        u64 cache = (u64)shape.heads * Context * shape.headSize;
        float amplitude = 0.06f * std::sqrt(768.0f / width); // so that the stream neither dies out nor explodes
        for (int l = 0; l < shape.layers; l++) {
            PersistentLayer& y = layers[l];
            y = {};
            y.attentionGain = random_vector(width, 0.8f, 1.2f);
            shifts[2 * l] = random_vector(width, -0.1f, 0.1f);
            biases[2 * l] = random_vector(3 * width, -0.1f, 0.1f);
            y.queryKeyValue = random_matrix<Format>(3 * width, width, group, amplitude);
            y.queryKeyValueFold = fold(y.queryKeyValue, y.attentionGain, shifts[2 * l], biases[2 * l]);
            y.projection = random_matrix<Format>(width, width, group, amplitude);
            y.projectionBias = random_vector(width, -0.05f, 0.05f);
            y.forwardGain = random_vector(width, 0.8f, 1.2f);
            shifts[2 * l + 1] = random_vector(width, -0.1f, 0.1f);
            biases[2 * l + 1] = random_vector(inner, -0.1f, 0.1f);
            y.up = random_matrix<Format>(inner, width, group, amplitude);
            y.upFold = fold(y.up, y.forwardGain, shifts[2 * l + 1], biases[2 * l + 1]);
            y.down = random_matrix<Format>(width, inner, group, amplitude);
            y.downBias = random_vector(width, -0.05f, 0.05f);
            y.keys = allocate<half_t>(cache);
            y.values = allocate<half_t>(cache);
            // NaN, so that what nothing wrote shows.
            RUNTIME(cudaMemset(y.keys, 0xff, cache * sizeof(half_t)));
            RUNTIME(cudaMemset(y.values, 0xff, cache * sizeof(half_t)));
            keys.push_back(allocate<float>(cache));
            values.push_back(allocate<float>(cache));
        }
        PersistentLayer& head = layers[shape.layers];
        head = {};
        head.attentionGain = random_vector(width, 0.8f, 1.2f);
        shifts[2 * shape.layers] = random_vector(width, -0.1f, 0.1f);
        head.queryKeyValue = random_matrix<Format>(shape.vocabulary, width, group, amplitude);
        head.queryKeyValueFold = fold(head.queryKeyValue, head.attentionGain, shifts[2 * shape.layers], nullptr);
    }

    // Sizes as PersistentShape.cs and PersistentDecoder.cs have them.
    void make_arguments(const cudaDeviceProp& device) {
        int width = shape.width, count = shape.layers + 1;
        PersistentLayer* table = allocate<PersistentLayer>(count);
        RUNTIME(cudaMemcpy(table, layers.data(), count * sizeof(PersistentLayer), cudaMemcpyHostToDevice));
        arguments = {};
        arguments.table = layers[shape.layers].queryKeyValue;
        arguments.positions = random_matrix<Fp16>(Context, width, 32, 0.05f);
        arguments.layers = table;
        arguments.logits = allocate<float>(shape.vocabulary);
        arguments.state = allocate<DecodeState>(1);
        RUNTIME(cudaMallocHost(&arguments.ids, MostSteps * sizeof(i32)));
        RUNTIME(cudaMallocHost(&arguments.times, MostSteps * sizeof(u64)));
        arguments.layerCount = shape.layers;
        arguments.heads = shape.heads;
        arguments.headSize = shape.headSize;
        arguments.capacity = Context;
        arguments.inner = inner;
        int ranges = (Context * (shape.headSize / 8) + 1023) / 1024;
        u64 slot = 6 * (width / 2) + inner / 2 + ranges * (width / 2 + shape.heads);
        arguments.words = allocate<u64>(2 * (slot + (slot & 1)) + 4 * blocks);
        arguments.fault = allocate<u64>(1);
        arguments.scratch = (u64*)allocate<u8>(sizeof(PersistentScratch) + ((u64)Buckets * blocks + shape.vocabulary + 1) * sizeof(u64));
        Sampling* sampling = allocate<Sampling>(1); // temperature 0.8, top-p 0.9
        const Sampling chosen = {42, (u64)std::ceil(0.9 * 4294967296.0), 1.4426950408889634f / 0.8f};
        RUNTIME(cudaMemcpy(sampling, &chosen, sizeof(chosen), cudaMemcpyHostToDevice));
        arguments.sampling = sampling;
        arguments.epoch = 1;
        arguments.patience = 4000000;
        arguments.epsilon = 1e-5f;
        arguments.queryScale = 1 / std::sqrt((float)shape.headSize);
        arguments.keptBytes = device.major >= 9 ? device.l2CacheSize / 2 / blocks : 0;
        auto rows = [&](int all) { return 2 * (((all + 1) / 2 + blocks - 1) / blocks); };
        auto slice = [](int columns) { return (((columns + 31) / 32 + 7) / 8 + 3) / 4 * 4 * 64; };
        arguments.sumPitch = (std::max({32, rows(3 * width) + 7, rows(inner) + 7, (rows(shape.vocabulary) + 8) / 2}) + 3) / 4 * 4;
        int others = (count * (int)sizeof(PersistentLayer) + 127) / 128 * 128 + 8 * (slice(width) + slice(inner)) + 2 * 8 * arguments.sumPitch * 4;
        arguments.ringBytes = ((int)device.sharedMemPerBlockOptin - 26 * 1024 - others) / 128 * 128;
        sharedBytes = others + arguments.ringBytes;
        pace(arguments, Format::Weights == 8 ? 600 + 4500 / parts() : std::min(1600.0, 500 + 7700 / parts()), Format::Weights == 8 ? 3300 / parts() : 0);
        DRIVER(cuFuncSetAttribute(kernel, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
    }
};
