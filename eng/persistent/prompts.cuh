// Short prompts in one launch of their own kernel, over a model of model.cuh.
#pragma once
#include <chrono>
#include "model.cuh"
#include "prompt.cuh"

template <class Format> struct Prompts {
    Model<Format>& model;
    CUfunction kernel;
    int sharedBytes, threads;
    PromptArguments arguments;
    u64 words;

    // Sizes as PersistentShape.cs and PersistentDecoder.cs have them.
    Prompts(Model<Format>& of, const std::string& ptx) : model(of) {
        cudaDeviceProp device;
        RUNTIME(cudaGetDeviceProperties(&device, 0));
        int width = model.shape.width, blocks = model.blocks;
        CUmodule module;
        DRIVER(cuModuleLoadData(&module, ptx.c_str()));
        DRIVER(cuModuleGetFunction(&kernel, module, width <= 1024 ? "prompt_first" : "prompt_first_wide"));
        DRIVER(cuFuncGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel));
        auto rows = [&](int all) { return 2 * (((all + 1) / 2 + blocks - 1) / blocks); };
        arguments = {};
        static_cast<PersistentArguments&>(arguments) = model.arguments;
        arguments.times = nullptr;
        arguments.steps = 1;
        arguments.sumPitch = (std::max({9 * rows(3 * width), 9 * rows(model.inner), (rows(model.shape.vocabulary) + 1) / 2}) + 3) / 4 * 4;
        int layers = ((model.shape.layers + 1) * (int)sizeof(PersistentLayer) + 127) / 128 * 128;
        int others = layers + PromptPadding + 2 * 8 * arguments.sumPitch * 4;
        arguments.ringBytes = ((int)device.sharedMemPerBlockOptin - 27 * 1024 - others) / 128 * 128;
        sharedBytes = others + arguments.ringBytes;
        model.pace(arguments, std::min(1200.0, 850 + 4000 / model.parts()), 0);
        DRIVER(cuFuncSetAttribute(kernel, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
        u64 narrow = (u64)((width + 31) / 32) * BlockWords, wide = (u64)((model.inner + 31) / 32) * BlockWords;
        words = 2 * (PromptTokens * 3 * (u64)(width / 2) + 3 * narrow + wide) + 2 * blocks;
        arguments.words = allocate<u64>(words);
    }

    static int id(int token, int vocabulary) {
        const int Ids[PromptTokens] = {464, 2003, 286, 9552, 318, 11, 777, 2222};
        return Ids[token] % vocabulary;
    }

    // Microseconds from the launch until the host sees the id.
    double launch(int tokens) {
        if (arguments.tokens != tokens) {
            RUNTIME(cudaMemset(arguments.words, 0, words * sizeof(u64)));
            RUNTIME(cudaDeviceSynchronize());
        }
        arguments.tokens = tokens;
        for (int i = 0; i < PromptTokens; i++) {
            arguments.prompt[i] = id(i, model.shape.vocabulary);
        }
        arguments.epoch = model.arguments.epoch;
        volatile i32* chosen = arguments.ids;
        *chosen = -1;
        void* list[] = {&arguments};
        auto start = std::chrono::steady_clock::now();
        auto elapsed = [&] { return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count(); };
        DRIVER(cuLaunchCooperativeKernel(kernel, model.blocks, 1, 1, threads, 1, 1, sharedBytes, 0, list));
        double time;
        do {
            time = elapsed();
        } while (*chosen == -1 && time < 1e7); // a wait that is given up leaves no id
        model.end_launch(1);
        return time;
    }
};
