// Checks and times the persistent kernel by itself (README.md).
//
//   persistent MODEL FORMAT FILE.ptx PROMPT.ptx TASK...
#include <fstream>
#include <sstream>
#include "prompts.cuh"

static int best_of(const std::vector<float>& logits) { return (int)(std::max_element(logits.begin(), logits.end()) - logits.begin()); }

// Relative RMS error; infinite where a value is not a number.
static double error_of(const std::vector<float>& logits, const std::vector<float>& expected) {
    double errors = 0, squares = 0;
    for (size_t i = 0; i < logits.size(); i++) {
        double difference = (double)logits[i] - expected[i];
        errors += difference * difference;
        squares += (double)expected[i] * expected[i];
    }
    return std::isfinite(errors) ? std::sqrt(errors / squares) : INFINITY;
}

// Five ids of a prompt and what follows, step by step; then all that follows in one launch of `steps`, against the reference that is fed
// with the kernel's own ids.
template <class Format> static void check(Model<Format>& model, const char* task, int steps) {
    const int Prompt[] = {464, 2003, 286, 9552, 318}, PromptIds = 5, Single = 40;
    int same = 0, first = 0, id = 0;
    double worst = 0;
    for (int i = 0; i < Single; i++) {
        int fed = i < PromptIds ? Prompt[i] % model.shape.vocabulary : id;
        model.launch(fed, i, 1);
        std::vector<float> expected = model.reference(fed, i);
        worst = std::max(worst, error_of(model.copy_logits(model.arguments.logits), expected));
        id = model.chosen();
        if (i == PromptIds - 1) {
            first = id;
        }
        same += i >= PromptIds - 1 && id == best_of(expected);
    }
    std::printf("  %s: %d single steps, worst error %.2e, ids %d of %d\n", task, Single, worst, same, Single - PromptIds + 1);

    model.set_state(first, PromptIds);
    model.launch(-1, PromptIds, steps);
    int agreed = 0, near = 0;
    std::vector<float> expected;
    id = first;
    for (int i = 0; i < steps; i++) {
        expected = model.reference(id, PromptIds + i);
        id = model.arguments.ids[i];
        int best = best_of(expected);
        agreed += best == id;
        near += best != id && expected[best] - expected[id] < 0.01f * std::fabs(expected[best]);
    }
    std::printf(
        "  %s: %d steps in one launch: ids %d, near ties %d, error of the last %.2e\n", task, steps, agreed, near,
        error_of(model.copy_logits(model.arguments.logits), expected));
}

// The cache before `position` holds what `check` has left there, or NaN.
template <class Format> static void time_steps(Model<Format>& model, const char* task, int position, bool sampled) {
    const int Warm = 3, Samples = 20, Steps = 50;
    std::vector<double> samples;
    model.arguments.sampled = sampled;
    for (int i = 0; i < Warm + Samples; i++) {
        model.set_state(11, position);
        model.launch(-1, position, Steps);
        if (i >= Warm) {
            samples.push_back((model.arguments.times[Steps] - model.arguments.times[1]) / (Steps - 1) / 1000.0);
        }
    }
    model.arguments.sampled = 0;
    std::sort(samples.begin(), samples.end());
    std::printf("  %s: %.1f us a token, %.1f to %.1f\n", task, samples[Samples / 2], samples.front(), samples.back());
}

// Prompts of one to eight tokens, and the step behind each, which reads their keys and values; then times.
template <class Format> static void check_prompts(Model<Format>& model, Prompts<Format>& prompts, const char* task) {
    const int Warm = 3, Samples = 40;
    double worst = 0, behind = 0;
    int same = 0;
    for (int tokens = 1; tokens <= PromptTokens; tokens++) {
        std::vector<float> expected;
        for (int i = 0; i < tokens; i++) {
            expected = model.reference(Prompts<Format>::id(i, model.shape.vocabulary), i);
        }
        prompts.launch(tokens);
        worst = std::max(worst, error_of(model.copy_logits(model.arguments.logits), expected));
        int id = model.chosen();
        same += id == best_of(expected);
        model.launch(-1, tokens, 1);
        behind = std::max(behind, error_of(model.copy_logits(model.arguments.logits), model.reference(id, tokens)));
    }
    std::printf("  %s: 1 to %d tokens, worst error %.2e, ids %d of %d, of the step behind %.2e\n", task, PromptTokens, worst, same, PromptTokens, behind);
    for (int tokens : {1, 5, 8}) {
        std::vector<double> samples;
        for (int i = 0; i < Warm + Samples; i++) {
            double time = prompts.launch(tokens);
            if (i >= Warm) {
                samples.push_back(time);
            }
        }
        std::sort(samples.begin(), samples.end());
        std::printf("  %s: %d tokens, %.1f us from launch to id, %.1f to %.1f\n", task, tokens, samples[Samples / 2], samples.front(), samples.back());
    }
}

template <class Format> static int run(const Shape& shape, const std::string& ptx, const std::string& promptPtx, int group, char** tasks) {
    Model<Format> model(shape, ptx, group);
    for (; *tasks; tasks++) {
        std::string task = *tasks;
        if (task == "check" || task == "long") {
            check(model, *tasks, task == "check" ? 50 : Context - 9);
        } else if (task == "time" || task == "sampled" || task == "deep") {
            time_steps(model, *tasks, task == "deep" ? 900 : 5, task == "sampled");
        } else if (task == "prompt") {
            Prompts<Format> prompts(model, promptPtx);
            check_prompts(model, prompts, *tasks);
        } else {
            std::fprintf(stderr, "persistent: there is no task %s; choose check, long, time, sampled, deep or prompt\n", *tasks);
            return 2;
        }
    }
    return 0;
}

static bool read(const char* path, std::string& text) {
    std::ifstream file(path);
    std::stringstream all;
    all << file.rdbuf();
    text = all.str();
    if (!file || text.empty()) {
        std::fprintf(stderr, "persistent: %s cannot be read; name a file of PTX\n", path);
        return false;
    }
    return true;
}

int main(int count, char** words) {
    if (count < 6) {
        std::fprintf(stderr, "persistent MODEL FORMAT FILE.ptx PROMPT.ptx TASK...; README.md says more\n");
        return 2;
    }
    std::string name = words[1], format = words[2];
    const Shape* shape = std::find_if(std::begin(Shapes), std::end(Shapes), [&](const Shape& s) { return name == s.name; });
    if (shape == std::end(Shapes)) {
        std::fprintf(stderr, "persistent: there is no model %s; choose gpt2, medium, large, xl, tiny or wide\n", words[1]);
        return 2;
    }
    std::string ptx, promptPtx;
    if (!read(words[3], ptx) || !read(words[4], promptPtx)) {
        return 2;
    }
    DRIVER(cuInit(0));
    RUNTIME(cudaFree(nullptr)); // the runtime's context is the one that the module is loaded into
    std::setvbuf(stdout, nullptr, _IONBF, 0); // what was measured stays when a time limit ends the process
    char** tasks = words + 5;
    return format == "fp16"       ? run<Fp16>(*shape, ptx, promptPtx, 32, tasks)
           : format == "int8"     ? run<Int8>(*shape, ptx, promptPtx, 32, tasks)
           : format == "int8g"    ? run<Int8Grouped>(*shape, ptx, promptPtx, 64, tasks)
           : format == "int4"     ? run<Int4>(*shape, ptx, promptPtx, 32, tasks)
           : format == "int4g128" ? run<Int4>(*shape, ptx, promptPtx, 128, tasks)
           : format == "int4min"  ? run<Int4WithMin>(*shape, ptx, promptPtx, 32, tasks)
                                  : (std::fprintf(stderr, "persistent: there is no format %s; choose fp16, int8, int8g, int4, int4g128 or int4min\n", words[2]), 2);
}
